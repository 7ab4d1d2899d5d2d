#!/bin/sh
# SPDX-License-Identifier: MIT
# The suites in C once more where the kernel is older or a filter refuses.
# suite: long

# shellcheck disable=SC2317	# lib.sh calls the tests

# shellcheck source-path=SCRIPTDIR source=suites.sh
. "$(dirname "$0")/suites.sh"

top=$(cd "$(dirname "$0")/.." && pwd)

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
		5.13 landlock_create_ruleset ENOSYS
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
	suites "$ALL posix_spawn" "$FILTER" $(refusals "$1") --
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
test_linux_5_13_has_all_that_the_library_calls() {
	same "refused by 5.13" "" "$(refusals 5.13)"
	calls=$(sed -n 's/^#ifndef SYS_\(.*\)/\1/p' "$top/src/arch/arch.h")
	[ -n "$calls" ] || fail "arch.h has no numbers of its own"
	for call in $calls; do
		news | grep -q " ${call}[ -]" || fail "which kernel brought $call?"
	done
}

# Everything that they don't know they answer with EPERM; only clone3 was soon
# given ENOSYS, without which no glibc makes a thread.
test_filters_of_old_containers() {
	suites "$ALL conformance posix_spawn" "$FILTER" clone3-ours=EPERM close_range=EPERM pidfd_getfd=EPERM \
		pidfd_open=EPERM pidfd_send_signal=EPERM waitid-pidfd=EPERM --
}

# libc's own functions make do with wait4. What is asked of /proc instead takes libc's, whose first
# call by the loader takes more than a small stack; the shared library has none such.
test_waitid_refused() {
	suites "wait $LAUNCHES system capture popen drop_in posix_spawn" \
		env LD_BIND_NOW=1 "$FILTER" waitid=EPERM --
	suites "wait system" env LD_BIND_NOW=1 "$FILTER" waitid=ENOSYS --
}

# What only a launch that shares its table, or fetches, makes.
test_sharing_refused() {
	suites "$TABLES" "$FILTER" close_range-unshare=ENOMEM --
	suites "$TABLES" "$FILTER" close_range-unshare=EMFILE --
	suites "$TABLES" "$FILTER" pidfd_getfd=EPERM --
}

run_tests
