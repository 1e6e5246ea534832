#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# After `make install`, a policy can be built far from this tree with what pkg-config says, and the
# installed memcoord loads it.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/policies.sh"

root=$tmp/root
ok "make install honours DESTDIR and PREFIX" \
    make -C "$top" -s --no-print-directory CC="$cc" install DESTDIR="$root" PREFIX=/usr
installed=$root/usr/bin/memcoord
strict=$tmp/strict
ok "... whatever the umask" sh -c "umask 077; exec make -C '$top' -s --no-print-directory CC='$cc' \
    install DESTDIR='$strict' PREFIX=/usr"
is "$(find "$strict/usr" ! -perm -o=r)" "" "... everybody can read what is installed"
ok "memcoord is there" test -x "$installed"
ok "the header is there" cmp "$top/include/memcoord/policy.h" "$root/usr/include/memcoord/policy.h"
ok "a configuration is there" test -f "$root/etc/memcoord/coord.ini"
ok "... and all of conf/, with its folders" diff -r -x memcoord.service "$top/conf" "$root/usr/share/memcoord"
is "$(find "$root" -perm /022 ! -type l)" "" "nothing can be written by others than its owner"
for name in $(all_policies); do
    like "$(cd / && "$installed" policies)" "^$name  " "the installed memcoord finds its policy $name"
done

ok "the installed memcoord compares policies by the installed experiment" \
    sh -c "cd / && '$installed' compare '$root/usr/share/memcoord/experiments/demo.ini' -o '$tmp/compared'"

export PKG_CONFIG_PATH=$root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1
ok "pkg-config knows memcoord" pkg-config --exists memcoord
is "$(pkg-config --modversion memcoord)" "$("$installed" --version | sed 's/^memcoord //')" \
    "and its version"

mkdir "$tmp/far"
cat > "$tmp/far/mine.c" <<'EOF'
#include <memcoord/policy.h>

struct mine {
    uint64_t step_kib;
};

static const struct memcoord_param params[] = {
    MEMCOORD_SIZE(struct mine, step_kib, "step", "64MiB", "1MiB..1GiB", "grow by"),
    MEMCOORD_PARAMS_END
};

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    const struct mine *mine = state;
    for (size_t i = 0; i < s->n_domains; i++)
        memcoord_set_target(plan, s->domains[i], s->domains[i]->target_kib + mine->step_kib, "more");
    return 0;
}

MEMCOORD_POLICY(.name = "mine", .summary = "a policy from elsewhere",
                .state_size = sizeof(struct mine), .params = params, .decide = decide);
EOF
ok "a policy is built with nothing but pkg-config's flags" \
    sh -c "cd '$tmp/far' && $cc -Wall -Werror -fPIC -shared \$(pkg-config --cflags memcoord) mine.c -o mine.so"
like "$("$installed" policies mine --policy-path "$tmp/far")" 'step  *size  *64MiB  *1MiB..1GiB  *grow by' \
    "the installed memcoord loads it"
like "$(echo '{"domains":[{"name":"a","min_kib":0,"max_kib":900000,"balloon_kib":400000}]}' |
    "$installed" decide -p "$tmp/far/mine.so" --set step=1MiB --no-guard)" \
    '"asked_kib":401024' "and lets it decide"

install -m 755 "$tmp/far/mine.so" "$root/usr/lib/memcoord/mine.so"
like "$("$installed" policies mine)" '^mine: a policy from elsewhere' "installed too, it is found by name"

rm "$root/usr/lib/memcoord/mine.so"
ok "make uninstall" \
    make -C "$top" -s --no-print-directory CC="$cc" uninstall DESTDIR="$root" PREFIX=/usr
is "$(find "$root/usr" -type f)" "" "and nothing is left but the configuration"
done_testing
