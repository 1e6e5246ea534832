/* SPDX-License-Identifier: BSD-3-Clause */
/* Whatever stands in the file: it is taken as a whole or refused as a whole, and all that was taken
 * lies within its range. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config_file.h"

#define SEED 20
#define ROUNDS 4000
#define MAX_BYTES 2048

/* What a hand that slips may write. */
static const char *const scraps[] = {
    "[",
    "]",
    "=",
    ";",
    " ;",
    "#",
    "\n",
    "\n ",
    "\r\n",
    "\t",
    "\xEF\xBB\xBF",
    "[host]",
    "[domain a]",
    "0",
    "-1",
    "99999999999",
    "MiB",
    "%",
    ",",
    "..",
    "\"",
    ":",
    "[policy x",
    "interval = 1s\n",
    "min = 1GiB\n",
    "max = 1MiB\n",
    "\x80",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
};

static const char start[] = "[memcoord]\nuri = test:///default ; here\ninterval = 2s\n"
                            "[host]\nreserve = 1GiB, 3%\nlimit = 0\n"
                            "[guard]\nrescue_below = 10MiB\n"
                            "[domain web*]\nmin = 1GiB\nmax = 2GiB\nweight = 5\n"
                            "[policy threshold]\nlow = 1MiB\n";

static size_t mutate(char *bytes, size_t size)
{
    const char *scrap = scraps[(size_t)rand() % (sizeof(scraps) / sizeof(scraps[0]))];
    size_t length = strlen(scrap), at = (size_t)rand() % (size + 1), cut = (size_t)rand() % 8;

    if (rand() % 2 == 0 && size + length < MAX_BYTES) {
        memmove(bytes + at + length, bytes + at, size - at);
        memcpy(bytes + at, scrap, length);
        return size + length;
    }
    cut = cut < size - at ? cut : size - at;
    memmove(bytes + at, bytes + at + cut, size - at - cut);
    return size - cut;
}

static void check_ranges(const struct config *config)
{
    for (const struct config_key *row = config_keys; row->section; row++) {
        char text[512], error[256];
        uint64_t value;
        if (row->type == VALUE_TEXT || row->type == VALUE_AMOUNT || !strcmp(row->section, "domain"))
            continue;
        if (strcmp(row->key, "stale_after") == 0)
            continue; /* three intervals may be more than can be written */
        config_format(row, config, text, sizeof(text));
        assert_int_equal(value_parse(row->type, row->range, text, &value, error, sizeof(error)), 0);
    }
    assert_non_null(config->daemon.uri);
    assert_true(*config->daemon.uri);
    for (size_t i = 0; i < config->n_domain_rules; i++)
        assert_true(*config->domain_rules[i].glob);
}

/* What was taken and is printed is taken again, to the same effect. */
static void check_printed(const struct config *config)
{
    char *text = printed(config);
    struct loaded again = load_text(text);
    char *twice;

    if (again.result != 0)
        fail_msg("printed, it is refused:\n%s\nsays:\n%s", text, again.said);
    twice = printed(&again.config);
    assert_string_equal(twice, text);
    free(twice);
    free(text);
    config_free(&again.config);
}

static void check_taken(const struct config *config)
{
    check_ranges(config);
    check_printed(config);
}

static void any_file_is_taken_whole_or_refused_whole(void **state)
{
    int n_taken = 0;

    (void)state;
    srand(SEED);
    for (int round = 0; round < ROUNDS; round++) {
        char bytes[MAX_BYTES];
        size_t size = sizeof(start) - 1;
        struct loaded loaded;
        memcpy(bytes, start, size);
        for (int i = rand() % 6; i >= 0; i--)
            size = mutate(bytes, size);
        loaded = load_bytes(bytes, size);
        if ((loaded.result != 0 && loaded.result != -EINVAL) ||
            (loaded.result == 0) != (*loaded.said == '\0') ||
            (loaded.result == 0) != (loaded.config.file != NULL))
            fail_msg("seed %d, round %d: %d for:\n%.*s\nsays:\n%s", SEED, round, loaded.result,
                     (int)size, bytes, loaded.said);
        if (loaded.result == 0)
            check_taken(&loaded.config);
        n_taken += loaded.result == 0;
        config_free(&loaded.config);
    }
    assert_true(n_taken > ROUNDS / 20 && n_taken < ROUNDS - ROUNDS / 20); /* both are seen */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_file_is_taken_whole_or_refused_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
