#!/bin/sh
# SPDX-License-Identifier: MIT
# Signals: what is passed on, and what the command finds.
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# A caller in which every signal is at default and none is blocked
clean() {
	safespawn -q --exec --default-signal "$@"
}

# start COMMAND...: in the background, until it says "ready"; its pid in $pid
start() {
	: >said
	safespawn -q --exec --default-signal "$@" >said 2>&1 &
	pid=$!
	wait_for ready
}

wait_for() {
	for _ in $(seq 1200); do
		if grep -q "$1" said; then
			return
		fi
		sleep 0.05
	done
	fail "never said $1: $(cat said)"
}

# ended EXPECTED: what $pid ended with
ended() {
	wait "$pid"
	same "status" "$1" $?
}

test_catchable_signals_are_passed_on() {
	start safespawn -q "$HELPERS/ss_catch"
	for number in 1 2 3 6 8 10 11 12 13 14 18 21 22 23 24 25 26 27 28 29 30 31 34 50 64; do
		kill -"$number" "$pid"
		wait_for "^got $number\$"
	done
	kill -TERM "$pid"
	ended 0
	same "how many" 26 "$(grep -c '^got' said)"
}

test_a_group_of_its_own_gets_them_as_a_group() {
	for option in --setpgid --setsid --timeout=60; do
		start safespawn -q "$option" sh -c '"$0" 10 & exec "$0" 12' "$HELPERS/ss_catch"
		wait_for 'ready.*'
		for _ in $(seq 1200); do
			[ "$(grep -c ready said)" -lt 2 ] || break
			sleep 0.05
		done
		kill -10 "$pid"
		for _ in $(seq 1200); do
			[ "$(grep -c 'got 10' said)" -lt 2 ] || break
			sleep 0.05
		done
		same "$option" 2 "$(grep -c 'got 10' said)"
		kill -12 "$pid"
		ended 0
	done
}

# as nohup's, or as what a script starts in the background
test_what_was_ignored_is_passed_on_to_a_command_that_wants_it() {
	start sh -c 'trap "" HUP USR1; exec safespawn -q "$0"' "$HELPERS/ss_catch"
	kill -HUP "$pid"
	kill -USR1 "$pid"
	kill -USR2 "$pid"
	wait_for 'got 12'
	kill -TERM "$pid"
	ended 0
	same "what arrived" 'got 1,got 10,got 12,got 15' "$(grep got said | paste -sd , -)"
}

test_what_was_ignored_stays_ignored() {
	start sh -c 'trap "" HUP USR1; exec safespawn -q sh -c "echo ready; exec sleep 20"'
	kill -HUP "$pid"
	kill -USR1 "$pid"
	kill -TERM "$pid"
	ended 143
}

# signals COMMAND...: blocked and ignored, as sed finds them when COMMAND runs it.
# Signals 32 and 33 are libc's own, and a posix_spawn in somebody above us, as in
# make, leaves them ignored: they are taken out.
signals() {
	"$@" sed -n '/^Sig[BI][lg]/p' /proc/self/status | awk '
		function digit(place) { return index(hex, substr($2, place, 1)) - 1 }
		BEGIN { hex = "0123456789abcdef" }
		/^SigIgn/ {
			$2 = substr($2, 1, 7) substr(hex, digit(8) - digit(8) % 2 + 1, 1) \
				substr(hex, digit(9) % 8 + 1, 1) substr($2, 10)
		}
		{ print $1 "\t" $2 }'
}

test_command_finds_mask_and_ignored_signals_as_they_were() {
	same here "$(signals env)" "$(signals safespawn -q)"
	same "all default" "$(signals clean)" "$(signals clean safespawn -q)"
	for options in '--ignore-signal=HUP,INT --block-signal=USR1' --ignore-signal=CHLD \
		--block-signal --block-signal=CHLD; do
		# shellcheck disable=SC2086
		same "$options" "$(signals clean safespawn -q --exec $options)" \
			"$(signals clean safespawn -q --exec $options safespawn -q)"
	done
	same "posix_spawn" "$(signals clean)" "$(signals clean safespawn -q -m posix_spawn)"
}

test_options_change_them() {
	like ignore '*SigIgn:	0000000000004001' "$(signals clean safespawn -q --ignore-signal=HUP,15)"
	like block '*SigBlk:	0000000000000200*' "$(signals clean safespawn -q --block-signal=SIGUSR1)"
	like "of two the later" '*SigIgn:	0000000000000001' \
		"$(signals clean safespawn -q --default-signal=HUP --ignore-signal=HUP,INT --default-signal=INT)"
	like default '*SigIgn:	0000000000000000' \
		"$(signals clean safespawn -q --ignore-signal=HUP safespawn -q --default-signal)"
	like "ignore all" '*SigIgn:	fffffffe7ffbfeff' "$(signals clean safespawn -q --ignore-signal)"
	like "block all" '*SigBlk:	fffffffe7ffbfeff*' "$(signals clean safespawn -q --block-signal)"
	like "CHLD" '*SigIgn:	0000000000010000' "$(signals clean safespawn -q --ignore-signal=CHLD)"
}

test_an_ignored_sigchld_loses_no_status() {
	status 7 clean safespawn -q --exec --ignore-signal=CHLD safespawn -q sh -c 'exit 7'
	status 124 clean safespawn -q --exec --ignore-signal=CHLD safespawn -q -t 0.1 sleep 20
}

