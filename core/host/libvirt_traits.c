/* SPDX-License-Identifier: BSD-3-Clause */
#include "host/libvirt_traits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "memcoord/policy.h"

static bool named(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && !strcmp((const char *)node->name, name);
}

static const xmlNode *child(const xmlNode *node, const char *name)
{
    for (const xmlNode *c = node ? node->children : NULL; c; c = c->next) {
        if (named(c, name))
            return c;
    }
    return NULL;
}

/* True if the attribute is there and has this value. */
static bool attribute_is(const xmlNode *node, const char *name, const char *value)
{
    xmlChar *found = xmlGetNoNsProp(node, (const xmlChar *)name);
    bool same = found && !strcmp((const char *)found, value);

    xmlFree(found);
    return same;
}

static uint64_t attribute_number(const xmlNode *node, const char *name)
{
    xmlChar *found = xmlGetNoNsProp(node, (const xmlChar *)name);
    uint64_t number = found ? strtoull((const char *)found, NULL, 10) : 0;

    xmlFree(found);
    return number;
}

/* As libvirt reads units; KiB where none is given. */
static uint64_t unit_bytes(const xmlNode *node)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } units[] = {
        { "b", 1 },
        { "bytes", 1 },
        { "KB", 1000 },
        { "k", 1 << 10 },
        { "KiB", 1 << 10 },
        { "MB", 1000000 },
        { "M", 1 << 20 },
        { "MiB", 1 << 20 },
        { "GB", 1000000000 },
        { "G", 1 << 30 },
        { "GiB", 1 << 30 },
        { "TB", UINT64_C(1000000000000) },
        { "T", UINT64_C(1) << 40 },
        { "TiB", UINT64_C(1) << 40 },
    };

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (attribute_is(node, "unit", units[i].name))
            return units[i].bytes;
    }
    return 1024;
}

/* A size in KiB, rounded up; 0 where there is none. */
static uint64_t size_kib(const xmlNode *node)
{
    xmlChar *text = node ? xmlNodeGetContent(node) : NULL;
    uint64_t number = text ? strtoull((const char *)text, NULL, 10) : 0;
    uint64_t kib = node ? memcoord_mul_div(number, unit_bytes(node), 1024) : 0;

    xmlFree(text);
    return kib;
}

/* The first reason stays. */
static void unmanageable(struct libvirt_traits *traits, const char *why)
{
    if (!traits->unmanageable)
        traits->unmanageable = why;
}

static void read_backing(struct libvirt_traits *traits, const xmlNode *backing)
{
    const xmlNode *huge = child(backing, "hugepages");
    const xmlNode *page = child(huge, "page");

    if (child(backing, "locked"))
        unmanageable(traits, "its memory is locked");
    if (!huge)
        return;
    unmanageable(traits, "its memory is huge pages, which never come back");
    /* With <page nodeset=...> only some of it may be. */
    traits->set_aside = !page || !xmlHasProp(page, (const xmlChar *)"nodeset");
}

/* A disk, or what lies below it: <backingStore>, <mirror>. */
static void read_disk(struct libvirt_traits *traits, const xmlNode *disk)
{
    if (attribute_is(disk, "type", "nvme"))
        unmanageable(traits, "NVMe passthrough pins its memory");
    if (attribute_is(disk, "type", "vhostvdpa"))
        unmanageable(traits, "a vDPA disk pins its memory");
    for (const xmlNode *c = disk->children; c; c = c->next) {
        if (named(c, "backingStore") || named(c, "mirror"))
            read_disk(traits, c);
    }
}

static void read_interface(struct libvirt_traits *traits, const xmlNode *interface)
{
    if (attribute_is(interface, "type", "hostdev"))
        unmanageable(traits, "PCI passthrough pins its memory");
    if (attribute_is(interface, "type", "vdpa"))
        unmanageable(traits, "a vDPA interface pins its memory");
}

static void read_hostdev(struct libvirt_traits *traits, const xmlNode *hostdev)
{
    if (attribute_is(hostdev, "type", "pci"))
        unmanageable(traits, "PCI passthrough pins its memory");
    if (attribute_is(hostdev, "type", "mdev"))
        unmanageable(traits, "a mediated device pins its memory");
}

static void read_memory_device(struct libvirt_traits *traits, const xmlNode *memory)
{
    const xmlNode *target = child(memory, "target");
    uint64_t kib = size_kib(child(target, "size"));

    if (attribute_is(memory, "model", "dimm")) {
        traits->dimm_kib += kib;
    } else if (attribute_is(memory, "model", "virtio-mem")) {
        traits->virtio_mem_max_kib += kib;
        traits->virtio_mem_kib += size_kib(child(target, "current"));
    } else {
        traits->other_kib += kib;
    }
}

static void read_balloon(struct libvirt_traits *traits, const xmlNode *balloon)
{
    const xmlNode *stats = child(balloon, "stats");

    traits->has_balloon = !attribute_is(balloon, "model", "none");
    traits->autodeflate = attribute_is(balloon, "autodeflate", "on");
    traits->period_s = stats ? attribute_number(stats, "period") : 0;
}

static void read_devices(struct libvirt_traits *traits, const xmlNode *devices)
{
    static const struct {
        const char *name;
        void (*read)(struct libvirt_traits *traits, const xmlNode *device);
    } readers[] = {
        { "disk", read_disk },          { "interface", read_interface },
        { "hostdev", read_hostdev },    { "memory", read_memory_device },
        { "memballoon", read_balloon },
    };

    for (const xmlNode *c = devices ? devices->children : NULL; c; c = c->next) {
        for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
            if (named(c, readers[i].name))
                readers[i].read(traits, c);
        }
    }
}

struct libvirt_traits libvirt_traits_read(const char *xml)
{
    struct libvirt_traits traits = { .unmanageable = "its XML can't be read" };
    size_t length = strlen(xml);
    xmlDocPtr document =
        length > INT32_MAX
            ? NULL
            : xmlReadMemory(xml, (int)length, "domain.xml", NULL,
                            XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    const xmlNode *domain = document ? xmlDocGetRootElement(document) : NULL;

    if (domain && named(domain, "domain")) {
        traits.unmanageable = NULL;
        read_devices(&traits, child(domain, "devices"));
        if (child(domain, "launchSecurity"))
            unmanageable(&traits, "its memory is encrypted (launchSecurity)");
        read_backing(&traits, child(domain, "memoryBacking"));
        if (!traits.has_balloon)
            traits.unmanageable = "it has no balloon";
    }
    xmlFreeDoc(document);
    return traits;
}
