#!/bin/sh
# SPDX-License-Identifier: MIT
# Waiting: time-outs.
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# A caller in which every signal is at default and none is blocked
clean() {
	safespawn -q --exec --default-signal "$@"
}

test_in_time_the_status_is_the_commands() {
	status 3 clean safespawn -q -t 60 sh -c 'exit 3'
	status 3 clean safespawn -q -t 1d -k 1d sh -c 'exit 3'
	status 0 clean safespawn -q -t 0 sleep 0.1
}

test_too_late_is_124() {
	status 124 clean safespawn -q -t 0.1 sleep 20
	status 124 clean safespawn -q -m posix_spawn -t 0.1s sleep 20
	status 124 clean safespawn -q -t 0.1 --setsid sleep 20
	status 124 clean safespawn -q -t 0.1 --setpgid sleep 20
}

# The child opens the file by which it joins the group, and here nobody reads there
test_a_launch_that_hangs_is_given_up() {
	mkdir group
	mkfifo group/cgroup.procs
	# an emulated machine takes longer until it hangs
	if [ "$PATIENCE" -eq 1 ]; then time=0.5 ms=500; else time=3 ms=3000; fi
	for options in --launch-timeout=$time "-t $time" "-t 60 --launch-timeout=$time" \
		"-t $time --launch-timeout=60" "--background --launch-timeout=$time"; do
		# shellcheck disable=SC2086
		status 124 clean safespawn -q $options --cgroup=group echo never
		same "$options" '' "$out"
		like "$options" "safespawn: cgroup group: took longer than $ms ms" "$err"
	done
	status 0 clean safespawn -q -t 0.1 --map-status=124:0 --cgroup=group echo never
	status 3 clean safespawn -q --launch-timeout=60 sh -c 'exit 3'
	status 125 safespawn --launch-timeout=1 --exec true
	status 125 safespawn --launch-timeout=1 -m posix_spawn true
}

# first_child_of PID: $child
first_child_of() {
	child=$(cat "/proc/$1/task/$1/children" 2>/dev/null) && [ -n "$child" ]
}

