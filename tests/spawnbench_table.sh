#!/bin/sh
# SPDX-License-Identifier: MIT
# What spawnbench prints: every method, the ratio to the floor, crossed lists.

# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

CHILD=$BUILD/spawnbench-child
METHODS="raw fork _Fork vfork posix_spawn posix_spawn-closefrom spu spu-allow spu-fail spu-deadline
	spu-posix_spawn spu-posix_spawn-allow spu-posix_spawn-fail spu_posix_spawn system spu_system popen spu_popen"

# bench ARG...: few launches
bench() {
	status 0 spawnbench --rounds=2 --launches=3 "$@"
}

# column N METHOD, of the table of times: 2 returned, 3 exec, 4 reaped, 5 the ratio, 6- its interval
column() {
	printf '%s\n' "$out" | awk -v n="$1" -v method="$2" '
		/^[a-z].*, us/ { times = /^medians/ }
		times && $1 == method { print $n }'
}

# rest N METHOD, of the table below: 2 p10, 3 p90, 4 p99, 5 max, 6 user, 7 system, 8 faults, 9 per s, 10 launches
rest() {
	printf '%s\n' "$out" | awk -v n="$1" -v method="$2" '
		/^[a-z].*, us/ { rest = /^reaped/ }
		rest && $1 == method { print $n }'
}

test_each_method_has_its_line() {
	bench --child="$CHILD"
	for method in $METHODS; do
		like "$method, reaped" '[0-9]*[0-9]' "$(column 4 "$method")"
		like "$method, p90" '[0-9]*[0-9]' "$(rest 3 "$method")"
		same "$method, launches" 6 "$(rest 10 "$method")"
	done
	same "lines" "$(printf '%s' "$METHODS" | wc -w)" "$(printf '%s\n' "$out" | awk '
		/^reaped, us/ { lines = 1; next } !NF { lines = 0 } lines { n++ } END { print n }')"
}

# The child without libc says when it ran, through every method and a shell.
test_child_without_libc_says_when_it_runs() {
	bench --child="$CHILD" --methods=raw,fork,spu,spu-posix_spawn,system,popen,spu_popen
	printf '%s\n' "$out" | awk '
		/^[a-z].*, us/ { times = /^medians/; next }
		times && NF > 4 { n++; if ($3 + 0 <= 0 || $3 > $4) print }
		END { if (n != 7) print n " lines" }' >wrong
	[ ! -s wrong ] || fail "exec: $(cat wrong)"
	bench --child=/bin/true --methods=raw
	same "exec of a child that doesn't" - "$(column 3 raw)"
}

test_a_spawn_server_is_measured_when_it_is_named() {
	bench --child="$CHILD" --methods=raw,spu,spu-server --jobs=2
	same "launches" 8 "$(rest 10 spu-server)"
	like "spu-server, exec" '[0-9]*[0-9]' "$(column 3 spu-server)"
}

test_empty_launches_nothing() {
	command -v strace >/dev/null || skip "strace isn't installed"
	[ -z "$SAN" ] || skip "sanitizers don't run under strace"
	status 0 strace -f -o log -e trace=clone,clone3,fork,vfork,execve \
		spawnbench --rounds=1 --launches=20 --methods=empty --child=/bin/true
	same "programs" 1 "$(grep -c 'execve(' log)"
	same "processes" 1 "$(grep -c 'clone' log)"
	same "launches" 20 "$(rest 10 empty)"
}

test_default_children_are_the_bare_one_and_true() {
	bench --methods=raw
	same "children" "$BUILD/spawnbench-child /bin/true" \
		"$(printf '%s\n' "$out" | awk '$1 == "child" { printf s $2; s = " " }')"
}

test_floor_is_one() {
	bench --child=/bin/true --methods=vfork,raw
	same "ratio of raw" 1.00 "$(column 5 raw)"
	like "ratio of vfork" '[0-9]*.[0-9][0-9]' "$(column 5 vfork)"
}

test_without_floor_the_first_is_one() {
	bench --child=/bin/true --methods=vfork,spu
	same "ratio of vfork" 1.00 "$(column 5 vfork)"
	like "heading" "* x vfork *" "$out"
}

test_baseline_is_the_one_that_is_named() {
	bench --child=/bin/true --methods=raw,vfork,spu --baseline=spu
	same "ratio of spu" 1.00 "$(column 5 spu)"
	like "heading" "* x spu *" "$out"
}

