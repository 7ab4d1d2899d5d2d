#!/bin/sh
# SPDX-License-Identifier: MIT
# spawnaudit -p, and what becomes of programs when somebody is killed: nothing.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_audit() {
	[ -x "$BUILD/spawnaudit" ] || skip "spawnaudit wasn't built: libdw is missing"
}

tracer() {
	sed -n 's/^TracerPid:[^0-9]*//p' "/proc/$1/status" 2>/dev/null
}

is_traced() {
	[ "$(tracer "$1")" != 0 ]
}

is_free() {
	[ "$(tracer "$1")" = 0 ]
}

# Every thread, not only the first
all_are_traced() {
	! grep -q '^TracerPid:[^0-9]*0$' /proc/"$1"/task/*/status 2>/dev/null
}

is_stopped() {
	grep -q '^State:[^A-Z]*T' "/proc/$1/status"
}

has_ended() {
	grep -qs '^State:[^A-Z]*Z' "/proc/$(cat ended 2>/dev/null)/status"
}

runs() {
	grep -q '^State:[^A-Z]*[RS]' "/proc/$1/status"
}

# busy: starts the program with many threads: $program
busy() {
	need_audit
	[ -z "${SAN-}" ] || case $SAN in *thread*) skip "TSan defers signals" ;; esac
	"$HELPERS/sa_trace_busy" >busy.out &
	program=$!
	until_true test -s busy.out
}

# at_ease: the busy program ends, and has lost nothing
at_ease() {
	kill -USR1 "$program"
	wait "$program" || fail "status $?"
	same result "lost 0 signals, 0 launches, 0 counts, 0 waits; busy" "$(tail -n 1 busy.out)"
}

test_a_busy_program_doesnt_notice_a_hundred_visits() {
	busy
	visit=0
	while [ $visit -lt 100 ]; do
		spawnaudit --log=report --expect-fd=3-999 -p "$program" 2>audit.err &
		audit=$!
		until_true all_are_traced "$program"
		! is_stopped "$program" || fail "stopped in visit $visit"
		kill -INT $audit
		wait $audit || fail "visit $visit: status $?: $(cat audit.err)"
		is_free "$program" || fail "traced after visit $visit"
		visit=$((visit + 1))
	done
	grep -q '^spawnaudit: findings: none' report || fail "$(cat report)"
	at_ease
}

test_spawnaudit_killed_leaves_all_as_it_was() {
	busy
	visit=0
	while [ $visit -lt 40 ]; do
		spawnaudit --log=report -p "$program" 2>/dev/null &
		audit=$!
		until_true is_traced "$program"
		[ $((visit % 2)) -eq 0 ] || sleep 0.0$((visit % 10))
		kill -KILL $audit
		wait $audit 2>/dev/null
		visit=$((visit + 1))
	done
	until_true is_free "$program"
	at_ease
}

test_the_program_killed_is_the_end() {
	turn=0
	while [ $turn -lt 10 ]; do
		busy
		spawnaudit --log=report -p "$program" 2>audit.err &
		audit=$!
		until_true is_traced "$program"
		kill -KILL "$program"
		wait $audit || fail "status $?: $(cat audit.err)"
		wait "$program" 2>/dev/null
		grep -q '^spawnaudit: [0-9]* launch' report || fail "$(cat report)"
		rm busy.out
		turn=$((turn + 1))
	done
}

test_a_thread_in_vfork_doesnt_hold_it_up() {
	need_audit
	mkfifo fifo
	spawn='import os; os.posix_spawn("/bin/true", ["true"], {}, file_actions=[(os.POSIX_SPAWN_OPEN, 0, "fifo", os.O_RDONLY, 0)])'
	command -v python3 >/dev/null || skip "python3 isn't installed"
	python3 -c "$spawn" &
	program=$!
	until_true grep -q '^State:[^A-Z]*D' /proc/$program/status
	spawnaudit --log=report -p $program 2>audit.err &
	audit=$!
	until_true is_traced $program
	kill -INT $audit
	wait $audit || fail "status $?: $(cat audit.err)"
	: >fifo
	wait $program || fail "the program: status $?"
}

is_gone() {
	[ ! -e "/proc/$1" ]
}

test_daemons_are_followed_on_demand() {
	need_audit
	mkfifo fifo
	# shellcheck disable=SC2016
	spawnaudit -fv --log=report sh -c 'echo $$ >pid; (read -r line; /bin/true; exit 0) <fifo & exit 3' &
	audit=$!
	until_true test -s pid
	until_true is_gone "$(cat pid)"
	kill -0 $audit || fail "it didn't wait for the daemon"
	: >fifo
	wait $audit
	same status 3 $?
	grep -q 'launched .* it ran .*/true after' report || fail "$(cat report)"
}

