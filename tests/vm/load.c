/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The load of a test guest: runs statements from its arguments, then from standard input, one after
 * another. They are written as in a scenario of the simulated host:
 *
 *   base SIZE            touch so much at once; `free` leaves it
 *   idle TIME, hold TIME sleep; the two differ in the mark only
 *   ramp RATE to SIZE    touch RATE a second until it holds SIZE (with the base), come what may
 *   ramp RATE to full    ... until the guest has had nothing left to take for some seconds
 *   free                 give back all but the base
 *   hang TIME            take the guest's only processor from all else, its kernel's threads included: its
 *                        balloon stands still
 *
 * SIZE: 300MiB, 2GiB, 400MB; RATE: 15MiB/s; TIME: 10s, 250ms. Each statement prints a mark when it
 * begins and one each second while it lasts:
 *
 *   LOAD <guest's uptime, s> <word> <held> <MemTotal> <MemAvailable> MiB
 *
 * <word> is the statement's first; `full` and `survived` when a ramp has got there, `ready` when
 * nothing is left to do.
 */
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define MIB (UINT64_C(1) << 20)
#define PAGE UINT64_C(4096)
#define SECOND_NS INT64_C(1000000000)

/* One sleep and one batch, 20 times a second: under TCG a sleep takes a millisecond at least. */
#define BATCH_NS (SECOND_NS / 20)
/* Below this in MemAvailable there is nothing left to take: well below the coordinator's
 * rescue_below (64 MiB), so that a guest that waits here is one that it should have helped. */
#define FULL_MARGIN (16 * MIB)
/* Full when that lasts: what the coordinator has to take from another guest first comes in steps of
 * some seconds. */
#define FULL_AFTER_NS (10 * SECOND_NS)
/* As much address space as any test guest has memory. */
#define ARENA (UINT64_C(16) << 30)

static unsigned char *arena;
static uint64_t held, base;
static int64_t marked_ns;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return t.tv_sec * SECOND_NS + t.tv_nsec;
}

static void sleep_until(int64_t ns)
{
    struct timespec t = { .tv_sec = ns / SECOND_NS, .tv_nsec = ns % SECOND_NS };
    while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &t, NULL) == EINTR)
        ;
}

/* A line of /proc/meminfo, in bytes. */
static uint64_t meminfo(const char *key)
{
    char line[128];
    unsigned long long kib = 0;
    FILE *f = fopen("/proc/meminfo", "r");
    if (!f)
        return 0;
    while (fgets(line, sizeof line, f)) {
        if (strncmp(line, key, strlen(key)) == 0 && sscanf(line + strlen(key), ": %llu", &kib) == 1)
            break;
    }
    fclose(f);
    return kib * 1024;
}

static void mark(const char *word)
{
    marked_ns = now_ns();
    printf("LOAD %.2f %s %llu %llu %llu MiB\n", (double)marked_ns / 1e9, word,
           (unsigned long long)(held / MIB), (unsigned long long)(meminfo("MemTotal") / MIB),
           (unsigned long long)(meminfo("MemAvailable") / MIB));
    fflush(stdout);
}

static void mark_each_second(const char *word)
{
    if (now_ns() - marked_ns >= SECOND_NS)
        mark(word);
}

/* Touches up to `size` bytes in all; each page gets a text of its own, or KSM would merge them. */
static void touch_to(uint64_t size)
{
    for (; held < size; held += PAGE)
        *(volatile uint64_t *)(arena + held) = held + 1;
}

static void rest(const char *word, int64_t ns)
{
    int64_t end = now_ns() + ns;
    while (now_ns() < end) {
        int64_t next = now_ns() + SECOND_NS;
        sleep_until(next < end ? next : end);
        mark_each_second(word);
    }
}

/* When the next batch is due. A guest that got no CPU makes up for a second at most, or the load
 * would be a burst that no test asked for. */
static int64_t after(int64_t due_ns)
{
    int64_t late_ns = now_ns() - due_ns;
    return due_ns + BATCH_NS + (late_ns > SECOND_NS ? late_ns - SECOND_NS : 0);
}

/* Touches `rate` bytes a second up to `size`. */
static void ramp_to(uint64_t rate, uint64_t size)
{
    uint64_t batch = rate / (uint64_t)(SECOND_NS / BATCH_NS);
    for (int64_t due_ns = now_ns(); held < size; due_ns = after(due_ns)) {
        sleep_until(due_ns);
        touch_to(size - held < batch ? size : held + batch);
        mark_each_second("ramp");
    }
    mark("survived");
}

