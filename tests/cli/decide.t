#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# memcoord decide: a policy over JSON lines, with and without the guard.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/policies.sh"

# A policy that asks what its parameters say, and tells what it sees. It counts the ticks and, of each
# domain, the ticks since it appeared.
mkdir "$tmp/policies"
cat > "$tmp/told.c" <<'EOF'
#include <memcoord/policy.h>
#include <stdio.h>

struct told {
    uint64_t to_kib, fail_at, show, silent, ticks;
};

static const struct memcoord_param params[] = {
    MEMCOORD_SIZE(struct told, to_kib, "to", "512MiB", "0..16TiB", "ask for this"),
    MEMCOORD_INTEGER(struct told, fail_at, "fail_at", "0", "0..100", "fail in this tick"),
    MEMCOORD_CHOICE(struct told, show, "show", "ticks",
                    "ticks|time|host|used|age|flags|bounds|rates|rest", "what to tell in why"),
    MEMCOORD_BOOLEAN(struct told, silent, "silent", "no", "ask for nothing"),
    MEMCOORD_PARAMS_END
};

static const char *check(const void *state)
{
    const struct told *told = state;
    return told->fail_at == 99 ? "fail_at is 99" : NULL;
}

#define V(x) ((x) == MEMCOORD_UNKNOWN ? -1LL : (long long)(x))

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    struct told *told = state;
    const struct memcoord_host *h = s->host;
    char why[64];
    if (++told->ticks == told->fail_at)
        return memcoord_fail(plan, 5, "told to fail in tick %d", (int)told->ticks);
    for (size_t i = 0; i < s->n_domains && !told->silent; i++) {
        const struct memcoord_domain *d = s->domains[i];
        uint64_t *mine = d->state;
        ++*mine;
        switch (told->show) {
        case 0: snprintf(why, sizeof why, "%lld %lld", V(told->ticks), V(*mine)); break;
        case 1: snprintf(why, sizeof why, "%lld %lld %lld", V(s->tick), V(s->now_ms), V(s->interval_ms)); break;
        case 2: snprintf(why, sizeof why, "%lld %lld %lld %lld %lld %lld", V(h->total_kib), V(h->reserve_kib),
                         V(h->capacity_kib), (long long)h->grantable_kib, V(h->pool_kib), V(h->psi_some_bp)); break;
        case 3: snprintf(why, sizeof why, "%lld %lld %lld", V(d->used_kib), V(d->usable_kib), V(d->unused_kib)); break;
        case 4: snprintf(why, sizeof why, "%lld", V(d->stats_age_ms)); break;
        case 5: snprintf(why, sizeof why, "%x", (unsigned)d->flags); break;
        case 6: snprintf(why, sizeof why, "%lld %lld %lld %lld", V(d->min_kib), V(d->max_kib), V(d->target_kib), V(d->weight)); break;
        case 7: snprintf(why, sizeof why, "%lld %lld %lld %lld", V(d->swap_in_kib_per_s), V(d->swap_out_kib_per_s),
                         V(d->major_faults_per_s), V(d->growth_kib_per_s)); break;
        default: snprintf(why, sizeof why, "%lld %lld %lld", V(d->guest_total_kib), V(d->disk_caches_kib), V(d->rss_kib));
        }
        memcoord_set_target(plan, d, told->to_kib, why);
    }
    return 0;
}

MEMCOORD_POLICY(.name = "told", .summary = "asks what it is told", .state_size = sizeof(struct told),
                .domain_state_size = sizeof(uint64_t), .params = params, .check = check, .decide = decide);
EOF
ok "a policy for this test" build "$tmp/told.c" "$tmp/policies/told.so" -I"$top/include"
told() { "$memcoord" decide -p told --policy-path "$tmp/policies" "$@"; }

