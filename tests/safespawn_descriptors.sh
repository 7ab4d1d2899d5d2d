#!/bin/sh
# SPDX-License-Identifier: MIT
# Descriptors: what the command gets, what it doesn't, and what is said about it.
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# What ss_fds says, run by safespawn with these options; strays of the caller's may be open
fds() {
	safespawn -q "$@" "$HELPERS/ss_fds"
}

test_command_gets_0_to_2_and_nothing_else() {
	same fds '0 1 2' "$(fds 5</dev/null 7>/dev/null)"
	same fds '0 1 2' "$(fds -m posix_spawn 5</dev/null 7>/dev/null)"
	same "our own" '0 1 2' "$(fds -r '0</dev/null' -C / -t 10 5</dev/null)"
	same "with --exec" '0 1 2' "$(fds --exec 5</dev/null 7>/dev/null)"
}

# holding FD... -- SCRIPT ARGUMENT...: a shell that has opened these and no others runs it
holding() {
	fds=''
	while [ "$1" != -- ]; do
		fds="$fds $1</dev/null"
		shift
	done
	script=$2
	shift 2
	safespawn -q bash -c "${fds:+exec$fds;} $script" sh "$@"
}

need_bash() {
	command -v bash >/dev/null || skip "bash isn't installed: more descriptors than 9"
}

test_one_line_says_what_was_opened_for_the_command_and_closed() {
	need_bash
	line="safespawn: closed 5,17, which nobody named (to keep them: --keep-fd=5,17 or \
--leaks=allow)"
	status 0 holding -- 'safespawn true 5</dev/null 17>/dev/null; :'
	same line "$line" "$err"
	status 0 holding 5 17 -- 'exec safespawn true'
	same "the shell becomes us" "$line" "$err"
	status 0 holding 5 17 -- 'exec safespawn --exec true'
	same "with --exec" "$line" "$err"
	status 0 holding 5 17 -- 'exec safespawn -q true'
	same "-q" '' "$err"
	status 0 holding 5 17 -- 'exec safespawn --leaks=allow true'
	same "--leaks=allow" '' "$err"
	status 127 holding 5 17 -- 'exec safespawn no-such-command'
	same "nothing launched: lines" 1 "$(printf '%s\n' "$err" | wc -l)"
}

# A terminal, an editor or make leaks these: it is not the command that misses them
test_no_line_about_what_the_parent_holds_too() {
	need_bash
	for way in '' --exec '-m posix_spawn'; do
		status 0 holding 5 17 -- "safespawn $way true; :"
		same "closed in silence" '' "$err"
	done
	same "and closed" '0 1 2' "$(holding 5 17 -- 'safespawn "$@"; :' "$HELPERS/ss_fds")"
	status 0 holding 5 -- 'safespawn true 7</dev/null; :'
	like "one of two" 'safespawn: closed 7, *' "$err"
	status 0 holding 5 -- 'safespawn true 5</dev/zero; :'
	like "another file of that number" 'safespawn: closed 5, *' "$err"
	status 0 holding 5 17 -- 'safespawn -v true; :'
	like -v 'safespawn: closed 5,17, *' "$err"
}

test_what_the_parent_holds_is_found_where_kcmp_is_refused() {
	need_bash
	for answer in EPERM ENOSYS; do
		"$HELPERS/fault_filter" "kcmp=$answer" -- true
		[ $? -ne 77 ] || skip "no filter can be had"
		status 0 holding 5 -- '"$@"; :' "$HELPERS/fault_filter" "kcmp=$answer" -- \
			bash -c 'safespawn true 7</dev/null; :'
		like "$answer" 'safespawn: closed 7, *' "$err"
	done
}

test_many_closed_are_counted() {
	need_bash
	status 0 holding 30 31 32 33 34 35 36 37 38 39 40 41 -- 'exec safespawn true'
	like line 'safespawn: closed 30,31,32,33,34,35,36,37 and 4 more, *' "$err"
}

test_closed_ones_are_found_wherever_they_are() {
	need_bash
	for list in 5,63 5,63,64 63 64 3,200; do
		# shellcheck disable=SC2086	# words
		status 0 holding $(echo $list | tr , ' ') -- 'exec safespawn -o said true 2>/dev/null <&-'
		like "$list, with 0 closed and a file of our own" "safespawn: closed $list, *" "$(cat said)"
		rm said
	done
}

