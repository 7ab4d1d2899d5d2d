#!/bin/sh
# SPDX-License-Identifier: MIT
# On a terminal, with job control: a person types at bash, see helpers/ss_pty.c.
# suite: typed
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=terminal.sh
. "$(dirname "$0")/terminal.sh"

test_interrupt_stop_and_continue() {
	play <<-'END'
		send safespawn -q ss_catch\n
		line ready
		send \x03
		line got 2
		send \x1c
		line got 3
		send \x1a
		expect Stopped
		send fg\n
		line got 18
		send \x1a
		expect Stopped
		send bg\n
		line got 18
		send kill -TERM $(jobs -p)\n
		line got 15
		send wait; echo st''atus=$?\n
		expect status=
	END
	same "how often ^C" 1 "$(count 'got 2')"
	same "how often ^\\" 1 "$(count 'got 3')"
}

# The shell sees the script stopped before safespawn is, and may be faster than it
test_a_job_that_goes_on_before_safespawn_has_stopped() {
	command -v strace >/dev/null || skip "strace isn't installed"
	[ -z "$SAN" ] || skip "sanitizers don't run under strace"
	strace -o log true 2>err || skip "no process may be traced here: $(cat err)"
	# the first four are before it waits
	echo 'strace -DDD -o log -e inject=rt_sigprocmask:delay_exit=600000:when=5+ \
		safespawn -q --setsid ss_catch 2' >script
	play <<-'END'
		send sh ./script\n
		line ready
		send \x1a
		expect Stopped
		send sleep 0.2; fg\n
		line got 18
		send \x03
		line got 2
	END
	grep -A1 'UNBLOCK, \[CONT\].*DELAYED' log | grep -q '^--- SIGCONT' || skip "the moment was missed"
}

# safespawn is stopped, once it waits, so that what it would do with ^C comes visibly
# later. The script around it hides that from the interactive shell.
test_interrupt_of_the_terminal_is_not_doubled() {
	play <<-'END'
		send sh -c 'safespawn -q sh -c "(until [ -e go ]; do sleep 0.05; done; kill -CONT \$PPID) & until grep -q State:.S /proc/\$PPID/status; do :; done; kill -STOP \$PPID; exec ss_catch 3"; :'\n
		line ready
		send \x03
		line got 2
		make go
		line got 18
		send \x1c
		line got 3
	END
	same "how often" 1 "$(count 'got 2')"
}

test_interrupt_ends_the_command_and_not_the_shell() {
	play <<-'END'
		send safespawn -q sh -c 'echo run""ning; exec sleep 20'\n
		expect running
		send \x03
		send echo st''atus=$?\n
		expect status=130
	END
}

# Held up in clone: it has looked at nothing since, and the command isn't there yet
test_an_interrupt_just_before_the_command_exists_reaches_it() {
	command -v strace >/dev/null || skip "strace isn't installed"
	strace -o log true 2>err || skip "no process may be traced here: $(cat err)"
	play <<-'END'
		send (until grep -q clone log; do sleep 0.05; done; echo i""s in clone) &\n
		send strace -f -o log -e trace=clone,clone3 -e inject=clone,clone3:delay_enter=2000000:when=1 safespawn -q sleep 100\n
		expect is in clone
		send \x03
		send echo st''atus=$?\n
		expect status=130
	END
}

# interrupts COUNT: with each option that makes a difference
interrupts() {
	for options in '' '-t 100' --setsid --pty '-m posix_spawn'; do
		# shellcheck disable=SC2086
		"$HELPERS/ss_interrupt" "$1" safespawn -q $options sleep 100 2>err
		r=$?
		[ "$r" -ne 98 ] || skip "no terminal can be made: $(cat err)"
		[ "$r" -eq 0 ] || fail "[$options] $(cat err)"
	done
}

test_no_interrupt_in_the_first_5_ms_is_lost() {
	interrupts 50
}

test_no_interrupt_of_a_thousand_is_lost() {
	long
	interrupts 1000
}

