/* SPDX-License-Identifier: BSD-3-Clause */
/* The policies of this tree, and what policies/NAME.md says of each: the table under **Properties**. */
#ifndef TESTS_LIB_POLICY_TEXT_H
#define TESTS_LIB_POLICY_TEXT_H

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLICIES_MAX 64

enum property { IN_BOUNDS, IN_POOL, AT_REST, ALIKE, ANY_ORDER, UNKNOWN_IS_NOTHING, PROPERTIES };

static const char *const property_words[PROPERTIES] = {
    "plans within bounds",
    "sums within the pool",
    "at rest on constant demand",
    "symmetric guests alike",
    "order of domains does not matter",
    "unknown changes nothing",
};

struct policy_text {
    char name[64];
    char holds[PROPERTIES][160]; /* "yes", "no: ..."; empty: it says nothing */
};

static inline const char *policy_text_top(void)
{
    const char *top = getenv("MEMCOORD_TOP");

    return top ? top : ".";
}

/* Cuts `line`, "| a | b |", into its two cells; false if it is no such line. */
static inline bool policy_text_cells(char *line, char **left, char **right)
{
    char *middle, *end;

    if (strncmp(line, "| ", 2) != 0 || !(middle = strstr(line + 2, " | ")))
        return false;
    *left = line + 2;
    *right = middle + 3;
    *middle = '\0';
    end = strrchr(*right, '|');
    while (end && end > *right && (*end == '|' || *end == ' '))
        *end-- = '\0';
    for (end = middle; end > *left && end[-1] == ' ';)
        *--end = '\0';
    return true;
}

static inline void policy_text_row(struct policy_text *text, char *line)
{
    char *left, *right;

    if (!policy_text_cells(line, &left, &right))
        return;
    for (size_t i = 0; i < PROPERTIES; i++)
        if (strcmp(left, property_words[i]) == 0)
            snprintf(text->holds[i], sizeof(text->holds[i]), "%s", right);
}

static inline bool policy_text_says_yes(const struct policy_text *text, enum property property)
{
    return strcmp(text->holds[property], "yes") == 0;
}

/* "no: " and why. */
static inline bool policy_text_says_no(const struct policy_text *text, enum property property)
{
    return strncmp(text->holds[property], "no: ", 4) == 0 && strlen(text->holds[property]) > 8;
}

/* Reads what is under **Properties** in the policy's .md; what is not there stays empty. */
static inline void policy_text_read(struct policy_text *text)
{
    char path[4400], line[512];
    bool under = false;
    FILE *in;

    snprintf(path, sizeof(path), "%.4096s/policies/%.63s.md", policy_text_top(), text->name);
    in = fopen(path, "re");
    while (in && fgets(line, sizeof(line), in)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "**", 2) == 0)
            under = strcmp(line, "**Properties**") == 0;
        else if (under)
            policy_text_row(text, line);
    }
    if (in)
        fclose(in);
}

/* All policies that there are: policies/NAME.c. Returns how many. */
static inline size_t policy_texts(struct policy_text texts[POLICIES_MAX])
{
    char pattern[4096];
    glob_t found = { 0 };
    size_t n = 0;

    snprintf(pattern, sizeof(pattern), "%s/policies/*.c", policy_text_top());
    if (glob(pattern, 0, NULL, &found))
        return 0;
    for (size_t i = 0; i < found.gl_pathc && n < POLICIES_MAX; i++) {
        const char *file = strrchr(found.gl_pathv[i], '/') + 1;

        memset(&texts[n], 0, sizeof(texts[n]));
        snprintf(texts[n].name, sizeof(texts[n].name), "%.*s", (int)strlen(file) - 2, file);
        policy_text_read(&texts[n++]);
    }
    globfree(&found);
    return n;
}

#endif
