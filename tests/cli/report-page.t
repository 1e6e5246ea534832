#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The page of memcoord report in a browser without a screen: that it draws, what it draws, and that names of
# others do nothing.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/report.sh"
cd "$tmp" || exit 1
command -v chromium >/dev/null || skip_all "chromium is not installed"

browser=(timeout 180 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run
    --user-data-dir="$tmp/chromium" --enable-logging=stderr --virtual-time-budget=20000 --window-size=1300,900)

# look PAGE FRAGMENT SCRIPT [FLAG...]: opens a copy of the page to which a script is added. It calls say(text)
# for each line that `look` prints; then come the errors of the page: none, if all is well.
look() {
    local page=$1 fragment=$2 script=$3
    shift 3
    awk -v script="$script" '
        /<head>/ { print; print "<script>window.said = []; const say = (text) => said.push(text);";
                   print "window.addEventListener(\"error\", (e) => say(\"error: \" + e.message));";
                   print "document.addEventListener(\"securitypolicyviolation\", (e) => say(\"refused: \" + e.blockedURI));";
                   print "</script>"; next }
        /^<\/body>/ { print "<script>(async () => {"; print script;
                   print "})().catch((e) => say(\"error: \" + e)).finally(() => {";
                   print "const pre = document.createElement(\"pre\"); pre.id = \"said\";";
                   print "pre.textContent = [\"\", ...said, \"\"].join(\"\\n\"); document.body.append(pre); });</script>" }
        { print }' "$page" > "look-$page"
    "${browser[@]}" "$@" --dump-dom "file://$tmp/look-$page$fragment" > dom.html 2> browser.log
    sed -n '/<pre id="said">/,/<\/pre>/p' dom.html | sed '1d;$d' | sed 's/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g'
    grep -o 'CONSOLE.*' browser.log
}

# How much of each canvas is painted, and whether the page says that it is done.
read -r -d '' canvases <<'EOJ'
say("drawn " + document.documentElement.dataset.drawn);
for (const canvas of document.querySelectorAll("canvas")) {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const painted = pixels.filter((value, i) => i % 4 === 3 && value > 0).length;
  say(`${canvas.id} ${painted > 2000 && new Set(pixels).size > 20 ? "painted" : "blank"}`);
}
say(`loaded ${performance.getEntriesByType("resource").length}`);
EOJ

# What is drawn of the chosen domain: name, and the largest demand.
read -r -d '' chosen <<'EOJ'
const most = (label) => Math.max(...Chart.getChart("domain-0").data.datasets.find((d) => d.label === label).data
  .map((point) => point.y || 0));
const show = () => say(`${document.getElementById("domain-name").textContent}: ${most("demand").toFixed(0)} MiB`);
const changed = (change) => new Promise((done) => { window.addEventListener("hashchange", done); change(); });
EOJ

for policy in threshold proportional fair-share hold; do
    record $policy.db "$top/conf/scenarios/demo.ini" $policy || echo "# $policy.db could not be made"
done
ok "a comparison of four is written" "$memcoord" report threshold.db proportional.db fair-share.db hold.db -o page.html

# ---- it draws

out=$(look page.html "" "$canvases")
is "$out" "drawn yes
frontier-plot painted
$(printf 'memory-%d painted\n' 0 1 2 3)
$(printf 'domain-%d painted\n' 0 1 2 3)
loaded 0" "all pictures are painted, nothing is loaded, no error is told"

