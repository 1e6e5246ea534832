/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is common to the harnesses of tests/fuzz. Each defines fuzz_begin() and fuzz_one() and includes this
 * once. libFuzzer calls fuzz_one() with what it thinks of (-DFUZZER, `make fuzz`); without it the program is a
 * test: it feeds what is in tests/fuzz/corpus/NAME, and that again with bytes changed.
 */
#ifndef TESTS_LIB_FUZZ_H
#define TESTS_LIB_FUZZ_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/instance.h"
#include "policy/loader.h"
#include "util/log.h"

/* Once, before all input. */
static void fuzz_begin(void);

/* One input. 0; or -1 where it is none that is worth keeping: it asks for what the harness does not give. */
static int fuzz_one(const uint8_t *data, size_t size);

__attribute__((noreturn, format(printf, 1, 2))) static inline void fuzz_fail(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

#define fuzz_assert(condition)                                                     \
    do {                                                                           \
        if (!(condition))                                                          \
            fuzz_fail("%s:%d: does not hold: %s", __FILE__, __LINE__, #condition); \
    } while (0)

/* ---- input in a file, for what is read by name: in memory, in a folder of its own */

struct fuzz_file {
    char path[128];
    int fd;
};

static char fuzz_folder[64];

static inline void fuzz_remove_folder(void)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", fuzz_folder);
    if (system(command))
        fprintf(stderr, "%s: can't be removed\n", fuzz_folder);
}

static inline struct fuzz_file fuzz_file(const char *name)
{
    struct fuzz_file file;

    if (!*fuzz_folder) {
        snprintf(fuzz_folder, sizeof(fuzz_folder), "%s/memcoord-fuzz-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        fuzz_assert(mkdtemp(fuzz_folder));
        atexit(fuzz_remove_folder);
    }
    snprintf(file.path, sizeof(file.path), "%s/%s", fuzz_folder, name);
    file.fd = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    fuzz_assert(file.fd >= 0);
    return file;
}

static inline void fuzz_fill(const struct fuzz_file *file, const void *data, size_t size)
{
    fuzz_assert(pwrite(file->fd, data, size, 0) == (ssize_t)size);
    fuzz_assert(ftruncate(file->fd, (off_t)size) == 0);
}

/* 0, and the file holds it; or -1 where `is_too_much` of what stands in it. */
static inline int fuzz_fill_text(const struct fuzz_file *file, const uint8_t *data, size_t size,
                                 bool (*is_too_much)(const char *text))
{
    char *text = strndup((const char *)data, size);
    bool too_much = text && is_too_much(text);

    free(text);
    if (!too_much)
        fuzz_fill(file, data, size);
    return too_much ? -1 : 0;
}

/* ---- the policies that there are, as they were built with the harness, or else for the program */

#define FUZZ_POLICY_PATH "$ORIGIN/policies:$ORIGIN/../../../policies"
#define FUZZ_POLICIES_MAX 64

static struct policy *fuzz_policies[FUZZ_POLICIES_MAX]; /* by name */
static size_t fuzz_n_policies;

static inline int fuzz_load_policy(const char *path, void *arg)
{
    char error[512];

    (void)arg;
    fuzz_assert(fuzz_n_policies < FUZZ_POLICIES_MAX);
    if (policy_load(path, "", &fuzz_policies[fuzz_n_policies], error, sizeof(error)) < 0)
        fuzz_fail("%s", error);
    fuzz_n_policies++;
    return 0;
}

static inline void fuzz_load_policies(void)
{
    fuzz_assert(policy_list(FUZZ_POLICY_PATH, fuzz_load_policy, NULL) == 0);
    fuzz_assert(fuzz_n_policies > 0);
}

/* Which of them an input of `size` bytes is for: a test gives it to each, for (size_t i = first; i < end; i++), so
 * that what the corpus means stays when others come; libFuzzer, which wants to go on, to one. */
static inline size_t fuzz_first_policy(size_t size)
{
#ifdef FUZZER
    return size % fuzz_n_policies;
#else
    (void)size;
    return 0;
#endif
}

static inline size_t fuzz_end_of_policies(size_t size)
{
#ifdef FUZZER
    return size % fuzz_n_policies + 1;
#else
    (void)size;
    return fuzz_n_policies;
#endif
}

/* ---- the same sequence on every machine (splitmix64): a number below `below` */

static inline uint64_t fuzz_random(uint64_t *seed, uint64_t below)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

#ifdef FUZZER

/* What was freed is kept for a while to see that it is not used; with the usual 256 MiB of it each input takes
 * five times as long. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=1:thread_local_quarantine_size_kb=64:malloc_context_size=4";
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    log_open(LOG_LEVEL_ERROR);
    fuzz_begin();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_one(data, size);
}

#else

#include <dirent.h>

/* So often each file is fed with other bytes. */
#define FUZZ_CHANGED 200

/* Changes, cuts out or doubles a few of the bytes; returns how many there are then, at most twice as many. */
static inline size_t fuzz_change(uint8_t *data, size_t size, uint64_t *seed)
{
    for (uint64_t n = 1 + fuzz_random(seed, 4); n > 0 && size > 0; n--) {
        size_t at = (size_t)fuzz_random(seed, size);
        size_t length = (size_t)fuzz_random(seed, size - at < 32 ? size - at : 32) + 1;

        if (length > size - at)
            length = size - at;
        switch (fuzz_random(seed, 4)) {
        case 0:
            data[at] = (uint8_t)fuzz_random(seed, 256);
            break;
        case 1:
            data[at] ^= (uint8_t)(1u << fuzz_random(seed, 8));
            break;
        case 2:
            memmove(data + at, data + at + length, size - at - length);
            size -= length;
            break;
        default: /* by 32 at most, and there is room for 128 more */
            memmove(data + at + length, data + at, size - at);
            size += length;
        }
    }
    return size;
}

static inline void fuzz_feed_file(const char *path, unsigned number, FILE *tap)
{
    FILE *in = fopen(path, "re");
    uint8_t *data = NULL, *changed;
    uint64_t seed = number;
    size_t size = 0;

    fprintf(tap, "# %s\n", path); /* the one that a crash is of */
    fuzz_assert(in && fseek(in, 0, SEEK_END) == 0);
    size = (size_t)ftell(in);
    rewind(in);
    data = malloc(size + 1);
    changed = malloc(size + 128);
    fuzz_assert(data && changed && fread(data, 1, size, in) == size);
    fclose(in);
    fuzz_one(data, size);
    for (unsigned i = 0; i < FUZZ_CHANGED; i++) {
        memcpy(changed, data, size);
        fuzz_one(changed, fuzz_change(changed, size, &seed));
    }
    free(changed);
    free(data);
    fprintf(tap, "ok %u - %s\n", number, path);
}

static inline int fuzz_is_file(const struct dirent *entry)
{
    return *entry->d_name != '.';
}

/* What the harness prints goes nowhere; what it finds, to standard error. */
int main(int argc, char **argv)
{
    const char *top = getenv("MEMCOORD_TOP"), *name = strchr(program_invocation_short_name, '_');
    struct dirent **files = NULL;
    char folder[4096], path[4400];
    FILE *tap = fdopen(dup(STDOUT_FILENO), "w");
    int n = 0;

    fuzz_assert(tap && name && freopen("/dev/null", "w", stdout));
    setvbuf(tap, NULL, _IOLBF, 0);
    log_open(LOG_LEVEL_ERROR);
    fuzz_begin();
    for (int i = 1; i < argc; i++)
        fuzz_feed_file(argv[i], (unsigned)i, tap);
    if (argc == 1) {
        snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top ? top : ".", name + 1);
        n = scandir(folder, &files, fuzz_is_file, alphasort);
        fuzz_assert(n > 0);
    }
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, files[i]->d_name);
        fuzz_feed_file(path, (unsigned)i + 1, tap);
        free(files[i]);
    }
    free(files);
    fprintf(tap, "1..%d\n", argc > 1 ? argc - 1 : n);
    fclose(tap);
    for (size_t i = 0; i < fuzz_n_policies; i++)
        policy_unload(fuzz_policies[i]);
    return 0;
}

#endif
#endif
