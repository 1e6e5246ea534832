#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The header is all that a policy needs, in every dialect that it promises; policies of older headers
# load and decide, newer ones and broken ones are refused.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/policies.sh"

strict="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
dialects() { # COMPILER STANDARD SUFFIX, one a line
    local c s
    for c in $c_compilers; do for s in c99 c11; do echo "$c $s c"; done; done
    for c in $cxx_compilers; do for s in c++11 c++17; do echo "$c $s cc"; done; done
}

# A policy that uses every macro and every call, in the common subset of C and C++.
cat > "$tmp/sample.c" <<'EOF'
#include <memcoord/policy.h>

struct sample {
    uint64_t low_kib, high_kib, share_bp, wait_ms, step, grow, surplus, ticks;
};
struct sample_domain {
    uint64_t ticks;
};

static const struct memcoord_param params[] = {
    MEMCOORD_SIZE(struct sample, low_kib, "low", "100MiB", "0..1TiB", "grow below"),
    MEMCOORD_SIZE(struct sample, high_kib, "high", "200MiB", "0..1TiB", "shrink above"),
    MEMCOORD_PERCENT(struct sample, share_bp, "share", "12.5%", "0%..99%", "a part"),
    MEMCOORD_DURATION(struct sample, wait_ms, "wait", "2s", "0..60min", "a time"),
    MEMCOORD_INTEGER(struct sample, step, "step", "3", "1..64", "a number"),
    MEMCOORD_BOOLEAN(struct sample, grow, "grow", "yes", "a switch"),
    MEMCOORD_CHOICE(struct sample, surplus, "surplus", "share", "keep|share", "a choice"),
    MEMCOORD_PARAMS_END
};

static const char *check(const void *state)
{
    const struct sample *s = (const struct sample *)state;
    return s->low_kib > s->high_kib ? "low is above high" : NULL;
}

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    struct sample *own = (struct sample *)state;
    uint64_t *scratch = (uint64_t *)memcoord_scratch(plan, s->n_domains, sizeof(*scratch));
    size_t i;
    if (!scratch)
        return -12;
    own->ticks++;
    for (i = 0; i < s->n_domains; i++) {
        const struct memcoord_domain *d = s->domains[i];
        struct sample_domain *mine = (struct sample_domain *)d->state;
        mine->ticks++;
        if (!(d->flags & MEMCOORD_MOVABLE) || d->usable_kib == MEMCOORD_UNKNOWN)
            continue;
        scratch[i] = memcoord_mul_div(d->balloon_kib, own->share_bp, 10000) + own->wait_ms +
                     own->step + own->grow + own->surplus + own->ticks * 1000 + mine->ticks * 100;
        if (d->usable_kib < own->low_kib)
            memcoord_set_target(plan, d,
                                memcoord_clamp(d->target_kib + scratch[i], d->min_kib, d->max_kib),
                                "usable below low");
        else if (d->usable_kib > memcoord_max(own->high_kib, memcoord_min(1, 2)))
            memcoord_set_target(plan, d, d->target_kib - scratch[i], "usable above high");
    }
    if (own->ticks == 3)
        return memcoord_fail(plan, 5, "tick %d", (int)own->ticks);
    memcoord_log(plan, 7, "%u domains", (unsigned)s->n_domains);
    return 0;
}

#ifndef NAME
#define NAME "sample"
#endif
MEMCOORD_POLICY(.name = NAME, .summary = "a sample of all there is",
                .state_size = sizeof(struct sample),
                .domain_state_size = sizeof(struct sample_domain), .params = params,
                .check = check, .decide = decide);
EOF
cp "$tmp/sample.c" "$tmp/sample.cc"
line='{"domains":[{"name":"a","min_kib":0,"max_kib":1048576,"balloon_kib":400000,"usable_kib":1000},
{"name":"b","min_kib":0,"max_kib":1048576,"balloon_kib":400000,"usable_kib":300000},
{"name":"c","min_kib":0,"max_kib":1048576,"balloon_kib":400000}]}'
for i in 1 2 3 4; do echo $line; done > "$tmp/lines"