test_timeout_reads_and_is_interrupted() {
	play <<-'END'
		send safespawn -q -t 60 sh -c 'echo as""k; read x; echo go""t $x'\n
		expect ask
		send text\n
		line got text
		send safespawn -q -t 60 ss_catch\n
		line ready
		send \x03
		line got 2
		send \x1a
		expect Stopped
		send fg\n
		line got 18
		send \x03
		line got 2
		send \x1a
		expect Stopped
		send kill -TERM $(jobs -p); fg\n
		line got 15
		send echo st''atus=$?\n
		expect status=0
	END
	same "how often ^C" 2 "$(count 'got 2')"
}

test_timeout_gives_the_terminal_back() {
	play <<-'END'
		send sh -c 'safespawn -q -t 0.3 sleep 20; echo st""atus=$?; read x; echo go""t $x'\n
		expect status=124
		send one\n
		line got one
		send safespawn -q -t 60 no-such-command; read x; echo go''t $x\n
		expect no-such-command
		send two\n
		line got two
		send sh -c 'safespawn -q -t 60 ss_catch 2; read x; echo go""t $x'\n
		line ready
		send \x1a
		expect Stopped
		send fg\n
		line got 18
		send \x1a
		expect Stopped
		send echo sti''ll here\n
		expect still here
		send fg\n
		line got 18
		send \x03
		line got 2
		send three\n
		line got three
	END
}

test_setpgid_is_like_timeout() {
	cat >typing <<-'END'
		send safespawn -q --setpgid sh -c 'echo as""k; read x; echo go""t $x; exec ss_catch'\n
		expect ask
		send text\n
		line got text
		line ready
	END
	stop_and_end '$(jobs -p)' >>typing
	play <typing
}

test_a_pager_behind_it_keeps_the_terminal() {
	play <<-'END'
		send safespawn -q -t 60 sh -c 'echo li""ne; sleep 1; echo la""st' | { read y; echo $y; read x </dev/tty; echo go""t $x; cat; }\n
		expect line
		send text\n
		line got text
		expect last
	END
}

test_a_dialog_in_a_substitution_gets_the_terminal() {
	play <<-'END'
		send x=$(safespawn -q -t 60 sh -c 'echo as""k >&2; read x; echo "<$x>"'); echo go''t $x\n
		expect ask
		send text\n
		line got <text>
	END
}

# head, since busybox's shell waits for input before it reads
test_a_background_job_that_reads_stops_and_comes_back() {
	play <<-'END'
		send safespawn -q -t 60 sh -c 'x=$(head -n 1); echo go""t $x' &\n
		send until jobs | grep -q Stopped; do sleep 0.1; done\n
		expect Stopped
		send fg\n
		expect safespawn
		send text\n
		line got text
	END
}

test_a_shell_inside_has_job_control() {
	cat >script <<-'END'
		send safespawn -q -t 60 bash --norc --noediting -i\n
		expect bash
	END
	job_control >>script
	cat >>script <<-'END'
		send exit\n
		send safespawn -q bash --norc --noediting -i\n
		expect bash
		send suspend -f\n
		expect Stopped
		send echo ou''ter\n
		expect outer
		send fg\n
		expect safespawn
		send echo in''ner; exit 5\n
		expect inner
		send echo st''atus=$?\n
		expect status=5
	END
	play <script
}

test_a_hangup_reaches_the_command() {
	play <<-'END'
		send safespawn -q -t 60 sh -c 'trap "echo hup >hung; exit" HUP; echo re""ady; while :; do sleep 0.1; done'\n
		line ready
		hangup
	END
	for _ in $(seq 1000); do
		[ ! -s hung ] || return 0
		sleep 0.05
	done
	fail "it never came"
}

test_works_without_a_controlling_terminal() {
	status 3 safespawn -q --setsid safespawn -q -t 60 sh -c 'exit 3'
	status 3 safespawn -q --setsid safespawn -q --setpgid sh -c 'exit 3' </dev/null
}

run_tests
