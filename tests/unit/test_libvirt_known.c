/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of known domains, from one gather to the next. */
#include "lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "host/libvirt_known.h"

#define MOST 16

struct stage {
    struct libvirt_known_table table;
    struct libvirt_gather gather;
    struct libvirt_seen seen[MOST];
    char ended[MOST + 1]; /* whose runs have ended, in that order */
};

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    assert_non_null(stage);
    stage->gather.seen = stage->seen;
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;

    libvirt_known_free(&stage->table);
    free(stage);
    return 0;
}

static void on_ended(void *context, struct libvirt_known *known)
{
    struct stage *stage = context;

    stage->ended[strlen(stage->ended)] = known->name[0];
}

/* Sees the domains whose names are these letters, in order: the letter is their UUID, and their run
 * is `run_id`. */
static void see(struct stage *stage, const char *letters, int run_id)
{
    static char names[MOST][2];

    stage->gather.n = strlen(letters);
    memset(stage->ended, 0, sizeof(stage->ended));
    for (size_t i = 0; i < stage->gather.n; i++) {
        names[i][0] = letters[i];
        stage->seen[i] = (struct libvirt_seen){ .name = names[i], .id = run_id };
        stage->seen[i].uuid[0] = (uint8_t)letters[i];
    }
    assert_int_equal(libvirt_known_update(&stage->table, &stage->gather, on_ended, stage), 0);
    assert_int_equal(stage->table.n, stage->gather.n);
    for (size_t i = 0; i < stage->gather.n; i++)
        assert_int_equal(stage->table.list[i]->uuid[0], letters[i]);
}

static void domains_come_and_go(void **state)
{
    static const struct {
        const char *seen, *gone;
    } steps[] = { { "", "" },      { "bdf", "" },     { "abcdefg", "" }, { "aceg", "bdf" },
                  { "h", "aceg" }, { "abc", "h" },    { "abc", "" },     { "b", "ac" },
                  { "abc", "" },   { "cdefg", "ab" }, { "", "cdefg" } };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        see(*state, steps[i].seen, 1);
        assert_string_equal(((struct stage *)*state)->ended, steps[i].gone);
    }
}

static void a_domain_is_the_same_until_it_is_gone(void **state)
{
    struct stage *stage = *state;
    const struct libvirt_known *b;

    see(stage, "b", 1);
    b = stage->table.list[0];
    see(stage, "abc", 1);
    assert_ptr_equal(stage->table.list[1], b);
    assert_ptr_equal(libvirt_known_find(&stage->table, stage->seen[1].uuid), b);
    see(stage, "ac", 1);
    assert_null(libvirt_known_find(&stage->table, (const uint8_t[HOST_UUID_BYTES]){ 'b' }));
}

static void a_domain_that_runs_anew_has_no_job_of_the_run_before(void **state)
{
    struct stage *stage = *state;
    struct libvirt_work *set = libvirt_work_new(LIBVIRT_SET, stage->seen[0].uuid, 1);
    struct libvirt_known *b;

    see(stage, "abc", 1);
    assert_string_equal(stage->ended, "");
    b = stage->table.list[1];
    b->setting = b->examining = set;
    see(stage, "abc", 1);
    assert_ptr_equal(b->setting, set);
    see(stage, "abc", 2);
    assert_string_equal(stage->ended, "abc");
    assert_ptr_equal(stage->table.list[1], b);
    assert_true(!b->setting && !b->examining);
    assert_int_equal(b->run_id, 2);
    libvirt_job_free(&set->job);
}

/* Which it never should be: it is dropped before. */
static void a_domain_that_is_named_twice_breaks_nothing(void **state)
{
    see(*state, "ab", 1);
    see(*state, "aab", 1);
    see(*state, "abb", 1);
    see(*state, "bbbb", 1);
    see(*state, "b", 1);
    assert_string_equal(((struct stage *)*state)->ended, "bbb");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(domains_come_and_go),
        TEST(a_domain_is_the_same_until_it_is_gone),
        TEST(a_domain_that_runs_anew_has_no_job_of_the_run_before),
        TEST(a_domain_that_is_named_twice_breaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
