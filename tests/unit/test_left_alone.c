/* SPDX-License-Identifier: BSD-3-Clause */
/* What a daemon does that may only read, or may not change one domain; and one that has crashed. */
#include "lib/cmocka.h"

#include <time.h>

#include <libvirt/libvirt.h>

#include "commands/options.h"
#include "commands/session.h"
#include "control/coordinator.h"
#include "lib/fake_libvirtd.h"
#include "util/log.h"

#define LONG_MS 10000

struct stage {
    struct fake_libvirtd fake;
    struct config config;
    struct session session;
    struct coordinator coordinator;
    char uri[100], proc[40], captured[65536];
    FILE *log;
    int stderr_before;
};

static void put_meminfo(const char *folder)
{
    char path[60];
    FILE *f;

    snprintf(path, sizeof(path), "%s/meminfo", folder);
    f = fopen(path, "w");
    if (!f || fputs("MemTotal: 16777216 kB\nMemAvailable: 12582912 kB\n", f) < 0 || fclose(f))
        abort();
}

/* Each guest is about to starve: the guard rescues it, policy or none. */
static void add(struct fake_libvirtd *fake, const char *name)
{
    fake->domains[fake->n] = (struct fake_domain){
        .name = name,
        .id = (int)fake->n + 1,
        .devices = "<memballoon model='virtio'><stats period='1'/></memballoon>",
        .current_kib = 512 * MIB,
        .maximum_kib = 1024 * MIB,
        .rss_kib = 600 * MIB,
        .unused_kib = 40 * MIB,
    };
    fake->n++;
}

static void set_state(struct stage *stage, size_t i, int state)
{
    pthread_mutex_lock(&stage->fake.lock);
    stage->fake.domains[i].state = state;
    pthread_mutex_unlock(&stage->fake.lock);
}

/* From now on, whoever connects may only read. */
static void allow_reading_only(struct stage *stage)
{
    pthread_mutex_lock(&stage->fake.lock);
    stage->fake.may_read_only = true;
    pthread_mutex_unlock(&stage->fake.lock);
}

static int set_up(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    assert_non_null(stage);
    fake_start(&stage->fake);
    pthread_mutex_lock(&stage->fake.lock);
    add(&stage->fake, "a");
    add(&stage->fake, "b");
    add(&stage->fake, "c");
    pthread_mutex_unlock(&stage->fake.lock);
    strcpy(stage->proc, "/tmp/test_left_alone.XXXXXX");
    assert_non_null(mkdtemp(stage->proc));
    put_meminfo(stage->proc);
    setenv("MEMCOORD_RUNTIME_DIR", stage->proc, 1);
    assert_int_equal(config_defaults(&stage->config), 0);
    snprintf(stage->uri, sizeof(stage->uri), "qemu:///system?socket=%s", stage->fake.path);
    free(stage->config.daemon.uri);
    stage->config.daemon.uri = strdup(stage->uri);
    stage->config.file = strdup("x.ini");
    stage->config.uri_line = 7;
    unsetenv("JOURNAL_STREAM");
    log_open(LOG_LEVEL_INFO);
    stage->log = tmpfile();
    assert_non_null(stage->log);
    stage->stderr_before = dup(STDERR_FILENO);
    dup2(fileno(stage->log), STDERR_FILENO);
    *state = stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *stage = *state;
    char command[100];

    dup2(stage->stderr_before, STDERR_FILENO);
    close(stage->stderr_before);
    fclose(stage->log);
    coordinator_free(&stage->coordinator);
    session_close(&stage->session);
    fake_stop(&stage->fake);
    config_free(&stage->config);
    snprintf(command, sizeof(command), "rm -rf %s", stage->proc);
    assert_int_equal(system(command), 0);
    free(stage);
    return 0;
}

static const char *said(struct stage *stage)
{
    ssize_t n = pread(fileno(stage->log), stage->captured, sizeof(stage->captured) - 1, 0);

    stage->captured[n < 0 ? 0 : n] = '\0';
    return stage->captured;
}

static void assert_said(struct stage *stage, const char *text)
{
    if (!strstr(said(stage), text))
        fail_msg("\"%s\" was not said, but:\n%s", text, said(stage));
}

static void open_session(struct stage *stage)
{
    if (session_open(&stage->config, stage->proc, &stage->session))
        fail_msg("%s", said(stage));
    stage->coordinator = (struct coordinator){ .config = &stage->config,
                                               .host = stage->session.host,
                                               .origins = &stage->session.origins };
}

/* One tick with fresh statistics. */
static void begin_tick(struct stage *stage)
{
    pthread_mutex_lock(&stage->fake.lock);
    for (size_t i = 0; i < stage->fake.n; i++)
        stage->fake.domains[i].last_update_s = (uint64_t)time(NULL);
    pthread_mutex_unlock(&stage->fake.lock);
    assert_int_equal(coordinator_tick(&stage->coordinator), 0);
}

/* ... and the targets that it set. */
static void tick(struct stage *stage)
{
    const struct host *host = stage->session.host;

    begin_tick(stage);
    assert_int_equal(host->ops->flush(stage->session.host, LONG_MS), 0);
}

static uint64_t set_kib(struct stage *stage, size_t i)
{
    uint64_t kib;

    pthread_mutex_lock(&stage->fake.lock);
    kib = stage->fake.domains[i].set_kib;
    pthread_mutex_unlock(&stage->fake.lock);
    return kib;
}

