#!/bin/sh
# SPDX-License-Identifier: MIT
# What spawnbench prints: every method, the ratio to the floor, crossed lists.

# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

METHODS="raw fork vfork posix_spawn spu spu-posix_spawn system spu_system"

# bench ARG...: few launches
bench() {
	status 0 spawnbench --rounds=2 --launches=3 "$@"
}

# field N METHOD: of the only line of that method in $out
field() {
	printf '%s\n' "$out" | awk -v n="$1" -v method="$2" '$1 == method { print $n }'
}

test_each_method_has_its_line() {
	bench --child="$BUILD/spawnbench-child"
	for method in $METHODS; do
		like "$method" '[0-9]*.[0-9]' "$(field 2 "$method")"
		like "$method, p90" '[0-9]*.[0-9]' "$(field 3 "$method")"
		same "$method, launches" 6 "$(field 6 "$method")"
	done
}

test_default_children_are_the_bare_one_and_true() {
	bench --methods=raw
	same "children" "$BUILD/spawnbench-child /bin/true" \
		"$(printf '%s\n' "$out" | awk '$1 == "child" { printf s $2; s = " " }')"
}

test_floor_is_one() {
	bench --child=/bin/true --methods=vfork,raw
	same "ratio of raw" 1.00 "$(field 4 raw)"
	like "ratio of vfork" '[0-9]*.[0-9][0-9]' "$(field 4 vfork)"
}

test_without_floor_there_is_no_ratio() {
	bench --child=/bin/true --methods=vfork
	same "ratio of vfork" - "$(field 4 vfork)"
}

test_method_may_stand_against_itself() {
	bench --child=/bin/true --methods=raw,raw,raw
	same "lines" 3 "$(printf '%s\n' "$out" | grep -c '^raw ')"
}

test_call_that_waits_has_no_blocked_time() {
	bench --child=/bin/true --methods=raw,system,spu_system
	same "system" - "$(field 5 system)"
	same "spu_system" - "$(field 5 spu_system)"
	like "raw" '[0-9]*.[0-9]' "$(field 5 raw)"
}

test_p90_is_not_below_the_median() {
	bench --child=/bin/true
	same "lines in disorder" "" "$(printf '%s\n' "$out" | awk '
		$6 ~ /^[0-9]+$/ && $3 + 0 < $2 + 0')"
}

test_head_names_machine_and_run() {
	bench --child=/bin/true --methods=raw --pin
	like "head" "machine *processor*memory*available*kernel *$(uname -r)*load*measured  2 rounds of 3 launches, pinned to processor [0-9]*, nice *" "$out"
}

test_lists_are_crossed() {
	bench --child=/bin/true --methods=raw --rss=0,1M --threads=0,2 --fds=0,5,6
	same "parents" "rss 0 MiB, 0 threads, 0 descriptors
rss 0 MiB, 0 threads, 5 descriptors
rss 0 MiB, 0 threads, 6 descriptors
rss 0 MiB, 2 threads, 0 descriptors
rss 0 MiB, 2 threads, 5 descriptors
rss 0 MiB, 2 threads, 6 descriptors
rss 1 MiB, 0 threads, 0 descriptors
rss 1 MiB, 0 threads, 5 descriptors
rss 1 MiB, 0 threads, 6 descriptors
rss 1 MiB, 2 threads, 0 descriptors
rss 1 MiB, 2 threads, 5 descriptors
rss 1 MiB, 2 threads, 6 descriptors" "$(printf '%s\n' "$out" | sed -n 's/^parent *//p')"
}

test_child_name_reaches_the_shell_as_it_is() {
	cp "$BUILD/spawnbench-child" "it's a \$(child)"
	bench --child="it's a \$(child)" --methods=raw,system,spu_system
	same "launches" 6 "$(field 6 spu_system)"
}

test_several_children_have_a_table_each() {
	bench --child=/bin/true --child="$BUILD/spawnbench-child" --methods=raw
	same "tables" 2 "$(printf '%s\n' "$out" | grep -c '^raw ')"
}

test_method_that_cannot_launch_says_why() {
	command -v strace >/dev/null || skip "strace isn't installed"
	[ -z "$SAN" ] || skip "sanitizers don't run under strace"
	status 0 strace -f -o log -e trace=vfork -e inject=vfork:error=EAGAIN \
		spawnbench --rounds=1 --launches=2 --child=/bin/true --methods=raw,vfork
	grep -q INJECTED log || skip "strace can't inject errors here"
	like "table" "*vfork *Resource temporarily unavailable" "$out"
	same "launches of raw" 2 "$(field 6 raw)"
}

run_tests
