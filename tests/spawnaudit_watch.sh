#!/bin/sh
# SPDX-License-Identifier: MIT
# spawnaudit --watch tells of the same launches as tracing, and stops nothing.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=audit.sh
. "$(dirname "$0")/audit.sh"

top=$(cd "$(dirname "$0")/.." && pwd)

# LeakSanitizer traces the program itself, and makes a process for that, which is watched
[ -z "${SAN-}" ] || export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS-}"

# In a sanitized build, too: what runs in the kernel isn't
need_watch() {
	need
	spawnaudit --watch=0.001 1 >/dev/null 2>why || skip "$(sed 's/^spawnaudit: //; q' why)"
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

# watched COMMAND...: runs it, watched, once watching has begun; the report is in ./report
watched() {
	rm -f go && mkfifo go || fail "no FIFO"
	sh -c 'read -r _ <go; exec "$@"' sh "$@" &
	command=$!
	# shellcheck disable=SC2086	# several words, or none
	spawnaudit ${options-} --watch $command >report 2>&1 &
	watcher=$!
	trap 'kill -9 $watcher $command 2>/dev/null' EXIT
	until_true is_watching
	echo >go
	wait $command
	kill -INT $watcher
	wait $watcher || fail "status $?: $(cat report)"
	trap - EXIT
}

# Without the stack, which is known only if the program is there for long enough, and
# without the numbers of processes and inodes
leaks() {
	sed -n '/^leak:/,/^  mend/p' "$1" |
		sed '/^  where/,/^  why/d; s/([0-9]*)/(PID)/g; s/:\[[0-9]*\]/:[INODE]/'
}

test_the_same_launches_and_findings_as_by_tracing() {
	need_watch
	for sin in leak leak-often mended-leak mended-threads threads-exec threads-libc \
		clone-vm clone-vfork by-threads exec-by-thread give give-and-leak; do
		spawnaudit --log=traced "$HELPERS/sa_trace_sins" $sin || fail "$sin: status $?"
		watched "$HELPERS/sa_trace_sins" $sin
		same "$sin" "$(sed 2q traced)" "$(sed 2q report)"
		leaks traced >leaks.traced
		leaks report >leaks.watched
		diff leaks.traced leaks.watched >&2 || fail "$sin: other leaks"
	done
}

test_what_the_parent_does_not_hold_is_no_leak_of_it() {
	need_watch
	[ -z "${SAN-}" ] || skip "a sanitizer's run-time is at work in the program as well"
	watched "$HELPERS/sa_gifts" on-purpose
	grep -q '^spawnaudit: findings: none$' report || fail "$(cat report)"
	watched "$HELPERS/sa_gifts" closed-at-once
	grep -q '^spawnaudit: findings: 1 leak$' report || fail "$(cat report)"
}

test_a_program_is_told_with_the_script_that_it_runs() {
	need_watch
	printf '#!/bin/sh\n(exec 7</etc/passwd; sh -u ./inner.sh x; exit 0)\n' >outer.sh
	echo '/bin/true; exit 0' >inner.sh
	chmod +x outer.sh
	options=--json watched ./outer.sh
	grep -q '"type": "launch".*"script": "./inner.sh", .*"executed": "[^"]*true"' report ||
		fail "$(cat report)"
	grep -q '"type": "finding".*"script": "./outer.sh", ' report || fail "$(cat report)"
	grep -q '"type": "launch".*"script": "./outer.sh", .*"executed_script": "./inner.sh"' report ||
		fail "$(cat report)"
}

# So many milliseconds, in nanoseconds, come round to less than one.
test_a_long_time_is_not_over_at_once() {
	need_watch
	spawnaudit --watch=18446744073.710 $$ >report 2>&1 &
	watcher=$!
	trap 'kill -9 $watcher 2>/dev/null' EXIT
	until_true is_watching
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		/bin/true
	done
	like "state" "[!Z]" "$(sed -n 's/^State:[^A-Z]*\(.\).*/\1/p' "/proc/$watcher/status")"
	kill -INT $watcher
	wait $watcher || fail "status $?: $(cat report)"
	grep -q '^spawnaudit: [0-9]* launches' report || fail "$(cat report)"
}

test_what_runs_no_program_is_counted() {
	need_watch
	watched "$HELPERS/sa_trace_sins" vfork-in-vfork
	same vfork-in-vfork "spawnaudit: 2 launches: 2 vfork; 1 executed a program, 1 ended without" \
		"$(sed 1q report)"
	watched "$HELPERS/sa_trace_sins" stuck
	same stuck "spawnaudit: 1 launch: 1 fork; 0 executed a program, 1 ended without" \
		"$(sed 1q report)"
}

test_a_leak_has_its_parents_stack() {
	need_watch
	case $(readlink -f /proc/$$/exe) in
	*busybox*) skip "busybox tells no names of what is in it" ;;
	esac
	mkfifo stay
	options=-v
	cat >stays <<-'END'
		exec 8</etc/passwd
		/bin/true
		until grep -q '^finding' report; do sleep 0.01; done
	END
	watched timeout 200 sh stays
	sed -n '/^  where/,/^  why/p' report >stack
	grep -q 'fork at\|fork in\|fork\|spawn' stack || fail "$(cat report)"
	grep -q '+0x\| main at' stack || fail "$(cat report)"
}

