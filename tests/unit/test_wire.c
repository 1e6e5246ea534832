/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages between memcoord and a policy's process: what goes in comes out, and whatever else comes in does no harm. */
#include "lib/cmocka.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/random.h"
#include "policy/wire.h"
#include "util/log.h"

#define DOMAINS 5
#define STATE_BYTES 24
#define DOMAIN_STATE_BYTES 20 /* no multiple of an alignment */
#define ROUNDS 20000

struct scene {
    struct memcoord_domain domains[DOMAINS];
    const struct memcoord_domain *list[DOMAINS];
    struct memcoord_host host;
    struct memcoord_snapshot snapshot;
    char state[STATE_BYTES], states[DOMAINS][DOMAIN_STATE_BYTES];
    struct wire_layout layout;
    char *question, *answer; /* of exactly their size: a sanitizer sees each byte too far */
    size_t question_bytes, answer_bytes;
};

static void begin(struct scene *s)
{
    static const char *const names[DOMAINS] = { "a", "", "a long name of a domain", "b\n", "a" };

    memset(s, 0, sizeof(*s));
    for (size_t i = 0; i < DOMAINS; i++) {
        s->domains[i] = (struct memcoord_domain){ .name = names[i],
                                                  .state = s->states[i],
                                                  .index = (uint32_t)i,
                                                  .balloon_kib = 1000 * i,
                                                  .growth_kib_per_s = MEMCOORD_UNKNOWN };
        memset(s->states[i], (int)i, DOMAIN_STATE_BYTES);
        s->list[i] = &s->domains[i];
    }
    memset(s->state, 0x5a, sizeof(s->state));
    s->host = (struct memcoord_host){ .total_kib = 1 << 20, .grantable_kib = -5, .pool_kib = 7 };
    s->snapshot = (struct memcoord_snapshot){ .host = &s->host,
                                              .domains = s->list,
                                              .n_domains = DOMAINS,
                                              .tick = 3,
                                              .now_ms = 3000,
                                              .interval_ms = 1000 };
    assert_int_equal(wire_lay_out(DOMAINS, STATE_BYTES, DOMAIN_STATE_BYTES, &s->layout), 0);
    s->question_bytes = wire_question_bytes(&s->layout, &s->snapshot);
    s->question = calloc(1, s->question_bytes);
    s->answer = calloc(1, s->layout.answer_bytes);
    assert_true(s->question && s->answer);
    wire_write_question(&s->layout, 42, &s->snapshot, s->state, s->question);
}

static void end(struct scene *s)
{
    free(s->question);
    free(s->answer);
}

/* ---- questions */

static void a_question_comes_over_as_it_is(void **unused)
{
    struct scene s;
    struct wire_question q;
    struct memcoord_domain d;

    (void)unused;
    begin(&s);
    assert_int_equal(wire_read_question(s.question, s.question_bytes, &q), 0);
    assert_int_equal(q.serial, 42);
    assert_int_equal(q.tick, 3);
    assert_int_equal(q.now_ms, 3000);
    assert_int_equal(q.interval_ms, 1000);
    assert_memory_equal(&q.host, &s.host, sizeof(s.host));
    assert_memory_equal(&q.layout, &s.layout, sizeof(s.layout));
    assert_memory_equal(q.bytes + q.layout.state, s.state, STATE_BYTES);
    for (size_t i = 0; i < DOMAINS; i++) {
        assert_int_equal(wire_read_domain(&q, i, &d), 0);
        assert_string_equal(d.name, s.domains[i].name);
        assert_null(d.state);
        d.name = s.domains[i].name;
        d.state = s.domains[i].state;
        assert_memory_equal(&d, &s.domains[i], sizeof(d));
        assert_memory_equal(q.bytes + q.layout.states + i * q.layout.state_stride, s.states[i],
                            DOMAIN_STATE_BYTES);
    }
    assert_int_equal(wire_read_domain(&q, DOMAINS, &d), -EBADMSG);
    end(&s);
}

static void a_question_that_is_cut_is_none(void **unused)
{
    struct scene s;
    struct wire_question q;

    (void)unused;
    begin(&s);
    for (size_t size = 0; size < s.question_bytes; size++) {
        char *cut = malloc(size + 1);

        assert_non_null(cut);
        memcpy(cut, s.question, size);
        /* but for its last names it may be one that says so itself */
        assert_int_equal(wire_read_question(cut, size, &q), -EBADMSG);
        free(cut);
    }
    end(&s);
}

