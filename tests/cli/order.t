#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Policy and guard together decide the same in whatever order the domains come.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/policies.sh"

# 40 snapshots of up to 30 domains; the random numbers are fixed (a linear congruence)
cat > "$tmp/snapshots.pl" <<'EOF'
use JSON::PP;
my $x = 20240607;
sub below { my $n = shift; $x = ($x * 1103515245 + 12345) % 2147483648; return int($x / 65536) * $n >> 15; }
my $json = JSON::PP->new->canonical;
my @balloon = map { 200_000 + below(800_000) } 1 .. 30;
for my $line (1 .. 40) {
    my @domains;
    for my $i (1 .. 30) {
        next if below(10) == 0;
        my $b = $balloon[$i - 1] = 200_000 + below(800_000) if below(4) == 0;
        $b = $balloon[$i - 1];
        my %d = (name => "d$i", min_kib => below(200_000), max_kib => $b + below(1_000_000),
                 balloon_kib => $b, weight => 250 * (1 + below(8)));
        @d{qw(usable_kib unused_kib rss_kib)} = (below($b), below($b), below($b)) if below(8);
        $d{growth_kib_per_s} = below(50_000) if below(2);
        @d{qw(swap_in_kib_per_s swap_out_kib_per_s major_faults_per_s)} = (below(4000), below(4000), below(200)) if below(2);
        $d{flags} = [qw(settling paused new stale)[below(4)]] if below(6) == 0;
        push @domains, \%d;
    }
    my %host = (total_kib => 33_554_432, available_kib => 1_000_000 + below(12_000_000), psi_some_bp => below(3000));
    $host{free_kib} = below($host{available_kib});
    $host{cached_kib} = $host{available_kib} - $host{free_kib};
    @domains = reverse @domains if $ENV{REVERSED};
    @domains = sort { $a->{weight} <=> $b->{weight} || $a->{name} cmp $b->{name} } @domains if $ENV{SORTED};
    print $json->encode({ host => \%host, domains => \@domains }), "\n";
}
EOF
perl "$tmp/snapshots.pl" > "$tmp/as-is"
REVERSED=1 perl "$tmp/snapshots.pl" > "$tmp/reversed"
SORTED=1 perl "$tmp/snapshots.pl" > "$tmp/sorted"

# What was decided, the domains of each line by name.
decided() { # POLICY SNAPSHOTS
    decide "$1" "$2" 2>"$tmp/stderr" | perl -MJSON::PP -ne '
        my $json = JSON::PP->new->canonical;
        my $line = decode_json($_);
        $line->{domains} = [sort { $a->{name} cmp $b->{name} } @{$line->{domains}}];
        print $json->encode($line), "\n"'
}

for name in $(all_policies); do
    decided "$name" "$tmp/as-is" > "$tmp/want"
    is "$(wc -l < "$tmp/want") $(grep -c '"error"' "$tmp/want")" "40 0" "$name decides on each snapshot"
    if [ "$name" != hold ]; then
        like "$(grep -Eo '"asked_kib":[0-9]+' "$tmp/want" | sort -u | wc -l)" '^[0-9]{2,}$' \
            "$name asks for various sizes"
    fi
    for order in reversed sorted; do
        decided "$name" "$tmp/$order" > "$tmp/got"
        ok "$name, the domains $order: the same" diff "$tmp/want" "$tmp/got"
    done
done
done_testing
