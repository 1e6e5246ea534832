/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/process_ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int reserve_answer(struct policy_process *p, uint64_t bytes)
{
    char *copy;
    int r;

    if (bytes <= p->answer.size)
        return 0;
    r = process_area_answer(&p->answer, bytes);
    if (r < 0)
        return r;
    p->handed_over = false;
    copy = realloc(p->copy, p->answer.size);
    if (!copy) {
        process_area_free(&p->answer);
        return -ENOMEM;
    }
    p->copy = copy;
    return 0;
}

int process_reserve(struct policy_process *p, uint64_t question_bytes, uint64_t answer_bytes)
{
    int r = reserve_answer(p, answer_bytes);

    if (r < 0 || question_bytes <= p->question.size)
        return r;
    r = process_area_question(&p->question, question_bytes);
    if (r == 0)
        p->handed_over = false;
    return r;
}

/* pread(), for no answer can make it die. */
static int copy_answer(struct policy_process *p, uint64_t bytes)
{
    uint64_t done = 0;

    while (done < bytes) {
        ssize_t n = pread(p->answer.fd, p->copy + done, bytes - done, (off_t)done);

        if (n == 0)
            return -EBADMSG;
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (uint64_t)n : 0;
    }
    return 0;
}

int process_ask(struct policy_process *p, enum wire_call call, uint64_t bytes)
{
    const struct process_area *areas[2] = { &p->question, &p->answer };
    const struct wire_head head = { .call = call, .serial = ++p->serial, .bytes = bytes };
    int r = worker_send(&p->worker, &head, p->handed_over ? NULL : areas);

    if (r == 0)
        p->handed_over = true;
    return r;
}

int process_answer(struct policy_process *p, enum wire_call call, uint64_t until_ms, size_t *bytes)
{
    struct wire_head head;
    int r = worker_receive(&p->worker, until_ms, &head);

    if (r < 0)
        return r;
    if (head.call != (uint32_t)call || head.serial != p->serial || head.bytes > p->answer.size)
        return -EBADMSG;
    *bytes = head.bytes;
    return copy_answer(p, head.bytes);
}

void process_give_up(struct policy_process *p, int r, const char *doing, uint64_t within_ms,
                     char *text, size_t size)
{
    char how[128] = "";

    worker_end(&p->worker, r == -ETIMEDOUT || r == -EBADMSG ? NULL : how, sizeof(how));
    if (r == -ETIMEDOUT)
        snprintf(how, sizeof(how), "gave no answer within %llu ms", (unsigned long long)within_ms);
    else if (r == -EBADMSG)
        snprintf(how, sizeof(how), "gave an answer that makes no sense");
    else if (!*how)
        snprintf(how, sizeof(how), "closed its connection (%s)", strerror(-r));
    snprintf(text, size, "its process %s %s", how, doing);
}
