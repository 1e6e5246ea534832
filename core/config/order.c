/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/order.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config/key_table.h"

static const struct order {
    size_t low, high; /* offsets in struct config */
    const char *else_what;
} orders[ORDERS] = {
    { offsetof(struct config, guard.rescue_below_kib),
      offsetof(struct config, guard.guest_reserve_kib), "each shrink would end in a rescue" },
    { offsetof(struct config, guard.stuck_after_ms),
      offsetof(struct config, guard.uncooperative_after_ms),
      "a balloon would be reported before it is stuck" },
};

void order_note(struct order_lines *lines, const struct config_key *row, int line)
{
    for (size_t i = 0; i < ORDERS; i++) {
        if (row->offset == orders[i].low)
            lines->low[i] = line;
        if (row->offset == orders[i].high)
            lines->high[i] = line;
    }
}

static const struct config_key *key_at(size_t offset)
{
    const struct config_key *row = config_keys;

    while (row->offset != offset || strcmp(row->section, "domain") == 0) /* an offset elsewhere */
        row++;
    return row;
}

static uint64_t value_at(const struct config *config, size_t offset)
{
    uint64_t value;

    memcpy(&value, (const char *)config + offset, sizeof(value));
    return value;
}

/* "rescue_below (64MiB by default)" */
static void name_key(const struct config *config, size_t offset, int line, char *text, size_t size)
{
    const struct config_key *row = key_at(offset);
    char value[64];

    value_format(row->type, row->range, value_at(config, offset), value, sizeof(value));
    snprintf(text, size, "%s (%s%s)", row->key, value, line ? "" : " by default");
}

/* Without rescues it does not matter which guests they are for. */
static bool counts(const struct order *order, const struct config *config)
{
    return order->low != offsetof(struct config, guard.rescue_below_kib) || config->guard.rescue;
}

void order_check(const struct order_lines *lines, const struct config *config, bool other_problems,
                 const char *file, struct problems *problems)
{
    for (size_t i = 0; i < ORDERS; i++) {
        const struct order *order = &orders[i];
        const int low_line = lines ? lines->low[i] : 1, high_line = lines ? lines->high[i] : 1;
        char low[128], high[128];

        if (!counts(order, config) ||
            value_at(config, order->low) <= value_at(config, order->high) ||
            (other_problems && (low_line == 0 || high_line == 0)))
            continue;
        name_key(config, order->low, low_line, low, sizeof(low));
        name_key(config, order->high, high_line, high, sizeof(high));
        problems_add(problems, file, low_line > high_line ? low_line : high_line,
                     "%s is above %s: %s", low, high, order->else_what);
    }
}
