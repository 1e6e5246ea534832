/* SPDX-License-Identifier: BSD-3-Clause */
/* proxmox against the original's own cases: one byte there is one KiB here. */
#include "lib/proxmox_fixture.h"

#include "lib/original_cases.h"

static void add_vms(struct fixture *f, json_t *vms)
{
    const char *id;
    json_t *vm;

    f->snapshot.n_domains = 0;
    json_object_foreach(vms, id, vm)
    {
        struct memcoord_domain *d =
            fixture_add(f, case_number(vm, "balloon_min"), case_number(vm, "maxmem"),
                        case_number(vm, "balloon"));
        snprintf(f->names[d->index], sizeof(f->names[d->index]), "%s", id);
        d->weight = case_number(vm, "shares");
        d->unused_kib = case_number(vm, "freemem");
    }
}

/* Exactly those of `want` change, and to exactly that. */
static void check_targets(const struct fixture *f, const char *id, size_t round, json_t *want)
{
    size_t asked = 0;

    for (size_t i = 0; i < f->snapshot.n_domains; i++) {
        const struct memcoord_domain *d = f->list[i];
        json_t *kib = json_object_get(want, d->name);
        uint64_t want_kib = kib ? (uint64_t)json_integer_value(kib) : NOTHING;
        if (fixture_asked(f, d) != want_kib)
            fail_msg("%s, round %zu, %s: %lld asked, not %lld", id, round + 1, d->name,
                     (long long)fixture_asked(f, d), (long long)want_kib);
        asked += kib != NULL;
    }
    assert_int_equal(asked, json_object_size(want));
}

static void check_final(const struct fixture *f, const char *id, json_t *want)
{
    for (size_t i = 0; i < f->snapshot.n_domains; i++) {
        json_t *kib = json_object_get(want, f->list[i]->name);
        if (kib && f->list[i]->balloon_kib != (uint64_t)json_integer_value(kib))
            fail_msg("%s, %s: ends at %llu", id, f->list[i]->name,
                     (unsigned long long)f->list[i]->balloon_kib);
    }
}

/* Round by round, and then nothing any more. */
static void check_until_stable(struct fixture *f, const char *id, json_t *one)
{
    json_t *rounds = json_object_get(one, "rounds");
    int64_t goal_kib = case_integer(one, "goal_bytes");
    size_t n = json_array_size(rounds);

    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        json_t *round = json_array_get(rounds, i);
        assert_int_equal(goal_kib, case_integer(round, "goal"));
        set_goal(f, goal_kib);
        fixture_decide(f);
        check_targets(f, id, i, json_object_get(round, "targets"));
        goal_kib -= apply(f);
    }
    set_goal(f, goal_kib);
    fixture_decide(f);
    check_targets(f, id, n, NULL);
    check_final(f, id, json_object_get(one, "expected_final_targets_bytes"));
}

static void check_case(json_t *one)
{
    const char *id = json_string_value(json_object_get(one, "id"));
    struct fixture f;
    char max_change[32];

    fixture_open(&f, "proxmox");
    fixture_set(&f, "deadband", "10485760KiB");
    snprintf(max_change, sizeof(max_change), "%lldKiB",
             (long long)case_integer(one, "maxchange_bytes"));
    fixture_set(&f, "max_change", max_change);
    add_vms(&f, json_object_get(one, "vms"));
    if (json_object_get(one, "rounds")) {
        check_until_stable(&f, id, one);
    } else {
        set_goal(&f, case_integer(one, "goal_bytes"));
        fixture_decide(&f);
        check_targets(&f, id, 0, json_object_get(one, "expected_targets_bytes"));
    }
    fixture_close(&f);
}

static void the_original_s_cases_come_out_to_the_unit(void **state)
{
    json_t *cases = original_cases("proxmox-autoballoon.json"), *one;
    size_t i;

    (void)state;
    if (!cases)
        return;
    assert_int_equal(json_array_size(cases), 19);
    json_array_foreach(cases, i, one) check_case(one);
    json_decref(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_original_s_cases_come_out_to_the_unit),
    };

    return cmocka_run_group_tests_name("proxmox, cases", tests, NULL, NULL);
}
