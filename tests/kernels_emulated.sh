#!/bin/sh
# SPDX-License-Identifier: MIT
# The suites in C once more where the kernel is older, a filter refuses, or the
# process is another's, somebody's first, or without what is usually there.

# shellcheck disable=SC2016,SC2317	# the children expand; lib.sh calls the tests

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# LeakSanitizer can't work where another one traces
export ASAN_OPTIONS="detect_leaks=0"

top=$(cd "$(dirname "$0")/.." && pwd)
FILTER=$HELPERS/fault_filter

# the tests of thousands are for the plain run
export MODEL_PERCENT=2 CAPTURE_PERCENT=10 POPEN_ROUNDS=10 POPEN_PAIRS=150 POPEN_MEGABYTES=4

# suites "NAMES" [PREFIX...]: all that is checked holds there too; side by side,
# because they mostly wait
suites() {
	names=$1
	shift
	for name in $names; do
		{
			timeout --kill-after=5 "${limit:-60}" "$@" "$BUILD/tests/check_$name" >"said.$name" 2>&1 \
				</dev/null
			echo $? >"code.$name"
		} &
	done
	wait
	for name in $names; do
		code=$(cat "code.$name")
		[ "$code" -ne 77 ] || skip "no system call filter may be set here"
		[ "$code" -eq 0 ] || fail "$name: status $code: $(cat "said.$name")"
		grep -q '^100%: Checks: \|^ok ' "said.$name" || fail "$name: $(cat "said.$name")"
	done
}

ALL="descriptors spawn wait system audit capture popen"

#
# Kernels
#

# Of all that the library asks for: the kernel that brought it, its name in
# fault_filter, what older ones answer. (Before 5.2 clone takes CLONE_PIDFD and
# does nothing, which a filter can't.) glibc takes no answer but ENOSYS for a
# missing clone3, so its own calls are let through where the kernel knows it.
news() {
	cat <<-'END'
		5.1 pidfd_send_signal ENOSYS
		5.2 clone-pidfd EINVAL
		5.3 clone3 ENOSYS
		5.3 pidfd_open ENOSYS
		5.4 waitid-pidfd EINVAL
		5.5 clone3-ours EINVAL
		5.6 pidfd_getfd ENOSYS
		5.9 close_range ENOSYS
		5.11 close_range-cloexec EINVAL
	END
}

# refusals VERSION: what that kernel doesn't have
refusals() {
	news | awk -v "version=$1" '
		function number(text,    part) { split(text, part, "."); return part[1] * 1000 + part[2] }
		number($1) > number(version) { print $2 "=" $3 }'
}

# linux VERSION
linux() {
	# shellcheck disable=SC2046
	suites "$ALL" "$FILTER" $(refusals "$1") --
}

test_linux_4_19() {
	linux 4.19
}

test_linux_5_3() {
	linux 5.3
}

test_linux_5_9() {
	linux 5.9
}

# The plain run is it.
test_linux_5_11_has_all_that_the_library_calls() {
	same "refused by 5.11" "" "$(refusals 5.11)"
	calls=$(sed -n 's/^#ifndef SYS_\(.*\)/\1/p' "$top/src/lib/syscall.h")
	[ -n "$calls" ] || fail "syscall.h has no numbers of its own"
	for call in $calls; do
		news | grep -q " ${call}[ -]" || fail "which kernel brought $call?"
	done
}

# Everything that they don't know they answer with EPERM; only clone3 was soon
# given ENOSYS, without which no glibc makes a thread.
test_filters_of_old_containers() {
	suites "$ALL conformance" "$FILTER" clone3-ours=EPERM close_range=EPERM pidfd_getfd=EPERM \
		pidfd_open=EPERM pidfd_send_signal=EPERM waitid-pidfd=EPERM --
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
# Each test is a valgrind of its own there: VALGRIND=all adds those that take minutes.
test_valgrind() {
	command -v valgrind >/dev/null || skip "no valgrind"
	valgrind -q "$FILTER" 2>/dev/null
	[ $? -eq 2 ] || skip "valgrind can't run what this compiler makes"
	ldd "$BUILD/tests/check_wait" | grep -q 'lib[atu][a-z]*san' && skip "sanitized"
	limit=230
	suites "options plan path audit system" valgrind -q --error-exitcode=99
	[ "${VALGRIND-}" != all ] || suites "wait descriptors" valgrind -q --error-exitcode=99
	export CK_RUN_CASE=bytes CAPTURE_MB=1
	suites capture valgrind -q --error-exitcode=99
}

test_as_an_ordinary_user() {
	[ "$(id -u)" -eq 0 ] || skip "runs as one already"
	as="setpriv --reuid=65534 --regid=65534 --clear-groups"
	$as test -x "$BUILD/tests/check_wait" 2>/dev/null ||
		skip "another user can't reach the build directory"
	# shellcheck disable=SC2086
	suites "$ALL" $as
}

test_with_standard_input_closed() {
	suites "$ALL" sh -c 'exec "$0" <&-'
}

# Closed in the tests themselves: else libcheck's own file would be 1 or 2.
test_without_standard_output() {
	suites "${ALL% capture}" env CLOSED=1
}

test_without_standard_descriptors() {
	suites "${ALL% capture}" env CLOSED=012
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
	suites "wait system popen conformance" unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' -
}

run_tests
