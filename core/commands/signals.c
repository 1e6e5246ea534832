/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/signals.h"

#include <errno.h>
#include <stddef.h>

volatile sig_atomic_t signals_stop;
static volatile sig_atomic_t reload;
static struct host *volatile woken_host;

static void handle(int signal)
{
    int saved = errno;
    struct host *host = woken_host;

    if (signal == SIGHUP)
        reload = 1;
    else
        signals_stop = 1;
    if (host)
        host->ops->wake(host);
    errno = saved;
}

static void catch_one(int signal)
{
    struct sigaction action = { .sa_handler = handle };

    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

void signals_catch_reload(void)
{
    catch_one(SIGHUP);
}

void signals_catch(struct host *host)
{
    woken_host = host;
    catch_one(SIGHUP);
    catch_one(SIGINT);
    catch_one(SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that must not grow is an error of that file */
}

void signals_leave_host(void)
{
    woken_host = NULL;
}

bool signals_take_reload(void)
{
    bool came = reload;

    reload = 0; /* before the file is read: one that comes meanwhile has it read again */
    return came;
}
