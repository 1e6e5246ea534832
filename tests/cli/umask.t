#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A checkout that its owner's group can write (umask 002, usual where each user has a group of his
# own) builds policies that memcoord loads.
. "$(dirname "$0")/../lib/tap.sh"

umask 002
unset MAKEFLAGS MFLAGS MAKELEVEL
copy=$tmp/copy
mkdir "$copy"
(cd "$top" && tar -cf - --exclude=./.git --exclude=./build/tests --exclude=./build/vm .) |
    tar -xf - -C "$copy" --no-same-permissions
cd "$copy" || exit 1
chmod -R g+w .
policies=(policies/*.so)
for policy in "${policies[@]}"; do
    like "$(./memcoord policies "$policy" 2>&1)" 'can be written by its group' "$policy: refused"
done
rm "${policies[@]}"
ok "make" make "${policies[@]}" # memcoord is as it was
is "$(find policies -maxdepth 1 \( -name '*.so' -o -type d \) -perm /022)" "" \
    "others can write neither the policies nor their folder"
for policy in "${policies[@]}"; do
    ok "$policy: loads" ./memcoord policies "$policy"
done
ok "a run of libvirt's embedded host" env MEMCOORD_RUNTIME_DIR="$tmp/run" \
    ./memcoord -c conf/test-driver.ini --ticks 1 0.1
done_testing