# Only its calls would tell whether it was safe
test_a_copy_of_threads_is_called_unjudged_and_not_safe() {
	need_watch
	options=-v
	watched "$HELPERS/sa_trace_sins" work
	like launch "unjudged: sa_trace_sins (*) launched * by fork with 2 threads; it ran /*/true after *" \
		"$(sed 1q report)"
	same note 1 "$(grep -c ': 1 fork of programs with threads: what ran there' report)"
	options=--json
	watched "$HELPERS/sa_trace_sins" work
	grep '"type": "summary"' report >summary
	like summary '*"safe": 0, "unjudged": 1, "judged_by_calls": 0, "lost_events": 0,*' "$(cat summary)"
	like launch '*"calls": null,*"findings": []*' "$(grep '"type": "launch"' report)"
}

test_what_the_child_opened_or_duplicated_itself_is_given() {
	need_watch
	cat >opens <<-'END'
		exec 8</etc/passwd
		(exec /bin/true 7</etc/passwd 8<&-)
		(exec /bin/true 9<&8 8<&-)
	END
	watched sh opens
	same findings "spawnaudit: findings: none" "$(sed -n 2p report)"
	echo "(exec /bin/true)" >>opens
	watched sh opens
	same findings "spawnaudit: findings: 1 leak" "$(sed -n 2p report)"
	like what "*8  r   /etc/passwd" "$(grep '^  what' report)"
}

test_what_was_there_before_is_blamed_on_nobody() {
	need_watch
	exec 7</etc/passwd
	watched sh -c '/bin/true; /bin/true; exit 0'
	same findings "spawnaudit: findings: none" "$(sed -n 2p report)"
	like note "*: 2 launches handed on descriptors that the parent had been given itself" \
		"$(grep 'handed on' report)"
}

# By what its credentials are older than: not by what its parent holds still
test_what_was_there_before_and_the_parent_has_closed_is_blamed_on_nobody() {
	need_watch
	mkfifo before after
	cat >child <<-'END'
		read -r _ <before
		/bin/true
		read -r _ <after
		/bin/true
	END
	sh -c 'exec 7</etc/passwd; sh "$1" & exec 7<&-; echo $! >pid; wait' sh child &
	command=$!
	trap 'kill -9 $watcher $command $(cat pid) 2>/dev/null' EXIT
	until_true test -s pid
	until_true has_executed sh "$(cat pid)"
	spawnaudit --watch "$(cat pid)" >report 2>&1 &
	watcher=$!
	until_true is_watching
	echo >before
	echo >after
	wait $command
	kill -INT $watcher
	wait $watcher || fail "status $?: $(cat report)"
	same findings "spawnaudit: findings: none" "$(sed -n 2p report)"
	like note "*: 2 launches handed on descriptors that the parent had been given itself" \
		"$(grep 'handed on' report)"
}

has_executed() {
	tr '\0' ' ' <"/proc/$2/cmdline" | grep -q "^$1 child"
}

test_what_was_opened_before_watching_is_a_leak() {
	need_watch
	mkfifo before
	sh -c 'exec 7</etc/passwd; read -r _ <before; /bin/true; :' &
	command=$!
	trap 'kill -9 $watcher $command 2>/dev/null' EXIT
	is_open() {
		[ -e "/proc/$command/fd/7" ]
	}
	until_true is_open
	spawnaudit --watch $command >report 2>&1 &
	watcher=$!
	until_true is_watching
	echo >before
	wait $command
	kill -INT $watcher
	wait $watcher || fail "status $?: $(cat report)"
	same findings "spawnaudit: findings: 1 leak" "$(sed -n 2p report)"
	like what "*7  r   /etc/passwd" "$(grep '^  what' report)"
}

