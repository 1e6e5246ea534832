/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/plain.h"

/* Below PIPE_BUF (4096), so that one write() of a line is never mixed with another's. */
#define LOG_LINE_BYTES 2048

/* Written once by log_open(), before any thread starts. */
static enum log_level log_highest = LOG_LEVEL_INFO;
static int log_to_journal;

/* JOURNAL_STREAM alone is no proof: a child whose standard error was redirected inherits it too. */
static int log_stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    uintmax_t device, inode;

    return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_open(enum log_level highest)
{
    log_highest = highest;
    log_to_journal = log_stderr_is_journal();
}

int log_wants(enum log_level level)
{
    return level <= log_highest;
}

static void log_write(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t n = write(STDERR_FILENO, line, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return; /* there is nowhere left to say it */
        line += n;
        length -= (size_t)n;
    }
}

void log_vline(enum log_level level, const char *fmt, va_list args)
{
    char line[LOG_LINE_BYTES];
    const size_t room = sizeof(line) - 1; /* the newline's place is kept */
    int saved = errno;
    size_t start = 0, end;
    int n;

    if (!log_wants(level))
        return;
    if (log_to_journal)
        start = (size_t)snprintf(line, room, "<%d>", (int)level);
    n = vsnprintf(line + start, room - start, fmt, args);
    end = n < 0 ? start : start + (size_t)n;
    if (end >= room) {
        end = room - 1;
        memcpy(line + end - 3, "...", 3);
    }
    /* names of domains come from outside: no newline or escape sequence of theirs reaches a terminal */
    plain_clean(line + start, end - start);
    line[end++] = '\n';
    log_write(line, end);
    errno = saved;
}

void log_line(enum log_level level, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    log_vline(level, fmt, args);
    va_end(args);
}

int log_allows(struct log_limit *limit, uint64_t now_ms, uint64_t every_ms, uint64_t *suppressed)
{
    if (now_ms < limit->quiet_until_ms) {
        limit->suppressed++;
        return 0;
    }
    if (suppressed)
        *suppressed = limit->suppressed;
    limit->suppressed = 0;
    limit->quiet_until_ms = now_ms + every_ms;
    return 1;
}