test_a_daemon_that_stays_is_let_go_by_a_signal() {
	need_audit
	# shellcheck disable=SC2016
	spawnaudit -f --log=report sh -c 'echo $$ >pid; sleep 1000 & echo $! >daemon; exit 3' &
	audit=$!
	until_true test -s daemon
	daemon=$(cat daemon)
	trap 'kill $daemon' EXIT
	until_true is_gone "$(cat pid)"
	is_traced "$daemon" || fail "untraced already"
	kill -TERM $audit
	wait $audit
	same status 3 $?
	is_free "$daemon" || fail "still traced"
}

test_several_processes_and_the_children_that_they_have() {
	need_audit
	mkfifo one two
	for form in commas options; do
		rm -f child
		# shellcheck disable=SC2016
		sh -c '(sh -c "echo \$\$ >child; read -r line <one; /bin/true; exit 0"); exit 0' &
		first=$!
		sh -c 'read -r line <two; /bin/true; exit 0' &
		second=$!
		until_true test -s child
		child=$(cat child)
		if [ $form = commas ]; then
			set -- -p "$first,$second"
		else
			set -- -p "$first" -p "$second" -p "$first"
		fi
		spawnaudit -v --log=report "$@" &
		audit=$!
		until_true is_traced "$child"
		until_true is_traced "$second"
		: >one
		wait "$first"
		is_traced "$second" || fail "$form: it ended with the first"
		: >two
		wait "$audit" || fail "$form: status $?"
		grep -q '^spawnaudit: 2 launches: ' report || fail "$form: $(cat report)"
		same "$form: of true" 2 "$(grep -c ' ran .*/true after' report)"
	done
	status 125 spawnaudit -p "$$,x"
	hinted spawnaudit "'x' isn't a process id"
	status 125 spawnaudit -f --fds $$
	hinted spawnaudit "--follow-daemons: only with COMMAND and -p"
}

test_job_control_passes_through() {
	need_audit
	spawnaudit --log=report sh -c 'echo $$ >pid; while [ ! -e end ]; do sleep 0.05; done; exit 6' &
	audit=$!
	until_true test -s pid
	program=$(cat pid)
	for turn in 1 2 3; do
		kill -STOP "$program"
		# T: stopped; t: a stop of ptrace, in which LISTEN leaves it
		until_true grep -q '^State:[^A-Za-z]*[Tt]' "/proc/$program/status"
		sleep 0.1
		grep -q '^State:[^A-Za-z]*[Tt]' "/proc/$program/status" || fail "goes on in turn $turn"
		kill -CONT "$program"
		until_true runs "$program"
	done
	: >end
	wait $audit
	same status 6 $?
}

test_signals_sent_to_spawnaudit_reach_the_command() {
	need_audit
	command -v perl >/dev/null || skip "perl isn't installed"
	for signal in INT TERM HUP QUIT; do
		rm -f pid
		# a job of sh in the background ignores INT and QUIT, until it says otherwise
		spawnaudit --log=report perl -e '
			$SIG{'$signal'} = sub { exit 5 };
			open(my $f, ">", "pid"); print $f $$; close $f; sleep 1 while 1' &
		audit=$!
		until_true test -s pid
		kill -$signal $audit
		wait $audit
		same "status after $signal" 5 $?
	done
}

