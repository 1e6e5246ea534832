/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/decide_write.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "util/json_text.h"

/* JSON's integers are signed here; what a hostile policy asks beyond them is cut. */
static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)memcoord_min(value, INT64_MAX));
}

static json_t *known(uint64_t value)
{
    return value == MEMCOORD_UNKNOWN ? json_null() : number(value);
}

static json_t *domain_json(const struct guard_settings *guard, const struct snapshot_domain *domain,
                           const struct plan_entry *entry, const struct guard_verdict *verdict)
{
    char text[256] = "";

    guard_explain(guard, domain, verdict, text, sizeof(text));
    return json_pack("{so, so, so, so, so, ss, so}", "name", json_text(domain->seen.name),
                     "balloon_kib", number(domain->seen.balloon_kib), "asked_kib",
                     known(verdict->asked_kib), "granted_kib", number(verdict->granted_kib), "why",
                     json_text(entry->asked_kib == MEMCOORD_UNKNOWN ? NULL : entry->why), "guard",
                     guard_reason_name(verdict->reason), "guard_text", json_text(text));
}

static json_t *host_json(const struct memcoord_host *host)
{
    return json_pack("{so, so, sI, so}", "reserve_kib", number(host->reserve_kib), "capacity_kib",
                     number(host->capacity_kib), "grantable_kib", (json_int_t)host->grantable_kib,
                     "pool_kib", number(host->pool_kib));
}

/* Adds what was recorded of each domain of `list`, in its order. 0 or -ENOMEM. */
static int add_recorded(json_t *list, const struct record_tick *recorded)
{
    for (size_t i = 0; i < recorded->n_domains; i++) {
        const struct record_domain *d = &recorded->domains[i];
        json_t *was = json_pack("{so, so}", "asked_kib", known(d->asked_kib), "granted_kib",
                                number(d->granted_kib));

        if (json_object_set_new(json_array_get(list, i), "recorded", was) < 0)
            return -ENOMEM;
    }
    return 0;
}

/* Prints `line` and lets it go. */
static int print_line(json_t *line)
{
    int r = line ? 0 : -ENOMEM;

    if (!r && (json_dumpf(line, stdout, JSON_COMPACT) || putchar('\n') == EOF || fflush(stdout)))
        r = -EIO;
    json_decref(line);
    return r;
}

int decide_write(const struct guard_settings *guard, const struct snapshot *snapshot,
                 const struct plan *plan, const struct guard_verdict *verdicts,
                 const struct record_tick *recorded)
{
    size_t n = snapshot->seen.n_domains;
    json_t *line, *list = json_array();

    for (size_t i = 0; i < n; i++)
        json_array_append_new(
            list, domain_json(guard, &snapshot->domains[i], &plan->entries[i], &verdicts[i]));
    if (json_array_size(list) != n || (recorded && add_recorded(list, recorded) < 0)) {
        json_decref(list);
        return -ENOMEM;
    }
    line = json_pack("{so, so, so}", "tick", number(snapshot->seen.tick), "host",
                     host_json(&snapshot->host), "domains", list);
    if (line && recorded)
        json_object_set_new(line, "now_ms", number(recorded->now_ms));
    if (line && plan->strangers)
        json_object_set_new(line, "strangers", number(plan->strangers));
    return print_line(line);
}

int decide_write_error(const struct snapshot *snapshot, const char *why)
{
    return print_line(
        json_pack("{so, so}", "tick", number(snapshot->seen.tick), "error", json_text(why)));
}
