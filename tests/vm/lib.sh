# SPDX-License-Identifier: BSD-3-Clause
# Real guests for tests: QEMU (TCG, no KVM needed) under a private libvirtd of the test's own.
#
# A new scenario is a .t file in this folder:
#
#     . "$(dirname "$0")/lib.sh"
#     vm_up                                     # skips the whole file where something is missing
#     vm_start web1 384 1024                    # MiB: balloon at the start, maximum
#     vm_start web2 384 1024 base=200MiB        # more: see vm_start
#     vm_wait_ready web1 web2                   # booted, ballooned down, base touched
#     vm_sample_start                           # a row a guest a second in $vm_csv (samples.sh)
#     coord_start "$conf"                       # ./memcoord on it (coord.sh); logs to $coord_log
#     vm_load web1 'ramp 15MiB/s to full; hold 5s; free'       # the language: load.c
#     vm_wait_mark web1 free 120
#     is "$(csv_max web1 balloon_kib 0 "$(vm_now)")" $((1024 * 1024)) 'web1 got its maximum'
#     done_testing
#
# Nothing else of this machine is touched: libvirtd and QEMU run with folders of their own under
# /tmp, and as "nobody" where the test runs as root (root's qemu:///session is the same libvirtd as
# qemu:///system). The trap on EXIT ends all that was started, each by its process id.
#
# Environment: FULL=1: full size; CI=true: what can't run has failed. The samples, the daemon's log, the
# recordings and the consoles of the last run stay in build/vm/TEST/.

. "$(dirname "${BASH_SOURCE[0]}")/../lib/tap.sh"
vm_here=$top/tests/vm
. "$vm_here/samples.sh"
. "$vm_here/coord.sh"

vm_dir=       # everything of this test: sockets, consoles, logs; short, for sockets allow 108 bytes
vm_uri=       # where libvirtd listens
vm_libvirtd=  # process ids

vm_modules='virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_balloon'

# ---- what is needed

# cannot_run WHY: skips the file; in CI that is a failure
cannot_run() {
    [ "${CI:-}" = true ] || skip_all "$1"
    fail "can run here" "$1"
    done_testing
}

vm_find_kernel() {
    local k
    for k in $(ls -v /boot/vmlinuz-*-cloud-amd64 2>/dev/null | tac); do
        vm_release=${k#/boot/vmlinuz-}
        [ -r "$k" ] && [ -d "/lib/modules/$vm_release" ] && vm_kernel=$k && return
    done
    return 1
}

vm_require() {
    local c
    PATH=$PATH:/usr/sbin:/sbin
    for c in libvirtd virsh qemu-system-x86_64 busybox cpio "${CC:-cc}"; do
        command -v "${c%% *}" >/dev/null || cannot_run "$c is missing (make deps-vm)"
    done
    ls /usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so >/dev/null 2>&1 ||
        cannot_run "libvirt's QEMU driver is missing (make deps-vm)"
    vm_find_kernel || cannot_run "no readable /boot/vmlinuz-*-cloud-amd64 (make deps-vm)"
    if [ "$(id -u)" = 0 ] && ! id nobody >/dev/null 2>&1; then
        cannot_run "there is no user \"nobody\" to run guests as"
    fi
}

# ---- the guests' initramfs, built once for each content

vm_module_file() {
    find "/lib/modules/$vm_release/kernel/drivers/virtio" -name "$1.ko" -o -name "$1.ko.xz" \
        -o -name "$1.ko.zst" | head -n 1
}

# vm_unpack FILE TO
vm_unpack() {
    case $1 in
    *.xz) xz -dc "$1" >"$2" ;;
    *.zst) zstd -qdc "$1" >"$2" ;;
    *) cp "$1" "$2" ;;
    esac
}

# Writes the initramfs's name to stdout.
vm_initramfs() {
    local files=("$vm_here/load.c" "$vm_here/init" "$(command -v busybox)") m f key root out
    for m in $vm_modules; do
        f=$(vm_module_file "$m")
        [ -z "$f" ] || files+=("$f") # what is built into the kernel has no file
    done
    key=$(cat "${files[@]}" | sha256sum | cut -c1-16)
    out=$top/build/vm/initramfs-$key.gz
    if [ ! -e "$out" ]; then
        root=$tmp/initramfs
        mkdir -p "$top/build/vm" "$root"/{bin,dev,proc,sys,modules}
        ${CC:-cc} -std=c11 -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -static "$vm_here/load.c" \
            -o "$root/load" || return 1
        cp "$(command -v busybox)" "$root/bin/busybox"
        install -m 755 "$vm_here/init" "$root/init"
        printf '%s\n' $vm_modules >"$root/modules/order"
        for f in "${files[@]:3}"; do
            m=${f##*/}
            vm_unpack "$f" "$root/modules/${m%%.*}.ko"
        done
        (cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) | gzip -1 >"$tmp/initramfs.gz"
        mv "$tmp/initramfs.gz" "$out.$$" && mv "$out.$$" "$out" # whole, or not at all
    fi
    echo "$out"
}

# ---- libvirtd

# vm_as_user COMMAND...: without root's rights and with folders of the test's own; exec, so that $!
# is the command's process id
vm_as_user() {
    local drop=()
    if [ "$(id -u)" = 0 ]; then
        drop=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
    fi
    exec "${drop[@]}" env -i PATH="$PATH" HOME="$vm_dir" XDG_RUNTIME_DIR="$vm_dir/run" \
        XDG_CONFIG_HOME="$vm_dir/config" XDG_CACHE_HOME="$vm_dir/cache" \
        XDG_DATA_HOME="$vm_dir/data" "$@"
}

vm_virsh() { virsh -q -c "$vm_uri" "$@"; }

# vm_until SECONDS COMMAND...: waits until the command succeeds
vm_until() {
    local end=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -lt "$end" ] || return 1
        sleep 0.2
    done
}