out=$(look page.html "" '
for (const id of ["runs-table", "scores-table", "differences-table"])
  say(`${id} ${document.querySelectorAll(`#${id} tbody tr`).length}`);
say([...document.querySelectorAll("#scores-table tbody th")].map((th) => th.textContent).join(" "));
const saved = [...document.querySelectorAll("#scores-table button")].find((b) => b.textContent === "saved");
saved.click();
const rows = [...document.querySelectorAll("#scores-table tbody tr")];
const at = [...document.querySelectorAll("#scores-table th[scope=col]")].findIndex((th) => th.ariaSort === "descending");
const values = rows.map((row) => Number(row.children[at].textContent));
say(`sorted ${values.every((value, i) => i === 0 || value <= values[i - 1])}`);
const axes = [0, 1, 2, 3].map((i) => Chart.getChart(`memory-${i}`).scales).map((s) => `${s.x.max} ${s.y.max}`);
say(`axes ${new Set(axes).size}`);
say(Chart.getChart("frontier-plot").data.datasets.filter((d) => !d.isBare).map((d) => d.label).join(" "));
say(Chart.getChart("memory-0").data.datasets.map((d) => d.label).sort().join(", "));')
is "$(printf '%s\n' "$out" | head -n 2)" "runs-table 4
scores-table 4" "the tables have a row for each run"
like "$out" '^differences-table [1-9]' "what differs is told"
like "$out" '^threshold proportional fair-share hold$' "runs are called as their policies"
like "$out" '^sorted true$' "a click on a heading sorts"
like "$out" '^axes 1$' "the axes are the same in all pictures"
is "$(printf '%s\n' "$out" | grep -c '^threshold proportional fair-share hold$')" 2 "the frontier has a point for each"
like "$out" '^demand of all domains, grows, host memory, idle, late, used of host memory, waves$' \
    "host, domains and demand are drawn"
unlike "$out" '^error|^refused|CONSOLE' "no error"

# ---- domains

out=$(look page.html "#domain=late" "$chosen show();
await changed(() => { location.hash = '#domain=idle'; }); show();
await changed(() => document.getElementById('domain-after').click()); show();
const input = document.getElementById('domain-input'); input.value = 'grows';
await changed(() => input.dispatchEvent(new Event('change'))); show();
input.value = 'nobody'; input.dispatchEvent(new Event('change'));
say(document.getElementById('domain-problem').textContent); show();")
is "$out" "late: 500 MiB
idle: 60 MiB
late: 500 MiB
grows: 1200 MiB
No domain is called 'nobody'.
grows: 1200 MiB" "the address, a button and the field choose the domain that is drawn"

# ---- several seeds

printf '[experiment]\nscenarios = %s\nseeds = 1..2\n[variant a]\npolicy = threshold\n[variant b]\npolicy = hold\n' \
    "$top/conf/scenarios/demo.ini" > experiment.ini
"$memcoord" compare experiment.ini -o results > compare.log 2>&1 || cat compare.log
cp results/report.html seeds.html
out=$(look seeds.html "" '
const text = (selector) => [...document.querySelectorAll(selector)].map((found) => found.textContent).sort().join(" ");
const first = Chart.getChart("memory-0");
say(text("#scores-table tbody th"));
say(document.getElementById("scores-mean").textContent);
say(Chart.getChart("frontier-plot").data.datasets.filter((d) => !d.isBare).map((d) => d.label).sort().join(", "));
say(text("#memory-plots figcaption"));
const input = document.getElementById("set-input");
say(`${text("#set-input option")}: ${document.getElementById("set-note").textContent}`);
input.value = 1; input.dispatchEvent(new Event("change"));
say(document.getElementById("set-note").textContent);
say(text("#memory-plots figcaption"));
say(JSON.stringify(first.data) === JSON.stringify(Chart.getChart("memory-0").data) ? "the same" : "other data");')
is "$out" "a b oracle static
Means of 2 seeds.
a, b, oracle (limit), static (limit)
a b oracle static
seed 1 seed 2: Shown below: seed 1.
Shown below: seed 2.
a b oracle static
other data" "seeds of a comparison are scored by their mean, and shown one at a time"

# ---- several scenarios

sed -i -e "s|^scenarios = .*|&, $top/conf/scenarios/tight-host.ini|" -e 's/^seeds = .*/duration = 20s/' experiment.ini
"$memcoord" compare experiment.ini -o scenarios > compare.log 2>&1 || cat compare.log
cp scenarios/report.html scenarios.html
out=$(look scenarios.html "" '
const table = (id) => [...document.querySelectorAll(`#${id} tbody tr`)];
const names = (id) => table(id).map((row) => row.children[0].textContent).join(" ");
const scores = () => table("scores-table").map((row) => row.textContent).join();
const column = [...document.querySelectorAll("#runs-table thead th")].findIndex((th) => th.textContent === "scenario");
const scenarios = () => [...new Set(table("runs-table").map((row) => row.children[column].textContent))].join(" ");
say(document.getElementById("lead").textContent);
const show = () => say(`${names("runs-table")}; ${names("scores-table")}; ${scenarios()}`);
show();
const before = scores(), input = document.getElementById("set-input");
input.value = 1; input.dispatchEvent(new Event("change"));
show();
say(scores() === before ? "the same" : "other scores");')
is "$out" "8 runs, 4 variants, 2 scenarios, 9 domains.
static oracle a b; static oracle a b; demo
static oracle a b; static oracle a b; tight-host
other scores" "scenarios are shown one at a time: scores of two of them say nothing of each other"

# ---- light, dark, paper

read -r -d '' colours <<'EOJ'
const light = (colour) => Number(/\d+/.exec(colour)[0]) > 128;
const tick = () => Chart.getChart("memory-0").options.scales.x.title.color;
say(light(getComputedStyle(document.body).backgroundColor) ? "light" : "dark");
const before = tick();
window.dispatchEvent(new Event("beforeprint"));
say(`${tick() === before ? "the same" : "other"} colours on paper, ${Chart.getChart("memory-0").currentDevicePixelRatio} times as sharp`);
window.dispatchEvent(new Event("afterprint"));
say(tick() === before ? "as before" : "changed");
EOJ
is "$(look page.html "" "$colours" --blink-settings=preferredColorScheme=1)" "light
the same colours on paper, 3 times as sharp
as before" "light"
is "$(look page.html "" "$colours" --blink-settings=preferredColorScheme=0)" "dark
other colours on paper, 3 times as sharp
as before" "dark, but not on paper"
"${browser[@]}" --print-to-pdf="$tmp/page.pdf" "file://$tmp/page.html" > browser.log 2>&1
is "$(head -c 5 page.pdf 2>/dev/null)" "%PDF-" "it prints"

# ---- names of others

hostile_scenario > hostile.ini
record hostile.db hostile.ini hold
"$memcoord" report hostile.db -o hostile.html >stdout
out=$(look hostile.html "" '
say(`${document.querySelectorAll("img").length} images, ${document.querySelectorAll("script").length} scripts`);
for (const name of [...document.querySelectorAll("#domain-list option")].map((option) => option.value)) {
  location.hash = `#domain=${encodeURIComponent(name)}`;
  await new Promise((done) => window.addEventListener("hashchange", done, { once: true }));
  say(`${document.getElementById("domain-name").textContent === name} ${JSON.stringify(name)}`);
}')
is "$(printf '%s\n' "$out" | head -n 1)" "0 images, 5 scripts" "hostile names add nothing to the page"
is "$(printf '%s\n' "$out" | grep -c '^true')" "${#hostile_names[@]}" "each can be chosen"
unlike "$out" '^false|^error|^refused|CONSOLE' "no error"

# ---- many

printf '[scenario]\nduration = 900s\n[host]\nmemory = 700GiB\n[guest web]\ncount = 500\nmax = 2GiB\nballoon = 640MiB\nload = walk 100MiB to 900MiB step 120MiB every 40s\n' > many.ini
record many.db many.ini threshold
cp many.db again.db
ok "500 domains are written" "$memcoord" report many.db again.db many.db -o many.html
echo "# $(stat -c %s many.html) bytes for 500 domains in 3 runs"
out=$(look many.html "#domain=web417" "$canvases $chosen
say(document.querySelectorAll('#domain-list option').length);
say(Chart.getChart('memory-0').data.datasets.map((d) => d.label).filter((label) => /others|^web/.test(label)).length);
say(Chart.getChart('memory-0').data.datasets.some((d) => d.label === '488 others'));
show();")
is "$(printf '%s\n' "$out" | grep -c '^[a-z]*-.* painted$')" 7 "and painted"
like "$out" '^500$' "all can be chosen"
like "$out" '^13$' "twelve and the others are stacked"
like "$out" '^true$' "of which it says how many they are"
like "$out" '^web417: [1-9][0-9]+ MiB$' "one of them is drawn"
unlike "$out" 'blank|^error|^refused|CONSOLE' "no error"
done_testing
