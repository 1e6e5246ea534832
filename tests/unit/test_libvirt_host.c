/* SPDX-License-Identifier: BSD-3-Clause */
/* The libvirt host on libvirt's test driver, which lives in this process. */
#include "lib/cmocka.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libvirt/libvirt.h>

#include "host/host.h"

#define LONG_MS 10000

static char file[] = "/tmp/test_libvirt_host.XXXXXX";

static const char domains_xml[] =
    "<node>"
    "<domain type='test'><name>web</name><memory unit='MiB'>1024</memory>"
    "<currentMemory unit='MiB'>512</currentMemory><os><type>hvm</type></os>"
    "<devices><memballoon model='virtio'><stats period='7'/></memballoon></devices></domain>"
    "<domain type='test'><name>huge</name><memory unit='MiB'>1024</memory>"
    "<memoryBacking><hugepages/></memoryBacking><os><type>hvm</type></os>"
    "<devices><memballoon model='virtio' autodeflate='on'/></devices></domain>"
    "<domain type='test'><name>none</name><memory unit='MiB'>256</memory><os><type>hvm</type></os>"
    "<devices><memballoon model='none'/></devices></domain>"
    "<domain type='test'><name>pci</name><memory unit='MiB'>300</memory><os><type>hvm</type></os>"
    "<devices><memballoon model='virtio'/><hostdev mode='subsystem' type='pci' managed='yes'>"
    "<source><address domain='0' bus='1' slot='2' function='0'/></source></hostdev></devices>"
    "</domain>"
    "</node>";

static struct host *open_host(const char *uri, bool watch_only)
{
    const struct host_options options = {
        .uri = uri, .proc = "/proc", .interval_ms = 2000, .watch_only = watch_only
    };
    char error[512] = "";
    struct host *host = NULL;

    if (host_open(&options, &host, error, sizeof(error)))
        fail_msg("%s", error);
    return host;
}

static struct host *open_file(void)
{
    char uri[100];

    snprintf(uri, sizeof(uri), "test://%s", file);
    return open_host(uri, false);
}

static const struct host_view *gather(struct host *host)
{
    const struct host_view *view = NULL;
    const char *why = NULL;
    int r = host->ops->gather(host, &view, &why);

    if (r)
        fail_msg("%s: %s", strerror(-r), why);
    return view;
}

static const struct host_domain *find(const struct host_view *view, const char *name)
{
    for (size_t i = 0; i < view->n_domains; i++) {
        if (!strcmp(view->domains[i].name, name))
            return &view->domains[i];
    }
    return NULL;
}

static void the_default_domain_is_seen(void **state)
{
    struct host *host = open_host("test:///default", false);
    const struct host_view *view = gather(host);
    const struct host_domain *d = find(view, "test");

    (void)state;
    assert_string_equal(host->name, "test:///default");
    assert_false(host->shared || host->remote);
    assert_int_equal(view->n_domains, 1);
    assert_null(d->unmanageable);
    assert_int_equal(d->state, HOST_DOMAIN_RUNNING);
    assert_int_equal(d->max_kib, 8388608);
    assert_int_equal(d->balloon_kib, 2097152);
    assert_int_equal(d->guest_total_kib, 2097152);
    assert_int_equal(d->unused_kib, 1048576);
    assert_int_equal(d->usable_kib, 1048576);
    assert_int_equal(d->rss_kib, 1048576);
    assert_int_equal(d->extra_kib, 0);
    assert_int_equal(d->set_error, 0);
    /* its statistics bear a date of 1989, and count as taken now */
    assert_in_range(view->now_ms - d->sampled_ms, 0, 5000);
    assert_true(view->memory.available_kib <= view->memory.total_kib);
    host_close(host);
}

