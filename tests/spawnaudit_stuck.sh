#!/bin/sh
# SPDX-License-Identifier: MIT
# spawnaudit --stuck: which forked copies wait for ever, for what, and which only
# look as if they did. sa_stuck commits each sin.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# shellcheck source-path=SCRIPTDIR source=audit.sh
. "$(dirname "$0")/audit.sh"

# found WAY PATTERN: it is a finding, and says so
found() {
	commit "$1"
	status 1 spawnaudit --stuck "$child"
	like "$1" "$child sa_stuck: stuck: $2" "$out"
	case $out in
	*"  why  "*"  mend  "*) ;;
	*) fail "$1: no reason or no mending: $out" ;;
	esac
	end
}

# passed WAY PATTERN: no finding
passed() {
	commit "$1"
	status 0 spawnaudit --stuck "$child"
	like "$1" "$child sa_stuck: $2" "$out"
	case $out in
	*"stack of"* | *"  mend  "*) fail "$1: no finding, but it was stopped: $out" ;;
	esac
	end
}

test_mutex_of_a_thread_that_stayed_in_the_parent() {
	need
	for kind in mutex:normal recursive:recursive checking:error-checking adaptive:adaptive \
		robust:normal; do
		commit "${kind%:*}"
		status 1 spawnaudit --stuck "$child"
		like "${kind%:*}" "$child sa_stuck: stuck: it waits for a mutex that no thread here \
has locked*a copy that $parent (sa_stuck) forked*threads here: 1, there now: 2*thread $child \
waits for the futex lock in *sa_stuck, without a time limit*by its words a mutex of glibc's \
(${kind#*:})*locked by thread $owner (holder) of $parent, which this copy doesn't have*" "$out"
		end
	done
}

test_mutex_of_a_thread_that_has_ended() {
	need
	commit ended
	status 1 spawnaudit --stuck "$child"
	like "the owner" "*locked by thread $owner, which has ended: it isn't here, nor where*" "$out"
}

test_the_first_thread_has_ended_and_others_live() {
	need
	commit headless
	status 1 spawnaudit --stuck "$child"
	like "headless" "$child sa_stuck: stuck: it waits for a mutex that no thread here \
has locked*sa_stuck, without a time limit*locked by thread $owner (holder) of $parent,*" "$out"
	like "its stack" "*stack of thread *lock_in_thread*" "$out"
	case $out in
	*"stack of thread $child,"*) fail "of the thread that has ended: $out" ;;
	esac
	end
}

test_mutex_although_another_thread_is_awake() {
	need
	found beside "it waits for a mutex that no thread here has locked*threads here: 2*"
}

test_mutex_when_the_parent_is_gone() {
	need
	found orphan "it waits for a mutex that no thread here has locked*its parent *has ended*"
}

test_mutex_that_is_tried_again_and_again() {
	need
	found tries "it tries again and again, for a limited time*with a time limit*\
locked by thread * (holder) of *"
}

test_copy_of_a_copy() {
	need
	commit again
	grandchild=$(cat "/proc/$child/task/$child/children") || skip "no /proc/PID/task/TID/children"
	status 0 spawnaudit --stuck "$child"
	# shellcheck disable=SC2086
	status 1 spawnaudit --stuck $grandchild
	like "the owner" "*a copy that $child*locked by thread $owner (holder) of $parent,*" "$out"
}

test_nobody_is_left_to_wake_it() {
	need
	[ -z "${SAN-}" ] || skip "a sanitizer's run-time handles signals"
	for way in semaphore condition rwlock; do
		commit "$way"
		status 1 spawnaudit --stuck "$child"
		like "$way" "*no thread is left here that could wake it*a futex of unknown owner*\
only threads with this memory could, and it is alone*" "$out"
		case $out in
		*"of glibc's ("* | *"unless a handler"*) fail "$way: too much is claimed: $out" ;;
		esac
		end
	done
}

test_a_lock_of_libc() {
	need
	found localtime "*waits for the futex * in *libc*a futex of unknown owner*"
}

test_a_handler_might_wake_it() {
	need
	passed handler "can't be told: *no thread is left to wake it, but a handler of a signal may*"
}

# By which people end what hangs, and none of them unlocks what is libc's
test_a_handler_that_is_no_hope() {
	need
	for way in handler-of-end handler-and-zone; do
		found $way "*no thread is left*unless a handler of a signal does that: it has some*"
	done
}

test_the_stack_names_the_function_and_the_line() {
	need
	readelf -S "$HELPERS/sa_stuck" 2>/dev/null | grep -q debug_line || skip "no debug information"
	commit semaphore
	status 1 spawnaudit --stuck "$child"
	like "the stack" "*stack of thread $child, stopped for a moment*main*sa_stuck.c:[0-9]*" "$out"
	# it waits on as before
	status 1 spawnaudit --stuck --no-stack "$child"
	like "without" "*no thread is left here*" "$out"
	case $out in
	*"stack of"*) fail "--no-stack: $out" ;;
	esac
}

