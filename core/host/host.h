/* SPDX-License-Identifier: BSD-3-Clause */
/* The seam to a host: what is seen of its domains and its memory, and how a target is set. Nothing
 * above it knows which host it has. The host owns the clock. */
#ifndef CORE_HOST_HOST_H
#define CORE_HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/problems.h"
#include "host/truth.h"
#include "memcoord/policy.h"

#define HOST_UUID_BYTES 16

/* Memory of the host, KiB and basis points; MEMCOORD_UNKNOWN where it can't be known. */
struct host_memory {
    uint64_t total_kib, available_kib, free_kib;
    uint64_t cached_kib; /* page cache and buffers */
    uint64_t swap_total_kib, swap_free_kib;
    uint64_t ksm_sharing_kib;          /* memory that KSM saves and that may come back */
    uint64_t psi_some_bp, psi_full_bp; /* of the last 10 s */
};

enum host_domain_state {
    HOST_DOMAIN_RUNNING,
    HOST_DOMAIN_PAUSED, /* also crashed, shutting down: whatever does not run */
    HOST_DOMAIN_MIGRATING
};

/* What stands with a domain on its host for whoever coordinates it; MEMCOORD_UNKNOWN: nothing. It takes
 * the place of the configuration's defaults, and sections of the configuration win over it. */
struct host_proposal {
    uint64_t min_kib, weight;
};

/* What one gather saw of one running domain. Figures are KiB, MEMCOORD_UNKNOWN where not known. */
struct host_domain {
    uint8_t uuid[HOST_UUID_BYTES];
    const char *name; /* of the host's, valid until the next gather or close */
    int64_t run_id;   /* differs between two runs of the same domain (libvirt's id) */
    enum host_domain_state state;
    const struct host_proposal *proposal; /* of the host's, like the name; NULL: none */
    const char *unmanageable; /* why its balloon must not be touched (static text); NULL: it may */
    bool set_aside;       /* its memory is huge pages: nothing of it is promised from the pool */
    bool autodeflate;     /* the guest may take memory back by itself */
    uint64_t max_kib;     /* what a target may be at most: without virtio-mem and DIMMs */
    uint64_t balloon_kib; /* current size, without virtio-mem and DIMMs; always known */
    uint64_t extra_kib;   /* virtio-mem and DIMMs; 0 if none */
    uint64_t rss_kib;
    /* The guest's statistics, all of one sample. A sample that was not obtained this time leaves
     * sampled_ms UNKNOWN and all of them UNKNOWN; the last good one is remembered above. */
    uint64_t sampled_ms; /* when the guest took it, on the host's clock (host->now_ms) */
    uint64_t unused_kib, usable_kib, guest_total_kib, disk_caches_kib;
    uint64_t swap_in_kib, swap_out_kib, major_faults; /* counters since the guest's boot */
    bool setting;                                     /* the last set_target has not ended */
    /* The outcome of the last set_target that ended since the gather before: */
    int set_error;                  /* 0: none ended or all went well; else a negative errno */
    const char *set_error_text;     /* what the host said; NULL if set_error is 0 */
    const struct host_truth *truth; /* of the host's, like the name; NULL: it can't know */
};

/* What one gather saw. Owned by the host, valid until the next gather or close. */
struct host_view {
    uint64_t now_ms;
    struct host_memory memory; /* read after the domains: growth in between errs on the safe side */
    struct host_domain *domains;
    size_t n_domains;
    size_t n_unread; /* so many of them have not been examined yet: they show as unmanageable */
    uint64_t calls;  /* RPCs that were made since the gather before, targets included */
    const struct host_counts *counts; /* of the host's; NULL: it can't know */
};

enum host_wake {
    HOST_WAKE_TIMER,     /* the time has come */
    HOST_WAKE_PRESSURE,  /* host memory is short */
    HOST_WAKE_LIFECYCLE, /* a domain came, went, paused or resumed */
    HOST_WAKE_REQUEST,   /* host_wake() was called */
    HOST_WAKE_END        /* the host is over: there is nothing more to wait for */
};

struct host;

struct host_ops {
    /* Sees everything once. 0 and *view; or a negative errno (-ENOTCONN: the host can't be reached
     * now, it is being tried again with back-off; *why says it, static or until the next call;
     * -EDEADLK: so many calls hang that only another process can go on). */
    int (*gather)(struct host *host, const struct host_view **view, const char **why);
    /* Asks for a balloon of `kib` for the domain; returns at once, the outcome comes with a later
     * gather. A target that still waits for its turn is replaced. -EBUSY: the one before has not
     * ended, or the domain's QEMU hangs. -ENOENT: no such domain runs. -EOPNOTSUPP: it is
     * unmanageable. -EPERM: the host is only watched. */
    int (*set_target)(struct host *host, const uint8_t uuid[HOST_UUID_BYTES], uint64_t kib);
    /* Waits until all targets are set and all that is being examined is, at most `timeout_ms`. 0 or
     * -ETIMEDOUT. */
    int (*flush)(struct host *host, uint64_t timeout_ms);
    /* Sleeps until `until_ms` or until something wakes it. */
    enum host_wake (*wait)(struct host *host, uint64_t until_ms);
    /* Makes the present or the next wait return HOST_WAKE_REQUEST; async-signal-safe. */
    void (*wake)(struct host *host);
    /* Monotonic, in ms. */
    uint64_t (*now_ms)(struct host *host);
    /* Frees it; calls that hang are abandoned. */
    void (*close)(struct host *host);
    /* From now on, two ticks are so far apart. NULL: that is nothing to it. */
    void (*set_interval)(struct host *host, uint64_t interval_ms);
};

struct host {
    const struct host_ops *ops;
    bool shared;      /* others can change the same host: one coordinator only */
    bool remote;      /* can be watched only: no memory figures of it can be trusted */
    const char *name; /* for people and for the lock: the canonical URI; the host's */
};

struct host_options {
    const char *uri;
    const char
        *file; /* the configuration's; a file in the URI is found from its folder; NULL: here */
    const char *proc;     /* "/proc", or a folder with meminfo and pressure/memory for tests */
    uint64_t interval_ms; /* for the period of the guests' statistics and the waiting for answers */
    bool watch_only;      /* change nothing, not even the statistics' period */
};

/* Opens the host that options->uri names. 0 and *host; or a negative errno with the reason in
 * `error` ("qemu:///system: Failed to connect socket to ..."); -ENODATA alone is not about the URI:
 * this machine's memory can't be read ("...: /proc/meminfo: Permission denied"). The first connection
 * and the first look at the memory must succeed; later gather tries again what fails. */
int host_open(const struct host_options *options, struct host **host, char *error,
              size_t error_size);

/* Whether `uri` is a simulated host's, which owns its time. */
bool host_is_simulated(const char *uri);

/* Whether `uri` leads to another machine, which can be watched only; tells without connecting. */
bool host_is_remote(const char *uri);

/* Looks at what `uri` names without opening it, and adds to `problems` what is wrong with it: the
 * scenario of a simulated host. `file` as in host_options; the URI stands in its line `line`. */
void host_check(const char *uri, const char *file, int line, struct problems *problems);

/* From now on, two ticks are `interval_ms` apart. */
void host_set_interval(struct host *host, uint64_t interval_ms);

/* Closes it; NULL is fine. */
void host_close(struct host *host);

#endif
