/* SPDX-License-Identifier: BSD-3-Clause */
/* What a reload says of two configurations, and of two policies. */
#include "lib/cmocka.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/changes.h"
#include "policy/changes.h"
#include "policy/vet.h"

static char said[4096];

static void note(void *context, const char *line)
{
    size_t used = strlen(said);

    assert_ptr_equal(context, said);
    snprintf(said + used, sizeof(said) - used, "%s\n", line);
}

static struct config config_of(const char *text)
{
    struct problems problems = { 0 };
    struct config config;

    if (config_load_text(text, "x.ini", &config, &problems) < 0)
        fail_msg("%s", problems.list[0].text);
    return config;
}

static void changes_are(const char *before, const char *now, const char *want)
{
    struct config from = config_of(before), to = config_of(now);

    said[0] = '\0';
    config_changes(&from, &to, note, said);
    assert_string_equal(said, want);
    config_free(&from);
    config_free(&to);
}

static void what_comes_to_the_same_is_no_change(void **state)
{
    (void)state;
    changes_are("", "", "");
    changes_are("", "[guard]\nmax_shrink = 50MiB, 10%\n[memcoord]\ninterval = 1000ms\n", "");
    changes_are("[domain a]\nmin = 1GiB\n", "; another line\n[domain a]\nmin = 1024MiB\n", "");
    changes_are("[domain a]\n", "[policy b]\nc = 1\n", "");
}

static void each_key_is_told_with_both_values(void **state)
{
    (void)state;
    changes_are("[guard]\nmax_shrink = 50MiB\n", "[guard]\nmax_shrink = 100MiB\n",
                "guard.max_shrink: 50MiB -> 100MiB\n");
    changes_are("", "[memcoord]\nuri = sim:x\non_exit = restore\ndry_run = yes\n",
                "memcoord.uri: qemu:///system -> sim:x\nmemcoord.dry_run: no -> yes\n"
                "memcoord.on_exit: hold -> restore\n");
    changes_are("[host]\nlimit = 1GiB\n", "[record]\nfile = a.db\n",
                "host.limit: 1GiB -> 0\nrecord.file: none -> a.db\n");
}

static void what_follows_from_the_interval_is_not_told_apart(void **state)
{
    (void)state;
    changes_are("", "[memcoord]\ninterval = 1min\n", "memcoord.interval: 1s -> 1min\n");
    changes_are("", "[guard]\nstale_after = 9s\n", "guard.stale_after: 5s -> 9s\n");
}

static void sections_of_domains_are_told_key_by_key(void **state)
{
    (void)state;
    changes_are("[domain db-*]\nmin = 1GiB\nweight = 5\n",
                "[domain db-*]\nmin = 2GiB\nmanage = no\n",
                "domain db-*.min: 1GiB -> 2GiB\ndomain db-*.weight: 5 -> not set\n"
                "domain db-*.manage: not set -> no\n");
    changes_are("[domain a]\nmanage = yes\n", "[domain a]\nmanage = yes\nstatistics = optional\n",
                "domain a.statistics: not set -> optional\n");
    changes_are("[domain a]\nmax = 1GiB\n", "[domain b]\nmax = 1GiB\n",
                "domain a.max: 1GiB -> not set\ndomain b.max: not set -> 1GiB\n");
}

static void another_order_of_sections_is_a_change(void **state)
{
    static const char order[] =
        "domain: the sections stand in another order, and the last that fits wins\n";

    (void)state;
    changes_are("[domain a*]\nweight = 1\n[domain *b]\nweight = 2\n",
                "[domain *b]\nweight = 2\n[domain a*]\nweight = 1\n", order);
    changes_are("[domain a*]\n[domain x]\n[domain *b]\n", "[domain a*]\n[domain *b]\n", "");
    changes_are("[domain a*]\n[domain *b]\n", "[domain y]\n[domain a*]\n[domain x]\n[domain *b]\n",
                "");
}

/* ---- policies */

struct state {
    uint64_t low_kib, share_bp;
};

static const struct memcoord_param first_params[] = {
    MEMCOORD_SIZE(struct state, low_kib, "low", "100MiB", "0..1TiB", "grow below"),
    MEMCOORD_PARAMS_END
};
static const struct memcoord_param later_params[] = {
    MEMCOORD_SIZE(struct state, low_kib, "low", "100MiB", "0..1TiB", "grow below"),
    MEMCOORD_PERCENT(struct state, share_bp, "share", "50%", "0%..100%", "of all"),
    MEMCOORD_PARAMS_END
};

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    (void)state;
    (void)s;
    (void)plan;
    return 0;
}

