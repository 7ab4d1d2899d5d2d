#!/bin/sh
# SPDX-License-Identifier: MIT
# libspawnutil-preload.so under a program that knows nothing of it: what it
# stands in for, what it lets through, and whom it stands beside.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)
OURS=$BUILD/libspawnutil-preload.so
CALLS=$HELPERS/preload_calls
FLAGS="-Wall -Wextra -Werror -O2 -pthread ${SAN:+-fsanitize=$SAN}"

# A sanitizer's library wants to be the first; what isn't there says clang has it in the program.
runtime() {
	for name in address:libasan thread:libtsan undefined:libubsan; do
		case ,${SAN-}, in
		*",${name%:*},"*) file=$(${CC:-gcc} -print-file-name="${name#*:}.so") ;;
		*) continue ;;
		esac
		case $file in */*) printf '%s:' "$file" ;; esac
	done
}

# preloaded LIBRARIES COMMAND...: status 0, its output in $out
preloaded() {
	libraries=$1
	shift
	status 0 timeout 100 env LD_PRELOAD="$(runtime)$libraries" \
		ASAN_OPTIONS=detect_leaks=0 "$@"
}

# library NAME: made of NAME.c
library() {
	# shellcheck disable=SC2086
	${CC:-gcc} $FLAGS -shared -fPIC -o "$1.so" "$1.c" >log 2>&1 || fail "$1: $(cat log)"
}

test_its_names_alone_are_exported() {
	command -v nm >/dev/null || skip "nm isn't installed"
	same symbols "$(sed -n 's/^	\([a-z0-9_]*\);$/\1/p' "$top/src/lib/preload.map" | tr '\n' ' ')" "$(nm -D --defined-only "$OURS" |
		awk '$3 !~ /^(__gcov|__asan|__tsan|__ubsan|__llvm|__odr_asan)/ { print $3 }' | tr '\n' ' ')"
}

# libgcc_s is a fifth of what a shell takes to start
test_it_needs_libc_alone() {
	command -v readelf >/dev/null || skip "readelf isn't installed"
	[ -z "${SAN-}${COV-}" ] || skip "an instrumented build needs more"
	same libraries libc.so.6 "$(readelf -d "$OURS" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p')"
}

test_the_program_finds_them() {
	[ -z "${SAN-}" ] || skip "a sanitizer has these names, too"
	preloaded "$OURS" "$CALLS" names
	for name in system popen pclose; do
		echo "$name libspawnutil-preload.so"
	done >expected
	printf 'fclose libc.so.6\nwait libc.so.6\n' >>expected
	same names "$(cat expected)" "$out"
}

# AddressSanitizer takes a cancelled thread's frames for live
test_statuses_are_those_of_libc() {
	case ,${SAN-}, in *,address,*) acts="statuses files" ;; *) acts="statuses files cancel" ;; esac
	for act in $acts; do
		status 0 timeout 100 "$CALLS" $act
		without=$out
		preloaded "$OURS" "$CALLS" $act
		same $act "$without" "$out"
	done
}

# Only libc's functions read what libc has made; what is ours is empty to them
test_file_actions_of_libc_are_handed_to_libc() {
	[ -z "${SAN-}" ] || skip "a sanitizer has these names, too"
	preloaded "$OURS" "$CALLS" actions
	same actions "theirs: 0, 7, libc's launch 7, 0
ours: 0, 7, libc's launch 8, 0" "$out"
}

# Each side's streams are closed by the other
test_no_status_is_lost_where_only_a_half_is_ours() {
	[ -z "${SAN-}" ] || skip "a sanitizer has these names, too"
	preloaded "$OURS" "$CALLS" libcs
	same streams "theirs by our pclose 768
ours by their pclose 1280
ours by their fclose 1536
no child" "$out"
}

test_conformance() {
	[ -z "${SAN-}" ] || skip "a sanitizer has these names, too"
	for suite in conformance posix_spawn; do
		preloaded "$OURS" "$BUILD/tests/check_${suite}_libc" preload
		like "$suite" "ok *ok *" "$out"
	done
}

# names OPTION...: of all system calls of calls, and of their shells
names() {
	strace -f -o trace "$@" "$CALLS" statuses >log 2>&1 || fail "$(cat log)"
	sed -nE 's/^[0-9]+ +([a-z_0-9]+)\(.*/\1/p' trace | sort -u
}