test_what_only_looks_stuck() {
	need
	passed worker "not stuck: a thread of it is at work, or waits for something else*"
	passed pool "not stuck: a thread of it is at work*"
	passed limit "not stuck: it waits for a futex for a limited time*"
	passed shared "not stuck: it waits for a futex in memory that it shares with other*"
	passed vfork "not stuck: it shares its parent's memory (vfork)*"
	passed stopped "not stuck: it has been stopped*"
}

# Each of its threads waits for another most of the time. 1000 looks, any of which may meet
# moments at which each seems to wait: what is read of one thread is old when the next is read.
test_threads_that_take_turns_are_never_stuck() {
	need
	commit turns
	# shellcheck disable=SC2046
	status 0 spawnaudit --stuck $(yes "$child" | head -n 1000)
	same "looks that met a thread at work" 1000 \
		"$(printf '%s\n' "$out" | grep -c ': not stuck: a thread of it is at work')"
}

test_what_cannot_be_told() {
	need
	passed twice "can't be told: *that a thread of its own holds*by thread * of its own*"
	passed alone "can't be told: *nothing tells that the process that forked it had threads*"
}

test_a_program_that_was_executed() {
	need
	sleep 100 &
	trap 'kill $!' EXIT
	status 0 spawnaudit --stuck $!
	like "sleep" "$! *: not stuck: *" "$out"
	status 0 spawnaudit --stuck $$
}

test_a_subshell() {
	need
	(
		sleep 100
		:
	) &
	trap 'kill $!' EXIT
	sleep 0.5
	status 0 spawnaudit --stuck $!
	like "the subshell" "$! *: not stuck: a thread of it is at work, or waits for something*" "$out"
}

# A library that seems to hold Go's runtime, and a program whose copy works in it or beside it
make_yielding() {
	[ "$(uname -m)" = x86_64 ] || skip "the calls are written for x86-64"
	cat >runtime.c <<-'END'
		__attribute__((section(".go.buildinfo"), used)) static const char mark[] = "x";

		void ask_for_ever(void)
		{
			long result;

			for (;;)
				__asm__ volatile("syscall" : "=a"(result) : "0"(24L)
						 : "rcx", "r11", "memory");
		}
	END
	cat >program.c <<-'END'
		#include <pthread.h>
		#include <sched.h>
		#include <fcntl.h>
		#include <signal.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/mman.h>
		#include <sys/prctl.h>
		#include <time.h>
		#include <unistd.h>

		void ask_for_ever(void);

		/* In ns: so long it doesn't take to its loop. */
		static long used(pid_t pid)
		{
			struct timespec time = {0};
			clockid_t clock;

			if (clock_getcpuclockid(pid, &clock) == 0)
				clock_gettime(clock, &time);
			return time.tv_sec * 1000000000 + time.tv_nsec;
		}

		static volatile int *seen_traced;

		static void watch(pid_t pid)
		{
			char path[32], text[4096] = "";

			snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
			while (!*seen_traced) {
				int fd = open(path, O_RDONLY);

				if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
					_exit(1);
				close(fd);
				*seen_traced = !strstr(text, "TracerPid:\t0");
			}
		}

		/* As long as nobody opens the FIFO, it can't be stopped */
		static void wait_in_vfork(void)
		{
			if (vfork() == 0) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				open("until", O_RDONLY);
				_exit(0);
			}
		}

		static void *idle(void *argument)
		{
			pause();
			return argument;
		}

		int main(int argc, char **argv)
		{
			volatile unsigned long count = 0;
			pthread_t thread;
			pid_t pid;

			seen_traced = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
			pthread_create(&thread, NULL, idle, NULL);
			pid = fork();
			if (pid > 0) {
				while (used(pid) < 50000000)
					usleep(1000);
				printf("child %d\nparent %d\nready\n", (int)pid, (int)getpid());
				fflush(stdout);
				if (argv[argc - 1][0] == 'v')
					watch(pid);
				pause();
			}
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (argv[argc - 1][0] == 'r')
				ask_for_ever();
			while (argv[argc - 1][0] == 'v' && !*seen_traced)
				;
			if (argv[argc - 1][0] == 'v')
				wait_in_vfork();
			for (;;)
				argv[argc - 1][0] == 'y' ? sched_yield() : (int)count++;
		}
	END
	${CC:-gcc} -shared -fPIC -o runtime.so runtime.c &&
		${CC:-gcc} -pthread -o program program.c ./runtime.so || fail "no program"
}

test_a_copy_that_yields_in_its_runtime() {
	need
	make_yielding
	commit runtime ./program
	status 1 spawnaudit --stuck "$child"
	like "stuck" "$child program: stuck: it asks its runtime again and again*yields, or sleeps*\
stack of thread $child*ask_for_ever in runtime.so*main in program*" "$out"
	status 0 spawnaudit --stuck --no-stack "$child"
	end
	for way in yields computes; do
		commit $way ./program
		status 0 spawnaudit --stuck "$child"
		like "$way" "$child program: not stuck: a thread of it is at work*" "$out"
		end
	done
}

