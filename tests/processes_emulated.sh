#!/bin/sh
# SPDX-License-Identifier: MIT
# The suites in C once more where the process is another's, somebody's first, or
# without what is usually there.
# suite: long

# shellcheck disable=SC2016,SC2317	# the children expand; lib.sh calls the tests

# shellcheck source-path=SCRIPTDIR source=suites.sh
. "$(dirname "$0")/suites.sh"

test_as_an_ordinary_user() {
	[ "$(id -u)" -eq 0 ] || skip "runs as one already"
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	$as test -x "$BUILD/tests/check_wait" 2>/dev/null ||
		skip "another user can't reach the build directory"
	# shellcheck disable=SC2086
	suites "$ALL posix_spawn" $as
}

test_with_standard_input_closed() {
	suites "$ALL" sh -c 'exec "$0" <&-'
}

# Closed in the tests themselves: else libcheck's own file would be 1 or 2.
test_without_standard_output() {
	suites "$ALL" env CLOSED=1
}

test_without_standard_descriptors() {
	suites "$ALL" env CLOSED=012
}

few() {
	suites "$2" sh -c "ulimit -S -n $1"' && exec "$0"'
}

# Runners have 20 000, mostly: libc refuses numbers from the limit on, and a child's are near it.
test_with_few_descriptors() {
	few 1024 "methods system $TABLES"
	# where no test wants a higher number
	few 256 "methods system no_standard pipes bad_entries numbers callers_own fifos model"
}

need_namespaces() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	unshare -m true 2>/dev/null || skip "no namespaces here"
}

test_as_pid_1_of_a_namespace() {
	need_namespaces
	suites "$ALL" unshare -pf --mount-proc
}

# The other suites look at their children through /proc.
test_proc_is_not_mounted() {
	need_namespaces
	suites "wait system popen conformance posix_spawn" unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' -
}

run_tests
