/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory is neither made nor lost: random scenarios from fixed seeds, random targets, at all moments. */
#include "lib/sim_fixture.h"

#include "lib/random.h"
#include "util/log.h"

#define SCENARIOS 150
#define LOOKS 60

static const char *const loads[] = {
    "walk 10MiB to 900MiB step 200MiB every 700ms",
    "burst 20MiB to 1500MiB every 5s for 2s",
    "ramp 33MiB/s to 700MiB; hold 1700ms; free; drop; idle 3s; repeat",
    "take 300MiB; hold 5s; take 900MiB; hold 7s; take 10MiB; hold 3s; repeat",
    "diurnal 10MiB to 800MiB every 30s noise 20%",
    "idle 100s",
};
static const char *const tempers[] = { "works", "works", "limit 400MiB", "sticks 250ms every 500ms",
                                       "stuck", "dead",  "no driver" };

#define PICK(r, list) (list)[below(r, sizeof(list) / sizeof((list)[0]))]
#define SAY(...) n += (size_t)snprintf(text + n, sizeof(text) - n, __VA_ARGS__)

static struct host *random_host(struct random *r)
{
    char text[4096], memory[32];
    size_t n = 0;

    snprintf(memory, sizeof(memory), "%dMiB", (int)between(r, 1500, 8000));
    SAY("swap = %dMiB\nused = walk 100MiB to 700MiB step 100MiB every 2s\n",
        one_in(r, 2) ? 0 : (int)between(r, 1, 900));
    for (int i = 0; i < 5; i++) {
        SAY("[guest g%d]\nmax = %dMiB\nballoon = %dMiB\n", i, (int)between(r, 700, 3000),
            (int)between(r, 200, 700));
        SAY("load = %s\ntemper = %s\n", PICK(r, loads), PICK(r, tempers));
        int cache = (int)below(r, 40);

        SAY("cache = %d%%\nswap = %dMiB\n", cache, one_in(r, 2) ? 0 : (int)below(r, 600));
        if (i >= 3) /* with cache in use */
            SAY("cache_used = %d%%\ncache_reads = %dMiB/s\n", cache * i / 4, 10 * i);
        SAY("start = %ds\nstop = %ds\ntemper_at = %ds\nrestart = %ds\n", one_in(r, 2) ? 0 : 7,
            one_in(r, 4) ? 21 : 0, (int)below(r, 20), (int)below(r, 9));
    }
    return sim_open_seed(memory, 60, (unsigned)below(r, 1000), text);
}

static void check_guest(const struct sim_guest *g)
{
    const struct guest_settings *s = &g->spec->settings;

    assert_int_equal(sim_parts_kib(g), g->balloon_kib);
    if (g->life == SIM_WAITS || g->life == SIM_GONE) {
        assert_int_equal(g->rss_kib, 0);
        return;
    }
    assert_in_range(g->balloon_kib, 1, s->max_kib);
    assert_in_range(g->rss_kib, 0, s->overhead_kib + g->balloon_kib);
    assert_int_equal(g->rss_kib + g->host_swapped_kib,
                     s->overhead_kib + g->balloon_kib - g->untouched_kib - g->lists_kib);
    assert_true(g->swapped_kib <= s->swap_kib);
    assert_true(g->cache_kib <= g->cache_max_kib);
    assert_true(sim_missing_kib(g) <= g->cache_used_kib);
    assert_true(g->lists_kib <= s->lists_kib);
    if (g->life == SIM_RUNS)
        assert_true(g->anon_kib + g->swapped_kib <= s->max_kib + s->swap_kib);
}

static void check_host(struct host *host)
{
    const struct sim_machine *m = sim_host_machine(host);
    const struct host_view *view = sim_look(host);
    uint64_t rss_kib = 0, swapped_kib = 0;

    for (size_t i = 0; i < m->scenario->n_guests; i++) {
        check_guest(&m->guests[i]);
        rss_kib += m->guests[i].rss_kib;
        swapped_kib += m->guests[i].host_swapped_kib;
    }
    assert_int_equal(rss_kib, m->rss_kib);
    assert_int_equal(swapped_kib, m->swapped_kib);
    assert_true(m->swapped_kib <= m->scenario->swap_kib);
    assert_int_equal(rss_kib + m->used_kib + view->memory.available_kib, m->scenario->memory_kib);
    for (size_t i = 0; i < view->n_domains; i++) {
        const struct host_domain *d = &view->domains[i];
        if (d->sampled_ms == MEMCOORD_UNKNOWN)
            continue;
        assert_true(d->sampled_ms <= view->now_ms);
        assert_true(d->usable_kib <= d->guest_total_kib && d->unused_kib <= d->guest_total_kib);
    }
}

static void act(struct random *r, struct host *host)
{
    const struct host_view *view = sim_look(host);
    size_t i;

    if (view->n_domains == 0 || one_in(r, 3))
        return;
    i = below(r, view->n_domains);
    host->ops->set_target(host, view->domains[i].uuid, between(r, 1, view->domains[i].max_kib));
}

static void parts_sum_to_the_whole_at_any_moment(void **state)
{
    struct random r = { 20130801 };
    uint64_t load_kills = 0, domain_kills = 0, swapped_kib = 0;

    (void)state;
    for (int s = 0; s < SCENARIOS; s++) {
        struct host *host = random_host(&r);
        uint64_t ms = 0;

        for (int i = 0; i < LOOKS; i++) {
            check_host(host);
            act(&r, host);
            ms += one_in(&r, 5) ? between(&r, 1, 20) : between(&r, 100, 1900);
            sim_until(host, ms);
        }
        load_kills += sim_host_machine(host)->load_kills;
        domain_kills += sim_host_machine(host)->counts.domain_kills;
        swapped_kib += sim_host_machine(host)->counts.swapped_out_kib;
        host_close(host);
    }
    /* they came to where it is hard */
    assert_true(load_kills > 20 && domain_kills > 20 && swapped_kib > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_sum_to_the_whole_at_any_moment),
    };

    log_open(LOG_LEVEL_ERROR); /* kills are warnings, and many */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
