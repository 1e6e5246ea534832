/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "driver+transport://host/path?query", as far as it matters here. */
struct parts {
    const char *uri;
    size_t driver;     /* its length */
    const char *after; /* what follows the transport: "://..." */
    const char *transport;
    size_t transport_length; /* 0: none is named */
    size_t host_length;
    const char *path;
    size_t path_length;
};

static struct parts split(const char *uri)
{
    struct parts p = { .uri = uri, .path = "" };
    const char *plus;

    p.after = uri + strcspn(uri, ":");
    plus = memchr(uri, '+', (size_t)(p.after - uri));
    p.driver = (size_t)((plus ? plus : p.after) - uri);
    if (plus) {
        p.transport = plus + 1;
        p.transport_length = (size_t)(p.after - p.transport);
    }
    if (!strncmp(p.after, "://", 3)) {
        p.host_length = strcspn(p.after + 3, "/?#");
        p.path = p.after + 3 + p.host_length;
        p.path_length = strcspn(p.path, "?#");
    }
    return p;
}

static bool equal(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && !memcmp(text, word, length);
}

bool libvirt_uri_is_remote(const char *uri)
{
    struct parts p = split(uri);

    return p.host_length > 0 || (p.transport && !equal(p.transport, p.transport_length, "unix"));
}

bool libvirt_uri_is_test(const char *uri)
{
    struct parts p = split(uri);

    return equal(uri, p.driver, "test") && !p.transport && p.host_length == 0;
}

/* Whether the query names the socket that it would be without: the system's own. */
static bool is_usual_socket(const struct parts *p)
{
    static const char *const queries[] = { "?socket=/run/libvirt/libvirt-sock",
                                           "?socket=/var/run/libvirt/libvirt-sock",
                                           "?socket=/run/libvirt/virtqemud-sock",
                                           "?socket=/var/run/libvirt/virtqemud-sock" };

    if (!equal(p->uri, p->driver, "qemu") || !equal(p->path, p->path_length, "/system"))
        return false;
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        if (!strcmp(p->path + p->path_length, queries[i]))
            return true;
    return false;
}

char *libvirt_uri_name(const char *uri, unsigned uid, const char *runtime_dir)
{
    struct parts p = split(uri);
    bool local_socket = p.transport && !libvirt_uri_is_remote(uri);
    int kept = local_socket ? (int)p.driver : (int)(p.after - uri);
    char *name = NULL;
    int n;

    if (!libvirt_uri_is_remote(uri) && is_usual_socket(&p))
        return strdup("qemu:///system");
    if (libvirt_uri_is_remote(uri) || !equal(p.path, p.path_length, "/session") ||
        strstr(p.path + p.path_length, "socket="))
        n = asprintf(&name, "%.*s%s", kept, uri, p.after);
    else if (runtime_dir && *runtime_dir)
        n = asprintf(&name, "%.*s%s of uid %u in %s", kept, uri, p.after, uid, runtime_dir);
    else
        n = asprintf(&name, "%.*s%s of uid %u", kept, uri, p.after, uid);
    return n < 0 ? NULL : name;
}