# It has no descriptors and no mappings then: those that live have them.
test_the_first_thread_has_ended_and_others_live() {
	need_watch
	cat >program.c <<-'END'
		#include <fcntl.h>
		#include <pthread.h>
		#include <stdio.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static void *launch(void *nothing)
		{
			char *argv[] = {"sh", "stays", NULL};

			getchar();
			if (fork() == 0) {
				execv("/bin/sh", argv);
				_exit(127);
			}
			wait(NULL);
			_exit(0);
			return nothing;
		}

		int main(void)
		{
			pthread_t thread;

			open("/etc/passwd", O_RDONLY);
			pthread_create(&thread, NULL, launch, NULL);
			pthread_exit(NULL);
		}
	END
	${CC:-gcc} -w -g -rdynamic -pthread -o program program.c || fail "no program"
	echo "until grep -q '^finding' report; do sleep 0.01; done" >stays
	mkfifo go
	timeout 200 ./program <go 7</etc/group 9>&- &
	command=$!
	trap 'kill -9 $watcher $command 2>/dev/null' EXIT
	exec 9>go
	program=
	one_is_there() {
		program=$(cat "/proc/$command/task/$command/children")
		grep -q '^State:[^A-Z]*Z' /proc/"${program% }"/status
	}
	until_true one_is_there
	spawnaudit -v --watch $command >report 2>&1 9>&- &
	watcher=$!
	until_true is_watching
	exec 9>&-
	wait $command || fail "status $?"
	kill -INT $watcher
	wait $watcher || fail "status $?: $(cat report)"
	sed -n '/^leak:/,$p' report >leak
	like leak "leak: program (*), thread * handed 1 descriptor to *, by fork" "$(sed 1q leak)"
	like what "*  r   /etc/passwd" "$(grep '^  what' leak)"
	grep -q '^          launch at program.c:[0-9]*$' leak || fail "no stack: $(cat report)"
	! grep -q 'with 2 threads' report || fail "one thread lives: $(cat report)"
}

test_what_a_program_is_told_of_is_given() {
	need_watch
	write_told
	while IFS='|' read -r findings command_words; do
		# shellcheck disable=SC2086	# words
		watched $command_words </dev/null
		same "$command_words" "spawnaudit: findings: $findings" "$(sed -n 2p report)"
	done <told
}

# origins WAY: as sa_origins makes them, watched; what it made is in ./made. It is there
# until what it had mapped has been read.
origins() {
	need_watch
	options="-v --provenance${calls:+=$calls}"
	echo "until grep -q '^finding' report; do sleep 0.01; done" >stays
	watched timeout 200 "$HELPERS/sa_origins" "$1" /bin/sh stays >made
	mv report all
	sed -n '/^leak:/,$p' all >report
}

test_who_opened_a_leak_is_told_of_every_call() {
	origins all
	all_are_named '.*'
	origin_of "$(sed -n 's/ memfd_create by_memory$//p' made)" >origin
	grep -q '^  opened  by .*, thread [0-9]* "sa_origins".*: memfd_create(' origin ||
		fail "$(cat origin)"
}

test_two_lines_of_one_function_stay_apart() {
	origins same
	same lines 2 "$(sed -n 's/.* make_same at sa_origins.c:\([0-9]*\)$/\1/p' report |
		sort -u | wc -l)"
}

test_whose_call_was_not_asked_for_is_unknown() {
	calls=open
	origins reused
	grep -q '^  opened  unknown$' report || fail "$(cat report)"
	! grep openat report || fail "blamed on another"
	calls=open,socket
	origins reused
	grep -q ': socket(' report || fail "$(cat report)"
}

test_what_a_shell_passes_on_tells_who_opened_it() {
	origins all
	sed -n '/^passed on/,$p' report >passed
	mv passed report
	all_are_named '.*, 2 execs ago'
}

# Neither stops it, nor goes with it
test_its_program_outlives_watching() {
	need_watch
	mkfifo hold
	sh -c 'exec cat' <hold &
	command=$!
	exec 8>hold
	trap 'kill -9 $watcher $command 2>/dev/null' EXIT
	spawnaudit --watch --provenance $command >report 2>&1 &
	watcher=$!
	until_true is_watching
	kill -KILL $watcher
	wait $watcher
	kill -0 $command || fail "it is gone"
	exec 8>&-
	wait $command || fail "status $?"
}

