#!/bin/sh
# SPDX-License-Identifier: MIT
# Ended early: what was measured is printed, nothing goes on running.

# shellcheck disable=SC2016,SC2317	# lib.sh calls the tests; their children expand

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# begin SIGNALS ARG...: spawnbench in the background, where a shell without job
# control ignores SIGINT; $pid. SIGNALS as safespawn(1) has them.
begin() {
	signals=$1
	shift
	# shellcheck disable=SC2086
	safespawn -q --exec --leaks=allow $signals spawnbench "$@" >out 2>err &
	pid=$!
}

# until_true COMMAND...: at most 60 s
until_true() {
	tries=1200
	until "$@"; do
		[ $((tries -= 1)) -gt 0 ] || fail "never: $*"
		sleep 0.05
	done
}

# child SCRIPT: makes ./child
child() {
	printf '#!/bin/sh\n%s\n' "$1" >child
	chmod +x child
}

# ended STATUS
ended() {
	wait "$pid"
	same "status" "$1" "$?"
}

gone() {
	[ ! -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

counted() {
	[ -f count ] && [ "$(wc -l <count)" -ge "$1" ]
}

test_interrupt_prints_what_there_is() {
	child 'echo >>count'
	begin --default-signal=INT --rounds=1000 --launches=1000 --time=0 --methods=raw,vfork \
		--child=./child
	until_true counted 40
	kill -INT "$pid"
	ended 130
	like "table" "*medians*raw *vfork *" "$(cat out)"
	same "message" "spawnbench: ended by signal 2: the last figures are of fewer launches" "$(cat err)"
	awk '($1 == "raw" || $1 == "vfork") && NF == 10 { n += $10 } END { exit !(n > 0 && n < 2000000) }' out ||
		fail "launches: $(cat out)"
}

test_earlier_tables_are_kept() {
	# the second table isn't done before the signal comes
	child 'echo >>count; [ "$(wc -l <count)" -lt 80 ] || sleep 1000'
	begin --default-signal=TERM --rounds=1 --launches=50 --methods=raw --threads=0,1 --child=./child
	until_true counted 80
	kill -TERM "$pid"
	ended 143
	same "tables" 2 "$(grep -c '^parent ' out)"
}

test_signal_while_the_picture_is_drawn() {
	mkdir bin
	cat >bin/gnuplot <<-'END'
		#!/bin/sh
		[ "$1" = --version ] && exit
		cat >script
		echo >drawing
		until [ -e go ]; do sleep 0.05; done
		echo picture
	END
	chmod +x bin/gnuplot
	PATH=$PWD/bin:$PATH
	for case in TERM.143 INT.130; do
		signal=${case%.*}
		rm -f drawing go
		begin --default-signal=$signal --rounds=1 --launches=1 --methods=raw \
			--child="$BUILD/spawnbench-child" --plot=x.png
		until_true test -e drawing
		kill -$signal "$pid"
		>go
		ended "${case#*.}"
		same "picture" picture "$(cat x.png)"
		same "message" "" "$(cat err)"
	done
}

test_child_that_hangs_is_killed_too() {
	child 'echo $$ $PPID >pids; sleep 1000'
	begin --default-signal=TERM --methods=system --child=./child
	until_true test -s pids
	kill -TERM "$pid"
	ended 143
	read -r hanging parent <pids
	until_true gone "$hanging"
	until_true gone "$parent"
}

test_nothing_outlives_a_killed_bench() {
	child 'echo $PPID >>pids'
	begin "" --rounds=1000 --launches=1000 --time=0 --methods=raw --child=./child
	until_true test -s pids
	kill -KILL "$pid"
	ended 137
	until_true gone "$(head -n 1 pids)"
}

test_ignored_interrupt_stays_ignored() {
	child 'echo >>count'
	begin --ignore-signal=INT --rounds=1 --launches=200 --methods=raw --child=./child
	until_true counted 20
	kill -INT "$pid"
	ended 0
	same "launches" 200 "$(awk '$1 == "raw" && NF == 10 { print $10 }' out)"
}

test_ignored_sigchld_takes_no_status_away() {
	status 0 safespawn -q --exec --leaks=allow --ignore-signal=CHLD \
		spawnbench --rounds=1 --launches=2 --child=/bin/true
	like "table" "*spu_system *" "$out"
}

run_tests
