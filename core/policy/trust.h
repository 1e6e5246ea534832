/* SPDX-License-Identifier: BSD-3-Clause */
/* Opens a file of code only if nobody but root and this user could have put it there. */
#ifndef CORE_POLICY_TRUST_H
#define CORE_POLICY_TRUST_H

#include <stddef.h>

/* Opens the regular file `path` for reading into *fd (close-on-exec; the caller closes it). Refused
 * if the file, the folder in which it is named or, behind a link, the folder in which it lies belongs
 * to anybody else than root and the effective user, or can be written by group or others. What is
 * judged is what was opened. The folders above these are not judged, on purpose: checkouts and home
 * folders often lie below one that a group shares, and whoever runs a daemon for others installs its
 * policies below root's folders. Who can write a folder above could put another policy there. 0; or -ENOENT, -EPERM, ..., *fd untouched, and `error` says what and
 * why. */
int trust_open(const char *path, int *fd, char *error, size_t error_size);

#endif
