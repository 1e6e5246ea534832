/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_handles.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct libvirt_handle {
    uint8_t uuid[HOST_UUID_BYTES];
    virDomainPtr domain;
};

/* Where it is, or where it belongs. */
static size_t place(const struct libvirt_handles *handles, const uint8_t *uuid, bool *found)
{
    size_t low = 0, high = handles->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(handles->list[middle].uuid, uuid, HOST_UUID_BYTES);

        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

static bool make_room(struct libvirt_handles *handles)
{
    size_t capacity = handles->capacity ? handles->capacity * 2 : 16;
    struct libvirt_handle *more;

    if (handles->n < handles->capacity)
        return true;
    more = realloc(handles->list, capacity * sizeof(*more));
    if (!more)
        return false;
    handles->list = more;
    handles->capacity = capacity;
    return true;
}

virDomainPtr libvirt_handles_get(struct libvirt_handles *handles, virConnectPtr connection,
                                 const uint8_t uuid[HOST_UUID_BYTES], atomic_uint_fast64_t *calls)
{
    struct libvirt_handle fresh;
    bool found;
    size_t i = place(handles, uuid, &found);

    if (found)
        return handles->list[i].domain;
    if (!make_room(handles))
        return NULL;
    atomic_fetch_add(calls, 1);
    fresh.domain = virDomainLookupByUUID(connection, uuid);
    if (!fresh.domain)
        return NULL;
    memcpy(fresh.uuid, uuid, HOST_UUID_BYTES);
    memmove(&handles->list[i + 1], &handles->list[i], (handles->n - i) * sizeof(fresh));
    handles->list[i] = fresh;
    handles->n++;
    return fresh.domain;
}

void libvirt_handles_drop(struct libvirt_handles *handles, const uint8_t uuid[HOST_UUID_BYTES])
{
    bool found;
    size_t i = place(handles, uuid, &found);

    if (!found)
        return;
    virDomainFree(handles->list[i].domain);
    handles->n--;
    memmove(&handles->list[i], &handles->list[i + 1], (handles->n - i) * sizeof(*handles->list));
}

void libvirt_handles_free(struct libvirt_handles *handles)
{
    for (size_t i = 0; i < handles->n; i++)
        virDomainFree(handles->list[i].domain);
    free(handles->list);
    memset(handles, 0, sizeof(*handles));
}
