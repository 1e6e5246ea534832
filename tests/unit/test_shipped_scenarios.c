/* SPDX-License-Identifier: BSD-3-Clause */
/* Every scenario of conf/scenarios with every policy, through the whole loop: what holds for all of them,
 * and for each the one thing that it is there to show. */
#include "lib/shipped_run.h"

#include <glob.h>

#include "util/log.h"

#define HOLD 0
#define THRESHOLD 1
#define PROPORTIONAL 2
#define FAIR_SHARE 3

/* The same scenario under each of the policies. */
typedef struct shipped_run runs[SHIPPED_POLICIES];

/* The sum of one figure over all guests whose names begin so. */
#define SUM(run, begin, field) sum(run, begin, offsetof(struct guest_seen, field))

static uint64_t sum(const struct shipped_run *run, const char *begin, size_t offset)
{
    uint64_t all = 0;

    for (size_t i = 0; i < run->n_guests; i++)
        if (strncmp(run->guests[i].name, begin, strlen(begin)) == 0)
            all += *(const uint64_t *)(const void *)((const char *)&run->guests[i] + offset);
    return all;
}

static uint64_t short_kib_s(const struct shipped_run *run, const char *begin)
{
    return SUM(run, begin, truth.short_kib_s);
}

static uint64_t kills(const struct shipped_run *run, const char *begin)
{
    return SUM(run, begin, truth.kills);
}

/* What is missing of what was wanted. */
static uint64_t short_bp(const struct shipped_run *run, const char *begin)
{
    return short_kib_s(run, begin) * 10000 / SUM(run, begin, truth.demand_kib_s);
}

/* ---- what each shows */

static void demo(runs r)
{
    assert_run(&r[HOLD], kills(&r[HOLD], "grows") > 0);
    for (size_t p = THRESHOLD; p < SHIPPED_POLICIES; p++)
        assert_run(&r[p], short_kib_s(&r[p], "") < short_kib_s(&r[HOLD], "") / 2);
}

/* It gets its maximum and never lacks memory; what nobody needs is taken back. */
static void one_consumer(runs r)
{
    for (size_t p = 0; p < SHIPPED_POLICIES; p++) {
        const struct guest_seen *consumer = shipped_guest(&r[p], "consumer");

        assert_run(&r[p], consumer->most_kib == 2 * GIB);
        assert_run(&r[p], short_kib_s(&r[p], "") == 0);
        if (p == HOLD) {
            assert_run(&r[p], consumer->last_kib == 2 * GIB);
            continue;
        }
        assert_run(&r[p], consumer->last_kib < 2 * GIB / 2);
        assert_run(&r[p], SUM(&r[p], "idle", last_kib) < SUM(&r[p], "idle", first_kib) * 3 / 4);
        assert_run(&r[p], r[p].balloons_kib < r[HOLD].balloons_kib * 9 / 10);
    }
}

/* More is wanted than there is: nobody is killed, and nobody sits on what he does not use. */
static void all_consume(runs r)
{
    for (size_t p = 0; p < SHIPPED_POLICIES; p++) {
        assert_run(&r[p], kills(&r[p], "") == 0);
        assert_run(&r[p], short_kib_s(&r[p], "") > 0);
        for (size_t i = 0; i < r[p].n_guests; i++)
            assert_run(&r[p], r[p].guests[i].usable_kib < 200 * MIB);
    }
}

/* Memory changes hands, and it shows who is fast enough. */
static void two_release_two_grow(runs r)
{
    for (size_t p = THRESHOLD; p < SHIPPED_POLICIES; p++)
        assert_run(&r[p], SUM(&r[p], "release", last_kib) < SUM(&r[p], "release", first_kib) / 2);
    assert_run(&r[PROPORTIONAL],
               short_kib_s(&r[PROPORTIONAL], "grow") < short_kib_s(&r[HOLD], "grow"));
}

