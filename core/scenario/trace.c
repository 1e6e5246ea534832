/* SPDX-License-Identifier: BSD-3-Clause */
#include "scenario/trace.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scenario/trace_rows.h"

/* More of one file are no news. */
#define TRACE_PROBLEMS_MAX 20

/* ---- a file */

/* "108" of "traces/108.csv" */
static struct series *series_of_file(struct trace_file *f)
{
    const char *base = basename(f->file);
    const char *dot = strrchr(base, '.');
    size_t n_before = f->trace->n;
    char name[256];
    struct series *series;

    snprintf(name, sizeof(name), "%.*s", (int)(dot && dot > base ? dot - base : (long)strlen(base)),
             base);
    series = trace_series(f->trace, name);
    if (series && f->trace->n == n_before)
        trace_problem(f, "a second file for the domain '%s'", name);
    return series;
}

static void cut_end(char *line)
{
    size_t n = strlen(line);

    while (n > 0 && strchr("\r\n", line[n - 1]))
        line[--n] = '\0';
}

typedef int trace_row(struct trace_file *f, char *line);

/* Which kind of file it is; NULL, with the problem said, if it is none. */
static int first_line(struct trace_file *f, char *line, trace_row **row)
{
    char *text = strncmp(line, "\xEF\xBB\xBF", 3) == 0 ? line + 3 : line;

    cut_end(text);
    *row = NULL;
    if (trace_is_plain(text)) {
        *row = trace_row_plain;
    } else if (trace_is_bitbrains(text)) {
        if (!series_of_file(f))
            return -ENOMEM;
        *row = trace_row_bitbrains;
    } else {
        trace_problem(f, "this is no trace: want 'time_s,domain,demand_kib' or the first line of a "
                         "GWA-T-12 file ('Timestamp [ms];...')");
    }
    return 0;
}

static int read_rows(struct trace_file *f, FILE *stream, char **line, size_t *size)
{
    trace_row *row = NULL;
    ssize_t length;
    bool has_rows = false;
    int r = 0;

    while (r == 0 && f->n_problems < TRACE_PROBLEMS_MAX &&
           (length = getline(line, size, stream)) >= 0) {
        f->line++;
        if (strlen(*line) < (size_t)length) {
            trace_problem(f, "a NUL byte: this is no text");
            return 0;
        }
        if (f->line == 1)
            r = first_line(f, *line, &row);
        else if ((*line)[strspn(*line, " \t\r\n")]) {
            has_rows = true;
            r = row(f, *line);
        }
        if (!row)
            return r;
    }
    if (r == 0 && f->n_problems == 0 && !has_rows && !ferror(stream))
        trace_problem(f, "there are no rows");
    return r;
}

static int read_file(struct trace_file *f)
{
    FILE *stream = fopen(f->file, "re");
    char *line = NULL;
    size_t size = 0;
    int r;

    if (!stream) {
        trace_problem(f, "can't be opened: %s", strerror(errno));
        return 0;
    }
    r = read_rows(f, stream, &line, &size);
    if (ferror(stream)) {
        f->line = 0;
        trace_problem(f, "can't be read: %s", strerror(errno ? errno : EIO));
    }
    free(line);
    fclose(stream);
    return r;
}

/* ---- all of them */

/* "web2" before "web10" */
static int by_name(const void *a, const void *b)
{
    const struct series *x = a, *y = b;

    return strverscmp(x->name, y->name);
}

/* Times begin at the earliest of all. */
static void settle(struct trace *trace)
{
    uint64_t first_ms = UINT64_MAX;

    for (size_t i = 0; i < trace->n; i++)
        if (trace->series[i].n > 0 && trace->series[i].samples[0].at_ms < first_ms)
            first_ms = trace->series[i].samples[0].at_ms;
    for (size_t i = 0; i < trace->n; i++)
        for (size_t j = 0; j < trace->series[i].n; j++)
            trace->series[i].samples[j].at_ms -= first_ms;
    if (trace->n > 0)
        qsort(trace->series, trace->n, sizeof(*trace->series), by_name);
}

/* The files that `path` means, in the order of their names. */
static int find_files(const char *path, glob_t *files)
{
    char *pattern = NULL;
    struct stat st;
    int r;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        if (asprintf(&pattern, "%s/*.csv", path) < 0)
            return -ENOMEM;
        r = glob(pattern, 0, NULL, files);
        free(pattern);
    } else {
        r = glob(path, GLOB_NOESCAPE, NULL, files);
    }
    return r == GLOB_NOSPACE ? -ENOMEM : r == 0 ? (int)files->gl_pathc : 0;
}

static int read_all(const glob_t *files, struct trace_file *f)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < files->gl_pathc; i++) {
        f->file = files->gl_pathv[i];
        f->line = 0;
        f->n_problems = 0;
        r = read_file(f);
    }
    return r;
}

int trace_read(const char *path, uint64_t max_gap_ms, const char *at_file, int at_line,
               struct trace *trace, struct problems *problems)
{
    const size_t n_problems = problems->n;
    struct trace read = { 0 };
    struct trace_file f = { .trace = &read, .max_gap_ms = max_gap_ms, .problems = problems };
    glob_t files = { 0 };
    int n = find_files(path, &files), r = n;

    if (n == 0)
        problems_add(problems, at_file, at_line,
                     "load: no trace there: %s is no file and holds none", path);
    if (n > 0)
        r = read_all(&files, &f);
    globfree(&files);
    if (r >= 0)
        read.path = strdup(path);
    if (r < 0 || !read.path || problems->n > n_problems) {
        trace_free(&read);
        return r < 0 || problems->n == n_problems ? -ENOMEM : -EINVAL;
    }
    settle(&read);
    *trace = read;
    return 0;
}

const struct series *trace_find(const struct trace *trace, const char *name)
{
    const struct series key = { .name = (char *)name };

    return trace->n ? bsearch(&key, trace->series, trace->n, sizeof(key), by_name) : NULL;
}

void trace_free(struct trace *trace)
{
    for (size_t i = 0; i < trace->n; i++) {
        free(trace->series[i].name);
        free(trace->series[i].samples);
    }
    free(trace->series);
    free(trace->path);
    *trace = (struct trace){ 0 };
}
