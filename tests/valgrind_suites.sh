#!/bin/sh
# SPDX-License-Identifier: MIT
# The suites in C once more under valgrind.
# suite: long

# shellcheck disable=SC2317	# lib.sh calls the tests

# shellcheck source-path=SCRIPTDIR source=suites.sh
. "$(dirname "$0")/suites.sh"

# Each test is a valgrind of its own there: VALGRIND=all adds those that take long.
LONG="refused set_up threads"

test_valgrind() {
	command -v valgrind >/dev/null || skip "no valgrind"
	valgrind -q "$FILTER" 2>/dev/null
	[ $? -eq 2 ] || skip "valgrind can't run what this compiler makes"
	ldd "$BUILD/tests/check_wait" | grep -q 'lib[atu][a-z]*san' && skip "sanitized"
	limit=800
	# shellcheck disable=SC2086
	names=$(printf '%s\n' options plan path audit system $LAUNCHES | grep -vxF "$(printf '%s\n' $LONG)")
	suites "$names" valgrind -q --error-exitcode=99
	[ "${VALGRIND-}" != all ] || suites "wait $LONG $TABLES" valgrind -q --error-exitcode=99
	export CK_RUN_CASE=bytes CAPTURE_MB=1
	suites capture valgrind -q --error-exitcode=99
}

run_tests
