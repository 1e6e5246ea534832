/* SPDX-License-Identifier: BSD-3-Clause */
/* For the tests of faults: a libvirtd with four guests that outlive the daemon, and daemons that are ended on it.
 *
 *   killed PROGRAM FOLDER POLICY kill SEED ROUNDS   SIGKILL at ROUNDS random instants, each in another daemon; then one that
 *                                            runs on, and gives back at its end what guests had before all of them
 *   killed PROGRAM FOLDER POLICY forget SEED ROUNDS the same, and before each start all that was written down is removed
 *   killed PROGRAM FOLDER POLICY term WHEN          SIGTERM to a daemon with on_exit = restore, while a guest is in need:
 *                                            `set` in the middle of its changes, and again at each change that
 *                                            follows; `decide` while its policy decides
 *
 * FOLDER holds meminfo and x.ini, which gets its [memcoord] here. Says what was wrong, and ends with 1. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>

#include "lib/fake_libvirtd.h"
#include "lib/random.h"

#define MIB UINT64_C(1024) /* KiB */
#define GUESTS 4
#define HAD_KIB (512 * MIB)
#define MIN_KIB (200 * MIB) /* as x.ini has them */
#define MAX_KIB (800 * MIB)
/* A shrink leaves 100 MiB usable of what a sample showed, which is up to 2 s old: it grows 8 MiB/s. */
#define LEFT_KIB (80 * MIB)

