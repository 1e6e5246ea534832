/* SPDX-License-Identifier: BSD-3-Clause */
/* Values as they are written in the configuration: sizes, percents, durations, ... One parser for
 * memcoord's own keys and for the parameters of policies (include/memcoord/policy.h). */
#ifndef CORE_CONFIG_VALUES_H
#define CORE_CONFIG_VALUES_H

#include <stddef.h>
#include <stdint.h>

#include "memcoord/policy.h"

/* Types beside enum memcoord_param_type that only memcoord's own keys have. */
enum value_type {
    VALUE_TEXT = 100, /* char *, any text */
    VALUE_AMOUNT      /* struct amount */
};

/* A size, a percentage of something, or both ("200MiB, 5%"): the larger of the two counts. */
struct amount {
    uint64_t kib; /* if no size was given: the least that its range allows */
    uint64_t bp;  /* 0 if no percentage was given */
};

/* What an amount comes to where the whole is `whole_kib`: max(kib, bp of whole), in KiB. */
uint64_t amount_of(struct amount amount, uint64_t whole_kib);

/* Parses `text` as a value of `type` (enum memcoord_param_type) within `range` (policy.h, struct
 * memcoord_param) into *value: KiB, basis points, ms, the integer, 0/1, or the choice's index.
 * Sizes above 16 TiB (2^34 KiB), signs, fractions of a KiB, nan and trailing garbage are refused.
 * -EINVAL: *value is untouched, and `error` says what was found and what is allowed
 * ("'5' has no unit: want a size such as 100MiB, 0..1TiB"). */
int value_parse(uint32_t type, const char *range, const char *text, uint64_t *value, char *error,
                size_t error_size);

/* The same for an amount; `range`, "LOW..HIGH" in sizes, bounds its size part, percents are
 * 0%..100%. A percentage alone comes to LOW at least; 0% alone is refused where LOW is above 0. */
int amount_parse(const char *range, const char *text, struct amount *value, char *error,
                 size_t error_size);

/* Writes an amount as amount_parse() reads it. Always terminated. */
void amount_format(struct amount amount, char *text, size_t size);

/* Checks that `range` is one that value_parse() understands for `type`: LOW..HIGH with LOW <= HIGH,
 * or at least two distinct words. -EINVAL with `error` if not. */
int value_check_range(uint32_t type, const char *range, char *error, size_t error_size);

/* Writes `value` as value_parse() reads it, in the largest unit that is exact ("100MiB", "7.5%",
 * "1500ms", "share"). Always terminated. */
void value_format(uint32_t type, const char *range, uint64_t value, char *text, size_t size);

/* The type's name for --help and error messages: "size", "percent", ... */
const char *value_type_name(uint32_t type);

#endif
