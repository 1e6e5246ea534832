/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/choice.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/complain.h"

#define CHOICE_WORD_BYTES 128

int choice_find(const char *choices, const char *text)
{
    size_t length = strlen(text);
    int index = 0;

    for (const char *word = choices;; index++) {
        size_t n = strcspn(word, "|");
        if (n == length && memcmp(word, text, n) == 0)
            return index;
        if (!word[n])
            return -1;
        word += n + 1;
    }
}

bool choice_copy(const char *choices, uint64_t index, char *text, size_t size)
{
    const char *word = choices;

    for (; index > 0; index--) {
        word = strchr(word, '|');
        if (!word)
            return false;
        word++;
    }
    snprintf(text, size, "%.*s", (int)strcspn(word, "|"), word);
    return true;
}

int choice_check(const char *choices, char *error, size_t error_size)
{
    char word[CHOICE_WORD_BYTES];
    uint64_t n = 0;

    for (; choices && choice_copy(choices, n, word, sizeof(word)); n++)
        if (!*word || choice_find(choices, word) != (int)n)
            return complain(error, error_size, -EINVAL,
                            "the choices '%s' hold an empty or a repeated word", choices);
    if (n < 2)
        return complain(error, error_size, -EINVAL, "the choices '%s' are fewer than two",
                        choices ? choices : "");
    return 0;
}
