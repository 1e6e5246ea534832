/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Domains come and go for a long time, 200 at once, each for a hundredth of it: what is remembered of those that are
 * gone is forgotten, and the process ends with the memory, the files and the threads that it had when it had seen
 * the first ones off. SOAK_TICKS=1000000 (make soak) makes it longer than `make check` can wait for.
 */
#include "lib/sim_fixture.h"

#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>

#include "util/log.h"

#define TICKS 10000
#define AT_ONCE 200
#define LIVES 100
#define GROUP 10                 /* so many come, and go, at the same moment */
#define GROUPS (AT_ONCE / GROUP) /* of them live side by side */
/* What one more block of the allocator, or a longer line, may need. */
#define SLACK_KIB 64
/* Pages that the allocator keeps for later use. */
#define SLACK_RSS_KIB 2048

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1 /* it keeps what was freed, and says nothing of the heap */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* The most that was seen in one life's time. */
struct most {
    uint64_t heap_kib, rss_kib, files, threads, domains;
};

struct soak {
    uint64_t ticks, life, n, came;
    struct most early, late; /* in the third life, and in the last one */
};

/* "RssAnon" or "Threads" of /proc/self/status */
static uint64_t status(const char *key)
{
    FILE *in = fopen("/proc/self/status", "re");
    char line[256];
    uint64_t value = 0;

    assert_non_null(in);
    while (fgets(line, sizeof(line), in))
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtoull(line + strlen(key) + 1, NULL, 10);
    fclose(in);
    assert_true(value > 0);
    return value;
}

static uint64_t n_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    uint64_t n = 0;

    assert_non_null(folder);
    while (readdir(folder))
        n++;
    closedir(folder);
    return n;
}

static void look(struct most *most, const struct record_tick *tick)
{
    struct mallinfo2 heap = mallinfo2();

    most->heap_kib = memcoord_max(most->heap_kib, (heap.uordblks + heap.hblkhd) / 1024);
    most->rss_kib = memcoord_max(most->rss_kib, status("RssAnon"));
    most->files = memcoord_max(most->files, n_files());
    most->threads = memcoord_max(most->threads, status("Threads"));
    most->domains = memcoord_max(most->domains, tick->n_domains);
}

static void take(void *to, const struct record_tick *tick)
{
    struct soak *soak = to;
    uint64_t life = soak->n++ / soak->life;

    assert_null(tick->policy_error);
    for (size_t i = 0; i < tick->n_domains; i++)
        soak->came += tick->domains[i].seen.flags & MEMCOORD_NEW ? 1 : 0;
    if (soak->n % (soak->life / 10))
        return;
    if (life == 2)
        look(&soak->early, tick);
    else if (life == LIVES - 1)
        look(&soak->late, tick);
}

/* Each group begins a GROUPS-th of a life after the one before, and every fifth guest is busy. */
static struct host *open_host(const struct soak *soak)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct problems problems = { 0 };
    struct scenario scenario;
    struct host *host = NULL;

    fprintf(out,
            "[scenario]\nduration = %" PRIu64 "s\n[host]\nmemory = 256GiB\n[guests]\nmax = 2GiB\n"
            "balloon = 1GiB\ncache = 5%%\n",
            soak->ticks);
    for (uint64_t i = 0; i < LIVES * GROUPS; i++)
        fprintf(out,
                "[guest %s%" PRIu64 "-*]\ncount = %d\nstart = %" PRIu64 "s\nstop = %" PRIu64
                "s\nload = %s\n",
                i % 5 ? "rests" : "walks", i, GROUP, i * soak->life / GROUPS,
                i * soak->life / GROUPS + soak->life,
                i % 5 ? "take 300MiB" : "walk 200MiB to 900MiB step 100MiB every 20s");
    fclose(out);
    if (sim_read(text, &scenario, &problems) < 0)
        fail_msg("%s", problems.list[0].text);
    free(text);
    assert_int_equal(sim_host_open_scenario(&scenario, "sim:soak", &host), 0);
    return host;
}

static void show(const char *when, const struct most *most)
{
    print_message("# %s: heap %" PRIu64 " KiB, RssAnon %" PRIu64 " KiB, %" PRIu64 " files, %" PRIu64
                  " threads, %" PRIu64 " domains at once\n",
                  when, most->heap_kib, most->rss_kib, most->files, most->threads, most->domains);
}

static void memory_ends_where_it_began(void **state)
{
    const char *given = getenv("SOAK_TICKS");
    struct soak soak = { .ticks = given ? strtoull(given, NULL, 10) : TICKS };
    struct record_sink sink = { &soak, take };
    struct sim_run run;

    (void)state;
    soak.life = soak.ticks / LIVES;
    assert_true(soak.life >= 4 * GROUPS);
    sim_run_open(&run, open_host(&soak), "fair-share");
    run.c.sink = &sink;
    coordinator_run(&run.c, soak.ticks, &sim_stop);
    sim_run_close(&run);
    print_message("# %" PRIu64 " ticks\n", soak.n);
    show("third life", &soak.early);
    show("last life", &soak.late);
    assert_int_equal(soak.n, soak.ticks);
    assert_int_equal(soak.early.domains, AT_ONCE);
    assert_int_equal(soak.late.domains, AT_ONCE);
    assert_true(soak.came >= LIVES * (AT_ONCE - GROUP)); /* each was new for a tick at least */
    assert_int_equal(soak.late.files, soak.early.files);
    assert_int_equal(soak.late.threads, soak.early.threads);
    if (SANITIZED)
        return;
    assert_true(soak.late.heap_kib <= soak.early.heap_kib + SLACK_KIB);
    assert_true(soak.late.rss_kib <= soak.early.rss_kib + SLACK_RSS_KIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_ends_where_it_began),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests_name("soak", tests, NULL, NULL);
}
