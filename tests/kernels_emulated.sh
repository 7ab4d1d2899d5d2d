#!/bin/sh
# SPDX-License-Identifier: MIT
# The suites in C once more where the kernel is older, a filter refuses, or the
# process is another's, somebody's first, or without what is usually there.

# shellcheck disable=SC2016,SC2317	# the children expand; lib.sh calls the tests

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# LeakSanitizer can't work where another one traces
export ASAN_OPTIONS="detect_leaks=0"

FILTER=$HELPERS/fault_filter

# the tests of thousands are for the plain run
export MODEL_PERCENT=2

# suites "NAMES" [PREFIX...]: all that is checked holds there too; side by side,
# because they mostly wait
suites() {
	names=$1
	shift
	for name in $names; do
		{
			timeout --kill-after=5 60 "$@" "$BUILD/tests/check_$name" >"said.$name" 2>&1 \
				</dev/null
			echo $? >"code.$name"
		} &
	done
	wait
	for name in $names; do
		code=$(cat "code.$name")
		[ "$code" -ne 77 ] || skip "no system call filter may be set here"
		[ "$code" -eq 0 ] || fail "$name: status $code: $(cat "said.$name")"
		like "$name" "*100%: Checks: *" "$(cat "said.$name")"
	done
}

ALL="descriptors spawn wait system audit"

#
# Kernels. glibc takes ENOSYS, and nothing else, for a missing clone3 when it
# makes a thread, so that is the answer wherever threads are made.
#
test_linux_4_19() {
	suites "$ALL" "$FILTER" clone3=ENOSYS clone-pidfd=EINVAL pidfd_open=ENOSYS \
		pidfd_send_signal=ENOSYS pidfd_getfd=ENOSYS close_range=ENOSYS \
		waitid-pidfd=EINVAL --
}

test_linux_5_3() {
	suites "$ALL" "$FILTER" clone3=ENOSYS pidfd_getfd=ENOSYS close_range=ENOSYS \
		waitid-pidfd=EINVAL --
}

test_linux_5_9() {
	suites "$ALL" "$FILTER" close_range-cloexec=EINVAL --
}

test_filters_of_old_containers() {
	suites "$ALL" "$FILTER" clone3=ENOSYS close_range=EPERM pidfd_getfd=EPERM pidfd_open=EPERM --
}

# What only a launch that shares its table, or fetches, makes.
test_sharing_refused() {
	suites "descriptors" "$FILTER" close_range-unshare=ENOMEM --
	suites "descriptors" "$FILTER" close_range-unshare=EMFILE --
	suites "descriptors" "$FILTER" pidfd_getfd=EPERM --
}

#
# Processes
#
test_valgrind() {
	command -v valgrind >/dev/null || skip "no valgrind"
	valgrind -q "$FILTER" 2>/dev/null
	[ $? -eq 2 ] || skip "valgrind can't run what this compiler makes"
	ldd "$BUILD/tests/check_wait" | grep -q 'lib[atu][a-z]*san' && skip "sanitized"
	suites "options plan path" valgrind -q --error-exitcode=99
}

test_as_an_ordinary_user() {
	[ "$(id -u)" -eq 0 ] || skip "runs as one already"
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	$as test -x "$BUILD/tests/check_wait" 2>/dev/null ||
		skip "another user can't reach the build directory"
	# shellcheck disable=SC2086
	suites "$ALL" $as
}

# With 2 closed libcheck's own file would be 2, and what a child says in it.
test_with_standard_input_closed() {
	suites "$ALL" sh -c 'exec "$0" <&-'
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
	suites "wait system" unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' -
}

run_tests
