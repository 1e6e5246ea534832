/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/each.h"

#include <errno.h>

#include "util/complain.h"

struct walk {
    report_run_fn *each;
    void *to;
    size_t n_runs; /* that had ticks */
    char *error;
    size_t error_size;
};

static int walk_runs(struct walk *walk, const char *file, struct recording *recording)
{
    struct report_run run = { .file = file,
                              .recording = recording,
                              .n_runs = recording_n_runs(recording) };
    int r = 0;

    for (run.number = 0; r == 0 && run.number < run.n_runs; run.number++) {
        run.about = recording_run(recording, run.number);
        run.span = recording_span(recording, run.number);
        if (run.span.n_ticks == 0)
            continue;
        walk->n_runs++;
        r = walk->each(walk->to, &run, walk->error, walk->error_size);
    }
    return r;
}

int report_each_run(const char *const *files, size_t n, report_run_fn *each, void *to, char *error,
                    size_t error_size)
{
    struct walk walk = { each, to, 0, error, error_size };
    struct recording *recording;
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++) {
        recording = NULL;
        r = recording_open(files[i], &recording, error, error_size);
        if (r == 0)
            r = walk_runs(&walk, files[i], recording);
        recording_close(recording);
    }
    if (r == 0 && walk.n_runs == 0)
        return complain(error, error_size, -ENODATA, "%s: has no tick, there is nothing to show",
                        n > 0 ? files[0] : "no recording");
    return r;
}
