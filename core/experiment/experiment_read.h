/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading an experiment. Of core/experiment/experiment*.c only. */
#ifndef CORE_EXPERIMENT_EXPERIMENT_READ_H
#define CORE_EXPERIMENT_EXPERIMENT_READ_H

#include "config/reader.h"
#include "experiment/experiment.h"

struct experiment_read {
    struct experiment experiment;
    struct problems *problems;
    size_t n_problems; /* so many were there before */
};

#define experiment_problem(read, line, ...) \
    problems_add((read)->problems, (read)->experiment.file, line, __VA_ARGS__)

/* One entry of the file, for reader_read(). 0 or -ENOMEM. */
int experiment_entry(void *arg, const struct reader_entry *entry);

/* Makes variants of the sections. 0 (problems said) or -ENOMEM. */
int experiment_make_variants(struct experiment_read *read);

#endif