/* Bytes that nobody wrote, in a head that mostly says what it should. */
static void spoil(struct random *random, char *bytes, size_t size)
{
    static const uint64_t values[] = { 0, 1, UINT64_MAX, INT64_MAX, 1 << 20, UINT32_MAX, 1000 };

    for (uint64_t n = between(random, 1, 4); n > 0; n--) {
        uint64_t at = between(random, 0, size - 1);

        if (one_in(random, 2))
            at = at % 200 < size ? at % 200 : 0; /* the head */
        if (one_in(random, 2) || size < at / 8 * 8 + 8)
            bytes[at] = (char)between(random, 0, 255);
        else
            memcpy(bytes + at / 8 * 8,
                   &values[between(random, 0, sizeof(values) / sizeof(values[0]) - 1)], 8);
    }
}

static void a_question_that_is_spoilt_does_no_harm(void **unused)
{
    struct scene s;
    struct random random = { 1 };
    size_t good = 0;

    (void)unused;
    begin(&s);
    for (int round = 0; round < ROUNDS; round++) {
        struct wire_question q;
        struct memcoord_domain d;

        wire_write_question(&s.layout, 42, &s.snapshot, s.state, s.question);
        spoil(&random, s.question, s.question_bytes);
        if (wire_read_question(s.question, s.question_bytes, &q) < 0)
            continue;
        assert_true(q.layout.names <= s.question_bytes);
        for (uint64_t i = 0; i < q.layout.n_domains; i++)
            if (wire_read_domain(&q, i, &d) == 0) {
                assert_true(d.name + strlen(d.name) < s.question + s.question_bytes);
                assert_int_equal(d.index, i);
                good++;
            }
    }
    assert_true(good > 1000); /* not all of it was thrown away at once */
    end(&s);
}

static void there_can_not_be_more_than_fits(void **unused)
{
    struct wire_layout l;

    (void)unused;
    assert_int_equal(wire_lay_out(WIRE_MAX_DOMAINS, (size_t)1 << 30, 1 << 20, &l), 0);
    assert_int_equal(wire_lay_out(WIRE_MAX_DOMAINS + 1, 0, 0, &l), -EMSGSIZE);
    assert_int_equal(wire_lay_out(1, ((size_t)1 << 30) + 1, 0, &l), -EMSGSIZE);
    assert_int_equal(wire_lay_out(1, 0, (1 << 20) + 1, &l), -EMSGSIZE);
    assert_int_equal(wire_lay_out(UINT64_MAX, UINT64_MAX, UINT64_MAX, &l), -EMSGSIZE);
}

/* ---- answers */

/* The plan of another process, as it stands in an answer. */
static void answer(struct scene *s, struct plan *plan)
{
    static struct plan_line lines[PLAN_LOG_LIMITS];

    assert_int_equal(plan_begin(plan, &s->snapshot, "test"), 0);
    plan->lines = lines;
    memcoord_set_target(&plan->calls, s->list[1], 111, "one");
    memcoord_set_target(&plan->calls, s->list[2], MEMCOORD_UNKNOWN, "two\n");
    memcoord_set_target(&plan->calls, s->list[4], 333, "one");
    memcoord_log(&plan->calls, 4, "%d is seen", 1);
    memcoord_log(&plan->calls, 4, "%d is seen", 2);
    memset(s->answer + s->layout.answer_state, 0x77, STATE_BYTES);
    memset(s->answer + s->layout.answer_states, 0x66, DOMAINS * s->layout.state_stride);
    s->answer_bytes = wire_write_answer(&s->layout, 42, plan, s->answer);
}

static void an_answer_comes_over_as_it_is(void **unused)
{
    struct scene s;
    struct plan there = { 0 }, here = { 0 };

    (void)unused;
    begin(&s);
    answer(&s, &there);
    assert_true(s.answer_bytes < s.layout.answer_bytes); /* a reason stands there once */
    assert_int_equal(there.lines[0].count, 2);
    assert_string_equal(there.lines[0].text, "1 is seen");
    assert_int_equal(plan_begin(&here, &s.snapshot, "test"), 0);
    assert_int_equal(wire_take_answer(s.answer, s.answer_bytes, &s.layout, 42, &here, s.state), 0);
    for (size_t i = 0; i < DOMAINS; i++) {
        assert_true(here.entries[i].asked_kib == there.entries[i].asked_kib);
        assert_string_equal(here.entries[i].why, there.entries[i].why);
    }
    assert_string_equal(here.entries[2].why, "two ");
    assert_true(here.entries[2].asked_kib == MEMCOORD_UNKNOWN - 1);
    for (size_t i = 0; i < STATE_BYTES; i++)
        assert_int_equal(s.state[i], 0x77);
    for (size_t i = 0; i < DOMAINS; i++)
        for (size_t k = 0; k < DOMAIN_STATE_BYTES; k++)
            assert_int_equal(s.states[i][k], 0x66);
    plan_free(&here);
    plan_free(&there);
    end(&s);
}