test_leaks_allow_is_posix() {
	like fds '*5*7*' "$(fds --leaks=allow 5</dev/null 7>/dev/null)"
}

test_leaks_fail_launches_nothing() {
	status 125 safespawn -q --leaks=fail touch launched 5</dev/null
	[ ! -e launched ] || fail "it was launched"
	like message "safespawn: * would leak, the first is 5 (/dev/null): neither close-on-exec nor \
given to the child; --keep-fd=5 gives it, --leaks=close closes it" "$err"
}

test_keep_fd_keeps() {
	same one '0 1 2 5' "$(fds --keep-fd=5 5</dev/null 6</dev/null 7</dev/null)"
	same list '0 1 2 5 7' "$(fds --keep-fd=5,7 5</dev/null 6</dev/null 7</dev/null)"
	same range '0 1 2 5 6 7' "$(fds --keep-fd=5-7 5</dev/null 6</dev/null 7</dev/null)"
	same repeated '0 1 2 5 6' "$(fds --keep-fd=5 --keep-fd=6,5 5</dev/null 6</dev/null 7</dev/null)"
	same "0 to 2 too" '0 1 2' "$(fds --keep-fd=0-2)"
	same "with --exec" '0 1 2 5' "$(fds --exec --keep-fd=5 5</dev/null 6</dev/null)"
}

test_keep_fd_of_a_closed_one_is_an_error() {
	status 125 safespawn -q --keep-fd=5 touch launched 5<&-
	like message 'safespawn: --keep-fd=5: not open' "$err"
	status 125 safespawn -q --keep-fd=5-2000000000 touch launched 5</dev/null 6<&-
	like message 'safespawn: --keep-fd=6: not open' "$err"
	[ ! -e launched ] || fail "it was launched"
}

test_numbers_in_arguments_are_kept() {
	need_bash
	same /dev/fd '0 1 2 5' "$(holding 5 6 -- 'exec safespawn "$@"' "$HELPERS/ss_fds" --from=/dev/fd/5 2>err)"
	like "the other is reported" 'safespawn: closed 6, *' "$(cat err)"
	same /proc/self/fd '0 1 2 6' \
		"$(fds X=/proc/self/fd/6:/dev/fd/99999999999999999999 5</dev/null 6</dev/null)"
	same "not open" '0 1 2' "$(safespawn -q "$HELPERS/ss_fds" /dev/fd/5 /dev/fd/x /dev/fd/ 5<&-)"
}

test_a_number_that_a_redirection_reads_needs_no_line() {
	need_bash
	echo text >file
	status 0 holding -- 'exec safespawn -r "0</dev/fd/5" cat 5<file'
	same output text "$out"
	same line '' "$err"
	echo A=text >file
	status 0 holding -- 'exec safespawn --env-file=/dev/fd/5 sh -c "echo \$A" 5<file'
	same "a file of variables" text "$out"
	same "its line" '' "$err"
}

test_numbers_in_paths_of_the_launch_are_kept() {
	mkdir directory
	for options in '' --exec '-m posix_spawn'; do
		# shellcheck disable=SC2086
		status 0 safespawn $options -C /dev/fd/5 pwd -P 5<directory
		same "$options: directory" "$(cd directory && pwd -P)" "$out"
		same "$options: line" '' "$(echo "$err" | grep 'closed 5,')"
	done
	status 0 safespawn -q --pid-file=/proc/self/fd/5/pid sh -c 'echo $$; cat directory/pid' 5<directory
	same "a pid file" "$(echo "$out" | sed 1q)" "$(echo "$out" | sed 1d)"
	[ ! -e directory/pid ] || fail "it is still there"
	: >directory/cgroup.procs
	status 0 safespawn -q --launch-timeout=600 --cgroup=/dev/fd/5 true 5<directory
	same "a control group" 0 "$(cat directory/cgroup.procs)"
}

