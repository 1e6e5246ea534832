/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration, with the sections of policies. What is taken is printed, and read to the same again. */
#include "lib/fuzz.h"

#include "config/config.h"
#include "policy/settings.h"

static struct fuzz_file file;

static void fuzz_begin(void)
{
    file = fuzz_file("coord.ini");
    fuzz_load_policies();
}

static char *printed(const struct config *config)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    fuzz_assert(out);
    config_print(config, NULL, out);
    fuzz_assert(fclose(out) == 0);
    return text;
}

static struct config read_again(const char *text)
{
    struct problems problems = { 0 };
    struct config again = { 0 };

    if (config_load_text(text, "printed", &again, &problems) < 0) {
        problems_print(&problems, stderr);
        fuzz_fail("printed, it is refused:\n%s", text);
    }
    fuzz_assert(problems.n == 0);
    return again;
}

static void check_printed(const struct config *config)
{
    char *text = printed(config), *twice;
    struct config again = read_again(text);

    twice = printed(&again);
    if (strcmp(text, twice) != 0)
        fuzz_fail("printed, it is another:\n%s\nbecomes\n%s", text, twice);
    fuzz_assert(again.n_domain_rules == config->n_domain_rules);
    fuzz_assert(again.n_policy_entries == config->n_policy_entries);
    config_free(&again);
    free(twice);
    free(text);
}

/* What somebody asks of it: a domain's settings lie within what may be written. */
static void check_domains(const struct config *config)
{
    const char *name = config->n_domain_rules ? config->domain_rules[0].glob : "web1";
    struct domain_settings s = config_domain(config, config->domain_defaults, name,
                                             "6ba7b810-9dad-11d1-80b4-00c04fd430c8");

    fuzz_assert(s.weight <= 1000000 && s.max_kib <= UINT64_C(1) << 34 && s.manage <= 1);
    fuzz_assert(amount_of(s.min, UINT64_C(1) << 34) <= UINT64_C(1) << 34);
    fuzz_assert(config->guard.stale_after_ms >= 3 * config->daemon.interval_ms);
}

/* Its parameters, where they are right, are printed and read to the same. */
static void check_policy(const struct config *config, const struct policy *policy)
{
    struct policy_instance *instance, *same;
    struct problems problems = { 0 };
    struct config again;
    char *text;

    fuzz_assert(policy_instance_new(policy, &instance) == 0 &&
                policy_instance_new(policy, &same) == 0);
    if (policy_instance_configure(instance, config, &problems) == 0) {
        fuzz_assert(problems.n == 0);
        text = settings_text(config, instance);
        fuzz_assert(text);
        again = read_again(text);
        fuzz_assert(policy_instance_configure(same, &again, &problems) == 0);
        for (size_t i = 0; i < policy->n_params; i++)
            fuzz_assert(policy_instance_value(instance, i) == policy_instance_value(same, i));
        config_free(&again);
        free(text);
    }
    problems_free(&problems);
    policy_instance_free(same);
    policy_instance_free(instance);
}

static bool has_section(const struct config *config, const char *policy)
{
    for (size_t i = 0; i < config->n_policy_entries; i++)
        if (strcmp(config->policy_entries[i].policy, policy) == 0)
            return true;
    return false;
}

static int fuzz_one(const uint8_t *data, size_t size)
{
    struct problems problems = { 0 };
    struct config config = { 0 };
    int r;

    fuzz_fill(&file, data, size);
    r = config_load(file.path, &config, &problems);
    fuzz_assert(r == 0 || r == -EINVAL);
    fuzz_assert((r == 0) == (problems.n == 0) && (r == 0) == (config.file != NULL));
    if (r == 0) {
        check_printed(&config);
        check_domains(&config);
        for (size_t i = 0; i < fuzz_n_policies; i++)
            if (has_section(&config, fuzz_policies[i]->table.name))
                check_policy(&config, fuzz_policies[i]);
    }
    config_free(&config);
    problems_free(&problems);
    return 0;
}