/* The neighbour pays for its noise. */
static void noisy_neighbour(runs r)
{
    for (size_t p = 0; p < SHIPPED_POLICIES; p++) {
        assert_run(&r[p], short_bp(&r[p], "service") < short_bp(&r[p], "noisy"));
        assert_run(&r[p], kills(&r[p], "noisy") > 0);
    }
}

/* The leak ends as it must, is taken back from, and costs the others less than it costs itself. */
static void memory_leak(runs r)
{
    for (size_t p = 0; p < SHIPPED_POLICIES; p++) {
        const struct guest_seen *leaks = shipped_guest(&r[p], "leaks");

        assert_run(&r[p], leaks->most_kib > 1800 * MIB && leaks->truth.kills >= 3);
        assert_run(&r[p], short_bp(&r[p], "works") < short_bp(&r[p], "leaks"));
        assert_run(&r[p], p == HOLD || leaks->least_after_most_kib < GIB);
    }
}

/* All own their maximum at first, which is more than there is; then they do not. */
static void thundering_herd(runs r)
{
    for (size_t p = 0; p < SHIPPED_POLICIES; p++) {
        assert_run(&r[p], r[p].n_guests == 12);
        assert_run(&r[p], SUM(&r[p], "herd", first_kib) == UINT64_C(12) * 1536 * MIB);
        assert_run(&r[p], SUM(&r[p], "herd", first_kib) > r[p].memory_kib);
        assert_run(&r[p], SUM(&r[p], "herd", last_kib) < r[p].memory_kib);
        assert_run(&r[p], short_bp(&r[p], "herd") < 2000);
    }
}

/* Memory follows the day. */
static void diurnal_mix(runs r)
{
    for (size_t p = 0; p < SHIPPED_POLICIES; p++) {
        const struct guest_seen *batch = shipped_guest(&r[p], "batch1");
        const struct guest_seen *office = shipped_guest(&r[p], "office1");

        assert_run(&r[p], r[p].n_guests == 8);
        assert_run(&r[p], kills(&r[p], "") == 0 && short_bp(&r[p], "") < 10);
        if (p == HOLD)
            continue;
        assert_run(&r[p], batch->at_kib[3] > 2 * batch->at_kib[12]);
        assert_run(&r[p], office->at_kib[10] > 2 * office->at_kib[23]);
        assert_run(&r[p], r[p].balloons_kib < r[HOLD].balloons_kib);
    }
}

/* What does not move is not counted on: the one that grows gets what really is there. What one gave and its
 * QEMU kept it has again. */
static void stuck_balloons(runs r)
{
    for (size_t p = 0; p < SHIPPED_POLICIES; p++) {
        const struct guest_seen *stuck = shipped_guest(&r[p], "stuck");

        assert_run(&r[p], stuck->least_kib == GIB && stuck->most_kib == GIB);
        assert_run(&r[p], shipped_guest(&r[p], "driverless")->least_kib == GIB);
        assert_run(&r[p], shipped_guest(&r[p], "limited")->least_kib >= 700 * MIB);
        if (p == HOLD)
            continue;
        assert_run(&r[p], short_kib_s(&r[p], "grows") == 0);
        assert_run(&r[p], shipped_guest(&r[p], "kept")->least_kib < 600 * MIB);
        assert_run(&r[p], shipped_guest(&r[p], "kept")->last_kib == GIB);
    }
    assert_run(&r[HOLD], kills(&r[HOLD], "grows") > 0);
}

/* What is missing is missing where the weight is low. */
static void tight_host(runs r)
{
    for (size_t p = 0; p < SHIPPED_POLICIES; p++)
        assert_run(&r[p], short_bp(&r[p], "gold") < short_bp(&r[p], "plain"));
}