test_makes_job_server_is_expected() {
	need_watch
	printf 'all: a b\na b:\n\t@/bin/true; /bin/true\n' >makefile
	watched env -u MAKEFLAGS -u MFLAGS make -s -j2 -f makefile
	same findings "spawnaudit: findings: none" "$(sed -n 2p report)"
}

test_a_name_that_would_paint_the_terminal_is_shown_harmless() {
	need_watch
	name=$(printf 'red\033[31m')
	: >"$name"
	watched sh -c 'exec 9<"$1"; /bin/true; :' sh "$name"
	grep -q '9  r  .*/red?\[31m$' report || fail "$(cat report)"
}

test_other_pid_namespaces() {
	need_watch
	unshare -pf --mount-proc true 2>/dev/null || skip "no pid namespaces"
	# from outside, by its own numbers
	watched unshare -pf --mount-proc sh -c '/bin/true; /bin/true; :'
	same outside "spawnaudit: 3 launches" "$(sed 's/:[^:]*$//; q' report)"
	# from inside, where its numbers are others
	cat >inside <<-'END'
		spawnaudit -v --log=report --watch &
		watcher=$!
		until grep -qs '^link_type:' /proc/$watcher/fdinfo/*; do sleep 0.01; done
		while grep -qs '^link_type:.*iter' /proc/$watcher/fdinfo/*; do sleep 0.01; done
		/bin/true & wait $!
		kill -INT $watcher
		wait $watcher
	END
	unshare -pf --mount-proc sh inside || fail "status $?"
	grep -q '^[a-z]*: [a-z]* inside ([0-9]*) launched [0-9]* by .* it ran /.*/true' report ||
		fail "$(cat report)"
}

# Watches ./many, which waits for ./go, and reads nothing before it has ended: ./report
unread() {
	mkfifo go
	sh many &
	command=$!
	# shellcheck disable=SC2086	# several words, or none
	spawnaudit ${options-} --watch $command >report 2>why &
	watcher=$!
	trap 'kill -9 $watcher $command 2>/dev/null' EXIT
	until_true is_watching
	kill -STOP $watcher
	echo >go
	wait $command
	kill -CONT $watcher
	kill -INT $watcher
	wait $watcher || fail "status $?: $(cat why)"
}

test_events_without_room_are_counted() {
	long
	need_watch
	# shellcheck disable=SC2016	# its own
	echo 'exec 9</etc/passwd; read -r _ <go; i=0
		while [ $i -lt 2500 ]; do /bin/true; i=$((i + 1)); done' >many
	unread
	grep -q '^spawnaudit: [0-9]* events found no room: launches may be missing$' report ||
		fail "$(cat report)"
}

# launches of a JVM, by its helper and by its own fork: the class is in ./jvm
make_jvm() {
	mkdir jvm
	cat >jvm/Launches.java <<-'END'
		public class Launches {
			public static void main(String[] arguments) throws Exception {
				for (int i = 0; i < 20; i++)
					new ProcessBuilder("/bin/true").start().waitFor();
			}
		}
	END
	javac -J-XX:TieredStopAtLevel=1 -d jvm jvm/Launches.java >&2
}

test_launches_find_room_beside_all_that_is_opened() {
	need_watch
	echo 'read -r _ <go; i=0; while [ $i -lt 8000 ]; do exec 9</etc/passwd; i=$((i + 1)); done
		/bin/true; :' >many
	options=--provenance unread
	# others of the machine may have taken what is kept for launches
	grep -q ' found no room: launches may be missing$' report ||
		like launches "spawnaudit: 1 launch: *" "$(sed 1q report)"
	like why "spawnaudit: --provenance: [1-9]* calls found no room: what they made *" \
		"$(cat why)"
}

