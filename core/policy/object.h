/* SPDX-License-Identifier: BSD-3-Clause */
/* A shared object, looked at before the dynamic linker does. */
#ifndef CORE_POLICY_OBJECT_H
#define CORE_POLICY_OBJECT_H

#include <stddef.h>
#include <stdint.h>

/* It is copied into memory, and one with holes may be as large as it likes. */
#define OBJECT_MAX_BYTES (UINT64_C(64) << 20)

/* Checks that `fd` is a whole ELF shared object for this machine: dlopen() maps what the headers
 * promise, and where the file ends before that, the first touch is a SIGBUS. 0; or -ENOEXEC, and
 * `error` says what is wrong with `path`. */
int object_check(int fd, const char *path, char *error, size_t error_size);

/* Calls `each` with the name of each library that a checked object says it needs, as far as it can be read here: what
 * the linker makes of a malformed one is not known. 0, or the first non-zero that `each` returned. */
int object_libraries(int fd, int (*each)(const char *name, void *arg), void *arg);

#endif