static void a_target_is_set_and_seen(void **state)
{
    struct host *host = open_host("test:///default", false);
    const struct host_domain *d = find(gather(host), "test");

    (void)state;
    assert_int_equal(host->ops->set_target(host, d->uuid, 3000000), 0);
    assert_int_equal(host->ops->flush(host, LONG_MS), 0);
    d = find(gather(host), "test");
    assert_int_equal(d->balloon_kib, 3000000);
    assert_int_equal(d->set_error, 0);
    assert_null(d->set_error_text);
    assert_int_equal(host->ops->set_target(host, d->uuid, 2097152), 0);
    assert_int_equal(host->ops->flush(host, LONG_MS), 0);
    assert_int_equal(find(gather(host), "test")->balloon_kib, 2097152);
    host_close(host);
}

static void a_target_that_is_refused_is_reported_once(void **state)
{
    struct host *host = open_host("test:///default", false);
    const struct host_domain *d = find(gather(host), "test");
    const uint8_t stranger[HOST_UUID_BYTES] = { 1, 2, 3 };

    (void)state;
    assert_int_equal(host->ops->set_target(host, stranger, 1024), -ENOENT);
    assert_int_equal(host->ops->set_target(host, d->uuid, 8388609), 0);
    assert_int_equal(host->ops->flush(host, LONG_MS), 0);
    d = find(gather(host), "test");
    assert_int_equal(d->set_error, -EINVAL);
    assert_non_null(strstr(d->set_error_text, "max memory"));
    assert_int_equal(d->balloon_kib, 2097152);
    d = find(gather(host), "test");
    assert_int_equal(d->set_error, 0);
    assert_null(d->set_error_text);
    host_close(host);
}

static void each_domain_bears_its_own_figures_and_reasons(void **state)
{
    struct host *host = open_file();
    const struct host_view *view = gather(host);
    const struct host_domain *web = find(view, "web"), *huge = find(view, "huge"),
                             *none = find(view, "none"), *pci = find(view, "pci");

    (void)state;
    assert_int_equal(view->n_domains, 4);
    assert_null(web->unmanageable);
    assert_int_equal(web->max_kib, 1024 * MIB);
    assert_int_equal(web->balloon_kib, 512 * MIB);
    assert_false(web->set_aside || web->autodeflate);
    assert_non_null(strstr(huge->unmanageable, "huge pages"));
    assert_true(huge->set_aside && huge->autodeflate);
    assert_string_equal(none->unmanageable, "it has no balloon");
    assert_non_null(strstr(pci->unmanageable, "PCI passthrough"));
    assert_int_equal(host->ops->set_target(host, huge->uuid, 512 * MIB), -EOPNOTSUPP);
    host_close(host);
}

static void all_callers_see_the_same_private_test_host(void **state)
{
    struct host *host = open_file();
    const struct host_domain *web = find(gather(host), "web");

    (void)state;
    assert_int_equal(host->ops->set_target(host, web->uuid, 700 * MIB), 0);
    assert_int_equal(host->ops->flush(host, LONG_MS), 0);
    assert_int_equal(find(gather(host), "web")->balloon_kib, 700 * MIB);
    host_close(host);
}

/* Without bulk statistics a tick is one call for the list and two for each domain. */
static void a_steady_tick_makes_no_call_too_many(void **state)
{
    struct host *host = open_file();
    const struct host_view *view = gather(host);

    (void)state;
    assert_int_equal(gather(host)->calls, 1 + 2 * 4);
    view = gather(host);
    assert_int_equal(view->calls, 1 + 2 * 4);
    for (int i = 0; i < 3; i++) {
        const struct host_domain *web = find(view, "web");

        assert_int_equal(host->ops->set_target(host, web->uuid, (500 + (uint64_t)i) * MIB), 0);
        assert_int_equal(host->ops->flush(host, LONG_MS), 0);
        view = gather(host);
        assert_int_equal(view->calls, 1 + 2 * 4 + 1);
    }
    host_close(host);
}

