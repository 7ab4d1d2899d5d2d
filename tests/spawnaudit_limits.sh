#!/bin/sh
# SPDX-License-Identifier: MIT
# What spawnaudit can't see it says in one line, and tells what it still can.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=audit.sh
. "$(dirname "$0")/audit.sh"

top=$(cd "$(dirname "$0")/.." && pwd)
AS_NOBODY="setpriv --reuid=65534 --regid=65534 --clear-groups"

need_root() {
	need
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	knows setpriv reuid
	$AS_NOBODY test -x "$BUILD/spawnaudit" || skip "another user doesn't get to the build"
}

# commit_as_nobody WAY
commit_as_nobody() {
	chmod 777 .
	cat >as_nobody <<-END
		#!/bin/sh
		exec $AS_NOBODY "$HELPERS/sa_stuck" "\$@"
	END
	chmod 755 as_nobody
	commit "$1" ./as_nobody
}

# one_line WHAT PATTERN: on stderr
one_line() {
	like "$1" "spawnaudit: $2" "$err"
	same "$1: lines" 1 "$(printf '%s\n' "$err" | grep -c .)"
}

test_numbers_do_not_wrap() {
	for number in 4294967297 18446744073709551617; do
		status 125 spawnaudit -p $number
		hinted spawnaudit "'$number' isn't a process id"
		status 125 spawnaudit --expect-fd=$number true
		hinted spawnaudit "--expect-fd: '$number' isn't a list of descriptors*"
		status 125 spawnaudit --error-exitcode=$number true
		hinted spawnaudit "--error-exitcode: '$number' isn't a number from 0 to 255"
	done
}

test_another_users_process() {
	need_root
	commit mutex
	# shellcheck disable=SC2086
	status 125 $AS_NOBODY "$BUILD/spawnaudit" --stuck "$child"
	one_line "stuck" "$child (sa_stuck): what it waits for can't be seen: it belongs to user 0: \
ask as that user or as root"
	like "what is known" "$child sa_stuck: can't be told: *a forked copy, without exec since; \
threads here: 1;*" "$out"
	# shellcheck disable=SC2086
	status 125 $AS_NOBODY "$BUILD/spawnaudit" --fds "$child"
	one_line "fds" "$child (sa_stuck): its descriptors can't be seen: it belongs to user 0: *"
	# whether it has called exec everybody may see
	# shellcheck disable=SC2086
	status 0 $AS_NOBODY "$BUILD/spawnaudit" --stuck "$parent"
	like "the parent" "$parent sa_stuck: not stuck: it has called exec" "$out"
}

test_ones_own_process_as_an_ordinary_user() {
	need_root
	commit_as_nobody mutex
	# shellcheck disable=SC2086
	status 1 $AS_NOBODY "$BUILD/spawnaudit" --stuck "$child"
	like "stuck" "$child sa_stuck: stuck: *locked by thread $owner (holder) of $parent*\
stack of thread $child*" "$out"
	# shellcheck disable=SC2086
	status 0 $AS_NOBODY "$BUILD/spawnaudit" --fds "$child" --expect-fd=3-1000
	like "descriptors" "$child sa_stuck: * open, *" "$out"
}

test_a_process_that_is_not_dumpable() {
	need_root
	commit_as_nobody undumpable
	# shellcheck disable=SC2086
	status 125 $AS_NOBODY "$BUILD/spawnaudit" --stuck "$child"
	one_line "stuck" "$child (sa_stuck): what it waits for can't be seen: it isn't dumpable *"
	# shellcheck disable=SC2086
	status 125 $AS_NOBODY "$BUILD/spawnaudit" --fds "$child"
	one_line "fds" "$child (sa_stuck): its descriptors can't be seen: it isn't dumpable *"
	status 1 spawnaudit --stuck "$child"
	like "as root" "*locked by thread $owner (holder) of $parent*" "$out"
}

# as_unreadable SIN [OPTION...]: as an ordinary user, who may run the program and not read it; $err
as_unreadable() {
	need_root
	[ -z "${SAN-}" ] || skip "a sanitizer's run-time is at work in the program as well"
	chmod 755 .
	cp "$HELPERS/sa_trace_sins" . && chmod 711 sa_trace_sins
	sin=$1
	shift
	# shellcheck disable=SC2086
	status 0 $AS_NOBODY "$BUILD/spawnaudit" "$@" ./sa_trace_sins "$sin" 7</etc/passwd
}

