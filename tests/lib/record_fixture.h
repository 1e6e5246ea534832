/* SPDX-License-Identifier: BSD-3-Clause */
/* Ticks in which every field has a value of its own, and what compares them: for tests of recordings. */
#ifndef TESTS_LIB_RECORD_FIXTURE_H
#define TESTS_LIB_RECORD_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/recorder.h"
#include "record/recording.h"

#include "lib/cmocka.h"

#define FIXTURE_DOMAINS 4

/* One tick with all that it points to. */
struct fixture_tick {
    struct record_tick tick;
    struct record_domain domains[FIXTURE_DOMAINS];
    struct host_truth truths[FIXTURE_DOMAINS];
    struct host_counts counts;
    char names[FIXTURE_DOMAINS][32], texts[FIXTURE_DOMAINS][4][64];
};

/* Fills `n` figures with distinct ones, every seventh unknown. All of them are uint64_t: a field that is
 * added to a struct is filled, too, and missed if it is not recorded. */
static inline void fixture_figures(void *base, size_t bytes, uint64_t *next)
{
    uint64_t *figures = base;

    for (size_t i = 0; i < bytes / sizeof(*figures); i++, ++*next)
        figures[i] = *next % 7 == 0 ? MEMCOORD_UNKNOWN : *next;
}

static inline void fixture_domain(struct fixture_tick *f, size_t i, uint64_t *next)
{
    struct record_domain *d = &f->domains[i];
    const size_t from = offsetof(struct memcoord_domain, weight);
    const char **const texts[] = { &d->unmanaged_why, &d->why, &d->guard, &d->guard_text };

    fixture_figures((char *)&d->seen + from, sizeof(d->seen) - from, next);
    fixture_figures(&d->extra_kib, 6 * sizeof(uint64_t), next);
    fixture_figures(&f->truths[i], sizeof(f->truths[i]), next);
    snprintf(f->names[i], sizeof(f->names[i]), "web-%zu", i);
    memset(d->uuid, (int)i + 1, sizeof(d->uuid));
    d->run_id = (int64_t)i - 1;
    d->seen.name = f->names[i];
    d->seen.index = (uint32_t)i;
    d->seen.flags = (uint32_t)(*next % 128);
    d->seen.weight = *next % 1000;
    d->seen.min_kib = *next;
    d->seen.max_kib = *next + 5;
    d->seen.balloon_kib = *next + 2;
    d->seen.target_kib = *next + 3;
    d->guard_flags = (uint32_t)(*next % 512);
    d->asked_kib = i % 2 ? MEMCOORD_UNKNOWN : *next + 4;
    d->granted_kib = *next + 4;
    d->truth = &f->truths[i];
    for (size_t k = 0; k < 4; k++, ++*next) {
        snprintf(f->texts[i][k], sizeof(f->texts[i][k]), "text '%llu' \xc3\xa9",
                 (unsigned long long)*next);
        *texts[k] = *next % 3 == 0 ? NULL : f->texts[i][k];
    }
}

/* Tick number `tick` of a run; `n` domains. */
static inline void fixture_fill(struct fixture_tick *f, uint64_t tick, size_t n)
{
    uint64_t next = tick * 1000;

    memset(f, 0, sizeof(*f));
    f->tick = (struct record_tick){ .tick = tick, .now_ms = 5000 + 1000 * tick };
    fixture_figures(&f->tick.host, sizeof(f->tick.host), &next);
    f->tick.host.grantable_kib = -(int64_t)next;
    fixture_figures(&f->counts, sizeof(f->counts), &next);
    f->tick.ksm_sharing_kib = next;
    f->tick.dry_run = tick % 2;
    f->tick.policy_error = tick % 3 == 0 ? "it fell over" : NULL;
    f->tick.counts = &f->counts;
    for (size_t i = 0; i < n; i++)
        fixture_domain(f, i, &next);
    f->tick.domains = f->domains;
    f->tick.n_domains = n;
}

/* Without what a real host can't know. */
static inline void fixture_real(struct fixture_tick *f)
{
    f->tick.counts = NULL;
    for (size_t i = 0; i < f->tick.n_domains; i++)
        f->domains[i].truth = NULL;
}

static inline void assert_same_text(const char *got, const char *want)
{
    assert_int_equal(!got, !want);
    if (want)
        assert_string_equal(got, want);
}

