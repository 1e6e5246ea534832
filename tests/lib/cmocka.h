/* SPDX-License-Identifier: BSD-3-Clause */
/* cmocka, with what it needs before it. */
#ifndef TESTS_LIB_CMOCKA_H
#define TESTS_LIB_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MIB UINT64_C(1024) /* KiB */

#endif
