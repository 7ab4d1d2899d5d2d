#!/bin/sh
# SPDX-License-Identifier: MIT
# No memory for one of its allocations, each in turn; few numbers for descriptors: safespawn
# says so and exits 125, or does without.
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# fault.so fails allocation FAIL_AT and leaves the file "met"; the command is launched without it
need_fault() {
	[ -z "${SAN-}${COV-}" ] || skip "a sanitizer, and what counts coverage, allocate for themselves"
	cat >fault.c <<-'END'
		#include <errno.h>
		#include <fcntl.h>
		#include <stddef.h>
		#include <stdlib.h>
		#include <unistd.h>

		void *__libc_malloc(size_t size);
		void *__libc_calloc(size_t count, size_t size);
		void *__libc_realloc(void *memory, size_t size);

		static long left = -1;

		__attribute__((constructor)) static void begin(void)
		{
			const char *at = getenv("FAIL_AT");

			left = at ? atol(at) : -1;
			unsetenv("LD_PRELOAD");
			unsetenv("FAIL_AT");
		}

		static int is_refused(void)
		{
			if (left < 0 || left-- > 0)
				return 0;
			close(open("met", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
			errno = ENOMEM;
			return 1;
		}

		void *malloc(size_t size)
		{
			return is_refused() ? NULL : __libc_malloc(size);
		}

		void *calloc(size_t count, size_t size)
		{
			return is_refused() ? NULL : __libc_calloc(count, size);
		}

		void *realloc(void *memory, size_t size)
		{
			return is_refused() ? NULL : __libc_realloc(memory, size);
		}
	END
	${CC:-cc} -D_GNU_SOURCE -shared -fPIC -Wl,-z,defs -o fault.so fault.c 2>log ||
		skip "no malloc of one's own can be built: $(tail -n 1 log)"
}

# ends_well WHAT STATUS: as it should, without a word that nobody needs; or as it can't
ends_well() {
	case $2 in
	0) ;;
	125) grep -q '^safespawn: .*: \(Cannot allocate memory\|Too many open files\)' said ||
		fail "$1: not a word of why: $(cat said)" ;;
	*) fail "$1: status $2: $(cat said)" ;;
	esac
}

# in_turn ARGUMENT...: of safespawn; nothing may be left of the file "made"
in_turn() {
	at=0 failed=0
	while :; do
		rm -f met
		FAIL_AT=$at LD_PRELOAD=$PWD/fault.so safespawn "$@" >out 2>said </dev/null
		status=$?
		[ -e met ] || break
		ends_well "$* at $at" "$status"
		[ "$status" -eq 0 ] || failed=$((failed + 1))
		at=$((at + 1))
		[ "$at" -lt 300 ] || fail "$*: no end of allocations"
	done
	same "$*, with all memory" 0 "$status"
	[ "$failed" -gt 2 ] || fail "$*: $failed of $at failed"
}

# Without --user: glibc's name service ends the program at some of its own
test_each_allocation_may_fail() {
	need_fault
	child=$BUILD/spawnbench-child
	echo A=1 >variables
	in_turn "$child"
	in_turn -q -m posix_spawn -C / "$child"
	in_turn --exec -i A=1 "$child"
	in_turn -r '1>out' -r '2>&1' --env-file=variables --keep-fd=2 -u HOME --rlimit=core=0 "$child"
	in_turn -t 60 -k 1 --kill-tree --rewrite-signal=TERM:QUIT --map-status=1:2 "$child"
	in_turn --pty -t 60 "$child"
	in_turn --stats --json "$child"
	in_turn --explain "$child"
	in_turn --leaks=allow --keep-fd=0 "$child"
}

# Where the loader has one, 3, and the command, which has no libc, needs none
test_each_number_may_be_the_last() {
	for options in '' --exec '-t 60' '--kill-tree -t 60' '-r 1>out -r 2>&1' '-m posix_spawn'; do
		for limit in 4 5 6 7 8 10 12 16; do
			# shellcheck disable=SC2086,SC3045	# words; dash and bash have it
			(ulimit -n $limit && exec safespawn -q $options "$BUILD/spawnbench-child") \
				>out 2>said </dev/null
			ends_well "$options with $limit" $?
		done
		same "$options, said at the end" '' "$(cat said)"
	done
}

run_tests
