/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/sim_host.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/wakeup.h"
#include "util/complain.h"
#include "util/log.h"
#include "util/path.h"

#define UNKNOWN MEMCOORD_UNKNOWN

struct sim_host {
    struct host host; /* first: what the core gets */
    struct scenario scenario;
    struct sim_machine machine;
    struct host_view view;
    struct host_domain *domains;
    struct host_truth *truths;       /* of them */
    struct host_proposal *proposals; /* of the scenario's guests */
    char *name;
    struct wakeup wakeup; /* only where time is real */
    uint64_t real_start_ms;
    volatile sig_atomic_t woken;
    bool listed; /* view.domains are those that run */
    bool said_end;
};

static struct sim_host *sim(struct host *host)
{
    return (struct sim_host *)host;
}

/* ---- seeing */

/* It tells which guest it is. */
void sim_host_uuid(uint8_t uuid[HOST_UUID_BYTES], size_t guest)
{
    static const uint8_t stem[8] = { 0x51, 0x40, 0x1a, 0x7e, 0x0d, 0x00, 0x40, 0x00 };

    memcpy(uuid, stem, sizeof(stem));
    for (int i = 0; i < 8; i++)
        uuid[8 + i] = (uint8_t)((uint64_t)guest >> (8 * (7 - i)));
    uuid[8] |= 0x80;
}

static size_t guest_of(const uint8_t uuid[HOST_UUID_BYTES])
{
    uint64_t guest = uuid[8] & 0x7f;

    for (int i = 1; i < 8; i++)
        guest = guest << 8 | uuid[8 + i];
    return (size_t)guest;
}

static void list_domains(struct sim_host *h)
{
    const struct sim_machine *m = &h->machine;

    for (size_t i = 0; i < m->n_alive; i++) {
        size_t guest = m->alive[i];
        struct host_domain *d = &h->domains[i];

        *d = (struct host_domain){ .name = h->scenario.guests[guest].name,
                                   .run_id = (int64_t)guest + 1,
                                   .proposal = &h->proposals[guest],
                                   .truth = &h->truths[i],
                                   .max_kib = h->scenario.guests[guest].settings.max_kib };
        sim_host_uuid(d->uuid, guest);
    }
    h->view.domains = h->domains;
    h->view.n_domains = m->n_alive;
    h->listed = true;
}

static void see_memory(const struct sim_machine *m, struct host_memory *memory)
{
    uint64_t free_kib = sim_machine_available_kib(m);

    *memory = (struct host_memory){ .total_kib = m->scenario->memory_kib,
                                    .available_kib = free_kib,
                                    .free_kib = free_kib,
                                    .swap_total_kib = m->scenario->swap_kib,
                                    .swap_free_kib = m->scenario->swap_kib - m->swapped_kib,
                                    .ksm_sharing_kib = UNKNOWN,
                                    .psi_some_bp = m->psi_bp,
                                    .psi_full_bp = m->psi_bp };
}

static int sim_gather(struct host *host, const struct host_view **view, const char **why)
{
    struct sim_host *h = sim(host);

    (void)why;
    if (!h->listed)
        list_domains(h);
    h->view.now_ms = h->machine.now_ms;
    for (size_t i = 0; i < h->view.n_domains; i++) {
        struct sim_guest *g = &h->machine.guests[h->machine.alive[i]];

        h->domains[i].balloon_kib = g->told_kib;
        h->domains[i].rss_kib = g->rss_kib;
        sim_sample_show(g, h->view.now_ms, &h->domains[i]);
        h->truths[i] = sim_guest_truth(g, h->view.now_ms);
    }
    see_memory(&h->machine, &h->view.memory);
    h->view.calls++;
    *view = &h->view;
    return 0;
}

/* ---- acting */

static int sim_set_target(struct host *host, const uint8_t uuid[HOST_UUID_BYTES], uint64_t kib)
{
    struct sim_host *h = sim(host);
    size_t guest = guest_of(uuid);
    struct sim_guest *g = &h->machine.guests[guest];

    if (guest >= h->scenario.n_guests || (g->life != SIM_RUNS && g->life != SIM_BOOTS))
        return -ENOENT;
    if (kib > g->spec->settings.max_kib)
        return -EINVAL;
    sim_guest_ask(g, kib, h->machine.now_ms);
    h->view.calls++;
    return 0;
}

/* QEMU takes a target at once. */
static int sim_flush(struct host *host, uint64_t timeout_ms)
{
    (void)host;
    (void)timeout_ms;
    return 0;
}

/* ---- time */

static void say_end(struct sim_host *h)
{
    const struct host_counts *c = &h->machine.counts;

    if (h->said_end)
        return;
    h->said_end = true;
    log_info("the scenario is over after %" PRIu64 " s: %" PRIu64
             " loads were killed in guests that ran out of memory, %" PRIu64
             " guests by the host; the host was short for %" PRIu64 " ms, and swapped out %" PRIu64
             " MiB",
             h->scenario.duration_ms / 1000, h->machine.load_kills, c->domain_kills, c->short_ms,
             c->swapped_out_kib / 1024);
}

/* Sleeps until the model's `to_ms` is due. Returns the time to which it may go. */
static uint64_t sleep_until(struct sim_host *h, uint64_t to_ms)
{
    uint64_t speed = h->scenario.speed, now_ms;

    if (wakeup_wait(&h->wakeup, h->real_start_ms + (to_ms - SIM_EPOCH_MS) / speed) ==
        HOST_WAKE_TIMER)
        return to_ms;
    now_ms = SIM_EPOCH_MS + (wakeup_now_ms() - h->real_start_ms) * speed;
    return memcoord_max(memcoord_min(now_ms, to_ms), h->machine.now_ms);
}

