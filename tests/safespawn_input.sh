#!/bin/sh
# SPDX-License-Identifier: MIT
# Bad input: one line that names the thing, a hint where the command line is at fault,
# the documented status, nothing launched.
# shellcheck disable=SC2016,SC2317,SC3045	# $ for inner shells; the tests are called by
# name, in lib.sh; ulimit has these options in dash and bash

# shellcheck source-path=SCRIPTDIR source=refusals.sh
. "$(dirname "$0")/refusals.sh"

test_unknown_options() {
	misused "*'--nonsense'" --nonsense
	misused "*'Z'" -Z
	misused "*ambiguous*" --se
	misused "*'--exec'*" --exec=1
}

# takes OPTION ARGUMENT [REST]: each word that --help lists for that argument
takes() {
	words safespawn "$2" >words || exit
	for word in $(cat words); do
		status 0 safespawn -q safespawn --explain "--$1=$word${3-}" true
	done
}

test_every_word_of_help_is_taken() {
	takes method METHOD
	takes leaks POLICY
	takes rlimit LIMIT =0
	takes pdeathsig SIG
	takes ambient-caps CAP
	takes securebits BIT
	takes ionice CLASS
	for word in $(words safespawn SCHEDULER); do
		case $word in
		fifo | rr) priority=:1 ;;
		*) priority= ;;
		esac
		status 0 safespawn -q safespawn --explain "--scheduler=$word$priority" true
	done
}

test_missing_arguments() {
	status 125 safespawn -t
	hinted safespawn "*'t'"
	status 125 safespawn --chdir
	hinted safespawn "*'--chdir'*"
	for nothing in -q -- A=1; do
		status 125 safespawn "$nothing"
		hinted safespawn 'no COMMAND'
	done
}

# They are long in every unit that they are reckoned in.
test_long_durations_do_not_wrap() {
	for long in 2147483.648 4294967.297 9223372036.855 18446744073.710 2305843009213693 inf; do
		for option in --timeout="$long" --launch-timeout="$long" \
			"--timeout=1000 --kill-after=$long"; do
			# shellcheck disable=SC2086
			status 0 safespawn $option sleep 0.02
		done
	done
}

test_values_with_trailing_junk_or_out_of_range() {
	misused '--timeout=10x: not a duration*' -t 10x
	misused '--timeout="": not a duration*' -t ''
	misused '--timeout=-1: not a duration*' -t -1
	misused '--timeout=99999999999999999999: out of range' -t 99999999999999999999
	misused '--kill-after="1 ": not a duration*' -t 1 -k '1 '
	misused '--umask=0x2: not a mode (027, or u=rwx,g=rx,o=)' --umask=0x2
	misused '--umask=u=rwx,: not a mode*' --umask=u=rwx,
	misused '--umask="": not a mode*' --umask=
	misused '--timeout=1e: not a duration*inf)' -t 1e
	misused '--cpu-list=3:2: not a list of processors (1,3-5,8-30:2)' --cpu-list=3:2
	misused '--keep-fd=3-9:2: not a list of descriptors*' --keep-fd=3-9:2
	misused '--umask=01000: out of range' --umask=01000
	misused '--signal=NONE: not a signal' -t 1 -s NONE
	misused '--signal=0: no such signal' -t 1 -s 0
	misused '--signal=99: no such signal' -t 1 -s 99
	misused '--ignore-signal=INT,: not a signal' --ignore-signal=INT,
	misused "--ignore-signal=KILL: KILL and STOP can't be changed" --ignore-signal=KILL
	misused "--default-signal=KILL: KILL and STOP can't be changed" --default-signal=KILL
	misused "--block-signal=STOP: KILL and STOP can't be changed" --block-signal=STOP
	misused '--rewrite-signal=TERM: not pairs of signals (TERM:QUIT,HUP:0)' --rewrite-signal=TERM
	misused '--rewrite-signal=TERM:QUIT,: not pairs*' --rewrite-signal=TERM:QUIT,
	misused '--rewrite-signal=TERM:NONE: not pairs*' --rewrite-signal=TERM:NONE
	misused '--rewrite-signal=99:TERM: no such signal, or *' --rewrite-signal=99:TERM
	misused "--rewrite-signal=CHLD:TERM: no such signal, or one that isn't passed on *" \
		--rewrite-signal=CHLD:TERM
	misused '--rewrite-signal=0:TERM: no such signal*' --rewrite-signal=0:TERM
	misused '--setpgid=1x: not a process group' --setpgid=1x
	misused '--setpgid=-1: out of range' --setpgid=-1
	misused '--method=fork: no such method*' -m fork
	misused '--leaks=maybe: no such policy*' --leaks=maybe
	misused '--keep-fd=3x: not a list of descriptors*' --keep-fd=3x
	misused '--keep-fd=7-3: out of range' --keep-fd=7-3
	misused '--keep-fd=99999999999: out of range' --keep-fd=99999999999
	refuses '--keep-fd=999999: not open' --keep-fd=999999
	misused '--unset=A=B: not the name of a variable' -u A=B
	misused '--unset="": not the name of a variable' -u ''
	misused '--status-fd=x: not the number of a descriptor' --status-fd=x
	misused '--status-fd=-1: out of range' --status-fd=-1
	refuses '--status-fd=999: not open' --status-fd=999
	refuses '--status-fd=7: not open for writing' --status-fd=7 7</dev/null
	misused '--map-status=3: not a list of exit statuses (143:0,2:1)' --map-status=3
	misused '--map-status=3:4,: not a list *' --map-status=3:4,
	misused '--map-status=3:256: out of range (0 to 255)' --map-status=3:256
	misused '=x: an assignment without a name' =x
}

