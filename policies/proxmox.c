/* SPDX-License-Identifier: BSD-3-Clause */
/* proxmox: Proxmox VE's automatic ballooning, which keeps the host at 80% of its memory. See
 * proxmox.md. */
#include <errno.h>
#include <stdbool.h>

#include "memcoord/policy.h"

enum { WHOLE_BP = 10000 };

struct proxmox {
    uint64_t target_bp, deadband_kib, comfort_bp, max_change_kib;
};

static const struct memcoord_param params[] = {
    MEMCOORD_PERCENT(struct proxmox, target_bp, "target", "80%", "0%..100%",
                     "how much of the host's memory is to be in use"),
    MEMCOORD_SIZE(struct proxmox, deadband_kib, "deadband", "10MiB", "0..1TiB",
                  "leave all domains as they are while the host is no farther from that"),
    MEMCOORD_PERCENT(struct proxmox, comfort_bp, "comfort", "25%", "0%..100%",
                     "a guest with more unused memory than this part of its min gives first"),
    MEMCOORD_SIZE(struct proxmox, max_change_kib, "max_change", "100MiB", "1KiB..1TiB",
                  "how much a balloon changes in one tick, at most"),
    MEMCOORD_PARAMS_END
};

/* One domain that takes part. */
struct part {
    const struct memcoord_domain *domain;
    uint64_t planned_kib; /* what it is to have: its balloon, until something is planned for it */
    bool done;            /* has come to rest in this distribution */
};

/* The pressured are at the beginning of the list, the comfortable behind them. */
struct parts {
    struct part *list;
    size_t n, pressured;
};

/* Memory that the host should use and does not; below zero where it uses too much, and zero where
 * that is not known. Rounded towards zero. */
static int64_t find_goal_kib(const struct proxmox *p, const struct memcoord_host *host)
{
    int64_t target, used_kib;

    if (host->total_kib == MEMCOORD_UNKNOWN || host->available_kib == MEMCOORD_UNKNOWN)
        return 0;
    target = (int64_t)(host->total_kib * p->target_bp); /* KiB x basis points */
    used_kib = (int64_t)host->total_kib - (int64_t)host->available_kib;
    return (target - used_kib * WHOLE_BP) / WHOLE_BP;
}

/* A min of 0 is one that was not set, weight 0 stands for "leave it alone". Where unused memory is not
 * known, nobody can tell whether the guest is comfortable. */
static bool takes_part(const struct memcoord_domain *d)
{
    return d->flags & MEMCOORD_MOVABLE && d->balloon_kib > 0 && d->min_kib > 0 && d->weight > 0 &&
           d->unused_kib != MEMCOORD_UNKNOWN;
}

static bool is_comfortable(const struct proxmox *p, const struct memcoord_domain *d)
{
    return d->unused_kib > memcoord_mul_div(d->min_kib, p->comfort_bp, WHOLE_BP) &&
           d->balloon_kib >= d->min_kib;
}

static void add_parts(struct parts *parts, const struct proxmox *p,
                      const struct memcoord_snapshot *s, bool comfortable)
{
    for (size_t i = 0; i < s->n_domains; i++) {
        const struct memcoord_domain *d = s->domains[i];
        if (takes_part(d) && is_comfortable(p, d) == comfortable)
            parts->list[parts->n++] = (struct part){ .domain = d, .planned_kib = d->balloon_kib };
    }
}

static int gather(struct parts *parts, const struct proxmox *p, const struct memcoord_snapshot *s,
                  struct memcoord_plan *plan)
{
    *parts =
        (struct parts){ .list = memcoord_scratch(plan, s->n_domains + 1, sizeof *parts->list) };
    if (!parts->list)
        return -ENOMEM;
    add_parts(parts, p, s, false);
    parts->pressured = parts->n;
    add_parts(parts, p, s, true);
    return 0;
}

/* What is divided in one round: all that those who are not done have above their min, and the rest. */
struct pot {
    int64_t kib;
    uint64_t weights;
};

static struct pot fill_pot(const struct part *list, size_t n, int64_t rest_kib)
{
    struct pot pot = { .kib = rest_kib };

    for (size_t i = 0; i < n; i++) {
        if (list[i].done)
            continue;
        pot.kib += (int64_t)list[i].planned_kib - (int64_t)list[i].domain->min_kib;
        pot.weights += list[i].domain->weight;
    }
    return pot;
}