# field FIELD: that of each domain of each line of standard input, one line each
field() {
    perl -MJSON::PP -ne 'BEGIN { $f = shift } my $l = decode_json($_);
        print join(" | ", $l->{error} // (), map { $_->{$f} // "null" } @{$l->{domains} // []}), "\n"' "$1"
}
a='{"name":"a","min_kib":204800,"max_kib":1048576,"balloon_kib":409600,"usable_kib":150000,"rss_kib":450000}'
rich='"host":{"total_kib":16777216,"available_kib":8388608}'
line="{$rich,\"domains\":[$a]}"

# ---- what comes out

out=$(echo "$line" | told)
is $? 0 "one line, one decision: status 0"
is "$(echo "$out" | wc -l)" 1 "one line out"
is "$(echo "$out" | perl -MJSON::PP -ne 'my $l = decode_json($_); print join " ", sort keys %{$l->{domains}[0]}')" \
    "asked_kib balloon_kib granted_kib guard guard_text name why" "its keys"
is "$(echo "$out" | field name) $(echo "$out" | field balloon_kib) $(echo "$out" | field asked_kib)" \
    "a 409600 524288" "name, balloon, what was asked"
is "$(echo "$out" | field granted_kib) $(echo "$out" | field guard) $(echo "$out" | field why)" \
    "524288 as-asked 1 1" "granted by the guard, and why"

out=$(echo "$line" | told --set silent=yes)
is "$(echo "$out" | field asked_kib) $(echo "$out" | field granted_kib) $(echo "$out" | field why)" \
    "null 409600 null" "null: no change was asked"
out=$(echo "$line" | told --set to=2TiB)
is "$(echo "$out" | field asked_kib) $(echo "$out" | field granted_kib)" "2147483648 1048576" \
    "the guard cuts to max"
like "$(echo "$out" | field guard):$(echo "$out" | field guard_text)" '^at-max:.*1024 MiB' "and says so"
out=$(echo "$line" | told --set to=2TiB --no-guard)
is "$(echo "$out" | field granted_kib) $(echo "$out" | field guard)" "2147483648 off" \
    "--no-guard grants whatever is asked"
out=$(echo "$line" | told --set to=0 --no-guard)
is "$(echo "$out" | field asked_kib) $(echo "$out" | field granted_kib)" "0 0" "0 is a size that was asked"
mute='{"domains":[{"name":"a","min_kib":262144,"max_kib":1048576,"balloon_kib":524288}]}'
is "$(echo "$mute" | told --set to=400MiB | field guard)" "no-stats" "a guest without statistics is not shrunk"
printf '[domain a]\nstatistics = optional\n' > "$tmp/optional.ini"
is "$(echo "$mute" | told --set to=400MiB -c "$tmp/optional.ini" | field guard)" "gradual" \
    "unless the configuration says that they are optional"
is "$(echo "${mute/\"name\"/\"without_stats\":true,\"name\"}" | told --set to=400MiB | field guard)" "gradual" \
    "or the line does"
is "$(echo "$line" | told --json)" "$(echo "$line" | told)" "--json: it is JSON always"
is "$(echo '{"domains":[]}' | told | field name)" "" "no domains, no decisions"

# ---- what is derived

shown() { # WHAT LINE [OPTIONS]
    local what=$1 line=$2
    shift 2
    printf '%s\n' "$line" | told --set show="$what" "$@" | field why
}
domain() { echo "{\"domains\":[{\"name\":\"a\",\"max_kib\":1048576,\"balloon_kib\":409600$1}]}"; }

is "$(shown used "$line")" "259600 150000 -1" "used is balloon - usable"
is "$(shown used "$(domain ',"usable_kib":500000')")" "0 500000 -1" "but not below 0"
is "$(shown used "$(domain ',"usable_kib":9,"used_kib":77,"unused_kib":5')")" "77 9 5" "an explicit used wins"
is "$(shown used "$(domain ',"usable_kib":null')")" "-1 -1 -1" "null and absent are unknown"
is "$(shown age "$line")" "0" "statistics count as fresh"
is "$(shown age "$(domain '')")" "-1" "none at all: no age"
is "$(shown age "$(domain ',"usable_kib":9,"stats_age_ms":1234')")" "1234" "an explicit age"
is "$(shown flags "$line")" "1" "a domain is movable"
is "$(shown flags "$(domain ',"usable_kib":9,"stats_age_ms":999999')")" "3" "old statistics are stale"
is "$(shown flags "$(domain ',"flags":["settling","new"]')")" "45" "flags by name"
is "$(shown flags "$(domain ',"flags":["paused","migrating","unmanaged","stale"]')")" "3a" \
    "what can't be changed is not movable"
is "$(shown bounds "$(domain '')")" "262144 1048576 409600 1000" \
    "min and weight as the configuration has them, target is the balloon"
is "$(shown bounds '{"domains":[{"name":"a","max_kib":1048576,"balloon_kib":99}]}')" "99 1048576 99 1000" \
    "the default min is not above the balloon"
is "$(shown bounds "$(domain ',"min_kib":7,"target_kib":8,"weight":9')")" "7 1048576 8 9" "given ones win"
is "$(shown rates "$(domain ',"swap_in_kib_per_s":1,"swap_out_kib_per_s":2,"major_faults_per_s":3,"growth_kib_per_s":4')")" \
    "1 2 3 4" "rates"
is "$(shown rest "$(domain ',"guest_total_kib":1,"disk_caches_kib":2,"rss_kib":3')")" "1 2 3" "the rest"

# reserve 5% of 16 GiB; promised: 409600 + 160 MiB of QEMU's own memory (or what the default is) - rss
is "$(shown host "$(domain '')")" "-1 204800 0 0 147456 -1" \
    "no host: nothing grantable; the pool is what is held, less rescue_keep"
is "$(shown host "$(domain '')" --no-guard)" "-1 204800 0 0 409600 -1" "--no-guard: nothing is kept for rescues"
rss=$(domain ',"rss_kib":9999999')
host() { echo "${rss%\}},\"host\":{$1}}"; }
is "$(shown host "$(host '"total_kib":16777216,"available_kib":8388608,"psi_some_bp":17')")" \
    "16777216 838860 15938356 7549748 7697204 17" "reserve, capacity, grantable and pool are derived"
is "$(shown host "$(host '"total_kib":16777216,"available_kib":8388608,"reserve_kib":8000000')")" \
    "16777216 8000000 8777216 388608 536064 -1" "an explicit reserve counts"
is "$(shown host "$(host '"total_kib":16777216,"available_kib":8388608,"grantable_kib":-5000')")" \
    "16777216 838860 15938356 -5000 142456 -1" "an explicit grantable wins, and makes the pool"
is "$(shown host "$(host '"grantable_kib":-5000,"pool_kib":6000')")" "-1 204800 0 -5000 6000 -1" \
    "an explicit pool wins"
unmovable=${rss/\"max_kib\"/\"flags\":[\"paused\"],\"max_kib\"}
is "$(shown host "${unmovable%\}},\"host\":{\"grantable_kib\":700000}}")" "-1 204800 0 700000 437856 -1" \
    "what is not movable is not in the pool"

