/* SPDX-License-Identifier: BSD-3-Clause */
/* What is remembered of one domain from tick to tick: its last good sample, what was asked of it,
 * who else changes it. */
#ifndef CORE_CONTROL_DOMAIN_H
#define CORE_CONTROL_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "control/guard.h"
#include "control/snapshot.h"
#include "host/host.h"

#define UUID_TEXT_BYTES 37
/* A balloon that moves less than this from one look to the next stands still. */
#define DOMAIN_NOISE_KIB UINT64_C(1024)
/* A busy guest may rest a MiB or so beside its target: that is no reason to ask again. */
#define DOMAIN_ARRIVED_KIB UINT64_C(4096)

/* So long a guest may take to boot before its silence is called a missing driver. */
#define DOMAIN_SILENT_MS UINT64_C(30000)

static inline uint64_t domain_distance(uint64_t a_kib, uint64_t b_kib)
{
    return a_kib > b_kib ? a_kib - b_kib : b_kib - a_kib;
}

/* The guest's statistics of one moment, and what follows from them. KiB, MEMCOORD_UNKNOWN. */
struct domain_sample {
    uint64_t sampled_ms; /* MEMCOORD_UNKNOWN: there never was one */
    uint64_t used_kib, unused_kib, usable_kib, guest_total_kib, disk_caches_kib;
    uint64_t swap_in_kib, swap_out_kib, major_faults;
    uint64_t rise_kib_per_s; /* how fast used rose since the sample before */
    uint64_t on_lists_kib;   /* of memory that it got, so much may wait on its kernel's lists */
    uint64_t swap_in_kib_per_s, swap_out_kib_per_s, major_faults_per_s, growth_kib_per_s;
};

/* Whether the balloon follows what is wanted of it (domain_stuck.h). */
struct domain_stuck {
    uint64_t wanted_kib; /* the target that was wanted last; holding still does not change it */
    uint64_t anchor_kib; /* where it stands: it moves when it is seen elsewhere */
    uint64_t stood_ms;   /* so long it could have moved, away from what was wanted, and did not */
    uint64_t tried_ms;   /* so long of that the last try has lasted */
    uint64_t probe_ms;   /* the next probe is due */
    bool is_stuck;       /* until it moves */
    bool takes_nothing;  /* it was to grow, and did not */
    bool is_uncooperative;
};

/* Whether the host gets what the guest gives (domain_effect.h). */
struct domain_effect {
    /* as it was before the shrinks that have not shown yet; MEMCOORD_UNKNOWN: all have */
    uint64_t before_rss_kib;
    uint64_t before_balloon_kib, before_overhead_kib;
    uint64_t least_rss_kib; /* since then */
    uint64_t kept_ms;       /* so long its process has kept what the guest gave */
    bool keeps;             /* it does so now */
    bool is_ineffective;    /* it did for too long: the guest gets its memory back */
    bool is_over;           /* it has it */
};

struct domain {
    uint8_t uuid[HOST_UUID_BYTES];
    char uuid_text[UUID_TEXT_BYTES];
    char *name;
    int64_t run_id;
    struct host_proposal proposal; /* what stands with it on its host; MEMCOORD_UNKNOWN: nothing */
    struct domain_settings settings;
    bool min_is_default; /* min was not configured: it is never above the size at first sight */
    void *policy_state;  /* of the policy's domain_state_size; NULL if that is 0 */

    /* as seen by the last gather */
    enum host_domain_state state;
    const char *unmanageable;
    bool set_aside, autodeflate;
    uint64_t host_max_kib, extra_kib;
    const struct host_truth *truth; /* until the next gather; NULL: the host can't know */
    uint64_t balloon_kib;      /* what the guest owns now: the newer of what the host and it tell */
    uint64_t host_balloon_kib; /* what the host tells; up to a second late */
    uint64_t host_before_kib;  /* what it told at the look before */
    uint64_t host_moved_ms;    /* when that moved last */
    uint64_t rss_kib;          /* the last that was obtained, at the least */
    uint64_t rss_balloon_kib;  /* the balloon that it belongs to */
    bool rss_is_missed;        /* it was not obtained at the last look, and was before */
    struct domain_sample sample;

