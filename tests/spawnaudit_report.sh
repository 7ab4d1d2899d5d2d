#!/bin/sh
# SPDX-License-Identifier: MIT
# What spawnaudit's reports of launches say, and what is left out of them on demand.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# LeakSanitizer traces the program itself, which has one tracer already
[ -z "${SAN-}" ] || ASAN_OPTIONS=detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
export ASAN_OPTIONS

need_audit() {
	[ -x "$BUILD/spawnaudit" ] || skip "spawnaudit wasn't built: libdw is missing"
	[ -z "${SAN-}" ] || skip "a sanitizer's run-time is at work in the program as well"
}

# has WHAT: a line of the report, whatever stands before it
has() {
	grep -q -- "$1" report || fail "no '$1' in: $(cat report)"
}

test_functions_of_cxx_have_their_names() {
	need_audit
	grep -q iberty "$BUILD/audit.mk" || skip "built without libiberty"
	status 0 spawnaudit --log=report "$HELPERS/sa_report" c++
	has ' Job::run() at sa_report.c:[0-9]*$'
}

test_a_symbol_without_end_stays_a_symbol() {
	need_audit
	status 0 spawnaudit --log=report "$HELPERS/sa_report" c++-without-end
	has ' _Z1fSt4pair.* at sa_report.c:[0-9]*$'
}

run_tests
