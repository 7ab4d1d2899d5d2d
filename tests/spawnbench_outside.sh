#!/bin/sh
# SPDX-License-Identifier: MIT
# Outside programs as methods: what they are told, what they must answer, and
# what is said of those that don't.

# shellcheck disable=SC2016,SC2317	# lib.sh calls the tests; the programs expand

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

# program NAME SCRIPT: makes ./NAME, which is called with a child and a count
program() {
	printf '#!/bin/sh\n%s\n' "$2" >"$1"
	chmod +x "$1"
}

# A good one: it launches, though its figures are made up
good() {
	program good 'for i in $(seq "$2"); do "$1" >/dev/null || exit; echo "$((i * 1000)) 9000000"; done'
}

# bench STATUS ARG...
bench() {
	expected_status=$1
	shift
	status "$expected_status" spawnbench --rounds=2 --launches=3 --methods=raw \
		--child="$BUILD/spawnbench-child" "$@"
}

# field N METHOD: of its first line in $out, where the medians stand
field() {
	printf '%s\n' "$out" | awk -v n="$1" -v method="$2" '$1 == method { print $n; exit }'
}

# launches METHOD: how many were counted
launches() {
	printf '%s\n' "$out" | awk -v method="$1" '$1 == method { n = $NF } END { print n }'
}

# refused MESSAGE SCRIPT: what is said of such a program
refused() {
	program bad "$2"
	bench 1 --exec-method=bad=./bad
	same "$2" "spawnbench: bad: $1" "$err"
}

test_figures_are_what_the_program_says() {
	program made_up 'for i in $(seq "$2"); do echo "7000 42500"; done'
	bench 0 --exec-method=made-up=./made_up
	same "returned" 7.00 "$(field 2 made-up)"
	same "exec" - "$(field 3 made-up)"
	same "reaped" 42.5 "$(field 4 made-up)"
	same "launches" 6 "$(launches made-up)"
}

test_dash_is_no_figure() {
	program silent 'for i in $(seq "$2"); do echo "- 42500"; done'
	bench 0 --exec-method=silent=./silent
	same "returned" - "$(field 2 silent)"
	same "reaped" 42.5 "$(field 4 silent)"
}

# Two launches of a turn aren't counted, as with other methods.
test_first_launches_of_a_turn_do_not_count() {
	program slow_first 'echo "- 900000000"; for i in $(seq 2 "$2"); do echo "- $i"; done'
	bench 0 --exec-method=slow=./slow_first
	like "max" "0.0?" "$(printf '%s\n' "$out" | awk '$1 == "slow" && NF > 8 { print $5 }')"
}

# Three of them are more nanoseconds than 64 bits hold, by two.
test_long_launches_are_not_a_short_turn() {
	program long 'for i in $(seq "$2"); do echo "- 6148914691236517206"; done'
	bench 0 --exec-method=long=./long
	same "per s" 0 "$(printf '%s\n' "$out" | awk '$1 == "long" && NF > 8 { print $9 }')"
}

test_it_is_told_the_child_and_the_count() {
	program tell 'echo "$# $1 $2" >>told; for i in $(seq "$2"); do echo "- 5"; done'
	cp "$BUILD/spawnbench-child" "it's \$a \"child\""
	status 0 spawnbench --rounds=2 --launches=3 --methods=raw --exec-method='tell=./tell' \
		--child="./it's \$a \"child\""
	same "arguments" "2 ./it's \$a \"child\"" "$(sed 's/ [0-9]*$//' told | sort -u)"
	same "once each turn, and before the first" "2 5 5" "$(sed 's/.* //' told | tr '\n' ' ' | sed 's/ $//')"
}

test_command_is_for_the_shell() {
	good
	mkdir sub
	bench 0 --exec-method='a=X=1 ./good' --exec-method='b=cd sub && ../good'
	same "launches" "6 6" "$(launches a) $(launches b)"
}

test_its_name_gives_no_orders_to_a_terminal() {
	good
	bench 0 --exec-method="$(printf '\033[31mred')=./good"
	same "launches" 6 "$(launches '?[31mred')"
}

test_it_may_be_the_baseline() {
	good
	bench 0 --exec-method=good=./good --baseline=good
	same "ratio" 1.00 "$(field 5 good)"
}

test_it_sees_the_variables_that_are_added() {
	good
	program count 'env | wc -l >>variables; exec ./good "$@"'
	bench 0 --exec-method=count=./count --env=0,100
	same "difference" 100 "$(sort -nu variables | tr '\n' ' ' | awk '{ print $2 - $1 }')"
}

test_what_a_parent_has_an_outside_program_has_not() {
	good
	for axis in --rss=1M --threads=1 --fds=1 --jobs=2; do
		bench 0 --exec-method=good=./good "$axis"
		like "$axis" "*good * an outside program has memory, threads and descriptors of its own*" "$out"
		same "$axis, raw" 1.00 "$(field 5 raw)"
	done
}

