/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of a choice, "keep|share". Of core/config only; others use values.h. */
#ifndef CORE_CONFIG_CHOICE_H
#define CORE_CONFIG_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The index of `text` among the words of `choices`, -1 if it is none of them. */
int choice_find(const char *choices, const char *text);

/* Writes the word number `index`; false, with nothing written, if there are not so many. */
bool choice_copy(const char *choices, uint64_t index, char *text, size_t size);

/* 0 if there are at least two words, none empty and none twice; else -EINVAL, with `error`. */
int choice_check(const char *choices, char *error, size_t error_size);

#endif
