/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time and memory that fail the program under test: the linker's --wrap (Makefile) hands its calls to these.
 * Libraries' own calls go where they always do. Included once by each tests/faults/test_*.c.
 */
#ifndef TESTS_LIB_FAULTY_H
#define TESTS_LIB_FAULTY_H

#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* ---- two clocks, which tests move: so much is added to what they show */

static atomic_int_fast64_t faulty_wall_ms, faulty_monotonic_ms;

int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
int __real_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  const struct timespec *until);

static inline struct timespec faulty_moved(struct timespec t, int64_t ms)
{
    int64_t all_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + ms;

    return (struct timespec){ .tv_sec = all_ms / 1000, .tv_nsec = all_ms % 1000 * 1000000 };
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
    int r = __real_clock_gettime(clock, t);

    *t = faulty_moved(*t, clock == CLOCK_REALTIME ? faulty_wall_ms : faulty_monotonic_ms);
    return r;
}

/* The core waits by the monotonic clock; what moved it must not make waits longer. */
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                                  const struct timespec *until)
{
    struct timespec real = faulty_moved(*until, -faulty_monotonic_ms);

    return __real_pthread_cond_timedwait(cond, lock, &real);
}

static inline uint64_t faulty_wall_now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec;
}

/* ---- allocations */

static atomic_uint_fast64_t faulty_allocations;
static atomic_uint_fast64_t faulty_first = UINT64_MAX, faulty_last; /* those that fail */

/* The n-th allocation from now on fails (from 1), and `more` after it. */
static inline void faulty_fail(uint64_t n, uint64_t more)
{
    faulty_first = UINT64_MAX;
    faulty_allocations = 0;
    faulty_last = n + more;
    faulty_first = n;
}

/* How many there were meanwhile; none fails any more. */
static inline uint64_t faulty_heal(void)
{
    faulty_first = UINT64_MAX;
    return faulty_allocations;
}

static inline bool faulty_fails(void)
{
    uint64_t n = atomic_fetch_add(&faulty_allocations, 1) + 1;

    if (n < faulty_first || n > faulty_last)
        return false;
    errno = ENOMEM;
    return true;
}

#define FAULTY(type, name, parameters, arguments, none)         \
    type __real_##name parameters;                              \
    type __wrap_##name parameters;                              \
    type __wrap_##name parameters                               \
    {                                                           \
        return faulty_fails() ? none : __real_##name arguments; \
    }

FAULTY(void *, malloc, (size_t size), (size), NULL)
FAULTY(void *, calloc, (size_t n, size_t size), (n, size), NULL)
FAULTY(void *, realloc, (void *p, size_t size), (p, size), NULL)
FAULTY(char *, strdup, (const char *text), (text), NULL)
FAULTY(void *, tsearch, (const void *key, void **root, int (*compare)(const void *, const void *)),
       (key, root, compare), NULL)
FAULTY(int, pthread_create,
       (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument),
       (thread, attributes, run, argument), EAGAIN)

/* The test's own never fail. */
#define malloc __real_malloc
#define calloc __real_calloc
#define realloc __real_realloc
#define strdup __real_strdup
#define pthread_create __real_pthread_create

#endif
