#!/bin/sh
# SPDX-License-Identifier: MIT
# make STATIC=musl: safespawn without a dynamic loader, with argp from outside.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

make_static() {
	${MAKE:-make} -s -C "$top" STATIC=musl BUILD="$tmp/b" SAN= COV= CC=gcc "$@" "$tmp/b/safespawn"
}

test_static_safespawn_launches() {
	command -v musl-gcc >/dev/null || skip "musl-gcc isn't installed (musl-tools)"
	command -v gnulib-tool >/dev/null && command -v automake >/dev/null ||
		skip "gnulib, autoconf, automake aren't installed"
	make_static >log 2>&1 || fail "$(cat log)"
	same "make's words" "" "$(cat log)"
	status 7 "$tmp/b/safespawn" -q --umask=077 sh -c 'exit 7'
	status 127 "$tmp/b/safespawn" -q nonesuch
	status 0 "$tmp/b/safespawn" --help
	if command -v readelf >/dev/null; then
		same "program interpreter" "" "$(readelf -lW "$tmp/b/safespawn" | grep INTERP)"
	fi
}

test_a_missing_compiler_is_named() {
	make_static MUSL_CC=nonesuch-gcc >log 2>&1 && fail "it was made"
	like "make's words" '*STATIC=musl: nonesuch-gcc is missing (Debian: musl-tools)*' "$(cat log)"
}

test_missing_argp_names_the_packages() {
	command -v musl-gcc >/dev/null || skip "musl-gcc isn't installed (musl-tools)"
	mkdir bin dir
	for tool in sh musl-gcc gcc cc1 as ld dirname cat rm mkdir; do
		path=$(command -v $tool) && ln -s "$path" bin/
	done
	out=$(CC=musl-gcc PATH=$tmp/bin sh "$top/src/common/static_argp.sh" "$tmp/dir" 2>&1) &&
		fail "it was made"
	like "its words" '*install argp-standalone, or (Debian) gnulib autoconf automake*' "$out"
}

run_tests
