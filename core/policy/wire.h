/* SPDX-License-Identifier: BSD-3-Clause */
/* The messages between memcoord and the process of a policy. Both ends are the same executable, so numbers
 * are as this machine has them; but neither end trusts the other: what is read is checked against its size, and
 * nothing here follows a pointer, allocates or fails in another way than by saying so. A message is one block
 * of memory: a question (to the policy) or an answer; a short struct wire_head on the socket tells its size. */
#ifndef CORE_POLICY_WIRE_H
#define CORE_POLICY_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "memcoord/policy.h"
#include "policy/plan.h"

#define WIRE_PATH_BYTES 4096
#define WIRE_TEXT_BYTES 1024
#define WIRE_MAX_DOMAINS (UINT64_C(1) << 20)

enum wire_call { WIRE_LOAD = 1, WIRE_CHECK, WIRE_DECIDE };

struct wire_head {
    uint32_t call, reserved;
    uint64_t serial; /* of the question; its answer has the same */
    uint64_t bytes;  /* of the message */
};

/* Copies what came over the socket into *head. -EBADMSG: it is none. */
int wire_read_head(const void *bytes, size_t size, struct wire_head *head);

/* ---- load: what shall be loaded, and how confined. The policy's file is an open descriptor. */

struct wire_load {
    uint64_t memory_bytes; /* what the process may take beyond what it begins with */
    uint32_t sandbox;      /* enum sandbox_mode of config.h */
    uint32_t log_level;    /* messages above are not formatted */
    char path[WIRE_PATH_BYTES];
};

/* -EBADMSG: it is none. The path is terminated. */
int wire_read_load(const void *bytes, size_t size, struct wire_load *load);

/* Its answer: what the policy declares of itself, or why it could not be loaded. */
struct wire_loaded {
    int failed;                   /* 0, or the negative errno that `error` explains */
    const char *error;            /* never NULL */
    const char *refused;          /* parts of the sandbox that the kernel refused; "" if none */
    uint32_t has_check;           /* it has a check() */
    struct memcoord_policy table; /* names, sizes, numbers; params is set by the reader's caller */
    size_t n_params;
};

/* Writes the answer with the parameters `params`; the texts of `loaded` may be NULL. The bytes it takes, which is
 * more than `size` if it did not fit. */
size_t wire_write_loaded(const struct wire_loaded *loaded, const struct memcoord_param *params,
                         void *bytes, size_t size);

/* Its texts stay in `bytes`. `params` has room for `max_params`. -EBADMSG: it is none, or says more parameters
 * than that. */
int wire_read_loaded(const void *bytes, size_t size, struct wire_loaded *loaded,
                     struct memcoord_param *params, size_t max_params);

/* ---- decide: the snapshot, with the states that the core keeps */

/* How a question and an answer of decide are laid out: offsets in bytes. */
struct wire_layout {
    uint64_t n_domains, state_bytes, domain_state_bytes; /* what it follows from */
    uint64_t state_stride;                               /* from one domain's state to the next */
    uint64_t domains, state, states, names;              /* a question's; names end it */
    uint64_t lines, answer_state, answer_states, asked, whys; /* an answer's; reasons end it */
    uint64_t answer_bytes;                                    /* at most */
};

/* -EMSGSIZE: more domains or larger states than there can be. */
int wire_lay_out(uint64_t n_domains, uint64_t state_bytes, uint64_t domain_state_bytes,
                 struct wire_layout *layout);

/* The bytes of a question that asks about `snapshot`. */
uint64_t wire_question_bytes(const struct wire_layout *layout,
                             const struct memcoord_snapshot *snapshot);

/* Writes that question; `bytes` has room for it. */
void wire_write_question(const struct wire_layout *layout, uint64_t serial,
                         const struct memcoord_snapshot *snapshot, const void *state, void *bytes);

/* What a question holds; its pointers lead into the message. */
struct wire_question {
    struct wire_layout layout;
    uint64_t serial, tick, now_ms, interval_ms;
    struct memcoord_host host;
    const char *bytes;
    uint64_t name_bytes;
};

/* -EBADMSG: it is none. */
int wire_read_question(const void *bytes, size_t size, struct wire_question *question);

/* Domain number `i` of it: all but its state; its name stays in the message. -EBADMSG. */
int wire_read_domain(const struct wire_question *question, uint64_t i,
                     struct memcoord_domain *domain);

/* Its answer. The states stand in it (layout->answer_state, ->answer_states) already: the policy works on them
 * there. `bytes` has room for layout->answer_bytes. Returns the bytes that it takes. */
size_t wire_write_answer(const struct wire_layout *layout, uint64_t serial, const struct plan *plan,
                         void *bytes);

/* Takes an answer to the question `serial` of `layout` into `plan`, `state` and the states of
 * plan->snapshot's domains: texts made plain, messages said as plan_say() does. 0; or -EBADMSG and nothing is
 * touched. */
int wire_take_answer(const void *bytes, size_t size, const struct wire_layout *layout,
                     uint64_t serial, struct plan *plan, void *state);

/* ---- check: the question is the policy's state, the answer a text, "" if nothing is wrong */

/* The text of an answer, cut to `text_size`. -EBADMSG: it has no end. */
int wire_read_text(const void *bytes, size_t size, char *text, size_t text_size);

#endif