static void ramp_to_full(uint64_t rate)
{
    uint64_t batch = rate / (uint64_t)(SECOND_NS / BATCH_NS);
    int64_t took_ns = now_ns();
    for (int64_t due_ns = took_ns; now_ns() - took_ns < FULL_AFTER_NS; due_ns = after(due_ns)) {
        sleep_until(due_ns);
        if (meminfo("MemAvailable") > FULL_MARGIN + batch) {
            touch_to(held + batch);
            took_ns = now_ns();
        }
        mark_each_second("ramp");
    }
    mark("full");
}

/* The kernel leaves others a twentieth of the time, unless it is told not to. */
static void run_alone(bool alone)
{
    struct sched_param param = { .sched_priority = alone ? sched_get_priority_max(SCHED_FIFO) : 0 };
    FILE *f = fopen("/proc/sys/kernel/sched_rt_runtime_us", "w");
    if (!f || fputs(alone ? "-1" : "950000", f) < 0 || fclose(f) != 0 ||
        sched_setscheduler(0, alone ? SCHED_FIFO : SCHED_OTHER, &param) != 0)
        perror("LOAD: can't hang");
}

static void hang(int64_t ns)
{
    int64_t end = now_ns() + ns;
    run_alone(true);
    while (now_ns() < end)
        ;
    run_alone(false);
}

static void give_back(void)
{
    if (held > base)
        madvise(arena + base, held - base, MADV_DONTNEED);
    held = base;
    mark("free");
}

struct unit {
    const char *name;
    uint64_t value;
};

static const struct unit sizes[] = {
    { "MiB", MIB }, { "GiB", MIB << 10 }, { "KiB", 1024 }, { "MB", 1000000 }, { NULL, 0 },
};
static const struct unit rates[] = { { "MiB/s", MIB }, { "MB/s", 1000000 }, { NULL, 0 } };
static const struct unit times[] = { { "s", (uint64_t)SECOND_NS },
                                     { "ms", (uint64_t)SECOND_NS / 1000 },
                                     { NULL, 0 } };

static bool quantity(const char *text, const struct unit *units, uint64_t *value)
{
    char *end;
    unsigned long long n = strtoull(text, &end, 10);
    if (!isdigit((unsigned char)text[0]))
        return false;
    for (; units->name; units++) {
        if (strcmp(end, units->name) == 0) {
            *value = n * units->value;
            return true;
        }
    }
    return false;
}

static bool run_ramp(const char *rate_text, const char *size_text)
{
    uint64_t rate, size;
    if (!quantity(rate_text, rates, &rate))
        return false;
    if (strcmp(size_text, "full") == 0) {
        mark("ramp");
        ramp_to_full(rate);
        return true;
    }
    if (!quantity(size_text, sizes, &size) || size > ARENA)
        return false;
    mark("ramp");
    ramp_to(rate, (size + PAGE - 1) / PAGE * PAGE);
    return true;
}

static bool run(const char *statement)
{
    char word[8] = "", a[16] = "", b[16] = "";
    uint64_t value;
    int n = sscanf(statement, "%7s %15s to %15s", word, a, b);
    if (n == 3 && strcmp(word, "ramp") == 0)
        return run_ramp(a, b);
    if (n == 2 && (strcmp(word, "idle") == 0 || strcmp(word, "hold") == 0) &&
        quantity(a, times, &value)) {
        mark(word);
        rest(word, (int64_t)value);
        return true;
    }
    if (n == 2 && strcmp(word, "hang") == 0 && quantity(a, times, &value)) {
        mark(word);
        hang((int64_t)value);
        return true;
    }
    if (n == 2 && strcmp(word, "base") == 0 && quantity(a, sizes, &value) && value <= ARENA) {
        touch_to(value / PAGE * PAGE);
        base = held;
        mark(word);
        return true;
    }
    if (n == 1 && strcmp(word, "free") == 0) {
        give_back();
        return true;
    }
    return n <= 0; /* an empty statement is none */
}

static void run_all(char *script)
{
    for (char *save, *s = strtok_r(script, ";\n", &save); s; s = strtok_r(NULL, ";\n", &save)) {
        if (!run(s)) {
            printf("LOAD: can't read '%s'\n", s);
            fflush(stdout);
        }
    }
    mark("ready");
}

int main(int argc, char **argv)
{
    char line[512];
    arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                 -1, 0);
    /* Huge pages would be taken 2 MiB at a time, and wherever khugepaged likes. */
    if (arena == MAP_FAILED || madvise(arena, ARENA, MADV_NOHUGEPAGE) != 0) {
        perror("LOAD: no address space");
        return 1;
    }
    for (int i = 1; i < argc; i++)
        run_all(argv[i]);
    while (fgets(line, sizeof line, stdin))
        run_all(line);
    return 0;
}