test_threads_of_a_program_that_may_not_be_read_are_no_launches() {
	as_unreadable work
	like "launches" "*spawnaudit: 1 launch: 1 fork; 1 executed a program*" "$err"
	like "findings" "*spawnaudit: findings: 1 unsafe-fork*forked with 2 threads;*" "$err"
	like "where" "*  where   unknown: its parent's memory can't be read: ask as root*" "$err"
	as_unreadable leak
	like "posix_spawn" "*spawnaudit: 1 launch: 1 posix_spawn-like; 1 executed*" "$err"
}

test_a_program_that_cannot_be_told_may_be_the_one_asked_for() {
	as_unreadable work --program=sa_trace_sins
	like "launches" "*spawnaudit: 1 launch: *
spawnaudit: findings: 1 unsafe-fork*" "$err"
}

test_who_may_have_been_given_a_descriptor_is_not_blamed_for_it() {
	as_unreadable leak
	like "findings" "*what * was given can't be looked at, and leaks may be missing: *
spawnaudit: 1 launch: *
spawnaudit: findings: none*" "$err"
}

# Where the kernel has no Yama its setting is put there, and what it refuses is refused otherwise.
test_yamas_setting_is_named() {
	need_root
	[ ! -e /proc/sys/kernel/yama ] || skip "a kernel with Yama: its setting isn't ours to change"
	commit_as_nobody mutex
	: >empty
	chmod 000 empty
	cat >look <<-END
		#!/bin/sh
		mount -t tmpfs none /proc/sys/kernel && mkdir /proc/sys/kernel/yama &&
			echo 1 >/proc/sys/kernel/yama/ptrace_scope &&
			mount --bind empty /proc/$child/task/$child/syscall || exit 77
		exec $AS_NOBODY "$HELPERS/fault_filter" ptrace=EPERM process_vm_readv=EPERM -- \\
			"$BUILD/spawnaudit" --stuck $child
	END
	unshare -m sh look >out 2>err
	case $? in
	77 | 1) skip "no mounts here: $(cat err)" ;;
	125) ;;
	*) fail "$(cat out err)" ;;
	esac
	err=$(cat err)
	one_line "stuck" "$child (sa_stuck): what it waits for can't be seen: \
kernel.yama.ptrace_scope is 1: ask as root, or allow it with sysctl kernel.yama.ptrace_scope=0"
	like "what is known" "$child sa_stuck: can't be told: *a copy that $parent (sa_stuck) forked\
*threads here: 1, there now: 2*waits in the kernel's *futex*" "$(cat out)"
}

test_a_process_that_is_traced_already() {
	need
	command -v strace >/dev/null || skip "strace isn't installed"
	commit mutex
	strace -o /dev/null -p "$child" 2>attached &
	strace=$!
	trap 'kill $sinner $child $strace 2>/dev/null' EXIT
	for _ in $(seq 600); do
		! grep -q attached attached || break
		sleep 0.1
	done
	grep -q attached attached || skip "strace may not attach: $(cat attached)"
	# it lies stopped for as long as strace takes over
	until_true grep -q '^State:[^A-Z]*S' "/proc/$child/status"
	status 1 spawnaudit --stuck "$child"
	like "stuck" "*locked by thread $owner*no stack  process $strace traces it already*" "$out"
}

test_no_ptrace_at_all() {
	need
	commit mutex
	"$HELPERS/fault_filter" ptrace=EPERM -- "$BUILD/spawnaudit" --stuck "$child" >out 2>err
	case $? in
	77) skip "no filters here" ;;
	1) ;;
	*) fail "$(cat out err)" ;;
	esac
	like "stuck" "*locked by thread $owner*no stack  refused by the kernel*" "$(cat out)"
}

test_a_deleted_program() {
	need
	cp "$HELPERS/sa_stuck" gone
	commit mutex ./gone
	rm gone
	status 1 spawnaudit --stuck "$child"
	like "stuck" "$child gone: stuck: *locked by thread $owner (holder) of $parent*" "$out"
	like "its symbols" "*for the futex lock in *gone (deleted)*" "$out"
}

