/* SPDX-License-Identifier: BSD-3-Clause */
/* Which system calls a policy's process may make; each other ends it. */
#ifndef CORE_POLICY_CHILD_FILTER_H
#define CORE_POLICY_CHILD_FILTER_H

/* Those that computing needs, talking over CHILD_SOCKET, and reading files. 0, or a negative errno. */
int child_filter_begin(void);

/* No more files to be looked for. */
int child_filter_close(void);

/* No more files: those calls that loading a shared object needs, and nothing else, are forbidden from now on. */
int child_filter_end(void);

#endif
