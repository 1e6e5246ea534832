# SPDX-License-Identifier: BSD-3-Clause
# For tests of `memcoord report`: source it after tap.sh.

export MEMCOORD_RUNTIME_DIR=$tmp/run

# record RECORDING SCENARIO POLICY [TEXT]: runs it, with TEXT at the configuration's end
record() {
    printf '[memcoord]\nuri = sim:%s\npolicy = %s\ninterval = 1s\n[record]\nfile = %s\n%b' \
        "$2" "$3" "$1" "${4:-}" > "$1.ini"
    timeout 120 "$memcoord" -c "$1.ini" > "$1.log" 2>&1 || { cat "$1.log" >&2; return 1; }
}

# data_of PAGE: the JSON in it
data_of() { sed -n '/<script type="application\/json" id="data">/{n;p}' "$1"; }

# ask EXPRESSION: evaluates it in perl, with the JSON on standard input as $_
ask() { perl -MJSON::PP -e 'local $/; $_ = JSON::PP->new->decode(<STDIN>); print eval($ARGV[0]) // "undef"; die $@ if $@' "$1"; }

# Names that would break a page that did not care.
hostile_names=('</script><script>alert(1)</script>' '<!--<script>' 'x"><img src=x onerror=alert(1)>&amp;'
    $'line\u2028sep\u2029' 'é%41#&=\u0000')

hostile_scenario() {
    printf '[scenario]\nduration = 20s\n[host]\nmemory = 6GiB\n[guests]\nmax = 1GiB\nload = take 60MiB\n'
    printf '[guest %s]\n' "${hostile_names[@]}"
}
