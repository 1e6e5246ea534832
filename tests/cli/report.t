#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# memcoord report, without a browser: what the page holds, and what is told when it can't be written.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/report.sh"
cd "$tmp" || exit 1

report() { "$memcoord" report "$@"; }

for policy in threshold proportional hold; do
    ok "a run under $policy is recorded" record $policy.db "$top/conf/scenarios/demo.ini" $policy
done

# ---- the page

out=$(report threshold.db proportional.db hold.db)
is "$?:$out" "0:report.html" "without -o it is report.html here, and says so"
is "$(report threshold.db proportional.db hold.db -o other.html)" other.html "with -o it says that name"
ok "the same recordings make the same page" cmp report.html other.html
rm other.html
is "$(head -n 1 report.html):$(tail -n 1 report.html)" "<!DOCTYPE html>:</html>" "it is a whole page"
for tag in html head body main style script section table canvas; do
    is "$(grep -oE "<$tag[ >]" report.html | wc -l)" "$(grep -o "</$tag>" report.html | wc -l)" \
        "each <$tag> is closed"
done
is "$(sed '/^ \* Chart.js v/,/^<\/script>/d' report.html | grep -oE '(src|href|action)=[^ ]*|url\(|@import|https?://[^ ]*' | sort -u)" \
    'href="data:,">' "nothing outside is named"
like "$(cat report.html)" "Content-Security-Policy" "and the browser is told to load nothing"
like "$(cat report.html)" "default-src 'none'" "from anywhere"
like "$(cat report.html)" "Permission is hereby granted, free of charge" "the licence of Chart.js is in it"

data_of report.html > data.json
is "$(ask '$#{$_->{runs}} + 1' < data.json)" 3 "there are three runs"
is "$(ask 'join " ", map { $_->{policy} } @{$_->{runs}}' < data.json)" "threshold proportional hold" "in the order given"
is "$(ask 'join " ", sort map { $_->{name} } @{$_->{runs}[0]{domains}}' < data.json)" "grows idle late waves" \
    "with all domains"
is "$(ask 'join " ", sort @{$_->{runs}[0]{top}}' < data.json)" "grows idle late waves" "which are all drawn one by one"
like "$(ask '$_->{runs}[0]{settings}' < data.json)" '\[policy threshold\]' "settings are in it"

# ---- scores

report --json threshold.db hold.db > scores.json
is $? 0 "--json prints scores"
ok "and writes no page" test ! -e scores.html
is "$(ask '$#{$_} + 1' < scores.json)" 2 "of both runs"
for key in shortfall_gib_s saved_percent needed_p99_gib; do
    is "$(ask "my %at; \$at{\$_->{columns}[\$_]{key}} = \$_ for (); my \$i = 0; my \$d = \$_; for (@{\$d->{columns}}) { last if \$_->{key} eq '$key'; \$i++ } 0 + \$d->{runs}[2]{scores}[\$i][1]" < data.json)" \
        "$(ask "0 + \$_->[1]{scores}{$key}" < scores.json)" "$key is the same in page and JSON"
done
ok "hold has a shortfall" test "$(ask '$_->[1]{scores}{shortfall_gib_s} > 0 ? 1 : 0' < scores.json)" = 1

# ---- hostile names

hostile_scenario > hostile.ini
ok "a run with hostile names is recorded" record hostile.db hostile.ini hold
ok "and shown" report hostile.db -o hostile.html
for i in "${!hostile_names[@]}"; do
    is "$(data_of hostile.html | ask 'binmode STDOUT, ":utf8"; join "\n", map { $_->{name} } @{$_->{runs}[0]{domains}}' | grep -cxF -- "${hostile_names[$i]}")" \
        1 "hostile name $((i + 1)) is in the data as it is"
done
is "$(data_of hostile.html | LC_ALL=C grep -c '[<>&]')" 0 "the data has no character that HTML knows"
is "$(data_of hostile.html | LC_ALL=C grep -c '[^ -~]')" 0 "and none beside ASCII"
is "$(grep -c '<script' hostile.html)" "$(grep -c '<script' report.html)" "so that no script was added"

# ---- what is wrong

# refused STATUS MESSAGE ARGUMENT...
refused() {
    local status=$1 message=$2
    shift 2
    out=$(report "$@" 2>&1 >stdout)
    is "$?:$(cat stdout)" "$status:" "report $*: status $status, nothing on standard output"
    like "$out" "$message" "it says why"
}

cp report.html before.html
refused 2 "^memcoord: which recording\? Want memcoord report RECORDING\.\.\.$"
refused 2 "^memcoord: none.db: .*No such file or directory" threshold.db none.db
refused 2 "^memcoord: before.html: is no recording" before.html
head -c 20000 threshold.db > cut.db
refused 2 "^memcoord: cut.db: " cut.db
refused 2 "^memcoord: hold.db: is a recording, which is not replaced" threshold.db -o hold.db
refused 2 "^memcoord: $tmp: is no file" threshold.db -o "$tmp"
refused 2 "^memcoord: none/x.html: can't be written: No such file or directory$" threshold.db -o none/x.html
ok "what was there stays as it was" cmp report.html before.html
ok "the recording, too" report hold.db -o x.html
is "$(ls | grep -c 'html\.')" 0 "no draft is left"
out=$(report --json threshold.db 2>&1 >/dev/full)
is "$?:$out" "1:memcoord: standard output can't be written" "a full disk is told"
ok "a page may stand where a link leads" sh -c "touch real.html && ln -s real.html link.html &&
    '$memcoord' report hold.db -o link.html && test -L link.html && test -s real.html"
done_testing