static void who_may_only_read_does_not_start(void **state)
{
    struct stage *stage = *state;
    char want[200];

    allow_reading_only(stage);
    assert_int_equal(session_open(&stage->config, stage->proc, &stage->session), EXIT_FAILURE);
    snprintf(want, sizeof(want), "x.ini:7: uri: %s: authentication failed: access denied by policy",
             stage->uri);
    assert_said(stage, want);
}

static void who_may_only_read_may_watch(void **state)
{
    struct stage *stage = *state;

    allow_reading_only(stage);
    stage->config.daemon.dry_run = 1;
    open_session(stage);
    for (int i = 0; i < 5; i++)
        tick(stage);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(set_kib(stage, i), 0);
}

static void the_default_uri_is_named_by_its_file_alone(void **state)
{
    struct stage *stage = *state;

    allow_reading_only(stage);
    stage->config.uri_line = 0;
    assert_int_equal(session_open(&stage->config, stage->proc, &stage->session), EXIT_FAILURE);
    assert_said(stage, "x.ini: uri (its default): qemu:///system?socket=");
}

static void a_domain_that_denies_is_told_and_the_others_go_on(void **state)
{
    struct stage *stage = *state;

    pthread_mutex_lock(&stage->fake.lock);
    stage->fake.domains[0].denies = true;
    pthread_mutex_unlock(&stage->fake.lock);
    open_session(stage);
    for (int i = 0; i < 500 && (!set_kib(stage, 1) || !set_kib(stage, 2)); i++)
        tick(stage);
    tick(stage);
    assert_true(set_kib(stage, 1) > 512 * MIB && set_kib(stage, 2) > 512 * MIB);
    assert_int_equal(set_kib(stage, 0), 0);
    assert_said(stage, "\na: its balloon could not be set: access denied; next try in 1 s\n");
    assert_null(strstr(said(stage), "\nb: its balloon could not be set"));
}

static void a_domain_that_crashed_is_left_alone(void **state)
{
    struct stage *stage = *state;

    set_state(stage, 1, VIR_DOMAIN_CRASHED);
    open_session(stage);
    for (int i = 0; i < 500 && (!set_kib(stage, 0) || !set_kib(stage, 2)); i++)
        tick(stage);
    tick(stage);
    assert_true(set_kib(stage, 0) > 512 * MIB && set_kib(stage, 2) > 512 * MIB);
    assert_int_equal(set_kib(stage, 1), 0);
    assert_null(strstr(said(stage), "\nb: 512 ->"));
    set_state(stage, 1, VIR_DOMAIN_RUNNING); /* it was reset */
    for (int i = 0; i < 500 && !set_kib(stage, 1); i++)
        tick(stage);
    assert_true(set_kib(stage, 1) > 512 * MIB);
}

static void set_moving(struct stage *stage, size_t i, bool moving)
{
    pthread_mutex_lock(&stage->fake.lock);
    stage->fake.domains[i].moving = moving;
    pthread_cond_broadcast(&stage->fake.changed);
    pthread_mutex_unlock(&stage->fake.lock);
}

static void set_unused(struct stage *stage, size_t i, uint64_t kib)
{
    pthread_mutex_lock(&stage->fake.lock);
    stage->fake.domains[i].unused_kib = kib;
    pthread_mutex_unlock(&stage->fake.lock);
}

static bool is_migrating(struct stage *stage, const char *name)
{
    const struct domains *domains = &stage->coordinator.domains;

    for (size_t i = 0; i < domains->n; i++) {
        if (!strcmp(domains->list[i]->name, name))
            return domains->list[i]->state == HOST_DOMAIN_MIGRATING;
    }
    return false;
}

static unsigned times_said(struct stage *stage, const char *text)
{
    unsigned n = 0;

    for (const char *at = said(stage); (at = strstr(at, text)); at++)
        n++;
    return n;
}

/* No event tells of it: the first target hangs in libvirt until it has ended. */
static void a_domain_that_migrates_is_left_alone(void **state)
{
    struct stage *stage = *state;
    unsigned before;

    stage->config.daemon.interval_ms = 50;
    set_unused(stage, 1, 400 * MIB);
    open_session(stage);
    tick(stage);
    set_moving(stage, 1, true);
    set_unused(stage, 1, 40 * MIB);
    for (int i = 0; i < 500 && !is_migrating(stage, "b"); i++) {
        begin_tick(stage);
        usleep(10000);
    }
    assert_true(is_migrating(stage, "b"));
    before = times_said(stage, "\nb: 512 ->");
    assert_true(before > 0);
    for (int i = 0; i < 500 && (i < 5 || !set_kib(stage, 0) || !set_kib(stage, 2)); i++) {
        begin_tick(stage);
        usleep(10000);
    }
    assert_int_equal(times_said(stage, "\nb: 512 ->"), before);
    assert_true(set_kib(stage, 0) > 512 * MIB && set_kib(stage, 2) > 512 * MIB);
    set_moving(stage, 1, false);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_may_only_read_does_not_start),
        TEST(who_may_only_read_may_watch),
        TEST(the_default_uri_is_named_by_its_file_alone),
        TEST(a_domain_that_denies_is_told_and_the_others_go_on),
        TEST(a_domain_that_crashed_is_left_alone),
        TEST(a_domain_that_migrates_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
