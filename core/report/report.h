/* SPDX-License-Identifier: BSD-3-Clause */
/* Pictures and figures of recorded runs: one HTML page that needs nothing else, no network either. */
#ifndef CORE_REPORT_REPORT_H
#define CORE_REPORT_REPORT_H

#include <jansson.h>
#include <stddef.h>

/* Writes the page of all runs of `n` recordings to `out`, which is replaced only when the page is whole. 0;
 * or a negative errno with the reason in `error`, naming the file: -EINVAL, -ENOTSUP and -EBADMSG as in
 * recording.h, -ENODATA (no recording has a tick), -EEXIST (`out` is a recording, which is not replaced),
 * -EIO and the like, -ENOMEM. */
int report_write(const char *const *files, size_t n, const char *out, char *error,
                 size_t error_size);

/* The scores of the same runs: an array (a new reference) of objects with what the run is ("file", "run",
 * "variant", "policy", "scenario", "seed", ...) and "scores", each in its unit, null where unknown. */
int report_scores(const char *const *files, size_t n, json_t **scores, char *error,
                  size_t error_size);

#endif
