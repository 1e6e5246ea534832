/* SPDX-License-Identifier: BSD-3-Clause */
/* One tick after the other: gather, remember, decide, guard, actuate, say. */
#ifndef CORE_CONTROL_COORDINATOR_H
#define CORE_CONTROL_COORDINATOR_H

#include <signal.h>

#include "config/config.h"
#include "control/domains.h"
#include "control/origins.h"
#include "control/record_tick.h"
#include "control/say.h"
#include "host/host.h"
#include "policy/instance.h"

struct coordinator {
    const struct config *config; /* none of these is owned */
    struct host *host;
    struct policy_instance *instance; /* NULL: no policy, the guard alone */
    struct origins *origins;          /* what domains had before; NULL: not kept */
    const struct record_sink *sink;   /* gets each tick before it is acted on; NULL: nobody does */
    /* Called before each sleep: there, all that is above may be exchanged. Returns in how many ms it wants to be
     * called again at the latest; 0: with the next sleep. NULL: nothing is. */
    uint64_t (*between)(void *context);
    void *context;

    struct host_view
        seen; /* the time and the host's memory of the last look; zeroed: there was none */
    struct domains domains;
    struct snapshot snapshot;
    struct plan plan;
    uint64_t *asked_kib;
    struct guard_verdict *verdicts;
    size_t capacity;
    struct tick_record record;
    struct say_host say_host;
    struct log_limit policy_failed;
    bool lost;       /* the host could not be reached at the last tick */
    uint64_t failed; /* ticks on which that was so */
};

/* One tick. 0; -ENOTCONN and the like if the host can't be reached (logged when that begins);
 * -EDEADLK if it can't be any more (logged); -ENOMEM (logged). A policy that fails costs its plan, not the tick. */
int coordinator_tick(struct coordinator *coordinator);

/* Ticks until *stop is set (host_wake() ends the waiting), the host is over (HOST_WAKE_END), or
 * `max_ticks` are done (0: no end). A wake
 * before the time gives at most one extra tick an interval. 0; or -EDEADLK, as coordinator_tick():
 * nothing more can be done, nor given back. */
int coordinator_run(struct coordinator *coordinator, uint64_t max_ticks,
                    const volatile sig_atomic_t *stop);

/* Lets `instance` decide under `config` on what was seen last, for a trial: on copies, and nothing of it is
 * kept or done. The domains' states are those that coordinator_swap() would leave it. 0; or a negative
 * errno, and `error` says why there is no decision. */
int coordinator_try(const struct coordinator *coordinator, const struct config *config,
                    struct policy_instance *instance, char *error, size_t error_size);

/* What a trial uses up; zero it to begin. */
struct coordinator_trial {
    struct snapshot snapshot;
    struct plan plan;
    char *domain_states; /* one behind the other, in the order of the domains */
    void *state;         /* the policy's own, as it was before; NULL: not begun */
};

/* The same without waiting: -EINPROGRESS, not yet. Then ticks may be done before it is called again with the same
 * arguments: what was seen at the first call counts. */
int coordinator_try_soon(const struct coordinator *coordinator, const struct config *config,
                         struct policy_instance *instance, struct coordinator_trial *trial,
                         char *error, size_t error_size);

/* Frees it, also one that has not come to its end; a zeroed one is fine. */
void coordinator_trial_free(struct coordinator_trial *trial);

/* Goes on with them in the place of those before, which are not used any more. Domains that are known take
 * on their new settings; they keep the policy's state of them if policy_keeps_state() says so, else it is
 * zeroed. Logs bounds that contradict each other. -ENOMEM, and nothing is exchanged. */
int coordinator_swap(struct coordinator *coordinator, const struct config *config,
                     struct policy_instance *instance);

/* Gives every domain that has less than it had (origins) that size back, as far as the host can and
 * the domain may be changed now, waits until it is set, and forgets what is given back. 0; a negative
 * errno; or the number of domains that could not be given all. Logs each, and why it failed. */
int coordinator_restore(struct coordinator *coordinator);

/* ---- the steps of a tick, for coordinator_restore() to go in its own way */

/* host->ops->gather, or look_whole() */
typedef int coordinator_look(struct host *host, const struct host_view **view, const char **why);

/* Sees what is known now into coordinator->snapshot. As coordinator_tick(). */
int coordinator_see(struct coordinator *coordinator, coordinator_look *look,
                    const struct host_view **view);

/* The guard's verdicts on coordinator->asked_kib. 0 or -ENOMEM (logged). */
int coordinator_judge(struct coordinator *coordinator, const struct guard_settings *settings);

/* Hands the verdicts to the host; `last` as in struct actuation. `view` is what was seen. */
void coordinator_actuate(struct coordinator *coordinator, const struct host_view *view, bool last);

/* Frees what it gathered, not what it was given. */
void coordinator_free(struct coordinator *coordinator);

#endif
