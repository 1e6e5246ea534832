/* SPDX-License-Identifier: BSD-3-Clause */
/* What inih accepts silently and understands otherwise than it was meant: each is found, with its
 * line, and nothing is applied. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_file.h"

#define SECTION_49 "domain 0123456789012345678901234567890123456789ab"

static void refused(const char *text, const char *says)
{
    struct loaded loaded = load_text(text);

    if (loaded.result != -EINVAL || strcmp(loaded.said, says) != 0)
        fail_msg("%d for:\n%s\nsays:\n%sinstead of:\n%s", loaded.result, text, loaded.said, says);
    assert_null(loaded.config.file); /* untouched */
    assert_null(loaded.config.daemon.uri);
}

static struct config accepted(const char *text)
{
    struct loaded loaded = load_text(text);

    if (loaded.result != 0 || *loaded.said)
        fail_msg("%d for:\n%s\nsays:\n%s", loaded.result, text, loaded.said);
    return loaded.config;
}

static void a_section_name_over_49_bytes_is_refused(void **state)
{
    struct config config = accepted("[" SECTION_49 "]\nweight = 7\n");

    (void)state;
    assert_int_equal(strlen(SECTION_49), 49);
    assert_string_equal(config.domain_rules[0].glob, &SECTION_49[strlen("domain ")]);
    config_free(&config);
    refused("[" SECTION_49 "c]\nweight = 7\n",
            "1: the section's name is 50 bytes long: at most 49 are allowed\n");
}

/* Two long sections that begin alike would be one. */
static void two_long_sections_do_not_merge(void **state)
{
    (void)state;
    refused("[" SECTION_49 "c1]\nmin = 1GiB\n[" SECTION_49 "c2]\nmin = 2GiB\n",
            "1: the section's name is 51 bytes long: at most 49 are allowed\n"
            "3: the section's name is 51 bytes long: at most 49 are allowed\n");
}

static void a_line_over_199_bytes_is_refused(void **state)
{
    char text[512], *p = text;
    struct config config;

    (void)state;
    p += sprintf(p, "[memcoord]\nuri = ");
    memset(p, 'u', 199 - strlen("uri = "));
    strcpy(p + 199 - strlen("uri = "), "\ninterval = 2s\n");
    config = accepted(text);
    assert_int_equal(strlen(config.daemon.uri), 193);
    assert_int_equal(config.daemon.interval_ms, 2000);
    config_free(&config);

    memset(p, 'u', 200 - strlen("uri = "));
    strcpy(p + 200 - strlen("uri = "), "\nintervall = 2s\n");
    refused(text, "2: the line is too long: at most 199 bytes are allowed\n"
                  "3: unknown key 'intervall' in [memcoord]: did you mean 'interval'? allowed are "
                  "uri, interval, policy, policy_path, dry_run, on_exit\n");
}

static void a_long_comment_is_a_comment(void **state)
{
    char text[1024] = "[memcoord]\n# ";
    struct config config;

    (void)state;
    memset(text + strlen(text), '-', 600);
    strcat(text, "\ninterval = 2s\n");
    config = accepted(text);
    assert_int_equal(config.daemon.interval_ms, 2000);
    config_free(&config);
}

static void an_indented_line_is_no_second_value(void **state)
{
    (void)state;
    refused("[memcoord]\ninterval=5s\n  policy=hold\n",
            "3: the line is indented, which would make it a second value of the key above: begin "
            "it in the first column\n");
    refused("[memcoord]\n\tinterval=5s\n",
            "2: the line is indented, which would make it a second value of the key above: begin "
            "it in the first column\n");
    refused("[memcoord]\ninterval=5s\n\n [host]\nlimit=x\n",
            "4: the line is indented, which would make it a second value of the key above: begin "
            "it in the first column\n");
}

static void a_repeated_key_is_refused(void **state)
{
    (void)state;
    refused("[memcoord]\ninterval = 5s\npolicy = hold\ninterval = 6s\n",
            "4: 'interval' stands in line 2 already, in the same section\n");
    refused("[policy threshold]\nlow = 1MiB\nlow = 2MiB\n",
            "3: 'low' stands in line 2 already, in the same section\n");
}

