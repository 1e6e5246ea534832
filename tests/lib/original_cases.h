/* SPDX-License-Identifier: BSD-3-Clause */
/* The cases of the systems that policies come from. They are no part of this tree: MEMCOORD_CASES says where they are,
 * else they are looked for beside it. Include it after cmocka. */
#ifndef TESTS_LIB_ORIGINAL_CASES_H
#define TESTS_LIB_ORIGINAL_CASES_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/policy_names.h"

/* The list of the cases in `file`; json_decref it. NULL: the file is not there, which is said: cmocka's skip() is a
 * failure where TAP is read. */
static inline json_t *original_cases(const char *file)
{
    const char *folder = getenv("MEMCOORD_CASES");
    char path[4400];
    json_error_t error;
    json_t *all, *cases;

    snprintf(path, sizeof(path), "%.4096s%s/%.99s", folder ? folder : policies_top(),
             folder ? "" : "/../shared/cases", file);
    if (access(path, R_OK) < 0) {
        print_message("# skipped: %s is not there\n", path);
        return NULL;
    }
    all = json_load_file(path, 0, &error);
    if (!all)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    cases = json_incref(json_object_get(all, "cases"));
    json_decref(all);
    assert_non_null(cases);
    return cases;
}

static inline int64_t case_integer(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value))
        fail_msg("%s is no number", key);
    return json_integer_value(value);
}

static inline uint64_t case_number(const json_t *object, const char *key)
{
    const int64_t value = case_integer(object, key);

    assert_true(value >= 0);
    return (uint64_t)value;
}

#endif
