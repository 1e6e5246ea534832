/* SPDX-License-Identifier: BSD-3-Clause */
/* A policy's process confines itself, in three steps: code of the policy runs when it is loaded already, and could do
 * then what the last step should forbid, without ever coming there. So there must be nothing left to gain. */
#ifndef CORE_POLICY_CHILD_SANDBOX_H
#define CORE_POLICY_CHILD_SANDBOX_H

#include <stddef.h>

#include "policy/wire.h"

/* Before libraries are loaded: no better chance than others when the host lacks memory (in any case), no new
 * privileges, no capabilities, limits on memory, processor time, files and processes, and a filter that lets it
 * compute, and read files, which the dynamic linker must. Adds what the kernel refuses to `refused` ("" at first). 0;
 * or -EPERM with `error` if the sandbox is required and something was refused. */
int child_sandbox_begin(const struct wire_load *load, char *refused, size_t refused_size,
                        char *error, size_t error_size);

/* Before the policy is loaded: no file can be opened any more but CHILD_OBJECT (Landlock), and none looked for. */
int child_sandbox_close(const struct wire_load *load, char *refused, size_t refused_size,
                        char *error, size_t error_size);

/* When it is loaded: who tries to open a file is ended. */
int child_sandbox_end(const struct wire_load *load, char *refused, size_t refused_size, char *error,
                      size_t error_size);

#endif
