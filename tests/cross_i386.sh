#!/bin/sh
# SPDX-License-Identifier: MIT
# A processor whose system calls are unknown here, and the machine's own can run it.
# suite: long
cross=i686-linux-gnu
packages="gcc-i686-linux-gnu libc6-dev-i386-cross"
run=
is_libcs=1

# shellcheck source-path=SCRIPTDIR source=cross.sh
. "$(dirname "$0")/cross.sh"
run_tests "$(dirname "$0")/cross.sh"
