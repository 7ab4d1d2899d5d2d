#!/bin/sh
# SPDX-License-Identifier: MIT
# Library and conformance suite on musl, where no libcheck is.
# suite: long
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

# conform FLAG...: the suite, built so; its lines in $said
conform() {
	command -v musl-gcc >/dev/null || skip "musl-gcc isn't installed (musl-tools)"
	${MAKE:-make} -s -C "$top" BUILD="$tmp/b" CC=musl-gcc SAN= COV= "$tmp/b/libspawnutil.a" \
		>log 2>&1 || fail "$(cat log)"
	musl-gcc -std=gnu11 -D_GNU_SOURCE -I "$top/src" -Wall -Wextra -Werror -O2 "$@" \
		"$top/tests/check_conformance.c" "$tmp/b/libspawnutil.a" -o conformance \
		>log 2>&1 || fail "$(cat log)"
	said=$(timeout 120 ./conformance) || fail "$said"
}

test_ours_are_the_same_as_on_glibc() {
	conform
	case $said in *"differs: "*) fail "$said" ;; esac
}

test_musls_own_do_not_count_overlapping_calls() {
	conform -DOF_LIBC
	like "musl" "*overlapping calls of system: *none: INT ignored*; differs: *" "$said"
}

run_tests