test_interval_needs_rounds_and_holds_the_ratio() {
	bench --child="$CHILD" --methods=raw,vfork
	same "interval of two rounds" - "$(column 6 vfork)"
	like "doubt" "*too few rounds for an interval (all): at least --rounds=5*" "$out"
	status 0 spawnbench --rounds=8 --launches=5 --child="$CHILD" \
		--methods=raw,vfork,spu
	for method in vfork spu; do
		echo "$(column 6 $method) $(column 5 $method) $(column 8 $method)"
	done | awk '$1 <= $2 && $2 <= $3 { n++ } END { exit n != 2 }' || fail "$out"
	same "interval of raw" "1.00 1.00" "$(column 6 raw) $(column 8 raw)"
}

test_method_may_stand_against_itself() {
	bench --child=/bin/true --methods=raw,raw,raw
	same "lines" "1.00" "$(column 5 raw | head -n 1)"
	same "lines" 3 "$(column 5 raw | grep -c .)"
}

test_call_that_waits_has_no_time_of_return() {
	bench --child=/bin/true --methods=raw,system,spu_system
	same "system" - "$(column 2 system)"
	same "spu_system" - "$(column 2 spu_system)"
	like "raw" '[0-9]*[0-9]' "$(column 2 raw)"
}

test_quantiles_are_in_order() {
	bench --child=/bin/true
	same "lines in disorder" "" "$(printf '%s\n' "$out" | awk '
		/^reaped, us/ { lines = 1; next } !NF { lines = 0 }
		lines && ($2 > $3 || $3 > $4 || $4 > $5)')"
}

# Sharing memory costs the parent no page fault; a copy makes it fault.
test_faults_are_those_of_the_parent() {
	[ -z "$SAN" ] || skip "sanitizers fault where they like"
	bench --child="$CHILD" --methods=vfork,fork
	awk -v fork="$(rest 8 fork)" -v vfork="$(rest 8 vfork)" 'BEGIN { exit !(fork > vfork) }' ||
		fail "$out"
}

test_head_names_machine_and_run() {
	bench --child=/bin/true --methods=raw --pin
	like "head" "machine *processor*memory*available*kernel *$(uname -r)*limits *descriptors*measured  2 rounds of 3 launches, pinned to processor [0-9]*, nice *" "$out"
}

test_lists_are_crossed() {
	bench --child=/bin/true --methods=raw --rss=0,1M --thp=no,yes --fds=0,5 --jobs=1,2 --threads=3
	printf '%s\n' "$out" | sed -n 's/^parent *//p' >parents
	same "parents" 16 "$(sort -u parents | grep -c .)"
	same "the first" "rss 0, thp no, threads 3, fds 0, cloexec yes, env 0, jobs 1" \
		"$(head -n 1 parents)"
	same "the last" "rss 1M, thp yes, threads 3, fds 5, cloexec yes, env 0, jobs 2" \
		"$(tail -n 1 parents)"
}

# Each of the threads that launch at once has its part.
test_jobs_share_the_launches() {
	status 0 spawnbench --rounds=2 --launches=10 --jobs=1,4 --methods=raw,spu \
		--child="$CHILD"
	same "launches of spu" "20 24" "$(rest 10 spu | tr '\n' ' ' | sed 's/ $//')"
	same "exec is known" 4 "$({ column 3 raw && column 3 spu; } | grep -c '[0-9]')"
}

test_big_forks_have_a_group_of_their_own() {
	command -v strace >/dev/null || skip "strace isn't installed"
	[ -z "$SAN" ] || skip "sanitizers don't run under strace"
	for rss in 0 32M; do
		status 0 strace -f -o "log.$rss" -e trace=clone,vfork spawnbench --rounds=6 \
			--launches=1 --child=/bin/true --methods=fork,vfork --rss=$rss
	done
	# the last of the first method comes before the first of the other, or not
	turns() {
		sed -n 's/^\([0-9]*\) *\(clone\|vfork\)(.*/\2/p' "$1" | sed 1d | uniq | wc -l
	}
	[ "$(turns log.0)" -gt 4 ] || fail "not interleaved: $(cat log.0)"
	# warm-up, then vfork's rounds and fork's
	[ "$(turns log.32M)" -le 4 ] || fail "interleaved: $(cat log.32M)"
}

test_time_leaves_rounds_out() {
	printf '#!/bin/sh\nsleep 0.02\n' >slow
	chmod +x slow
	status 0 spawnbench --rounds=100 --launches=100 --time=1 --methods=raw --child=./slow
	like "doubt" "*fewer rounds than 100 for want of time (raw): a longer --time, or fewer --launches*" "$out"
	awk -v n="$(rest 10 raw)" 'BEGIN { exit !(n > 0 && n < 1000) }' || fail "$out"
}