/* The period of the statistics of "test" on test:///default, as its XML has it; 0: off. */
static long period(virConnectPtr connection)
{
    virDomainPtr domain = virDomainLookupByName(connection, "test");
    char *xml = virDomainGetXMLDesc(domain, 0);
    const char *at = strstr(xml, "<stats period='");
    long seconds = at ? strtol(at + strlen("<stats period='"), NULL, 10) : 0;

    free(xml);
    virDomainFree(domain);
    return seconds;
}

static void destroy_and_start(virConnectPtr connection, const char *name)
{
    virDomainPtr domain = virDomainLookupByName(connection, name);

    assert_int_equal(virDomainDestroy(domain), 0);
    assert_int_equal(virDomainCreate(domain), 0);
    virDomainFree(domain);
}

static void statistics_are_switched_on_once_a_run(void **state)
{
    virConnectPtr connection = virConnectOpen("test:///default");
    virDomainPtr domain;
    struct host *host;

    (void)state;
    destroy_and_start(connection, "test");
    domain = virDomainLookupByName(connection, "test");
    assert_int_equal(virDomainSetMemoryStatsPeriod(domain, 0, VIR_DOMAIN_AFFECT_LIVE), 0);
    host = open_host("test:///default", true);
    gather(host);
    host_close(host);
    assert_int_equal(period(connection), 0); /* who only watches leaves them off */

    host = open_host("test:///default", false);
    gather(host);
    assert_int_equal(period(connection), 2);
    assert_int_equal(virDomainSetMemoryStatsPeriod(domain, 5, VIR_DOMAIN_AFFECT_LIVE), 0);
    gather(host);
    host_close(host);
    host = open_host("test:///default", false);
    gather(host);
    assert_int_equal(period(connection), 5); /* another set it: it is his */
    host_close(host);
    virDomainFree(domain);
    virConnectClose(connection);
}

static void who_only_watches_sets_nothing(void **state)
{
    struct host *host = open_host("test:///default", true);
    const struct host_domain *d = find(gather(host), "test");

    (void)state;
    assert_int_equal(host->ops->set_target(host, d->uuid, 3000000), -EPERM);
    assert_int_equal(host->ops->flush(host, LONG_MS), 0);
    assert_int_equal(find(gather(host), "test")->balloon_kib, d->balloon_kib);
    host_close(host);
}

static void drain(struct host *host)
{
    while (host->ops->wait(host, host->ops->now_ms(host) + 200) != HOST_WAKE_TIMER)
        ;
}

static void domains_that_come_and_go_wake_the_loop(void **state)
{
    virConnectPtr connection = virConnectOpen("test:///default");
    virDomainPtr domain = virDomainLookupByName(connection, "test"), guest;
    struct host *host = open_host("test:///default", false);
    int64_t run_id = find(gather(host), "test")->run_id;
    const struct host_domain *d;

    (void)state;
    drain(host);
    guest = virDomainCreateXML(
        connection,
        "<domain type='test'><name>guest</name><memory unit='MiB'>64</memory>"
        "<os><type>hvm</type></os><devices><memballoon model='virtio'/></devices></domain>",
        0);
    assert_non_null(guest);
    assert_int_equal(host->ops->wait(host, host->ops->now_ms(host) + LONG_MS), HOST_WAKE_LIFECYCLE);
    d = find(gather(host), "guest");
    assert_non_null(d);
    assert_null(d->unmanageable);
    assert_int_equal(d->max_kib, 64 * MIB);

    assert_int_equal(virDomainSuspend(guest), 0);
    assert_int_equal(host->ops->wait(host, host->ops->now_ms(host) + LONG_MS), HOST_WAKE_LIFECYCLE);
    assert_int_equal(find(gather(host), "guest")->state, HOST_DOMAIN_PAUSED);
    assert_int_equal(virDomainResume(guest), 0);
    drain(host);
    assert_int_equal(find(gather(host), "guest")->state, HOST_DOMAIN_RUNNING);

    assert_int_equal(virDomainDestroy(guest), 0);
    assert_int_equal(host->ops->wait(host, host->ops->now_ms(host) + LONG_MS), HOST_WAKE_LIFECYCLE);
    assert_null(find(gather(host), "guest"));

    assert_int_equal(virDomainDestroy(domain), 0);
    assert_int_equal(virDomainCreate(domain), 0);
    d = find(gather(host), "test");
    assert_true(d->run_id != run_id);
    assert_null(d->unmanageable);
    virDomainFree(guest);
    virDomainFree(domain);
    host_close(host);
    virConnectClose(connection);
}

