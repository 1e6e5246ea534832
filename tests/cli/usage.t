#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What all commands have in common: the form of --help, and how wrong usage is told.
. "$(dirname "$0")/../lib/tap.sh"
cd "$top" || exit 1
commands=$("$memcoord" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p')

is "$(echo $commands)" "run release check policies decide compare replay report" "--help names the commands"
for command in $commands; do
    out=$("$memcoord" "$command" --help)
    is "$(printf '%s\n' "$out" | grep -cE '^-h, --help  +this text$|^-V, --version  +the version$')" 2 \
        "$command --help: options begin in the first column"
    is "$(printf '%s\n' "$out" | awk 'length > 100')" "" "$command --help: fits 100 columns"
    [ "$command" = release ] || is "$(printf '%s\n' "$out" | grep -E '^(-.,|   ) --' | sed 's/  [^ ].*//; s/ *$//' | grep -E '[a-z]+ [A-Z=]+ [a-z]')" \
        "" "$command --help: a gap stands between each option and what it does"
    [ "$command" = release ] || is "$(printf '%s\n' "$out" | grep -E '^(-.,|   ) --' | sed -E 's/^(.*[^ ]  +)[^ ].*/\1/' | awk '{ print length }' | sort -u | wc -l)" \
        1 "$command --help: what options do stands in one column"
    like "$out" '^Exit status: 0, 1 \(.*2 \(' "$command --help: the exit status"
    is "$("$memcoord" help "$command")" "$out" "help $command: the same"
    for program in "$memcoord" ./memcoord; do
        out=$("$program" "$command" --nonesuch 2>&1 >"$tmp/stdout")
        is "$?:$(wc -c < "$tmp/stdout")" "2:0" "$command: an option that is none: status 2"
        is "$(printf '%s\n' "$out" | head -n 1)" "memcoord: unrecognized option '--nonesuch'" \
            "$command: messages of $(basename "$(dirname "$program")")/memcoord begin with memcoord:"
    done
done
is "$("$memcoord" help)" "$("$memcoord" --help)" "help: as --help"
out=$(./memcoord --nonesuch 2>&1)
is "$(printf '%s\n' "$out" | head -n 1)" "memcoord: unrecognized option '--nonesuch'" \
    "without a command, too"

# ---- neither a command nor an interval

for wrong in chekc:check cehck:check relase:release polices:policies decied:decide comapre:compare; do
    out=$("$memcoord" "${wrong%:*}" 2>&1)
    is "$?:$out" "2:memcoord: '${wrong%:*}' is neither a command nor an interval: did you mean ${wrong#*:}? Or want seconds, 0.1 to 3600" \
        "${wrong%:*}: the nearest command is suggested"
done
for wrong in nonsense 0 -1s 3601 1s '' 0x1 1e0 ' 1' '1 ' +1 -1 1. .5 1.2.3 1,5 nan inf; do
    out=$("$memcoord" -- "$wrong" 2>&1)
    is "$?:$out" "2:memcoord: '$wrong' is neither a command nor an interval: want seconds, 0.1 to 3600" \
        "'$wrong': nothing is near"
done
for arguments in "-c x check" "run check" "-v policies threshold"; do
    command=$(echo "$arguments" | grep -oE 'check|policies')
    out=$("$memcoord" $arguments 2>&1)
    is "$?:$out" "2:memcoord: '$command' stands too late: a command comes first, as in memcoord $command -c FILE" \
        "$arguments: a command comes first"
done
done_testing