test_child_name_reaches_the_shell_as_it_is() {
	cp "$CHILD" "it's a \$(child)"
	bench --child="./it's a \$(child)" --methods=raw,system,spu_system
	same "launches" 6 "$(rest 10 spu_system)"
}

test_child_name_gives_no_orders_to_a_terminal() {
	name=$(printf 'red\033[31m child')
	cp "$CHILD" "$name"
	for kind in --methods=raw,fork "--stall --rss=0 --rate=100"; do
		# shellcheck disable=SC2086
		status 0 spawnbench --rounds=1 --launches=1 $kind --child="./$name"
		same "$kind" "./red?[31m child" "$(printf '%s\n' "$out" | sed -n 's/^child *//p')"
	done
}

# The path and each argument are the same whoever launches: $0 of a script is the path.
test_child_of_the_path_gets_its_arguments_by_every_method() {
	mkdir bin
	printf '#!/bin/sh\nfor i in "$0" "$@"; do printf "<%%s>" "$i"; done >>seen; echo >>seen\n' \
		>bin/tell
	chmod +x bin/tell
	PATH=$PWD/bin:$PATH bench --child="tell a 'b  c' \"d'\\\$\" '' e\\ f \$g\"\"h"
	# shellcheck disable=SC2016
	same "arguments" "<$PWD/bin/tell><a><b  c><d'\$><><e f><\$gh>" "$(sort -u seen)"
	# shellcheck disable=SC2016
	same "child" "$PWD/bin/tell a 'b  c' 'd'\\''\$' '' 'e f' \$gh" \
		"$(printf '%s\n' "$out" | sed -n 's/^child *//p')"
	for method in $METHODS; do
		same "$method" 6 "$(rest 10 "$method")"
	done
}

test_child_is_looked_for_once() {
	command -v strace >/dev/null || skip "strace isn't installed"
	[ -z "$SAN" ] || skip "sanitizers don't run under strace"
	mkdir first second
	cp "$CHILD" second/bare
	PATH=$PWD/first:$PWD/second:$PATH status 0 strace -f -o log -e trace=execve spawnbench \
		--rounds=1 --launches=2 --child="bare 7" --methods=raw,posix_spawn,spu,system
	# shellcheck disable=SC2016
	same "tried in vain" "" "$(grep ENOENT log | grep bare)"
	[ "$(grep -c "execve(\"$PWD/second/bare\", \[\"$PWD/second/bare\", \"7\"\]" log)" -ge 8 ] ||
		fail "$(cat log)"
}

test_several_children_have_a_table_each() {
	bench --child=/bin/true --child="$CHILD" --methods=raw
	same "tables" 2 "$(column 4 raw | grep -c .)"
}

# delayed CALL MICROSECONDS METHOD: strace holds each such call of the children up
delayed() {
	command -v strace >/dev/null || skip "strace isn't installed"
	[ -z "$SAN" ] || skip "sanitizers don't run under strace"
	# the first execve is spawnbench's own
	status 0 strace -f -o log -e trace="$1" -e inject="$1:delay_enter=$2:when=1+" spawnbench \
		--rounds=1 --launches=5 --methods="$3" --child="$CHILD"
	# of exit_group there is nothing to be said afterwards
	[ "$1" = exit_group ] || grep -q DELAYED log || skip "strace can't delay here"
}

# at_least COLUMN MICROSECONDS METHOD, and the next columns too
at_least() {
	for n in $(seq "$1" 4); do
		awk -v got="$(column "$n" "$3")" -v least="$2" 'BEGIN { exit !(got >= least) }' ||
			fail "column $n: $out"
	done
}

# A child that waits before exec shows in all columns, for the caller waits with it...
test_delay_before_exec_is_seen_by_who_shares_memory() {
	for method in raw vfork spu; do
		delayed execve 1000 $method
		at_least 2 1000 $method
	done
}

# ...but for a copy's, which is on its own.
test_delay_before_exec_is_seen_in_exec_and_reaped() {
	delayed execve 1000 fork
	at_least 3 1000 fork
}

test_delay_at_the_end_is_seen_in_reaped() {
	delayed exit_group 1000 raw
	at_least 4 1000 raw
}

test_method_that_cannot_launch_says_why() {
	command -v strace >/dev/null || skip "strace isn't installed"
	[ -z "$SAN" ] || skip "sanitizers don't run under strace"
	status 0 strace -f -o log -e trace=vfork -e inject=vfork:error=EAGAIN \
		spawnbench --rounds=1 --launches=2 --child=/bin/true --methods=raw,vfork
	grep -q INJECTED log || skip "strace can't inject errors here"
	like "table" "*vfork *Resource temporarily unavailable*" "$out"
	same "launches of raw" 2 "$(rest 10 raw)"
}

run_tests
