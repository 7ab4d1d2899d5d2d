#!/bin/sh
# SPDX-License-Identifier: MIT
# --kill-tree: what the command leaves running, wherever it has gone to.
# shellcheck disable=SC2016,SC2154,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# A caller in which every signal is at default and none is blocked
clean() {
	safespawn -q --exec --default-signal "$@"
}

# ended EXPECTED COMMAND...: its status, and that nobody holds its output any longer. A
# wait that isn't needed is longer than the patience here.
ended() {
	expected=$1
	shift
	{
		clean "$@"
		echo "status $?"
	} 2>err | timeout 30 cat >out || fail "somebody is left: $*"
	same "$*: $(cat err)" "status $expected" "$(tail -n 1 out)"
}

# A shell's function: its argument as a process of another session, without a parent
elsewhere='elsewhere() { (setsid sh -c "$1 & echo >started.$2" &); until [ -e started.$2 ]; do sleep 0.01; done; }; '

test_what_is_left_is_ended() {
	for options in '' --setsid --setpgid '-t 60' '-m posix_spawn'; do
		rm -f started.*
		# shellcheck disable=SC2086
		ended 3 safespawn -q --kill-tree -k 600 $options sh -c "$elsewhere"'
			elsewhere "sleep 60" 1; elsewhere "sleep 60 & sleep 60" 2; sleep 60 & exit 3'
	done
}

test_nothing_left_is_fine() {
	ended 3 safespawn -q --kill-tree -k 600 sh -c 'exit 3'
	ended 0 safespawn -q --kill-tree -k 600 sh -c 'true & wait'
	ended 127 safespawn -q --kill-tree no-such-command
	ended 143 safespawn -q --kill-tree sh -c 'sleep 60 & kill -TERM $$'
}

test_the_end_of_time_is_for_all() {
	ended 124 safespawn -q -t 0.5 --kill-tree -k 600 sh -c "$elsewhere"'elsewhere "sleep 60" 1; sleep 60'
	rm started.1
	ended 124 safespawn -q -t 0.5 --foreground --kill-tree -k 600 sh -c "$elsewhere"'
		elsewhere "sleep 60" 1; sleep 60'
}

test_time_to_clean_up_and_then_kill() {
	ended 0 safespawn -q --kill-tree -k 600 sh -c '
		sh -c "trap \"echo cleaned; exit\" TERM; echo >ready; while :; do sleep 0.05; done" &
		until [ -e ready ]; do sleep 0.01; done'
	same trap cleaned "$(head -n 1 out)"
	for number in TERM USR1 KILL; do
		rm -f started.*
		ended 0 safespawn -q --kill-tree -k 0.1 -s "$number" sh -c "$elsewhere"'
			trap "" TERM USR1; elsewhere "sleep 60" 1; sleep 60 &'
	done
}

test_stopped_ones_are_ended_too() {
	ended 0 safespawn -q --kill-tree -k 600 sh -c 'sh -c "kill -STOP \$\$; sleep 60" & until
		grep -q "State:.T" /proc/$!/status; do sleep 0.01; done'
}

# Nobody's list holds it for long: each is gone before its number is read again
comet() {
	printf '#!/bin/sh\n[ ! -e stop ] || exit\n"$0" &\n' >comet
	chmod +x comet
}

test_what_forks_and_ends_all_the_time_is_ended() {
	comet
	ended 0 safespawn -q --kill-tree -k 0.1 sh -c 'trap "" TERM; ./comet & sleep 0.2'
	: >stop
}

test_children_from_before_are_not_the_commands() {
	status 0 clean sh -c 'sleep 60 >/dev/null 2>&1 & echo $! >before
		exec safespawn -q --kill-tree -k 600 sh -c "sleep 60 & exit 0"'
	kill "$(cat before)" || fail "it was ended"
}

test_what_forks_and_ends_all_the_time_is_ended_beside_children_from_before() {
	comet
	for round in 1 2 3 4 5; do
		ended 0 sh -c 'sleep 60 >/dev/null 2>&1 & echo $! >before
			exec safespawn -q --kill-tree -k 0.1 sh -c "trap \"\" TERM; ./comet & sleep 0.2"'
		kill "$(cat before)" || fail "it was ended in round $round"
	done
	: >stop
}

# An orphan becomes a child of ours, whoever left it
test_orphans_of_those_from_before_are_not_the_commands() {
	status 0 clean sh -c 'sh -c "sleep 60 >/dev/null 2>&1 & echo \$! >before
			until [ -e go ]; do sleep 0.01; done" &
		until [ -s before ]; do sleep 0.01; done
		exec safespawn -q --kill-tree -k 600 sh -c ": >go
			until grep -q \"^PPid:.\$PPID\\$\" /proc/$(cat before)/status; do sleep 0.01; done
			sleep 60 & exit 0"'
	kill "$(cat before)" || fail "it was ended"
}

