/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/run_copy.h"

#include <stdlib.h>
#include <string.h>

#define TEXTS 5

static void list_texts(struct record_run *run, const char **texts[TEXTS])
{
    texts[0] = &run->host;
    texts[1] = &run->policy;
    texts[2] = &run->settings;
    texts[3] = &run->variant;
    texts[4] = &run->scenario;
}

static size_t text_bytes(const struct record_run *run)
{
    struct record_run same = *run;
    const char **texts[TEXTS];
    size_t bytes = 0;

    list_texts(&same, texts);
    for (size_t i = 0; i < TEXTS; i++)
        bytes += *texts[i] ? strlen(*texts[i]) + 1 : 0;
    return bytes;
}

struct record_run *run_copy_new(const struct record_run *run)
{
    struct record_run *copy = malloc(sizeof(*copy) + text_bytes(run));
    const char **texts[TEXTS];
    char *text;

    if (!copy)
        return NULL;
    *copy = *run;
    text = (char *)(copy + 1);
    list_texts(copy, texts);
    for (size_t i = 0; i < TEXTS; i++) {
        if (!*texts[i])
            continue;
        *texts[i] = strcpy(text, *texts[i]);
        text += strlen(text) + 1;
    }
    return copy;
}
