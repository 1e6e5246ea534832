#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The last line of .ci/run counts right whatever fails. A make of the test's own plays the steps.
. "$(dirname "$0")/../lib/tap.sh"

mkdir -p "$tmp/bin" "$tmp/copy/.ci"
cp "$top/.ci/run" "$tmp/copy/.ci/"
cat >"$tmp/bin/make" <<'END'
#!/usr/bin/env bash
case "$*" in
*"$FAILS"*) ;;
*check-format*) exit 0 ;;
*check*) prove --exec bash "$T/good.t"; exit ;;
*) exit 0 ;;
esac
case $HOW in
tests) prove --exec bash "$T/good.t" "$T/bad.t" ;;
dies) prove --exec bash "$T/good.t" "$T/dies.t" ;;
*) exit 2 ;;
esac
END
chmod 755 "$tmp/bin/make"
printf '%s\n' 'echo "ok 1 - a"' 'echo "ok 2 - b"' 'echo 1..2' >"$tmp/good.t"
printf '%s\n' 'echo "ok 1 - a"' 'echo "not ok 2 - b"' 'echo "not ok 3 - c"' 'echo 1..3; exit 1' >"$tmp/bad.t"
printf '%s\n' 'echo "ok 1 - a"' 'echo 1..1' 'exit 3' >"$tmp/dies.t"

# counts FAILS HOW LINE STATUS NAME: the steps that match FAILS fail in that way
counts() {
    local out status
    out=$(T=$tmp FAILS=$1 HOW=$2 PATH=$tmp/bin:$PATH bash "$tmp/copy/.ci/run" 2>&1)
    status=$?
    is "$(tail -n 1 <<<"$out")" "$3" "$5: $3"
    is "$([ $status = 0 ] && echo 0 || echo 1)" "$4" "... and the exit status says so"
}

counts 'nothing' '' '10 passed, 0 failed' 0 "all is well"
counts 'deps check' tests '3 passed, 2 failed' 1 "two of three tests fail"
counts 'deps check' dies '3 passed, 1 failed' 1 "a program dies with all its tests passed"
counts 'check-format' build '0 passed, 1 failed' 1 "the form is not right"
counts 'CC=clang -j' build '2 passed, 1 failed' 1 "clang does not build"
counts 'deps demo' build '0 passed, 1 failed' 1 "nothing can be installed"
done_testing
