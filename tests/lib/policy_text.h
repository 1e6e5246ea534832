/* SPDX-License-Identifier: BSD-3-Clause */
/* What policies/NAME.md says of each policy of this tree: the table under **Properties**. */
#ifndef TESTS_LIB_POLICY_TEXT_H
#define TESTS_LIB_POLICY_TEXT_H

#include <stdbool.h>

#include "lib/policy_names.h"

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
    char name[POLICY_NAME_BYTES];
    char holds[PROPERTIES][160]; /* "yes", "no: ..."; empty: it says nothing */
};

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

    snprintf(path, sizeof(path), "%.4096s/policies/%.63s.md", policies_top(), text->name);
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

/* Of all policies. Returns how many there are. */
static inline size_t policy_texts(struct policy_text texts[POLICIES_MAX])
{
    char names[POLICIES_MAX][POLICY_NAME_BYTES];
    const size_t n = policy_names(names);

    memset(texts, 0, n * sizeof(*texts));
    for (size_t i = 0; i < n; i++) {
        memcpy(texts[i].name, names[i], sizeof(names[i]));
        policy_text_read(&texts[i]);
    }
    return n;
}

#endif
