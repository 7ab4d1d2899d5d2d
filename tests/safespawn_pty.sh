#!/bin/sh
# SPDX-License-Identifier: MIT
# --pty: the command on a terminal of its own, with a person at ours or nobody.
# suite: alone
# shellcheck disable=SC2016,SC2094,SC2317	# $ for inner shells; a file is written by a tee and
# read; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=refusals.sh
. "$(dirname "$0")/refusals.sh"
# shellcheck source-path=SCRIPTDIR source=terminal.sh
. "$(dirname "$0")/terminal.sh"

[ -w /dev/ptmx ] || { echo "skip safespawn_pty all: no terminals can be made here" && exit; }

# ---- nobody at the keyboard ----

test_the_command_leads_a_session_on_a_terminal() {
	status 7 safespawn -q --pty sh -c '[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo hello >/dev/tty; exit 7' </dev/null
	same shown hello "$out"
	status 0 safespawn -q --pty sh -c 'read -r pid _ _ _ _ session _ group _ </proc/$$/stat; echo $pid $session $group' </dev/null
	pid=${out%% *}
	same 'session and foreground' "$pid $pid $pid" "$out"
	status 0 safespawn -q --pty --setsid tty </dev/null
	like name '/dev/pts/*' "$out"
}

test_lines_end_as_the_command_wrote_them() {
	status 0 safespawn -q --pty printf 'one\ntwo\n' </dev/null
	same shown "$(printf 'one\ntwo')" "$out"
	status 0 safespawn -q --pty stty size </dev/null
	same size '24 80' "$out"
}

test_redirections_win() {
	echo data >in
	status 0 safespawn -q --pty -r '0<in' sh -c 'cat; [ ! -t 0 ] && [ -t 1 ] && [ -t 2 ]' </dev/null
	same shown data "$out"
	status 0 safespawn -q --pty -r '1>log' sh -c 'echo logged; [ -t 0 ] && [ ! -t 1 ] && [ -t 2 ] && echo shown >&2' </dev/null
	same log logged "$(cat log)"
	same shown shown "$out"
	status 0 safespawn -q --pty -r '1>log' -r '2>&1' sh -c 'echo logged >&2; echo shown >&0' </dev/null
	same log logged "$(cat log)"
	same shown shown "$out"
	status 0 safespawn -q --pty -r '2>log' -r '3>&1' sh -c '[ -t 3 ] && echo shown >&3' </dev/null
	same shown shown "$out"
	status 0 safespawn -q --pty -r '1>&-' -r '0<&-' sh -c 'echo shown >&2' </dev/null
	same shown shown "$out"
	status 0 safespawn -q --pty --keep-fd=2 sh -c '[ -t 1 ] && echo said >&2' </dev/null
	same stderr said "$err"
}

test_an_input_that_is_no_file_is_told_as_what_it_is() {
	status 0 safespawn -q --pty cat <.
	same stderr 'safespawn: standard input: Is a directory' "$err"
}

test_what_makes_no_sense_is_refused_by_name() {
	misused '--pty and --exec exclude each other*' --pty --exec
	misused '--pty and --background exclude each other*' --pty -b
	misused '--pty and --setpgid exclude each other*' --pty --setpgid
	misused '--pty and --method=posix_spawn exclude each other' --pty -m posix_spawn
	misused '--foreground excludes*--pty*' --pty -t 1 --foreground
	refuses '--pty: 0 to 2 are all redirected*' --pty -r '0</dev/null' -r '1>&0' -r '2>&0'
	status 125 safespawn --pty --audit
	hinted safespawn '--pty needs a COMMAND'
	safespawn --pty touch launched >&- 2>err
	same status 125 $?
	same message 'safespawn: standard output is closed, and what --pty shows goes there' "$(cat err)"
	[ ! -e launched ] || fail "launched with a closed stdout"
}

test_explain_shows_the_terminal_and_launches_nothing() {
	status 0 safespawn --pty --explain touch launched </dev/null
	like plan '*setsid()*ioctl(0, TIOCSCTTY, 0)*' "$out"
	[ ! -e launched ] || fail "launched"
}