test_a_launch_that_is_killed_is_a_death_like_the_commands() {
	[ -e "/proc/$$/task/$$/children" ] || skip "this kernel lists no children"
	mkdir group
	mkfifo group/cgroup.procs
	for options in '137 ' '7 --map-status=137:7' '137 --map-status=124:7,125:7'; do
		# shellcheck disable=SC2086
		safespawn -q ${options#* } --cgroup=group echo never 2>err &
		pid=$!
		until_true first_child_of $pid
		# shellcheck disable=SC2086
		kill -KILL $child
		wait $pid
		same "status, with ${options#* }" "${options%% *}" $?
	done
}

# So much is to be given that the child's timer ends it at once; made again without one it hangs
test_a_launch_whose_time_is_over_before_it_begins_is_not_made_again() {
	# shellcheck disable=SC3045
	ulimit -n 10000 2>/dev/null || skip "no 10000 descriptors here"
	mkdir group
	mkfifo group/cgroup.procs
	# shellcheck disable=SC2046
	timeout -s KILL $((100 * PATIENCE)) safespawn -q -t 0.001 $(seq -f '-r %g<&0' 100 9000) \
		--cgroup=group echo never >said 2>&1
	got=$?
	: 3<>group/cgroup.procs	# who hangs there goes on
	same "status, of: $(cat said)" 124 $got
}

test_the_signal_is_the_one_that_was_asked_for() {
	# however late it comes to that, it finds the signal waiting
	status 124 clean safespawn -q -t 0.5 -s USR1 --block-signal=USR1 "$HELPERS/ss_catch" 10
	like caught '*got 10' "$out"
	status 137 clean safespawn -q -t 0.5 -s KILL sleep 20
}

test_kill_after() {
	status 137 clean safespawn -q -t 0.5 -k 0.1 --ignore-signal=TERM sleep 20
	status 124 clean safespawn -q -t 0.2 -k 60 sleep 20
}

# as timeout(1): who stops the wrapper has the same patience
test_kill_after_a_signal_that_was_passed_on() {
	for limit in 0 1d; do
		safespawn -q --exec --default-signal safespawn -q -t $limit -k 0.1 "$HELPERS/ss_catch" 64 >said 2>&1 &
		pid=$!
		for _ in $(seq 1200); do
			! grep -q ready said || break
			sleep 0.05
		done
		kill -USR1 "$pid"
		kill -TERM "$pid"
		wait "$pid"
		same "status" 137 $?
		like "what arrived" '*got 10*got 15*' "$(cat said)"
	done
}

# told SIGNAL OPTION...: what a command that ignores it ends with, when it comes before the time is over
told() {
	number=$1
	shift
	rm -f ready
	safespawn -q --exec --default-signal "$@" sh -c 'trap "" HUP INT QUIT; echo >ready; for _ in $(seq $((10 * $0))); do sleep 0.1; done' "$((30 * PATIENCE))" &
	until_true [ -e ready ]
	kill -"$number" $!
	wait $!
	got=$?
}

test_the_time_is_over_whatever_was_passed_on_before() {
	for number in HUP INT QUIT; do
		for options in '' '-k inf' '-k 1d'; do
			# shellcheck disable=SC2086
			told $number safespawn -q -t $((2 * PATIENCE)) $options
			same "status with $number and $options" 124 $got
		done
	done
	told HUP safespawn -q -t 1d -k 0.2
	same "status when it is killed first" 137 $got
	told HUP safespawn -q -t $((2 * PATIENCE)) -k $((3 * PATIENCE)) -s WINCH
	same "status when it is killed afterwards" 137 $got
}

test_a_command_that_ends_well_after_the_time_out_is_124() {
	status 124 clean safespawn -q -t 0.5 --block-signal=TERM "$HELPERS/ss_catch"
	like caught '*got 15' "$out"
}

# The pipe is at its end when nobody holds it any longer
test_the_whole_group_is_ended() {
	for number in TERM KILL; do
		clean safespawn -q -t 0.5 -s "$number" sh -c 'sleep 60 & sleep 60 & wait' |
			timeout 20 cat || fail "somebody survived $number"
	done
}

# The others of the caller's group go on
test_in_the_foreground_the_command_alone_is_ended() {
	for limit in 1 5 30; do
		status 124 clean safespawn -q -t $limit --foreground sh -c \
			'sed "s/.*) //" /proc/$$/stat | cut -d " " -f 3 >group
			sleep 10000 >/dev/null 2>&1 & echo $!; exec sleep 10000'
		[ -z "$out" ] || break
	done
	kill "$out" || fail "it was ended too"
	same group "$(sed 's/.*) //' /proc/$$/stat | cut -d ' ' -f 3)" "$(cat group)"
	status 137 clean safespawn -q -t 1 --foreground -k 0.1 --ignore-signal=TERM sleep 10000
}

# It goes into ours; more time until that was enough to get there
test_a_command_that_has_left_its_group_is_ended_too() {
	group=$(cut -d ' ' -f 5 "/proc/$$/stat")
	for how in alone group; do
		for limit in 0.3 3 30; do
			status 124 clean safespawn -q -t $limit "$HELPERS/report_evade" $how "$group"
			[ "$out" != ready ] || break
		done
		same "what $how says" ready "$out"
	done
}

# Without a terminal: on one the job stops, and somebody has to continue it. It is given
# more time until that was enough for it to begin.
test_a_stopped_command_is_ended_too() {
	for limit in 0.3 3 30; do
		status 124 clean safespawn -q --setsid safespawn -q -t $limit \
			sh -c 'trap "echo ended; exit" TERM; echo ready; kill -STOP $$; sleep 20'
		case $out in ready*) break ;; esac
	done
	same output "ready
ended" "$out"
}

test_verbose_says_it() {
	status 124 clean safespawn -q -v -t 0.5 sleep 20
	like message '*time is over: TERM to *died of signal TERM (timed out)' "$err"
}

# full_pipe: slow, on 7, takes nothing as long as nobody reads
full_pipe() {
	[ -p slow ] || mkfifo slow
	exec 7<>slow
	! dd if=/dev/zero of=slow bs=4096 oflag=nonblock 2>/dev/null || fail "it is never full"
}

