#!/bin/sh
# SPDX-License-Identifier: MIT
# Launching: what is executed, how it is found, what is said when it isn't.
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

test_exit_status_is_the_commands() {
	for code in 0 1 3 124 255; do
		status "$code" safespawn -q sh -c "exit $code"
		status "$code" safespawn -q -m posix_spawn sh -c "exit $code"
	done
}

test_death_by_signal_is_the_same_death() {
	# shellcheck disable=SC3045	# dash and bash have it
	ulimit -c unlimited
	for number in 1 2 3 9 11 13 15 31 40 64; do
		# busybox's shell ignores QUIT
		! sh -c "ulimit -c 0; kill -$number \$\$" 2>/dev/null || continue
		status 0 "$HELPERS/ss_end" safespawn -q sh -c "ulimit -c 0; kill -$number \$\$"
		same "$number" "died of $number" "$out"
	done
	for options in --setsid --setpgid '-m posix_spawn' '-t 60'; do
		# shellcheck disable=SC2086
		status 0 "$HELPERS/ss_end" safespawn -q $options sh -c 'kill -KILL $$'
		same "$options" "died of 9" "$out"
	done
	status 143 safespawn -q sh -c 'kill -TERM $$'
}

test_arguments_arrive_as_they_are() {
	status 0 safespawn -q printf '[%s]' '' 'a b' '*' '-t' '--' 'A=b' "$(printf '\303\251\n.')"
	same arguments "$(printf '[%s]' '' 'a b' '*' '-t' '--' 'A=b' "$(printf '\303\251\n.')")" "$out"
}

test_options_end_at_the_command() {
	status 0 safespawn -q echo --exec -v --nonsense
	same output "--exec -v --nonsense" "$out"
}

test_argv0() {
	for options in '' '-m posix_spawn'; do
		# shellcheck disable=SC2086
		status 0 safespawn -q $options -a other "$HELPERS/report_state" seen
		same argv0 "arg 6f74686572" "$(grep '^arg' seen | sed 1q)"
	done
	status 0 safespawn -q -a '' "$HELPERS/report_state" seen
	same "empty argv0" "arg " "$(grep '^arg' seen | sed 1q)"
	status 0 safespawn -q -v -a other "$HELPERS/report_state" seen
	like "what is launched" "safespawn: launched $HELPERS/report_state as *" "$err"
	status 0 safespawn -q -v --exec -a other "$HELPERS/report_state" seen
	like "what it becomes" "safespawn: becoming $HELPERS/report_state as *" "$err"
}

# Who may search every directory has no use for one that can't be searched
test_missing_is_127_and_not_executable_126() {
	printf 'echo no interpreter\n' >text
	printf '#!/no/such/interpreter\n' >orphan
	: >plain
	chmod +x text orphan
	for method in vfork posix_spawn; do
		status 127 safespawn -q -m "$method" no-such-command
		like message 'safespawn: *no-such-command*No such file or directory' "$err"
		status 127 safespawn -q -m "$method" ./no-such-command
		status 126 safespawn -q -m "$method" ./plain
		like message 'safespawn: *./plain*Permission denied' "$err"
		status 126 safespawn -q -m "$method" "$tmp"
		like message "safespawn: *$tmp*" "$err"
	done
	status 126 safespawn -q ./text
	like message 'safespawn: *./text*Exec format error*' "$err"
	status 127 safespawn -q ./orphan
	like message 'safespawn: *./orphan*interpreter*' "$err"
}

# A command of the same name in two directories
two_paths() {
	mkdir one two
	printf '#!/bin/sh\necho one\n' >one/command-of-ours
	printf '#!/bin/sh\necho two\n' >two/command-of-ours
	chmod +x one/command-of-ours two/command-of-ours
}

test_command_is_looked_for_in_the_path_it_will_get() {
	two_paths
	PATH=$PATH:$tmp/one
	for method in vfork posix_spawn; do
		status 0 safespawn -q -m "$method" command-of-ours
		same "our PATH" one "$out"
		status 0 safespawn -q -m "$method" PATH="$tmp/two:$PATH" command-of-ours
		same "its PATH" two "$out"
		status 127 safespawn -q -m "$method" PATH=/nowhere command-of-ours
		status 127 safespawn -q -m "$method" -u PATH command-of-ours
		status 127 safespawn -q -m "$method" -i command-of-ours
		status 0 safespawn -q -m "$method" -i true
		status 0 safespawn -q -m "$method" -i PATH="$tmp/two" -a x "$tmp/one/command-of-ours"
		same "a path with a slash" one "$out"
		status 0 safespawn -q -m "$method" -C two PATH=":$PATH" command-of-ours
		same "the empty entry counts from --chdir" two "$out"
	done
}

