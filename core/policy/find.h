/* SPDX-License-Identifier: BSD-3-Clause */
/* Where policies are looked for. policy_list() of loader.h is here too. */
#ifndef CORE_POLICY_FIND_H
#define CORE_POLICY_FIND_H

#include <stddef.h>

/* The file of the policy `name`: the name itself if it contains a '/', else NAME.so in the first
 * folder of `policy_path` that has one, into *path (malloc'ed). 0; or -ENOENT, and `error` names the
 * folders; or -ENOMEM. */
int find_policy(const char *name, const char *policy_path, char **path, char *error,
                size_t error_size);

#endif
