/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What it costs to record a domain in a tick: time of the loop, time of the writer, bytes of the file.
 *
 *     record FILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "record/recorder.h"

#define DOMAINS 500
#define TICKS 1000

static double seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void fill(struct record_domain *d, size_t i, uint64_t tick, char *name)
{
    uint64_t moves = (tick * 977 + i * 131) % 60000;
    bool changes = (i + tick) % 10 == 0;

    sprintf(name, "guest-%zu", i);
    *d = (struct record_domain){
        .run_id = (int64_t)i,
        .seen = { .name = name,
                  .index = (uint32_t)i,
                  .flags = MEMCOORD_MOVABLE,
                  .weight = 1000,
                  .min_kib = 524288,
                  .max_kib = 2097152,
                  .balloon_kib = 1048576 + moves,
                  .target_kib = 1048576 + moves,
                  .used_kib = 700000 + moves,
                  .unused_kib = 150000 + moves,
                  .usable_kib = 300000 + moves,
                  .guest_total_kib = 1000000 + moves,
                  .disk_caches_kib = 100000 + moves,
                  .rss_kib = 1100000 + moves,
                  .stats_age_ms = moves % 1000,
                  .growth_kib_per_s = moves % 3000 },
        .overhead_kib = 102400,
        .asked_kib = changes ? 1048576 + moves : MEMCOORD_UNKNOWN,
        .granted_kib = 1048576 + moves,
        .why = changes ? "usable 292 MiB above high 200 MiB" : NULL,
        .guard = changes ? "as-asked" : "not-asked",
    };
    memcpy(d->uuid, &i, sizeof(i));
}

static double push_all(struct recorder *recorder)
{
    static struct record_domain domains[DOMAINS];
    static char names[DOMAINS][16];
    struct record_sink sink = recorder_sink(recorder);
    struct record_tick tick = { .domains = domains, .n_domains = DOMAINS };
    double spent = 0;

    for (tick.tick = 1; tick.tick <= TICKS; tick.tick++) {
        double begun;

        tick.now_ms = 1000 * tick.tick;
        for (size_t i = 0; i < DOMAINS; i++)
            fill(&domains[i], i, tick.tick, names[i]);
        begun = seconds(CLOCK_THREAD_CPUTIME_ID);
        sink.tick(sink.to, &tick);
        spent += seconds(CLOCK_THREAD_CPUTIME_ID) - begun;
    }
    return spent;
}

int main(int argc, char **argv)
{
    const struct recorder_options options = { .file = argc == 2 ? argv[1] : "", .must = true };
    const struct record_run run = { .host = "bench", .policy = "none", .interval_ms = 1000 };
    const double n = (double)DOMAINS * TICKS;
    struct recorder *recorder;
    struct stat info;
    char error[512];
    double here = seconds(CLOCK_THREAD_CPUTIME_ID), all = seconds(CLOCK_PROCESS_CPUTIME_ID), push;

    if (argc != 2 || recorder_open(&options, &run, &recorder, error, sizeof(error)) < 0) {
        fprintf(stderr, "record: %s\n", argc == 2 ? error : "usage: record FILE");
        return EXIT_FAILURE;
    }
    push = push_all(recorder);
    if (recorder_close(recorder) < 0 || stat(argv[1], &info) < 0)
        return EXIT_FAILURE;
    here = seconds(CLOCK_THREAD_CPUTIME_ID) - here;
    all = seconds(CLOCK_PROCESS_CPUTIME_ID) - all;
    printf("push %.2f us, written %.2f us, %.0f bytes\n", 1e6 * push / n, 1e6 * (all - here) / n,
           (double)info.st_size / n);
    return EXIT_SUCCESS;
}
