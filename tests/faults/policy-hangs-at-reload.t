#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A file is read again whose policies hang, crash or take their time: ticks go on meanwhile, and so does what ran
# before, until all have answered. On libvirt's test driver, where each policy has a process of its own.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"
. "$top/tests/lib/waits.sh"
cd "$tmp" || exit 1

# ---- the stage

spin='for (;;) __asm__ volatile("");'
bad fine ''
bad begins '' "__attribute__((constructor)) static void begin(void) { $spin }"
# the first check is one of its defaults, when it is loaded
bad checks '' "#define CHECK check
static const char *check(const void *state) { static int n; (void)state; if (n++) $spin return NULL; }"
bad decides "$spin"
bad aborts 'abort();'
# It says how often it has decided, and takes 2 s to be loaded.
bad slow 'char why[20];
    sprintf(why, "%d", (int)own->ticks);
    memcoord_set_target(plan, s->domains[0], s->domains[0]->balloon_kib, why);' '
#include <time.h>
__attribute__((constructor)) static void begin(void)
{
    struct timespec from, now;

    clock_gettime(CLOCK_MONOTONIC, &from);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while (now.tv_sec - from.tv_sec < 2);
}'

# conf NAME [LINE...]: x.ini for the policy NAME; with sections of others, perhaps
conf() {
    printf '%s\n' '[memcoord]' 'uri = test:///default' "policy = $tmp/$1.so" "policy_path = $tmp" 'interval = 400ms' \
        "${@:2}" > x.new
    mv x.new x.ini
}

start() {
    : > err # the daemon's last lines are not this one's
    "$memcoord" -c x.ini 2>err &
    pid=$!
    wait_for 30 said '^1 domain, host: '
}

# reload: what is said of it is in $lines, but for the ticks, which are in $ticks
reload() {
    tell_to_reload 60
    ticks=$(printf '%s\n' "$lines" | grep -c '^1 domain, host: ')
    lines=$(printf '%s\n' "$lines" | sed '1d; /^1 domain, host: /d; s/in process [0-9]*/in process N/')
}
refused='reload: refused: what ran before goes on, unchanged'

conf fine
start

# ---- while it is loaded, checked and tried

conf begins
reload
is "$lines" "x.ini:3: $tmp/begins.so: its process gave no answer within 5000 ms while it was loaded
$refused" "one that hangs while it is loaded is refused"
within() { [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]; }
ok "and ticks went on: $ticks of some 12" within "$ticks" 8 15

conf fine '[policy begins]' '[policy checks]' '[policy fine]' 'x = 1'
reload
is "$lines" "x.ini:6: $tmp/begins.so: its process gave no answer within 5000 ms while it was loaded
x.ini:7: [policy checks] its process gave no answer within 5000 ms while it checked its parameters
x.ini:9: [policy fine] 'x': policy fine has no parameters
$refused" "those of other sections, too: all that is wrong is said"
ok "and ticks went on: $ticks of some 25" within "$ticks" 16 29

conf decides
reload
is "$lines" "x.ini:3: policy decides: it gives no decision on what was seen last: its process gave no answer within 200 ms while it decided
$refused" "one that hangs on its trial is refused, and no other process is said to start"
conf aborts
reload
is "$lines" "x.ini:3: policy aborts: it gives no decision on what was seen last: its process was killed by signal 6 (Aborted) while it decided
$refused" "one that crashes on its trial, too"

# ---- what comes meanwhile

conf begins
kill -HUP $pid
ok "a reload hangs" wait_for 30 said '^reload: reading x.ini again$'
conf fine '[guard]' 'max_shrink = 77MiB'
before=$(n_said '^reload: refused')
kill -HUP $pid
ok "what is written meanwhile is read after it" wait_for 30 said '^reload: guard.max_shrink: 50MiB, 10% -> 77MiB$'
is "$(n_said '^reload: refused')" $((before + 1)) "when that has been refused"

conf begins
kill -HUP $pid
reading() { [ "$(n_said '^reload: reading')" -ge "$1" ]; }
ok "a reload hangs" wait_for 30 reading $(($(n_said '^reload: (done|refused)') + 1))
SECONDS=0
kill -TERM $pid
wait $pid
is $? 0 "SIGTERM while a reload hangs: it ends well"
ok "at once" [ $SECONDS -le 2 ]

# ---- a policy that takes its time

conf slow '[record]' 'file = r.db'
start
ok "a slow one runs" wait_for 30 said '^1 domain, host: '
reload
like "$lines" '^reload: done: policy slow goes on with what it remembers, every 400 ms$' "it is loaded again"
ok "ticks go on meanwhile: $ticks of some 5" [ "$ticks" -ge 3 ]
n=$(n_said '^1 domain, host: ')
more() { [ "$(n_said '^1 domain, host: ')" -ge $((n + 3)) ]; }
ok "and after it" wait_for 30 more
kill -TERM $pid
wait $pid
is $? 0 "it ends well"
python3 -c '
import sqlite3
for row in sqlite3.connect("r.db").execute("SELECT tick, why FROM domain_sample ORDER BY run, tick"):
    print(*row)' > whys
is "$(awk '$1 != $2 || $1 != NR' whys)" "" "it remembers what was up to the very exchange: each tick is counted once"
ok "and there are some" [ "$(wc -l < whys)" -ge 6 ]
done_testing