# unread COMMAND...: as clean, and nobody reads its stderr; not for ever
unread() {
	(exec timeout -s KILL $((100 * PATIENCE)) safespawn -q --exec --default-signal "$@" 2>slow)
}

test_nobody_has_to_read_what_is_said_while_the_command_runs() {
	full_pipe
	unread safespawn -q -v -t 0.5 sleep 1000
	same "status, verbose" 124 $?
	unread --leaks=allow safespawn -t 0.5 sleep 1000 9</dev/null
	same "status, with a line about descriptors" 124 $?
	unread safespawn -q -v -t 0.5 -k 0.1 --ignore-signal=TERM sleep 1000
	same "status, killed" 137 $?
	unread --keep-fd=7 safespawn -q -t 0.5 --status-fd=7 sleep 1000
	same "status, told to nobody" 124 $?
	unread safespawn -q -v -t 1d sh -c 'exec 2>&1; trap "exit 3" TERM; echo $PPID >parent; while :; do sleep 0.05; done' &
	until_true [ -s parent ]
	kill -TERM "$(cat parent)"
	wait $!
	same "status, told to end" 3 $?
}

test_who_reads_late_reads_all_that_was_said() {
	full_pipe
	safespawn -q -v sh -c 'exit 3' 2>slow &
	sleep 0.5
	timeout $((100 * PATIENCE)) sed '/exited/q' slow | tr -d '\000' >said
	wait $!
	same status 3 $?
	like said 'safespawn: launched sh as *
safespawn: * exited with status 3' "$(cat said)"
}

# gives_up SIGNAL OPTION...: whether that ends who waits for a reader of what it says at the end
gives_up() {
	number=$1
	shift
	rm -f pids
	full_pipe
	unread --keep-fd=7 safespawn -q "$@" sh -c 'echo $PPID $$ >pids; exit 3' &
	until_true [ -s pids ]
	read -r parent command <pids
	until_true [ ! -e "/proc/$command" ]
	kill -"$number" "$parent"
	wait $!
	same "status after $number with $*" 3 $?
}

test_signals_end_the_wait_for_a_reader() {
	for number in HUP INT QUIT TERM; do
		gives_up $number --stats
		gives_up $number --status-fd=7
	done
	full_pipe
	unread sh -c 'echo $$ >pids; exec safespawn -q no-such-command' &
	until_true [ -s pids ]
	sleep 0.5
	kill -TERM "$(cat pids)"
	wait $!
	got=$?
	# the latter where it was not yet so far
	case $got in 127 | 143) ;; *) fail "status of a launch that failed: $got" ;; esac
}

test_descendants_do_not_keep_it_waiting() {
	status 0 clean safespawn -q sh -c 'sleep 2 >/dev/null 2>&1 & exit 0'
}

test_preserve_status_is_the_commands_after_the_time_out() {
	status 143 safespawn -q -t 0.5 --preserve-status sleep 10
	for limit in 0.5 5 50; do
		safespawn -q -t $limit --preserve-status sh -c 'trap "exit 3" TERM; echo ready
			while :; do sleep 0.02; done' >said
		got=$?
		[ ! -s said ] || break
	done
	same "status" 3 $got
	status 5 safespawn -q -t 10 --preserve-status sh -c 'exit 5'
}

test_map_status() {
	status 0 safespawn -q --map-status=143:0 sh -c 'kill -TERM $$'
	status 0 safespawn -q --map-status=3:4,4:5,5:0 sh -c 'exit 5'
	status 4 safespawn -q --map-status=3:4,4:5 sh -c 'exit 3'
	status 7 safespawn -q --map-status=3:4 --map-status=1:2,3:7 sh -c 'exit 3'
	status 1 safespawn -q --map-status=0:1 true
	status 9 safespawn -q --map-status=3:4 sh -c 'exit 9'
	status 0 safespawn -q -t 0.5 --map-status=124:0 sleep 10
	status 0 safespawn -q -t 0.5 --preserve-status --map-status=124:1,143:0 sleep 10
	status 143 safespawn -q --map-status=9:9 sh -c 'kill -TERM $$'
	status 127 safespawn -q --map-status=125:0,127:0 no-such-command
}

run_tests
