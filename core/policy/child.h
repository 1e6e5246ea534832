/* SPDX-License-Identifier: BSD-3-Clause */
/* What runs in a policy's process: it confines itself, loads the policy, and answers questions until nobody is
 * there to ask. */
#ifndef CORE_POLICY_CHILD_H
#define CORE_POLICY_CHILD_H

#define CHILD_ARGUMENT "--policy-process"
#define CHILD_SOCKET 3
#define CHILD_OBJECT 4 /* the policy's open file */

/* It ended by itself for want of memory. */
#define CHILD_NO_MEMORY 112

/* Sanitizers reserve terabytes of addresses, read files of /proc, and ask for limits and signals: there is no limit
 * on memory then, and these calls are allowed. What leads out of the process is forbidden as in any build. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHILD_IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CHILD_IS_SANITIZED 1
#endif
#endif
#ifndef CHILD_IS_SANITIZED
#define CHILD_IS_SANITIZED 0
#endif

/* main() of a process that was started with CHILD_ARGUMENT. Returns the status to exit with. */
int child_main(void);

#endif
