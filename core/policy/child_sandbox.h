/* SPDX-License-Identifier: BSD-3-Clause */
/* A policy's process confines itself, in two steps: code of the policy runs when it is loaded already. */
#ifndef CORE_POLICY_CHILD_SANDBOX_H
#define CORE_POLICY_CHILD_SANDBOX_H

#include <stddef.h>

#include "policy/wire.h"

/* Before the policy is loaded: no new privileges, no capabilities, limits on memory, files and processes, and a
 * filter that lets it compute, and read files, which the dynamic linker must. Adds what the kernel refuses to
 * `refused` ("" at first). 0; or -EPERM with `error` if the sandbox is required and something was refused. */
int child_sandbox_begin(const struct wire_load *load, char *refused, size_t refused_size,
                        char *error, size_t error_size);

/* When it is loaded: no files any more. */
int child_sandbox_end(const struct wire_load *load, char *refused, size_t refused_size, char *error,
                      size_t error_size);

#endif
