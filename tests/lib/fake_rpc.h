/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of libvirt's protocol (remote_protocol.x), in XDR. */
#ifndef TESTS_LIB_FAKE_RPC_H
#define TESTS_LIB_FAKE_RPC_H

#include <stdint.h>
#include <string.h>

/* Procedures. */
#define FAKE_OPEN 1
#define FAKE_CLOSE 2
#define FAKE_XML 14
#define FAKE_GET_INFO 16
#define FAKE_LOOKUP_BY_UUID 24
#define FAKE_FEATURE 60
#define FAKE_AUTH_LIST 66
#define FAKE_MEMORY_STATS 159
#define FAKE_SET_MEMORY_FLAGS 204
#define FAKE_LIST_ALL 273
#define FAKE_JOB_STATS 298
#define FAKE_SET_PERIOD 308
#define FAKE_LISTEN 316
#define FAKE_UNLISTEN 317
#define FAKE_ALL_STATS 344
#define FAKE_MOST_PROC 512

#define FAKE_PROGRAM 0x20008086
#define FAKE_KEEPALIVE 0x6b656570 /* another program on the same connection */
#define FAKE_HEADER_BYTES 28
/* Features that clients ask for. */
#define FAKE_HAS_KEEPALIVE 10
#define FAKE_HAS_EVENTS 14
#define FAKE_NOWAIT (1u << 29) /* of FAKE_ALL_STATS */

/* Events: the procedure that tells it, and its virDomainEventID, by which clients listen to it. */
struct fake_event {
    uint32_t proc, id;
};
static const struct fake_event fake_lifecycle = { 318, 0 }, fake_device_removed = { 333, 15 },
                               fake_device_added = { 354, 19 }, fake_migration = { 359, 20 },
                               fake_job_completed = { 363, 21 };

struct fake_text {
    unsigned char bytes[1 << 20];
    size_t n;
};

static inline void fake_u32(struct fake_text *t, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        t->bytes[t->n++] = (unsigned char)(v >> shift);
}

static inline void fake_u64(struct fake_text *t, uint64_t v)
{
    fake_u32(t, (uint32_t)(v >> 32));
    fake_u32(t, (uint32_t)v);
}

static inline void fake_string(struct fake_text *t, const char *s)
{
    size_t length = strlen(s);

    fake_u32(t, (uint32_t)length);
    memcpy(t->bytes + t->n, s, length);
    t->n += length;
    for (; length % 4; length++)
        t->bytes[t->n++] = 0;
}

static inline uint32_t fake_get_u32(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline const unsigned char *fake_skip_string(const unsigned char *at)
{
    return at + 4 + (fake_get_u32(at) + 3) / 4 * 4;
}

static inline void fake_refuse(struct fake_text *t, uint32_t code, const char *text)
{
    fake_u32(t, code);
    fake_u32(t, 7); /* remote */
    fake_u32(t, 1);
    fake_string(t, text);
    fake_u32(t, 2); /* an error */
    for (int i = 0; i < 7; i++)
        fake_u32(t, 0); /* no domain, no texts, no figures, no network */
}

#endif