struct world {
    struct fake_libvirtd fake;
    const char *program, *folder, *policy;
    struct random random;
    uint64_t at_ms, used_kib[GUESTS];
    pid_t pid;
    int signal;    /* what ends the daemon */
    unsigned proc; /* at this procedure; 0: any */
    unsigned left; /* so many of them from now; 0: it is not ended by a call */
    bool answered; /* when the call has been answered, not before */
    bool again;    /* and at each change that follows */
    unsigned calls_at_start, sets, shrinks, wrong;
};

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void complain(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void complain(struct world *w, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    if (w->wrong++ < 20) {
        vprintf(fmt, args);
        putchar('\n');
    }
    va_end(args);
}

/* ---- the guests; the lock is held */

/* It grows to `most_kib`, and frees at once all above `least_kib`. */
static void saw(struct world *w, size_t i, uint64_t least_kib, uint64_t most_kib,
                uint64_t passed_ms)
{
    uint64_t has_kib = w->fake.domains[i].current_kib - 8 * MIB;

    w->used_kib[i] += 8 * MIB * passed_ms / 1000;
    if (w->used_kib[i] > most_kib)
        w->used_kib[i] = least_kib;
    if (w->used_kib[i] > has_kib)
        w->used_kib[i] = has_kib;
}

/* The first is idle, the fourth holds what it has, the others come and go. */
static void use(struct world *w, uint64_t passed_ms)
{
    w->used_kib[0] = 100 * MIB;
    w->used_kib[3] = 350 * MIB;
    saw(w, 1, 250 * MIB, 600 * MIB, passed_ms);
    saw(w, 2, 100 * MIB, 200 * MIB, passed_ms);
}

static void step(void *context)
{
    struct world *w = context;
    uint64_t passed_ms = now_ms() - w->at_ms, may_kib = 400 * MIB * passed_ms / 1000;

    w->at_ms += passed_ms;
    use(w, passed_ms);
    for (size_t i = 0; i < GUESTS; i++) {
        struct fake_domain *d = &w->fake.domains[i];
        uint64_t to_kib = d->set_kib ? d->set_kib : d->current_kib;

        if (to_kib > d->current_kib)
            d->current_kib += to_kib - d->current_kib < may_kib ? to_kib - d->current_kib : may_kib;
        else
            d->current_kib -= d->current_kib - to_kib < may_kib ? d->current_kib - to_kib : may_kib;
        d->last_update_s = (uint64_t)time(NULL);
        d->unused_kib = d->current_kib > w->used_kib[i] ? 2 * (d->current_kib - w->used_kib[i]) : 0;
        d->rss_kib = d->current_kib + 50 * MIB;
    }
}

/* Whatever was asked for last is one that a guest can live with. */
static void judge(struct world *w)
{
    for (size_t i = 0; i < GUESTS; i++) {
        const struct fake_domain *d = &w->fake.domains[i];

        if (d->set_kib == 0)
            continue;
        if (d->set_kib < MIN_KIB || d->set_kib > MAX_KIB)
            complain(w, "%s: %" PRIu64 " KiB are outside of its bounds", d->name, d->set_kib);
        if (d->set_kib < d->current_kib && d->set_kib < w->used_kib[i] + LEFT_KIB)
            complain(w, "%s: %" PRIu64 " KiB are too little for the %" PRIu64 " that it uses",
                     d->name, d->set_kib, w->used_kib[i]);
    }
}

static void on_call(void *context, uint32_t proc, bool answered)
{
    struct world *w = context;

    step(w);
    if (proc == FAKE_SET_MEMORY_FLAGS && answered) {
        w->sets++;
        for (size_t i = 0; i < GUESTS; i++)
            w->shrinks += w->fake.domains[i].set_kib && w->fake.domains[i].set_kib < HAD_KIB;
        judge(w);
    }
    if (w->left == 0 || answered != w->answered || (w->proc && proc != w->proc) || --w->left > 0)
        return;
    w->left = w->again;
    kill(w->pid, w->signal);
}

/* ---- daemons */

static void start(struct world *w)
{
    char config[200], log[200];

    snprintf(config, sizeof(config), "%s/x.ini", w->folder);
    snprintf(log, sizeof(log), "%s/log", w->folder);
    pthread_mutex_lock(&w->fake.lock);
    w->calls_at_start = w->fake.calls[FAKE_ALL_STATS];
    w->pid = fork();
    if (w->pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

        if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
            _exit(99);
        execl(w->program, w->program, "-c", config, "--proc", w->folder, (char *)NULL);
        _exit(99);
    }
    pthread_mutex_unlock(&w->fake.lock);
}

/* Waits until it has ended, at most so long; -1 if it has not. */
static int wait_for_end(struct world *w, uint64_t most_ms)
{
    uint64_t until_ms = now_ms() + most_ms;
    int status;

    do {
        if (waitpid(w->pid, &status, WNOHANG) == w->pid)
            return status;
        usleep(1000);
    } while (now_ms() < until_ms);
    return -1;
}

/* Nobody is connected any more: there is room again. */
static void hang_up(struct world *w)
{
    fake_hang_up(&w->fake);
    pthread_mutex_lock(&w->fake.lock);
    w->fake.n_clients = 0;
    w->fake.stop = false;
    pthread_mutex_unlock(&w->fake.lock);
}

/* When the next daemon is killed: at any call, or at one that changes something, before or after. */
static void plan_kill(struct world *w)
{
    pthread_mutex_lock(&w->fake.lock);
    w->signal = SIGKILL;
    w->proc = one_in(&w->random, 3) ? 0 : FAKE_SET_MEMORY_FLAGS;
    w->left = (unsigned)between(&w->random, 1, w->proc ? 4 : 40);
    w->answered = one_in(&w->random, 2);
    pthread_mutex_unlock(&w->fake.lock);
}

static void forget_all(const struct world *w)
{
    char command[200];

    snprintf(command, sizeof(command), "rm -rf %s/run/*", w->folder);
    if (system(command) != 0)
        abort();
}

static void kill_one(struct world *w, bool forgets)
{
    int status;

    if (forgets)
        forget_all(w);
    plan_kill(w);
    start(w);
    status = wait_for_end(w, (uint64_t)between(&w->random, 1000, 9000));
    if (status == -1) { /* that call never came, or not yet: any time is one */
        kill(w->pid, SIGKILL);
        status = wait_for_end(w, 10000);
    }
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        complain(w, "a daemon ended by itself: %x", (unsigned)status);
    hang_up(w);
    pthread_mutex_lock(&w->fake.lock);
    w->left = 0;
    step(w);
    judge(w);
    pthread_mutex_unlock(&w->fake.lock);
}

/* Whether the daemon looks, the idle guest has given, and the fourth has what it needs. */
static bool is_right(struct world *w)
{
    bool right;

    pthread_mutex_lock(&w->fake.lock);
    step(w);
    right = w->fake.domains[0].current_kib <= 310 * MIB &&
            w->fake.calls[FAKE_ALL_STATS] >= w->calls_at_start + 3 &&
            w->fake.domains[3].current_kib >= w->used_kib[3] + 90 * MIB;
    pthread_mutex_unlock(&w->fake.lock);
    return right;
}

static bool comes_right(struct world *w, uint64_t most_ms)
{
    for (uint64_t until_ms = now_ms() + most_ms; now_ms() < until_ms; usleep(50000))
        if (is_right(w))
            return true;
    return false;
}

/* The last daemon ends, and has given back what it owed. */
static void expect_restored(struct world *w, uint64_t had_kib)
{
    int status = wait_for_end(w, 60000);

    if (status != 0)
        complain(w, "the last daemon ended with %x", (unsigned)status);
    usleep(1500000); /* balloons take their time */
    pthread_mutex_lock(&w->fake.lock);
    step(w);
    for (size_t i = 0; i < GUESTS; i++)
        if (w->fake.domains[i].current_kib < had_kib)
            complain(w, "%s has %" PRIu64 " MiB at the end, and had %" PRIu64,
                     w->fake.domains[i].name, w->fake.domains[i].current_kib / MIB, had_kib / MIB);
    pthread_mutex_unlock(&w->fake.lock);
}

static void run_kills(struct world *w, unsigned rounds, bool forgets)
{
    for (unsigned i = 0; i < rounds; i++)
        kill_one(w, forgets);
    start(w);
    if (!comes_right(w, 60000))
        complain(w, "the last daemon does not come to what is right");
    kill(w->pid, SIGTERM);
    expect_restored(w, forgets ? 0 : HAD_KIB);
    printf("# %u changes, at %u of which some guest had less than at first\n", w->sets, w->shrinks);
    if (w->sets == 0 || w->shrinks == 0)
        complain(w, "nothing was ever changed");
}

static void run_term(struct world *w, bool in_decide)
{
    pthread_mutex_lock(&w->fake.lock);
    w->signal = SIGTERM;
    w->used_kib[1] = 430 * MIB; /* it needs more soon, and goes on to */
    pthread_mutex_unlock(&w->fake.lock);
    start(w);
    if (!comes_right(w, 60000))
        complain(w, "it does not come to what is right");
    pthread_mutex_lock(&w->fake.lock);
    w->used_kib[1] = w->fake.domains[1].current_kib - 40 * MIB; /* now it is in need */
    w->fake.domains[0].set_kib = HAD_KIB - 100 * MIB;           /* and there is something to do */
    w->proc = in_decide ? FAKE_ALL_STATS : FAKE_SET_MEMORY_FLAGS;
    w->answered = in_decide;
    w->again = !in_decide;
    w->left = 1;
    pthread_mutex_unlock(&w->fake.lock);
    expect_restored(w, 0);
    pthread_mutex_lock(&w->fake.lock);
    if (w->fake.domains[2].current_kib < HAD_KIB)
        complain(w, "a guest has %" PRIu64 " MiB, and had %" PRIu64,
                 w->fake.domains[2].current_kib / MIB, HAD_KIB / MIB);
    if (w->fake.domains[1].current_kib < w->used_kib[1])
        complain(w, "the guest in need was not left what it uses");
    pthread_mutex_unlock(&w->fake.lock);
}

/* ---- */

static void set_up(struct world *w)
{
    static const char *const names[GUESTS] = { "idle", "grows", "rests", "holds" };
    char path[200];
    FILE *f;

    fake_start(&w->fake);
    pthread_mutex_lock(&w->fake.lock);
    for (size_t i = 0; i < GUESTS; i++)
        w->fake.domains[i] = (struct fake_domain){
            .name = names[i],
            .id = (int)i + 1,
            .devices = "<memballoon model='virtio'><stats period='1'/></memballoon>",
            .current_kib = HAD_KIB,
            .maximum_kib = 1024 * MIB,
        };
    w->fake.n = GUESTS;
    w->used_kib[1] = 250 * MIB;
    w->used_kib[2] = 100 * MIB;
    w->at_ms = now_ms();
    w->fake.context = w;
    w->fake.on_call = on_call;
    pthread_mutex_unlock(&w->fake.lock);
    snprintf(path, sizeof(path), "%s/x.ini", w->folder);
    f = fopen(path, "a");
    if (!f ||
        fprintf(
            f,
            "[memcoord]\nuri = qemu:///system?socket=%s\non_exit = restore\ninterval = 100ms\npolicy = %s\n",
            w->fake.path, w->policy) < 0 ||
        fclose(f))
        abort();
}

int main(int argc, char **argv)
{
    static struct world w;

    if (argc < 6)
        return 2;
    w.program = argv[1];
    w.folder = argv[2];
    w.policy = argv[3];
    set_up(&w);
    if (strcmp(argv[4], "term") == 0) {
        run_term(&w, strcmp(argv[5], "decide") == 0);
    } else {
        w.random.state = strtoull(argv[5], NULL, 10);
        run_kills(&w, (unsigned)strtoul(argv[6], NULL, 10), strcmp(argv[4], "forget") == 0);
    }
    fake_stop(&w.fake);
    return w.wrong > 0;
}
