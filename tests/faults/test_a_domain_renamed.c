/* SPDX-License-Identifier: BSD-3-Clause */
/* A domain has another name from one tick to the next (libvirt renames those that do not run, and a
 * migration may bring one back under another name). It is known by its UUID: what is remembered of it stays,
 * and the settings of its new name hold. */
#include "lib/fault_stage.h"

static void rename_to(struct fault_stage *s, size_t i, const char *name)
{
    lock(&s->stage, i)->name = name;
    unlock(&s->stage);
}

static const struct domain *known(struct fault_stage *s, const char *name)
{
    for (size_t i = 0; i < s->c.domains.n; i++)
        if (!strcmp(s->c.domains.list[i]->name, name))
            return s->c.domains.list[i];
    return NULL;
}

static void it_stays_what_it_was(void **state)
{
    struct fault_stage *s = *state;
    const struct domain *before;

    ticks(s, 5);
    before = known(s, "web0");
    rename_to(s, 0, "database");
    ticks(s, 1);
    assert_ptr_equal(known(s, "database"), before);
    assert_null(known(s, "web0"));
    assert_int_equal(s->c.domains.n, 4);
    is_coordinated(s, 0);
    is_coordinated(s, 1);
}

static void two_change_places(void **state)
{
    struct fault_stage *s = *state;
    const struct domain *zero, *one;

    ticks(s, 5);
    zero = known(s, "web0");
    one = known(s, "web1");
    rename_to(s, 0, "web1");
    rename_to(s, 1, "web0");
    ticks(s, 1);
    assert_ptr_equal(known(s, "web1"), zero);
    assert_ptr_equal(known(s, "web0"), one);
    for (size_t i = 0; i < 4; i++)
        is_coordinated(s, i);
}

/* While it is given memory, and while a call to it hangs behind the old name. */
static void it_is_helped_under_either_name(void **state)
{
    struct fault_stage *s = *state;

    ticks(s, 5);
    use(s, 0, 700 * MIB);
    for (int i = 0; i < 12 && current_kib(s, 0) < 800 * MIB; i++) {
        rename_to(s, 0, i % 2 ? "web0" : "database");
        ticks(s, 1);
    }
    assert_true(current_kib(s, 0) >= 800 * MIB);
}

static void settings_of_the_new_name_hold(void **state)
{
    struct fault_stage *s = *state;
    uint64_t had_kib;

    ticks(s, 5);
    rename_to(s, 0, "kept-0"); /* manage = no */
    ticks(s, 2);
    had_kib = current_kib(s, 0);
    use(s, 0, 600 * MIB);
    ticks(s, 5);
    assert_int_equal(current_kib(s, 0), had_kib);
    rename_to(s, 0, "web0");
    is_coordinated(s, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT(it_stays_what_it_was),
        FAULT(two_change_places),
        FAULT(it_is_helped_under_either_name),
        FAULT(settings_of_the_new_name_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
