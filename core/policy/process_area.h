/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that is shared with a policy's process. Its size is sealed: where one end could cut it short, the
 * other would die of the next touch (SIGBUS). */
#ifndef CORE_POLICY_PROCESS_AREA_H
#define CORE_POLICY_PROCESS_AREA_H

#include <stddef.h>

/* Zero it, and set fd to -1, to begin. */
struct process_area {
    int fd;
    char
        *bytes; /* of a question: where it is written; of an answer NULL: it is read with pread() */
    size_t size;
};

/* A new area of at least `size` bytes in the place of *area. A question can't be written by whom it is sent to.
 * A negative errno, *area untouched. */
int process_area_question(struct process_area *area, size_t size);
int process_area_answer(struct process_area *area, size_t size);

void process_area_free(struct process_area *area);

#endif
