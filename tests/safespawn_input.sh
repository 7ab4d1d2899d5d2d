#!/bin/sh
# SPDX-License-Identifier: MIT
# Bad input: one line that names the thing, the documented status, nothing launched.
# shellcheck disable=SC2016,SC2317,SC3045	# $ for inner shells; the tests are called by
# name, in lib.sh; ulimit has these options in dash and bash

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# refuses STATUS PATTERN OPTION...: the command, touch launched, is added
refuses() {
	expected_status=$1
	pattern=$2
	shift 2
	status "$expected_status" safespawn -q "$@" touch "$tmp/launched"
	like "$*" "safespawn: $pattern" "$err"
	same "lines for $*" 1 "$(printf '%s\n' "$err" | wc -l)"
	same "stdout for $*" '' "$out"
	[ ! -e launched ] || fail "launched with $*"
}

test_unknown_options() {
	refuses 125 "*'--nonsense'" --nonsense
	refuses 125 "*'Z'" -Z
	refuses 125 "*ambiguous*" --se
	refuses 125 "*'--exec'*" --exec=1
}

test_missing_arguments() {
	status 125 safespawn -t
	like message "safespawn: *'t'" "$err"
	status 125 safespawn --chdir
	like message "safespawn: *'--chdir'*" "$err"
	status 125 safespawn -q
	same message 'safespawn: no COMMAND' "$err"
	status 125 safespawn --
	same message 'safespawn: no COMMAND' "$err"
	status 125 safespawn A=1
	same message 'safespawn: no COMMAND' "$err"
}

test_values_with_trailing_junk_or_out_of_range() {
	refuses 125 '--timeout=10x: not a duration*' -t 10x
	refuses 125 '--timeout=: not a duration*' -t ''
	refuses 125 '--timeout=-1: not a duration*' -t -1
	refuses 125 '--timeout=99999999999999999999: out of range' -t 99999999999999999999
	refuses 125 '--kill-after=1 : not a duration*' -t 1 -k '1 '
	refuses 125 '--umask=0x2: not an octal mode' --umask=0x2
	refuses 125 '--umask=01000: out of range' --umask=01000
	refuses 125 '--signal=NONE: not a signal' -t 1 -s NONE
	refuses 125 '--signal=0: no such signal' -t 1 -s 0
	refuses 125 '--signal=99: no such signal' -t 1 -s 99
	refuses 125 '--ignore-signal=INT,: not a signal' --ignore-signal=INT,
	refuses 125 "--ignore-signal=KILL: KILL and STOP can't be changed" --ignore-signal=KILL
	refuses 125 "--block-signal=STOP: KILL and STOP can't be changed" --block-signal=STOP
	refuses 125 '--setpgid=1x: not a process group' --setpgid=1x
	refuses 125 '--setpgid=-1: out of range' --setpgid=-1
	refuses 125 '--method=fork: no such method*' -m fork
	refuses 125 '--leaks=maybe: no such policy*' --leaks=maybe
	refuses 125 '--keep-fd=3x: not a list of descriptors*' --keep-fd=3x
	refuses 125 '--keep-fd=7-3: out of range' --keep-fd=7-3
	refuses 125 '--keep-fd=99999999999: out of range' --keep-fd=99999999999
	refuses 125 '--keep-fd=999999: Bad file descriptor' --keep-fd=999999
	refuses 125 '--unset=A=B: not the name of a variable' -u A=B
	refuses 125 '--unset=: not the name of a variable' -u ''
	refuses 125 '=x: an assignment without a name' =x
}

test_options_that_exclude_each_other() {
	refuses 125 '--exec and --background *' --exec -b
	refuses 125 '--exec and --timeout *' --exec -t 1
	refuses 125 '--exec and --stats *' --exec --stats
	refuses 125 '--exec and --method=posix_spawn *' --exec -m posix_spawn
	refuses 125 '--background and --timeout *' -b -t 1
	refuses 125 '--background and --stats *' -b --stats
	refuses 125 '--setsid and --setpgid *' --setsid --setpgid
	refuses 125 '--timeout and --setpgid=PGID *' -t 1 --setpgid=1
	refuses 125 '--kill-after needs --timeout' -k 1
	refuses 125 '--signal needs --timeout' -s INT
}

test_method_posix_spawn_refuses_what_it_cannot_do() {
	refuses 125 '*umask*' -m posix_spawn --umask=0
	refuses 125 '*ignore*' -m posix_spawn --ignore-signal=HUP
}

