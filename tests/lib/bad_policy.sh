# SPDX-License-Identifier: BSD-3-Clause
# For tests of policies that do harm: source it after tap.sh. Each runs in a process of its own, on a simulated host
# with a guest that only the guard's rescue can save, and on libvirt's test driver.
. "$top/tests/lib/policies.sh"

export MEMCOORD_RUNTIME_DIR=$tmp/run
# what a sanitizer makes of a crash is not what the kernel makes of it
export ASAN_OPTIONS=handle_segv=0:handle_abort=0:handle_sigfpe=0:allocator_may_return_null=1:detect_leaks=0
export TSAN_OPTIONS=${TSAN_OPTIONS:-}:handle_segv=0:handle_abort=0:handle_sigfpe=0:allocator_may_return_null=1
ticks=30 # of a run on the simulated host

# bad NAME BODY [BEFORE]: a policy whose decide() does BODY; BEFORE stands above it
bad() {
    {
        cat <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memcoord/policy.h>

/* the count of its decisions; the same for each domain */
struct own { uint64_t ticks; };
#ifndef STATE_VERSION
#define STATE_VERSION 1
#endif
#ifndef CHECK
#define CHECK NULL
#endif
END
        echo "${3:-}"
        cat <<END
static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    struct own *own = state;

    (void)s;
    (void)plan;
    own->ticks++;
    for (size_t i = 0; i < s->n_domains; i++)
        ((struct own *)s->domains[i]->state)->ticks++;
    $2
    return 0;
}
MEMCOORD_POLICY(.name = "$1", .summary = "does harm", .state_size = sizeof(struct own),
                .domain_state_size = sizeof(struct own), .state_version = STATE_VERSION,
                .check = CHECK, .decide = decide);
END
    } > "$tmp/$1.c"
    # what is written is what it does: a compiler may leave out memory that nobody reads
    build "$tmp/$1.c" "$tmp/$1.so" -w -O0 -fno-builtin -I"$top/include" || fail "$1 compiles"
}

cat > "$tmp/scenario.ini" <<END
[scenario]
duration = $((ticks * 10))s
[host]
memory = 4GiB
[guest grows]
max = 2GiB
balloon = 512MiB
load = hold 30s; ramp 3MiB/s to 1GiB; hold
END

# config NAME URI INTERVAL [LINE...]: writes $tmp/NAME.ini; lines are of [policy_process]. Where the deadline is
# not what is tested, it is long: the machine may be busy, and sanitizers are slow.
config() {
    local name=$1 uri=$2 interval=$3
    shift 3
    [[ $* == *deadline* ]] || set -- "$@" 'deadline = 60min'
    [[ $* == *isolate* ]] || set -- "$@" 'isolate = yes'
    printf '%s\n' '[memcoord]' "uri = $uri" "policy = $tmp/$name.so" "interval = $interval" \
        '[policy_process]' "$@" > "$tmp/$name.ini"
}

# on_sim NAME [LINE...]: a run on the simulated host; what it says is in $out, and $status
on_sim() {
    local name=$1
    shift
    config "$name" "sim:$tmp/scenario.ini" 10s "$@"
    out=$(timeout 120 "$memcoord" -c "$tmp/$name.ini" --speed 100000 2>&1)
    status=$?
}

ticks_of() { printf '%s\n' "$1" | grep -c '^1 domain, host: '; }

# survived NAME WHAT HOW: the last run went on to its end, with its rescues, and said HOW
survived() {
    is "$status" 0 "$2: the daemon goes on to its end"
    is "$(ticks_of "$out")" $ticks "$2: no tick is lost"
    like "$out" '^grows: .*rescue' "$2: the guard rescues the guest that needs it"
    like "$out" ' 0 loads were killed in guests that ran out of memory' "$2: which lives"
    like "$out" "^policy $1: its process $3" "$2: it is said how"
}

# quarantined NAME WHAT: three failures, and no more
quarantined() {
    like "$out" "^policy $1: .*, failure 1 of 3 in a row: another starts in 1 s; " "$2: the first failure"
    like "$out" "^policy $1: .*, failure 2 of 3 in a row: another starts in 2 s; " "$2: the second"
    like "$out" "^policy $1: .*, failure 3 in a row: quarantined until a reload; only the guard goes on" \
        "$2: the third, loudly"
    is "$(printf '%s\n' "$out" | grep -c "^policy $1: ")" 3 "$2: and not a word more"
}

# harmless NAME WHAT HOW [LINE...]: all of that
harmless() { # in this and in on_driver() LINEs are of [policy_process]
    local name=$1 what=$2 how=$3
    shift 3
    on_sim "$name" "$@"
    survived "$name" "$what" "$how"
    quarantined "$name" "$what"
}

# on_driver NAME WHAT HOW [LINE...]: the same on libvirt's test driver, with time as it is
on_driver() {
    local name=$1 what=$2 how=$3
    shift 3
    config "$name" test:///default 2s "$@"
    out=$(timeout 120 "$memcoord" -c "$tmp/$name.ini" --ticks 2 2>&1)
    is $? 0 "$what: the daemon goes on, on libvirt's test driver"
    is "$(ticks_of "$out")" 2 "$what: no tick is lost there"
    like "$out" "^policy $name: its process $how" "$what: it is said there, too"
}