test_it_ends_as_the_command_did() {
	status 143 sh -c 'safespawn -q --pty sh -c "kill -TERM \$\$" </dev/null; exit $?'
	status 138 sh -c 'safespawn -q --pty sh -c "kill -USR1 \$\$" </dev/null; exit $?'
	status 127 safespawn -q --pty ./no-such-command </dev/null
	like message '*no-such-command*' "$err"
	status 3 safespawn -q --pty --stats --json sh -c 'exit 3' </dev/null
	like stats '*"exited": 3,*' "$err"
	status 0 safespawn -q --pty --map-status=9:0 sh -c 'exit 9' </dev/null
}

# ---- input that nobody types ----

test_input_arrives_and_ends() {
	printf 'one\ntwo\n' >in
	status 0 safespawn -q --pty cat <in
	same shown "$(cat in)" "$out"
	printf 'one\ntwo' | status 0 safespawn -q --pty cat
	same 'without the last newline' "$(printf 'one\ntwo')" "$(printf 'one\ntwo' | safespawn -q --pty cat)"
	same nothing '' "$(safespawn -q --pty cat </dev/null)"
	same closed '' "$(safespawn -q --pty cat <&-)"
}

test_each_reader_behind_the_end_meets_it() {
	echo one >in
	status 0 safespawn -q --pty sh -c 'cat; cat; read x || echo end; cat' <in
	same shown "$(printf 'one\nend')" "$out"
}

# Something moves in each turn, and what waits for that is never due
test_the_end_is_met_while_others_show_something() {
	status 0 timeout $((200 * PATIENCE)) safespawn -q --pty sh -c \
		'yes & a=$!; yes & b=$!; sleep 0.3; cat; cat; cat; kill $a $b' </dev/null >/dev/null
}

test_a_program_that_reads_key_by_key_meets_the_end() {
	command -v bash >/dev/null || skip "bash isn't installed"
	printf 'echo he""llo\nexit 9\n' >in
	status 9 safespawn -q --pty bash --norc --noprofile -i <in
	like shown '*hello*' "$out"
	status 0 timeout 100 safespawn -q --pty bash --norc --noprofile -i </dev/null
}

# Without a key for it, it is a byte of the line: one, and not one for each look
test_the_end_is_not_typed_again_and_again() {
	status 0 safespawn -q --pty sh -c 'stty eof undef; sleep 1; stty -icanon min 0 time 0; wc -c' </dev/null
	[ "$out" -le 2 ] || fail "$out bytes were typed"
}

test_a_megabyte_comes_out_whole() {
	seq 1 160000 >wanted
	safespawn -q --pty cat wanted </dev/null >got
	same status 0 $?
	cmp wanted got || fail "not whole"
	safespawn -q --pty cat wanted </dev/null | { sleep 0.2; cat; } >got
	cmp wanted got || fail "not whole behind who reads late"
	# more than the pipe holds, so that a part is left at the command's end
	safespawn -q --pty --kill-tree seq 13500 </dev/null | { sleep 1; wc -l | tr -d ' '; } >got
	same "lines with --kill-tree" 13500 "$(cat got)"
}

test_a_megabyte_goes_through_in_both_directions() {
	seq 1 160000 >wanted
	safespawn -q --pty cat <wanted >got
	same status 0 $?
	cmp wanted got || fail "not whole"
}

# Input goes in although nobody takes what is shown yet
test_no_direction_waits_for_the_other() {
	seq 1 160000 >wanted
	mkfifo to from
	safespawn -q --pty sh -c 'exec 3<&0; cat <&3 >got & cat wanted; wait' <to >from &
	exec 5>to 6<from
	cat wanted >&5
	exec 5>&-
	cmp wanted - <&6 || fail "not whole"
	wait $! || fail "status $?"
	cmp wanted got || fail "not whole"
}

# ---- the end ----