# Whoever asks must not wait for what stands there now under the name.
test_a_file_hidden_by_a_fifo() {
	need_root
	unshare -m true 2>err || skip "no mounts here: $(cat err)"
	cat >library.c <<-'END'
		#include <semaphore.h>

		static sem_t nobody_posts;

		void wait_in_library(void)
		{
			sem_wait(&nobody_posts);
		}
	END
	cat >hidden.c <<-'END'
		#include <pthread.h>
		#include <stdio.h>
		#include <unistd.h>

		void wait_in_library(void);

		static void *idle(void *argument)
		{
			pause();
			return argument;
		}

		int main(void)
		{
			pthread_t thread;
			pid_t pid;

			pthread_create(&thread, NULL, idle, NULL);
			pid = fork();
			if (pid == 0)
				wait_in_library();
			printf("child %d\nparent %d\nready\n", (int)pid, (int)getpid());
			fflush(stdout);
			pause();
		}
	END
	mkdir directory
	${CC:-gcc} -shared -fPIC -o directory/library.so library.c &&
		${CC:-gcc} -pthread -o hidden hidden.c "$PWD/directory/library.so" || fail "no program"
	cat >hide <<-'END'
		#!/bin/sh
		exec unshare -m sh -c './hidden & program=$!
			until grep -q library /proc/$program/maps || ! kill -0 $program; do
				sleep 0.1
			done
			mount --make-rprivate / && mount -t tmpfs none directory && mkfifo directory/library.so ||
				{ kill $program; echo refused; exit 1; }
			: >hides; wait $program' 2>&1
	END
	chmod 755 hide
	commit hides ./hide
	trap 'kill $sinner $parent $child 2>/dev/null' EXIT
	for _ in $(seq 100); do
		! grep -q refused held || skip "no mounts here: $(cat held)"
		[ ! -e hides ] || break
		sleep 0.1
	done
	status 1 timeout 60 spawnaudit --stuck "$child"
	like "stuck" "$child hidden: stuck: *stack of thread $child*main in hidden*" "$out"
}

test_a_static_program_that_is_deleted() {
	need
	${CC:-gcc} -static -pthread -D_GNU_SOURCE -o gone "$top/tests/helpers/sa_stuck.c" 2>log ||
		skip "no static programs: $(head -n 1 log)"
	commit mutex ./gone
	rm gone
	status 1 spawnaudit --stuck "$child"
	like "stuck" "$child gone: stuck: *for the futex lock in *gone (deleted)*stack of thread $child*\
main in gone (deleted)+0x*" "$out"
}

test_a_program_without_symbols() {
	need
	command -v strip >/dev/null || skip "strip isn't installed"
	cp "$HELPERS/sa_stuck" bare
	strip bare
	commit mutex ./bare
	status 1 spawnaudit --stuck "$child"
	like "stuck" "$child bare: stuck: *waits for the futex 0x* in */bare*locked by thread $owner*\
stack of thread $child*? in bare+0x*bare: stripped, no names*" "$out"
}

# A lock of musl's records no owner that could be told by its words.
test_a_lock_of_musl() {
	need
	command -v musl-gcc >/dev/null || skip "musl-gcc isn't installed (musl-tools)"
	musl-gcc -D_GNU_SOURCE -o musl "$top/tests/helpers/sa_stuck.c" 2>log || fail "$(cat log)"
	for way in mutex recursive semaphore; do
		commit "$way" ./musl
		status 1 spawnaudit --stuck "$child"
		like "$way" "$child musl: stuck: *a futex of unknown owner*it is alone*" "$out"
		end
	done
	commit worker ./musl
	status 0 spawnaudit --stuck "$child"
}