# 400000 x 12.5% + 2000 + 3 + 1 + 1 + tick x 1100
step() { echo $((50000 + 2005 + $1 * 1100)); }
decided() { # TICK: what it must ask for a and b
    echo "$1:a $((400000 + $(step $1))) usable below low:b $((400000 - $(step $1))) usable above high:c "
}
want="$(decided 1)
$(decided 2)
3:tick 3
$(decided 4)"
# What a policy asks, as `want` has it.
asked() {
    decide "$1" --no-guard "$tmp/lines" 2>&1 | perl -MJSON::PP -ne '
        my $l = decode_json($_);
        print $l->{tick}, ":", $l->{error} // "";
        print join(":", map { join(" ", $_->{name}, $_->{asked_kib} // "", $_->{why} // "") =~ s/ +/ /gr }
                        @{$l->{domains} // []}), "\n"'
}

echo '#include <memcoord/policy.h>' > "$tmp/alone.c"
cp "$tmp/alone.c" "$tmp/alone.cc"
while read -r compiler std suffix; do
    name="$(basename "$compiler") $std"
    ok "$name: the header alone, without a warning" \
        "$compiler" -std="$std" $strict -I"$top/include" -fsyntax-only "$tmp/alone.$suffix"
    so=$tmp/$name/sample.so
    mkdir -p "$tmp/$name"
    ok "$name: a policy with all macros, without a warning" \
        "$compiler" -std="$std" $strict -O2 -fvisibility=hidden -fPIC -shared -I"$top/include" \
        "$tmp/sample.$suffix" -o "$so"
    is "$(asked "$so")" "$want" "$name: it decides"
done < <(dialects)
for c in gcc clang g++ clang++; do
    command -v $c >/dev/null || skip "$c" "not installed"
done

cat > "$tmp/smallest.c" <<'EOF'
#include <memcoord/policy.h>

static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    (void)state;
    (void)s;
    (void)plan;
    return 0;
}

MEMCOORD_POLICY(.name = "smallest", .summary = "changes nothing", .decide = decide);
EOF
ok "the smallest policy compiles" build "$tmp/smallest.c" "$tmp/smallest.so" $strict -I"$top/include"
like "$("$memcoord" policies "$tmp/smallest.so")" '^smallest: changes nothing$' "and loads"

# A parameter that is no uint64_t must not compile: the core would write eight bytes into it.
sed 's/uint64_t low_kib, high_kib/uint32_t low_kib; uint64_t high_kib/' "$tmp/sample.c" > "$tmp/narrow.c"
if build "$tmp/narrow.c" "$tmp/narrow.so" -Werror -I"$top/include" 2>/dev/null; then
    fail "a parameter that is no uint64_t compiles"
else
    pass "a parameter that is no uint64_t does not compile"
fi

# ---- frozen headers: of each ABI that there was, and of today's

abi=$(sed -n 's/^#define MEMCOORD_ABI \([0-9]*\)u$/\1/p' "$top/include/memcoord/policy.h")
for ((old = 1; old <= abi; old++)); do
    frozen=$top/tests/abi/policy-$old.h
    ok "ABI $old: its header is kept" test -f "$frozen"
    mkdir -p "$tmp/abi$old/memcoord"
    cp "$frozen" "$tmp/abi$old/memcoord/policy.h"
    ok "ABI $old: a policy compiles against it" \
        build "$tmp/sample.c" "$tmp/abi$old/sample.so" -I"$tmp/abi$old"
    like "$("$memcoord" policies "$tmp/abi$old/sample.so")" "policy ABI $old" "ABI $old: it loads"
    is "$(asked "$tmp/abi$old/sample.so")" "$want" "ABI $old: it decides as one of today"
done

# layout HEADER INCLUDE-FOLDER [sizes]: a line for each constant and each field of each struct that
# HEADER has, as the header in INCLUDE-FOLDER has them; sizes: also the size of each struct
cat > "$tmp/layout.pl" <<'EOF'
my ($header, $sizes) = @ARGV;
open my $in, "<", $header or die "$header: $!\n";
$_ = do { local $/; <$in> };
s{/\*.*?\*/}{}gs; s/\\\n//g;
print "#include <memcoord/policy.h>\n#include <stdio.h>\nint main(void) {\n";
while (/struct (\w+)\s*\{(.*?)\n\};/gs) {
    my ($struct, $body) = ($1, $2);
    print qq[printf("$struct %zu\\n", sizeof(struct $struct));\n] if $sizes;
    for my $field (map { /\(\*\s*(\w+)\)\(/ ? $1 : /(\w[\w\s,*]*)$/ ? map({ /(\w+)\s*$/ } split /,/, $1) : () }
                   split /;/, $body) {
        print qq[printf("$struct.$field %zu %zu\\n", offsetof(struct $struct, $field),
                 sizeof(((struct $struct *)0)->$field));\n];
    }
}
print qq[printf("$1 %llu\\n", (unsigned long long)$1);\n]
    while /^#define (MEMCOORD_[A-Z]+) +(?:\(UINT32_C|UINT64_MAX)/gm;
print qq[printf("$1 %d\\n", (int)$1);\n] while /^\s*(MEMCOORD_TYPE_\w+)\s*(?:=\s*\d+)?,?\s*$/gm;
print "return 0; }\n";
EOF
layout() {
    perl "$tmp/layout.pl" "$1" ${3:-} > "$tmp/layout.c" &&
        $cc -w -I"$2" "$tmp/layout.c" -o "$tmp/layout" && "$tmp/layout"
}
for ((old = 1; old <= abi; old++)); do
    was=$(layout "$top/tests/abi/policy-$old.h" "$tmp/abi$old")
    is "$(layout "$top/tests/abi/policy-$old.h" "$top/include")" "$was" \
        "ABI $old: every field is where it was, every constant what it was"
    for field in memcoord_domain.stats_age_ms memcoord_policy.decide memcoord_param.reserved \
        memcoord_plan.scratch memcoord_snapshot.interval_ms memcoord_host.grantable_kib \
        MEMCOORD_NEW MEMCOORD_UNKNOWN MEMCOORD_TYPE_CHOICE; do
        like "$was" "^$field " "ABI $old: $field is among them"
    done
done

# What is added needs a new number: with the same one, names, layout and sizes are the same.
contents() { # INCLUDE-FOLDER
    local header=$1/memcoord/policy.h
    layout "$header" "$1" sizes
    perl -0pe 's{/\*.*?\*/}{}gs' "$header" | grep -oiw 'memcoord_[a-z_]*' | sort -u
}
frozen=$(contents "$tmp/abi$abi")
is "$(contents "$top/include")" "$frozen" "ABI $abi: nothing was added without a new number"

# added NAME SED-SCRIPT: the check above sees it
added() {
    mkdir -p "$tmp/added/memcoord"
    sed "$2" "$top/include/memcoord/policy.h" >"$tmp/added/memcoord/policy.h"
    if cmp -s "$top/include/memcoord/policy.h" "$tmp/added/memcoord/policy.h"; then
        fail "$1" "nothing is added by $2"
    elif [ "$(contents "$tmp/added")" = "$frozen" ]; then
        fail "$1" "not seen"
    else
        pass "$1"
    fi
}
for struct in domain host snapshot plan param policy; do
    added "a field that is added to memcoord_$struct would be seen" \
        "/^struct memcoord_$struct {/,/^};/ s/^};/    uint32_t more;\n&/"
done
added "a flag that is added would be seen" 's/^#define MEMCOORD_NEW .*/&\n#define MEMCOORD_MORE 1/'
added "a type of parameter that is added would be seen" \
    's/^    MEMCOORD_TYPE_CHOICE/    MEMCOORD_TYPE_MORE,\n&/'

# ---- newer ones

mkdir -p "$tmp/newer/memcoord"
sed -e "s/^#define MEMCOORD_ABI .*/#define MEMCOORD_ABI $((abi + 1))u/" \
    -e 's/^    const char \*source;.*/&\n    void *from_the_future;/' \
    "$top/include/memcoord/policy.h" > "$tmp/newer/memcoord/policy.h"
ok "a policy compiles against a header of the future" \
    build "$tmp/sample.c" "$tmp/newer/sample.so" -I"$tmp/newer"
refused "a policy of a newer ABI is refused, naming both" \
    "ABI $((abi + 1)), but this memcoord has ABI $abi" "$tmp/newer/sample.so"

# ---- broken ones

# broken NAME SED-SCRIPT WANT: the sample, bent
broken() {
    mkdir -p "$tmp/broken"
    sed "$2" "$tmp/sample.c" > "$tmp/broken.c"
    if cmp -s "$tmp/sample.c" "$tmp/broken.c"; then
        fail "$1" "the sample is not bent by $2"
    elif ! build "$tmp/broken.c" "$tmp/broken/sample.so" -w -I"$top/include"; then
        fail "$1" "does not compile"
    else
        refused "$1" "$3" "$tmp/broken/sample.so"
    fi
}
broken "without decide" 's/, \.decide = decide//' 'decide is missing'
broken "a default out of its range" 's/"12.5%"/"100%"/' "parameter 'share': default: '100%'"
broken "a default without a unit" 's/"100MiB", "0/"100", "0/' "parameter 'low': default: '100'"
broken "a malformed range" 's/"1..64"/"64..1"/' "parameter 'step': range '64..1'"
broken "two parameters with one key" 's/"high"/"low"/' "parameter 'low': it is there twice"
broken "two parameters with one field" 's/high_kib, "high"/low_kib, "high"/' "'high': another"
broken "a parameter outside of the state" 's/sizeof(struct sample),/8,/' "'high': its offset"
broken "defaults that its own check refuses" 's/"200MiB"/"50MiB"/' 'defaults: low is above high'
broken "another name than the file's" 's/"sample"/"example"/' "calls itself 'example'"
broken "no summary" 's/"a sample of all there is"/""/' 'summary is missing'
broken "a table without an end" \
    's/MEMCOORD_PARAMS_END/[7 ... 300] = MEMCOORD_SIZE(struct sample, low_kib, "x", "0", "0..1TiB", "x")/' \
    'more than 256 parameters'
broken "a function that does not exist" 's/return 0;/extern int nowhere(void); return nowhere();/' \
    'undefined symbol: nowhere'
broken "abi 0" 's/MEMCOORD_POLICY(/#undef MEMCOORD_ABI\n#define MEMCOORD_ABI 0u\n&/' 'abi is 0'

echo 'int other;' > "$tmp/broken.c"
build "$tmp/broken.c" "$tmp/broken/none.so"
refused "no memcoord_plugin" 'exports no memcoord_plugin' "$tmp/broken/none.so"
echo 'unsigned memcoord_plugin[2] = { 1, 96 };' > "$tmp/broken.c"
build "$tmp/broken.c" "$tmp/broken/short.so"
refused "a memcoord_plugin that is smaller than it says" 'has 8 bytes' "$tmp/broken/short.so"

# ---- files that are no policies

echo hello > "$tmp/text.so"
refused "a text" 'not a shared object' "$tmp/text.so"
: > "$tmp/empty.so"
refused "an empty file" 'not a shared object' "$tmp/empty.so"
refused "a program of this machine" '' "$memcoord"
mkdir "$tmp/folder.so"
refused "a folder" 'not a file' "$tmp/folder.so"
mkfifo "$tmp/fifo.so"
refused "a fifo" 'not a file' "$tmp/fifo.so"
refused "nothing" 'No such file' "$tmp/nothing.so"
size=$(stat -c %s "$tmp/smallest.so")
mkdir "$tmp/cut"
bad=
for ((n = 0; n < size; n += 487)); do
    head -c $n "$tmp/smallest.so" > "$tmp/cut/smallest.so"
    out=$("$memcoord" policies "$tmp/cut/smallest.so" 2>&1)
    status=$?
    [[ $status -eq 1 && $out =~ "not a shared object"|"cut short" ]] || bad+="$n bytes: $status $out; "
done
is "$bad" "" "a file that is cut short anywhere is refused, and never crashes"

# ---- who could have written it

mkdir "$tmp/mine"
cp "$tmp/smallest.so" "$tmp/mine/smallest.so"
so=$tmp/mine/smallest.so
ok "only its owner can write it: it loads" "$memcoord" policies "$so"
chmod 775 "$so"
refused "a file that its group can write" 'written by its group \(mode 0775\); want' "$so"
chmod 757 "$so"
refused "a file that others can write" 'written by others \(mode 0757\); want' "$so"
chmod 755 "$so"
for mode in 777 1777 757 775; do
    chmod $mode "$tmp/mine"
    out=$("$memcoord" policies "$so" 2>&1)
    like "$out" "$tmp/mine: the folder can be written by .*$mode" "a folder of mode $mode"
done
chmod 755 "$tmp/mine"
ok "all put right: it loads again" "$memcoord" policies "$so"

mkdir "$tmp/open" "$tmp/links"
cp "$so" "$tmp/open/smallest.so"
ln -s "$tmp/open/smallest.so" "$tmp/links/smallest.so"
ok "a link in a good folder to a file in a good folder" "$memcoord" policies "$tmp/links/smallest.so"
chmod 777 "$tmp/open"
like "$("$memcoord" policies "$tmp/links/smallest.so" 2>&1)" "$tmp/open: the folder can be written" \
    "a link to a file in a folder that others can write"
chmod 755 "$tmp/open"
chmod 777 "$tmp/links"
like "$("$memcoord" policies "$tmp/links/smallest.so" 2>&1)" "$tmp/links: the folder can be written" \
    "a link in a folder that others can write"
chmod 755 "$tmp/links"

if [ "$(id -u)" -eq 0 ]; then
    chown 65534 "$so"
    refused "a file of another user" 'the file belongs to user 65534; want root' "$so"
    chown 0 "$so"
    chown 65534 "$tmp/mine"
    like "$("$memcoord" policies "$so" 2>&1)" "$tmp/mine: the folder belongs to user 65534" \
        "a folder of another user"
    chown 0 "$tmp/mine"
else
    skip "a file of another user" "only root can give files away"
    skip "a folder of another user" "only root can give files away"
fi

done_testing
