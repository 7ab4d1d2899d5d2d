#!/bin/sh
# SPDX-License-Identifier: MIT
# The suites in C on musl, with a libcheck that is built for it from Debian's source.
# suite: long
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=suites.sh
. "$(dirname "$0")/suites.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

# Built once for the suite
built=${TMPDIR:-/tmp}/spawnutil.musl.suites.$$
trap 'rm -rf "$built"' EXIT

# What takes other ways in libc, or says what libc says
NAMES="capture wait system popen conformance posix_spawn methods child given pipes numbers
	exec_failure step_failure signals set_up detached in_place fifos pty retries program"

# musl-gcc knows no kernel's headers.
find_kernels_headers() {
	mkdir "$1" && ln -s /usr/include/linux /usr/include/asm-generic \
		"/usr/include/$(cc -print-multiarch)/asm" "$1"
}

test_what_holds_on_glibc_holds_on_musl() {
	command -v musl-gcc >/dev/null || skip "musl-gcc isn't installed (musl-tools)"
	mkdir "$built"
	build_libcheck "$built" "$(uname -m)-linux-musl" musl-gcc
	find_kernels_headers "$built/kernel"
	check=$built/libcheck
	programs=
	for name in $NAMES; do
		programs="$programs $built/tests/check_$name"
	done
	for name in bulk_data fault_filter race_child report_bytes report_evade report_fds \
		report_state ss_catch; do
		programs="$programs $built/tests/helpers/$name"
	done
	# shellcheck disable=SC2086
	${MAKE:-make} -s -C "$top" BUILD="$built" CC=musl-gcc SAN= COV= CFLAGS="-O0 -Werror" \
		CPPFLAGS="-I$check/src -I$check -idirafter $built/kernel" \
		CHECK_LIBS="$check/src/.libs/libcheck.a $check/lib/.libs/libcompat.a" \
		"$built/spawn-server" "$built/spawnbench-child" $programs >log 2>&1 ||
		fail "$(cat log)"
	BUILD=$built
	# their children have other ids
	chmod -R a+rX "$built" "$tmp"
	suites "$NAMES"
}

run_tests
