/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "util/log.h"

static char captured[1 << 20];
static int stderr_before;
static FILE *file;

/* From here on, standard error is a file. */
static void capture(void)
{
    file = tmpfile();
    assert_non_null(file);
    stderr_before = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
}

static const char *captured_text(void)
{
    ssize_t n = pread(fileno(file), captured, sizeof(captured) - 1, 0);

    dup2(stderr_before, STDERR_FILENO);
    close(stderr_before);
    fclose(file);
    assert_true(n >= 0);
    captured[n] = '\0';
    return captured;
}

static void lines_above_the_level_are_left_out(void **state)
{
    (void)state;
    unsetenv("JOURNAL_STREAM");
    log_open(LOG_LEVEL_INFO);
    capture();
    log_error("one %d", 1);
    log_info("two");
    log_debug("three");
    assert_string_equal(captured_text(), "one 1\ntwo\n");
    assert_true(log_wants(LOG_LEVEL_INFO));
    assert_false(log_wants(LOG_LEVEL_DEBUG));
    log_open(LOG_LEVEL_DEBUG);
    assert_true(log_wants(LOG_LEVEL_DEBUG));
}

static void the_journal_gets_a_prefix_only_if_it_listens(void **state)
{
    char stream[64];
    struct stat st;

    (void)state;
    capture();
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_open(LOG_LEVEL_DEBUG);
    log_error("bad");
    log_warning("odd");
    log_debug("detail");
    snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino + 1);
    setenv("JOURNAL_STREAM", stream, 1);
    log_open(LOG_LEVEL_DEBUG); /* it was redirected since */
    log_error("plain");
    setenv("JOURNAL_STREAM", "nonsense", 1);
    log_open(LOG_LEVEL_DEBUG);
    log_error("plain");
    unsetenv("JOURNAL_STREAM");
    assert_string_equal(captured_text(), "<3>bad\n<4>odd\n<7>detail\nplain\nplain\n");
}

static void a_line_stays_one_line(void **state)
{
    (void)state;
    log_open(LOG_LEVEL_INFO);
    capture();
    log_info("domain %s", "a\nb\x1b[31m\tc\x7f");
    assert_string_equal(captured_text(), "domain a b [31m c \n");
}

static void no_control_character_of_8_bits_is_logged(void **state)
{
    (void)state;
    log_open(LOG_LEVEL_INFO);
    capture();
    log_info("%s", "a\x9b"
                   "31mb\xc2\x9b"
                   "31mc\xc2\x85"
                   "d\xe0\x82\x9b"
                   "e\xf0\x80\x82\x9b"
                   "f\xc1\x9b"
                   "g\xff");
    log_info("%s", "\xc3\xa9 \xc2\xa0 \xe2\x82\xac \xf0\x9f\x99\x82 \xc3\x9b.");
    log_info("%s", "cut \xe2\x82");
    assert_string_equal(captured_text(),
                        "a?31mb  31mc  d???e????f??g?\n"
                        "\xc3\xa9 \xc2\xa0 \xe2\x82\xac \xf0\x9f\x99\x82 \xc3\x9b.\n"
                        "cut ??\n");
}

static void a_line_that_is_too_long_is_cut_visibly(void **state)
{
    static char text[5000];
    const char *got;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    log_open(LOG_LEVEL_INFO);
    capture();
    log_info("%s", text);
    log_info("next");
    got = captured_text();
    assert_non_null(strstr(got, "xxx...\nnext\n"));
    assert_true(strlen(got) > 1000 && strlen(got) < 4096);
}

static void errno_survives(void **state)
{
    (void)state;
    capture();
    errno = EDOM;
    log_info("hello");
    assert_int_equal(errno, EDOM);
    captured_text();
}

#define THREADS 4
#define LINES 500

static void *shout(void *arg)
{
    char text[200];

    memset(text, *(const char *)arg, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < LINES; i++)
        log_info("%s", text);
    return NULL;
}

static void threads_do_not_mix_their_lines(void **state)
{
    static char letters[THREADS] = { 'a', 'b', 'c', 'd' };
    pthread_t threads[THREADS];
    const char *line;
    int n = 0;

    (void)state;
    log_open(LOG_LEVEL_INFO);
    capture();
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, shout, &letters[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (line = captured_text(); *line; line += 200, n++) {
        char letter[2] = { line[0], '\0' };
        assert_int_equal(strspn(line, letter), 199);
        assert_int_equal(line[199], '\n');
    }
    assert_int_equal(n, THREADS * LINES);
}

static void a_repeated_line_is_let_through_once_in_a_while(void **state)
{
    struct log_limit limit = { 0 };
    uint64_t suppressed = 99;

    (void)state;
    assert_true(log_allows(&limit, 5, 1000, &suppressed));
    assert_int_equal(suppressed, 0);
    assert_false(log_allows(&limit, 6, 1000, &suppressed));
    assert_false(log_allows(&limit, 1004, 1000, NULL));
    assert_int_equal(suppressed, 0);
    assert_true(log_allows(&limit, 1005, 1000, &suppressed));
    assert_int_equal(suppressed, 2);
    assert_false(log_allows(&limit, 1006, 1000, NULL));
    assert_true(log_allows(&limit, 9000, 1000, NULL));
    assert_int_equal(limit.suppressed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_above_the_level_are_left_out),
        cmocka_unit_test(the_journal_gets_a_prefix_only_if_it_listens),
        cmocka_unit_test(a_line_stays_one_line),
        cmocka_unit_test(no_control_character_of_8_bits_is_logged),
        cmocka_unit_test(a_line_that_is_too_long_is_cut_visibly),
        cmocka_unit_test(errno_survives),
        cmocka_unit_test(threads_do_not_mix_their_lines),
        cmocka_unit_test(a_repeated_line_is_let_through_once_in_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