static void a_target_for_a_domain_that_stopped_harms_nothing(void **state)
{
    virConnectPtr connection = virConnectOpen("test:///default");
    virDomainPtr domain = virDomainLookupByName(connection, "test");
    struct host *host = open_host("test:///default", false);
    uint8_t uuid[HOST_UUID_BYTES];

    (void)state;
    memcpy(uuid, find(gather(host), "test")->uuid, sizeof(uuid));
    assert_int_equal(virDomainDestroy(domain), 0);
    assert_int_equal(host->ops->set_target(host, uuid, 2097152), 0);
    assert_int_equal(host->ops->flush(host, LONG_MS), 0);
    assert_int_equal(gather(host)->n_domains, 0);
    assert_int_equal(host->ops->set_target(host, uuid, 2097152), -ENOENT);
    assert_int_equal(virDomainCreate(domain), 0);
    assert_int_equal(find(gather(host), "test")->set_error, 0);
    virDomainFree(domain);
    host_close(host);
    virConnectClose(connection);
}

static struct host *waking;

static void on_signal(int signal)
{
    (void)signal;
    waking->ops->wake(waking);
}

static void the_wait_ends_by_time_and_by_request(void **state)
{
    struct host *host = open_host("test:///default", false);
    uint64_t before_ms = host->ops->now_ms(host);
    struct sigaction action = { .sa_handler = on_signal }, old;

    (void)state;
    gather(host);
    drain(host);
    before_ms = host->ops->now_ms(host);
    assert_int_equal(host->ops->wait(host, before_ms + 60), HOST_WAKE_TIMER);
    assert_true(host->ops->now_ms(host) >= before_ms + 60);
    assert_int_equal(host->ops->wait(host, 0), HOST_WAKE_TIMER);
    host->ops->wake(host);
    assert_int_equal(host->ops->wait(host, before_ms + LONG_MS), HOST_WAKE_REQUEST);
    waking = host;
    sigaction(SIGUSR1, &action, &old);
    raise(SIGUSR1);
    assert_int_equal(host->ops->wait(host, before_ms + LONG_MS), HOST_WAKE_REQUEST);
    sigaction(SIGUSR1, &old, NULL);
    host_close(host);
}

static void what_cannot_be_opened_says_why(void **state)
{
    static const struct {
        const char *uri, *words;
    } cases[] = {
        { "qemu:///system?socket=/nonexistent/sock", "/nonexistent/sock" },
        { "test:///nonexistent/file.xml", "test:///nonexistent/file.xml: " },
        { "sim:/nonexistent/demo.ini", "/nonexistent/demo.ini: can't be opened" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct host_options options = { .uri = cases[i].uri, .proc = "/proc" };
        struct host *host = NULL;
        char error[512] = "";

        if (host_open(&options, &host, error, sizeof(error)) >= 0 || host ||
            !strstr(error, cases[i].words))
            fail_msg("%s: \"%s\"", cases[i].uri, error);
    }
}

static void put_meminfo(const char *folder, const char *text)
{
    char path[100];
    FILE *f;

    snprintf(path, sizeof(path), "%s/meminfo", folder);
    f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f))
        abort();
}

