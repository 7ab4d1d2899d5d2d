#!/bin/sh
# SPDX-License-Identifier: MIT
# Each system call of a launch, at each place, answers each error that it can
# give: the launch fails with that error, its step and text, or it finds another
# way; and it leaves nothing, and doesn't hang. What each call can answer, and
# what must come of it, is the table in helpers/fault_every.c.
#
# FAULTS_PERCENT=100 tries all of them; otherwise always the same quarter.
# shellcheck disable=SC2086,SC2317,SC3045	# options are words; lib.sh calls the tests; dash has ulimit -n

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

public_child
EVERY="$HELPERS/fault_every ${FAULTS_PERCENT:-25}"
LAUNCH="$HELPERS/fault_launch -t"

# every AT-LEAST MODE ARGUMENT...: so many calls are made, and what comes of their errors is right
every() {
	[ -z "$SAN$COV" ] || skip "an instrumented build makes calls of its own"
	least=$1 mode=$2
	shift 2
	said=$(timeout -k 5 200 $prefix $EVERY "$mode" $LAUNCH "$@" </dev/null 2>&1)
	code=$?
	[ "$code" -ne 77 ] || skip "no process may be traced here, or no filter set"
	[ "$code" -eq 0 ] || fail "$*: status $code: $said"
	like "$*" "*[0-9] calls, * 0 wrong" "$said"
	[ "${said%% *}" -ge "$least" ] || fail "$*: only $said"
	printf '%s: %s\n' "$*" "$said"
}

# The first launch of a process carries an error pipe, the second shares the table.
both() {
	every "$1" usual -N 1 $2 "$CHILD"
	every "$1" usual -N 2 $2 "$CHILD"
}

test_plain() {
	both 12 ""
	both 12 "-A"
}

test_process_steps() {
	both 18 "-C / -u -S -i"
	both 18 "-g -L -P -a -z -D"
}

test_descriptors() {
	both 18 "-g -n -m"
	both 16 "-l -k -n -m -A"
	both 18 "-x"
	both 20 "-B"
	both 20 "-F"
}

test_fetched_descriptors() {
	[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -gt 700 ] || skip "few descriptors"
	both 20 "-f"
}

test_a_terminal() {
	both 20 "-T"
	both 22 "-Y"
}

test_rights() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	both 35 "-R / -C /tmp -I -L -P -a -z -D"
	both 25 "-d -I"
}

test_detached() {
	both 18 "-d -C / -n"
}

test_waiting_with_a_timeout() {
	every 15 usual -N 2 -w 60000 /bin/sleep 0.02
}

# Without clone3 and close_range: handlers are reset, descriptors closed one by one.
test_by_hand() {
	ulimit -n 512
	prefix="$HELPERS/fault_filter clone3=ENOSYS close_range=ENOSYS --"
	every 80 by-hand -N 1 -l "$CHILD"
	every 80 by-hand -N 2 -l "$CHILD"
	every 80 by-hand -N 2 -d -x "$CHILD"
	every 50 by-hand -N 2 -A "$CHILD"
}

run_tests
