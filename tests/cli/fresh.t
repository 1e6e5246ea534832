#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The first command on a fresh machine, `make deps demo`, finds the libraries that `deps` has only just
# installed. Here nothing can be taken away, so pkg-config plays the fresh machine: it knows no library
# before apt-get has been asked for it.
. "$(dirname "$0")/../lib/tap.sh"

copy=$tmp/copy
mkdir -m 755 "$copy" "$tmp/bin"
(cd "$top" && tar -cf - --exclude=./.git --exclude=./build --exclude=./tests .) | tar -xf - -C "$copy"
rm -f "$copy/memcoord" "$copy"/policies/*.so
cat >"$tmp/bin/pkg-config" <<END
#!/bin/sh
[ -e "$tmp/installed" ] || exit 1
exec $(command -v pkg-config) "\$@"
END
cat >"$tmp/bin/apt-get" <<END
#!/bin/sh
echo "\$*" >>"$tmp/asked"
case \$1 in install) sleep 1; : >"$tmp/installed" ;; esac
END
printf '#!/bin/sh\nexec "$@"\n' >"$tmp/bin/sudo"
chmod 755 "$tmp"/bin/*
unset MAKEFLAGS MFLAGS MAKELEVEL
export PATH=$tmp/bin:$PATH

ok "make deps all builds in one command, several jobs at once" make -C "$copy" -j4 CFLAGS=-O0 deps all
like "$(cat "$tmp/asked")" '^install .*libvirt-dev' "... after it asked for what was missing"
ok "... and what it built runs" "$copy/memcoord" --version

: >"$tmp/asked"
ok "make deps again" make -C "$copy" deps
is "$(cat "$tmp/asked")" '' "... asks for nothing when all is there"
done_testing
