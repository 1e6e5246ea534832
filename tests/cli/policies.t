#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# memcoord policies: what is installed, and one policy's parameters.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/policies.sh"

policies() { "$memcoord" policies "$@"; }

out=$(policies)
is $? 0 "the policies beside memcoord are found from anywhere"
for name in $(all_policies); do
    like "$out" "^$name +[a-z]" "$name is listed with its summary"
    like "$(policies "$name")" "^file: .*/$name.so \(policy ABI [0-9]+\)$" "$name is shown by name"
done
is "$(echo "$out" | cut -d' ' -f1)" "$(echo "$out" | cut -d' ' -f1 | LC_ALL=C sort)" "sorted by name"
is "$(echo "$out" | wc -l)" "$(all_policies | wc -l)" "a line each"
is "$(echo "$out" | grep -E '.{101}')" "" "none is longer than 100 columns"

# Its text has each parameter with its default.
for name in $(all_policies); do
    policies "$name" | awk '/^key +type/ { on = 1; next } on { print $1, $3 }' >"$tmp/built"
    sed -n '/^\*\*Parameters\*\*/,/^\*\*[^P]/s/^| `\([a-z_]*\)` *| `\([^`]*\)`.*/\1 \2/p' "$top/policies/$name.md" \
        >"$tmp/told"
    is "$(cat "$tmp/told")" "$(cat "$tmp/built")" "$name.md has its parameters and their defaults"
done

out=$(policies threshold)
for key in metric low high grow shrink; do
    like "$out" "^$key  " "threshold shows its parameter $key"
done
like "$out" '^low +size +100MiB +0\.\.[0-9]+TiB +[a-z]' "with type, default, range and help"
like "$(policies fair-share)" '^source: .*OSDI 2002' "fair-share says where it comes from"
like "$(policies hold)" 'no parameters' "hold has no parameters"

# ---- folders

mkdir "$tmp/one" "$tmp/two" "$tmp/empty"
made() { # FOLDER NAME SUMMARY
    cat > "$tmp/made.c" <<EOF
#include <memcoord/policy.h>
static int decide(void *state, const struct memcoord_snapshot *s, struct memcoord_plan *plan)
{
    return state && s && plan ? 0 : 0;
}
MEMCOORD_POLICY(.name = "$2", .summary = "$3", .decide = decide);
EOF
    build "$tmp/made.c" "$tmp/$1/$2.so" -I"$top/include"
}
made one both "the first one's"
made two both "the second one's"
made two alone "a \\\"quoted\\\" text"
is "$(policies --policy-path "$tmp/one:$tmp/two")" 'alone  a "quoted" text
both   the first one'\''s' "the first folder that has a name wins"
is "$(policies both --policy-path "$tmp/two:$tmp/one" | head -1)" "both: the second one's" \
    "for one policy too"
printf '[memcoord]\npolicy = hold\npolicy_path = %s\n' "$tmp/two" > "$tmp/coord.ini"
is "$(policies -c "$tmp/coord.ini" | head -1)" 'alone  a "quoted" text' "policy_path comes from -c FILE"
is "$(policies -c "$tmp/coord.ini" --policy-path "$tmp/one" | wc -l)" 1 "--policy-path wins over it"

out=$(policies --policy-path "$tmp/empty" 2>"$tmp/stderr")
is "$?:$out" "1:" "a folder without policies: status 1, nothing on standard output"
like "$(cat "$tmp/stderr")" "no policies in $tmp/empty" "and it is said"
out=$(policies nix --policy-path "$tmp/one:$tmp/two" 2>&1)
is $? 2 "a policy that is not there: status 2, as for decide"
like "$out" "no policy 'nix': looked for nix.so in $tmp/one $tmp/two" "the folders are named"

