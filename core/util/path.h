/* SPDX-License-Identifier: BSD-3-Clause */
/* Paths that stand in files. */
#ifndef CORE_UTIL_PATH_H
#define CORE_UTIL_PATH_H

/* The path of what stands in `file` as `name`: from the folder of `file` if it is relative; `file` NULL: from
 * here. The caller's to free; NULL without memory. */
char *path_beside(const char *file, const char *name);

/* The reverse: `path`, which path_beside() made for `file`, or a pattern that it made matched, as it stands
 * there. A part of `path`. */
const char *path_as_in(const char *file, const char *path);

/* The folder that `path` is in: "." without a '/'. The caller's to free; NULL without memory. */
char *path_folder(const char *path);

#endif