test_what_a_filter_has_to_allow_is_in_the_manual() {
	[ -z "${SAN-}${COV-}" ] || skip "an instrumented build needs more"
	command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null ||
		skip "strace isn't installed, or may not trace here"
	names >without
	names -E LD_PRELOAD="$OURS" >with
	comm -13 without with >more
	grep -q waitid more || fail "they aren't called: $(cat more)"
	sed -n '/^A seccomp filter/,$s/^\.Xr \([a-z_0-9]*\) 2.*/\1/p' \
		"$top/man/libspawnutil-preload.7" | sort >named
	same "calls that the manual doesn't name" "" "$(comm -23 more named)"
}

test_threads_and_forks() {
	case ,${SAN-}, in
	*,address,*) skip "AddressSanitizer's own allocator may be locked in a fork child" ;;
	esac
	preloaded "$OURS" "$CALLS" threads
	same faults "faults 0
no child" "$out"
}

test_the_policy_is_chosen_by_a_variable() {
	[ -e /proc/self/fd ] || skip "no /proc"
	for policy in "" allow; do
		preloaded "$OURS" env SPAWNUTIL_LEAKS=$policy "$CALLS" leaks
		same "[$policy]" "system: leaked
popen: leaked" "$out"
		same "words of [$policy]" "" "$err"
	done
	preloaded "$OURS" env SPAWNUTIL_LEAKS=close "$CALLS" leaks
	same close "system: closed
popen: closed" "$out"
	preloaded "$OURS" env SPAWNUTIL_LEAKS=fail "$CALLS" leaks
	same fail "system: -1 File descriptor in bad state
popen: File descriptor in bad state" "$out"
}

test_a_bad_policy_is_reported_once_and_ignored() {
	[ -e /proc/self/fd ] || skip "no /proc"
	for policy in bogus Close close,fail; do
		preloaded "$OURS" env SPAWNUTIL_LEAKS=$policy "$CALLS" leaks leaks
		same "$policy" "system: leaked
popen: leaked
system: leaked
popen: leaked" "$out"
		same "words" "libspawnutil-preload: SPAWNUTIL_LEAKS: ignored, it is none of: close allow fail" \
			"$err"
	done
	preloaded "$OURS" env SPAWNUTIL_LEAKS=bogus "$CALLS" cancelled-spawn
	same "a cancelled thread" "launched 1, cancelled 1" "$out"
	preloaded "$OURS" env SPAWNUTIL_LEAKS=bogus "$CALLS" files
	same "who launches nothing by system" 0 "$(printf %s "$err" | grep -c system)"
}

# Another library that stands in for them; it counts, and hands on
write_other() {
	cat >other.c <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <stdio.h>
		#include <unistd.h>

		static int closed, pclosed;

		int fclose(FILE *stream)
		{
			int (*next)(FILE *) = (int (*)(FILE *))dlsym(RTLD_NEXT, "fclose");

			closed++;
			return next(stream);
		}

		int pclose(FILE *stream)
		{
			int (*next)(FILE *) = (int (*)(FILE *))dlsym(RTLD_NEXT, "pclose");

			pclosed++;
			return next(stream);
		}

		__attribute__((destructor)) static void say(void)
		{
			dprintf(2, "fclose %d pclose %d\n", closed, pclosed);
		}
	END
	library other
}