# ---- from line to line

three=$(for i in 1 2 3; do echo "$line"; done)
is "$(shown ticks "$three")" "1 1
2 2
3 3" "the policy's and the domain's state are kept"
b=${a/\"a\"/\"b\"}
is "$(shown ticks "{\"domains\":[$a]}
{\"domains\":[$b,$a]}
{\"domains\":[$b]}
{\"domains\":[$a,$b]}")" "1 1
2 1 | 2 2
3 2
4 1 | 4 3" "by name, whatever the order, and zeroed for one that comes back"
is "$(shown time "$three")" "1 1000 1000
2 2000 1000
3 3000 1000" "tick and time advance by the interval"
is "$(shown time "{\"interval_ms\":250,\"tick\":7,\"now_ms\":90000,\"domains\":[$a]}
{\"interval_ms\":250,\"domains\":[$a]}
$line")" "7 90000 250
8 90250 250
9 91250 1000" "unless they are given"
is "$(printf '\357\273\277%s\n%s\n' "$line" "$line" | told | wc -l)" 2 "a byte order mark does no harm"
is "$(printf '\357\273\277\n%s\n' "$line" | told | wc -l)" 1 "nor in a line of its own"
is "$(printf '\n%s\n\n  \n%s' "$line" "$line" | told | wc -l)" 2 "empty lines are skipped, the last needs no end"

out=$(echo "$three" | told --set fail_at=2)
is $? 1 "a policy that fails: status 1 at the end"
is "$(echo "$out" | field why)" "1 1
told to fail in tick 2
3 2" "its line is an error, and it goes on"

# ---- where the lines come from

echo "$three" > "$tmp/lines"
is "$(told "$tmp/lines" | wc -l)" 3 "a file"
is "$(told - < "$tmp/lines" | wc -l)" 3 "- is standard input"
out=$(told "$tmp/none" 2>&1)
is $? 2 "a file that is not there: status 2"
like "$out" "$tmp/none: No such file" "and it is named"
coproc told --set show=time
echo "$line" >&"${COPROC[1]}"
if read -r -t 20 answer <&"${COPROC[0]}"; then
    is "$(echo "$answer" | field why)" "1 1000 1000" "each line is answered at once"
else
    fail "each line is answered at once" "no answer before the input ends"
fi
eval "exec ${COPROC[1]}>&-"
wait

# ---- lines that are none

# wrong NAME WHAT-IT-SAYS LINE
wrong() {
    local out status
    out=$(printf '%s\n%s\n%s\n' "$line" "$3" "$line" | told 2>"$tmp/stderr")
    status=$?
    if [ $status -ne 2 ] || [ "$(echo "$out" | wc -l)" -ne 1 ]; then
        fail "$1" "status $status" "$out" "$(cat "$tmp/stderr")"
    else
        like "$(cat "$tmp/stderr")" "^stdin:2: $2" "$1"
    fi
}
with() { echo "{\"domains\":[$a,{\"name\":\"b\",\"max_kib\":9000,\"balloon_kib\":5000$1}]}"; }

ok "this line is right" told <<< "$(with '')"
wrong "no JSON" 'not JSON: .*column' '{"domains":'
wrong "text after it" 'not JSON' "$line x"
wrong "no object" 'want a JSON object, not \[\]$' '[]'
wrong "null" 'want a JSON object, not null$' 'null'
wrong "a text" 'want a JSON object, not "host"$' '"host"'
wrong "a number" 'want a JSON object, not 5$' '5'
wrong "a key twice" 'not JSON: .*duplicate' '{"tick":5,"tick":6,"domains":[]}'
wrong "an unknown key" "unknown key 'domain'" '{"domain":[]}'
wrong "no domains" 'domains is missing; want a list' '{}'
wrong "domains that are null" 'domains is missing; want a list' '{"domains":null}'
wrong "domains that are an object" 'domains is \{\}; want a list$' '{"domains":{}}'
wrong "a domain that is no object" 'domain number 1: want a JSON object, not 5$' '{"domains":[5]}'
wrong "no name" 'domain number 1: name is missing' '{"domains":[{"balloon_kib":5}]}'
wrong "an empty name" 'domain number 1: name is ""; want a text$' '{"domains":[{"name":""}]}'
wrong "a name that is a number" 'domain number 1: name is 5; want a text$' '{"domains":[{"name":5}]}'
wrong "two domains of one name" "domain 'a' is there twice" "{\"domains\":[$a,$b,$a]}"
wrong "no balloon" "domain 'x': balloon_kib is missing" '{"domains":[{"name":"x","max_kib":5}]}'
wrong "no max" "domain 'x': max_kib is missing" '{"domains":[{"name":"x","balloon_kib":5}]}'
wrong "min above max" "domain 'b': min_kib 9001 is above max_kib 9000" "$(with ',"min_kib":9001')"
wrong "an unknown key of a domain" "domain 'b': unknown key 'usable'" "$(with ',"usable":1')"
wrong "an unknown key of the host" "host: unknown key 'free'" '{"domains":[],"host":{"free":1}}'
wrong "a host that is no object" 'host: want a JSON object, not 7$' '{"domains":[],"host":7}'
for value in -1 17179869185 '"5"' 1.5 true '[]' '{}'; do
    wrong "usable_kib: $value" \
        "domain 'b': usable_kib is .*; want a whole number, 0 to 17179869184$" "$(with ",\"usable_kib\":$value")"
done
wrong "a number beyond 64 bits" 'not JSON: .*too big' "$(with ',"usable_kib":99999999999999999999')"
wrong "a weight" "domain 'b': weight is 1000001; want" "$(with ',"weight":1000001')"
wrong "a share above 100%" 'host: psi_some_bp is 10001; want' '{"domains":[],"host":{"psi_some_bp":10001}}'
wrong "a grantable that is absurd" 'host: grantable_kib is -17179869185; want .*-17179869184 to' \
    '{"domains":[],"host":{"grantable_kib":-17179869185}}'
wrong "a truth that is a number" "domain 'b': set_aside is 1; want true or false" "$(with ',"set_aside":1')"
wrong "an unknown flag" "domain 'b': flags: want a list of .*; not moving" "$(with ',"flags":["moving"]')"
wrong "movable is derived" "domain 'b': flags: want a list of" "$(with ',"flags":["movable"]')"
wrong "flags that are no list" "domain 'b': flags: want a list of" "$(with ',"flags":"new"')"
wrong "interval 0" 'interval_ms is 0; want at least 1' '{"interval_ms":0,"domains":[]}'
wrong "a tick again" 'tick is 1; want more than 1' '{"tick":1,"domains":[]}'
wrong "time that goes back" 'now_ms is 999; want at least 1000' '{"now_ms":999,"domains":[]}'
out=$(printf '%s\nnonsense\n' "$line" > "$tmp/bad"; told "$tmp/bad" 2>&1 >/dev/null)
like "$out" "^$tmp/bad:2: not JSON" "the file is named with the line"

# ---- parameters and configuration

out=$(told --set to=5 --set show=all </dev/null 2>&1)
is $? 2 "wrong values of --set: status 2"
like "$out" "--set to: '5' has no unit" "the value is named"
like "$out" "--set show: 'all'" "and the other one too"
like "$(told --set tu=1MiB </dev/null 2>&1)" "'tu' is no parameter of policy told: did you mean to\?" \
    "an unknown parameter"
like "$(told --set to </dev/null 2>&1)" '--set to: want KEY=VALUE' "no value"
like "$(told --set fail_at=99 </dev/null 2>&1)" 'fail_at is 99' "the policy's own check is asked"

printf '%s\n' '[memcoord]' 'policy = told' "policy_path = $tmp/policies" 'interval = 3s' '[host]' \
    'reserve = 1GiB' '[domain a*]' 'min = 1MiB' 'max = 600MiB' 'weight = 77' '[policy told]' \
    'to = 450MiB' 'show = bounds' > "$tmp/coord.ini"
configured() { "$memcoord" decide -c "$tmp/coord.ini" "$@"; }
bare='{"domains":[{"name":"a1","balloon_kib":409600}]}'
is "$(echo "$bare" | configured | field asked_kib)" 460800 "-c FILE: its policy and its parameters"
is "$(echo "$bare" | configured --set to=1MiB | field asked_kib)" 1024 "--set wins over it"
is "$(echo "$bare" | configured | field why)" "1024 614400 409600 77" "its bounds and weight"
sed 's/^min = .*/min = 50%/' "$tmp/coord.ini" > "$tmp/percent.ini"
is "$(echo "$bare" | "$memcoord" decide -c "$tmp/percent.ini" | field why)" "307200 614400 409600 77" \
    "a min in percent is of the max that counts"
is "$(echo "$bare" | configured --set show=time | field why)" "1 3000 3000" "its interval"
like "$(echo "$bare" | configured --set show=host | field why)" '^-1 1048576 ' "its reserve"
sed -i 's/to = 450MiB/to = 450/' "$tmp/coord.ini"
out=$(configured </dev/null 2>&1)
is $? 2 "a wrong parameter in FILE: status 2"
like "$out" "$tmp/coord.ini:12: .*'450' has no unit" "file and line are named"

# ---- usage

out=$("$memcoord" decide </dev/null 2>&1)
is $? 2 "no policy: status 2"
like "$out" 'want -p NAME' "and it says what is missing"
out=$("$memcoord" decide -p nix --policy-path "$tmp/policies" </dev/null 2>&1)
is $? 2 "a policy that is not there: status 2"
like "$out" "no policy 'nix': looked for nix.so in $tmp/policies" "the folder is named"
like "$("$memcoord" decide --help)" '^usage: memcoord decide' "--help"
out=$(told a b 2>&1)
is $? 2 "two files: status 2"
done_testing
