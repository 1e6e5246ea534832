/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy/child.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "policy/child_decide.h"
#include "policy/child_sandbox.h"
#include "policy/loader.h"
#include "policy/object.h"
#include "policy/wire.h"
#include "util/complain.h"
#include "util/log.h"

#define KEPT_BYTES (32 << 20)

struct area {
    char *bytes;
    size_t size;
};

struct child {
    struct area question, answer;
    struct policy policy;
    struct child_decide decide;
};

/* ---- what comes over the socket */

static void take_area(struct area *area, int fd, int protection)
{
    struct stat st;
    void *bytes;

    if (area->bytes)
        munmap(area->bytes, area->size);
    if (fstat(fd, &st) < 0)
        _exit(EXIT_FAILURE);
    bytes = mmap(NULL, (size_t)st.st_size, protection, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        _exit(CHILD_NO_MEMORY);
    close(fd);
    *area = (struct area){ .bytes = bytes, .size = (size_t)st.st_size };
}

/* Areas that come with a message take the place of those before. */
static void take_areas(struct child *child, struct msghdr *message)
{
    const struct cmsghdr *c = CMSG_FIRSTHDR(message);
    int fds[2];

    if (!c)
        return;
    if (c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(fds)))
        _exit(EXIT_FAILURE);
    memcpy(fds, CMSG_DATA(c), sizeof(fds));
    take_area(&child->question, fds[0], PROT_READ);
    take_area(&child->answer, fds[1], PROT_READ | PROT_WRITE);
}

/* The next question. When there is nobody to ask any more, this is the end. */
static void receive(struct child *child, struct wire_head *head)
{
    char bytes[sizeof(*head)];
    struct iovec part = { .iov_base = bytes, .iov_len = sizeof(bytes) };
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct msghdr message;
    ssize_t n;

    do {
        message = (struct msghdr){ .msg_iov = &part,
                                   .msg_iovlen = 1,
                                   .msg_control = control.bytes,
                                   .msg_controllen = sizeof(control.bytes) };
        n = recvmsg(CHILD_SOCKET, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n == 0)
        _exit(EXIT_SUCCESS);
    if (n < 0 || wire_read_head(bytes, (size_t)n, head) < 0)
        _exit(EXIT_FAILURE);
    take_areas(child, &message);
    if (head->bytes > child->question.size || child->answer.size < WIRE_TEXT_BYTES)
        _exit(EXIT_FAILURE);
}

static void answer(struct wire_head head, size_t bytes)
{
    head.bytes = bytes;
    if (send(CHILD_SOCKET, &head, sizeof(head), MSG_NOSIGNAL) < 0)
        _exit(EXIT_FAILURE);
}

/* ---- questions */

struct complaint {
    const char *path;
    char *text;
    size_t size;
};

/* Its code runs before that of the policy, which is not yet there: so only such as this system's linker finds by its
 * name, wherever the policy's file says that it should be looked for. It is found again when the policy needs it. */
static int load_library(const char *name, void *arg)
{
    const struct complaint *c = arg;
    const char *why;

    if (strchr(name, '/'))
        return complain(c->text, c->size, -EACCES,
                        "%s: it needs %.200s; want libraries by their names alone", c->path, name);
    if (*name && dlopen(name, RTLD_NOW | RTLD_LOCAL))
        return 0;
    why = dlerror();
    return complain(c->text, c->size, -ENOEXEC,
                    "%s: a library that it needs can't be loaded from the system's folders: %s",
                    c->path, why ? why : "it has no name");
}

static int load_libraries(const struct wire_load *asked, char *error, size_t error_size)
{
    struct complaint c = { asked->path, error, error_size };

    return asked->sandbox == SANDBOX_OFF ? 0 : object_libraries(CHILD_OBJECT, load_library, &c);
}

/* 0, or a negative errno with `error`; what the kernel refused in any case. */
static int load(struct child *child, const struct wire_load *asked, char *refused,
                size_t refused_size, char *error, size_t error_size)
{
    struct policy *policy = &child->policy;
    int r = child_sandbox_begin(asked, refused, refused_size, error, error_size);

    policy->path = strdup(asked->path);
    policy->fd = CHILD_OBJECT;
    if (!policy->path)
        _exit(CHILD_NO_MEMORY);
    if (r == 0)
        r = load_libraries(asked, error, error_size);
    if (r == 0)
        r = child_sandbox_close(asked, refused, refused_size, error, error_size);
    if (r == 0)
        r = policy_link(policy, error, error_size);
    if (r == 0)
        r = child_sandbox_end(asked, refused, refused_size, error, error_size);
    return r;
}

static size_t answer_load(struct child *child, size_t bytes)
{
    const struct policy *policy = &child->policy;
    static char error[WIRE_TEXT_BYTES], refused[WIRE_TEXT_BYTES];
    struct wire_loaded loaded = { .error = error, .refused = refused };
    struct wire_load asked;
    size_t used;

    if (policy->handle || wire_read_load(child->question.bytes, bytes, &asked) < 0)
        _exit(EXIT_FAILURE);
    log_open((enum log_level)asked.log_level);
    loaded.failed = load(child, &asked, refused, sizeof(refused), error, sizeof(error));
    if (loaded.failed == 0) {
        loaded.table = policy->table;
        loaded.has_check = policy->table.check ? 1 : 0;
        loaded.n_params = policy->n_params;
    }
    used = wire_write_loaded(&loaded, policy->params, child->answer.bytes, child->answer.size);
    if (used <= child->answer.size)
        return used;
    loaded = (struct wire_loaded){ .failed = -E2BIG,
                                   .error = "its parameters' texts are too long",
                                   .refused = refused };
    return wire_write_loaded(&loaded, NULL, child->answer.bytes, child->answer.size);
}

static size_t answer_check(struct child *child, size_t bytes)
{
    const struct memcoord_policy *table = &child->policy.table;
    char *state = malloc(bytes + 1);
    const char *wrong;

    if (!state)
        _exit(CHILD_NO_MEMORY);
    if (!table->check || bytes != table->state_size)
        _exit(EXIT_FAILURE);
    memcpy(state, child->question.bytes, bytes);
    wrong = table->check(state);
    snprintf(child->answer.bytes, WIRE_TEXT_BYTES, "%s", wrong ? wrong : "");
    free(state);
    return strlen(child->answer.bytes) + 1;
}

static size_t answer_decide(struct child *child, size_t bytes)
{
    struct wire_question question;

    if (!child->policy.handle || wire_read_question(child->question.bytes, bytes, &question) < 0 ||
        question.layout.answer_bytes > child->answer.size)
        _exit(EXIT_FAILURE);
    return child_decide(&child->decide, &child->policy.table, &question, child->answer.bytes);
}

/* It does not return; it is ended, or ends itself when the socket closes. */
int child_main(void)
{
    static struct child child;
    struct wire_head head;

    prctl(PR_SET_NAME, "memcoord-policy");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (chdir("/") < 0) /* memcoord's folder may be unmounted */
        return EXIT_FAILURE;
    /* What one decision takes, the next will take again: to give it back in between costs more than to decide. */
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    for (;;) {
        receive(&child, &head);
        switch ((enum wire_call)head.call) {
        case WIRE_LOAD:
            answer(head, answer_load(&child, head.bytes));
            break;
        case WIRE_CHECK:
            answer(head, answer_check(&child, head.bytes));
            break;
        case WIRE_DECIDE:
            answer(head, answer_decide(&child, head.bytes));
            break;
        }
    }
}