test_who_keeps_the_terminal_open_holds_nobody() {
	status 0 timeout 100 safespawn -q --pty sh -c 'trap "" HUP; sleep 1000 & echo $!' </dev/null
	kill "$out" || fail "nothing was left"
	status 0 timeout 100 safespawn -q --pty sh -c 'trap "" HUP; yes & echo $! >left' </dev/null
	same 'at the end of the terminal' 0 "$(while kill -0 "$(cat left)" 2>/dev/null; do sleep 0.05; done; echo 0)"
}

test_who_stops_reading_hangs_it_up() {
	safespawn -q --pty --default-signal=HUP sh -c 'trap "echo hup >hung; exit" HUP; while :; do echo line; done' \
		</dev/null 2>err | head -n 1 >shown
	same shown line "$(cat shown)"
	same hung hup "$(cat hung)"
	same message '' "$(cat err)"
	[ -w /dev/full ] || skip "no /dev/full"
	safespawn -q --pty --default-signal=HUP sh -c 'echo line; sleep 1000' </dev/null >/dev/full 2>err
	same status 129 $?
	like message 'safespawn: standard output: No space left*' "$(cat err)"
}

test_output_that_is_lost_is_no_success() {
	[ -w /dev/full ] || skip "no /dev/full"
	for _ in $(seq 20); do
		! safespawn -q --pty echo hello </dev/null >/dev/full 2>/dev/null || fail "status 0"
	done
	safespawn -q --pty sh -c 'trap "" HUP; echo hello; exit 0' </dev/null >/dev/full 2>/dev/null
	same status 125 $?
	safespawn -q --pty sh -c 'trap "" HUP; echo hello; exit 3' </dev/null >/dev/full 2>/dev/null
	same "the command's own" 3 $?
	safespawn -q --exec --rlimit=fsize=1024 safespawn -q --pty sh -c 'trap "" HUP; seq 10000; exit 0' \
		</dev/null >cut 2>err
	same "status with a short file" 125 $?
	mkfifo gone
	: <gone &
	exec 8>gone
	wait
	safespawn -q --pty sh -c 'trap "" HUP; echo hello; exit 0' </dev/null >&8
	same "status where nobody wants it" 0 $?
}

# full_pipe: slow, on 7, takes nothing as long as nobody reads; busybox's dd knows no nonblock
full_pipe() {
	[ -p slow ] || mkfifo slow
	exec 7<>slow
	! /bin/dd if=/dev/zero of=slow bs=4096 oflag=nonblock 2>/dev/null || fail "it is never full"
}

test_signals_reach_it_while_nobody_reads() {
	full_pipe
	safespawn -q --pty sh -c 'echo >begun; yes' </dev/null >slow &
	until [ -e begun ]; do sleep 0.05; done
	kill -TERM $!
	wait $!
	same status 143 $?
}

# What the command has shown is still to be read, and we are told to stop or to end
test_who_reads_late_is_waited_for_but_not_for_ever() {
	full_pipe
	play <<-'END'
		send safespawn -q --pty sh -c 'echo $$ >pid; seq 1 2000' </dev/null >slow\n
		run until [ -s pid ] && [ ! -e "/proc/$(cat pid)" ]; do sleep 0.05; done
		send \x1a
		expect Stopped
		send fg\n
		expect safespawn
		run head -n 2000 slow | tail -n 1 >last
		expect $
	END
	same "the last line" 2000 "$(cat last)"
	rm pid
	full_pipe
	safespawn -q --pty sh -c 'echo $$ >pid; seq 1 2000; exit 3' </dev/null >slow &
	until [ -s pid ] && [ ! -e "/proc/$(cat pid)" ]; do sleep 0.05; done
	kill -TERM $!
	wait $!
	same status 3 $?
}

# gives_up_reader COMMAND: its pid is in "pid" when it is ready, and nobody reads what it shows at TERM
gives_up_reader() {
	rm -f pid
	full_pipe
	safespawn -q --pty sh -c "trap '$1' TERM; echo \$\$ >pid; while :; do sleep 0.05; done" \
		</dev/null >slow 2>err &
	until_true [ -s pid ]
	kill -TERM $!
	wait $!
	got=$?
}

