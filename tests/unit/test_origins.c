/* SPDX-License-Identifier: BSD-3-Clause */
/* What domains had before, on disk. */
#include "lib/cmocka.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/origins.h"
#include "util/rundir.h"

static char folder[] = "/tmp/memcoord-test-XXXXXX";
static const uint8_t uuid[HOST_UUID_BYTES] = { 0xab, 1, 2,  3,  4,  5,  6,  7,
                                               8,    9, 10, 11, 12, 13, 14, 15 };
static const uint8_t other_uuid[HOST_UUID_BYTES] = { 1 };

static char *own_file(const char *stem)
{
    char *path = NULL;

    assert_int_equal(rundir_file(stem, ".origins", &path), 0);
    return path;
}

static void a_folder_that_is_not_ours_alone_is_refused(void **state)
{
    char *path = NULL, open_folder[64], link_folder[64];

    (void)state;
    snprintf(open_folder, sizeof(open_folder), "%s/open", folder);
    snprintf(link_folder, sizeof(link_folder), "%s/link", folder);
    setenv("MEMCOORD_RUNTIME_DIR", open_folder, 1);
    assert_int_equal(rundir_file("a b/c", ".lock", &path), 0);
    assert_string_equal(path + strlen(open_folder), "/a_b_c.lock");
    free(path);
    assert_int_equal(chmod(open_folder, 0777), 0);
    assert_int_equal(rundir_file("x", "", &path), -EPERM);
    assert_int_equal(chmod(open_folder, 0700), 0);
    assert_int_equal(symlink(open_folder, link_folder), 0);
    setenv("MEMCOORD_RUNTIME_DIR", link_folder, 1);
    assert_int_equal(rundir_file("x", "", &path), -EPERM);
    setenv("MEMCOORD_RUNTIME_DIR", "/nonexistent/folder", 1);
    assert_int_equal(rundir_file("x", "", &path), -ENOENT);
    setenv("MEMCOORD_RUNTIME_DIR", folder, 1);
}

static void what_was_saved_is_read_again(void **state)
{
    struct origins o = { 0 };
    char *file = own_file("test");

    (void)state;
    assert_int_equal(origins_load(file, &o), 0);
    assert_int_equal(origins_add(&o, uuid, 7, 512 * MIB), 0);
    assert_int_equal(origins_add(&o, other_uuid, -1, 1024 * MIB), 0);
    assert_int_equal(origins_add(&o, uuid, 7, 100 * MIB), 0); /* the first one counts */
    assert_int_equal(origins_save(&o), 0);
    origins_free(&o);
    assert_int_equal(origins_load(file, &o), 0);
    assert_int_equal(o.n, 2);
    assert_int_equal(origins_find(&o, uuid, 7), 512 * MIB);
    assert_int_equal(origins_find(&o, other_uuid, -1), 1024 * MIB);
    assert_int_equal(origins_find(&o, uuid, 8), MEMCOORD_UNKNOWN);
    origins_free(&o);
    free(file);
}

static void lines_that_are_not_understood_are_left_out(void **state)
{
    struct origins o = { 0 };
    char *file = own_file("broken");
    FILE *f = fopen(file, "w");

    (void)state;
    fputs("nonsense\nab 1 2\n\nab0102030405060708090a0b0c0d0e0f 3 4096\n", f);
    fclose(f);
    assert_int_equal(origins_load(file, &o), 0);
    assert_int_equal(o.n, 1);
    assert_int_equal(origins_find(&o, uuid, 3), 4096);
    origins_free(&o);
    free(file);
}

static void a_file_that_cannot_be_written_is_an_error_and_the_memory_stays(void **state)
{
    struct origins o = { 0 };

    (void)state;
    assert_int_equal(origins_load("/nonexistent/folder/file", &o), 0);
    assert_int_equal(origins_add(&o, uuid, 7, 512), 0);
    assert_int_equal(origins_save(&o), -ENOENT);
    assert_int_equal(origins_find(&o, uuid, 7), 512);
    assert_true(o.changed);
    origins_free(&o);
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
    struct origins o = { 0 };

    (void)state;
    assert_int_equal(origins_load(folder, &o), -EIO);
    assert_null(o.file);
}

static void what_a_run_had_can_be_dropped_alone(void **state)
{
    struct origins o = { 0 };

    (void)state;
    assert_int_equal(origins_add(&o, uuid, 6, 1), 0);
    assert_int_equal(origins_add(&o, uuid, 7, 2), 0);
    assert_int_equal(origins_add(&o, other_uuid, 7, 3), 0);
    o.changed = 0;
    origins_drop(&o, uuid, 8);
    assert_int_equal(o.n, 3);
    assert_false(o.changed);
    origins_drop(&o, uuid, 6);
    assert_true(o.changed);
    assert_int_equal(origins_find(&o, uuid, 6), MEMCOORD_UNKNOWN);
    assert_int_equal(origins_find(&o, uuid, 7), 2);
    assert_int_equal(origins_find(&o, other_uuid, 7), 3);
    origins_free(&o);
}

static int is_run_7(const struct origin *origin, void *arg)
{
    (void)arg;
    return origin->run_id == 7;
}

static void runs_that_ended_are_forgotten(void **state)
{
    struct origins o = { 0 };

    (void)state;
    assert_int_equal(origins_add(&o, uuid, 6, 1), 0);
    assert_int_equal(origins_add(&o, uuid, 7, 2), 0);
    origins_keep(&o, is_run_7, NULL);
    assert_int_equal(o.n, 1);
    assert_int_equal(origins_find(&o, uuid, 7), 2);
    origins_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_that_is_not_ours_alone_is_refused),
        cmocka_unit_test(what_was_saved_is_read_again),
        cmocka_unit_test(lines_that_are_not_understood_are_left_out),
        cmocka_unit_test(a_file_that_cannot_be_written_is_an_error_and_the_memory_stays),
        cmocka_unit_test(a_file_that_cannot_be_read_is_an_error),
        cmocka_unit_test(what_a_run_had_can_be_dropped_alone),
        cmocka_unit_test(runs_that_ended_are_forgotten),
    };
    char command[64];
    int failed;

    if (!mkdtemp(folder) || setenv("MEMCOORD_RUNTIME_DIR", folder, 1) < 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command) == 0 ? failed : 1;
}
