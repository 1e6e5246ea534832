/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages between memcoord and a policy's process, spoilt by input. What is right is written first; then come
 * changes:
 *
 *     'b' OFFSET(2) BYTE      this byte
 *     'w' OFFSET(2) NUMBER(8) this number
 *     't' LENGTH(2)           the message ends here
 *     'm' LENGTH(2)           or so much later, in zeros
 *
 * A message lies in memory of exactly its size: each byte too far is seen.
 */
#ifndef TESTS_LIB_FUZZ_MESSAGE_H
#define TESTS_LIB_FUZZ_MESSAGE_H

#include "lib/fuzz.h"

#include "policy/wire.h"

#define FUZZ_DOMAINS 3
#define FUZZ_STATE_BYTES 24
#define FUZZ_DOMAIN_STATE_BYTES 20 /* no multiple of an alignment */
#define FUZZ_MORE_BYTES 4096
#define FUZZ_MOST_BYTES (64 << 10)

struct fuzz_scene {
    struct memcoord_domain domains[FUZZ_DOMAINS];
    const struct memcoord_domain *list[FUZZ_DOMAINS];
    struct memcoord_host host;
    struct memcoord_snapshot snapshot;
    char state[FUZZ_STATE_BYTES], states[FUZZ_DOMAINS][FUZZ_DOMAIN_STATE_BYTES];
    struct wire_layout layout;
};

static inline void fuzz_scene_begin(struct fuzz_scene *s)
{
    static const char *const names[FUZZ_DOMAINS] = { "a", "", "a long name of a domain" };

    memset(s, 0, sizeof(*s));
    for (size_t i = 0; i < FUZZ_DOMAINS; i++) {
        s->domains[i] = (struct memcoord_domain){ .name = names[i],
                                                  .state = s->states[i],
                                                  .index = (uint32_t)i,
                                                  .flags = MEMCOORD_MOVABLE,
                                                  .balloon_kib = 1000 * i,
                                                  .target_kib = 1000 * i,
                                                  .growth_kib_per_s = MEMCOORD_UNKNOWN };
        s->list[i] = &s->domains[i];
    }
    s->host = (struct memcoord_host){ .total_kib = 1 << 20, .grantable_kib = -5, .pool_kib = 7 };
    s->snapshot = (struct memcoord_snapshot){ .host = &s->host,
                                              .domains = s->list,
                                              .n_domains = FUZZ_DOMAINS,
                                              .tick = 3,
                                              .now_ms = 3000,
                                              .interval_ms = 1000 };
    fuzz_assert(wire_lay_out(FUZZ_DOMAINS, FUZZ_STATE_BYTES, FUZZ_DOMAIN_STATE_BYTES, &s->layout) ==
                0);
}

static inline uint64_t fuzz_number(const uint8_t **at, const uint8_t *end, unsigned bytes)
{
    uint64_t value = 0;

    for (; bytes > 0; bytes--)
        value = value << 8 | (*at < end ? *(*at)++ : 0);
    return value;
}

static inline size_t fuzz_resize(char *message, size_t size, size_t to)
{
    to = to < FUZZ_MOST_BYTES ? to : FUZZ_MOST_BYTES;
    if (to > size)
        memset(message + size, 0, to - size);
    return to;
}

/* Makes the changes of `at`..`end` to the message; returns its size then. */
static inline size_t fuzz_change_message(char *message, size_t size, const uint8_t *at,
                                         const uint8_t *end)
{
    while (at < end) {
        uint8_t what = (uint8_t)fuzz_number(&at, end, 1);
        size_t where = (size_t)fuzz_number(&at, end, 2);

        if (what == 't' && where < size) {
            size = where;
        } else if (what == 'm') {
            size = fuzz_resize(message, size, size + where % FUZZ_MORE_BYTES);
        } else if (what == 'w') {
            uint64_t number = fuzz_number(&at, end, 8);

            if (size >= 8)
                memcpy(message + where % (size - 7), &number, 8);
        } else {
            char byte = (char)fuzz_number(&at, end, 1);

            if (size > 0)
                message[where % size] = byte;
        }
    }
    return size;
}

/* A copy of `right` with the changes of `at`..`end`; the caller's to free. */
static inline char *fuzz_spoil(const void *right, size_t *size, const uint8_t *at,
                               const uint8_t *end)
{
    static char spoilt[FUZZ_MOST_BYTES];
    char *message;

    fuzz_assert(*size <= sizeof(spoilt));
    memcpy(spoilt, right, *size);
    *size = fuzz_change_message(spoilt, *size, at, end);
    message = malloc(*size ? *size : 1);
    fuzz_assert(message);
    memcpy(message, spoilt, *size);
    return message;
}

#endif
