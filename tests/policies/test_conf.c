/* SPDX-License-Identifier: BSD-3-Clause */
/* The configurations in conf/ are accepted by their policies, and say what they claim to say. */
#include "lib/policy_fixture.h"

struct row {
    const char *file, *policy, *key;
    uint64_t value;
};

/* The table of each is written out in full: what a file leaves to the defaults counts too. */
static const struct row rows[] = {
    { "threshold.ini", "threshold", "metric", 0 }, /* usable */
    { "threshold.ini", "threshold", "low", 100 * MIB },
    { "threshold.ini", "threshold", "high", 200 * MIB },
    { "threshold.ini", "threshold", "grow", 100 * MIB },
    { "threshold.ini", "threshold", "shrink", 50 * MIB },
    { "demand-band.ini", "threshold", "metric", 1 }, /* unused */
    { "demand-band.ini", "threshold", "low", 100 * MIB },
    { "demand-band.ini", "threshold", "high", 200 * MIB },
    { "demand-band.ini", "threshold", "grow", 100 * MIB },
    { "demand-band.ini", "threshold", "shrink", 50 * MIB },
    { "release-only.ini", "threshold", "metric", 1 },
    { "release-only.ini", "threshold", "low", 100 * MIB },
    { "release-only.ini", "threshold", "high", 150 * MIB },
    { "release-only.ini", "threshold", "grow", 0 },
    { "release-only.ini", "threshold", "shrink", 50 * MIB },
    { "proportional.ini", "proportional", "headroom_min", 100 * MIB },
    { "proportional.ini", "proportional", "headroom", 2500 },
    { "proportional.ini", "proportional", "surplus", 0 }, /* keep */
    { "fair-share.ini", "fair-share", "tax", 7500 },
    { "fair-share.ini", "fair-share", "fall", 30000 },
    { "fair-share.ini", "fair-share", "surplus", 0 },
    { "fair-share.ini", "fair-share", "headroom_min", 100 * MIB },
    { "fair-share.ini", "fair-share", "headroom", 2500 },
};

static void each_file_is_accepted_and_sets_what_it_claims(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture f;
        fixture_open(&f, rows[i].policy);
        fixture_configure(&f, rows[i].file);
        if (fixture_value(&f, rows[i].key) != rows[i].value)
            fail_msg("%s: %s", rows[i].file, rows[i].key);
        fixture_close(&f);
    }
}

/* The three that show a policy's parameters show all of them, at their defaults. */
static void a_policys_own_file_names_every_parameter_at_its_default(void **state)
{
    static const char *const policies[] = { "threshold", "proportional", "fair-share" };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fixture defaults, f;
        char file[32];
        size_t named = 0;
        snprintf(file, sizeof(file), "%s.ini", policies[i]);
        fixture_open(&defaults, policies[i]);
        fixture_open(&f, policies[i]);
        fixture_configure(&f, file);
        for (size_t k = 0; k < f.policy->n_params; k++)
            assert_int_equal(policy_instance_value(f.instance, k),
                             policy_instance_value(defaults.instance, k));
        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
            named += strcmp(rows[k].file, file) == 0;
        assert_int_equal(named, f.policy->n_params);
        fixture_close(&f);
        fixture_close(&defaults);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_is_accepted_and_sets_what_it_claims),
        cmocka_unit_test(a_policys_own_file_names_every_parameter_at_its_default),
    };
    return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