static void a_repeated_section_is_refused(void **state)
{
    (void)state;
    refused("[host]\n[guard]\n[host]\nlimit = nonsense\n",
            "3: the section [host] stands in line 1 already: join them\n");
    refused("[domain web*]\nmin = 1GiB\n[domain   web*]\nmin = 2GiB\n",
            "3: the section [domain web*] stands in line 1 already: join them\n");
    refused("[policy hold]\n[policy hold]\n",
            "2: the section [policy hold] stands in line 1 already: join them\n");
}

/* Its keys would land in the section before. */
static void an_unterminated_section_is_refused_with_its_keys(void **state)
{
    (void)state;
    refused("[memcoord]\ninterval = 5s\n[host\ninterval = nonsense\n[guard]\nrescue = maybe\n",
            "3: the section's name has no ']' at its end\n"
            "6: rescue: 'maybe' is neither yes nor no\n");
    refused("[domain a ;b]\nmin = 1GiB\n", "1: the section's name has no ']' at its end\n");
    refused("[]\nmin = 1GiB\n",
            "1: '[]' is no section's name: want [NAME] without blanks beside the brackets, and no "
            "brackets in the name\n");
    refused("[ host ]\n",
            "1: '[ host ]' is no section's name: want [NAME] without blanks beside the brackets, "
            "and no brackets in the name\n");
}

/* inih takes the first ']' for the end of the name, and drops the rest. */
static void brackets_in_a_glob_are_refused(void **state)
{
    (void)state;
    refused("[domain web[0-9]]\nmin = 1GiB\n",
            "1: ']' after the section's name: want [NAME] alone in its line, and no ']' in the "
            "name\n");
    refused("[domain web[0-9]\nmin = 1GiB\n",
            "1: '[domain web[0-9]' is no section's name: want [NAME] without blanks beside the "
            "brackets, and no brackets in the name\n");
    refused("[host] limit = 3GiB\n",
            "1: 'limit = 3GiB' after the section's name: want [NAME] alone in its line, and no "
            "']' in the name\n");
}

static void comments_begin_lines_or_follow_a_blank_and_semicolon(void **state)
{
    struct config config = accepted("; comment\n# comment\n  # indented\n[memcoord] ; the daemon\n"
                                    "interval = 5s ; five seconds\n\t; more\nuri = a;b\n"
                                    "#policy = no\n");

    (void)state;
    assert_int_equal(config.daemon.interval_ms, 5000);
    assert_string_equal(config.daemon.uri, "a;b");
    assert_string_equal(config.daemon.policy, "threshold");
    config_free(&config);
}

static void a_hash_after_a_value_is_no_comment(void **state)
{
    (void)state;
    refused("[memcoord]\npolicy = hold # for now\n",
            "2: 'policy' has a '#' in its value: a comment after a value begins with ' ;'\n");
    refused("[memcoord]\npolicy = # none\n",
            "2: 'policy' has a comment for its value: want key = value ; comment\n");
    refused("[memcoord]\npolicy =;hold\n",
            "2: 'policy' has a comment for its value: want key = value ; comment\n");
}

static void an_empty_value_is_refused(void **state)
{
    (void)state;
    refused("[memcoord]\npolicy =\nuri = ; default\n[policy x]\nlow=\n",
            "2: 'policy' has no value\n3: 'uri' has no value\n5: 'low' has no value\n");
    refused("[memcoord]\n= 5s\n", "2: there is no key before the '=': want key = value\n");
}

static void a_quoted_value_is_refused(void **state)
{
    (void)state;
    refused("[memcoord]\npolicy = \"hold\"\n",
            "2: 'policy' has a value in quotes: write it without\n");
}

/* It would match no domain. */
static void a_quoted_section_name_is_refused(void **state)
{
    struct config config = accepted("[domain the \"old\" one]\nmin = 1GiB\n");

    (void)state;
    config_free(&config);
    refused("[domain \"test\"]\nmin = nonsense\n[policy 'hold']\n[\"host\"]\n",
            "1: the section has a name in quotes: write it without\n"
            "3: the section has a name in quotes: write it without\n"
            "4: the section has a name in quotes: write it without\n");
}

static void a_line_without_equals_sign_is_refused(void **state)
{
    (void)state;
    refused("[memcoord]\ninterval\n[host]\nlimit 3GiB\nreserve = 0\nwarn_free ; = 5\n",
            "2: the line has no '=': want key = value\n"
            "4: the line has no '=': want key = value\n"
            "6: the line has no '=': want key = value\n");
}

