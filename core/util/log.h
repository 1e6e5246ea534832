/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines on standard error, in a form that journald understands when it listens there. */
#ifndef CORE_UTIL_LOG_H
#define CORE_UTIL_LOG_H

#include <stdarg.h>
#include <stdint.h>

/* As syslog numbers them. */
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

#define LOG_PRINTF(f, a) __attribute__((format(printf, f, a)))

/* Sets the level up to which lines are written, and finds out whether journald reads standard error
 * (JOURNAL_STREAM names its device and inode); call it once, before any thread starts. Without it,
 * lines up to LOG_LEVEL_INFO are written without a prefix. */
void log_open(enum log_level highest);

/* Writes one line, whole, whatever other threads write; the text has no newline. */
void log_line(enum log_level level, const char *fmt, ...) LOG_PRINTF(2, 3);
void log_vline(enum log_level level, const char *fmt, va_list args) LOG_PRINTF(2, 0);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Whether a line at this level is written at all: to spare the formatting of what is not. */
int log_wants(enum log_level level);

/* Says a repeated thing once in a while: zero it, and ask before each line. One for each thing. */
struct log_limit {
    uint64_t quiet_until_ms;
    uint64_t suppressed;
};

/* True if the line may be written now (`now_ms`, monotonic): the first time, and then once every
 * `every_ms`. Counts what it holds back; *suppressed, if not NULL, tells how many lines were held
 * back since the last that was let through. */
int log_allows(struct log_limit *limit, uint64_t now_ms, uint64_t every_ms, uint64_t *suppressed);

#endif
