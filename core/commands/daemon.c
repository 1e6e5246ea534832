/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/daemon.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "commands/options.h"
#include "commands/recording_of.h"
#include "commands/reload.h"
#include "commands/signals.h"
#include "host/sim_host.h"
#include "policy/process.h"
#include "util/log.h"

/* So often a reload is gone on with: most policies load and answer within 30 ms. */
static const uint64_t reload_look_ms = 10;

/* What becomes of the balloons. */
static int end(struct coordinator *c)
{
    say_uncooperative(&c->domains);
    if (c->config->daemon.dry_run)
        return 0;
    if (c->config->daemon.on_exit == ON_EXIT_RESTORE)
        return coordinator_restore(c);
    log_info("ended: balloons stay as they are (on_exit = hold)");
    return 0;
}

void daemon_attach_recorder(struct daemon *d)
{
    if (d->recorder)
        d->sink = recorder_sink(d->recorder);
    d->coordinator.sink = d->recorder ? &d->sink : NULL;
}

/* A signal that comes while a reload is under way has the file read again after it. */
static uint64_t reload_if_asked(void *context)
{
    struct daemon *d = context;

    if (!d->reload && signals_take_reload())
        d->reload = reload_begin(d);
    if (!d->reload)
        return 0;
    if (reload_go_on(d->reload))
        d->reload = NULL;
    return reload_look_ms;
}

static int coordinate(struct daemon *d)
{
    struct coordinator *c = &d->coordinator;
    int status = EXIT_SUCCESS, r;

    *c = (struct coordinator){ .config = &d->setup.config,
                               .host = d->session.host,
                               .instance = d->setup.instance,
                               .origins = &d->session.origins,
                               .between = reload_if_asked,
                               .context = d };
    daemon_attach_recorder(d);
    if (domains_set_policy_state(&c->domains, d->setup.policy->table.domain_state_size) < 0)
        status = EXIT_FAILURE;
    log_info("memcoord " MEMCOORD_VERSION ": %s, policy %s, every %" PRIu64 " ms%s", c->host->name,
             d->setup.policy->table.name, c->config->daemon.interval_ms,
             c->config->daemon.dry_run ? ", dry run: nothing is changed" : "");
    policy_process_say(d->setup.policy);
    r = coordinator_run(c, d->arguments->ticks, &signals_stop);
    reload_free(d->reload);
    if (r < 0 || end(c) != 0)
        status = EXIT_FAILURE;
    coordinator_free(c);
    return status;
}

static int set_speed(const struct daemon *d)
{
    struct host *host = d->session.host;
    int r;

    if (d->arguments->speed == 0)
        return EXIT_SUCCESS;
    if (!host_is_simulated(d->setup.config.daemon.uri)) {
        log_error("--speed is for simulated hosts; %s is none", host->name);
        return EXIT_USAGE;
    }
    r = sim_host_set_speed(host, d->arguments->speed);
    if (r < 0)
        log_error("--speed: %s", strerror(-r));
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run_session(struct daemon *d)
{
    int status;

    signals_catch(d->session.host);
    status = set_speed(d);
    if (status == EXIT_SUCCESS)
        status = recording_begin(&d->setup, d->session.host->name, &d->recorder) < 0
                     ? EXIT_FAILURE
                     : coordinate(d);
    if (recorder_close(d->recorder) < 0 || d->recording_failed)
        status = EXIT_FAILURE;
    signals_leave_host();
    session_close(&d->session);
    return status;
}

int daemon_run(struct setup *setup, const struct run_arguments *arguments)
{
    struct daemon d = { .arguments = arguments, .setup = *setup };
    int status = session_open(&d.setup.config, arguments->proc, &d.session);

    if (status == EXIT_SUCCESS)
        status = run_session(&d);
    setup_free(&d.setup);
    return status;
}