# vm_gone PID: whether that process has ended
vm_gone() { ! kill -0 "$1" || grep -q '^State:.Z' "/proc/$1/status"; }

vm_libvirtd_start() {
    (cd / && vm_as_user libvirtd) </dev/null >>"$tmp/libvirtd.log" 2>&1 &
    vm_libvirtd=$!
    vm_until 20 vm_virsh uri
}

# As the OOM killer or a crash would: guests live on.
vm_libvirtd_kill() {
    kill -KILL "$vm_libvirtd"
    wait "$vm_libvirtd" 2>/dev/null
    vm_libvirtd=
}

vm_up() {
    local initramfs
    vm_require
    trap 'vm_down; tap_cleanup' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    initramfs=$(vm_initramfs) || { fail "the guests' initramfs is built"; done_testing; }
    vm_dir=$(mktemp -d /tmp/mc-vm.XXXXXX)
    mkdir "$vm_dir"/{run,config,cache,data,guests}
    mkdir "$vm_dir/config/libvirt"
    # Consoles are plain files; with "logd" there would be a virtlogd to care for.
    echo 'stdio_handler = "file"' >"$vm_dir/config/libvirt/qemu.conf"
    cp "$vm_kernel" "$vm_dir/vmlinuz"
    cp "$initramfs" "$vm_dir/initramfs.gz"
    chmod 644 "$vm_dir/vmlinuz" "$vm_dir/initramfs.gz"
    if [ "$(id -u)" = 0 ]; then chown -R "nobody:$(id -g nobody)" "$vm_dir"; fi
    vm_uri="qemu:///session?socket=$vm_dir/run/libvirt/libvirt-sock"
    export MEMCOORD_RUNTIME_DIR=$tmp/runtime # a lock and a state of the test's own
    mkdir "$MEMCOORD_RUNTIME_DIR"
    if ! vm_libvirtd_start; then
        fail "a private libvirtd starts" "$(tail -n 20 "$tmp/libvirtd.log")"
        done_testing
    fi
    echo "# $(vm_versions)"
}

vm_versions() {
    echo "libvirt $(libvirtd --version | sed 's/.* //'),"\
        "$(qemu-system-x86_64 --version | sed -n '1s/.*version \([^ ]*\).*/QEMU \1/p'),"\
        "guests' kernel $vm_release, $(nproc) CPUs,"\
        "$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo) MiB"
}

# ---- guests

# vm_start NAME START_MIB MAX_MIB [KEY=VALUE...]: starts a guest and does not wait for it. Keys:
#   base=60MiB       what its load holds all the time; its kernel takes some 90 MiB more
#   load='...'       statements that it runs at boot, after the base (load.c)
#   period=1         of the statistics, in seconds; 0: off
#   model=virtio     of the balloon; none: there is none
#   driver=yes       no: the guest has no driver for it
vm_start() {
    local name=$1 start=$2 max=$3 base=60MiB load='' period=1 model=virtio driver=yes pair
    local g=$vm_dir/guests/$1
    for pair in "${@:4}"; do local "${pair%%=*}=${pair#*=}"; done
    [ -e "$g.in" ] || mkfifo "$g.in" "$g.out"
    : >"$g.console"
    if [ "$(id -u)" = 0 ]; then chown "nobody:$(id -g nobody)" "$g".*; fi
    cat >"$g.xml" <<XML
<domain type='qemu'>
  <name>$name</name>
  <memory unit='MiB'>$max</memory>
  <currentMemory unit='MiB'>$start</currentMemory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>$vm_dir/vmlinuz</kernel>
    <initrd>$vm_dir/initramfs.gz</initrd>
    <cmdline>console=ttyS0 quiet driver=$driver load="base $base; $load"</cmdline>
  </os>
  <features>
    <acpi/>
    <tcg><tb-cache unit='MiB'>64</tb-cache></tcg>
  </features>
  <devices>
    <controller type='usb' model='none'/>
    <serial type='file'><source path='$g.console'/><target port='0'/></serial>
    <serial type='pipe'><source path='$g'/><target port='1'/></serial>
    <memballoon model='$model'><stats period='$period'/></memballoon>
  </devices>
</domain>
XML
    [ "$model" != none ] || sed -i "s|<stats period='.*'/>||" "$g.xml"
    if ! vm_virsh create "$g.xml" >"$tmp/create.log" 2>&1; then
        fail "$name starts" "$(cat "$tmp/create.log")"
        return 1
    fi
}

