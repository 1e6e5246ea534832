#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Somebody moves or removes the recording while it is being written: a new one is begun in its place.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/recorded.sh"

daemon r.db
ok "something is written" wait_for 30 recorded r.db 1
mv r.db moved.db
ok "a new one is begun" wait_for 30 recorded r.db 1
like "$("$recording" show moved.db)" ': [0-9]+ ticks, 1\.\.' "the one that was moved can be read"
rm r.db
ok "another one is begun" wait_for 30 recorded r.db 1
kill -INT $pid
wait $pid
is $? 0 "the daemon ends well"
ok "and the last one can be read" "$recording" show r.db
is "$(ls r.db*)" "r.db" "in one file"
done_testing