test_path_skips_what_cannot_be_executed() {
	two_paths
	chmod -x one/command-of-ours
	for method in vfork posix_spawn; do
		status 0 safespawn -q -m "$method" PATH="$tmp/one:$tmp/two:$PATH" command-of-ours
		same output two "$out"
		status 126 safespawn -q -m "$method" PATH="$tmp/one:/nowhere" command-of-ours
	done
}

test_exec_keeps_the_process() {
	status 0 sh -c 'echo $$; exec safespawn -q --exec -C / sh -c "echo \$\$; pwd"'
	# shellcheck disable=SC2086
	set -- $out
	same pid "$1" "$2"
	same directory / "$3"
}

test_exec_that_fails_speaks_to_the_old_stderr() {
	status 127 safespawn -q --exec -r '2>file' no-such-command
	like message 'safespawn: *no-such-command*' "$err"
	same "the new one" '' "$(cat file)"
	status 126 safespawn -q --exec -r '2>&-' "$tmp"
	like message "safespawn: *$tmp*" "$err"
}

test_explain_launches_nothing_and_opens_nothing() {
	echo precious >file
	status 0 safespawn -q --explain -r '1>file' -r '2>new' -C / touch "$tmp/launched"
	same "the file" precious "$(cat file)"
	[ ! -e launched ] || fail "it was launched"
	[ ! -e new ] || fail "a file was made"
	like plan '*chdir("/")*execve(*touch*' "$out"
	like look-up "*#	*/touch: found*" "$out"
	status 0 safespawn -q --explain PATH="/nowhere:$PATH" touch file
	like look-up '*#	/nowhere/touch: No such file or directory*: found' "$out"
}

test_explain_of_exec_makes_no_process() {
	status 0 safespawn -q --explain --exec -C / touch "$tmp/launched"
	like plan 'method exec*chdir("/")*execve(*touch*' "$out"
	! printf '%s\n' "$out" | grep -qE '^ *[0-9]* *(clone|ready|stop-pending) ' || fail "$out"
	[ ! -e launched ] || fail "it was launched"
}

test_explain_prints_names_as_messages_do() {
	odd=$(printf 'a\033[2J\nb')
	printf '#!/bin/sh\n' >"$odd"
	chmod +x "$odd"
	status 0 safespawn -q --explain PATH="$tmp" -r "1>$odd" "$odd"
	# ? for the backslashes and the bracket
	like redirection '*
# redirect "1>a?033?2J?nb": not opened*' "$out"
	like look-up "*
# \"a?033?2J?nb\" is looked for:
#	\"$tmp/a?033?2J?nb\": found" "$out"
	printf '%s\n' "$out" | LC_ALL=C tr -d '\n\t -~' >controls
	same controls '' "$(cat controls)"
}

test_stats_and_verbose_speak_on_stderr() {
	status 3 safespawn -q --stats -v sh -c 'echo out; exit 3'
	same stdout out "$out"
	like stats "*launch * us, wall * s, user * s, system * s, maximum RSS * KiB
safespawn: page faults * minor, * major; context switches *" "$err"
	like verbose 'safespawn: launched sh as [0-9]*
safespawn: [0-9]* exited with status 3
*' "$err"
	status 137 safespawn -q -v sh -c 'kill -9 $$'
	like verbose '*died of signal KILL*' "$err"
}

test_background_prints_the_pid_and_returns() {
	status 0 safespawn -q -b sh -c 'echo $$ >pid; sed "s/.*) //" /proc/$$/stat >stat
		fds=$(for n in 0 1 2; do readlink /proc/$$/fd/$n; done)
		echo lost; echo "$fds" >fds; mv fds done; exec sleep 20'
	for _ in $(seq 200); do
		[ ! -e "done" ] || break
		sleep 0.05
	done
	kill "$out" || fail "no process $out"
	same pid "$(cat pid)" "$out"
	same descriptors '/dev/null /dev/null /dev/null' "$(tr '\n' ' ' <"done" | sed 's/ $//')"
	same session "$out" "$(cut -d ' ' -f 4 stat)"
}

test_background_redirections_and_kept_descriptors_win() {
	(
		flock 9 || exit 1
		safespawn -q -b --keep-fd=2 --keep-fd=9 -r '1>>log' sh -c 'echo one; echo two >&2'
	) 9>lock 2>err >pid
	flock -w 10 lock true || fail "it didn't end"
	same log one "$(cat log)"
	same kept two "$(cat err)"
}

test_background_that_fails_prints_no_pid() {
	status 127 safespawn -q -b no-such-command
	same stdout '' "$out"
	status 125 safespawn -q -b -C /nowhere true
	same stdout '' "$out"
	like message 'safespawn: *chdir*/nowhere*' "$err"
}