    uint64_t target_kib; /* asked for last, or what the balloon was found at */
    /* Our targets that the host was handed; the guest follows the last that was set. */
    uint64_t asked_kib, asked_before_kib; /* the last, and the one before; MEMCOORD_UNKNOWN: none */
    uint64_t force_kib, force_before_kib; /* the highest that may be in force; 0: none */
    uint64_t target_before_kib;           /* what counts again if the last one is not set */
    bool setting;                         /* the host has not ended with the last one */
    /* Where our targets may have led it since it was last seen at rest. */
    uint64_t path_low_kib, path_high_kib;
    uint64_t initial_kib; /* what it had before memcoord changed it */
    uint64_t had_kib;     /* the same, or what somebody else gave it since */
    uint64_t kernel_kib; /* balloon - guest_total when it stands still; MEMCOORD_UNKNOWN at first */
    uint64_t overhead_kib; /* the largest rss - balloon seen while it stood still */

    uint64_t first_seen_ms, looked_ms; /* looked_ms: the last look */
    uint64_t moved_ms, set_ms;         /* set_ms, shrunk_ms: 0 never */
    bool ran; /* it could follow at the last look: neither paused, nor migrating, nor booting */
    uint64_t ran_ms;        /* so long it could between the last two looks */
    uint64_t arrived_ms;    /* since when the balloon stands at its target */
    uint64_t still_samples; /* samples since the balloon last moved, for the host or the guest */
    bool is_new;            /* it may be booting: its balloon has not stood still yet */
    uint64_t silent_ms;     /* so long it has run here without ever giving a sample */
    uint64_t shrunk_kib, shrunk_ms; /* how much was taken within an interval before shrunk_ms */

    uint64_t foreign_changes, foreign_ms; /* changes by somebody else; when the last one came */
    bool foreign_moving, foreign_up;      /* such a change is under way, to more */
    uint64_t hands_off_until_ms;          /* left to somebody else until then */
    uint64_t shrink_paused_until_ms;      /* it took memory back by itself */
    uint64_t failures; /* so often a target was not set, until the balloon moves */
    uint64_t retry_ms; /* it can't be set: not tried before */
    struct domain_stuck stuck;
    struct domain_effect effect;
    bool has_origin;          /* what it had is remembered (origins.h) */
    bool origin_over;         /* ... but somebody else gave it another size: that is what it has */
    bool held;                /* it did not follow: its target is where it stands */
    bool reassert;            /* tell the host the target anew: an older one is in force */
    uint64_t stale_rescue_ms; /* when the last step on stale figures was due */

    uint64_t seen_tick;
    uint64_t said_target_kib;     /* a dry run: the target that was shown last */
    const char *said_unmanaged;   /* the reason that was logged last */
    uint64_t quiet_incredible_ms; /* that its statistics are not used is not said before */
    uint32_t quiet_until_s[GUARD_REASONS_N]; /* when each refusal may be logged again */
};

/* A domain that is seen for the first time. NULL when there is no memory. Free with domain_free(). */
struct domain *domain_new(const struct host_domain *seen, uint64_t now_ms,
                          const struct config *config);
void domain_free(struct domain *domain); /* NULL is fine */

/* Gives it the settings that `config` has for it, as if it had always had them. */
void domain_configure(struct domain *domain, const struct config *config);

/* Remembers what a gather saw of it. Logs what somebody else did to it. `now_ms`: of the view. */
void domain_see(struct domain *domain, const struct host_domain *seen, uint64_t now_ms,
                const struct config *config);

/* Whether the balloon stands elsewhere than asked. */
bool domain_is_away(const struct domain *domain);

/* Whether its guest never gave statistics, and it is coordinated without. */
bool domain_is_without_stats(const struct domain *domain);

/* The most that a target may be: of the configuration, and of the host. KiB. */
uint64_t domain_max_kib(const struct domain *domain);

/* Remembers that a target of `kib` has been asked for, because it is wanted. */
void domain_asked(struct domain *domain, uint64_t kib, uint64_t now_ms, uint64_t interval_ms);

/* ... or because its statistics are old and nobody knows whether it can give what it was to. */
void domain_recalled(struct domain *domain, uint64_t kib, uint64_t now_ms);

/* ... or because a stuck balloon is tried: what is wanted of it stays what it was. */
void domain_probed(struct domain *domain, uint64_t kib, uint64_t now_ms,
                   const struct config *config);

/* Fills in its part of a snapshot (all but index). */
void domain_fill(struct domain *domain, struct snapshot_domain *out, uint64_t now_ms,
                 const struct config *config);

/* Why it is not managed now, for people; NULL if it is. */
const char *domain_unmanaged_why(const struct domain *domain, uint64_t now_ms);

#endif
