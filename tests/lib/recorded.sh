# SPDX-License-Identifier: BSD-3-Clause
# For tests of faults, after tap.sh: a daemon that records what it sees of 100 domains of libvirt's test
# driver. They need no daemon of libvirt's.

recording=$top/build/tests/faults/recording
[ -x "$recording" ] || make -s -C "$top" build/tests/faults/recording
export MEMCOORD_RUNTIME_DIR=$tmp/run
. "$top/tests/lib/waits.sh"
cd "$tmp" || exit 1

{
    echo '<node>'
    for ((i = 0; i < 100; i++)); do
        echo "<domain type='test'><name>d$i</name><memory>1048576</memory><os><type>hvm</type></os></domain>"
    done
    echo '</node>'
} > node.xml

# daemon FILE: starts one in the background that records into FILE; its lines go to $tmp/err, it is $pid
daemon() {
    printf '[memcoord]\nuri = test://%s\npolicy = hold\ninterval = 100ms\n[record]\nfile = %s\n' \
        "$tmp/node.xml" "$1" > x.ini
    "$memcoord" -c x.ini 2>err &
    pid=$!
}

# recorded FILE N: at least N ticks in its last run
recorded() { [ "$("$recording" show "$1" 2>&1 | sed -n '$s/.*: \([0-9]*\) ticks.*/\1/p')" -ge "$2" ] 2>/dev/null; }
# How many ticks were done.
ticks() { grep -c '^100 domains, host: ' err; }
ticked() { [ "$(ticks)" -ge "$1" ]; }

# whole FILE N NAME: its last run has ticks 1..N, each with all domains
whole() {
    like "$("$recording" show "$1" 2>&1 | tail -n 1)" ": $2 ticks, 1\.\.$2, $(($2 * 100)) samples\$" "$3"
}
