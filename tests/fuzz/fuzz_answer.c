/* SPDX-License-Identifier: BSD-3-Clause */
/* What a policy's process sends to memcoord, as that reads it: the first byte chooses which message. What is taken of
 * it is text that can be shown, and states of the size that they had. */
#include "lib/fuzz_message.h"

#include "policy/vet.h"

#define TEXT_BYTES 64

static struct fuzz_scene scene;
static char *right_answer, *right_loaded;
static size_t answer_bytes, loaded_bytes;
static struct plan_line lines[PLAN_LOG_LIMITS];

static void make_answer(void)
{
    struct plan plan = { 0 };

    fuzz_assert(plan_begin(&plan, &scene.snapshot, "fuzz") == 0);
    plan.lines = lines;
    memcoord_set_target(&plan.calls, scene.list[0], 5, "one");
    memcoord_set_target(&plan.calls, scene.list[2], 7, "two");
    memcoord_log(&plan.calls, 6, "%s", "a line");
    fuzz_assert(plan_finish(&plan, 0) == 0);
    right_answer = calloc(1, scene.layout.answer_bytes);
    fuzz_assert(right_answer);
    answer_bytes = wire_write_answer(&scene.layout, 42, &plan, right_answer);
    plan_end(&plan);
    plan_free(&plan);
}

static void make_loaded(void)
{
    const struct policy *policy = fuzz_policies[3];
    const struct wire_loaded loaded = {
        .has_check = 1, .table = policy->table, .n_params = policy->n_params, .refused = "nothing"
    };

    loaded_bytes = wire_write_loaded(&loaded, policy->params, NULL, 0);
    right_loaded = malloc(loaded_bytes);
    fuzz_assert(right_loaded && wire_write_loaded(&loaded, policy->params, right_loaded,
                                                  loaded_bytes) == loaded_bytes);
}

static void fuzz_begin(void)
{
    fuzz_load_policies();
    fuzz_scene_begin(&scene);
    make_answer();
    make_loaded();
}

static bool is_plain(const char *text, size_t size)
{
    const char *end = memchr(text, '\0', size);

    for (; end && text < end; text++)
        if (*text < ' ' || *text > '~')
            return false;
    return end != NULL;
}

/* ---- decide */

static void take_answer(const void *message, size_t size)
{
    struct plan plan = { 0 };
    struct fuzz_scene before = scene;
    int r;

    fuzz_assert(plan_begin(&plan, &scene.snapshot, "fuzz") == 0);
    r = wire_take_answer(message, size, &scene.layout, 42, &plan, scene.state);
    fuzz_assert(r == 0 || r == -EBADMSG);
    if (r < 0) { /* nothing is touched */
        fuzz_assert(memcmp(&before, &scene, sizeof(scene)) == 0 && !plan.failed && !plan.strangers);
        for (size_t i = 0; i < FUZZ_DOMAINS; i++)
            fuzz_assert(plan.entries[i].asked_kib == MEMCOORD_UNKNOWN);
    }
    for (size_t i = 0; i < FUZZ_DOMAINS; i++) {
        fuzz_assert(is_plain(plan.entries[i].why, sizeof(plan.entries[i].why)));
        fuzz_assert(!plan.failed || plan.entries[i].asked_kib == MEMCOORD_UNKNOWN);
    }
    fuzz_assert(plan.failed <= 0 && is_plain(plan.error, sizeof(plan.error)));
    fuzz_assert(memcmp(before.domains, scene.domains, sizeof(scene.domains)) == 0);
    scene = before;
    plan_end(&plan);
    plan_free(&plan);
}

/* ---- load, check */

static int nothing(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    (void)state;
    (void)s;
    (void)plan;
    return 0;
}

/* As process_load.c goes on with it. */
static void vet(struct wire_loaded *loaded, struct memcoord_param *params)
{
    struct policy policy = { .path = (char *)"fuzz.so" };
    struct memcoord_policy *table = &loaded->table;
    char error[512] = "";

    table->struct_size = sizeof(*table);
    table->param_size = sizeof(*params);
    table->params = params;
    table->decide = nothing;
    if (vet_policy(&policy, table, error, sizeof(error)) < 0) {
        fuzz_assert(*error);
    } else {
        struct policy_instance *instance;

        fuzz_assert(policy.table.state_size <= VET_MAX_STATE_BYTES);
        if (policy.table.state_size < 1 << 20) {
            fuzz_assert(policy_instance_new(&policy, &instance) == 0);
            policy_instance_free(instance);
        }
    }
    free(policy.params);
}

static void take_loaded(const void *message, size_t size)
{
    static struct memcoord_param params[VET_MAX_PARAMS + 1];
    struct wire_loaded loaded;

    memset(params, 0, sizeof(params));
    if (wire_read_loaded(message, size, &loaded, params, VET_MAX_PARAMS) < 0)
        return;
    fuzz_assert(loaded.error && loaded.refused && loaded.failed <= 0);
    if (!loaded.failed)
        vet(&loaded, params);
}

static void take_text(const void *message, size_t size)
{
    char text[TEXT_BYTES] = "";
    int r = wire_read_text(message, size, text, sizeof(text));

    fuzz_assert(memchr(text, '\0', sizeof(text)));
    fuzz_assert((r == 0) == (memchr(message, '\0', size) != NULL));
}

static int fuzz_one(const uint8_t *data, size_t size)
{
    const struct wire_head head = { WIRE_DECIDE, 0, 42, 1000 };
    struct wire_head read;
    char what = size > 0 ? (char)data[0] : 0;
    const void *right = what == 'h'   ? (const void *)&head
                        : what == 'l' ? right_loaded
                                      : right_answer;
    size_t bytes = what == 'h' ? sizeof(head) : what == 'l' ? loaded_bytes : answer_bytes;
    char *message;

    if (size == 0)
        return -1;
    message = fuzz_spoil(right, &bytes, data + 1, data + size);
    if (what == 'h')
        wire_read_head(message, bytes, &read);
    else if (what == 'l')
        take_loaded(message, bytes);
    else if (what == 't')
        take_text(message, bytes);
    else
        take_answer(message, bytes);
    free(message);
    return 0;
}