static inline void assert_same_domain(const struct record_domain *got,
                                      const struct record_domain *want)
{
    struct memcoord_domain seen = got->seen;

    assert_same_text(got->seen.name, want->seen.name);
    seen.name = want->seen.name;
    assert_memory_equal(&seen, &want->seen, sizeof(seen));
    assert_memory_equal(got->uuid, want->uuid, sizeof(got->uuid));
    assert_memory_equal(&got->extra_kib, &want->extra_kib, 6 * sizeof(uint64_t));
    assert_int_equal(got->run_id, want->run_id);
    assert_int_equal(got->guard_flags, want->guard_flags);
    assert_true(got->asked_kib == want->asked_kib && got->granted_kib == want->granted_kib);
    assert_same_text(got->unmanaged_why, want->unmanaged_why);
    assert_same_text(got->why, want->why);
    assert_same_text(got->guard, want->guard);
    assert_same_text(got->guard_text, want->guard_text);
    assert_int_equal(!got->truth, !want->truth);
    if (want->truth)
        assert_memory_equal(got->truth, want->truth, sizeof(*want->truth));
}

static inline void assert_same_tick(const struct record_tick *got, const struct record_tick *want)
{
    assert_int_equal(got->tick, want->tick);
    assert_int_equal(got->now_ms, want->now_ms);
    assert_memory_equal(&got->host, &want->host, sizeof(got->host));
    assert_true(got->ksm_sharing_kib == want->ksm_sharing_kib);
    assert_int_equal(got->dry_run, want->dry_run);
    assert_same_text(got->policy_error, want->policy_error);
    assert_int_equal(!got->counts, !want->counts);
    if (want->counts)
        assert_memory_equal(got->counts, want->counts, sizeof(*want->counts));
    assert_int_equal(got->n_domains, want->n_domains);
    for (size_t i = 0; i < want->n_domains; i++)
        assert_same_domain(&got->domains[i], &want->domains[i]);
}

/* ---- files of a test's own */

static char fixture_folder[] = "/tmp/memcoord-record-XXXXXX";

static inline int fixture_make_folder(void **state)
{
    (void)state;
    return mkdtemp(fixture_folder) ? 0 : -1;
}

static inline int fixture_remove_folder(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", fixture_folder);
    return system(command);
}

/* A path in it, in a buffer that the next eight calls leave alone. */
static inline const char *fixture_path(const char *name)
{
    static char paths[8][256];
    static unsigned next;
    char *path = paths[next++ % 8];

    snprintf(path, sizeof(paths[0]), "%s/%s", fixture_folder, name);
    return path;
}

/* ---- writing and reading whole runs */

static const struct record_run fixture_run = {
    .host = "sim:x.ini",
    .policy = "threshold",
    .settings = "[memcoord]\ninterval = 1s\n",
    .interval_ms = 1000,
    .variant = "a",
    .scenario = "x.ini",
    .seed = 7,
    .started_unix_ms = MEMCOORD_UNKNOWN,
};

static inline struct recorder *fixture_open(const char *file, bool must)
{
    const struct recorder_options options = { .file = file, .must = must };
    struct recorder *recorder = NULL;
    char error[512] = "";

    if (recorder_open(&options, &fixture_run, &recorder, error, sizeof(error)) < 0)
        fail_msg("%s", error);
    return recorder;
}

/* Ticks from `first` on, `n` of them. */
static inline void fixture_write(struct recorder *recorder, uint64_t first, uint64_t n)
{
    struct record_sink sink = recorder_sink(recorder);
    struct fixture_tick f;

    for (uint64_t tick = first; tick < first + n; tick++) {
        fixture_fill(&f, tick, tick % (FIXTURE_DOMAINS + 1));
        sink.tick(sink.to, &f.tick);
    }
}

/* Compares what it gets with what fixture_write() wrote, from `next` on. */
struct fixture_reader {
    uint64_t next, n;
};

static inline void fixture_compare(void *to, const struct record_tick *tick)
{
    struct fixture_reader *reader = to;
    struct fixture_tick want;

    fixture_fill(&want, reader->next, reader->next % (FIXTURE_DOMAINS + 1));
    assert_same_tick(tick, &want.tick);
    reader->next++;
    reader->n++;
}

/* The ticks of run `i` are those from `first` on, `n` of them. */
static inline void assert_run(const char *file, size_t i, uint64_t first, uint64_t n)
{
    struct fixture_reader reader = { .next = first };
    struct record_sink sink = { .to = &reader, .tick = fixture_compare };
    struct recording *recording = NULL;
    char error[512] = "";

    if (recording_open(file, &recording, error, sizeof(error)) < 0 ||
        recording_read(recording, i, &sink, NULL, error, sizeof(error)) < 0)
        fail_msg("%s", error);
    assert_int_equal(reader.n, n);
    assert_int_equal(recording_span(recording, i).n_ticks, n);
    recording_close(recording);
}

#endif
