#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The SQL that conf/recordings.md shows gives rows of a recording, simulated and real.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/recorded.sh"

daemon real.db
ok "the daemon runs" wait_for 20 ticked 3
kill -INT $pid
wait $pid
printf '[memcoord]\nuri = sim:%s\n[record]\nfile = sim.db\n' "$top/conf/scenarios/demo.ini" > x.ini
"$memcoord" -c x.ini 2>/dev/null
sed -n '/^```sql$/,/^```$/{/^```/d;p}' "$top/conf/recordings.md" > questions.sql
is "$("$recording" sql sim.db < questions.sql | tr '\n' ,)" "4 rows,20 rows,0 rows,0 rows," "of a simulated host"
is "$("$recording" sql real.db < questions.sql | tr '\n' ,)" "100 rows,0 rows,0 rows,1 rows," "of a real one"
done_testing
