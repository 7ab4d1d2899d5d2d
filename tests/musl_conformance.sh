#!/bin/sh
# SPDX-License-Identifier: MIT
# Library and conformance suite on musl, where no libcheck is.
# suite: long
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

# Built once for the suite
built=${TMPDIR:-/tmp}/spawnutil.musl.$$
trap 'rm -rf "$built"' EXIT

# conform LIBRARIES FLAG...: the suites, built so; their lines in $said
conform() {
	command -v musl-gcc >/dev/null || skip "musl-gcc isn't installed (musl-tools)"
	libraries=$1
	shift
	${MAKE:-make} -s -C "$top" BUILD="$built" CC=musl-gcc SAN= COV= CFLAGS=-O0 \
		"$built/libspawnutil.a" "$built/libspawnutil-preload.so" >log 2>&1 || fail "$(cat log)"
	# their children have other ids
	chmod 755 "$tmp"
	for suite in conformance posix_spawn; do
		# shellcheck disable=SC2086
		musl-gcc -std=gnu11 -D_GNU_SOURCE -I "$top/src" -Wall -Wextra -Werror -O0 "$@" \
			"$top/tests/check_$suite.c" $libraries -o $suite >log 2>&1 || fail "$(cat log)"
	done
	run
}

# run [COMMAND [ARGUMENT]]: both, by the command and with the argument
run() {
	said=
	for suite in conformance posix_spawn; do
		# shellcheck disable=SC2086
		said="$said$(timeout 120 ${1-} ./$suite ${2-})" || fail "$said"
	done
}

ours() {
	case $said in *"differs: "*) fail "$said" ;; esac
}

test_by_the_header() {
	conform "$built/libspawnutil.a"
	ours
	conform "$built/libspawnutil.a" -static
	ours
}

test_by_wrap() {
	wrap=$(sed -n 's/^wrap=//p' "$BUILD/spawnutil.pc")
	conform "$built/libspawnutil.a $wrap" -DBY_WRAP
	ours
	conform "$built/libspawnutil.a $wrap" -DBY_WRAP -static
	ours
}

test_by_the_preload_library() {
	conform "" -DOF_LIBC
	like "musl" "*overlapping calls of system: *none: INT ignored*; differs: *" "$said"
	run "env LD_PRELOAD=$built/libspawnutil-preload.so" preload
	ours
}

run_tests