/* min and its share of the pot, within the bounds: a pot below zero leaves nobody more than his min,
 * in whichever direction its shares are rounded. */
static uint64_t desired_kib(const struct pot *pot, const struct memcoord_domain *d)
{
    if (pot->kib < 0)
        return d->min_kib;
    return memcoord_min(d->min_kib + memcoord_mul_div((uint64_t)pot->kib, d->weight, pot->weights),
                        d->max_kib);
}

/* Plans for one domain; returns how much more than before. Both the direction and max_change count
 * from the balloon, whatever was planned in an earlier round. One that is done keeps that plan. */
static int64_t plan_one(const struct proxmox *p, struct part *part, const struct pot *pot,
                        bool growing)
{
    const struct memcoord_domain *d = part->domain;
    uint64_t desired = desired_kib(pot, d), before_kib = part->planned_kib, to_kib;

    if (growing && desired > d->balloon_kib) {
        to_kib = memcoord_min(d->balloon_kib + p->max_change_kib, desired);
    } else if (desired < d->balloon_kib) {
        to_kib = d->balloon_kib - memcoord_min(p->max_change_kib, d->balloon_kib - desired);
    } else {
        part->done = true;
        return 0;
    }
    part->planned_kib = memcoord_clamp(to_kib, d->min_kib, d->max_kib);
    return (int64_t)part->planned_kib - (int64_t)before_kib;
}

/*
 * Divides `goal_kib` among `list`, in rounds, as long as something is left and changes; returns what is
 * left. A round in which nobody gets done leaves all shares as they were and is the last one, and what
 * one who gets done leaves to the others is soon too little to matter: 16 rounds were the most that were
 * seen among thousands of domains of all kinds.
 */
static int64_t distribute(const struct proxmox *p, struct part *list, size_t n, int64_t goal_kib)
{
    int64_t rest_kib = goal_kib;
    bool changed = true;

    for (size_t i = 0; i < n; i++)
        list[i].done = false;
    while (rest_kib != 0 && changed) {
        struct pot pot = fill_pot(list, n, rest_kib);
        changed = false;
        for (size_t i = 0; i < n; i++) {
            int64_t change_kib = list[i].done ? 0 : plan_one(p, &list[i], &pot, goal_kib > 0);
            rest_kib -= change_kib;
            changed |= change_kib != 0;
        }
    }
    return rest_kib;
}

/* The pressured first; all, if they could not use anything. */
static void grow(const struct proxmox *p, struct parts *parts, int64_t goal_kib)
{
    int64_t rest_kib = distribute(p, parts->list, parts->pressured, goal_kib);

    if (rest_kib >= goal_kib)
        distribute(p, parts->list, parts->n, rest_kib);
}

/* The comfortable first; all, if they could not give anything. */
static void shrink(const struct proxmox *p, struct parts *parts, int64_t goal_kib)
{
    int64_t rest_kib =
        distribute(p, parts->list + parts->pressured, parts->n - parts->pressured, goal_kib);

    if (rest_kib <= goal_kib)
        distribute(p, parts->list, parts->n, rest_kib);
}

static const char *why(const struct part *part, int64_t goal_kib)
{
    if (goal_kib < 0)
        return "the host uses too much";
    return part->planned_kib > part->domain->balloon_kib ? "the host has room"
                                                         : "more than its share by weight";
}

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    const struct proxmox *p = state;
    int64_t goal_kib = find_goal_kib(p, s->host);
    struct parts parts;

    if (goal_kib <= (int64_t)p->deadband_kib && goal_kib >= -(int64_t)p->deadband_kib)
        return 0;
    if (gather(&parts, p, s, plan))
        return -ENOMEM;
    if (goal_kib > 0)
        grow(p, &parts, goal_kib);
    else
        shrink(p, &parts, goal_kib);
    for (size_t i = 0; i < parts.n; i++)
        if (parts.list[i].planned_kib != parts.list[i].domain->balloon_kib)
            memcoord_set_target(plan, parts.list[i].domain, parts.list[i].planned_kib,
                                why(&parts.list[i], goal_kib));
    return 0;
}

MEMCOORD_POLICY(.name = "proxmox",
                .summary =
                    "keeps the host at 80% of its memory, as Proxmox VE's auto-ballooning does",
                .state_size = sizeof(struct proxmox), .params = params, .decide = decide,
                .source = "Proxmox VE's automatic memory allocation (pvestatd)");
