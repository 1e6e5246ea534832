/* SPDX-License-Identifier: BSD-3-Clause */
/* mom against the cases of the original. */
#include "lib/mom_fixture.h"

#include "lib/original_cases.h"

static void run_case(const json_t *one)
{
    const char *name = json_string_value(json_object_get(one, "name"));
    const json_t *host = json_object_get(one, "host"), *guests = json_object_get(one, "vms");
    const json_t *rules = json_object_get(json_object_get(one, "expected"), "doc/balloon.rules");
    const json_t *targets = json_object_get(rules, "targets_kib");
    struct fixture f;

    fixture_open(&f, "mom");
    set_host(&f, case_number(host, "mem_free"), case_number(host, "mem_available"));
    for (size_t i = 0; i < json_array_size(guests); i++) {
        const json_t *g = json_array_get(guests, i);
        guest(&f, case_number(g, "balloon_min"), case_number(g, "balloon_max"),
              case_number(g, "balloon_cur"), case_number(g, "mem_unused"));
    }
    fixture_decide(&f);
    assert_true(json_array_size(targets) > 0);
    assert_int_equal(json_array_size(targets), f.snapshot.n_domains);
    for (size_t i = 0; i < f.snapshot.n_domains; i++) {
        const json_t *target = json_array_get(targets, i);
        uint64_t want = json_is_null(target) ? NOTHING : (uint64_t)json_integer_value(target);
        if (fixture_asked(&f, f.list[i]) != want)
            fail_msg("%s: guest %zu: asked %lld KiB, want %lld", name, i,
                     (long long)fixture_asked(&f, f.list[i]), (long long)want);
    }
    fixture_close(&f);
}

static void asks_what_the_original_asks(void **state)
{
    json_t *cases = original_cases("mom-balloon-rules.json");

    (void)state;
    if (!cases)
        return;
    assert_true(json_array_size(cases) >= 11);
    for (size_t i = 0; i < json_array_size(cases); i++)
        run_case(json_array_get(cases, i));
    json_decref(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_what_the_original_asks),
    };

    return cmocka_run_group_tests_name("mom, cases", tests, NULL, NULL);
}
