#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy never comes back from being loaded, and answers in the place of the process: so the last filter never comes,
# and nobody can tell. It may; but it can do nothing then that a policy can't.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"
if [[ -n ${SANITIZE:-} ]]; then
    pass "with a sanitizer the process may read files at any time"
    done_testing
fi

cat > "$tmp/forges.c" <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "policy/wire.h"

/* of plan.c; an answer that is forged has no use for it */
void plan_say(struct plan *p, const struct plan_line *l) {}
void plan_take_target(struct plan *p, size_t i, uint64_t kib, const char *why) {}
void plan_take_failure(struct plan *p, int failed, const char *error) {}
void plan_plain_why(char *plain, const char *why) {}

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan) { return 0; }
MEMCOORD_POLICY(.name = "forges", .summary = "does harm", .decide = decide);

static int is_there(char *page)
{
    struct timespec none = { 0 };

    return syscall(SYS_futex, page, FUTEX_WAIT_PRIVATE, 1, &none, NULL, 0) == 0 || errno != EFAULT;
}

/* The question, which has the path of this file in it: the answer's place is below. */
static char *find_question(void)
{
    char *middle = (char *)((uintptr_t)&malloc & -4096), *page;

    for (long i = -65536; i < 65536; i++) {
        page = middle + i * 4096;
        if (is_there(page) && strstr(page + offsetof(struct wire_load, path), "/forges.so"))
            return page;
    }
    _exit(77);
}

static void answer(struct wire_head head, size_t bytes)
{
    head.bytes = bytes;
    send(3, &head, sizeof(head), 0);
}

/* What it can have of a file. */
static const char *look(const char *path)
{
    static char text[100];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    if (n < 0)
        return strerror(errno);
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return text;
}

__attribute__((constructor)) static void forge(void)
{
    char *question = find_question(), *place = question - 65536;
    struct wire_loaded loaded = { .error = "", .refused = "",
                                  .table = { .abi = MEMCOORD_ABI, .name = "forges", .summary = "does harm" } };
    struct wire_head head = { .call = WIRE_LOAD, .serial = 1 };

    struct iovec part = { &head, sizeof(head) };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

    answer(head, wire_write_loaded(&loaded, NULL, place, 65536));
    while (recvmsg(3, &message, 0) == sizeof(head)) {
        struct wire_question q;
        struct plan_entry entry = { .asked_kib = MEMCOORD_UNKNOWN };
        struct plan_line lines[16] = { { .count = 1, .level = 4, .message = head.serial } };
        struct plan plan = { .entries = &entry, .lines = lines, .n_lines = 1 };

        if (wire_read_question(question, head.bytes, &q) < 0)
            _exit(78);
        snprintf(lines[0].text, sizeof(lines[0].text), "forged: %s", look("/etc/passwd"));
        answer(head, wire_write_answer(&q.layout, head.serial, &plan, place));
    }
    _exit(0);
}
END
ok "it compiles" $cc -w -O0 -std=gnu11 -fPIC -shared -D_GNU_SOURCE -I"$top/include" -I"$top/core" -o "$tmp/forges.so" \
    "$tmp/forges.c" "$top"/core/policy/wire*.c
config forges test:///default 2s 'sandbox = required'
out=$("$memcoord" -c "$tmp/forges.ini" --ticks 2 2>&1)
like "$out" '^policy forges: forged: ' "it answers in the place of its process"
like "$out" '^policy forges: forged: Permission denied$' "it can't open a file"
unlike "$out" 'root:' "nor tell what is in it"
done_testing