static void a_plan_that_failed_comes_over_with_its_reason(void **unused)
{
    struct scene s;
    struct plan there = { 0 }, here = { 0 };

    (void)unused;
    begin(&s);
    answer(&s, &there);
    plan_finish(&there, memcoord_fail(&there.calls, EIO, "a \x1b[2J reason of %d", 7));
    s.answer_bytes = wire_write_answer(&s.layout, 42, &there, s.answer);
    assert_int_equal(plan_begin(&here, &s.snapshot, "test"), 0);
    assert_int_equal(wire_take_answer(s.answer, s.answer_bytes, &s.layout, 42, &here, s.state), 0);
    assert_int_equal(here.failed, -EIO);
    assert_string_equal(here.error, "a  [2J reason of 7");
    for (size_t i = 0; i < DOMAINS; i++)
        assert_true(here.entries[i].asked_kib == MEMCOORD_UNKNOWN);
    plan_free(&here);
    plan_free(&there);
    end(&s);
}

static void an_answer_to_something_else_is_none(void **unused)
{
    struct scene s;
    struct plan there = { 0 }, here = { 0 };
    struct wire_layout other;

    (void)unused;
    begin(&s);
    answer(&s, &there);
    assert_int_equal(plan_begin(&here, &s.snapshot, "test"), 0);
    assert_int_equal(wire_take_answer(s.answer, s.answer_bytes, &s.layout, 43, &here, s.state),
                     -EBADMSG);
    assert_int_equal(wire_lay_out(DOMAINS - 1, STATE_BYTES, DOMAIN_STATE_BYTES, &other), 0);
    assert_int_equal(wire_take_answer(s.answer, s.answer_bytes, &other, 42, &here, s.state),
                     -EBADMSG);
    for (size_t size = 0; size < s.layout.answer_bytes; size++)
        if (size != s.answer_bytes)
            assert_int_equal(wire_take_answer(s.answer, size, &s.layout, 42, &here, s.state),
                             -EBADMSG);
    for (size_t i = 0; i < STATE_BYTES; i++) /* nothing was touched */
        assert_int_equal(s.state[i], 0x5a);
    plan_free(&here);
    plan_free(&there);
    end(&s);
}

/* Whatever it is, texts end, and are plain, and a failed plan asks for nothing. */
static void judge(const struct plan *plan)
{
    assert_true(plan->failed <= 0 && plan->failed > -4096);
    assert_non_null(memchr(plan->error, '\0', sizeof(plan->error)));
    for (size_t i = 0; i < DOMAINS; i++) {
        const struct plan_entry *e = &plan->entries[i];

        assert_non_null(memchr(e->why, '\0', sizeof(e->why)));
        for (const char *c = e->why; *c; c++)
            assert_true(*c >= ' ' && *c < 0x7f);
        if (plan->failed)
            assert_true(e->asked_kib == MEMCOORD_UNKNOWN);
    }
}

static void an_answer_that_is_spoilt_does_no_harm(void **unused)
{
    struct scene s;
    struct plan there = { 0 }, here = { 0 };
    struct random random = { 2 };
    size_t good = 0;

    (void)unused;
    begin(&s);
    log_open(LOG_LEVEL_ERROR); /* its messages are warnings, or what becomes of them */
    for (int round = 0; round < ROUNDS; round++) {
        char *bytes;

        there.lines = NULL;
        answer(&s, &there);
        bytes = malloc(s.answer_bytes + 1); /* it may lie anywhere */
        assert_non_null(bytes);
        memcpy(bytes + 1, s.answer, s.answer_bytes);
        spoil(&random, bytes + 1, s.answer_bytes);
        assert_int_equal(plan_begin(&here, &s.snapshot, "test"), 0);
        if (wire_take_answer(bytes + 1, s.answer_bytes, &s.layout, 42, &here, s.state) == 0) {
            judge(&here);
            good++;
        }
        free(bytes);
    }
    assert_true(good > 1000 && good < ROUNDS);
    plan_free(&here);
    plan_free(&there);
    end(&s);
}

/* ---- the others */

static const struct memcoord_param params[] = {
    { "low", "1MiB", "0..1GiB", "what is low", 8, MEMCOORD_TYPE_SIZE, 0 },
    { "how", "keep", "keep|share", "what to do", 16, MEMCOORD_TYPE_CHOICE, 0 },
};
static const struct wire_loaded loaded = { .refused = "nothing",
                                           .has_check = 1,
                                           .table = { .abi = 2,
                                                      .name = "test",
                                                      .summary = "a test",
                                                      .state_size = 24,
                                                      .domain_state_size = 20,
                                                      .state_version = 9 },
                                           .n_params = 2 };

