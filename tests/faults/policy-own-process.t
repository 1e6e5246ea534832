#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy in a process of its own decides as it does in process, and the process has nothing of memcoord's.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"

# ---- the same decisions, line by line

for scenario in demo memory-leak tight-host two-release-two-grow stuck-balloons; do
    file=$top/conf/scenarios/$scenario.ini
    for policy in $(all_policies); do
        for isolate in no yes; do
            printf '[memcoord]\nuri = sim:%s\npolicy = %s\n[policy_process]\nisolate = %s\ndeadline = 60min\n' \
                "$file" "$policy" $isolate > "$tmp/$isolate.ini"
            "$memcoord" -c "$tmp/$isolate.ini" --speed 100000 2>&1 | grep -v '^policy .* runs in process' > "$tmp/$isolate"
        done
        ok "$scenario, $policy: it decides as in process" cmp "$tmp/no" "$tmp/yes"
    done
done
for ((i = 0; i < 40; i++)); do
    echo "{\"domains\":[{\"name\":\"a\",\"max_kib\":4194304,\"balloon_kib\":$((400000 + i * 1000)),\"usable_kib\":$((i * 7000))},{\"name\":\"b \\u00e9\",\"max_kib\":4194304,\"balloon_kib\":800000,\"used_kib\":$((300000 + i))}],\"host\":{\"total_kib\":8388608,\"available_kib\":4194304}}"
done > "$tmp/lines"
for policy in $(all_policies); do
    is "$("$memcoord" decide -p $policy --isolate "$tmp/lines" 2>&1)" "$("$memcoord" decide -p $policy "$tmp/lines" 2>&1)" \
        "decide --isolate -p $policy: the same"
done

# ---- texts come over: reasons, failures, messages with figures

bad says 'if (own->ticks == 2) return memcoord_fail(plan, EAGAIN, "tick %d of %s", 2, s->domains[0]->name);
    if (own->ticks == 3) return -EIO;
    if (own->ticks == 4) return 77;
    memcoord_set_target(plan, s->domains[0], s->domains[0]->target_kib + 20480, "as\n told");
    memcoord_log(plan, 4, "%s has %llu", s->domains[0]->name, (long long)s->domains[0]->max_kib);'
for ((i = 0; i < 5; i++)); do
    echo '{"domains":[{"name":"a","max_kib":1048576,"balloon_kib":400000}]}'
done > "$tmp/lines"
is "$("$memcoord" decide -p "$tmp/says.so" --isolate "$tmp/lines" 2>&1)" "$("$memcoord" decide -p "$tmp/says.so" "$tmp/lines" 2>&1)" \
    "what it says, and how it fails, is the same as in process"

# ---- which run so

config says test:///default 1s
sed -i '/^isolate/d' "$tmp/says.ini"
like "$("$memcoord" -c "$tmp/says.ini" --ticks 1 2>&1)" '^policy says runs in process' "on a real host it is the default"
config says "sim:$tmp/scenario.ini" 10s
sed -i '/^isolate/d' "$tmp/says.ini"
unlike "$("$memcoord" -c "$tmp/says.ini" --ticks 1 2>&1)" 'runs in process' "on a simulated one it is not"
config says test:///default 1s 'isolate = no'
unlike "$("$memcoord" -c "$tmp/says.ini" --ticks 1 2>&1)" 'runs in process' "nor with isolate = no"

# ---- what the process is