test_a_32_bit_program() {
	need
	cat >small.c <<-'END'
		/* forks; the child waits for a futex; no libc, so that no 32-bit one is needed */
		static int word;

		static long call(long number, long a, long b, long c)
		{
			long r;

			__asm__ volatile("int $0x80" : "=a"(r)
					 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(0) : "memory");
			return r;
		}

		void _start(void)
		{
			if (call(2, 0, 0, 0) == 0)
				for (;;)
					call(240, (long)&word, 128, 0);
			for (;;)
				call(29, 0, 0, 0);
		}
	END
	${CC:-gcc} -m32 -O1 -nostdlib -static -ffreestanding -fno-pie -no-pie -fno-stack-protector \
		-o small small.c 2>log || skip "no compiler for 32 bits: $(head -n 1 log)"
	./small &
	parent=$!
	trap 'kill $child $parent 2>/dev/null' EXIT
	for _ in $(seq 600); do
		kill -0 "$parent" 2>/dev/null || skip "the kernel runs no 32-bit programs"
		child=$(cat "/proc/$parent/task/$parent/children") || skip "no /proc/PID/task/TID/children"
		child=${child% }
		[ -z "$child" ] || ! grep -q '^State:[^A-Z]*S' "/proc/$child/status" || break
		sleep 0.1
	done
	status 125 spawnaudit --stuck "$child"
	one_line "stuck" "$child (small): what it waits for isn't decoded: a 32-bit program*"
	like "what is known" "$child small: can't be told: *a copy that $parent (small) forked*" "$out"
	status 0 spawnaudit --fds "$child" --expect-fd=3-1000
	like "descriptors" "$child small: *" "$out"
}

test_the_first_process() {
	need
	status 0 spawnaudit --stuck 1
	like "init" "1 *: not stuck: it has called exec" "$out"
}

test_no_proc() {
	need_root
	unshare -m sh -c 'mount -t tmpfs none /proc || exit 77; exec "$0" --fds 1' \
		"$BUILD/spawnaudit" >out 2>err
	case $? in
	77 | 1) skip "no mounts here" ;;
	125) ;;
	*) fail "$(cat out err)" ;;
	esac
	same "its words" "spawnaudit: /proc isn't mounted, and all that is told comes from there" \
		"$(cat err)"
}

test_output_that_is_lost_is_a_failure() {
	need
	[ -c /dev/full ] || skip "no /dev/full"
	spawnaudit --fds $$ >/dev/full 2>err
	same "status" 125 $?
	like "its words" "spawnaudit: standard output: No space left on device" "$(cat err)"
	spawnaudit --fds --log=/dev/full $$ 2>err
	same "status" 125 $?
	like "its words" "spawnaudit: log: No space left on device" "$(cat err)"
	for option in -h --help --usage --version; do
		spawnaudit $option >/dev/full 2>err
		same "status of $option" 125 $?
		same "words of $option" "spawnaudit: standard output: No space left on device" "$(cat err)"
	done
	for format in '' --json; do
		# shellcheck disable=SC2086
		spawnaudit $format true 2>/dev/full
		same "status of $format" 125 $?
	done
}

# Whoever ends when nobody reads ends the command, which goes on without a report.
test_a_report_that_nobody_reads_does_not_end_the_command() {
	need
	for format in --verbose --json; do
		rm -f gone ended
		{ spawnaudit $format --functions=all sh -c 'until [ -e gone ]; do sleep 0.01; done
			ls; ls; : >ended' 2>&1 >/dev/null; echo $? >left; } | { exec <&-; : >gone; }
		[ -e ended ] || fail "$format: the command didn't get to its end"
		same "status of $format" 125 "$(cat left)"
	done
	rm ended
	(ulimit -f 0 && spawnaudit --log=report sh -c ': >ended' 2>err)
	same "status without room" 125 $?
	[ -e ended ] || fail "the command didn't get to its end"
}

# The message that says so must not be what the command waits for.
test_without_standard_streams_nothing_runs_untraced() {
	need
	# LeakSanitizer traces as well, and nobody may
	[ -z "${SAN-}" ] || export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS-}"
	"$HELPERS/fault_filter" ptrace=EPERM -- "$BUILD/spawnaudit" touch ran <&- >&- 2>&-
	status=$?
	[ $status -ne 77 ] || skip "no filters here"
	same "status" 125 $status
	[ ! -e ran ] || fail "the command ran"
	spawnaudit --log=report ls -l /proc/self/fd 2>err <&- >out
	! grep -E ' [02] -> /$' out || fail "the command was given what we hold"
}

# What others write to the same stderr doesn't get into the middle of it.
test_a_line_on_stderr_is_written_in_one() {
	need
	command -v strace >/dev/null || skip "strace isn't installed"
	[ -z "${SAN-}" ] || skip "LeakSanitizer doesn't work below strace"
	for format in --json --verbose; do
		strace -o calls -e trace=write spawnaudit $format true 2>report
		same "writes of $format" "$(wc -l <report)" "$(grep -c '^write(2,' calls)"
	done
}

run_tests
