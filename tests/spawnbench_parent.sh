#!/bin/sh
# SPDX-License-Identifier: MIT
# The parent is what it is said to be: a child looks at it.

# shellcheck disable=SC2016,SC2317,SC3045	# lib.sh calls the tests; their children expand; dash has ulimit -n

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# watch COMMAND: makes ./watch, a child that appends what COMMAND prints to ./seen
watch() {
	printf '#!/bin/sh\n{ %s; } >>seen 2>&1\n' "$1" >watch
	chmod +x watch
}

# seen: the distinct lines, in the order of numbers
seen() {
	sort -nu seen
}

bench() {
	status 0 spawnbench --rounds=1 --launches=1 --methods=raw --child=./watch "$@"
}

# between WHAT LOW HIGH NUMBER...: at least one number, all of them in there
between() {
	what=$1 low=$2 high=$3
	shift 3
	[ $# -gt 0 ] || fail "$what: nothing was seen"
	for number; do
		if [ "$number" -lt "$low" ] || [ "$number" -gt "$high" ]; then
			fail "$what: $number isn't between $low and $high"
		fi
	done
}

test_memory_is_resident() {
	watch 'sed -n "s/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p" /proc/$PPID/status'
	bench --rss=64M
	# shellcheck disable=SC2046
	between "VmRSS in kB" 65536 262144 $(seen)
}

test_memory_is_in_small_pages() {
	[ -r /proc/self/smaps_rollup ] || skip "no smaps_rollup"
	watch 'sed -n "s/^AnonHugePages:[^0-9]*\([0-9]*\) kB/\1/p" /proc/$PPID/smaps_rollup'
	bench --rss=64M
	# shellcheck disable=SC2046
	between "AnonHugePages in kB" 0 4096 $(seen)
}

test_memory_is_in_huge_pages() {
	[ -r /proc/self/smaps_rollup ] || skip "no smaps_rollup"
	if ! grep -qs 'always\]\|madvise\]' /sys/kernel/mm/transparent_hugepage/enabled; then
		same "refused" "spawnbench: --thp: no huge pages here" \
			"$(spawnbench --rss=64M --thp=yes 2>&1 | cut -d: -f1-3)"
		skip "no huge pages"
	fi
	watch 'sed -n "s/^AnonHugePages:[^0-9]*\([0-9]*\) kB/\1/p" /proc/$PPID/smaps_rollup'
	bench --rss=64M --thp=yes
	# shellcheck disable=SC2046
	between "AnonHugePages in kB" 62000 70000 $(seen)
}

test_threads_exist_and_sleep() {
	watch 'cat /proc/$PPID/task/*/stat | grep -c ") S "'
	bench --threads=20 --launches=20
	# The launching thread is seen in S or in another state; sanitizers have their own. Not
	# all have gone to sleep when the first child looks.
	between "sleeping threads" 20 24 "$(seen | tail -n 1)"
}

test_descriptors_are_open_and_close_on_exec() {
	watch 'ls /proc/$PPID/fd | wc -l; ls /proc/self/fd | wc -l >>own'
	bench --fds=200
	# shellcheck disable=SC2046
	between "the parent's" 203 210 $(seen)
	# shellcheck disable=SC2046
	between "the child's" 3 6 $(sort -nu own)
}

test_descriptors_without_close_on_exec() {
	watch 'ls /proc/self/fd | wc -l >>own'
	bench --fds=200 --cloexec=no
	# shellcheck disable=SC2046
	between "the child's" 203 210 $(sort -nu own)
}

test_method_that_refuses_such_a_parent_says_why() {
	status 0 spawnbench --rounds=1 --launches=1 --methods=raw,spu-fail --child=/bin/true \
		--fds=200 --cloexec=no
	like "table" "*spu-fail *descriptor*3*" "$out"
}

test_variables_are_added_to_the_environment() {
	watch 'env | grep -c "^SPAWNBENCH_0.*=0123456789a"; echo $KEPT >kept'
	KEPT=yes bench --env=1000
	same "variables" 1000 "$(seen)"
	same "the caller's" yes "$(cat kept)"
}

# Each launches on its own, all in one process.
test_jobs_are_threads() {
	watch 'ls /proc/$PPID/task | wc -l; echo $PPID >>parents'
	status 0 spawnbench --rounds=1 --launches=8 --methods=raw --child=./watch --jobs=4
	same "processes" 1 "$(sort -u parents | grep -c .)"
	# a sanitizer has one or two of its own
	between "threads, at most" 4 6 "$(seen | tail -n 1)"
}

test_descriptors_of_the_caller_do_not_count() {
	watch 'ls /proc/$PPID/fd | wc -l'
	bench 5</dev/null 7</dev/null 9</dev/null
	# shellcheck disable=SC2046
	between "the parent's" 3 7 $(seen)
}

test_soft_limit_of_descriptors_is_raised() {
	[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 600 ] || skip "hard limit below 600"
	watch 'ls /proc/$PPID/fd | wc -l'
	ulimit -Sn 100
	bench --fds=500
	# shellcheck disable=SC2046
	between "the parent's" 503 510 $(seen)
}

test_each_shape_is_a_process_of_its_own() {
	watch 'echo $PPID $(grep -c . /proc/$PPID/maps)'
	bench --rss=1M,0 --threads=0,1
	same "parents" 4 "$(cut -d' ' -f1 seen | sort -u | grep -c .)"
}

test_children_are_silenced_and_have_no_input() {
	watch 'readlink /proc/$PPID/fd/0; readlink /proc/$PPID/fd/1'
	bench
	same "0 and 1" /dev/null "$(sort -u seen)"
}

test_pinned_parent_pins_its_children() {
	watch 'sed -n "s/^Cpus_allowed_list:[^0-9]*//p" /proc/$PPID/status /proc/self/status'
	bench --pin
	like "processors" '[0-9]*' "$(seen)"
	same "different ones" 1 "$(seen | grep -c .)"
}

run_tests
