/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "host/libvirt_uri.h"

static void uris_tell_where_their_host_is(void **state)
{
    static const struct {
        const char *uri;
        bool remote, test;
        const char *name; /* of uid 7, in /run/user/7 */
    } cases[] = {
        { "qemu:///system", false, false, "qemu:///system" },
        { "qemu+unix:///system", false, false, "qemu:///system" },
        { "qemu:///system?socket=/run/libvirt/libvirt-sock", false, false, "qemu:///system" },
        { "qemu+unix:///system?socket=/var/run/libvirt/virtqemud-sock", false, false,
          "qemu:///system" },
        { "qemu:///system?socket=/run/libvirt/libvirt-sock-ro", false, false,
          "qemu:///system?socket=/run/libvirt/libvirt-sock-ro" },
        { "qemu+ssh://host/system?socket=/run/libvirt/libvirt-sock", true, false,
          "qemu+ssh://host/system?socket=/run/libvirt/libvirt-sock" },
        { "qemu:///session", false, false, "qemu:///session of uid 7 in /run/user/7" },
        { "qemu+unix:///session", false, false, "qemu:///session of uid 7 in /run/user/7" },
        { "qemu:///session?socket=/x/sock", false, false, "qemu:///session?socket=/x/sock" },
        { "qemu+unix:///system?socket=/x/y", false, false, "qemu:///system?socket=/x/y" },
        { "qemu:///session?no_verify=1", false, false,
          "qemu:///session?no_verify=1 of uid 7 in /run/user/7" },
        { "qemu+ssh://root@host/system", true, false, "qemu+ssh://root@host/system" },
        { "qemu+ssh://host/session", true, false, "qemu+ssh://host/session" },
        { "qemu://host/system", true, false, "qemu://host/system" },
        { "qemu+tcp:///system", true, false, "qemu+tcp:///system" },
        { "qemu+ext:///system?command=x", true, false, "qemu+ext:///system?command=x" },
        { "qemu+unix://host/system", true, false, "qemu+unix://host/system" },
        { "test:///default", false, true, "test:///default" },
        { "test:///a+b/c.xml", false, true, "test:///a+b/c.xml" },
        { "test+ssh://host/default", true, false, "test+ssh://host/default" },
        { "test+unix:///default", false, false, "test:///default" },
        { "testing:///default", false, false, "testing:///default" },
        { "", false, false, "" },
        { "nonsense", false, false, "nonsense" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *name = libvirt_uri_name(cases[i].uri, 7, "/run/user/7");

        if (libvirt_uri_is_remote(cases[i].uri) != cases[i].remote ||
            libvirt_uri_is_test(cases[i].uri) != cases[i].test || strcmp(name, cases[i].name))
            fail_msg("%s: remote %d, test %d, name \"%s\"", cases[i].uri,
                     libvirt_uri_is_remote(cases[i].uri), libvirt_uri_is_test(cases[i].uri), name);
        free(name);
    }
}

static void a_session_without_a_known_folder_bears_its_user(void **state)
{
    char *name = libvirt_uri_name("qemu:///session", 0, NULL);

    (void)state;
    assert_string_equal(name, "qemu:///session of uid 0");
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uris_tell_where_their_host_is),
        cmocka_unit_test(a_session_without_a_known_folder_bears_its_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