test_output_takes_what_is_said_of_the_command() {
	status 3 safespawn -o said -v --stats --audit sh -c 'echo out; echo err >&2; exit 3' 7</dev/null
	same stdout out "$out"
	same stderr err "$err"
	like said '*FD *7 *r */dev/null*
safespawn: closed *7*
safespawn: launched sh as [0-9]*
safespawn: [0-9]* exited with status 3
safespawn: launch * us*' "$(cat said)"
	status 0 safespawn -o said --json --stats true
	same "appended" 2 "$(grep -c 'voluntary' said)"
	status 0 safespawn -q --exec -v --output=becoming true
	same stderr '' "$err"
	like --exec 'safespawn: becoming true as [0-9]*' "$(cat becoming)"
	same "the command's" '0 1 2' "$(safespawn -q -v -o said "$HELPERS/ss_fds" 2>err)"
}

test_output_leaves_failures_on_stderr() {
	for option in -q --exec '-m posix_spawn'; do
		# shellcheck disable=SC2086
		status 127 safespawn -q -v -o said $option no-such-command
		like "with $option" 'safespawn: exec no-such-command: *' "$err"
	done
	status 125 safespawn -q -o no/where touch launched
	same "no such file" 'safespawn: --output=no/where: No such file or directory' "$err"
	status 0 safespawn -q -v -o /dev/full true
	like "a full disk" 'safespawn: launched true as *' "$err"
	status 0 safespawn -q --explain -o explained touch launched
	[ ! -e explained ] || fail "--explain made a file"
	[ ! -e launched ] || fail "it was launched"
}

test_pid_file_is_there_before_the_command_and_gone_after_it() {
	(umask 027; status 0 safespawn -q --pid-file=pid -C / --umask=0 sh -c \
		'cat "$1/pid"; echo $$; stat -c %a "$1/pid"' sh "$tmp") || exit
	# shellcheck disable=SC2046
	set -- $(cat out)
	same number "$2" "$1"
	same mode 640 "$3"
	[ ! -e pid ] || fail "it is still there"
	status 143 safespawn -q --pid-file=pid sh -c 'kill -TERM $$'
	[ ! -e pid ] || fail "it is still there after a death"
	status 124 safespawn -q -t 0.5 --pid-file=pid sleep 10
	[ ! -e pid ] || fail "it is still there after a time-out"
	for option in -q --exec -b; do
		status 127 safespawn -q "$option" --pid-file=pid no-such-command
		[ ! -e pid ] || fail "it is there with $option, and no command"
	done
}

test_pid_file_stays_where_nobody_waits() {
	status 0 sh -c 'echo $$; exec safespawn -q --exec --pid-file=pid cat pid'
	same "--exec: number" "$(echo "$out" | sed 1q)" "$(echo "$out" | sed 1d)"
	same "--exec: file" "$(echo "$out" | sed 1q)" "$(cat pid)"
	status 0 safespawn -q -b --pid-file=pid sleep 30
	same "-b: file" "$out" "$(cat pid)"
	pid=$out
	status 125 safespawn -q --pid-file=pid touch launched
	same "it runs" "safespawn: --pid-file=pid: $pid is running; if it is another program, remove \
the file" "$err"
	kill "$pid"
	[ ! -e launched ] || fail "it was launched"
	for _ in $(seq 200); do
		safespawn -q --pid-file=pid touch launched 2>/dev/null && break
		sleep 0.05
	done
	[ -e launched ] || fail "it is gone, and its file isn't taken"
	[ ! -e pid ] || fail "it is still there"
}

test_pid_file_is_taken_from_the_dead_only() {
	for old in '' 99999999; do
		printf '%s' "$old" >pid
		status 0 safespawn -q --pid-file=pid sh -c 'cat pid; echo $$'
		same "after [$old]" "$(echo "$out" | sed 1q)" "$(echo "$out" | sed 1d)"
	done
	for other in 'root:x:0:0' 12x -5 0 "1 2"; do
		printf '%s\n' "$other" >pid
		status 125 safespawn -q --pid-file=pid touch launched
		same "[$other]" "safespawn: --pid-file=pid: there is a file that holds no pid; remove it, \
or name another" "$err"
		same "untouched" "$other" "$(cat pid)"
	done
	rm pid
	echo 99999999 >target
	ln -s target pid
	status 125 safespawn -q --pid-file=pid touch launched
	same "a symbolic link" "safespawn: --pid-file=pid: a symbolic link" "$err"
	same "its target" 99999999 "$(cat target)"
	mkfifo fifo
	for other in fifo /dev/null; do
		status 125 safespawn -q --pid-file="$other" touch launched
		same "$other" "safespawn: --pid-file=$other: not a regular file" "$err"
	done
	status 125 safespawn -q --pid-file=no/where touch launched
	same "no directory" "safespawn: --pid-file=no/where: No such file or directory" "$err"
	[ ! -e launched ] || fail "it was launched"
}