static void a_key_before_any_section_is_refused(void **state)
{
    (void)state;
    refused("interval = 5s\n[memcoord]\npolicy = hold\n",
            "1: 'interval' stands before any [section]\n");
}

static void a_byte_order_mark_and_crlf_do_no_harm(void **state)
{
    struct config config =
        accepted("\xEF\xBB\xBF[memcoord]\r\ninterval = 5s\r\n\r\n[host]\r\nlimit = 3GiB\r\n");

    (void)state;
    assert_int_equal(config.daemon.interval_ms, 5000);
    assert_int_equal(config.host.limit_kib, 3 << 20);
    config_free(&config);
    refused("\xEF\xBB\xBF\r\n[memcoord]\r\ninterval = 5\r\n",
            "3: interval: '5' has no unit: want a duration such as 2s (ms, s, min, h, d), "
            "100ms..60min\n");
}

static void a_carriage_return_alone_ends_no_line(void **state)
{
    (void)state;
    refused("[memcoord]\rinterval = 5s\r", "1: the line holds a control character\n");
}

static void a_nul_byte_is_refused(void **state)
{
    static const char text[] = "[memcoord]\ninterval = 5s\0\npolicy = x\n";
    struct loaded loaded = load_bytes(text, sizeof(text) - 1);

    (void)state;
    assert_int_equal(loaded.result, -EINVAL);
    assert_string_equal(loaded.said, "2: a NUL byte: this is no text\n");
    loaded = load_bytes("#\0", 2);
    assert_int_equal(loaded.result, -EINVAL);
    assert_string_equal(loaded.said, "1: a NUL byte: this is no text\n");
}

static void the_last_line_needs_no_newline(void **state)
{
    struct config config = accepted("[memcoord]\ninterval = 5s");

    (void)state;
    assert_int_equal(config.daemon.interval_ms, 5000);
    config_free(&config);
    refused("[memcoord]\ninterval", "2: the line has no '=': want key = value\n");
}

static void what_is_no_readable_file_is_refused(void **state)
{
    struct problems problems = { 0 };
    struct config config = { 0 };

    (void)state;
    assert_int_equal(config_load("/nonexistent/coord.ini", &config, &problems), -ENOENT);
    assert_string_equal(problems.list[0].text,
                        "/nonexistent/coord.ini: can't be opened: No such file or directory");
    assert_int_equal(config_load("/tmp", &config, &problems), -EISDIR);
    assert_string_equal(problems.list[1].text, "/tmp: can't be read: Is a directory");
    assert_int_equal(config_load("/dev/zero", &config, &problems), -EINVAL);
    assert_int_equal(problems.n, 3);
    assert_null(config.file);
    problems_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_section_name_over_49_bytes_is_refused),
        cmocka_unit_test(two_long_sections_do_not_merge),
        cmocka_unit_test(a_line_over_199_bytes_is_refused),
        cmocka_unit_test(a_long_comment_is_a_comment),
        cmocka_unit_test(an_indented_line_is_no_second_value),
        cmocka_unit_test(a_repeated_key_is_refused),
        cmocka_unit_test(a_repeated_section_is_refused),
        cmocka_unit_test(an_unterminated_section_is_refused_with_its_keys),
        cmocka_unit_test(brackets_in_a_glob_are_refused),
        cmocka_unit_test(comments_begin_lines_or_follow_a_blank_and_semicolon),
        cmocka_unit_test(a_hash_after_a_value_is_no_comment),
        cmocka_unit_test(an_empty_value_is_refused),
        cmocka_unit_test(a_quoted_value_is_refused),
        cmocka_unit_test(a_quoted_section_name_is_refused),
        cmocka_unit_test(a_line_without_equals_sign_is_refused),
        cmocka_unit_test(a_key_before_any_section_is_refused),
        cmocka_unit_test(a_byte_order_mark_and_crlf_do_no_harm),
        cmocka_unit_test(a_carriage_return_alone_ends_no_line),
        cmocka_unit_test(a_nul_byte_is_refused),
        cmocka_unit_test(the_last_line_needs_no_newline),
        cmocka_unit_test(what_is_no_readable_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
