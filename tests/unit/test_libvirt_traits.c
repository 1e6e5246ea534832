/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/libvirt_traits.h"

#define BALLOON "<memballoon model='virtio'><stats period='2'/></memballoon>"

/* A domain with these children of its root and of its devices. */
static struct libvirt_traits traits_of(const char *root, const char *devices)
{
    char xml[4096];

    snprintf(xml, sizeof(xml),
             "<domain type='kvm' id='3'><name>web</name><memory unit='KiB'>2097152</memory>%s"
             "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>%s</devices></domain>",
             root, devices);
    return libvirt_traits_read(xml);
}

static void an_ordinary_domain_can_be_managed(void **state)
{
    const struct libvirt_traits t = traits_of(
        "<memoryBacking><source type='memfd'/><access mode='shared'/><allocation mode='immediate'/>"
        "<nosharepages/></memoryBacking><seclabel type='dynamic'/>",
        "<disk type='file'><source file='/a'/><backingStore type='file'><source file='/b'/>"
        "<backingStore/></backingStore></disk>"
        "<disk type='vhostuser'/><interface type='vhostuser'/><interface type='bridge'/>"
        "<filesystem type='mount'><driver type='virtiofs'/></filesystem>"
        "<hostdev mode='subsystem' type='usb' managed='yes'/>"
        "<hostdev mode='subsystem' type='scsi'/>"
        "<hostdev mode='subsystem' type='scsi_host' protocol='vhost'/>" BALLOON);

    (void)state;
    assert_null(t.unmanageable);
    assert_true(t.has_balloon);
    assert_int_equal(t.period_s, 2);
    assert_false(t.set_aside || t.autodeflate);
    assert_int_equal(t.dimm_kib + t.virtio_mem_kib + t.virtio_mem_max_kib + t.other_kib, 0);
}