test_who_asks_again_does_not_wait_for_the_grace() {
	safespawn -q --exec --default-signal safespawn -q --kill-tree -k 600 sh -c '
		sh -c "trap \"echo >told\" TERM; echo >ready; while :; do sleep 0.05; done" &
		until [ -e ready ]; do sleep 0.01; done; exit 5' &
	pid=$!
	for _ in $(seq 1200); do
		[ ! -e told ] || break
		sleep 0.05
	done
	kill -TERM "$pid"
	for _ in $(seq 1200); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	! kill -0 "$pid" 2>/dev/null || fail "it waits"
	wait "$pid"
	same status 5 $?
}

test_who_may_not_be_ended_is_left() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	setpriv --bounding-set -kill true 2>err || skip "no capability can be dropped: $(cat err)"
	status 0 clean setpriv --bounding-set -kill safespawn -q --kill-tree -k 0.1 sh -c '
		setpriv --reuid 65534 --clear-groups sleep 60 >/dev/null 2>&1 & echo $! >left
		until grep -q "^Uid:.65534" /proc/$!/status && grep -q sleep /proc/$!/comm; do sleep 0.01; done'
	same message "safespawn: --kill-tree: $(cat left) is left: Operation not permitted" "$err"
	kill "$(cat left)"
}

# control_group: $group is a new one that all in it can be ended by
control_group() {
	root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	group=$(mktemp -d "${root:-/none}/spawnutil.XXXXXX" 2>err) || skip "no control group: $(cat err)"
	trap 'rmdir "$group"' EXIT
	[ -w "$group/cgroup.kill" ] || skip "no cgroup.kill before Linux 5.14"
	safespawn -q --cgroup="$group" true 2>err || skip "nobody may join a control group: $(cat err)"
}

test_a_control_group_is_joined() {
	control_group
	like "the command's" "*/${group##*/}" \
		"$(safespawn -q --cgroup="$group" grep '^0::' /proc/self/cgroup)"
	same ours '' "$(safespawn -q --cgroup="$group" sh -c 'grep "${0##*/}" /proc/$PPID/cgroup' "$group")"
}

test_a_control_group_is_ended_whoever_is_in_it() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	setpriv --bounding-set -kill true 2>err || skip "no capability can be dropped: $(cat err)"
	control_group
	status 0 clean setpriv --bounding-set -kill safespawn -q --kill-tree -k 0.1 --cgroup="$group" sh -c '
		setpriv --reuid 65534 --clear-groups sleep 60 >/dev/null 2>&1 & echo $! >left
		until grep -q "^Uid:.65534" /proc/$!/status && grep -q sleep /proc/$!/comm; do sleep 0.01; done'
	same message '' "$err"
	! kill -0 "$(cat left)" 2>/dev/null || fail "it is left"
}

test_a_control_group_that_was_ended_takes_the_next_command() {
	control_group
	for run in first second third; do
		ended 3 safespawn -q --kill-tree -k 0.1 --cgroup="$group" sh -c '
			trap "" TERM; sleep 60 & exit 3'
		status 0 safespawn -q --cgroup="$group" grep '^0::' /proc/self/cgroup
		like "after the $run" "*/${group##*/}" "$out"
	done
}

test_a_control_group_around_us_is_not_ended() {
	control_group
	status 3 clean sh -c 'echo 0 >"$0/cgroup.procs"; sleep 60 >/dev/null 2>&1 & echo $! >before
		exec safespawn -q --kill-tree -k 0.1 --cgroup="$0" \
			sh -c "trap \"\" TERM; sleep 60 & exit 3"' "$group"
	kill "$(cat before)" || fail "it was ended"
	until rmdir "$group" 2>/dev/null; do sleep 0.01; done
	trap - EXIT
}

test_without_cgroup_kill_they_are_ended_one_by_one() {
	mkdir group && : >group/cgroup.procs
	ended 3 safespawn -q --kill-tree -k 0.1 --cgroup=group sh -c 'trap "" TERM; sleep 60 & exit 3'
}

test_needs_proc() {
	[ -z "${SAN-}" ] || skip "a sanitizer needs /proc itself"
	unshare -m true 2>err || skip "no namespaces here: $(cat err)"
	status 125 unshare -m sh -c 'mount -t tmpfs none /proc && exec safespawn -q --kill-tree true'
	same message 'safespawn: --kill-tree needs /proc, to find processes' "$err"
}

run_tests