/* Who goes by usable memory takes the file servers' cache away; who watches what they feel takes nobody's. */
static void page_cache(runs r)
{
    static struct shipped_run p;

    for (size_t i = THRESHOLD; i < SHIPPED_POLICIES; i++) {
        assert_run(&r[i], short_bp(&r[i], "files") > 3000);
        assert_run(&r[i], short_bp(&r[i], "quiet") < 100);
    }
    shipped_run("page-cache", "pressure", &p);
    assert_run(&p, p.ended && p.counts.domain_kills == 0 && p.counts.short_ms == 0);
    assert_run(&p, kills(&p, "") == 0);
    assert_run(&p, short_bp(&p, "files") < 50 && short_bp(&p, "batch") < 50);
    assert_run(&p, p.balloons_kib < r[HOLD].balloons_kib * 8 / 10);
    assert_run(&p, SUM(&p, "quiet", last_kib) < SUM(&p, "quiet", first_kib) / 2);
    assert_run(&p, shipped_guest(&p, "batch")->most_kib > 1500 * MIB);
    assert_run(&p, shipped_guest(&p, "batch")->least_after_most_kib < 700 * MIB);
}

static const struct {
    const char *scenario;
    void (*shows)(runs r);
} rows[] = {
    { "all-consume", all_consume },
    { "demo", demo },
    { "diurnal-mix", diurnal_mix },
    { "memory-leak", memory_leak },
    { "noisy-neighbour", noisy_neighbour },
    { "one-consumer", one_consumer },
    { "page-cache", page_cache },
    { "stuck-balloons", stuck_balloons },
    { "thundering-herd", thundering_herd },
    { "tight-host", tight_host },
    { "two-release-two-grow", two_release_two_grow },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* ---- the tests */

/* Under any policy: to its end, and the host is never short. */
static void run(const char *scenario, const char *policy, struct shipped_run *run)
{
    shipped_run(scenario, policy, run);
    assert_run(run, run->ended && run->ticks >= run->duration_ms / 1000);
    assert_run(run, run->counts.domain_kills == 0 && run->counts.short_ms == 0);
}

static void differ(const struct shipped_run *a, const struct shipped_run *b)
{
    if (a->balloons_kib == b->balloons_kib && a->moved_kib == b->moved_kib)
        fail_msg("%s: %s and %s do the same", a->scenario, a->policy, b->policy);
}

static void each_holds_and_shows_what_it_is_there_for(void **state)
{
    static runs r;

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t p = 0; p < SHIPPED_POLICIES; p++) {
            run(rows[i].scenario, shipped_policies[p], &r[p]);
            for (size_t q = 0; q < p; q++)
                differ(&r[q], &r[p]);
        }
        rows[i].shows(r);
    }
}

static bool has_shown(const char *policy)
{
    for (size_t p = 0; p < SHIPPED_POLICIES; p++)
        if (strcmp(policy, shipped_policies[p]) == 0)
            return true;
    return false;
}

/* Whatever it asks for. It does something, that is. */
static void each_holds_under_every_other_policy(void **state)
{
    static char names[POLICIES_MAX][POLICY_NAME_BYTES];
    static struct shipped_run hold, other;
    const size_t n = policy_names(names);

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        run(rows[i].scenario, "hold", &hold);
        for (size_t p = 0; p < n; p++) {
            if (has_shown(names[p]))
                continue;
            run(rows[i].scenario, names[p], &other);
            differ(&hold, &other);
        }
    }
}

/* A new one has its row here. */
static void none_is_left_out(void **state)
{
    char pattern[512];
    glob_t files;

    (void)state;
    snprintf(pattern, sizeof(pattern), "%s/conf/scenarios/*.ini", getenv("MEMCOORD_TOP"));
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    assert_int_equal(files.gl_pathc, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        const char *name = strrchr(files.gl_pathv[i], '/') + 1;

        assert_int_equal(strlen(name), strlen(rows[i].scenario) + strlen(".ini"));
        assert_memory_equal(name, rows[i].scenario, strlen(rows[i].scenario));
    }
    globfree(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_holds_and_shows_what_it_is_there_for),
        cmocka_unit_test(each_holds_under_every_other_policy),
        cmocka_unit_test(none_is_left_out),
    };

    log_open(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
