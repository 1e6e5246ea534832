/* SPDX-License-Identifier: BSD-3-Clause */
/* An experiment, beside which a scenario and a configuration lie. What is taken has runs, each under a name of its
 * own and with settings that are printed and read to the same. */
#include "lib/fuzz.h"

#include "experiment/experiment.h"
#include "experiment/run.h"
#include "policy/settings.h"

/* More values or runs, or other folders, would be a test of patience. */
#define MOST_RUNS 64

static struct fuzz_file file;

static void put(const char *name, const char *text)
{
    struct fuzz_file other = fuzz_file(name);

    fuzz_fill(&other, text, strlen(text));
    close(other.fd);
}

/* With the folder in which the policies were found. */
static void put_config(void)
{
    const char *path = fuzz_policies[0]->path;
    char text[4096];

    snprintf(
        text, sizeof(text),
        "[memcoord]\npolicy_path=%.*s\n[guard]\nrescue = no\n[policy threshold]\nlow = 10MiB\n",
        (int)(strrchr(path, '/') - path), path);
    put("c.ini", text);
}

static void fuzz_begin(void)
{
    fuzz_load_policies(); /* and so to load them again costs little */
    put_config();
    put("s.ini", "[scenario]\nduration = 1s\n[host]\nmemory = 4GiB\n[guest a]\nmax = 1GiB\n");
    put("t.ini", "[scenario]\nduration = 1s\n[host]\nmemory = 4GiB\n[guest b]\nmax = 2GiB\n");
    file = fuzz_file("experiment.ini");
}

static void check_run(const struct experiment *e, size_t i)
{
    struct run run = run_of(e, i);
    char *name = run_file_name(&run), *text = settings_text(&run.variant->config, NULL);
    struct problems problems = { 0 };
    struct config again;

    fuzz_assert(name && text && !strchr(name, '/') && strlen(name) < 230);
    fuzz_assert(config_load_text(text, "printed", &again, &problems) == 0);
    fuzz_assert(run.variant->is_limit == !run.variant->instance);
    fuzz_assert(run.variant->is_limit || !policy_instance_check(run.variant->instance));
    config_free(&again);
    free(name);
    free(text);
}

static void check(const struct experiment *e)
{
    size_t n = experiment_n_runs(e);

    fuzz_assert(n > 0 && n <= e->max_runs && e->n_seeds > 0 && e->n_scenarios > 0);
    for (size_t i = 0; i < e->n_variants; i++)
        for (size_t k = 0; k < i; k++)
            fuzz_assert(strcmp(e->variants[i].file_name, e->variants[k].file_name) != 0);
    for (size_t i = 0; i < n; i += n / 2 + 1)
        check_run(e, i);
}

/* Paths elsewhere, programs from elsewhere, or numbers that are only large. */
static bool is_too_much(const char *text)
{
    const char *most = strstr(text, "max_runs");
    size_t digits = 0;

    if (strchr(text, '/') || strstr(text, "policy_path"))
        return true;
    for (const char *p = strstr(text, ".."); p; p = strstr(p, ".."))
        for (digits = 0, p += 2; p[digits] >= '0' && p[digits] <= '9'; digits++)
            if (digits >= 2)
                return true;
    return most && strtoul(most + 8 + strspn(most + 8, " \t=:"), NULL, 10) > MOST_RUNS;
}

static int fuzz_one(const uint8_t *data, size_t size)
{
    struct problems problems = { 0 };
    struct experiment experiment = { 0 };
    int r = fuzz_fill_text(&file, data, size, is_too_much);

    if (r < 0)
        return r;
    r = experiment_load(file.path, &experiment, &problems);
    fuzz_assert(r <= 0); /* what the kernel says of a configuration that is a folder, for one */
    fuzz_assert((r == 0) == (problems.n == 0) && (r == 0) == (experiment.file != NULL));
    if (r == 0)
        check(&experiment);
    experiment_free(&experiment);
    problems_free(&problems);
    return 0;
}
