#!/bin/sh
# SPDX-License-Identifier: MIT
# What the stall experiment does and prints. No figure is compared with a time
# but where one contains the other.

# shellcheck disable=SC2016,SC2317	# lib.sh calls the tests; their children expand

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# stall STATUS ARG...: a short one
stall() {
	expected_status=$1
	shift
	status "$expected_status" spawnbench --stall --rounds=2 --launches=4 --rate=50 --rss=4M "$@"
}

# child SCRIPT: makes ./child
child() {
	printf '#!/bin/sh\n%s\n' "$1" >child
	chmod +x child
}

# block TITLE: the lines below that one, up to the next empty one
block() {
	printf '%s\n' "$out" | awk -v title="$1" '
		index($0, title) == 1 { inside = 1; next }
		!NF { inside = 0 }
		inside'
}

# field BLOCK METHOD N: counted from behind the name
field() {
	block "$1" | sed -n "s/^$2  *//p" | awk -v n="$3" '{ print $n }'
}

# holds WHAT EXPRESSION: of awk
holds() {
	awk "BEGIN { exit !($2) }" || fail "$1: $2"
}

test_usual_methods_and_both_threads_have_their_lines() {
	stall 0
	same "lock" "fork vfork posix_spawn spu" \
		"$(block "lock held" | awk '{ printf s $1; s = " " }')"
	for thread in "memory writer" "lock taker"; do
		same "$thread" "no fork vfork posix_spawn spu" \
			"$(block "$thread" | awk '{ printf s $1; s = " " }')"
		same "$thread, without launches" 100.0 "$(field "$thread" "no launches" 4)"
	done
	like "head" "*stall     50 launches a second for 0.08 s, in each of 2 rounds*" "$out"
}

test_pauses_are_in_order_and_work_is_done() {
	stall 0
	for thread in "memory writer" "lock taker"; do
		for method in "no launches" fork vfork posix_spawn spu; do
			p50=$(field "$thread" "$method" 1) p99=$(field "$thread" "$method" 2)
			max=$(field "$thread" "$method" 3) kept=$(field "$thread" "$method" 4)
			holds "$thread, $method" \
				"0 <= $p50 && $p50 <= $p99 && $p99 <= $max && 0 < $max && $kept >= 0"
		done
	done
}

test_only_one_child_is_usual() {
	stall 0 --methods=spu
	same "children" "$BUILD/spawnbench-child" "$(printf '%s\n' "$out" | awk '$1 == "child" { print $2 }')"
}

test_json_and_csv_hold_the_same() {
	command -v python3 >/dev/null || skip "python3 isn't installed"
	stall 0 --methods=vfork,spu --rss=0,1M --json --csv=file.csv
	printf '%s\n' "$out" >file.json
	python3 - <<-'END' || fail "see above"
		import csv, json
		tables = json.load(open("file.json"))["tables"]
		rows = list(csv.DictReader(open("file.csv", newline="")))
		assert [table["parent"]["rss"] for table in tables] == [0, 1 << 20], tables
		methods = [method for table in tables for method in table["stall"]]
		assert [method["method"] for method in methods] == [None, "vfork", "spu"] * 2, methods
		assert len(rows) == len(methods), rows
		for row, method in zip(rows, methods):
		    assert row["method"] == (method["method"] or "no launches"), row
		    assert row["rate"] == "50", row
		    assert int(row["launches"]) == method["launches"], row
		    for part in "writer", "taker", "held":
		        for key, value in method[part].items():
		            cell = row[part + "_" + key]
		            assert value == (float(cell) if cell else None), (part, key, row)
	END
}

test_it_launches_as_often_as_it_says() {
	child 'echo >>launches'
	stall 0 --methods=vfork --child=./child
	said=$(field "lock held" vfork 5)
	holds "of 8 at most" "0 < $said && $said <= 8"
	same "with 3 to warm up" $((said + 3)) "$(wc -l <launches)"
}

# A launch that holds the lock so long is a pause of its taker. Not quite whole: it
# may have been off its processor with the lock released and its clock not read.
test_taker_waits_for_a_launch_that_holds_the_lock() {
	long
	child 'sleep 0.3'
	stall 0 --methods=system --child=./child --launches=1 --rate=1
	held=$(field "lock held" system 1) pause=$(field "lock taker" system 1)
	holds "the lock" "$held >= 300"
	holds "its taker" "$pause >= $held / 2"
}

