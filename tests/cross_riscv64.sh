#!/bin/sh
# SPDX-License-Identifier: MIT
# suite: long
cross=riscv64-linux-gnu
packages="gcc-riscv64-linux-gnu libc6-dev-riscv64-cross"
run=qemu-riscv64

# shellcheck source-path=SCRIPTDIR source=cross.sh
. "$(dirname "$0")/cross.sh"
run_tests "$(dirname "$0")/cross.sh"