echo junk > "$tmp/one/broken.so"
policies broken --policy-path "$tmp/one" >"$tmp/stdout" 2>"$tmp/stderr"
is $? 1 "one that is there and can't be loaded: status 1"
out=$(policies --policy-path "$tmp/one" 2>&1)
is $? 1 "one that can't be loaded: status 1"
like "$out" '^both  ' "the others are listed"
like "$out" "^can't be loaded: $tmp/one/broken.so: not a shared object" "and it, with the reason"

umask 022
made writable two "x"
for what in writable/two.so writable; do
    chmod g+w "$tmp/$what"
    like "$(policies "$tmp/writable/two.so" 2>&1)" "can be written by its group .*: chmod go-w $tmp/$what$" \
        "what can be written by its group: what to do is said ($what)"
    eval "$(policies "$tmp/writable/two.so" 2>&1 | sed 's/.*: \(chmod \)/\1/')"
    ok "... and it helps" policies "$tmp/writable/two.so"
done

# ---- JSON

out=$(policies --policy-path "$tmp/one:$tmp/two" --json | perl -MJSON::PP -e '
    for (@{decode_json(<>)}) { print $_->{name} // "-", ":", $_->{summary} // $_->{error}, "\n"; }')
is "$out" "alone:a \"quoted\" text
both:the first one's
-:$tmp/one/broken.so: not a shared object (no ELF header)" "--json lists the same"
out=$(policies threshold --json | perl -MJSON::PP -e '
    my $p = decode_json(<>);
    print "$p->{name} $p->{abi}: ", join(" ", map { "$_->{key}=$_->{default}=$_->{value}" }
          grep { $_->{key} =~ /^(low|high)$/ } @{$p->{parameters}})')
like "$out" '^threshold [0-9]+: low=100MiB=100MiB high=200MiB=200MiB$' "--json shows parameters"

# ---- values of a configuration

printf '[memcoord]\npolicy = threshold\n[policy threshold]\nlow = 1GiB\nhigh = 2GiB\n' > "$tmp/coord.ini"
like "$(policies threshold -c "$tmp/coord.ini")" '^low +size +100MiB +[^ ]+ +1GiB +[a-z]' \
    "with -c FILE the values of FILE are shown beside the defaults"
printf '[memcoord]\npolicy = threshold\n[policy threshold]\nlow = 3GiB\nhihg = 2GiB\nhigh = 5\n' \
    > "$tmp/coord.ini"
out=$(policies threshold -c "$tmp/coord.ini" 2>&1)
is $? 2 "a wrong section: status 2"
like "$out" "$tmp/coord.ini:5: .*hihg.*did you mean high" "an unknown parameter is named with its line"
like "$out" "$tmp/coord.ini:6: .*'5' has no unit" "and a bad value, both at once"
printf '[memcoord]\npolicy = threshold\n[policy threshold]\nlow = 3GiB\n' > "$tmp/coord.ini"
like "$(policies threshold -c "$tmp/coord.ini" 2>&1)" "$tmp/coord.ini:[34]: .*low" \
    "what is wrong between parameters is named with a line"
out=$(policies -c "$tmp/none.ini" 2>&1)
is $? 2 "a configuration that is not there: status 2"
like "$out" "$tmp/none.ini" "and it is named"

# ---- usage

for option in --help -h; do
    out=$(policies $option 2>"$tmp/stderr")
    is "$?:$(wc -c < "$tmp/stderr")" "0:0" "$option: status 0, nothing on standard error"
    like "$out" '^usage: memcoord policies' "$option shows how it is used"
done
like "$(policies --version)" '^memcoord [0-9]' "--version"
for wrong in --nonsense "hold threshold" --policy-path; do
    out=$(policies $wrong 2>&1 >"$tmp/stdout")
    is "$?:$(wc -c < "$tmp/stdout")" "2:0" "wrong usage ($wrong): status 2, nothing on standard output"
    like "$out" '^usage: memcoord policies' "wrong usage ($wrong): the right one is shown"
done
done_testing
