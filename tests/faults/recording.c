/* SPDX-License-Identifier: BSD-3-Clause */
/* For the tests of faults: `recording show FILE` says what is in a recording, a line for each run;
 * `recording lock FILE` keeps everybody else from writing to it until standard input ends; `recording sql FILE`
 * runs the SQL of standard input, and says how many rows each statement gave. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/recording.h"

struct ticks {
    uint64_t first, last, n, n_domains;
};

static void count(void *to, const struct record_tick *tick)
{
    struct ticks *ticks = to;

    if (ticks->n++ == 0)
        ticks->first = tick->tick;
    ticks->last = tick->tick;
    ticks->n_domains += tick->n_domains;
}

static int fail(const char *error)
{
    printf("%s\n", error);
    return EXIT_FAILURE;
}

static int show(const char *file)
{
    struct recording *recording;
    char error[512];

    if (recording_open(file, &recording, error, sizeof(error)) < 0)
        return fail(error);
    for (size_t i = 0; i < recording_n_runs(recording); i++) {
        struct ticks t = { 0 };
        const struct record_sink sink = { .to = &t, .tick = count };

        if (recording_read(recording, i, &sink, NULL, error, sizeof(error)) < 0)
            return fail(error);
        printf("%s: %" PRIu64 " ticks, %" PRIu64 "..%" PRIu64 ", %" PRIu64 " samples\n",
               recording_run(recording, i)->host, t.n, t.first, t.last, t.n_domains);
    }
    recording_close(recording);
    return EXIT_SUCCESS;
}

static int lock(const char *file)
{
    sqlite3 *db;
    char byte;

    if (sqlite3_open(file, &db) != SQLITE_OK || sqlite3_busy_timeout(db, 10000) != SQLITE_OK ||
        sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL) != SQLITE_OK)
        return fail(sqlite3_errmsg(db));
    printf("locked\n");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    sqlite3_close(db);
    return EXIT_SUCCESS;
}

static int sql(const char *file)
{
    static char text[1 << 16];
    const char *rest = text;
    sqlite3_stmt *statement;
    sqlite3 *db;

    text[fread(text, 1, sizeof(text) - 1, stdin)] = '\0';
    if (sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        return fail(sqlite3_errmsg(db));
    while (*rest) {
        int n = 0;

        if (sqlite3_prepare_v2(db, rest, -1, &statement, &rest) != SQLITE_OK)
            return fail(sqlite3_errmsg(db));
        while (statement && sqlite3_step(statement) == SQLITE_ROW)
            n++;
        if (statement && sqlite3_finalize(statement) != SQLITE_OK)
            return fail(sqlite3_errmsg(db));
        if (statement)
            printf("%d rows\n", n);
    }
    sqlite3_close(db);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "show") == 0)
        return show(argv[2]);
    if (argc == 3 && strcmp(argv[1], "lock") == 0)
        return lock(argv[2]);
    if (argc == 3 && strcmp(argv[1], "sql") == 0)
        return sql(argv[2]);
    fprintf(stderr, "usage: recording show|lock|sql FILE\n");
    return 2;
}
