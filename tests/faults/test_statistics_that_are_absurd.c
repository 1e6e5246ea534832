/* SPDX-License-Identifier: BSD-3-Clause */
/* Each figure of a guest takes values that cannot be: more than there is, more than fits, less than nothing,
 * nothing at all. That guest stays within its bounds, and is given nothing up that it did not say it can
 * spare; nobody else is better or worse off for it; and when its figures are right again so is all. */
#include "lib/fault_stage.h"

#include <inttypes.h>

static const char *const figures[] = {
    "balloon.available", "balloon.usable",   "balloon.unused",      "balloon.rss",
    "balloon.swap_in",   "balloon.swap_out", "balloon.major_fault", "balloon.last-update",
    "balloon.current",   "balloon.maximum",
};
#define FIGURES (sizeof(figures) / sizeof(figures[0]))
#define GUESTS (FIGURES - 2) /* the last two are libvirt's own */

static const struct {
    uint64_t value;
    bool negative;
} values[] = {
    { 0, false },
    { 1, false },
    { UINT64_MAX, false },
    { UINT64_MAX - 1, false },
    { UINT64_MAX / 2, false },
    { UINT64_C(1) << 34, false },
    { 2048 * MIB, false }, /* more than the guest can have */
    { UINT64_MAX, true },  /* -1 */
    { UINT64_C(1) << 63, true },
};
#define VALUES (sizeof(values) / sizeof(values[0]))

static void tell(struct fault_stage *s, const struct fake_lie *lies)
{
    lock(&s->stage, 0)->lies = lies;
    s->lies[0] = true;
    unlock(&s->stage);
}

/* A guest that tells of other sizes than it has seems to be moved by somebody else: for 5 minutes it is left
 * to him. Then it is as it was, and the next lie finds the same guest. */
static void be_honest(struct fault_stage *s)
{
    tell(s, NULL);
    pass_ms(301000, 301000);
    ticks(s, 8); /* its sizes are learned anew */
    s->lies[0] = false;
    is_coordinated(s, 0);
}

static void others_are_coordinated(struct fault_stage *s, const char *figure, uint64_t value)
{
    use(s, 1, 600 * MIB);
    for (int n = 0; n < 10 && current_kib(s, 1) < 700 * MIB; n++)
        tick(s);
    if (current_kib(s, 1) < 700 * MIB)
        fail_msg("%s = %" PRIu64 " of one keeps another at %" PRIu64 " MiB", figure, value,
                 current_kib(s, 1) / 1024);
    use(s, 1, USED_KIB);
    for (int n = 0; n < 20 && current_kib(s, 1) > 550 * MIB; n++)
        tick(s);
    if (current_kib(s, 1) > 550 * MIB)
        fail_msg("%s = %" PRIu64 " of one keeps another from giving back", figure, value);
}

static void each_figure_alone(void **state)
{
    struct fault_stage *s = *state;

    ticks(s, 10);
    for (size_t f = 0; f < FIGURES; f++) {
        for (size_t v = 0; v < VALUES; v++) {
            const struct fake_lie lies[] = { { figures[f], values[v].value, values[v].negative },
                                             { 0 } };

            tell(s, lies);
            others_are_coordinated(s, figures[f], values[v].value);
            tell(s, NULL);
        }
        be_honest(s);
    }
}

static void all_figures_together(void **state)
{
    struct fault_stage *s = *state;

    ticks(s, 10);
    for (size_t v = 0; v < VALUES; v++) {
        struct fake_lie lies[GUESTS + 1] = { 0 };

        for (size_t f = 0; f < GUESTS; f++)
            lies[f] = (struct fake_lie){ figures[f], values[v].value, values[v].negative };
        tell(s, lies);
        others_are_coordinated(s, "everything", values[v].value);
        be_honest(s);
    }
}

/* What it says that it could spare is more than it has: it is not believed. */
static void usable_above_its_size_is_not_taken(void **state)
{
    static const struct fake_lie lies[] = { { "balloon.usable", 1500 * MIB, false },
                                            { "balloon.unused", 1500 * MIB, false },
                                            { 0 } };
    struct fault_stage *s = *state;
    uint64_t had_kib;

    ticks(s, 10);
    tell(s, lies);
    ticks(s, 1);
    had_kib = current_kib(s, 0);
    ticks(s, 10);
    assert_true(current_kib(s, 0) >= had_kib);
    be_honest(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULT(each_figure_alone),
        FAULT(all_figures_together),
        FAULT(usable_above_its_size_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
