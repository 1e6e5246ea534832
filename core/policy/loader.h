/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds, vets and loads the shared object of a policy. */
#ifndef CORE_POLICY_LOADER_H
#define CORE_POLICY_LOADER_H

#include <stddef.h>

#include "memcoord/policy.h"

struct policy {
    struct memcoord_policy table;  /* a copy; what an older policy does not declare is zero */
    struct memcoord_param *params; /* a copy of the table's, walked with the declared stride */
    size_t n_params;
    char *path; /* the file that was loaded */
    void *handle;
    int fd; /* a copy of the file that nobody can change (policy/copy.h), kept open: the code is loaded
               through it, so that a file which was replaced or written to is seen as new */
    struct policy_process *process; /* where its code is; NULL: here. See process.h */
};

/* Finds and opens the file of the policy `name`, as policy_load() does, and does no more: no code of it has
 * run. For policy_link(). */
int policy_open(const char *name, const char *policy_path, struct policy **policy, char *error,
                size_t error_size);

/* Loads the code of an opened policy, and judges what it declares. As policy_load(). */
int policy_link(struct policy *policy, char *error, size_t error_size);

/* Loads the policy `name`: NAME.so in the folders of `policy_path` (separated by ':'; $ORIGIN is the
 * executable's folder), or the path itself if it contains a '/'. 0 and *policy (free it with
 * policy_unload); or a negative errno, *policy untouched, and `error` says which file and why:
 * not found (-ENOENT, names the folders), writable by others (-EPERM), not loadable (-ENOEXEC), a
 * newer ABI (-ENOTSUP, names both), no decide or a malformed parameter table (-EINVAL). */
int policy_load(const char *name, const char *policy_path, struct policy **policy, char *error,
                size_t error_size);

/* Unloads it; NULL is fine. */
void policy_unload(struct policy *policy);

/* Calls `each` with the path of every NAME.so in the folders of `policy_path`, sorted by name, the
 * first folder that has a name winning. Returns 0, the first non-zero that `each` returned, or
 * -ENOMEM. */
int policy_list(const char *policy_path, int (*each)(const char *path, void *arg), void *arg);

#endif
