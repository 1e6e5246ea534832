/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that are built into the program. */
#ifndef CORE_REPORT_PAGE_PARTS_H
#define CORE_REPORT_PAGE_PARTS_H

#include <stddef.h>

struct page_part {
    const char *name, *begin, *end; /* the text is not terminated */
};

/* "page.html", "page.css", "page.js", "chart.js", ended by one without a name. */
extern const struct page_part page_parts[];

#endif
