/* SPDX-License-Identifier: BSD-3-Clause */
/* release and check look once: on a libvirtd that takes its time, or denies, they don't report what they
 * have not seen. */
#include "lib/cmocka.h"

#include <time.h>

#include <sys/stat.h>

#include "commands/check_host.h"
#include "commands/commands.h"
#include "commands/options.h"
#include "control/origins.h"
#include "lib/capture.h"
#include "lib/fake_libvirtd.h"
#include "util/log.h"
#include "util/rundir.h"

#define N_DOMAINS 16

struct stage {
    struct fake_libvirtd fake;
    struct config config;
    char folder[40], names[N_DOMAINS][8];
};

static struct capture said;

static void put_meminfo(const char *folder)
{
    char path[60];
    FILE *f;

    snprintf(path, sizeof(path), "%s/meminfo", folder);
    f = fopen(path, "w");
    if (!f || fputs("MemTotal: 16777216 kB\nMemAvailable: 12582912 kB\n", f) < 0 || fclose(f))
        abort();
}

/* Guests of 512 MiB that had 900, on a server that takes 50 ms for an XML: all together longer than
 * a gather waits for. */
static void add_all(struct stage *stage)
{
    struct fake_libvirtd *fake = &stage->fake;

    pthread_mutex_lock(&fake->lock);
    fake->xml_us = 50 * 1000;
    for (fake->n = 0; fake->n < N_DOMAINS; fake->n++) {
        snprintf(stage->names[fake->n], sizeof(stage->names[0]), "web%zu", fake->n);
        fake->domains[fake->n] = (struct fake_domain){
            .name = stage->names[fake->n],
            .id = (int)fake->n + 1,
            .devices = "<memballoon model='virtio'><stats period='1'/></memballoon>",
            .current_kib = 512 * MIB,
            .maximum_kib = 1024 * MIB,
            .rss_kib = 600 * MIB,
            .unused_kib = 300 * MIB,
            .last_update_s = (uint64_t)time(NULL),
        };
    }
    pthread_mutex_unlock(&fake->lock);
}

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    char uri[100];

    assert_non_null(stage);
    fake_start(&stage->fake);
    add_all(stage);
    strcpy(stage->folder, "/tmp/test_one_shot.XXXXXX");
    assert_non_null(mkdtemp(stage->folder));
    put_meminfo(stage->folder);
    setenv("MEMCOORD_RUNTIME_DIR", stage->folder, 1);
    assert_int_equal(config_defaults(&stage->config), 0);
    snprintf(uri, sizeof(uri), "qemu:///system?socket=%s", stage->fake.path);
    free(stage->config.daemon.uri);
    stage->config.daemon.uri = strdup(uri);
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    char command[100];

    fake_stop(&stage->fake);
    config_free(&stage->config);
    snprintf(command, sizeof(command), "rm -rf %s", stage->folder);
    assert_int_equal(system(command), 0);
    free(stage);
    return 0;
}

static char *origins_file(struct stage *stage)
{
    char *file, name[120];

    snprintf(name, sizeof(name), "qemu:///system?socket=%s", stage->fake.path);
    assert_int_equal(rundir_file(name, ".origins", &file), 0);
    return file;
}

/* A daemon that was killed left that. */
static void write_origins(struct stage *stage)
{
    struct origins origins;
    char *file = origins_file(stage);

    assert_int_equal(origins_load(file, &origins), 0);
    for (size_t i = 0; i < N_DOMAINS; i++) {
        const uint8_t uuid[HOST_UUID_BYTES] = { [15] = (uint8_t)(i + 1) };

        assert_int_equal(origins_add(&origins, uuid, (int64_t)i + 1, 900 * MIB), 0);
    }
    assert_int_equal(origins_save(&origins), 0);
    origins_free(&origins);
    free(file);
}

static size_t n_origins(struct stage *stage)
{
    struct origins origins;
    char *file = origins_file(stage);
    size_t n;

    assert_int_equal(origins_load(file, &origins), 0);
    n = origins.n;
    origins_free(&origins);
    free(file);
    return n;
}

/* Its exit status. */
static int release(struct stage *stage)
{
    static char name[] = "memcoord", config[] = "-c", proc[] = "--proc";
    char file[60], *arguments[] = { name, config, file, proc, stage->folder, NULL };
    FILE *f;
    int status;

    snprintf(file, sizeof(file), "%s/x.ini", stage->folder);
    f = fopen(file, "w");
    assert_non_null(f);
    fprintf(f, "[memcoord]\nuri = qemu:///system?socket=%s\n", stage->fake.path);
    fclose(f);
    optind = 1;
    capture_begin(&said);
    status = command_release(5, arguments);
    capture_end(&said);
    return status;
}

static size_t n_set(struct stage *stage)
{
    size_t n = 0;

    pthread_mutex_lock(&stage->fake.lock);
    for (size_t i = 0; i < N_DOMAINS; i++)
        n += stage->fake.domains[i].set_kib == 900 * MIB;
    pthread_mutex_unlock(&stage->fake.lock);
    return n;
}

static void release_waits_until_all_domains_are_known(void **state)
{
    struct stage *stage = *state;

    write_origins(stage);
    assert_int_equal(release(stage), 0);
    assert_int_equal(n_set(stage), N_DOMAINS);
    assert_int_equal(n_origins(stage), 0);
}

static void release_fails_where_a_domain_denies(void **state)
{
    struct stage *stage = *state;

    write_origins(stage);
    pthread_mutex_lock(&stage->fake.lock);
    stage->fake.domains[3].denies = true;
    pthread_mutex_unlock(&stage->fake.lock);
    assert_int_equal(release(stage), 1);
    assert_int_equal(n_set(stage), N_DOMAINS - 1);
    assert_int_equal(capture_count(&said, "web3: its balloon could not be set: access denied\n"),
                     1);
    assert_int_equal(capture_count(&said, "1 domain could not be given back"), 1);
    assert_int_equal(n_origins(stage), 1);
}

static void release_fails_if_what_domains_had_is_lost(void **state)
{
    struct stage *stage = *state;
    char *file = origins_file(stage);

    assert_int_equal(mkdir(file, 0700), 0);
    assert_int_equal(release(stage), 1);
    assert_int_equal(capture_count(&said, "what domains had before can't be read"), 1);
    assert_int_equal(capture_count(&said, "nothing to give back"), 0);
    free(file);
}

static void check_shows_all_domains_as_they_are(void **state)
{
    struct stage *stage = *state;
    struct check_host seen = { 0 };

    log_open(LOG_LEVEL_WARNING);
    assert_int_equal(check_host_see(&stage->config, stage->folder, &seen), 0);
    assert_int_equal(seen.snapshot.seen.n_domains, N_DOMAINS);
    for (size_t i = 0; i < N_DOMAINS; i++)
        assert_null(seen.snapshot.domains[i].unmanaged_why);
    assert_int_equal(seen.warnings.n, 0);
    check_host_free(&seen);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(release_waits_until_all_domains_are_known),
        TEST(release_fails_where_a_domain_denies),
        TEST(release_fails_if_what_domains_had_is_lost),
        TEST(check_shows_all_domains_as_they_are),
    };

    unsetenv("JOURNAL_STREAM");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