# Each fork write-protects all pages, and all are written to before the next turn.
# A child looks at some time after its fork, so two turns have one for certain. They
# are too short for it unless they are waited for.
test_writer_goes_over_all_the_memory() {
	child 'cat /proc/$PPID/task/*/stat | awk "{ n += \$10 } END { print n }" >>faults'
	stall 0 --methods=fork --child=./child --rss=256M --launches=1 --rate=1000 \
		--rounds=3
	faults=$(sed -n '4p;6p' faults | tr '\n' ' ' | awk '{ print $2 - $1 }')
	same "launches" 6 "$(wc -l <faults)"
	holds "page faults in two turns" "$faults >= 65536"
}

test_two_threads_more_than_were_asked_for() {
	child 'ls /proc/$PPID/task | wc -l >>threads'
	stall 0 --methods=vfork --child=./child --threads=3 --rounds=1
	same "to warm up, and then more" "2 2" \
		"$(sort -nu threads | awk '{ n[NR] = $1 } END { print NR, n[2] - n[1] }')"
}

test_shapes_are_crossed() {
	stall 0 --methods=vfork --rss=0,1M --fds=0,5 --rounds=1
	same "tables" 4 "$(printf '%s\n' "$out" | grep -c '^lock held')"
}

# A rate that launches are too slow for doesn't make a turn longer than it should be.
test_slow_launches_are_fewer() {
	child 'sleep 0.1'
	stall 0 --methods=system --child=./child --rate=1000 --launches=300 --rounds=1
	launches=$(field "lock held" system 5)
	holds "launches" "0 < $launches && $launches <= 3"
}

test_what_goes_not_together_is_refused() {
	for other in --pin --jobs=2 --jobs=1,2 --baseline=fork --raw --plot=x.svg --compare=x; do
		stall 2 "$other"
		hinted spawnbench "--stall: not with --pin, --jobs, --baseline, --raw, --plot or --compare"
	done
	stall 2 --exec-method=x=true
	hinted spawnbench "--stall: outside programs don't launch from this process"
	status 2 spawnbench --rate=5
	hinted spawnbench "--rate: only with --stall"
	for rate in 0 1001 1.5 x ''; do
		status 2 spawnbench --stall --rate="$rate"
		hinted spawnbench "--rate: '$rate' isn't a number from 1 to 1000"
	done
}

test_child_that_fails() {
	child 'exit 3'
	for method in fork vfork posix_spawn spu system; do
		stall 1 --methods="$method" --child=./child
		same "$method" "spawnbench: $method: ./child: exit status 3" "$err"
	done
}

# On a busy machine a turn may have one launch only: as many rounds as it takes.
test_earlier_rounds_are_kept() {
	child 'echo >>count; [ "$(wc -l <count)" -lt 8 ]'
	stall 1 --methods=vfork --child=./child --rounds=1000
	same "message" "spawnbench: vfork: ./child: exit status 1" "$err"
	holds "launches" "$(field "lock held" vfork 5) >= 1"
}

test_hang_is_ended_and_said() {
	long
	child 'echo >>count; [ "$(wc -l <count)" -lt 8 ] || sleep 1000'
	stall 1 --methods=vfork --child=./child --rounds=1000 --timeout=5
	like "message" "spawnbench: vfork: ./child: no launch ended for 5 s*" "$err"
	holds "launches" "$(field "lock held" vfork 5) >= 1"
}

# Nothing is launched for longer than --timeout, and that is no hang.
test_waiting_for_the_next_launch_is_no_hang() {
	status 0 spawnbench --stall --rounds=1 --launches=1 --rate=1 --rss=1M --methods=vfork --timeout=0.5
}

test_interrupt_prints_what_there_is() {
	child 'echo >>count'
	safespawn -q --exec --leaks=allow --default-signal=INT \
		spawnbench --stall --methods=vfork --child=./child --rss=1M --rate=20 --launches=4 --rounds=1000 --time=0 >out 2>err &
	bench=$!
	tries=1200
	until [ -f count ] && [ "$(wc -l <count)" -gt 12 ]; do
		[ $((tries -= 1)) -gt 0 ] || fail "nothing is launched"
		sleep 0.05
	done
	kill -INT $bench
	wait $bench
	same "status" 130 "$?"
	out=$(cat out)
	holds "launches" "$(field "lock held" vfork 5) >= 4"
}

test_method_that_cannot_launch_says_why() {
	command -v strace >/dev/null || skip "strace isn't installed"
	[ -z "$SAN" ] || skip "sanitizers don't run under strace"
	status 0 strace -f -o log -e trace=vfork -e inject=vfork:error=EAGAIN \
		spawnbench --stall --rounds=1 --launches=2 --rss=1M --methods=spu,vfork
	grep -q INJECTED log || skip "strace can't inject errors here"
	like "vfork" "*Resource temporarily unavailable" "$(block "lock held" | grep '^vfork')"
	holds "launches of spu" "$(field "lock held" spu 5) >= 1"
}

run_tests
