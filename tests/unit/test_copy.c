/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/copy.h"
#include "policy/object.h"

static int file_of(uint64_t bytes)
{
    FILE *f = tmpfile();
    int fd;

    assert_non_null(f);
    fd = dup(fileno(f));
    fclose(f);
    assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
    return fd;
}

static void what_is_copied_can_not_be_changed(void **state)
{
    char error[200];
    int file = file_of(100), fd = file;

    (void)state;
    assert_int_equal(copy_privately(&fd, "x.so", error, sizeof(error)), 0);
    assert_int_equal(lseek(fd, 0, SEEK_END), 100);
    assert_true(pwrite(fd, "x", 1, 0) < 0);
    close(fd);
}

/* It was smaller when it was looked at. */
static void a_file_that_grows_beyond_all_measure_is_not_copied(void **state)
{
    char error[200];
    int file = file_of(OBJECT_MAX_BYTES), fd = file;

    (void)state;
    assert_int_equal(copy_privately(&fd, "x.so", error, sizeof(error)), 0);
    close(fd);
    fd = file = file_of(OBJECT_MAX_BYTES + 1);
    assert_int_equal(copy_privately(&fd, "x.so", error, sizeof(error)), -EFBIG);
    assert_int_equal(fd, file);
    assert_string_equal(error, "x.so: can't be copied: File too large");
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_copied_can_not_be_changed),
        cmocka_unit_test(a_file_that_grows_beyond_all_measure_is_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
