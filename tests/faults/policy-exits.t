#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A policy ends its process.
. "$(dirname "$0")/../lib/tap.sh"
. "$top/tests/lib/bad_policy.sh"

bad exits 'exit(0);'
harmless exits "exit(0)" 'exited with status 0 while it decided'
on_driver exits "exit(0)" 'exited with status 0 while it decided'
bad quits '_exit(7);'
harmless quits "_exit(7)" 'exited with status 7 while it decided'
done_testing