test_works_when_everything_is_blocked() {
	status 7 safespawn -q --exec --block-signal safespawn -q sh -c 'exit 7'
	status 137 safespawn -q --exec --block-signal safespawn -q -t 0.5 -k 0.1 sleep 20
}

test_children_that_are_not_ours_do_no_harm() {
	status 7 sh -c 'sleep 0.1 & sleep 0.2 & exec safespawn -q sh -c "sleep 0.3; exit 7"'
}

# The shell's alarm(2) survives exec, and the command has none of its own
test_an_inherited_alarm_is_passed_on() {
	command -v perl >/dev/null || skip "perl isn't installed"
	status 142 perl -e 'alarm 1; exec "safespawn", "-q", "--default-signal", "sleep", "20"'
}

test_a_command_that_is_stopped_and_continued() {
	start safespawn -q -v "$HELPERS/ss_catch"
	command=$(sed -n 's/^ready //p' said)
	kill -STOP "$command"
	sleep 0.2
	kill -CONT "$pid"
	wait_for 'got 18'
	kill -TERM "$pid"
	ended 0
}

# dash unblocks all signals when it starts, bash doesn't
test_what_was_pending_before_the_launch_is_passed_on() {
	command -v bash >/dev/null || skip "bash isn't installed"
	status 0 clean safespawn -q --exec --block-signal=USR1,INT bash -c \
		'kill -USR1 $$; kill -INT $$; exec safespawn -q "$0" 10' "$HELPERS/ss_catch"
	like "what arrived" '*got 2
got 10' "$out"
}

# The child is held up at chdir, all signals blocked, while the whole group is ended
test_a_signal_to_the_group_in_the_set_up_prints_nothing() {
	command -v strace >/dev/null || skip "strace isn't installed"
	strace -o log true 2>err || skip "no process may be traced here: $(cat err)"
	safespawn -q --exec --default-signal setsid strace -f -o log -e trace=chdir -e inject=chdir:delay_enter=2000000 \
		safespawn -q -C / sleep 20 >out 2>err &
	pid=$!
	for _ in $(seq 1200); do
		! grep -q chdir log || break
		sleep 0.05
	done
	kill -TERM "-$pid"
	ended 143
	same "what it said" '' "$(cat out err)"
}

test_a_signal_is_rewritten() {
	start safespawn -q --rewrite-signal=TERM:QUIT,HUP:0 --rewrite-signal=USR1:USR2,RTMIN:RTMAX \
		--rewrite-signal=HUP:WINCH,INT:0 "$HELPERS/ss_catch" 3
	kill -INT "$pid"
	for pair in 1:28 10:12 34:64 14:14 15:3; do
		kill "-${pair%:*}" "$pid"
		wait_for "got ${pair#*:}\$"
	done
	ended 0
	same "what arrived" 'got 28,got 12,got 64,got 14,got 3' "$(grep got said | paste -sd , -)"
}

# What is left must not be killed, nor left, before it has cleaned up: it takes longer than -k
survives='trap "" HUP; (trap "sleep 1; echo cleaned >cleaned; exit" TERM; echo >rest
	while :; do sleep 0.05; done) >/dev/null 2>&1 & until [ -e rest ]; do sleep 0.05; done; '

test_who_was_not_told_to_end_is_not_killed() {
	start safespawn -q -t 1d -k 0.1 --rewrite-signal=TERM:0 sh -c \
		'echo ready; sleep 1; exit 3'
	kill -TERM "$pid"
	ended 3
	start sh -c 'trap "" HUP; exec safespawn -q -t 1d -k 0.1 sh -c "echo ready; sleep 1; exit 3"'
	kill -HUP "$pid"
	ended 3
}

test_who_is_told_to_end_and_does_not_is_killed() {
	for options in '' --setsid --setpgid '--rewrite-signal=TERM:INT'; do
		# shellcheck disable=SC2086	# options are words
		start safespawn -q -k 0.1 $options sh -c 'trap "" TERM INT; echo ready
			while :; do sleep 0.05; done'
		kill -TERM "$pid"
		ended 137
	done
	start safespawn -q -k 600 sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done'
	kill -TERM "$pid"
	ended 3
}

test_who_was_told_by_another_signal_is_killed() {
	for pair in USR1:TERM TERM:USR2; do
		start safespawn -q -t 1d -k 0.1 --rewrite-signal=$pair --ignore-signal=TERM,USR2 \
			sh -c 'echo ready; exec sleep 30'
		kill -"${pair%:*}" "$pid"
		ended 137
	done
}

test_signals_that_are_dropped_do_not_hurry_the_end_of_the_rest() {
	start sh -c 'trap "" HUP; exec safespawn -q --kill-tree -k 600 --rewrite-signal=TERM:0 sh -c "$1"' \
		sh "$survives"'echo ready'
	until_true [ -e rest ]
	for _ in 1 2 3; do
		kill -HUP "$pid"
		kill -TERM "$pid"
		sleep 0.1
	done
	ended 0
	same "what was left" cleaned "$(cat cleaned)"
}

test_a_signal_storm_is_survived() {
	start safespawn -q "$HELPERS/ss_catch"
	for _ in $(seq 300); do
		kill -USR1 "$pid"
		kill -WINCH "$pid"
	done
	kill -TERM "$pid"
	ended 0
}

test_a_signal_at_the_end_hangs_nothing() {
	for _ in $(seq 20); do
		safespawn -q --exec --default-signal safespawn -q true &
		kill -TERM $! 2>/dev/null
		wait $!
		case $? in
		0 | 143) ;;
		*) fail "status $?" ;;
		esac
	done
}

run_tests
