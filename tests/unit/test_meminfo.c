/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/cmocka.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/meminfo.h"

static char folder[] = "/tmp/meminfo.XXXXXX";
static char error[MEMINFO_ERROR_BYTES];

/* Writes folder/name, or removes it if text is NULL. */
static void file(const char *name, const char *text)
{
    char path[200];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(path);
    if (!text)
        return;
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int set_up(void **state)
{
    char path[200];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/pressure", folder);
    return mkdir(path, 0700);
}

static int tear_down(void **state)
{
    char path[200];

    (void)state;
    file("meminfo", NULL);
    file("pressure/memory", NULL);
    snprintf(path, sizeof(path), "%s/pressure", folder);
    rmdir(path);
    return rmdir(folder);
}

#define WHOLE                       \
    "MemTotal:       24577364 kB\n" \
    "MemFree:        19000000 kB\n" \
    "MemAvailable:   22363864 kB\n" \
    "Buffers:             100 kB\n" \
    "Cached:          3000000 kB\n" \
    "SwapCached:            7 kB\n" \
    "SwapTotal:       1048576 kB\n" \
    "SwapFree:        1000000 kB\n" \
    "HugePages_Total:       0\n"
#define PRESSURE                                           \
    "some avg10=1.05 avg60=0.50 avg300=0.10 total=12345\n" \
    "full avg10=0.07 avg60=0.00 avg300=0.00 total=2345\n"

static void all_fields_are_read(void **state)
{
    struct host_memory m;

    (void)state;
    file("meminfo", WHOLE);
    file("pressure/memory", PRESSURE);
    assert_int_equal(meminfo_read(folder, &m, error), 0);
    assert_int_equal(m.total_kib, 24577364);
    assert_int_equal(m.free_kib, 19000000);
    assert_int_equal(m.available_kib, 22363864);
    assert_int_equal(m.cached_kib, 3000100);
    assert_int_equal(m.swap_total_kib, 1048576);
    assert_int_equal(m.swap_free_kib, 1000000);
    assert_int_equal(m.psi_some_bp, 105);
    assert_int_equal(m.psi_full_bp, 7);
    assert_true(m.ksm_sharing_kib == MEMCOORD_UNKNOWN);
}

static void what_is_missing_is_unknown(void **state)
{
    struct host_memory m;

    (void)state;
    file("meminfo", "MemAvailable: 5 kB\nMemTotal: 10 kB\nBuffers: 3 kB");
    file("pressure/memory", NULL);
    assert_int_equal(meminfo_read(folder, &m, error), 0);
    assert_int_equal(m.total_kib, 10);
    assert_int_equal(m.available_kib, 5);
    assert_true(m.free_kib == MEMCOORD_UNKNOWN && m.cached_kib == MEMCOORD_UNKNOWN);
    assert_true(m.swap_total_kib == MEMCOORD_UNKNOWN && m.swap_free_kib == MEMCOORD_UNKNOWN);
    assert_true(m.psi_some_bp == MEMCOORD_UNKNOWN && m.psi_full_bp == MEMCOORD_UNKNOWN);
}

static void a_meminfo_that_says_nothing_leaves_the_output_untouched(void **state)
{
    static const struct {
        const char *text, *lacks;
    } useless[] = {
        { "", "MemTotal" },
        { "garbage\n", "MemTotal" },
        { "MemTotal: 10 kB\n", "MemAvailable" },
        { "MemAvailable: 10 kB\n", "MemTotal" },
        { "MemTotal: -1 kB\nMemAvailable: 1 kB\n", "MemTotal" },
        { "MemTotal: 10 kB\nMemAvailable: many kB\n", "MemAvailable" },
        { "MemTotal: 10 MB\nMemAvailable: 1 kB\n", "MemTotal" },
        { "MemTotal: 99999999999999999999999 kB\nMemAvailable: 1 kB\n", "MemTotal" },
        { "MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB\n", "MemTotal" },
        { "MemTotal: 17179869185 kB\nMemAvailable: 1 kB\n", "MemTotal" }, /* 2^34 + 1 */
        { " MemTotal: 10 kB\n MemAvailable: 1 kB\n", "MemTotal" },
    };
    struct host_memory m, before;
    char want[MEMINFO_ERROR_BYTES];

    (void)state;
    memset(&before, 0x5a, sizeof(before));
    for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
        m = before;
        file("meminfo", useless[i].text);
        if (meminfo_read(folder, &m, error) != -ENODATA || memcmp(&m, &before, sizeof(m)))
            fail_msg("\"%s\" was taken for meminfo", useless[i].text);
        snprintf(want, sizeof(want), "%s/meminfo has no '%s: N kB' with N up to 17179869184",
                 folder, useless[i].lacks);
        assert_string_equal(error, want);
    }
    file("meminfo", NULL);
    m = before;
    assert_int_equal(meminfo_read(folder, &m, error), -ENOENT);
    assert_memory_equal(&m, &before, sizeof(m));
    snprintf(want, sizeof(want), "%s/meminfo: No such file or directory", folder);
    assert_string_equal(error, want);
}

static void sixteen_tebibytes_are_the_most(void **state)
{
    struct host_memory m;

    (void)state;
    file("meminfo", "MemTotal: 17179869184 kB\nMemAvailable: 17179869184 kB\n"
                    "MemFree: 17179869185 kB\n");
    assert_int_equal(meminfo_read(folder, &m, error), 0);
    assert_true(m.total_kib == UINT64_C(1) << 34);
    assert_true(m.free_kib == MEMCOORD_UNKNOWN);
}

static void pressure_that_is_garbage_is_unknown(void **state)
{
    static const char *const useless[] = {
        "",
        "some\n",
        "some avg10=\n",
        "some avg10=x\n",
        "some avg10=1\n",
        "some avg10=1.5 avg60=0",
        "some avg10=-1.00\n",
        "some avg10=101.00\n",
        "awesome avg10=1.00\n",
        "some avg60=1.00\n",
        "some avg10=99999999999999999999.00\n",
    };
    struct host_memory m;

    (void)state;
    file("meminfo", WHOLE);
    for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
        file("pressure/memory", useless[i]);
        assert_int_equal(meminfo_read(folder, &m, error), 0);
        if (m.psi_some_bp != MEMCOORD_UNKNOWN || m.psi_full_bp != MEMCOORD_UNKNOWN)
            fail_msg("\"%s\" was taken for pressure", useless[i]);
    }
    file("pressure/memory", "some avg10=100.00 avg60=0\nfull avg10=0.00\n");
    assert_int_equal(meminfo_read(folder, &m, error), 0);
    assert_int_equal(m.psi_some_bp, 10000);
    assert_int_equal(m.psi_full_bp, 0);
}

static void this_machine_is_read(void **state)
{
    struct host_memory m;

    (void)state;
    assert_int_equal(meminfo_read("/proc", &m, error), 0);
    assert_true(m.total_kib > 64 * MIB && m.available_kib <= m.total_kib);
    assert_true(m.free_kib <= m.total_kib);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_fields_are_read),
        cmocka_unit_test(what_is_missing_is_unknown),
        cmocka_unit_test(a_meminfo_that_says_nothing_leaves_the_output_untouched),
        cmocka_unit_test(sixteen_tebibytes_are_the_most),
        cmocka_unit_test(pressure_that_is_garbage_is_unknown),
        cmocka_unit_test(this_machine_is_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