test_redirections_that_make_no_sense() {
	mkdir directory
	refuses 125 'redirect 2: has neither < nor >; quote it*' -r 2
	refuses 125 'redirect : has neither < nor >; quote it*' -r ''
	refuses 125 'redirect 1>: nothing behind it' -r '1>'
	refuses 125 'redirect a>b: a descriptor is a number' -r 'a>b'
	refuses 125 'redirect &>b: a descriptor is a number' -r '&>b'
	refuses 125 'redirect 1>&x: a descriptor is a number' -r '1>&x'
	refuses 125 'redirect 1>&2-: a descriptor is a number' -r '1>&2-'
	refuses 125 'redirect 0<<EOF: here-documents *' -r '0<<EOF'
	refuses 125 'redirect 1>|file: write > *' -r '1>|file'
	refuses 125 'redirect 1>&777: Bad file descriptor' -r '1>&777'
	refuses 125 'redirect 1>directory: Is a directory' -r '1>directory'
	refuses 125 'redirect 0<missing: No such file or directory' -r '0<missing'
	refuses 125 'redirect 1>no/such: No such file or directory' -r '1>no/such'
	refuses 125 'redirect 99999999999>x: descriptor out of range' -r '99999999999>x'
	(ulimit -n 64; refuses 125 'redirect 64>x: descriptor out of range (0 to 63)' -r '64>x')
	[ ! -e x ] || fail "the file was made all the same"
}

test_commands_that_are_none() {
	status 127 safespawn -q ''
	like "an empty one" 'safespawn: *No such file or directory' "$err"
	status 126 safespawn -q "$tmp"
	like "a directory" "safespawn: *$tmp*" "$err"
	status 127 safespawn -q ./missing
	like "a missing one" 'safespawn: *./missing*' "$err"
	status 127 safespawn -q "$(printf 'new\nline')"
	same "a name with a newline: lines" 1 "$(printf '%s\n' "$err" | wc -l)"
}

test_100000_arguments() {
	# shellcheck disable=SC2046
	status 0 safespawn -q sh -c 'echo $#' sh $(seq 100000)
	same count 100000 "$out"
}

# 3 MB in 30 arguments need a stack of more than the usual 8 MiB
test_3_megabytes_of_arguments_arrive() {
	text=$(printf '%0100000d' 0)
	(
		ulimit -s 20000 2>/dev/null || skip "the limit of the stack can't be raised"
		set --
		for _ in $(seq 30); do
			set -- "$@" "$text"
		done
		status 0 safespawn -q sh -c 'echo $#' sh "$@"
	) || exit $?
	same count 30 "$(cat out)"
}

# The limit sinks while safespawn waits for the other end of a FIFO
test_3_megabytes_that_do_not_fit_are_126() {
	command -v prlimit >/dev/null || skip "prlimit isn't installed"
	mkfifo fifo
	text=$(printf '%0100000d' 0)
	(
		ulimit -S -s 20000 2>/dev/null || skip "the limit of the stack can't be raised"
		set --
		for _ in $(seq 30); do
			set -- "$@" "$text"
		done
		exec safespawn -q -r '0<fifo' true "$@"
	) 2>err &
	pid=$!
	for _ in $(seq 100); do
		[ "$(cat "/proc/$pid/comm")" != safespawn ] || break
		sleep 0.05
	done
	prlimit --pid "$pid" --stack=1000000:
	: >fifo
	wait "$pid"
	case $? in
	77) exit 77 ;;
	126) ;;
	*) fail "status is not 126: $(cut -c 1-300 err)" ;;
	esac
	like message 'safespawn: *true*Argument list too long' "$(cat err)"
	same lines 1 "$(wc -l <err)"
}

test_a_closed_stdout_is_an_error_when_output_is_due() {
	for option in --help --usage --version --audit '--explain true' '-b touch launched'; do
		# shellcheck disable=SC2086
		safespawn -q $option 2>err >&-
		same "status of $option" 125 $?
		like "message of $option" 'safespawn: standard output*' "$(cat err)"
		same "lines of $option" 1 "$(wc -l <err)"
		case $option in -b*) continue ;; esac
		# shellcheck disable=SC2086
		safespawn -q $option 2>err >/dev/full
		same "full: status of $option" 125 $?
		like "full: message of $option" 'safespawn: standard output*' "$(cat err)"
	done
	[ ! -e launched ] || fail "it was launched"
	safespawn -q sh -c 'exit 3' >&-
	same "without output of ours" 3 $?
}

test_a_failure_leaves_no_child() {
	for option in -v '-C /nowhere' '-m posix_spawn' '-t 5' -b; do
		# shellcheck disable=SC2086
		sh -c 'safespawn -q "$@" 2>/dev/null; cat /proc/$$/task/$$/children; :' sh \
			$option no-such-command >children
		same "$option" '' "$(tr -d '0-9 ' <children)"
	done
}

run_tests
