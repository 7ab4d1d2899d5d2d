#!/bin/sh
# SPDX-License-Identifier: MIT
# As process 1 of a pid namespace, which a container's entry point is: orphans, statuses,
# signals, ^C. Beside Debian's tini and dumb-init where they are.
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# What the functions below print
no_orphan='none left'
all_statuses='0 7 255 129 143 137 134'
all_signals='status 0 got 1 got 2 got 3 got 10 got 12 got 14 got 28 got 15'
one_interrupt='status 0 got 2'

need_namespace() {
	unshare -pf --mount-proc true 2>err || skip "no pid namespace here: $(cat err)"
}

# first COMMAND...: as process 1, or below one that is
first() {
	unshare -pf --mount-proc "$@"
}

# prints FUNCTION EXPECTED INIT: its lines joined
prints() {
	same "$1, $3" "$2" "$("$1" "$3" </dev/null 2>&1 | tr '\n' ' ' | sed 's/ $//')"
}

# each FUNCTION EXPECTED: with safespawn before the command, however it launches
each() {
	need_namespace
	for init in 'safespawn -q' 'safespawn -q -t 60' 'safespawn -q -m posix_spawn'; do
		prints "$1" "$2" "$init"
	done
}

# What is called "orphan" in the namespace, zombies too, until there is none
none_left='
	for i in $(seq 300); do
		grep -qs orphan /proc/[0-9]*/comm || { echo none left; exit; }
		sleep 0.05
	done
	grep -ls orphan /proc/[0-9]*/comm | wc -l'

make_orphan() {
	printf '#!/bin/sh\nsleep "$1"\n' >orphan
	chmod +x orphan
}

orphans() {
	# shellcheck disable=SC2086
	first $1 sh -c 'for i in $(seq 200); do (./orphan 0.01 &); done;'"$none_left"
}

test_orphans_are_reaped() {
	make_orphan
	each orphans "$no_orphan"
}

heirs() {
	first sh -c './orphan 0 & ./orphan 0.5 & sleep 0.1; exec '"$1"' sh -c "$0"' "$none_left"
}

test_children_from_before_are_reaped() {
	make_orphan
	each heirs "$no_orphan"
}

statuses() {
	for end in 'exit 0' 'exit 7' 'exit 255' 'kill -HUP $$' 'kill -TERM $$' 'kill -KILL $$' 'kill -ABRT $$'; do
		# shellcheck disable=SC2086
		first $1 sh -c "ulimit -c 0; $end"
		echo $?
	done
}

test_statuses_are_a_shells() {
	each statuses "$all_statuses"
}

# wait_for WORD
wait_for() {
	for _ in $(seq 1200); do
		if grep -q "$1" said; then
			return
		fi
		sleep 0.05
	done
	fail "never said $1: $(cat said)"
}

# From outside: process 1 is spared only what comes from within
signals() {
	: >said
	# shellcheck disable=SC2086
	safespawn -q --exec --default-signal unshare -pf --mount-proc $1 "$HELPERS/ss_catch" >said &
	outer=$!
	wait_for ready
	for number in 1 2 3 10 12 14 28; do
		kill "-$number" "$(pgrep -P "$outer")"
		wait_for "^got $number\$"
	done
	kill -TERM "$(pgrep -P "$outer")"
	wait "$outer"
	echo "status $?"
	grep got said
}

test_signals_are_passed_on() {
	command -v pgrep >/dev/null || skip "pgrep isn't installed"
	each signals "$all_signals"
}

# busybox's ends of an interrupt itself
need_unshare() {
	knows unshare kill-child
}

# shellcheck disable=SC2086
interrupt() {
	printf '%s\n' 'expect ready' 'send \x03' 'expect got 2' |
		"$HELPERS/ss_pty" unshare -pf --mount-proc $1 "$HELPERS/ss_catch" 2 >typed
	echo "status $?"
	tr -d '\r' <typed | sed -n 's/.*got/got/p'
}

test_an_interrupt_of_the_terminal_arrives_once() {
	need_unshare
	each interrupt "$one_interrupt"
}

test_an_interrupt_of_the_terminal_ends_it() {
	need_namespace
	printf '%s\n' 'expect ready' 'send \x03' |
		"$HELPERS/ss_pty" unshare -pf --mount-proc safespawn -q "$HELPERS/ss_catch" 0 >typed
	same status 130 $?
}

# beside NAME INIT: what is asked of safespawn, others answer the same
beside() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
	command -v pgrep >/dev/null || skip "pgrep isn't installed"
	need_namespace
	make_orphan
	prints orphans "$no_orphan" "$2"
	prints heirs "$no_orphan" "$2"
	prints statuses "$all_statuses" "$2"
	prints signals "$all_signals" "$2"
	need_unshare
	prints interrupt "$one_interrupt" "$2"
}

test_tini_does_the_same() {
	beside tini 'tini --'
}

test_dumb_init_does_the_same() {
	beside dumb-init dumb-init
}

run_tests