test_wrong_options() {
	for wrong in x = =x x=; do
		bench 2 --exec-method="$wrong"
		hinted spawnbench "--exec-method: '$wrong' isn't NAME=COMMAND"
	done
	bench 2 --exec-method=fork=true
	hinted spawnbench "--exec-method: 'fork' is a method of spawnbench's own"
}

test_a_child_with_arguments_is_not_for_outside_programs() {
	good
	status 0 spawnbench --rounds=1 --launches=1 --methods=raw --exec-method=good=./good \
		--child='true x'
	like "good" "*good * an outside program gives the child no arguments*" "$out"
}

test_bad_line_is_named() {
	how="isn't RETURNED (or -), a space and REAPED, not less, in nanoseconds"
	for line in 'hello' '1' '1 2 3' '-1 2' '2 1' '1  2' ' 1 2' '- -' '1 -' '1 2x' '1 99999999999999999999'; do
		refused "line 1: '$line' $how" "echo '$line'"
	done
	refused "line 2: '' $how" 'echo "1 2"; echo; echo "1 2"'
	refused "line 1: '1 2' $how" 'printf "1 2"'
	refused "line 1: '$(printf %063d 0)' $how" 'printf "%0200d\n" 7'
	refused "line 1: '1??[31m2' $how" 'printf "1\b\033[31m2\n"'
}

test_wrong_number_of_lines() {
	refused "0 of the 2 lines that were asked for" 'exit 0'
	refused "1 of the 2 lines that were asked for" 'echo 1 2'
	refused "line 3: '1 2' is one more than was asked for" \
		'for i in $(seq "$2") more; do echo 1 2; done'
}

test_its_end_is_looked_at() {
	refused "exit status 3 after 0 of the 2 lines that were asked for" 'exit 3'
	refused "exit status 3 after 2 of the 2 lines that were asked for" \
		'for i in $(seq "$2"); do echo 1 2; done; exit 3'
	bench 1 --exec-method='gone=kill -9 $$;'
	same "killed" "spawnbench: gone: killed by signal 9 after 0 of the 2 lines that were asked for" "$err"
	bench 1 --exec-method=gone=./nonesuch
	like "no such program" "*
spawnbench: gone: exit status 127 after 0 of the 2 lines that were asked for" "$err"
}

# stumbling COMMAND: makes ./stumbling, which does that in its third turn
stumbling() {
	good
	program stumbling 'echo >>turns; [ "$(wc -l <turns)" -lt 4 ] || { '"$1"'; }; exec ./good "$@"'
}

test_earlier_figures_are_kept() {
	stumbling 'echo 1 2; exit 1'
	bench 1 --rounds=3 --exec-method=stumbling=./stumbling
	same "message" "spawnbench: stumbling: exit status 1 after 1 of the 5 lines that were asked for" "$err"
	same "launches" 6 "$(launches stumbling)"
	[ "$(launches raw)" -ge 6 ] || fail "launches of raw: $(launches raw)"
}

gone() {
	[ ! -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"
}

# until_true COMMAND...: at most 60 s
until_true() {
	tries=1200
	until "$@"; do
		[ $((tries -= 1)) -gt 0 ] || fail "never: $*"
		sleep 0.05
	done
}

test_hang_is_ended_and_said() {
	stumbling 'echo 1 2; sleep 1000 & echo $! >hanging; wait'
	bench 1 --rounds=3 --timeout=5 --exec-method=stumbling=./stumbling
	like "message" "spawnbench: stumbling: *spawnbench-child: no launch ended for 5 s*" "$err"
	same "launches" 6 "$(launches stumbling)"
	until_true gone "$(cat hanging)"
}

test_what_a_bad_program_started_is_ended() {
	program bad 'sleep 1000 & echo $! >left; echo junk; wait'
	bench 1 --exec-method=bad=./bad
	like "message" "spawnbench: bad: line 1: 'junk' isn't *" "$err"
	until_true gone "$(cat left)"
}

test_interrupt_ends_it() {
	program hanging 'echo $$ >pid; sleep 1000 & echo $! >left; wait'
	safespawn -q --exec --leaks=allow --default-signal=INT \
		spawnbench --methods=raw --exec-method=hanging=./hanging --child="$BUILD/spawnbench-child" >out 2>err &
	bench=$!
	until_true test -s left
	kill -INT $bench
	wait $bench
	same "status" 130 "$?"
	until_true gone "$(cat pid)"
	until_true gone "$(cat left)"
}

# Those that can be built here: with a wrong line it wouldn't end well
test_peers_speak_the_protocol() {
	sh "$top/tests/peers/run.sh" "$BUILD" --rounds=1 --launches=2 >out 2>err ||
		fail "make bench-peers: $(cat err)"
	awk 'NF > 8 && $NF == 2 { print $1 }' out >measured
	[ "$(wc -l <measured)" -gt 3 ] || skip "none of the peers is installed"
}

run_tests