static void memory_that_cannot_be_read_is_refused_at_first_and_a_state_later(void **state)
{
    char folder[] = "/tmp/test_libvirt_host.XXXXXX", path[100], error[512] = "";
    struct host_options options = { .uri = "test:///default", .interval_ms = 1000 };
    struct host *host = NULL;
    const struct host_view *view;
    const char *why = NULL;

    (void)state;
    options.proc = mkdtemp(folder);
    snprintf(path, sizeof(path), "%s/meminfo", folder);
    assert_int_equal(host_open(&options, &host, error, sizeof(error)), -ENODATA);
    assert_null(host);
    assert_non_null(strstr(error, "the host's memory can't be read: "));
    assert_non_null(strstr(error, path));
    assert_non_null(strstr(error, "No such file"));

    put_meminfo(folder, "MemTotal: 10000 kB\n");
    assert_int_equal(host_open(&options, &host, error, sizeof(error)), -ENODATA);
    assert_non_null(strstr(error, path));
    assert_non_null(strstr(error, "MemAvailable"));

    put_meminfo(folder, "MemTotal: 10000 kB\nMemAvailable: 5000 kB\n");
    assert_int_equal(host_open(&options, &host, error, sizeof(error)), 0);
    assert_int_equal(gather(host)->memory.available_kib, 5000);
    unlink(path);
    assert_int_equal(host->ops->gather(host, &view, &why), -ENOENT);
    assert_non_null(strstr(why, path));
    assert_non_null(strstr(why, "No such file"));
    put_meminfo(folder, "garbage\n");
    assert_int_equal(host->ops->gather(host, &view, &why), -ENODATA);
    assert_non_null(strstr(why, "MemTotal"));
    put_meminfo(folder, "MemTotal: 10000 kB\nMemAvailable: 6000 kB\n");
    assert_int_equal(gather(host)->memory.available_kib, 6000);
    host_close(host);
    unlink(path);
    rmdir(folder);
}

static void two_hosts_can_be_open_and_none_leaves_a_thread(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct host *one = open_host("test:///default", false), *other = open_file();

        assert_int_equal(gather(one)->n_domains, 1);
        assert_int_equal(gather(other)->n_domains, 4);
        host_close(one);
        assert_int_equal(gather(other)->n_domains, 4);
        host_close(other);
    }
    host_close(NULL);
    {
        /* "Threads:" of this process; a sanitizer may have one of its own */
        FILE *f = fopen("/proc/self/status", "r");
        char line[200];
        int threads = 0;

        while (fgets(line, sizeof(line), f)) {
            if (sscanf(line, "Threads: %d", &threads) == 1)
                break;
        }
        fclose(f);
        assert_in_range(threads, 1, 2);
    }
}

static int write_file(void **state)
{
    int fd = mkstemp(file);

    (void)state;
    if (fd < 0 || write(fd, domains_xml, sizeof(domains_xml) - 1) != sizeof(domains_xml) - 1)
        return -1;
    return close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_domain_is_seen),
        cmocka_unit_test(a_target_is_set_and_seen),
        cmocka_unit_test(a_target_that_is_refused_is_reported_once),
        cmocka_unit_test(each_domain_bears_its_own_figures_and_reasons),
        cmocka_unit_test(all_callers_see_the_same_private_test_host),
        cmocka_unit_test(a_steady_tick_makes_no_call_too_many),
        cmocka_unit_test(statistics_are_switched_on_once_a_run),
        cmocka_unit_test(who_only_watches_sets_nothing),
        cmocka_unit_test(domains_that_come_and_go_wake_the_loop),
        cmocka_unit_test(a_target_for_a_domain_that_stopped_harms_nothing),
        cmocka_unit_test(the_wait_ends_by_time_and_by_request),
        cmocka_unit_test(what_cannot_be_opened_says_why),
        cmocka_unit_test(memory_that_cannot_be_read_is_refused_at_first_and_a_state_later),
        cmocka_unit_test(two_hosts_can_be_open_and_none_leaves_a_thread),
    };
    return cmocka_run_group_tests(tests, write_file, remove_file);
}
