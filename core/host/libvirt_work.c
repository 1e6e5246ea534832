/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_work.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/libvirt_error.h"

/* Why the last call failed. A domain that is gone loses its handle. */
static int failed(struct libvirt_work *work, struct libvirt_session *session)
{
    int r = libvirt_error(session->connection, &work->job.text);

    if (r == -ENOENT)
        libvirt_handles_drop(&session->handles, work->uuid);
    return r;
}

/* Live only: anything else would rewrite what the domain's owner has defined. */
static int set_target(struct libvirt_work *work, struct libvirt_session *session,
                      virDomainPtr domain)
{
    atomic_fetch_add(session->calls, 1);
    if (virDomainSetMemoryFlags(domain, (unsigned long)work->set_kib, VIR_DOMAIN_AFFECT_LIVE) < 0)
        return failed(work, session);
    return 0;
}

/* True if a job runs that forbids changes; a backup allows them. If it can't be told, it is as it was;
 * a driver that has no jobs refuses, as it does for a domain that has stopped. */
static bool is_moving(const struct libvirt_work *work, struct libvirt_session *session,
                      virDomainPtr domain)
{
    virTypedParameterPtr parameters = NULL;
    int type = VIR_DOMAIN_JOB_NONE, n = 0, operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
    bool runs;

    atomic_fetch_add(session->calls, 1);
    if (virDomainGetJobStats(domain, &type, &parameters, &n, 0) < 0)
        return work->moving && libvirt_error(session->connection, NULL) != -EOPNOTSUPP;
    virTypedParamsGetInt(parameters, n, VIR_DOMAIN_JOB_OPERATION, &operation);
    runs = type == VIR_DOMAIN_JOB_BOUNDED || type == VIR_DOMAIN_JOB_UNBOUNDED;
    virTypedParamsFree(parameters, n);
    return runs && operation != VIR_DOMAIN_JOB_OPERATION_BACKUP;
}

static int read_traits(struct libvirt_work *work, struct libvirt_session *session,
                       virDomainPtr domain)
{
    char *xml;

    atomic_fetch_add(session->calls, 1);
    xml = virDomainGetXMLDesc(domain, 0);
    if (!xml)
        return failed(work, session);
    work->traits = libvirt_traits_read(xml);
    work->have_traits = true;
    free(xml);
    return 0;
}

/* Whether its statistics come as they should; a period that its owner has set is left as it is. */
static bool has_period(const struct libvirt_work *work)
{
    uint64_t period_s = work->traits.period_s;

    return period_s > 0 && (period_s == work->set_period_s || period_s != work->our_period_s);
}

static int examine(struct libvirt_work *work, struct libvirt_session *session, virDomainPtr domain)
{
    int r = work->read_xml ? read_traits(work, session, domain) : 0;

    if (r)
        return r;
    work->moving = is_moving(work, session, domain);
    if (!work->read_xml || !work->set_period_s || !work->traits.has_balloon || has_period(work) ||
        work->moving)
        return 0;
    atomic_fetch_add(session->calls, 1);
    if (virDomainSetMemoryStatsPeriod(domain, (int)work->set_period_s, VIR_DOMAIN_AFFECT_LIVE) < 0)
        return failed(work, session);
    work->traits.period_s = work->our_period_s = work->set_period_s;
    return 0;
}

/* The domain in the run that the job is for. A handle knows the run in which it was looked up: one of
 * another run is looked up again. 0 and *domain. */
static int find_domain(struct libvirt_work *work, struct libvirt_session *session,
                       virDomainPtr *domain)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        *domain =
            libvirt_handles_get(&session->handles, session->connection, work->uuid, session->calls);
        if (!*domain)
            return failed(work, session);
        if ((int)virDomainGetID(*domain) == work->run_id)
            return 0;
        libvirt_handles_drop(&session->handles, work->uuid);
    }
    work->job.text = strdup("the domain has been started anew, or has stopped");
    return -ENOENT;
}

static int run(struct libvirt_job *job, struct libvirt_session *session)
{
    struct libvirt_work *work = (struct libvirt_work *)job;
    virDomainPtr domain;
    int r;

    if (job->kind == LIBVIRT_FORGET) {
        libvirt_handles_drop(&session->handles, work->uuid);
        return 0;
    }
    r = find_domain(work, session, &domain);
    if (r)
        return r;
    if (job->kind == LIBVIRT_SET)
        return set_target(work, session, domain);
    return examine(work, session, domain);
}

static void free_work(struct libvirt_job *job)
{
    free(job);
}

struct libvirt_work *libvirt_work_new(enum libvirt_kind kind, const uint8_t uuid[HOST_UUID_BYTES],
                                      int64_t run_id)
{
    struct libvirt_work *work = calloc(1, sizeof(*work));

    if (!work)
        return NULL;
    work->job.run = run;
    work->job.free = free_work;
    work->job.kind = (int)kind;
    memcpy(work->uuid, uuid, HOST_UUID_BYTES);
    work->run_id = run_id;
    return work;
}
