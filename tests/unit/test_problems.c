/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "config/problems.h"
#include "util/suggest.h"

static void problems_name_their_place_and_keep_their_order(void **state)
{
    struct problems problems = { 0 };
    char text[256] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");

    (void)state;
    problems_add(&problems, "a.ini", 12, "%s is %d", "x", 5);
    problems_add(&problems, "a.ini", 0, "100%% wrong");
    problems_add(&problems, NULL, 7, "bare");
    assert_int_equal(problems.n, 3);
    problems_print(&problems, out);
    fclose(out);
    assert_string_equal(text, "a.ini:12: x is 5\na.ini: 100% wrong\nbare\n");
    problems_free(&problems);
    assert_int_equal(problems.n, 0);
    problems_add(&problems, NULL, 0, "again");
    assert_string_equal(problems.list[0].text, "again");
    problems_free(&problems);
    problems_free(&problems);
}

static void problems_of_a_file_come_in_the_order_of_its_lines(void **state)
{
    struct problems problems = { 0 };
    char text[256] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");

    (void)state;
    problems_add(&problems, "a.ini", 0, "whole");
    problems_add(&problems, "a.ini", 30, "x");
    problems_add(&problems, "b.ini", 1, "other");
    problems_add(&problems, "a.ini", 4, "first");
    problems_add(&problems, "b.ini", 100, "other");
    problems_add(&problems, "b.ini", 9, "other");
    problems_add(&problems, "b.ini", 9, "again");
    problems_print(&problems, out);
    fclose(out);
    assert_string_equal(text, "a.ini:4: first\na.ini:30: x\na.ini: whole\n"
                              "b.ini:1: other\nb.ini:9: other\nb.ini:9: again\n"
                              "b.ini:100: other\n");
    problems_free(&problems);
}

/* A policy's check() says what it likes. */
static void a_problem_is_one_line_without_escape_sequences(void **state)
{
    struct problems problems = { 0 };

    (void)state;
    problems_add(&problems, "a.ini", 3, "%s",
                 "red\033[31m\nreload: done\t\x7f, d\xc3\xa9j\xc3\xa0");
    assert_string_equal(problems.list[0].text,
                        "a.ini:3: red [31m reload: done  , d\xc3\xa9j\xc3\xa0");
    problems_free(&problems);
}

/* Whoever looks at n alone must see that something is wrong. */
static void a_problem_that_found_no_memory_still_counts(void **state)
{
    struct problems problems = { .out_of_memory = 1 };
    char text[256] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");

    (void)state;
    problems_add(&problems, "a.ini", 1, "lost");
    assert_int_equal(problems.n, 1);
    problems_print(&problems, out);
    fclose(out);
    assert_string_equal(text, "out of memory\n");
    problems_free(&problems);
}

static void slips_are_counted(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("policy", "policy"), 0);
    assert_int_equal(suggest_distance("polcy", "policy"), 1);
    assert_int_equal(suggest_distance("poliicy", "policy"), 1);
    assert_int_equal(suggest_distance("pokicy", "policy"), 1);
    assert_int_equal(suggest_distance("oplicy", "policy"), 1);
    assert_int_equal(suggest_distance("max", "min"), UINT_MAX);
    assert_int_equal(suggest_distance("", "min"), UINT_MAX);
    assert_int_equal(suggest_distance("weight", "manage"), UINT_MAX);
    assert_int_equal(suggest_distance("0123456789012345678901234567890123456789x", "x"), UINT_MAX);
}

static void the_nearest_word_is_kept(void **state)
{
    struct suggestion best = { NULL, UINT_MAX };

    (void)state;
    suggest_consider(&best, "rescue_belw", "weight");
    assert_null(best.word);
    suggest_consider(&best, "rescue_belw", "rescue_keep");
    suggest_consider(&best, "rescue_belw", "rescue_below");
    suggest_consider(&best, "rescue_belw", "rescue_keep");
    assert_string_equal(best.word, "rescue_below");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_name_their_place_and_keep_their_order),
        cmocka_unit_test(problems_of_a_file_come_in_the_order_of_its_lines),
        cmocka_unit_test(a_problem_is_one_line_without_escape_sequences),
        cmocka_unit_test(a_problem_that_found_no_memory_still_counts),
        cmocka_unit_test(slips_are_counted),
        cmocka_unit_test(the_nearest_word_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
