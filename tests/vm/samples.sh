# SPDX-License-Identifier: BSD-3-Clause
# What guests did, in figures: a CSV with a row a guest a second, and questions to it. Sourced by
# lib.sh. Times are seconds since vm_sample_start.

vm_csv=$tmp/samples.csv
vm_sampler= # process id

# One bulk call; the load's last mark comes from the console.
vm_sample() {
    vm_virsh domstats --balloon --state 2>/dev/null |
        awk -v time="$(date +%s.%2N)" -v start="$vm_csv_start" -v guests="$vm_dir/guests" '
        function put(   f, line, mark, m) {
            if (name == "") return
            f = guests "/" name ".console"
            while ((getline line < f) > 0)
                if (line ~ /^LOAD [0-9.]+ [a-z]+ [0-9]+ [0-9]+ [0-9]+ MiB/) mark = line
            close(f)
            split(mark, m, " ")
            printf "%.2f,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s\n", time - start, name,
                v["state.state"], v["balloon.current"], v["balloon.maximum"],
                v["balloon.unused"], v["balloon.usable"], v["balloon.available"],
                v["balloon.rss"], m[3], m[4], host
            split("", v)
        }
        BEGIN {
            while ((getline line < "/proc/meminfo") > 0)
                if (split(line, m, /[: ]+/) && m[1] == "MemAvailable") host = m[2]
        }
        /^Domain:/ { put(); name = substr($2, 2, length($2) - 2); next }
        /=/ { split($1, kv, "="); v[kv[1]] = kv[2] }
        END { put() }'
}

vm_sample_start() {
    vm_csv_start=$(date +%s.%2N)
    printf '%s,%s\n' time_s,domain,state,balloon_kib,maximum_kib,unused_kib,usable_kib \
        guest_total_kib,rss_kib,load,held_mib,host_available_kib >"$vm_csv"
    (
        trap 'exit 0' TERM
        while :; do
            sleep 1 &
            vm_sample >>"$vm_csv"
            wait $!
        done
    ) &
    vm_sampler=$!
}

vm_sample_stop() {
    [ -n "$vm_sampler" ] || return 0
    kill "$vm_sampler" 2>/dev/null
    wait "$vm_sampler" 2>/dev/null
    vm_sampler=
}

# vm_now: the time as the CSV counts it
vm_now() { awk -v now="$(date +%s.%2N)" -v start="$vm_csv_start" 'BEGIN { print now - start }'; }

# csv NAME FROM TO 'AWK': runs row() of AWK on that guest's rows ('*': everybody's) between the two
# times, then end(). `t` is the row's time, get("balloon_kib") a figure of it, "" where unknown.
csv() {
    awk -F, -v name="$1" -v from="$2" -v to="$3" '
        function get(column) { return $c[column] == "" ? "" : $c[column] + 0 }
        NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
        { t = $1 + 0 }
        (name == "*" || $2 == name) && t >= from && t <= to { row() }
        END { end() }'" $4" "$vm_csv"
}

# csv_max, csv_min, csv_last NAME COLUMN FROM TO; rows without the figure don't count
csv_max() {
    csv "$1" "$3" "$4" 'function row(x) { x = get("'"$2"'"); if (x != "" && (m == "" || x > m)) m = x }
        function end() { print m }'
}
csv_min() {
    csv "$1" "$3" "$4" 'function row(x) { x = get("'"$2"'"); if (x != "" && (m == "" || x < m)) m = x }
        function end() { print m }'
}
csv_last() {
    csv "$1" "$3" "$4" 'function row(x) { x = get("'"$2"'"); if (x != "") m = x }
        function end() { print m }'
}

# csv_when NAME FROM 'CONDITION': the time of the first row for which it holds; nothing if none does
csv_when() {
    csv "$1" "$2" 999999 'function row() { if (!done && ('"$3"')) { print t; done = 1 } }
        function end() {}'
}

# csv_reversals NAME FROM TO: how often its balloon changed direction; moves below 1 MiB are noise
csv_reversals() {
    csv "$1" "$2" "$3" 'function row(b, d) {
            b = get("balloon_kib")
            if (edge == "") edge = b
            d = b > edge ? 1 : -1
            if (way == d || way == 0 && (b - edge) ^ 2 >= 1024 ^ 2) { way = d; edge = b }
            else if (way == -d && (b - edge) ^ 2 >= 1024 ^ 2) { way = d; edge = b; n++ }
        }
        function end() { print n + 0 }'
}

# csv_too_fast NAME FROM TO STEP_KIB STEP_PERCENT INTERVAL_S: prints the worst case of a balloon that
# fell by more than the larger of the two steps an interval, or nothing. A stretch between two
# samples sees the last step before it arrive, and may see one tick more than its length says.
csv_too_fast() {
    csv "$1" "$2" "$3" 'function row(i, lost, step) {
            at[++n] = t
            b[n] = get("balloon_kib")
            for (i = 1; i < n; i++) {
                step = b[i] * '"$5"' / 100
                if (step < '"$4"') step = '"$4"'
                lost = b[i] - b[n] - (int((t - at[i]) / '"$6"') + 2) * step
                if (lost > worst) {
                    worst = lost
                    text = int((b[i] - b[n]) / 1024) " MiB in " t - at[i] " s"
                }
            }
        }
        function end() { if (text != "") print text }'
}

# csv_sum_max COLUMN FROM TO: the largest sum over all guests of one sample
csv_sum_max() {
    csv '*' "$2" "$3" 'function row() {
            if (t != last) { if (sum > m) m = sum; sum = 0; last = t }
            sum += get("'"$1"'")
        }
        function end() { print (sum > m ? sum : m) }'
}