test_what_cannot_be_stopped_is_let_go() {
	need
	make_yielding
	mkfifo until
	commit computes ./program
	busy=$child
	busy_parent=$sinner
	commit vforks ./program
	trap 'kill $sinner $child $busy_parent $busy $audit 2>/dev/null' EXIT
	# shellcheck disable=SC2046
	spawnaudit --stuck $(yes "$child" | head -n 20) $(yes "$busy" | head -n 200) >out 2>&1 &
	audit=$!
	for state in D R; do
		turns=0
		until grep -q "^State:[^A-Z]*$state" "/proc/$child/status" &&
			grep -q '^TracerPid:[^0-9]*0$' "/proc/$child/status"; do
			turns=$((turns + 1))
			[ $turns -lt 150 ] || fail "not $state and free: $(cat "/proc/$child/status" out)"
			sleep 0.1
		done
		kill -0 $audit || fail "it has ended too early: $(cat out)"
		[ $state = R ] || : >until
	done
}

test_what_was_executed_is_not_stopped() {
	need
	[ -z "${SAN-}" ] || skip "LeakSanitizer doesn't work under strace"
	command -v strace >/dev/null || skip "strace isn't installed"
	make_yielding
	echo 'void ask_for_ever(void);
		int main(int argc, char **argv)
		{
			if (argc < 2)
				ask_for_ever();
			for (volatile unsigned long count = 0; argv; count++)
				;
		}' >lone.c
	${CC:-gcc} -o lone lone.c ./runtime.so || fail "no program"
	./lone computes &
	trap 'kill $!' EXIT
	strace -f -o calls -e trace=ptrace "$BUILD/spawnaudit" --stuck $! >out 2>&1 || fail "$(cat out)"
	like "the program" "$! *: not stuck: it has called exec" "$(cat out)"
	! grep ptrace calls || fail "it was stopped"
}

# It begins as 0 and is far larger than what is mapped of the file.
test_a_lock_behind_the_file_has_its_name() {
	need
	[ -z "${SAN-}" ] || skip "the program is built for this test alone"
	cat >large.c <<-'END'
		#include <pthread.h>
		#include <stdio.h>
		#include <sys/prctl.h>
		#include <signal.h>
		#include <unistd.h>

		static struct { char before[100000]; pthread_mutex_t lock; } large;

		static void *hold(void *ends)
		{
			pthread_mutex_lock(&large.lock);
			if (write(*(int *)ends, "", 1) == 1)
				pause();
			return ends;
		}

		int main(void)
		{
			pthread_t thread;
			int ends[2];
			pid_t pid;
			char go;

			if (pipe(ends) < 0 || pthread_create(&thread, NULL, hold, &ends[1]) ||
			    read(ends[0], &go, 1) != 1)
				return 1;
			pid = fork();
			if (pid > 0) {
				printf("child %d\nparent %d\nready\n", (int)pid, (int)getpid());
				fflush(stdout);
				pause();
			}
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			return pthread_mutex_lock(&large.lock);
		}
	END
	${CC:-gcc} -pthread -o large large.c || fail "no program"
	commit "" ./large
	waits_for_futex() {
		grep -q '^State:[^A-Z]*S' "/proc/$child/status"
	}
	until_sleeps=0
	until waits_for_futex || [ $until_sleeps -ge 600 ]; do
		until_sleeps=$((until_sleeps + 1))
		sleep 0.1
	done
	status 1 spawnaudit --stuck "$child"
	like "the name" "*waits for the futex large+100000 in */large, without*" "$out"
	end
}

test_what_is_no_process_to_ask_about() {
	need
	commit zombie
	refused " (sa_stuck) has ended, and waits for $parent to reap it" "$child"
	end
	true &
	wait $!
	refused ": No such process" $!
	commit mutex
	refused " (holder) is a thread: ask about its process, $parent" "$owner"
	end
	grep -q '^kthreadd$' /proc/2/comm 2>/dev/null || skip "no kernel threads are seen here"
	refused " (*) is a kernel thread: nobody forked it" 2
}

test_json_has_what_the_text_has() {
	need
	commit mutex
	status 1 spawnaudit --stuck --json "$child"
	like "the line" "{\"schema\": 1, \"type\": \"stuck\", \"pid\": $child,*\"verdict\": \"stuck\", \
\"reason\": \"owner-gone\"*\"owner_tid\": $owner, \"owner\": \"in-parent\"*\"stack\": {*" "$out"
	same "lines" 1 "$(printf '%s\n' "$out" | wc -l)"
	command -v python3 >/dev/null || return 0
	printf '%s\n' "$out" | python3 -m json.tool >/dev/null || fail "no JSON: $out"
}

run_tests