/* Where it is real, time stops at all that is known to come, or it would come late. */
static uint64_t next_stop_ms(const struct sim_machine *m, uint64_t until_ms)
{
    if (m->next_event < m->n_events)
        until_ms = memcoord_min(until_ms, m->events[m->next_event].at_ms);
    return memcoord_min(until_ms, m->end_ms);
}

static enum host_wake sim_wait(struct host *host, uint64_t until_ms)
{
    struct sim_host *h = sim(host);
    struct sim_machine *m = &h->machine;
    uint64_t to_ms = next_stop_ms(m, until_ms);

    if (h->scenario.speed > 0)
        to_ms = sleep_until(h, to_ms);
    sim_machine_move(m, to_ms);
    if (m->changed)
        h->listed = false;
    if (h->woken) {
        h->woken = 0;
        return HOST_WAKE_REQUEST;
    }
    if (m->now_ms >= m->end_ms) {
        say_end(h);
        return HOST_WAKE_END;
    }
    if (m->changed)
        return HOST_WAKE_LIFECYCLE;
    return m->pressed && m->now_ms < until_ms ? HOST_WAKE_PRESSURE : HOST_WAKE_TIMER;
}

static void sim_wake(struct host *host)
{
    struct sim_host *h = sim(host);

    h->woken = 1;
    if (h->scenario.speed > 0)
        wakeup_request(&h->wakeup);
}

static uint64_t sim_now_ms(struct host *host)
{
    return sim(host)->machine.now_ms;
}

/* ---- life cycle */

static void sim_close(struct host *host)
{
    struct sim_host *h = sim(host);

    sim_machine_free(&h->machine);
    scenario_free(&h->scenario);
    wakeup_close(&h->wakeup);
    free(h->domains);
    free(h->truths);
    free(h->proposals);
    free(h->name);
    free(h);
}

static int open_all(struct sim_host *h, const char *name)
{
    static const struct host_ops ops = {
        .gather = sim_gather,
        .set_target = sim_set_target,
        .flush = sim_flush,
        .wait = sim_wait,
        .wake = sim_wake,
        .now_ms = sim_now_ms,
        .close = sim_close,
    };
    size_t n = h->scenario.n_guests;
    int r;

    h->name = strdup(name);
    h->domains = calloc(n + 1, sizeof(*h->domains));
    h->truths = calloc(n + 1, sizeof(*h->truths));
    h->proposals = calloc(n + 1, sizeof(*h->proposals));
    h->host = (struct host){ .ops = &ops, .name = h->name };
    h->view.counts = &h->machine.counts;
    if (!h->name || !h->domains || !h->truths || !h->proposals)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        h->proposals[i] = (struct host_proposal){ h->scenario.guests[i].settings.min_kib,
                                                  h->scenario.guests[i].settings.weight };
    r = sim_machine_begin(&h->machine, &h->scenario);
    if (r == 0 && h->scenario.speed > 0)
        r = wakeup_open(&h->wakeup, "", -1);
    h->real_start_ms = wakeup_now_ms();
    return r;
}

int sim_host_open_scenario(struct scenario *scenario, const char *name, struct host **host)
{
    struct sim_host *h = calloc(1, sizeof(*h));
    int r;

    if (!h) {
        scenario_free(scenario);
        return -ENOMEM;
    }
    h->scenario = *scenario;
    *scenario = (struct scenario){ 0 };
    h->wakeup = (struct wakeup){ -1, -1, -1 };
    r = open_all(h, name);
    if (r < 0)
        sim_close(&h->host);
    else
        *host = &h->host;
    return r;
}

int sim_host_set_speed(struct host *host, uint64_t speed)
{
    struct sim_host *h = sim(host);
    int r = h->scenario.speed > 0 ? 0 : wakeup_open(&h->wakeup, "", -1);

    if (r < 0)
        return r;
    h->scenario.speed = speed;
    h->real_start_ms = wakeup_now_ms() - (h->machine.now_ms - SIM_EPOCH_MS) / speed;
    return 0;
}

/* FILE of "sim:FILE", from the folder where `file` is. */
static char *path_of(const char *uri, const char *file)
{
    return path_beside(file, uri + strlen("sim:"));
}

void sim_host_check(const char *uri, const char *file, int line, struct problems *problems)
{
    char *path = path_of(uri, file);
    struct scenario scenario;
    int r = path ? 0 : -ENOMEM;

    if (r == 0 && strcmp(uri, "sim:") == 0) {
        problems_add(problems, file, line, "uri: 'sim:' names no scenario: want sim:FILE");
        r = -EINVAL;
    }
    if (r == 0)
        r = scenario_load(path, &scenario, problems);
    if (r == 0)
        scenario_free(&scenario);
    if (r == -ENOMEM)
        problems_add(problems, path, 0, "out of memory");
    free(path);
}

int sim_host_open(const struct host_options *options, struct host **host, char *error,
                  size_t error_size)
{
    struct problems problems = { 0 };
    struct scenario scenario;
    char *path = path_of(options->uri, options->file);
    int r = path ? scenario_load(path, &scenario, &problems) : -ENOMEM;

    if (r == 0)
        r = sim_host_open_scenario(&scenario, options->uri, host);
    if (r < 0)
        complain(error, error_size, r, "%s", problems.list ? problems.list[0].text : strerror(-r));
    problems_free(&problems);
    free(path);
    return r;
}

const struct sim_machine *sim_host_machine(const struct host *host)
{
    return &((const struct sim_host *)host)->machine;
}