# Each thread stops for its next signal before the last of them has been continued.
test_signals_are_looked_at_among_events_without_end() {
	long
	need_audit
	[ -z "${SAN-}" ] || skip "LeakSanitizer doesn't work under strace"
	command -v strace >/dev/null || skip "strace isn't installed"
	cat >program.c <<-'END'
		#include <pthread.h>
		#include <signal.h>
		#include <stdio.h>

		#define THREADS 30

		static void ignore(int number)
		{
			(void)number;
		}

		static void *stop(void *argument)
		{
			for (int i = 0; i < 1000; i++)
				pthread_kill(pthread_self(), SIGUSR1);
			return argument;
		}

		int main(void)
		{
			pthread_t threads[THREADS];

			signal(SIGUSR1, ignore);
			getchar();
			for (int i = 0; i < THREADS; i++)
				pthread_create(&threads[i], NULL, stop, NULL);
			for (int i = 0; i < THREADS; i++)
				pthread_join(threads[i], NULL);
		}
	END
	${CC:-gcc} -pthread -o program program.c || fail "no program"
	mkfifo go
	nice -n 19 ./program <go &
	program=$!
	exec 9>go
	strace -f -o calls -e trace=waitid,rt_sigtimedwait "$BUILD/spawnaudit" --log=report \
		-p $program 9>&- 2>strace.err &
	strace=$!
	until_true is_traced $program
	exec 9>&-
	wait $strace || fail "status $?: $(cat strace.err)"
	awk '/waitid\(P_ALL/ { n++; if (n > most) most = n }
		/rt_sigtimedwait/ { n = 0 }
		END { print NR, most }' calls >counted
	read -r lines most <counted
	[ "$lines" -gt 30000 ] || fail "only $lines calls"
	[ "$most" -le 100 ] || fail "$most events, and no look at signals between"
}

# A child that allocates and is let go before it executes a program
let_go_young() {
	rm -f ready go
	mkfifo go
	./program <go &
	program=$!
	exec 9>go
	spawnaudit --log=report -p $program 9>&- &
	audit=$!
	until_true is_traced $program
	echo >&9
	until_true test -e ready
	kill -INT $audit
	wait $audit
	kill $program
	wait $program 2>/dev/null
	exec 9>&-
}

test_a_child_that_is_let_go_on_its_way_is_not_told_as_one_that_never_executes() {
	need_audit
	[ -z "${SAN-}" ] || skip "a sanitizer's run-time is at work in the program as well"
	cat >program.c <<-'END'
		#include <fcntl.h>
		#include <pthread.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static void *rest(void *nothing)
		{
			pause();
			return nothing;
		}

		int main(void)
		{
			char *argv[] = {"true", NULL}, byte;
			void *volatile memory;
			pthread_t thread;
			int ends[2];

			pthread_create(&thread, NULL, rest, NULL);
			getchar();
			pipe(ends);
			if (fork() == 0) {
				close(ends[1]);
				memory = malloc(1 << 22);
				free(memory);
				open("ready", O_CREAT | O_WRONLY, 0600);
				/* the end of its parent */
				read(ends[0], &byte, 1);
				execv("/bin/true", argv);
				_exit(127);
			}
			wait(NULL);
		}
	END
	${CC:-gcc} -w -pthread -o program program.c || fail "no program"
	turn=0
	let_go_young
	until grep -q 'still ran after [0-9]\{1,4\} us' report ||
		grep -q 'still ran after [0-9]\{1,3\} ms' report; do
		turn=$((turn + 1))
		[ $turn -lt 20 ] || skip "the machine is too slow: $(cat report)"
		let_go_young
	done
	grep -q '^spawnaudit: findings: 1 unsafe-fork$' report || fail "$(cat report)"
}