test_options_that_exclude_each_other() {
	misused '--exec and --background *' --exec -b
	misused '--exec and --timeout *' --exec -t 1
	misused '--exec and --stats *' --exec --stats
	misused '--exec and --status-fd *' --exec --status-fd=1
	misused '--exec and --map-status *' --exec --map-status=1:0
	misused '--background and --status-fd *' -b --status-fd=1
	misused '--background and --map-status *' -b --map-status=1:0
	misused '--preserve-status needs --timeout' --preserve-status
	misused '--exec and --method=posix_spawn *' --exec -m posix_spawn
	misused '--background and --timeout *' -b -t 1
	misused '--background and --stats *' -b --stats
	misused '--setsid and --setpgid *' --setsid --setpgid
	misused '--timeout and --setpgid=PGID *' -t 1 --setpgid=1
	misused '--exec and --kill-after *' --exec -k 1
	misused '--background and --kill-after *' -b -k 1
	misused '--signal needs --timeout or --kill-tree' -s INT
	misused '--foreground needs --timeout' --foreground
	misused '--foreground excludes *' --foreground -t 1 --setpgid
	misused '--foreground excludes *' --foreground -t 1 --setsid
	misused '--kill-tree and --exec *' --kill-tree --exec
	misused '--kill-tree and --background *' --kill-tree -b
}

test_method_posix_spawn_refuses_what_it_cannot_do() {
	refuses '*umask*' -m posix_spawn --umask=0
	refuses '*ignore*' -m posix_spawn --ignore-signal=HUP
}

test_redirections_that_make_no_sense() {
	mkdir directory
	misused 'redirect 2: has neither < nor >; quote it*' -r 2
	misused 'redirect "": has neither < nor >; quote it*' -r ''
	misused 'redirect 1>: nothing behind it' -r '1>'
	misused 'redirect a>b: a descriptor is a number' -r 'a>b'
	misused 'redirect &>b: a descriptor is a number' -r '&>b'
	misused 'redirect 1>&x: a descriptor is a number' -r '1>&x'
	misused 'redirect 1>&2-: a descriptor is a number' -r '1>&2-'
	misused 'redirect 0<<EOF: here-documents *' -r '0<<EOF'
	misused 'redirect 1>|file: write > *' -r '1>|file'
	for spec in '2>>&1' '1<>&2' '0<|x' '1>>>x' '1<><x' '2>> &1'; do
		misused "redirect *$spec*: no shell takes such a name; write ./ before it" -r "$spec"
	done
	[ -z "$(find . -name '[&<>|]*')" ] || fail "a file was made: $(ls)"
	status 0 safespawn -q -r '1>>./&1' echo text
	same "a name that begins so" text "$(cat './&1')"
	refuses "redirect 1>&777: 777 isn't open" -r '1>&777'
	refuses 'redirect 1>directory: Is a directory' -r '1>directory'
	refuses 'redirect 0<missing: No such file or directory' -r '0<missing'
	refuses 'redirect 1>no/such: No such file or directory' -r '1>no/such'
	misused 'redirect 99999999999>x: descriptor out of range' -r '99999999999>x'
	(ulimit -n 64; refuses 'redirect 64>x: descriptor out of range (0 to 63)' -r '64>x')
	[ ! -e x ] || fail "the file was made all the same"
}

test_commands_that_are_none() {
	for method in vfork posix_spawn; do
		status 127 safespawn -q -m $method ''
		same "an empty one" 'safespawn: exec "": No such file or directory' "$err"
		status 127 safespawn -q -m $method 'no such'
		same "an unknown one" 'safespawn: exec "no such": not in PATH: No such file or directory' \
			"$err"
	done
	echo 'exit 0' >text
	chmod 755 text
	status 126 safespawn -q ./text
	same "no program" 'safespawn: exec ./text: no "#!" line: Exec format error' "$err"
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
	for option in -h --help --usage --version --audit '--explain true' '-b touch launched'; do
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
