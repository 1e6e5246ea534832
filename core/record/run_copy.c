/* SPDX-License-Identifier: BSD-3-Clause */
#include "record/run_copy.h"

#include <stdlib.h>
#include <string.h>

struct record_run *run_copy_new(const struct record_run *run)
{
    const char *const texts[] = { run->host, run->policy, run->settings, run->variant,
                                  run->scenario };
    size_t bytes = sizeof(*run);
    struct record_run *copy;
    char *text;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        bytes += texts[i] ? strlen(texts[i]) + 1 : 0;
    copy = malloc(bytes);
    if (!copy)
        return NULL;
    *copy = *run;
    text = (char *)(copy + 1);
    {
        const char **const fields[] = { &copy->host, &copy->policy, &copy->settings, &copy->variant,
                                        &copy->scenario };
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            if (!texts[i])
                continue;
            *fields[i] = strcpy(text, texts[i]);
            text += strlen(text) + 1;
        }
    }
    return copy;
}