test_what_no_reader_has_taken_is_no_success() {
	gives_up_reader 'seq 1 2000; exit 0'
	same status 125 $got
	same message 'safespawn: standard output is full, and nobody reads it' "$(cat err)"
	gives_up_reader 'seq 1 2000; exit 3'
	same "the command's own status" 3 $got
	like message 'safespawn: standard output is full*' "$(cat err)"
}

# It was for its settings
test_a_signal_of_long_ago_hurries_no_reader() {
	full_pipe
	safespawn -q --pty sh -c 'trap "echo >reloaded" HUP; echo $$ >pid
		until [ -e go ]; do sleep 0.1; done; seq 1 2000' </dev/null >slow 2>err &
	until_true [ -s pid ]
	kill -HUP $!
	until_true [ -e reloaded ]
	sleep 11
	: >go
	until_true [ ! -e "/proc/$(cat pid)" ]
	sleep 2
	same "the last line" 2000 "$(sed '/^2000/q' slow | tail -n 1 | tr -d '\r')"
	wait $!
	same status 0 $?
}

# As behind su(1), where the terminal is another user's. Nobody reads what it shows meanwhile
test_a_terminal_that_may_not_be_opened_holds_nobody_up() {
	cat >script <<-'END'
		chmod 000 "$(tty)"
		safe='safespawn -q'
		[ "$(id -u)" -ne 0 ] || safe='safespawn -q --exec --bounding-set=-dac_override safespawn -q'
		if ! $safe true || $safe sh -c ': >"$(tty)"' 2>err; then
			echo opened >status
		else
			$safe --pty -t 1 yes </dev/null
			echo $? >status
		fi
	END
	play <<-'END'
		send sh ./script\n
		run until [ -s status ]; do sleep 0.05; done
	END
	[ "$(cat status)" != opened ] || skip "nobody is refused it here"
	same status 124 "$(cat status)"
}

# shown LINE: on 3, the other side of a terminal, which echoes what is written there
shown() {
	same shown "$1" "$(timeout $((100 * PATIENCE)) head -n 1 <&3 | tr -d '\r')"
}

# /dev/ptmx opened again is another terminal
test_the_other_side_of_a_terminal_gets_what_is_written_there() {
	exec 3<>/dev/ptmx
	safespawn -q --pty echo hello </dev/null >&3
	same status 0 $?
	shown hello
	safespawn -q -o /dev/null --status-fd=3 false
	like status '{"type": "status", *"exited": 1,*' "$(timeout $((100 * PATIENCE)) head -n 1 <&3)"
	safespawn -q ./no-such-command 2>&3
	shown 'safespawn: exec ./no-such-command: No such file or directory'
	safespawn -q -b true >&3 2>err
	like pid '[1-9]*' "$(timeout $((100 * PATIENCE)) head -n 1 <&3)"
}

test_the_end_of_time_ends_its_group() {
	status 124 safespawn -q --pty -t 1 sh -c 'sleep 1000; :' </dev/null
	status 137 safespawn -q --pty -t 2 -k 0.1 sh -c 'trap "" TERM HUP; while :; do sleep 0.1; done' </dev/null
	status 0 safespawn -q --pty --kill-tree sh -c 'setsid sleep 1000 & echo $!' </dev/null
	! kill -0 "$out" 2>/dev/null || fail "$out is left"
}

test_another_users_command_can_open_it_by_name() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	status 0 safespawn -q --pty --user=nobody:nogroup sh -c 'exec 3<>"$(tty)" && echo open >&3' </dev/null
	same shown open "$out"
}

test_no_descriptor_leaks() {
	same descriptors '0 1 2' "$(safespawn -q --pty "$HELPERS/ss_fds" </dev/null)"
	status 0 safespawn -q --pty --leaks=allow sh -c 'ls -l /proc/$$/fd' </dev/null
	! printf '%s\n' "$out" | grep -e ptmx -e signalfd || fail "leaked"
}