test_pid_file_is_refused_for_what_only_begins_with_a_number() {
	for text in '99999999\nvaluable\n' '99999999\n99999998\n' '99999999\n\n' '99999999\0binary' \
		'99999999\n\0' '99999999\000000000000000000' '2024\n1,2,3\n' '+99999999\n' '\n' '\0'; do
		# shellcheck disable=SC2059
		printf "$text" >file
		cp file was
		for option in -q --exec -b; do
			for name in cat no-such-command; do
				status 125 safespawn -q "$option" --pid-file=file "$name" file
				like "$option: $name: $text" '*: there is a file that holds no pid; *' "$err"
				cmp was file || fail "$option: $name: it isn't what it was"
			done
		done
	done
}

test_pid_file_that_holds_more_by_then_is_left() {
	status 0 safespawn -q --pid-file=file sh -c 'echo valuable >>file'
	like "added by the command" '*valuable' "$(cat file)"
}

# The number that it has there is init's, or another's, to those who read the file
test_pid_file_is_refused_for_another_pid_namespace() {
	unshare -p true 2>err || skip "no pid namespaces here: $(cat err)"
	[ -e /proc/self/ns/pid ] || skip "no /proc here"
	# The process that looks for leaks would be in that namespace
	[ -z "${SAN-}" ] || export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS-}"
	for options in '' -b '-t 10'; do
		# shellcheck disable=SC2086
		status 125 unshare -p safespawn -q $options --pid-file=pid touch launched
		like "$options" 'safespawn: --pid-file=pid: COMMAND is for another pid namespace, *' "$err"
		[ ! -e pid ] || fail "the file is there with $options"
	done
	mkfifo until_then
	status 125 unshare -p sh -c 'cat <until_then 3>&- >/dev/null 2>&1 &
		exec safespawn -q --pid-file=pid touch launched' 3<>until_then
	like "not its first process" '*: COMMAND is for another pid namespace, *' "$err"
	[ ! -e launched ] || fail "it was launched"
	status 0 unshare -pf safespawn -q --pid-file=pid sh -c 'cat pid; echo $$'
	same "inside" "$(echo "$out" | sed 1q)" "$(echo "$out" | sed 1d)"
	[ ! -e pid ] || fail "it is still there"
	status 0 unshare -p sh -c 'echo $$; exec safespawn -q --exec --pid-file=pid cat pid'
	same "--exec" "$(echo "$out" | sed 1q)" "$(echo "$out" | sed 1d)"
}

test_pid_file_of_somebody_else_is_left() {
	status 0 safespawn -q --pid-file=pid sh -c 'echo 4711 >pid'
	same "written by the command" 4711 "$(cat pid)"
	rm pid
	status 0 safespawn -q --pid-file=pid sh -c 'mv pid was; cp was pid'
	[ -e pid ] || fail "put there by the command: it is gone"
	rm pid
	status 0 safespawn -q --pid-file=pid rm pid
}

# A file system or a limit with room for the beginning of a number: that is another process
test_pid_file_holds_all_of_the_number_or_is_not_there() {
	command -v prlimit >/dev/null || skip "no prlimit"
	for option in -q --exec -b; do
		prlimit --fsize=1 safespawn -q "$option" --pid-file=pid touch launched 2>&1 | cat >said
		same "$option" "safespawn: pid_file pid: No space left on device" "$(cat said)"
		[ ! -e pid ] || fail "$option: it is there: $(cat pid)"
		[ ! -e launched ] || fail "$option: it was launched"
	done
}

test_pid_file_is_held_by_one_at_a_time() {
	for _ in $(seq 12); do
		safespawn -q --pid-file=pid sh -c 'mkdir alone || echo >overlap; sleep 0.05
			[ "$(cat pid)" = $$ ] || echo >other; rmdir alone; echo >>ran' 2>>err &
	done
	wait
	[ -s ran ] || fail "none has run"
	[ ! -e overlap ] || fail "two at a time"
	[ ! -e other ] || fail "another one's number"
	[ ! -e pid ] || fail "it is still there"
	same "refused or run" 12 "$(cat ran err | wc -l)"
	! grep -vE '^$|: another safespawn that waits for its command holds it$|: [0-9]+ is running' err ||
		fail "another reason"
}

run_tests
