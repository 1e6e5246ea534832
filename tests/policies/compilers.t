#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Each policy, built by gcc and by clang, with and without optimisation, asks for the same.
. "$(dirname "$0")/../lib/tap.sh"

for compiler in gcc clang; do
    command -v $compiler > /dev/null || skip_all "$compiler is not installed"
done

build() { # COMPILER OPTION POLICY: runs the policy, prints what it asks for
    "$1" -std=c11 "$2" -Wall -Wextra -Wconversion -Wformat=2 -Werror -I "$top/include" \
        "$top/tests/policies/drive.c" "$top/policies/$3.c" -o "$tmp/drive" && "$tmp/drive"
}

for policy in $(all_policies); do
    build gcc -O2 "$policy" > "$tmp/gcc" && build clang -O2 "$policy" > "$tmp/clang" &&
        build clang -O0 "$policy" > "$tmp/plain" || { fail "$policy: builds and runs" ""; continue; }
    ok "$policy: gcc and clang agree" cmp "$tmp/gcc" "$tmp/clang"
    ok "$policy: -O0 and -O2 agree" cmp "$tmp/clang" "$tmp/plain"
    targets=$(grep -c '^d' "$tmp/gcc")
    if [ "$policy" = hold ]; then
        is "$targets" 0 "hold: no target among what was compared"
    else
        ok "$policy: thousands of targets among what was compared" test "$targets" -gt 2000
    fi
done
done_testing