one_is_traced() {
	grep -qs '^TracerPid:[^0-9]*[1-9]' /proc/"$1"/task/*/status
}

# /proc/PID shows neither the program nor its memory then.
test_a_program_whose_first_thread_has_ended_is_known() {
	need_audit
	cat >program.c <<-'END'
		#include <fcntl.h>
		#include <pthread.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static int is_alone(void)
		{
			char line[256] = "";
			int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

			read(fd, line, sizeof(line) - 1);
			close(fd);
			return strstr(line, ") Z") != NULL;
		}

		void *launch(void *nothing)
		{
			char *argv[] = {"true", NULL};

			while (!is_alone())
				usleep(1000);
			getchar();
			open("/etc/passwd", O_RDONLY);
			if (fork() == 0) {
				execv("/bin/true", argv);
				_exit(127);
			}
			wait(NULL);
			_exit(0);
			return nothing;
		}

		int main(void)
		{
			FILE *file = fopen("pid", "we");
			pthread_t thread;

			fprintf(file, "%d\n", (int)getpid());
			fclose(file);
			pthread_create(&thread, NULL, launch, NULL);
			pthread_exit(NULL);
		}
	END
	${CC:-gcc} -w -g -rdynamic -pthread -o program program.c || fail "no program"
	mkfifo go
	for asked in program parent; do
		rm -f pid
		sh -c './program; exit $?' <go &
		parent=$!
		exec 9>go
		until_true test -s pid
		program=$(cat pid)
		until_true grep -q '^State:[^A-Z]*Z' "/proc/$program/status"
		[ $asked = program ] && pid=$program || pid=$parent
		spawnaudit --log=report --program=program -p "$pid" 9>&- &
		audit=$!
		until_true one_is_traced "$program"
		exec 9>&-
		wait $audit || fail "status $?"
		grep -q "^leak: program ($program), thread [0-9]* \"program\", handed" report ||
			fail "-p its $asked: $(cat report)"
		grep -q '^          launch at program.c:[0-9]*$' report || fail "no stack: $(cat report)"
	done
	status 0 spawnaudit --log=report --json ./program </dev/null
	grep -q '"threads": 1, ' report || fail "one thread lives: $(cat report)"
	status 0 spawnaudit --log=report --provenance ./program </dev/null
	grep -q '^  opened  by program ([0-9]*), thread [0-9]* "program": openat' report ||
		fail "no origin: $(cat report)"
}

test_a_process_is_not_blamed_for_what_its_parent_holds_as_well() {
	need_audit
	mkfifo go
	exec 7</etc/passwd
	sh -c 'exec 8</etc/group; : >ready; read -r _ <go; /bin/true; exit 0' &
	program=$!
	until_true test -e ready
	spawnaudit --log=report -p $program 7<&- &
	audit=$!
	until_true is_traced $program
	echo >go
	wait $audit || fail "status $?"
	grep -q '^spawnaudit: findings: 1 leak$' report || fail "$(cat report)"
	grep -q '  8  r   /etc/group$' report || fail "$(cat report)"
	! grep '  7  ' report || fail "its parent's"
}

test_only_processes_are_asked_about() {
	busy
	for thread in "/proc/$program/task"/*; do
		thread=${thread##*/}
		[ "$thread" = "$program" ] || break
	done
	for mode in "-p $$," "-p " "--watch=200 $$ " "--watch=200 "; do
		# shellcheck disable=SC2086	# a mode is several words
		status 125 spawnaudit $mode$thread
		same "a thread" "spawnaudit: $thread is a thread: ask about its process, $program" "$err"
		# shellcheck disable=SC2086
		status 125 spawnaudit ${mode}2147483647
		same "nobody" "spawnaudit: 2147483647: No such process" "$err"
	done
	for mode in --fds --stuck; do
		status 125 spawnaudit $mode "$thread"
		like "a thread" "spawnaudit: $thread (*) is a thread: ask about its process, $program" "$err"
	done
	at_ease
}

test_what_may_not_be_traced_is_named() {
	need_audit
	sleep 60 &
	program=$!
	spawnaudit --log=report -p $program 2>/dev/null &
	audit=$!
	until_true is_traced $program
	status 125 spawnaudit --log=again -p $program
	same "a second tracer" "spawnaudit: $program can't be traced: process $audit traces it already" "$err"
	kill -KILL $program
	wait $audit $program 2>/dev/null
	status 125 spawnaudit -p $program
	same "nobody" "spawnaudit: $program: No such process" "$err"
	status 125 spawnaudit -p 0
	status 125 sh -c 'exec spawnaudit -p $$'
	like "itself" "spawnaudit: * can't be traced: it is the one that asks" "$err"
	# by then its parent is one that doesn't wait for it
	sh -c '(until grep -q sleep /proc/$$/comm; do sleep 0.01; done) & echo $! >ended; exec sleep 60' &
	program=$!
	until_true has_ended
	status 125 spawnaudit -p "$(cat ended)"
	same "who has ended" "spawnaudit: $(cat ended) can't be traced: it has ended" "$err"
	kill $program
	[ "$(id -u)" -eq 0 ] || skip "the rest needs root"
	knows setpriv reuid
	sleep 60 &
	program=$!
	chmod 777 .
	cp "$BUILD/spawnaudit" audit
	status 125 setpriv --reuid=65534 --clear-groups ./audit -p $program
	like "another user's" "spawnaudit: $program can't be traced: it belongs to user 0*" "$err"
	kill $program
}

run_tests