# Each kind of launcher beside the others: shells, make's, and a JVM where there is one
test_none_is_missed() {
	long
	need_watch
	command -v strace >/dev/null || skip "strace isn't installed"
	strace --seccomp-bpf -f true 2>/dev/null || skip "strace knows no --seccomp-bpf"
	{
		echo 'all: 1 2 3 4 5 6 7 8 9 10'
		printf '%s\n\t@/bin/true; /bin/true\n' '1 2 3 4 5 6 7 8 9 10:'
	} >makefile
	cat >jobs <<-'END'
		for shell in 1 2 3 4; do
			sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do /bin/true; (/bin/true); done' &
		done
		env -u MAKEFLAGS -u MFLAGS make -s -j4 -f makefile &
		[ ! -d jvm ] || for way in POSIX_SPAWN VFORK FORK; do
			java -Xshare:auto -XX:TieredStopAtLevel=1 -cp jvm \
				-Djdk.lang.Process.launchMechanism=$way Launches &
		done
		wait
	END
	! command -v javac >/dev/null || make_jvm || fail "no class"
	strace --seccomp-bpf -qq -f -o calls -e trace=execve,execveat -e signal=none sh jobs
	expected=$(grep -Ec '(execve|execveat)\(.* = 0$|<\.\.\. execve.* = 0$' calls)
	options=--json
	watched sh jobs
	got=$(sed -n 's/.*"executed": \([0-9]*\), "reexecuted": \([0-9]*\),.*/\1 + \2/p' report)
	same execs "$expected" "$(($got))"
	like lost '*"lost_events": 0,*' "$(tail -1 report)"
}