static const struct memcoord_policy band = {
    MEMCOORD_SELF_,         .name = "band",
    .summary = "a band",    .state_size = sizeof(struct state),
    .params = first_params, .decide = decide
};
static const struct memcoord_policy later_band = {
    MEMCOORD_SELF_,         .name = "band",
    .summary = "a band",    .state_size = sizeof(struct state),
    .params = later_params, .decide = decide
};
static const struct memcoord_policy other = {
    MEMCOORD_SELF_,         .name = "other",
    .summary = "another",   .state_size = sizeof(struct state),
    .params = later_params, .decide = decide
};

struct loaded {
    struct policy policy;
    struct policy_instance *instance;
};

/* As loaded from PATH, which holds `code`. */
static void open_policy(struct loaded *l, const struct memcoord_policy *table, const char *path,
                        const char *code)
{
    char error[256], file[] = "/tmp/memcoord-changes-XXXXXX";

    *l = (struct loaded){ .policy = { .path = strdup(path), .fd = mkstemp(file) } };
    unlink(file);
    assert_int_equal(write(l->policy.fd, code, strlen(code)), (int)strlen(code));
    if (vet_policy(&l->policy, table, error, sizeof(error)) < 0)
        fail_msg("%s", error);
    assert_int_equal(policy_instance_new(&l->policy, &l->instance), 0);
}

static void close_policy(struct loaded *l)
{
    policy_instance_free(l->instance);
    close(l->policy.fd);
    free(l->policy.params);
    free(l->policy.path);
}

/* What is told where `from` gives way to `to`. */
static void policy_changes_are(struct loaded *from, struct loaded *to, const char *want)
{
    said[0] = '\0';
    policy_changes(from->instance, to->instance, note, said);
    assert_string_equal(said, want);
    close_policy(from);
    close_policy(to);
}

static void parameters_are_told_with_both_values(void **state)
{
    struct loaded from, to;
    char error[256];

    (void)state;
    open_policy(&from, &band, "/p/band.so", "code");
    open_policy(&to, &band, "/p/band.so", "code");
    assert_int_equal(policy_instance_set(to.instance, "low", "150MiB", error, sizeof(error)), 0);
    policy_changes_are(&from, &to, "policy band.low: 100MiB -> 150MiB\n");
}

static void parameters_that_come_and_go_are_told(void **state)
{
    struct loaded from, to;

    (void)state;
    open_policy(&from, &band, "/p/band.so", "code");
    open_policy(&to, &later_band, "/p/band.so", "code");
    policy_changes_are(&from, &to, "policy band.share: no such parameter -> 50%\n");
    open_policy(&from, &later_band, "/p/band.so", "code");
    open_policy(&to, &band, "/p/band.so", "code");
    policy_changes_are(&from, &to, "policy band.share: 50% -> no such parameter\n");
}

static void another_file_and_other_code_are_told(void **state)
{
    struct loaded from, to;

    (void)state;
    open_policy(&from, &band, "/p/band.so", "code");
    open_policy(&to, &band, "/p/band.so", "core");
    policy_changes_are(&from, &to, "policy band: /p/band.so has other code than before\n");
    open_policy(&from, &band, "/p/band.so", "code");
    open_policy(&to, &band, "/p/band.so", "code and more");
    policy_changes_are(&from, &to, "policy band: /p/band.so has other code than before\n");
    open_policy(&from, &band, "/p/band.so", "code");
    open_policy(&to, &band, "/q/band.so", "code");
    policy_changes_are(&from, &to, "policy band: its file: /p/band.so -> /q/band.so\n");
}

static void of_two_policies_nothing_is_told(void **state)
{
    struct loaded from, to;

    (void)state;
    open_policy(&from, &band, "/p/band.so", "code");
    open_policy(&to, &other, "/p/other.so", "core");
    policy_changes_are(&from, &to, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_to_the_same_is_no_change),
        cmocka_unit_test(each_key_is_told_with_both_values),
        cmocka_unit_test(what_follows_from_the_interval_is_not_told_apart),
        cmocka_unit_test(sections_of_domains_are_told_key_by_key),
        cmocka_unit_test(another_order_of_sections_is_a_change),
        cmocka_unit_test(parameters_are_told_with_both_values),
        cmocka_unit_test(parameters_that_come_and_go_are_told),
        cmocka_unit_test(another_file_and_other_code_are_told),
        cmocka_unit_test(of_two_policies_nothing_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