bad fine ''
config fine test:///default 1s
{ # as its unit has it, where that is allowed
    { echo -500 > /proc/self/oom_score_adj; } 2> /dev/null
    SECRET=1 exec "$memcoord" -c "$tmp/fine.ini" 2> "$tmp/err" 9< "$tmp/fine.c"
} &
pid=$!
child=
for ((i = 0; i < 400 && ${#child} == 0; i++)); do
    sleep 0.05
    child=$(sed -n 's/^policy fine runs in process \([0-9]*\),.*/\1/p' "$tmp/err")
done
for ((i = 0; i < 400; i++)); do
    [ "$(ticks_of "$(cat "$tmp/err")")" -ge 1 ] && break
    sleep 0.05
done
like "$(tr '\0' ' ' < "/proc/$child/cmdline")" 'memcoord --policy-process' "it is memcoord, started anew"
is "$(readlink "/proc/$child/cwd")" / "its folder is none that it would keep from being unmounted"
if [ "$(cat "/proc/$pid/oom_score_adj")" = -500 ]; then
    is "$(cat "/proc/$child/oom_score_adj")" 0 "the host, when it lacks memory, spares it no more than others"
else
    echo "# memcoord's own oom_score_adj can't be lowered here: nothing is seen of its process's"
fi
is "$(stat -Lc %i "/proc/$child/exe")" "$(stat -Lc %i "$memcoord")" "the same file"
fds=$(for fd in "/proc/$child/fd"/*; do readlink "$fd"; done | sed 's/:.*//' | sort)
if [[ -z ${SANITIZE:-} ]]; then
    is "$fds" "$(printf '%s\n' /dev/null /dev/null /dev/null /memfd socket | sort)" \
        "its files: nothing, a connection, and a copy of the policy's"
    is "$(tr '\0' '\n' < "/proc/$child/environ" | sort)" "$(printf '%s\n' "ASAN_OPTIONS=$ASAN_OPTIONS" "TSAN_OPTIONS=$TSAN_OPTIONS" |
        while IFS= read -r v; do tr '\0' '\n' < "/proc/$pid/environ" | grep -Fx -- "$v"; done | sort)" "its environment: no secrets"
    status_of() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$child/status"; }
    is "$(status_of NoNewPrivs) $(status_of Seccomp) $(status_of Seccomp_filters)" "1 2 3" "no new privileges, three filters"
    is "$(status_of CapEff) $(status_of CapPrm)" "0000000000000000 0000000000000000" "no capabilities"
    limit_of() { sed -n "s/^Max $1  *\([^ ]*\) .*/\1/p" "/proc/$child/limits"; }
    is "$(limit_of 'file size') $(limit_of 'core file size') $(limit_of processes) $(limit_of 'open files')" "0 0 0 32" \
        "limits on files and processes"
    ok "a limit on memory" test "$(limit_of 'address space')" -lt $((4 << 30))
    ok "a limit on processor time" test "$(limit_of 'cpu time')" -le 6
    is "$(ps -o sid= -p "$child" | tr -d ' ')" "$child" "a session of its own"
fi
kill -INT $pid
wait $pid
is $? 0 "the daemon ends"
ok "and its process with it" test ! -e "/proc/$child/exe"

# ---- where only less processor time can be had, it is less

limited=(prlimit --cpu=5000:5000)
[ "$(id -u)" -ne 0 ] || limited+=(setpriv --bounding-set=-sys_resource)
if [[ -n ${SANITIZE:-} ]]; then
    :
elif ! "${limited[@]}" true 2> /dev/null; then
    skip "a limit below that which it began with" "it can't be had here"
else
    "${limited[@]}" "$memcoord" -c "$tmp/fine.ini" 2> "$tmp/err" &
    pid=$!
    for ((i = 0; i < 400; i++)); do
        sleep 0.05
        [ "$(ticks_of "$(cat "$tmp/err")")" -ge 1 ] && break
    done
    child=$(sed -n 's/^policy fine runs in process \([0-9]*\),.*/\1/p' "$tmp/err")
    ok "a limit below that which it began with" test "$(limit_of 'cpu time')" -le 6
    kill -INT $pid
    wait $pid
fi

# ---- while it is loaded it can open nothing but itself, and least of all what is memcoord's

bad looks 'memcoord_log(plan, 4, "seen: %s.", seen);' 'static char seen[4096];
static void try(const char *path)
{
    int fd = open(path, O_RDONLY);

    if (fd >= 0 && strlen(seen) + strlen(path) + 2 < sizeof(seen))
        strcat(strcat(seen, " "), path);
    close(fd);
}
__attribute__((constructor)) static void look(void)
{
    static const char *const files[] = { "/etc/passwd", "/etc/shadow", "/etc/hostname", "/", "/etc", "/tmp",
        "/proc/meminfo", "/proc/self/maps", "/proc/self/environ", "/proc/self/stat", "/proc/self/fd/3",
        "/dev/null", "/dev/zero", "/dev/mem", "/sys/kernel/mm", "/etc/ld.so.cache", __FILE__ };
    char path[64];

    for (int pid = getpid() - 1; pid > 0 && pid > getpid() - 100; pid--) {
        for (int i = 0; i < 4; i++) {
            snprintf(path, sizeof(path), "/proc/%d/%s", pid, (const char *[]){ "environ", "mem", "maps", "cmdline" }[i]);
            try(path);
        }
        for (int i = 0; i < 24; i++) { /* memory that is shared, too */
            snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, i);
            try(path);
        }
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        try(files[i]);
}'
config looks test:///default 2s 'sandbox = required'
without=() # what only root's capabilities forbid
[ "$(id -u)" -ne 0 ] || without=(setpriv --bounding-set=-all)
out=$("${without[@]}" "$memcoord" -c "$tmp/looks.ini" --ticks 1 2>&1 < /dev/null)
if [[ -z ${SANITIZE:-} ]]; then
    like "$out" '^policy looks: seen: ?\.$' "it can open no file while it is loaded"
else # which read files at any time
    unlike "$out" ' /proc/[0-9]+/(environ|mem|maps|fd/)' "memcoord's environment, memory and files are not its"
fi
done_testing