# Two that watch at once, each with events of its own
test_thousands_a_second_are_seen_or_told_as_lost() {
	long
	need_watch
	command -v python3 >/dev/null || skip "python3 isn't installed"
	cat >launches <<-'END'
		import os, sys
		open("ready", "w").close()
		open("go").read()
		for _ in range(4000): os.waitpid(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
	END
	mkfifo go
	python3 launches "$BUILD/spawnbench-child" &
	command=$!
	watchers=
	trap 'kill -9 $watchers $command 2>/dev/null' EXIT
	# its python3 may be a script, which launches, too
	until_true [ -e ready ]
	for number in 1 2; do
		spawnaudit --watch $command >report.$number 2>&1 &
		watcher=$!
		watchers="$watchers $watcher"
		until_true is_watching
	done
	echo >go
	wait $command
	# shellcheck disable=SC2086	# two numbers
	kill -INT $watchers
	for watcher in $watchers; do
		wait "$watcher" || fail "status $?: $(cat report.*)"
	done
	for number in 1 2; do
		grep -q ' found no room: ' report.$number || like "report $number" \
			"spawnaudit: 4000 launches: 4000 posix_spawn-like; 4000 executed a program" \
			"$(sed 1q report.$number)"
	done
}

test_killed_it_leaves_nothing_in_the_kernel() {
	need_watch
	PATH=$PATH:/usr/sbin
	command -v bpftool >/dev/null || skip "bpftool isn't installed"
	spawnaudit --watch --provenance >report 2>&1 &
	watcher=$!
	trap 'kill -9 $watcher 2>/dev/null' EXIT
	until_true is_watching
	programs=$(sed -n 's/^prog_id:[^0-9]*//p' /proc/$watcher/fdinfo/* | sort -u)
	[ "$(echo "$programs" | wc -l)" -eq 5 ] || fail "programs: $programs"
	for id in $programs; do
		bpftool prog show id "$id" >/dev/null || skip "bpftool doesn't work here"
	done
	kill -9 $watcher
	is_unloaded() {
		! bpftool prog show id "$1" >/dev/null 2>&1
	}
	for id in $programs; do
		until_true is_unloaded "$id"
	done
}

test_the_time_that_was_given() {
	need_watch
	status 0 spawnaudit --watch=0.1
	like report "spawnaudit: *" "$out"
	same errors "" "$err"
}

# one_line PATTERN: on stderr
one_line() {
	like message "spawnaudit: $1" "$err"
	same lines 1 "$(printf '%s\n' "$err" | grep -c .)"
}

test_a_cgroup() {
	need_watch
	status 125 spawnaudit --watch=1 --cgroup=/nonesuch
	one_line "--cgroup=/nonesuch: *"
	status 125 spawnaudit --watch=1 --cgroup=/etc
	one_line "--cgroup=/etc: *"
	make_group
	watch_group
	/bin/true
	run_in $group
	kill -INT $watcher
	wait $watcher || fail "status $?"
	same launches "spawnaudit: 1 launch" "$(sed -n 's/\(1 launch\): .*/\1/p' report)"
}

# $group: a cgroup of version 2 that goes with the test, with those below it
make_group() {
	root=$(sed -n 's/^[^ ]* \([^ ]*\) cgroup2 .*/\1/p' /proc/mounts | sed q)
	[ -n "$root" ] || skip "no cgroups of version 2"
	group=$root/spawnaudit-$$
	watcher=
	mkdir "$group" 2>/dev/null || skip "no cgroup can be made"
	trap 'kill -9 $watcher 2>/dev/null; find $group -depth -type d -exec rmdir {} +' EXIT
	[ -e "$group/cgroup.procs" ] || skip "no cgroup of version 2"
}

watch_group() {
	spawnaudit -v --watch --cgroup="$group" >report 2>why &
	watcher=$!
	until_true is_watching
}

# run_in GROUP: a shell enters it, and launches one program
run_in() {
	sh -c 'echo $$ >"$1/cgroup.procs" && /bin/true; :' sh "$1" || fail "$1 can't be entered"
}

test_a_cgroup_with_many_below_it() {
	need_watch
	make_group
	for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		mkdir -p "$group/$number/deep/deeper"
	done
	watch_group
	mkdir "$group/late"
	run_in "$group/7"
	run_in "$group/16/deep/deeper"
	run_in "$group/late"
	rmdir "$group/late"
	kill -INT $watcher
	wait $watcher || fail "status $?: $(cat why)"
	same launches "spawnaudit: 3 launches" "$(sed -n 's/\([0-9] launches\): .*/\1/p' report)"
	same words "" "$(cat why)"
}

# Else who watches a service would wait for what never comes when it has been stopped.
test_a_cgroup_that_is_removed_ends_it() {
	need_watch
	make_group
	watch_group
	run_in "$group"
	rmdir "$group"
	until_true is_gone $watcher
	wait $watcher || fail "status $?: $(cat why)"
	same launches "spawnaudit: 1 launch" "$(sed -n 's/\(1 launch\): .*/\1/p' report)"
	same words "spawnaudit: --cgroup=$group: it was removed: nothing runs there any more" \
		"$(cat why)"
	mkdir "$group"
}

test_rights() {
	need_watch
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
	$nobody test -x "$BUILD/spawnaudit" || skip "another user doesn't get to the build"
	if [ "$(cat /proc/sys/kernel/unprivileged_bpf_disabled)" -ne 0 ]; then
		status 125 $nobody spawnaudit --watch=0.1
		one_line "--watch: BPF isn't allowed: be root, or have CAP_BPF and CAP_PERFMON"
	fi
	# shellcheck disable=SC2086	# words
	$nobody --inh-caps=+bpf,+perfmon --ambient-caps=+bpf,+perfmon true 2>/dev/null ||
		skip "setpriv doesn't know these capabilities"
	status 0 $nobody --inh-caps=+bpf,+perfmon --ambient-caps=+bpf,+perfmon spawnaudit --watch=0.1
}

test_options() {
	need
	for times in 0 x -1; do
		status 125 spawnaudit --watch=$times
		hinted spawnaudit "--watch: '$times' isn't a time (as 10 or 1.5)"
	done
	status 125 spawnaudit --cgroup=/sys/fs/cgroup true
	hinted spawnaudit "--cgroup: only with --watch"
	status 125 spawnaudit --watch -p 1
	hinted spawnaudit "-p, --fds, --stuck and --watch exclude each other"
	status 125 spawnaudit --watch true
	hinted spawnaudit "'true' isn't a process id"
	status 125 spawnaudit --watch --provenance --fail-on=race
	hinted spawnaudit "--fail-on=race: only with COMMAND"
	status 125 spawnaudit --all-calls --watch
	hinted spawnaudit "--all-calls: only with COMMAND and -p"
}

# What watching needs may be missing where spawnaudit is built
test_built_without_it_the_rest_is_there() {
	long
	need
	copy_build b && rm b/watch.mk
	(unset MAKEFLAGS MFLAGS MAKELEVEL; ${MAKE:-make} -s -C "$top" BUILD="$tmp/b" BPF_CC=false \
		"$tmp/b/spawnaudit") 2>log || fail "$(cat log)"
	same "make's words" "make: spawnaudit is built without --watch: that needs clang and libbpf (Debian: clang, libbpf-dev)" \
		"$(grep 'without --watch' log)"
	status 125 b/spawnaudit --watch=1
	one_line "--watch: this spawnaudit was built without it: that needs clang and libbpf (Debian: clang, libbpf-dev)"
	status 0 b/spawnaudit --log=traced true
	like traced "spawnaudit: 0 launches*" "$(sed 1q traced)"
}

run_tests