vm_console() { cat "$vm_dir/guests/$1.console"; }

# vm_load NAME 'STATEMENTS': the guest's load runs them when it is done with those before.
vm_load() { echo "$2" >"$vm_dir/guests/$1.in"; }

# vm_marks NAME WORD: how many marks with that word its console has
vm_marks() { grep -c "^LOAD [0-9.]* $2 .*MiB" "$vm_dir/guests/$1.console"; }

# vm_seen NAME WORD N: whether it has N of them at least
vm_seen() { [ "$(vm_marks "$1" "$2")" -ge "$3" ]; }

# vm_wait_mark NAME WORD SECONDS [N]: waits for the Nth mark with that word (the first)
vm_wait_mark() {
    vm_until "$3" vm_seen "$1" "$2" "${4:-1}" && return
    fail "$1 gets to '$2' within $3 s" "$(vm_console "$1" | tail -n 5)"
    return 1
}

# vm_balloon NAME: its size now, in KiB
vm_balloon() { vm_virsh domstats --balloon "$1" | sed -n 's/.*balloon.current=//p'; }

# vm_is_at NAME KIB
vm_is_at() { [ "$(vm_balloon "$1")" = "$2" ]; }

# vm_has_settled NAME KIB: its driver runs (before, libvirt tells what was asked for, and the guest
# owns its maximum), and it owns no more than that
vm_has_settled() {
    vm_virsh domstats --balloon "$1" | awk -F= -v want="$2" '{ v[$1] = $2 }
        END { exit !(v["  balloon.current"] == want && v["  balloon.available"] != "" &&
                     v["  balloon.available"] < want) }'
}

# vm_wait_ready NAME...: waits until the guests have booted, have touched their base and have given
# back what they own beyond their currentMemory
vm_wait_ready() {
    local name kib
    for name; do
        vm_wait_mark "$name" ready 120 || return 1
        kib=$(sed -n "s/.*<currentMemory unit='MiB'>\(.*\)<.*/\1/p" "$vm_dir/guests/$name.xml")
        grep -q "<memballoon model='none'\|driver=no" "$vm_dir/guests/$name.xml" && continue
        vm_until 120 vm_has_settled "$name" $((kib * 1024)) && continue
        fail "$name is ballooned to its start" "$(vm_balloon "$name") KiB"
        return 1
    done
}

# vm_set NAME KIB: as an operator would, from outside
vm_set() { vm_virsh setmem "$1" "${2}KiB" --live; }

vm_oom_kills() { grep -c 'Out of memory: Killed\|oom-kill:' "$vm_dir/guests/$1.console"; }

# ---- evidence and the end

# vm_evidence: the daemon's last lines and the last samples, as comments
vm_evidence() {
    [ ! -s "$coord_log" ] || tail -n 40 "$coord_log" | sed 's/^/# memcoord: /'
    [ ! -s "$vm_csv" ] || { head -n 1 "$vm_csv"; tail -n +2 "$vm_csv" | tail -n 60; } | sed 's/^/# /'
}

# What the last run of each test saw stays in build/vm/TEST/.
vm_keep_evidence() {
    local to=$top/build/vm/${0##*/} f
    to=${to%.t}
    rm -rf "$to" && mkdir -p "$to"
    for f in "$vm_csv" "$coord_log" "$tmp"/*.db "$tmp/libvirtd.log" "$vm_dir"/guests/*.console; do
        [ ! -s "$f" ] || cp "$f" "$to"
    done
}

# Process ids of this test's guests: those of a QEMU that was started just now, too.
vm_qemu_pids() {
    [ -z "$vm_dir" ] ||
        grep -l "$vm_dir/vmlinu[z]" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3
}

# Process ids of this test's libvirtd, should one have been lost sight of.
vm_libvirtd_pids() {
    [ -z "$vm_dir" ] ||
        grep -lzFx "XDG_RUNTIME_DIR=$vm_dir/run" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 |
            xargs -r -n 1 sh -c '[ "$(cat "/proc/$0/comm" 2>/dev/null)" != libvirtd ] || echo "$0"'
}

vm_down() {
    local pid
    trap '' INT TERM HUP
    if [ "$tap_failed" -gt 0 ]; then vm_evidence; fi
    coord_stop
    vm_sample_stop
    if [ -n "$vm_libvirtd" ]; then
        kill "$vm_libvirtd" 2>/dev/null
        vm_until 10 vm_gone "$vm_libvirtd" || kill -KILL "$vm_libvirtd"
        wait "$vm_libvirtd" 2>/dev/null
        vm_libvirtd=
    fi
    for pid in $(vm_libvirtd_pids); do kill -KILL "$pid" 2>/dev/null && vm_until 10 vm_gone "$pid"; done
    for pid in $(vm_qemu_pids); do kill -KILL "$pid" 2>/dev/null && vm_until 10 vm_gone "$pid"; done
    vm_keep_evidence
    [ -z "$vm_dir" ] || rm -rf "$vm_dir"
    vm_dir=
}
