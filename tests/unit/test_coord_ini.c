/* SPDX-License-Identifier: BSD-3-Clause */
/* conf/coord.ini holds every key of the table and every parameter of the shipped policies, each with
 * exactly its default. It is read as text, so that a value that merely means the same is found. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/reader.h"
#include "policy/loader.h"

#define MAX_ENTRIES 256

/* The file as it was read: not a default's stand-in for what is missing. */
struct written {
    char section[64], key[64], value[256];
    bool known;
};

static struct written entries[MAX_ENTRIES];
static size_t n_entries;
static char top[4096];

static int keep(void *arg, const struct reader_entry *entry)
{
    struct written *w = &entries[n_entries];

    (void)arg;
    if (!entry->key)
        return 0;
    assert_true(n_entries++ < MAX_ENTRIES);
    snprintf(w->section, sizeof(w->section), "%s%s%s", entry->kind, entry->name ? " " : "",
             entry->name ? entry->name : "");
    snprintf(w->key, sizeof(w->key), "%s", entry->key);
    snprintf(w->value, sizeof(w->value), "%s", entry->value);
    return 0;
}

static int read_coord_ini(void **state)
{
    const char *given = getenv("MEMCOORD_TOP");
    struct problems problems = { 0 };
    char path[sizeof(top) + 32];

    (void)state;
    snprintf(top, sizeof(top), "%s", given ? given : ".");
    snprintf(path, sizeof(path), "%s/conf/coord.ini", top);
    assert_int_equal(reader_read(path, &problems, keep, NULL), 0);
    problems_print(&problems, stderr);
    assert_int_equal(problems.n, 0);
    return 0;
}

static void expect(const char *section, const char *key, const char *value)
{
    for (size_t i = 0; i < n_entries; i++) {
        struct written *w = &entries[i];
        if (strcmp(w->section, section) != 0 || strcmp(w->key, key) != 0)
            continue;
        w->known = true;
        if (strcmp(w->value, value) != 0)
            fail_msg("[%s] %s is '%s', but its default is '%s'", section, key, w->value, value);
        return;
    }
    fail_msg("[%s] %s is missing; its default is '%s'", section, key, value);
}

static void coord_ini_has_every_key_with_its_default(void **state)
{
    (void)state;
    for (const struct config_key *row = config_keys; row->section; row++)
        expect(strcmp(row->section, "domain") == 0 ? "domain *" : row->section, row->key,
               row->initial);
}

static int expect_params(const char *path, void *arg)
{
    struct policy *policy = NULL;
    char error[512], section[64];
    int *n = arg;

    if (policy_load(path, "", &policy, error, sizeof(error)) < 0)
        fail_msg("%s", error);
    snprintf(section, sizeof(section), "policy %s", policy->table.name);
    for (size_t i = 0; i < policy->n_params; i++)
        expect(section, policy->params[i].key, policy->params[i].initial);
    policy_unload(policy);
    ++*n;
    return 0;
}

static void coord_ini_has_every_parameter_of_the_shipped_policies(void **state)
{
    char folder[sizeof(top) + 32];
    int n = 0;

    (void)state;
    snprintf(folder, sizeof(folder), "%s/policies", top);
    assert_int_equal(policy_list(folder, expect_params, &n), 0);
    assert_true(n >= 4); /* they are built: `make check` builds them first */
}

/* After the two tests above: what they did not ask for is in the file for nothing. */
static void coord_ini_has_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_entries; i++)
        if (!entries[i].known)
            fail_msg("[%s] %s is no key", entries[i].section, entries[i].key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coord_ini_has_every_key_with_its_default),
        cmocka_unit_test(coord_ini_has_every_parameter_of_the_shipped_policies),
        cmocka_unit_test(coord_ini_has_nothing_else),
    };
    return cmocka_run_group_tests(tests, read_coord_ini, NULL);
}