test_valgrind_finds_nothing() {
	command -v valgrind >/dev/null || skip "valgrind isn't installed"
	[ -z "$SAN$COV" ] || skip "an instrumented build"
	printf 'one\ntwo' >in
	status 0 valgrind -q --error-exitcode=99 --leak-check=full --log-file=found \
		"$BUILD/safespawn" -q --pty cat <in
	same shown "$(cat in)" "$out"
}

# ---- a person at the keyboard ----
# What is typed before the shell has its terminal back is the command's: "expect $" waits for it

test_the_window_is_followed() {
	play <<-'END'
		size 33 77
		send safespawn -q --pty sh -c 'stty size; trap "stty size; exit 5" WINCH; echo re""ady; while :; do sleep 0.05; done'; echo st""atus=$?\n
		line 33 77
		line ready
		size 44 99
		line 44 99
		line status=5
		send stty size\n
		line 44 99
		send safespawn -q --pty stty size | cat; echo o""ver\n
		line 44 99
		line over
		send safespawn -q --pty stty size </dev/null\n
		line 44 99
	END
}

test_keys_reach_the_command_and_nobody_else() {
	play <<-'END'
		send safespawn -q --pty sh -c 'echo $$ >pid; exec ss_catch'; echo st""atus=$?\n
		line ready
		send \x03
		line got 2
		send \x1c
		line got 3
		send \x1a
		send \x03
		line got 2
		refuse Stopped
		run kill -TERM $(cat pid)
		line got 15
		line status=0
	END
	same "how often ^C" 2 "$(count 'got 2')"
	same "how often ^\\" 1 "$(count 'got 3')"
}

test_an_interrupt_that_ends_the_command_stops_the_script() {
	play <<-'END'
		send tty >name; sh -c 'safespawn -q --pty sh -c "echo re""ady; exec sleep 1000"; echo wr""ong'\n
		line ready
		run until stty -a -F "$(cat name)" | grep -q -e -isig; do sleep 0.05; done
		send \x03
		expect $
		send echo st''atus=$?\n
		line status=130
		refuse wrong
	END
}

# The command has ended, and the rest of it would not before 1000 s are over
test_keys_are_for_safespawn_while_the_rest_ends() {
	for options in '' --pty; do
		rm -f pids
		play <<-END
			send tty >name; safespawn -q $options --kill-tree -k 1000 sh -c 'trap "" HUP TERM; setsid sleep 1000 & echo \$PPID \$\$ \$! >pids; exit 5'\n
			run until read -r _ first _ <pids && [ ! -e /proc/\$first ]; do sleep 0.05; done
			run while stty -a -F "\$(cat name)" | grep -q -e -isig; do sleep 0.05; done
			send \x1a
			line Stopped
			send fg\n
			run read -r safe _ <pids; while grep -q State:.T /proc/\$safe/status; do sleep 0.05; done
			send \x03
			expect $
			send echo st''atus=\$?\n
			line status=5
		END
		read -r _ _ rest <pids
		! kill -0 "$rest" 2>/dev/null || fail "$rest is left, with [$options]"
	done
}

test_a_shell_inside_has_job_control() {
	cat >script <<-'END'
		send safespawn -q --pty bash --norc --noediting -i\n
		expect bash
		send echo in''ner $(tty)\n
		line inner /dev/pts/
	END
	job_control >>script
	cat >>script <<-'END'
		send exit 5\n
		expect exit
		expect $
		send echo st''atus=$?\n
		line status=5
	END
	play <script
}

test_vi_edits() {
	command -v vi >/dev/null || skip "vi isn't installed"
	TERM=xterm
	export TERM
	play <<-'END'
		size 24 80
		send safespawn -q --pty vi -u NONE written; echo st''atus=$?\n
		expect written
		send ihello\x0dworld\x1b
		send :wq\x0d
		line status=0
	END
	same written "$(printf 'hello\nworld')" "$(cat written)"
}

