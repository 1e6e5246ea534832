/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/plan.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/plan_log.h"
#include "util/plain.h"

#define SCRATCH_MAX_BYTES ((size_t)1 << 30) /* 100 KiB for each of 10,000 domains */

/* Where the search for a domain begins. Addresses differ in their middle bits; the multiplication
 * (by 2^64 / the golden ratio) brings these to the top. */
static size_t first_place(const struct plan *plan, const struct memcoord_domain *domain)
{
    return (size_t)(((uint64_t)(uintptr_t)domain * UINT64_C(0x9e3779b97f4a7c15)) >> 32) &
           (plan->n_places - 1);
}

static void place_domains(struct plan *plan)
{
    memset(plan->places, 0, plan->n_places * sizeof(*plan->places));
    for (size_t i = 0; i < plan->snapshot->n_domains; i++) {
        size_t at = first_place(plan, plan->snapshot->domains[i]);
        while (plan->places[at])
            at = (at + 1) & (plan->n_places - 1);
        plan->places[at] = (uint32_t)i + 1;
    }
    plan->placed = true;
}

/* Finds the index of `domain` by its address alone, for nothing may be read through a pointer that a
 * policy made up. */
static bool find_domain(struct plan *plan, const struct memcoord_domain *domain, size_t *index)
{
    if (plan->n_places == 0)
        return false;
    if (!plan->placed)
        place_domains(plan);
    for (size_t at = first_place(plan, domain); plan->places[at];
         at = (at + 1) & (plan->n_places - 1)) {
        if (plan->snapshot->domains[plan->places[at] - 1] == domain) {
            *index = plan->places[at] - 1;
            return true;
        }
    }
    return false;
}

static void plan_set_target(struct memcoord_plan *calls, const struct memcoord_domain *domain,
                            uint64_t kib, const char *why)
{
    struct plan *plan = calls->core;
    struct plan_entry *entry;
    size_t index;

    if (!find_domain(plan, domain, &index)) {
        plan->strangers++;
        return;
    }
    entry = &plan->entries[index];
    /* UNKNOWN says that nothing was asked; asked for that much, the guard's maximum is meant */
    entry->asked_kib = kib == MEMCOORD_UNKNOWN ? MEMCOORD_UNKNOWN - 1 : kib;
    plain_copy(entry->why, sizeof(entry->why), why);
}

LOG_PRINTF(3, 0)
static int plan_vfail(struct memcoord_plan *calls, int err, const char *fmt, va_list args)
{
    struct plan *plan = calls->core;
    int r = err > 0 && err < 4096 ? -err : -EINVAL;
    char text[sizeof(plan->error)];

    if (plan->failed)
        return r; /* the first failure is the cause */
    plan->failed = r;
    vsnprintf(text, sizeof(text), fmt, args);
    plain_copy(plan->error, sizeof(plan->error), text);
    return r;
}

/* memcoord_scratch() promises that the plan has failed where there is no memory. */
static void *no_scratch(struct plan *plan, size_t n, size_t size)
{
    if (!plan->failed) {
        plan->failed = -ENOMEM;
        snprintf(plan->error, sizeof(plan->error), "no scratch memory for %zu x %zu bytes", n,
                 size);
    }
    return NULL;
}

static void *plan_scratch(struct memcoord_plan *calls, size_t n, size_t size)
{
    struct plan *plan = calls->core;
    void **list, *memory;

    if (size && n > SCRATCH_MAX_BYTES / size)
        return no_scratch(plan, n, size);
    list = realloc(plan->scratch, (plan->n_scratch + 1) * sizeof(*list));
    if (!list)
        return no_scratch(plan, n, size);
    plan->scratch = list;
    memory = calloc(n ? n : 1, size ? size : 1);
    if (!memory)
        return no_scratch(plan, n, size);
    plan->scratch[plan->n_scratch++] = memory;
    return memory;
}

/* Makes room for `n` domains, in powers of two. */
static int plan_reserve(struct plan *plan, size_t n)
{
    size_t n_places = 16;

    if (n > UINT32_MAX / 4)
        return -ENOMEM;
    while (n_places < 2 * n)
        n_places *= 2;
    if (n_places <= plan->n_places)
        return 0;

    struct plan_entry *entries = malloc(n_places / 2 * sizeof(*entries));
    uint32_t *places = malloc(n_places * sizeof(*places));
    if (!entries || !places) {
        free(entries);
        free(places);
        return -ENOMEM;
    }
    free(plan->entries);
    free(plan->places);
    plan->entries = entries;
    plan->capacity = n_places / 2;
    plan->places = places;
    plan->n_places = n_places;
    plan->placed = false;
    return 0;
}

static void forget_targets(struct plan *plan)
{
    for (size_t i = 0; i < plan->snapshot->n_domains; i++) {
        plan->entries[i].asked_kib = MEMCOORD_UNKNOWN;
        plan->entries[i].why[0] = '\0';
    }
}

int plan_begin(struct plan *plan, const struct memcoord_snapshot *snapshot, const char *policy_name)
{
    int r = plan_reserve(plan, snapshot->n_domains);
    if (r)
        return r;

    plan_end(plan);
    plan->calls = (struct memcoord_plan){ .core = plan,
                                          .set_target = plan_set_target,
                                          .vlog = plan_vlog,
                                          .vfail = plan_vfail,
                                          .scratch = plan_scratch };
    plan->snapshot = snapshot;
    plan->policy_name = policy_name;
    plan->n_lines = 0;
    plan->failed = 0;
    plan->saying = PLAN_SAY_LIMITED;
    plan->error[0] = '\0';
    plan->strangers = 0;
    forget_targets(plan);
    plan->placed = plan->placed && plan->same_places;
    return 0;
}

int plan_finish(struct plan *plan, int returned)
{
    if (!plan->failed && returned) {
        plan->failed = returned < 0 && returned > -4096 ? returned : -EINVAL;
        if (plan->failed == returned)
            snprintf(plan->error, sizeof(plan->error), "%s", strerror(-returned));
        else
            snprintf(plan->error, sizeof(plan->error),
                     "decide() returned %d; want 0 or what memcoord_fail() returned", returned);
    }
    if (plan->failed)
        forget_targets(plan);
    return plan->failed;
}

void plan_plain_why(char plain[PLAN_WHY_BYTES], const char why[PLAN_WHY_BYTES])
{
    plain_copy(plain, PLAN_WHY_BYTES, why);
}

void plan_take_target(struct plan *plan, size_t index, uint64_t asked_kib,
                      const char plain[PLAN_WHY_BYTES])
{
    plan->entries[index].asked_kib = asked_kib;
    memcpy(plan->entries[index].why, plain, PLAN_WHY_BYTES);
}

void plan_take_failure(struct plan *plan, int failed, const char *error)
{
    plan->failed = failed;
    plain_copy(plan->error, sizeof(plan->error), error);
    if (failed)
        forget_targets(plan);
}

void plan_end(struct plan *plan)
{
    for (size_t i = 0; i < plan->n_scratch; i++)
        free(plan->scratch[i]);
    free(plan->scratch);
    plan->scratch = NULL;
    plan->n_scratch = 0;
}

void plan_free(struct plan *plan)
{
    plan_end(plan);
    free(plan->entries);
    free(plan->places);
    memset(plan, 0, sizeof(*plan));
}
