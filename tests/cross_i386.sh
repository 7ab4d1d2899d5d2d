#!/bin/sh
# SPDX-License-Identifier: MIT
# A processor whose system calls are unknown here, and the machine's own can run it.
# suite: long
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh
cross=i686-linux-gnu
packages="gcc-i686-linux-gnu libc6-dev-i386-cross"
run=
is_libcs=1

# shellcheck source-path=SCRIPTDIR source=cross.sh
. "$(dirname "$0")/cross.sh"
# i386 alone packs numbers of 64 bits at 4 bytes; 32-bit ARM and others leave holes before them.
test_numbers_of_64_bits_may_be_aligned() {
	need_cross
	for file in "$top"/src/lib/*.c "$top"/src/lib/plan/*.c "$top"/src/lib/launch/*.c; do
		"$cross-gcc" -std=gnu11 -D_GNU_SOURCE -I"$top/src" -malign-double -fsyntax-only "$file" \
			2>said || fail "$(cat said)"
	done
}

run_tests "$(dirname "$0")/cross.sh" "$0"
