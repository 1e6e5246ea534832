#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The daemon is killed at any point of a tick, on a stand-in for libvirtd whose guests live on: each is left within
# its bounds and with what it needs, and the next daemon begins rightly, with or without what the last one had
# written down. And SIGTERM at the worst moments gives all back.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/policies.sh"
killed=$top/build/tests/faults/killed
[ -x "$killed" ] || make -s -C "$top" build/tests/faults/killed
cd "$tmp" || exit 1

# A policy as threshold, which takes its time over each decision: in this process, or the deadline would end it.
cat > slow.c <<'C'
#include <memcoord/policy.h>
#include <time.h>

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    struct timespec begin, now;

    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < 300);
    for (size_t i = 0; i < s->n_domains; i++) {
        const struct memcoord_domain *d = s->domains[i];

        if ((d->flags & MEMCOORD_MOVABLE) && d->usable_kib != MEMCOORD_UNKNOWN && d->usable_kib > 200 * 1024)
            memcoord_set_target(plan, d, d->target_kib - 50 * 1024, "much usable");
    }
    return 0;
}
MEMCOORD_POLICY(.name = "slow", .summary = "takes its time", .decide = decide);
C
build slow.c slow.so -I"$top/include"

# begin NAME POLICY ARGUMENT...: a test in the background, in a folder of its own
names=()
begin() {
    local name=$1 folder=$tmp/${#names[@]}
    mkdir "$folder" "$folder/run"
    printf 'MemTotal: 16777216 kB\nMemAvailable: 12582912 kB\n' > "$folder/meminfo"
    printf '[domain *]\nmin = 200MiB\nmax = 800MiB\n[host]\nlimit = 2300MiB\n[guard]\nrescue_keep = 64MiB\n' > "$folder/x.ini"
    [ "$2" != "$tmp/slow.so" ] || printf '[policy_process]\nisolate = no\n' >> "$folder/x.ini"
    MEMCOORD_RUNTIME_DIR=$folder/run "$killed" "$memcoord" "$folder" "$2" "${@:3}" > "$folder/out" 2>&1 &
    pids+=($!)
    names+=("$name")
}
pids=()
for seed in 1 2; do
    begin "killed at 10 instants from seed $seed" threshold kill $seed 10
    begin "killed at 10 instants from seed $((seed + 100)), and all that was written down is lost" threshold \
        forget $((seed + 100)) 10
done
begin "SIGTERM in the middle of its changes, and at each that follows" threshold term set
begin "SIGTERM while the policy decides" "$tmp/slow.so" term decide
for i in "${!names[@]}"; do
    wait "${pids[$i]}"
    status=$?
    grep '^#' "$tmp/$i/out"
    if [ $status -eq 0 ]; then pass "${names[$i]}"; else
        fail "${names[$i]}" "$(cat "$tmp/$i/out")" "$(tail -n 30 "$tmp/$i/log")"
    fi
done
done_testing
