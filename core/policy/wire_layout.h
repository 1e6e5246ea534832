/* SPDX-License-Identifier: BSD-3-Clause */
/* What questions and answers of decide are made of; of core/policy/wire*.c only. */
#ifndef CORE_POLICY_WIRE_LAYOUT_H
#define CORE_POLICY_WIRE_LAYOUT_H

#include "policy/wire.h"

/* All of a domain's figures; what stands before, two pointers, is for each process to fill in. */
#define WIRE_TAIL offsetof(struct memcoord_domain, index)
#define WIRE_TAIL_BYTES (sizeof(struct memcoord_domain) - WIRE_TAIL)

struct question_head {
    uint64_t serial, n_domains, state_bytes, domain_state_bytes, name_bytes;
    uint64_t tick, now_ms, interval_ms;
    struct memcoord_host host;
};

struct question_domain {
    uint64_t name; /* where it begins among the names */
    char tail[WIRE_TAIL_BYTES];
};

struct answer_head {
    uint64_t serial, n_domains, strangers, n_lines, n_whys;
    int64_t failed;
    char error[PLAN_ERROR_BYTES];
};

/* What was asked for a domain, and the place of its reason: few reasons are given to many domains. */
struct answer_asked {
    uint64_t kib, why;
};

struct answer_why {
    char text[PLAN_WHY_BYTES];
};

#endif
