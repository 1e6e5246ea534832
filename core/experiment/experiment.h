/* SPDX-License-Identifier: BSD-3-Clause */
/* An experiment: which policies, with which settings, on which scenarios, from one INI file.
 * conf/experiments/README.md documents the file. */
#ifndef CORE_EXPERIMENT_EXPERIMENT_H
#define CORE_EXPERIMENT_EXPERIMENT_H

#include "config/config.h"
#include "experiment/limits.h"
#include "policy/instance.h"
#include "policy/loader.h"
#include "scenario/scenario.h"

/* One `key = value` of a [variant NAME]. */
struct setting {
    char *key, *value;
    int line;
};

/* What stands in the file of one [variant NAME]. */
struct variant_section {
    char *name;
    int line;
    struct setting *settings;
    size_t n;
};

struct experiment_scenario {
    char *name; /* the file's, without folder and .ini */
    char *uri;  /* as it stands in the experiment: not how that was reached from here */
    struct scenario scenario;
};

/* A policy with its parameters, under a configuration; or a limit. */
struct variant {
    char *name;      /* "threshold low=64MiB" */
    char *file_name; /* the same, fit for a file */
    bool is_limit;
    enum limit limit;
    struct config config;
    struct policy_instance *instance; /* NULL for a limit */
};

struct experiment {
    char *file;
    /* [experiment] */
    char *scenarios_text, *seeds_text, *config_text; /* NULL: not given */
    uint64_t interval_ms, duration_ms;               /* 0: as elsewhere */
    uint64_t recordings, limits;                     /* 0 or 1 */
    uint64_t max_runs;
    int scenarios_line, seeds_line, config_line, duration_line;
    struct variant_section *sections;
    size_t n_sections;
    /* what that comes to */
    char *config_file; /* NULL: the defaults */
    struct config config;
    uint64_t *seeds;
    size_t n_seeds;
    struct experiment_scenario *scenarios;
    size_t n_scenarios;
    struct policy **policies;
    size_t n_policies;
    struct variant *variants; /* limits come first */
    size_t n_variants;
};

/* The table of keys of [experiment], ended by a row without a section. `initial` NULL: there is no default. */
extern const struct config_key experiment_keys[];

/* Reads `file`, and the scenarios, the configuration and the policies that it names, into *experiment. Adds
 * everything that is wrong to `problems` and then returns -EINVAL (-ENOENT, ... if it can't be read, -ENOMEM),
 * with *experiment untouched. Free with experiment_free(). */
int experiment_load(const char *file, struct experiment *experiment, struct problems *problems);

/* How many runs it has: variants x scenarios x seeds. */
size_t experiment_n_runs(const struct experiment *experiment);

/* Frees what it points to; a zeroed one is fine. */
void experiment_free(struct experiment *experiment);

#endif
