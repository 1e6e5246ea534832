/* SPDX-License-Identifier: BSD-3-Clause */
/* What is recorded is read back as it was, whole, and always in the same bytes. */
#include <errno.h>
#include <sys/stat.h>

#include "lib/record_fixture.h"

static void all_of_a_run_is_read_back_as_it_was(void **state)
{
    const char *file = fixture_path("whole.db");
    struct recorder *recorder = fixture_open(file, true);

    (void)state;
    fixture_write(recorder, 1, 100);
    assert_int_equal(recorder_close(recorder), 0);
    assert_run(file, 0, 1, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_of_a_run_is_read_back_as_it_was),
    };
    return cmocka_run_group_tests(tests, fixture_make_folder, fixture_remove_folder);
}
