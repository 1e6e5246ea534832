# SPDX-License-Identifier: BSD-3-Clause
# For tests that build policies: source it after tap.sh.

umask 022 # a policy that others can write is refused
cc=${CC:-cc}

# The compilers that are here, of those that a policy's author may have.
c_compilers=$(for c in gcc clang; do command -v $c; done)
cxx_compilers=$(for c in g++ clang++; do command -v $c; done)

# build SOURCE OUTPUT [FLAGS...]: a shared object; -I... is up to the caller
build() {
    local source=$1 output=$2
    shift 2
    mkdir -p "$(dirname "$output")" && $cc -O1 -fPIC -shared "$@" "$source" -o "$output"
}

# refused NAME WANT FILE...: a policy that can't be loaded, with a message like WANT, naming FILE
refused() {
    local name=$1 want=$2 file=$3 status=1 out
    [ -e "$file" ] || status=2
    out=$("$memcoord" policies "$file" 2>&1 >"$tmp/stdout")
    if [ $? -ne $status ] || [ -s "$tmp/stdout" ]; then
        fail "$name" "loaded: $(cat "$tmp/stdout")" "$out"
    elif [[ $out != *"$file"* ]]; then
        fail "$name" "does not name $file: $out"
    else
        like "$out" "$want" "$name"
    fi
}

# decide POLICY [OPTIONS...] < SNAPSHOTS
decide() {
    local policy=$1
    shift
    "$memcoord" decide -p "$policy" "$@"
}
