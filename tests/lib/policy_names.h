/* SPDX-License-Identifier: BSD-3-Clause */
/* The policies of this tree, by name: for what holds for all of them, also for the next one. */
#ifndef TESTS_LIB_POLICY_NAMES_H
#define TESTS_LIB_POLICY_NAMES_H

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLICIES_MAX 64
#define POLICY_NAME_BYTES 64

static inline const char *policies_top(void)
{
    const char *top = getenv("MEMCOORD_TOP");

    return top ? top : ".";
}

/* For each policies/NAME.c its name, in order. Returns how many there are. */
static inline size_t policy_names(char names[POLICIES_MAX][POLICY_NAME_BYTES])
{
    char pattern[4200];
    glob_t found = { 0 };
    size_t n = 0;

    snprintf(pattern, sizeof(pattern), "%.4096s/policies/*.c", policies_top());
    if (glob(pattern, 0, NULL, &found) == 0)
        for (; n < found.gl_pathc && n < POLICIES_MAX; n++) {
            const char *file = strrchr(found.gl_pathv[n], '/') + 1;

            snprintf(names[n], POLICY_NAME_BYTES, "%.*s", (int)strlen(file) - 2, file);
        }
    globfree(&found);
    return n;
}

#endif
