/* SPDX-License-Identifier: BSD-3-Clause */
/* A policy's words get the core's figures. */
#include "lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/why.h"

static struct policy *policy;
static struct policy_instance *instance;
static const struct memcoord_domain domain = { .name = "web1",
                                               .unused_kib = 61 * MIB,
                                               .usable_kib = MEMCOORD_UNKNOWN,
                                               .used_kib = 451 * MIB,
                                               .min_kib = 256 * MIB,
                                               .max_kib = 2048 * MIB };

static void words_that_name_a_figure_get_it(void **state)
{
    char text[200];

    (void)state;
    why_expand("unused below low", &domain, instance, text, sizeof(text));
    assert_string_equal(text, "unused 61 MiB below low 100 MiB");
    why_expand("used, (max); usable", &domain, NULL, text, sizeof(text));
    assert_string_equal(text, "used 451 MiB, (max 2048 MiB); usable unknown");
    why_expand("metric", &domain, instance, text, sizeof(text));
    assert_string_equal(text, "metric usable");
    why_expand("because", &domain, instance, text, sizeof(text));
    assert_string_equal(text, "because");
}

static void long_texts_are_cut(void **state)
{
    char text[12];

    (void)state;
    why_expand("unused below low", &domain, instance, text, sizeof(text));
    assert_string_equal(text, "unused 61 M");
    why_expand("", &domain, instance, text, sizeof(text));
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_name_a_figure_get_it),
        cmocka_unit_test(long_texts_are_cut),
    };
    char path[512], error[256];
    int failed;

    snprintf(path, sizeof(path), "%s/policies", getenv("MEMCOORD_TOP"));
    if (policy_load("threshold", path, &policy, error, sizeof(error)) < 0 ||
        policy_instance_new(policy, &instance) < 0) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    policy_instance_free(instance);
    policy_unload(policy);
    return failed;
}
