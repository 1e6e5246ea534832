/* SPDX-License-Identifier: BSD-3-Clause */
/* For the tests of faults: a libvirtd whose guests are played. It prints its URI, obeys lines from standard
 * input, and says each target that it was given, and whether that was within bounds:
 *
 *   add NAME USED_MIB      starts a guest of 512 of at most 1024 MiB that follows its balloon
 *   use NAME MIB           it needs so much from now on
 *   stop NAME, cont NAME   SIGSTOP and SIGCONT of its QEMU
 *   die NAME, run NAME     it ends; it is started anew
 *   say NAME               prints "NAME has MIB MiB"
 */
#include <inttypes.h>

#include "lib/fake_libvirtd.h"

#define MIB UINT64_C(1024)
#define BALLOON "<memballoon model='virtio'><stats period='1'/></memballoon>"
#define MIN_MIB 256

static struct fake_libvirtd fake;

static void on_stats(void *context)
{
    (void)context;
    for (size_t i = 0; i < fake.n; i++)
        fake.domains[i].last_update_s = (uint64_t)time(NULL);
}

static void on_set(void *context, const struct fake_domain *d)
{
    (void)context;
    printf("%s: %" PRIu64 " MiB%s\n", d->name, d->set_kib / MIB,
           d->set_kib < MIN_MIB * MIB || d->set_kib > d->maximum_kib ? ", which is OUT OF BOUNDS"
                                                                     : "");
}

static struct fake_domain *find(const char *name)
{
    for (size_t i = 0; i < fake.n; i++)
        if (!strcmp(fake.domains[i].name, name))
            return &fake.domains[i];
    return NULL;
}

static void add(const char *name)
{
    fake.domains[fake.n] = (struct fake_domain){ .name = strdup(name),
                                                 .id = (int)fake.n + 1,
                                                 .devices = BALLOON,
                                                 .current_kib = 512 * MIB,
                                                 .maximum_kib = 1024 * MIB,
                                                 .rss_kib = 600 * MIB };
    fake.n++;
}

static void tell_lifecycle(const struct fake_domain *d, uint32_t event)
{
    const uint32_t figures[] = { event, 0 };

    pthread_mutex_unlock(&fake.lock);
    fake_tell(&fake, fake_lifecycle, (size_t)(d - fake.domains), NULL, 2, figures);
    pthread_mutex_lock(&fake.lock);
}

static void set_stopped(struct fake_domain *d, bool stopped)
{
    d->stopped = stopped;
    d->entered = false;
    pthread_cond_broadcast(&fake.changed);
}

/* False: no such command. The lock is held. */
static bool obey(const char *command, const char *name, uint64_t mib)
{
    struct fake_domain *d;

    if (!strcmp(command, "add"))
        add(name);
    if (!(d = find(name)))
        return false;
    if (!strcmp(command, "add") || !strcmp(command, "use"))
        d->used_kib = mib * MIB;
    else if (!strcmp(command, "stop") || !strcmp(command, "cont"))
        set_stopped(d, command[0] == 's');
    else if (!strcmp(command, "say"))
        printf("%s has %" PRIu64 " MiB\n", name, d->current_kib / MIB);
    else if (!strcmp(command, "die")) {
        d->id = 0;
        tell_lifecycle(d, 5);
    } else if (!strcmp(command, "run")) {
        d->id = (int)(d - fake.domains) + 1000;
        d->current_kib = 512 * MIB;
        tell_lifecycle(d, 2);
    } else
        return false;
    return true;
}

int main(void)
{
    char line[200], command[20], name[100];
    unsigned mib = 0;

    setlinebuf(stdout);
    fake_start(&fake);
    fake.on_stats = on_stats;
    fake.on_set = on_set;
    printf("qemu:///system?socket=%s\n", fake.path);
    while (fgets(line, sizeof(line), stdin)) {
        bool good = sscanf(line, "%19s %99s %u", command, name, &mib) >= 2;

        pthread_mutex_lock(&fake.lock);
        if (!good || !obey(command, name, mib))
            fprintf(stderr, "libvirtd: what is that: %s", line);
        pthread_mutex_unlock(&fake.lock);
    }
    for (size_t i = 0; i < fake.n; i++) /* whoever hangs may end */
        set_stopped(&fake.domains[i], false);
    fake_stop(&fake);
    return 0;
}