test_numbers_that_the_launch_alone_reads_need_no_line() {
	need_bash
	printf '\006\000\000\000\000\000\377\177' >pass	# BPF_RET: everything passes
	status 0 holding -- 'exec safespawn --no-new-privs --seccomp=/dev/fd/5 true 5<pass'
	same "a filter" '' "$err"
	set -- --no-new-privs --landlock-access=fs:make-reg
	safespawn -q "$@" true 2>err || skip "no Landlock here: $(cat err)"
	mkdir tree
	status 0 holding -- 'exec safespawn "$@" --landlock-rule=path-beneath:make-reg:/dev/fd/5 \
		sh -c "echo >tree/file && { ! echo >file; } 2>/dev/null" 5<tree' "$@"
	same "a rule" '' "$err"
}

# jobserver MAKEFLAGS: with a pipe on 5 and 6 and a file on 7 and 8
jobserver() {
	mkfifo pipe 2>/dev/null
	# shellcheck disable=SC2094
	MAKEFLAGS=$1 fds 9<>pipe 5<pipe 6>pipe 7</dev/null 8>/dev/null
}

test_make_job_server_is_kept_if_it_is_one() {
	same auth '0 1 2 5 6' "$(jobserver ' -j --jobserver-auth=5,6')"
	same fds '0 1 2 5 6' "$(jobserver 'k --jobserver-fds=5,6 -j -- A=b')"
	same "the last" '0 1 2 5 6' "$(jobserver ' --jobserver-auth=7,8 --jobserver-auth=5,6')"
	same files '0 1 2' "$(jobserver ' -j --jobserver-auth=7,8')"
	same "wrong ends" '0 1 2' "$(jobserver ' -j --jobserver-auth=6,5')"
	same negative '0 1 2' "$(jobserver ' -j --jobserver-auth=-2,-2')"
	same fifo '0 1 2' "$(jobserver ' -j --jobserver-auth=fifo:/tmp/x')"
	same closed '0 1 2' "$(jobserver ' -j --jobserver-auth=51,52')"
	same "not in its environment" '0 1 2' "$(MAKEFLAGS=--jobserver-auth=5,6 fds -u MAKEFLAGS)"
}

# sockets OPTION...: a command like a service's, whose manager has opened 3 and 4 for it
sockets() {
	exec 3</dev/null 4</dev/null 5</dev/null
	# shellcheck disable=SC2016
	exec sh -c 'LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_PIDFDID=4711 exec safespawn -q "$@"' sh "$@"
}

test_listen_fds_that_are_ours_are_the_commands() {
	for option in --exec -- '-t 10' --setsid; do
		# shellcheck disable=SC2086
		same "fds with $option" '0 1 2 3 4' "$(sockets $option "$HELPERS/ss_fds")"
		# shellcheck disable=SC2086
		same "its number with $option" its "$(sockets $option sh -c '[ "$LISTEN_PID" -eq $$ ] && echo its')"
		# shellcheck disable=SC2086
		same "no other variable changes with $option" 2 "$(sockets $option sh -c 'echo "$LISTEN_FDS"')"
	done
	same "systemd's other number goes" '' "$(sockets sh -c 'echo "$LISTEN_PIDFDID"')"
	same "but with --exec it is right" 4711 "$(sockets --exec sh -c 'echo "$LISTEN_PIDFDID"')"
	same "with -i there are none" '0 1 2' "$(sockets -i "$HELPERS/ss_fds")"
	same "another's" '0 1 2' "$(LISTEN_PID=1 LISTEN_FDS=2 fds --exec 3</dev/null 4</dev/null)"
	same "and its variable stays" 1 "$(LISTEN_PID=1 LISTEN_FDS=2 safespawn -q sh -c 'echo "$LISTEN_PID"')"
	same "libc can't say it" '0 1 2' "$(sockets -m posix_spawn "$HELPERS/ss_fds")"
}

test_listen_pid_in_the_background() {
	sockets -b -r '1>said' sh -c 'echo "$LISTEN_PID" $$; mv said done' >pid
	for _ in $(seq 200); do
		[ ! -e "done" ] || break
		sleep 0.05
	done
	same numbers "$(cat pid) $(cat pid)" "$(cat "done")"
}

test_systemd_activates_through_us() {
	command -v systemd-socket-activate >/dev/null || skip "systemd-socket-activate isn't installed"
	command -v python3 >/dev/null || skip "python3 isn't installed"
	for option in --exec --; do
		rm -f socket
		systemd-socket-activate -l "$tmp/socket" -E PATH "$BUILD/safespawn" -q "$option" \
			sh -c 'echo "$LISTEN_FDS $((LISTEN_PID - $$))"' >said 2>log &
		manager=$!
		for _ in $(seq 200); do
			[ ! -S socket ] || break
			sleep 0.05
		done
		python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$tmp/socket"
		wait "$manager" || fail "$option: $(cat log)"
		same "$option" '1 0' "$(cat said)"
	done
}