test_others_are_called_before_and_behind_it() {
	[ -z "${SAN-}" ] || skip "a sanitizer has these names, too"
	write_other
	status 0 "$CALLS" files
	without=$out
	preloaded "$tmp/other.so:$OURS" "$CALLS" files
	same "before" "$without" "$out"
	like "it sees each call" "fclose 10[0-9] pclose 2" "$err"
	preloaded "$OURS:$tmp/other.so" "$CALLS" files
	same "behind" "$without" "$out"
	like "it sees each call" "fclose 10[0-9] pclose 2" "$err"
}

test_it_works_before_its_own_constructor() {
	cat >early.c <<-'END'
		#include <stdio.h>
		#include <stdlib.h>

		__attribute__((constructor)) static void call(void)
		{
			FILE *file, *stream;
			int closed, status;

			/* or each shell would begin with two more, and so on */
			if (unsetenv("LD_PRELOAD") != 0 || getenv("LD_PRELOAD"))
				return;
			file = fopen("/dev/null", "r");
			stream = popen("exit 4", "r");
			closed = fclose(file);
			status = system("exit 3");

			printf("%d %d %d\n", closed, status, pclose(stream));
			fflush(stdout);
		}
	END
	library early
	for libraries in "$OURS:$tmp/early.so" "$tmp/early.so:$OURS"; do
		status 0 timeout 100 env LD_PRELOAD="$(runtime)$libraries" LD_DEBUG=files LD_DEBUG_OUTPUT="$tmp/debug" \
			ASAN_OPTIONS=detect_leaks=0 "$CALLS" names
		same "early calls" "0 768 1024" "$(printf '%s\n' "$out" | head -n 1)"
		sed -n 's/.*calling init: .*\/\(.*\.so\)$/\1/p' debug.* |
			grep -E '^(early|libspawnutil-preload)' | head -n 1
		rm -f debug.*
	done >first
	grep -q early first || fail "its constructor was always the first: $(cat first)"
}

# The loader's lock is held while a constructor runs
test_a_thread_that_a_constructor_waits_for_may_close() {
	cat >plugin.c <<-'END'
		#define _GNU_SOURCE
		#include <pthread.h>
		#include <stdio.h>
		#include <time.h>

		static void *close_file(void *argument)
		{
			(void)argument;
			fclose(fopen("/dev/null", "r"));
			return NULL;
		}

		__attribute__((constructor)) static void wait_for_thread(void)
		{
			struct timespec deadline;
			pthread_t thread;

			clock_gettime(CLOCK_REALTIME, &deadline);
			deadline.tv_sec += 60;
			pthread_create(&thread, NULL, close_file, NULL);
			printf("%s\n", pthread_timedjoin_np(thread, NULL, &deadline) ? "hangs" : "ended");
		}
	END
	library plugin
	preloaded "$OURS" "$CALLS" plugin
	same "the thread" ended "$out"
}

test_on_musl() {
	long
	command -v musl-gcc >/dev/null || skip "musl-gcc isn't installed (musl-tools)"
	${MAKE:-make} -s -C "$top" BUILD="$tmp/b" CC=musl-gcc CFLAGS=-O0 SAN= COV= \
		"$tmp/b/libspawnutil-preload.so" >log 2>&1 || fail "$(cat log)"
	sed 's/"libc\.so\.6"/"libc.so"/' "$top/tests/helpers/preload_calls.c" >calls.c
	musl-gcc -std=gnu11 -D_GNU_SOURCE -O1 -pthread calls.c -o calls >log 2>&1 || fail "$(cat log)"
	ours=$tmp/b/libspawnutil-preload.so
	for act in statuses files; do
		status 0 timeout 100 ./calls $act
		without=$out
		status 0 timeout 100 env LD_PRELOAD="$ours" ./calls $act
		same $act "$without" "$out"
	done
	status 0 timeout 100 env LD_PRELOAD="$ours" SPAWNUTIL_LEAKS=close ./calls leaks
	same "close" "system: closed
popen: closed" "$out"
	status 0 timeout 100 env LD_PRELOAD="$ours" ./calls threads
	same "threads" "faults 0
no child" "$out"
}

run_tests