static void what_a_policy_declares_comes_over_as_it_is(void **unused)
{
    char bytes[2048];
    size_t size = wire_write_loaded(&loaded, params, bytes, sizeof(bytes));
    struct memcoord_param read_params[2];
    struct wire_loaded read;

    (void)unused;
    assert_true(size < sizeof(bytes));
    assert_int_equal(wire_write_loaded(&loaded, params, NULL, 0), size);
    assert_int_equal(wire_read_loaded(bytes, size, &read, read_params, 2), 0);
    assert_int_equal(read.failed, 0);
    assert_string_equal(read.error, "");
    assert_string_equal(read.refused, "nothing");
    assert_int_equal(read.has_check, 1);
    assert_string_equal(read.table.name, "test");
    assert_null(read.table.source);
    assert_int_equal(read.table.state_version, 9);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(read_params[i].key, params[i].key);
        assert_string_equal(read_params[i].range, params[i].range);
        assert_int_equal(read_params[i].offset, params[i].offset);
        assert_int_equal(read_params[i].type, params[i].type);
    }
    assert_int_equal(wire_read_loaded(bytes, size, &read, read_params, 1), -EBADMSG);
    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(wire_read_loaded(bytes, cut, &read, read_params, 2), -EBADMSG);
}

static void a_declaration_that_is_spoilt_does_no_harm(void **unused)
{
    struct random random = { 3 };
    size_t good = 0, size = wire_write_loaded(&loaded, params, NULL, 0);

    (void)unused;
    for (int round = 0; round < ROUNDS; round++) {
        char *bytes = malloc(size);
        struct memcoord_param read_params[2];
        struct wire_loaded read;

        assert_non_null(bytes);
        wire_write_loaded(&loaded, params, bytes, size);
        spoil(&random, bytes, size);
        if (wire_read_loaded(bytes, size, &read, read_params, 2) == 0) {
            good++;
            assert_true(strlen(read.error) < size && strlen(read.refused) < size);
            for (size_t i = 0; i < read.n_params; i++)
                assert_true(strlen(read_params[i].key) < size);
        }
        free(bytes);
    }
    assert_true(good > 100 && good < ROUNDS);
}

static void heads_paths_and_texts_are_looked_at(void **unused)
{
    struct wire_head head = { .call = WIRE_CHECK, .serial = 1, .bytes = 2 }, read;
    struct wire_load load = { .path = "/x" }, read_load;
    char text[8];

    (void)unused;
    assert_int_equal(wire_read_head(&head, sizeof(head), &read), 0);
    assert_int_equal(wire_read_head(&head, sizeof(head) - 1, &read), -EBADMSG);
    head.call = WIRE_DECIDE + 1;
    assert_int_equal(wire_read_head(&head, sizeof(head), &read), -EBADMSG);
    head = (struct wire_head){ .call = WIRE_LOAD, .reserved = 1 };
    assert_int_equal(wire_read_head(&head, sizeof(head), &read), -EBADMSG);
    assert_int_equal(wire_read_load(&load, sizeof(load), &read_load), 0);
    assert_string_equal(read_load.path, "/x");
    memset(load.path, 'x', sizeof(load.path));
    assert_int_equal(wire_read_load(&load, sizeof(load), &read_load), -EBADMSG);
    assert_int_equal(wire_read_load(&load, 5, &read_load), -EBADMSG);
    assert_int_equal(wire_read_text("low is high", 12, text, sizeof(text)), 0);
    assert_string_equal(text, "low is ");
    assert_int_equal(wire_read_text("low", 3, text, sizeof(text)), -EBADMSG);
    assert_int_equal(wire_read_text("", 0, text, sizeof(text)), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_question_comes_over_as_it_is),
        cmocka_unit_test(a_question_that_is_cut_is_none),
        cmocka_unit_test(a_question_that_is_spoilt_does_no_harm),
        cmocka_unit_test(there_can_not_be_more_than_fits),
        cmocka_unit_test(an_answer_comes_over_as_it_is),
        cmocka_unit_test(a_plan_that_failed_comes_over_with_its_reason),
        cmocka_unit_test(an_answer_to_something_else_is_none),
        cmocka_unit_test(an_answer_that_is_spoilt_does_no_harm),
        cmocka_unit_test(what_a_policy_declares_comes_over_as_it_is),
        cmocka_unit_test(a_declaration_that_is_spoilt_does_no_harm),
        cmocka_unit_test(heads_paths_and_texts_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