test_audit_reports_on_stdout_without_a_command() {
	status 1 safespawn --audit 5</dev/null 6>>file
	like table "*FD *MODE *NAME*5 *r *
*6 *w,append *$tmp/file*" "$out"
	same stderr '' "$err"
	# Nothing to find is only known where the caller is clean, as safespawn's child is
	status 0 safespawn -q safespawn --audit
	same "nothing found" 'no descriptor would leak' "$out"
	status 0 safespawn -q --keep-fd=5 safespawn --audit --keep-fd=5 5</dev/null
}

test_audit_with_a_command_reports_and_launches() {
	status 3 safespawn --audit sh -c 'echo out; exit 3' 5</dev/null
	same stdout out "$out"
	like table '*FD *5 *r */dev/null*' "$err"
}

test_redirections_are_those_of_a_shell() {
	echo input >file
	status 0 safespawn -q -r '0<file' cat
	same '0<' input "$out"
	status 0 safespawn -q -r '<file' cat
	same '<' input "$out"
	safespawn -q -r '1>new' echo one && safespawn -q -r '>>new' echo two
	same '>>' 'one two' "$(tr '\n' ' ' <new | sed 's/ $//')"
	safespawn -q -r '> new' echo three
	same '> truncates, and blanks are skipped' three "$(cat new)"
	safespawn -q -r '5<>new' sh -c 'read a <&5; echo $a four >&5'
	same '<>' 'three three four' "$(tr '\n' ' ' <new | sed 's/ $//')"
	status 0 safespawn -q -r '3>&1' sh -c 'echo three >&3'
	same '3>&1' three "$out"
	status 0 safespawn -q -r '4<&0' cat /dev/fd/4 <file
	same '4<&0' input "$out"
	same '0<&-' '1 2' "$(safespawn -q -r '0<&-' "$HELPERS/ss_fds")"
	same '2>&-' '0 1 5' "$(fds -r '5>&2' -r '2>&-')"
}

test_redirections_count_in_their_order() {
	safespawn -q -r '1>both' -r '2>&1' sh -c 'echo one; echo two >&2'
	same '1>both 2>&1' 'one two' "$(tr '\n' ' ' <both | sed 's/ $//')"
	status 0 safespawn -q -r '2>&1' -r '1>first' sh -c 'echo one; echo two >&2'
	same '2>&1 1>first' two "$out"
	same first one "$(cat first)"
	status 0 safespawn -q -r '3>&1' -r '1>&2' -r '2>&3' -r '3>&-' sh -c 'echo one; echo two >&2'
	same "a swap: stdout" two "$out"
	same "a swap: stderr" one "$err"
	status 125 safespawn -q -r '4>&-' -r '1>&4' touch launched 4>/dev/null
	like "closed by then" "safespawn: redirect 1>&4: 4 isn't open" "$err"
	[ ! -e launched ] || fail "it was launched"
}

test_redirections_open_in_the_callers_directory() {
	mkdir there
	echo here >file
	echo there >there/file
	status 0 safespawn -q -C there -r '0<file' -r '1>out' sh -c 'cat; cat file'
	same output 'here there' "$(tr '\n' ' ' <out | sed 's/ $//')"
}

test_our_words_never_land_in_a_redirected_file() {
	safespawn -v --stats -r '5>file' -r '6>file6' -r '7>file7' true \
		0<&- 1>&- 2>&-
	same "what we said" '' "$(cat file file6 file7)"
	same fds '0 1 7' "$(fds -r '7<file' 2>&-)"
}

test_posix_spawn_method_redirects_alike() {
	same fds '0 1 2 5 7' "$(fds -m posix_spawn --keep-fd=5 -r '7</dev/null' 5</dev/null 6</dev/null)"
	status 0 safespawn -q -m posix_spawn -r '3>&1' -r '1>&2' -r '2>&3' -r '3>&-' \
		sh -c 'echo one; echo two >&2'
	same "a swap" "two one" "$out $err"
}

run_tests
