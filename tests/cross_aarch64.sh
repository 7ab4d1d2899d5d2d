#!/bin/sh
# SPDX-License-Identifier: MIT
# suite: long
cross=aarch64-linux-gnu
packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
run=qemu-aarch64

# shellcheck source-path=SCRIPTDIR source=cross.sh
. "$(dirname "$0")/cross.sh"
run_tests "$(dirname "$0")/cross.sh"
