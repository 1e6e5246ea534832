/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands/recording_of.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/host.h"
#include "policy/settings.h"
#include "record/recording.h"
#include "util/complain.h"
#include "util/log.h"
#include "util/path.h"

#define ERROR_BYTES 512

/* ---- opening */

static uint64_t unix_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool recording_is_wanted(const struct config *config)
{
    return strcmp(config->record.file, "none") != 0;
}

static struct record_run run_of(const struct setup *setup, const char *host, const char *settings)
{
    bool simulated = host_is_simulated(setup->config.daemon.uri);

    return (struct record_run){
        .host = host,
        .policy = setup->policy->table.name,
        .settings = settings,
        .interval_ms = setup->config.daemon.interval_ms,
        .seed = MEMCOORD_UNKNOWN,
        .started_unix_ms = simulated ? MEMCOORD_UNKNOWN : unix_ms(),
    };
}

static uint64_t keep_ms_of(const struct config *config)
{
    return host_is_simulated(config->daemon.uri) ? 0 : config->record.keep_ms;
}

int recording_open_for(const struct setup *setup, const char *host, struct recorder **recorder,
                       char *error, size_t error_size)
{
    bool simulated = host_is_simulated(setup->config.daemon.uri);
    char *file = path_beside(setup->config.file, setup->config.record.file);
    char *settings = settings_text(&setup->config, setup->instance);
    const struct record_run run = run_of(setup, host, settings);
    const struct recorder_options options = {
        .file = file,
        .keep_ms = keep_ms_of(&setup->config),
        .must = simulated,
    };
    int r;

    if (file && settings)
        r = recorder_open(&options, &run, recorder, error, error_size);
    else
        r = complain(error, error_size, -ENOMEM, "out of memory");
    free(settings);
    free(file);
    return r;
}

int recording_go_on(const struct setup *setup, const char *host, struct recorder *recorder)
{
    char *settings = settings_text(&setup->config, setup->instance);
    const struct record_run run = run_of(setup, host, settings);
    int r = settings ? recorder_begin_run(recorder, &run, keep_ms_of(&setup->config)) : -ENOMEM;

    if (r < 0)
        log_error("out of memory: the recording goes on with the run before");
    free(settings);
    return r;
}

int recording_begin(const struct setup *setup, const char *host, struct recorder **recorder)
{
    bool simulated = host_is_simulated(setup->config.daemon.uri);
    char error[ERROR_BYTES];
    int r;

    *recorder = NULL;
    if (!recording_is_wanted(&setup->config))
        return 0;
    r = recording_open_for(setup, host, recorder, error, sizeof(error));
    if (r < 0)
        log_error("%s%s", error, simulated ? "" : ": this run is not recorded");
    return r < 0 && simulated ? r : 0;
}

/* ---- checking */

/* SQLite writes files beside it, too. */
static bool check_folder(const struct config *config, const char *file, struct problems *problems)
{
    char *folder = path_folder(file);
    bool writable = folder && access(folder, W_OK | X_OK) == 0;

    if (!writable)
        problems_add(problems, config->file, config->record_line,
                     "file: the folder %s can't be written: %s", folder ? folder : "of it",
                     strerror(errno));
    free(folder);
    return writable;
}

static void check_file(const struct config *config, const char *file, struct problems *problems)
{
    struct recording *recording = NULL;
    struct stat info;
    char error[ERROR_BYTES];

    if (!check_folder(config, file, problems) || (stat(file, &info) < 0 && errno == ENOENT))
        return;
    if (S_ISREG(info.st_mode) && info.st_size == 0)
        return; /* made for us, or by us just now */
    if (recording_open(file, &recording, error, sizeof(error)) < 0)
        problems_add(problems, config->file, config->record_line, "file: %s", error);
    else if (access(file, W_OK) < 0)
        problems_add(problems, config->file, config->record_line, "file: %s: can't be written: %s",
                     file, strerror(errno));
    recording_close(recording);
}

void recording_check(const struct config *config, struct problems *problems)
{
    char *file =
        recording_is_wanted(config) ? path_beside(config->file, config->record.file) : NULL;

    if (file)
        check_file(config, file, problems);
    free(file);
}