test_top_runs_and_quits() {
	command -v top >/dev/null || skip "top isn't installed"
	TERM=xterm
	export TERM
	play <<-'END'
		size 24 80
		send safespawn -q --pty top; echo st''atus=$?\n
		expect load average
		send q
		line status=0
	END
}

# restored COMMAND: whatever ends it, the terminal is as it was. A script is between, at
# whose end the shell keeps the modes that it finds
restored() {
	play <<-END
		send tty >name; stty -g >before; echo no""ted\n
		line noted
		send sh -c 'safespawn -q --pty sh -c "echo \\\$\\\$ >pid; echo \\\$PPID >parent; echo re\\"\\"ady; exec sleep 1000"; :'\n
		line ready
		run until stty -a -F "\$(cat name)" | grep -q -e -isig; do sleep 0.05; done
		run $1
		run while stty -a -F "\$(cat name)" | grep -q -e -isig; do sleep 0.05; done
		expect \$
		send stty -g >after; echo te""sted\n
		line tested
	END
	same "modes after $1" "$(cat before)" "$(cat after)"
}

test_the_terminal_is_restored() {
	for how in 'kill -TERM $(cat parent)' 'kill -HUP $(cat parent)' 'kill -KILL $(cat pid)' \
		'kill -KILL $(cat parent)'; do
		restored "$how"
	done
}

test_it_is_raw_only_while_it_runs() {
	play <<-'END'
		send tty >name; safespawn -q --pty sh -c 'echo $PPID >parent; exec ss_catch'\n
		line ready
		run until stty -a -F "$(cat name)" | grep -q -e -isig; do sleep 0.05; done
		run kill -TSTP $(cat parent)
		expect Stopped
		run ! stty -a -F "$(cat name)" | grep -q -e -isig
		send fg\n
		line got 18
		run until stty -a -F "$(cat name)" | grep -q -e -isig; do sleep 0.05; done
		send \x03
		line got 2
		run kill -STOP $(cat parent)
		expect Stopped
		send fg\n
		expect safespawn
		run until stty -a -F "$(cat name)" | grep -q -e -isig; do sleep 0.05; done
		send \x03
		line got 2
		run kill -TERM $(cat parent)
		line got 15
		expect $
		send echo st''atus=$?\n
		line status=0
	END
	same "how often ^C" 2 "$(count 'got 2')"
}

test_a_stopped_command_stops_it() {
	play <<-'END'
		send safespawn -q --pty sh -c 'echo $$ >pid; exec ss_catch'\n
		line ready
		run kill -STOP $(cat pid)
		expect Stopped
		send fg\n
		line got 18
		send \x03
		line got 2
		run kill -TERM $(cat pid)
		line got 15
		expect $
	END
}

# The process that guards our terminal is none of the command's, nor does it hold anything
test_what_guards_the_terminal_is_in_nobodys_way() {
	play <<-'END'
		send x=$(safespawn -q --pty --kill-tree sh -c 'setsid sleep 1000 & echo $!'); echo st""atus=$?\n
		line status=0
		send kill -0 $x || echo it en""ded\n
		line it ended
		send safespawn -q --pty sh -c 'echo sh""own' 2>&-\n
		line shown
		expect $
	END
}

test_in_the_background_it_leaves_the_terminal_alone() {
	play <<-'END'
		send tty >name; stty -g >before\n
		send safespawn -q --pty sh -c 'echo ba""ck; read x; echo go""t $x' &\n
		line back
		send stty -g >after; echo st''ill here\n
		line still here
		send fg\n
		expect safespawn
		run until stty -a -F "$(cat name)" | grep -q -e -isig; do sleep 0.05; done
		send text\x0d
		line got text
		expect $
	END
	same modes "$(cat before)" "$(cat after)"
}

test_a_hangup_reaches_the_command() {
	play <<-'END'
		send safespawn -q --pty sh -c 'trap "echo hup >hung; exit" HUP; echo re""ady; while :; do sleep 0.1; done'\n
		line ready
		hangup
	END
	for _ in $(seq 1000); do
		[ ! -s hung ] || return 0
		sleep 0.05
	done
	fail "it never came"
}

run_tests
