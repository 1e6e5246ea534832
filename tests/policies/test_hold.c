/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/policy_fixture.h"

static void asks_for_nothing_whatever_it_sees(void **state)
{
    struct fixture f;

    (void)state;
    fixture_open(&f, "hold");
    fixture_guest(&f, 200 * MIB, 2048 * MIB, 512 * MIB, 510 * MIB);
    fixture_guest(&f, 200 * MIB, 2048 * MIB, 2048 * MIB, 10 * MIB);
    fixture_guest(&f, 200 * MIB, 2048 * MIB, 100 * MIB, 10 * MIB);
    fixture_add(&f, 200 * MIB, 2048 * MIB, 512 * MIB);
    fixture_decide(&f);
    for (size_t i = 0; i < f.snapshot.n_domains; i++)
        assert_true(fixture_asked(&f, f.list[i]) == MEMCOORD_UNKNOWN);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_for_nothing_whatever_it_sees),
    };
    return cmocka_run_group_tests_name("hold", tests, NULL, NULL);
}