static void what_pins_or_hides_memory_makes_a_domain_unmanageable(void **state)
{
    static const struct {
        const char *root, *devices, *why;
        bool set_aside;
    } cases[] = {
        { "", "", "it has no balloon", false },
        { "", "<memballoon model='none'/>", "it has no balloon", false },
        { "", BALLOON "<hostdev mode='subsystem' type='pci' managed='yes'/>",
          "PCI passthrough pins its memory", false },
        { "", "<hostdev mode='subsystem' type='pci' managed='no'/>" BALLOON,
          "PCI passthrough pins its memory", false },
        { "", BALLOON "<interface type='hostdev' managed='yes'/>",
          "PCI passthrough pins its memory", false },
        { "", BALLOON "<hostdev mode='subsystem' type='mdev' model='vfio-pci'/>",
          "a mediated device pins its memory", false },
        { "", BALLOON "<disk type='nvme' device='disk'/>", "NVMe passthrough pins its memory",
          false },
        { "",
          BALLOON "<disk type='file'><backingStore type='file'><backingStore type='nvme'/>"
                  "</backingStore></disk>",
          "NVMe passthrough pins its memory", false },
        { "", BALLOON "<disk type='file'><mirror type='nvme' job='copy'/></disk>",
          "NVMe passthrough pins its memory", false },
        { "", BALLOON "<disk type='vhostvdpa'/>", "a vDPA disk pins its memory", false },
        { "", BALLOON "<interface type='vdpa'/>", "a vDPA interface pins its memory", false },
        { "<launchSecurity type='sev'/>", BALLOON, "its memory is encrypted (launchSecurity)",
          false },
        { "<launchSecurity type='sev-snp'/>", BALLOON, "its memory is encrypted (launchSecurity)",
          false },
        { "<launchSecurity type='s390-pv'/>", BALLOON, "its memory is encrypted (launchSecurity)",
          false },
        { "<launchSecurity type='tdx'/>", BALLOON, "its memory is encrypted (launchSecurity)",
          false },
        { "<memoryBacking><locked/></memoryBacking>", BALLOON, "its memory is locked", false },
        { "<memoryBacking><hugepages/></memoryBacking>", BALLOON,
          "its memory is huge pages, which never come back", true },
        { "<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages></memoryBacking>",
          BALLOON, "its memory is huge pages, which never come back", true },
        { "<memoryBacking><hugepages><page size='1' unit='G' nodeset='0'/></hugepages>"
          "</memoryBacking>",
          BALLOON, "its memory is huge pages, which never come back", false },
        { "<memoryBacking><hugepages/></memoryBacking>", "", "it has no balloon", true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct libvirt_traits t = traits_of(cases[i].root, cases[i].devices);

        if (!t.unmanageable || strcmp(t.unmanageable, cases[i].why) ||
            t.set_aside != cases[i].set_aside)
            fail_msg("%s %s: \"%s\", set aside %d", cases[i].root, cases[i].devices,
                     t.unmanageable ? t.unmanageable : "manageable", t.set_aside);
    }
}

static void a_balloon_that_deflates_by_itself_is_seen(void **state)
{
    const struct libvirt_traits t =
        traits_of("", "<memballoon model='virtio-non-transitional' autodeflate='on' "
                      "freePageReporting='on'/>");

    (void)state;
    assert_null(t.unmanageable);
    assert_true(t.autodeflate);
    assert_int_equal(t.period_s, 0);
}

static void memory_devices_are_told_apart(void **state)
{
    const struct libvirt_traits t = traits_of(
        "<maxMemory slots='16' unit='KiB'>16777216</maxMemory>",
        BALLOON "<memory model='dimm'><target><size unit='KiB'>524288</size><node>0</node></target>"
                "</memory>"
                "<memory model='dimm'><target><size unit='MiB'>256</size></target></memory>"
                "<memory model='nvdimm'><source><path>/n</path></source><target>"
                "<size unit='GiB'>1</size></target></memory>"
                "<memory model='virtio-pmem'><target><size unit='KiB'>2048</size></target></memory>"
                "<memory model='sgx-epc'><target><size unit='KiB'>1024</size></target></memory>"
                "<memory model='virtio-mem'><target><size unit='KiB'>4194304</size>"
                "<block unit='KiB'>2048</block><requested unit='KiB'>1048576</requested>"
                "<current unit='KiB'>786432</current></target></memory>");

    (void)state;
    assert_null(t.unmanageable);
    assert_int_equal(t.dimm_kib, (512 + 256) * MIB);
    assert_int_equal(t.virtio_mem_max_kib, 4096 * MIB);
    assert_int_equal(t.virtio_mem_kib, 768 * MIB);
    assert_int_equal(t.other_kib, 1027 * MIB);
}

static void xml_that_cannot_be_read_is_unmanageable(void **state)
{
    static const char *const useless[] = {
        "",
        "no XML",
        "<domain>",
        "<domain><devices>" BALLOON "</devices>",
        "<network><devices>" BALLOON "</devices></network>",
        "<domain/>trailing",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
        const struct libvirt_traits t = libvirt_traits_read(useless[i]);

        if (!t.unmanageable || strcmp(t.unmanageable, "its XML can't be read"))
            fail_msg("\"%s\": %s", useless[i], t.unmanageable ? t.unmanageable : "manageable");
    }
}

/* An entity of an outer file, and entities of entities: neither is followed. */
static void hostile_xml_is_not_followed(void **state)
{
    char path[] = "/tmp/traits.XXXXXX", xml[2048];
    int fd = mkstemp(path);
    static const char secret[] = "<memballoon model='virtio'/>";

    (void)state;
    assert_true(fd >= 0 && write(fd, secret, sizeof(secret) - 1) == sizeof(secret) - 1);
    close(fd);
    snprintf(xml, sizeof(xml),
             "<!DOCTYPE domain [<!ENTITY outer SYSTEM \"file://%s\">]>"
             "<domain><devices>&outer;</devices></domain>",
             path);
    assert_string_equal(libvirt_traits_read(xml).unmanageable, "it has no balloon");
    unlink(path);
    libvirt_traits_read(
        "<!DOCTYPE domain [<!ENTITY a '1111111111'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>"
        "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'>"
        "<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'><!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;'>"
        "<!ENTITY g '&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;'><!ENTITY h '&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;'>]>"
        "<domain><devices><memory model='dimm'><target><size>&h;</size></target></memory></devices>"
        "</domain>");
}

/* Whole XML, cut anywhere, is never taken for a domain without passthrough. */
static void xml_cut_short_is_unmanageable(void **state)
{
    static const char xml[] =
        "<domain type='kvm'><memoryBacking><locked/></memoryBacking><devices>" BALLOON
        "<hostdev type='pci'/></devices><launchSecurity type='sev'/></domain>";
    char cut[sizeof(xml)];

    (void)state;
    for (size_t n = 0; n < sizeof(xml); n++) {
        memcpy(cut, xml, n);
        cut[n] = '\0';
        if (!libvirt_traits_read(cut).unmanageable)
            fail_msg("cut at %zu: manageable", n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_domain_can_be_managed),
        cmocka_unit_test(what_pins_or_hides_memory_makes_a_domain_unmanageable),
        cmocka_unit_test(a_balloon_that_deflates_by_itself_is_seen),
        cmocka_unit_test(memory_devices_are_told_apart),
        cmocka_unit_test(xml_that_cannot_be_read_is_unmanageable),
        cmocka_unit_test(hostile_xml_is_not_followed),
        cmocka_unit_test(xml_cut_short_is_unmanageable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
