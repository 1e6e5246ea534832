/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts of others can't leave the page's data, and a page appears only when it is whole. */
#include "lib/cmocka.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/out.h"
#include "report/page.h"
#include "report/report.h"

#define HOSTILE "</script><!--<script>&amp;\"'\\ \xe2\x80\xa8\xe2\x80\xa9 \xc3\xa9"

static char folder[] = "/tmp/page.XXXXXX";
static char path[200], error[300];

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/page.html", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder); /* fails if a draft was left */
}

static void texts_of_others_stay_in_the_data(void **state)
{
    json_t *data = json_pack("{s: s}", HOSTILE, HOSTILE), *back;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    (void)state;
    assert_int_equal(page_write_json(f, data), 0);
    fclose(f);
    for (size_t i = 0; i < size; i++) {
        assert_in_range(text[i], ' ', '~');
        assert_null(strchr("<>&", text[i]));
    }
    back = json_loads(text, 0, NULL);
    assert_true(json_equal(data, back));
    json_decref(back);
    json_decref(data);
    free(text);
}

static void the_page_has_all_its_parts(void **state)
{
    json_t *data = json_pack("{s: s}", "name", HOSTILE);
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    (void)state;
    assert_int_equal(page_write(f, data), 0);
    fclose(f);
    assert_non_null(strstr(text, "<!DOCTYPE html>"));
    assert_non_null(strstr(text, "@media print"));
    assert_non_null(strstr(text, "Chart.js v"));
    assert_non_null(strstr(text, "function drawAll"));
    assert_non_null(strstr(text, "{\"name\":\"\\u003c/script\\u003e"));
    assert_null(strstr(text, "{{page"));
    assert_null(strstr(text, "{{data"));
    assert_int_equal(strlen(text), size);
    json_decref(data);
    free(text);
}

static void write_file(const char *text, size_t size)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, size, f), size);
    fclose(f);
}

static void is_file(const char *want)
{
    char text[100] = "";
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
    fclose(f);
    assert_string_equal(text, want);
}

static void a_page_that_fails_leaves_the_old_one(void **state)
{
    struct out out;

    (void)state;
    write_file("old", 3);
    assert_int_equal(out_open(path, &out, error, sizeof(error)), 0);
    fputs("half", out.f);
    fflush(out.f);
    is_file("old");
    assert_int_equal(out_close(&out, -ENOMEM, error, sizeof(error)), -ENOMEM);
    is_file("old");
}

static void a_whole_page_replaces_the_old_one(void **state)
{
    struct stat is;
    struct out out;
    mode_t mask = umask(027);

    (void)state;
    write_file("old", 3);
    assert_int_equal(out_open(path, &out, error, sizeof(error)), 0);
    fputs("new", out.f);
    assert_int_equal(out_close(&out, 0, error, sizeof(error)), 0);
    is_file("new");
    assert_int_equal(stat(path, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0640);
    umask(mask);
}

static void a_recording_is_not_replaced(void **state)
{
    struct out out;

    (void)state;
    write_file("SQLite format 3\0...", 19);
    assert_int_equal(out_open(path, &out, error, sizeof(error)), -EEXIST);
    assert_non_null(strstr(error, "is a recording"));
}

static void what_is_no_file_is_not_replaced(void **state)
{
    struct out out;

    (void)state;
    assert_int_equal(out_open(folder, &out, error, sizeof(error)), -EINVAL);
    assert_int_equal(out_open("/dev/null", &out, error, sizeof(error)), -EINVAL);
    assert_int_equal(out_open("/nonesuch/x.html", &out, error, sizeof(error)), -ENOENT);
    assert_string_equal(error, "/nonesuch/x.html: can't be written: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_others_stay_in_the_data),
        cmocka_unit_test(the_page_has_all_its_parts),
        cmocka_unit_test(a_page_that_fails_leaves_the_old_one),
        cmocka_unit_test(a_whole_page_replaces_the_old_one),
        cmocka_unit_test(a_recording_is_not_replaced),
        cmocka_unit_test(what_is_no_file_is_not_replaced),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
