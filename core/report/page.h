/* SPDX-License-Identifier: BSD-3-Clause */
/* The page: page.html with page.css, Chart.js, the data and page.js put into it. */
#ifndef CORE_REPORT_PAGE_H
#define CORE_REPORT_PAGE_H

#include <jansson.h>
#include <stdio.h>

/* Writes it. 0 or a negative errno. */
int page_write(FILE *f, json_t *data);

/* Writes `json` so that it may stand in a script element: ASCII alone, and no '<', '>' or '&'. 0 or a negative
 * errno. */
int page_write_json(FILE *f, json_t *json);

#endif
