#!/bin/sh
# SPDX-License-Identifier: MIT
# Copies of processes that hold a runtime with threads of its own: the founding
# case, a C host with a Go plugin that forks meanwhile, and Python's own fork.
# shellcheck disable=SC2317,SC3013	# lib.sh calls the tests; dash has -nt

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=audit.sh
. "$(dirname "$0")/audit.sh"
# shellcheck source-path=SCRIPTDIR source=plugin.sh
. "$(dirname "$0")/plugin.sh"

test_a_host_that_forks_while_the_go_runtime_runs() {
	need
	need_plugin
	commit "$plugin" "$HELPERS/sa_gohost"
	status 1 spawnaudit --stuck "$child"
	like "who forked" "$child sa_gohost: stuck: *a copy that $parent (sa_gohost) forked*\
threads here: 1, there now: *" "$out"
	like "the runtime" "*runtime mapped: Go, *sa_plugin.so*Go works with threads of its own: \
those of the parent aren't here*" "$out"
	# one of the ways in which Go waits, by the luck of the moment
	case $out in
	*"no thread is left here that could wake it"*"a futex of unknown owner"*) ;;
	*"it asks its runtime again and again"*"yields, or sleeps for less than a millisecond"*) ;;
	*) fail "what it waits for: $out" ;;
	esac
	like "where" "*stack of thread $child, stopped for a moment*runtime.*" "$out"
	[ "$(printf '%s\n' "$out" | wc -l)" -le 24 ] || fail "more than a screen: $out"
	status 1 spawnaudit --stuck --json "$child"
	like "JSON" "*\"runtimes\": \[{\"name\": \"Go\"*" "$out"
}

# The same, traced: who forked, among how many threads, with what in it, and where it waits
test_tracing_a_host_that_forks_while_the_go_runtime_runs() {
	need
	need_plugin
	trace_host
	same status 143 $?
	# Go waits in one of two ways, by the luck of the moment: both are found, as by --stuck
	like "the finding" "stuck: sa_gohost (*) forked with * threads (runtimes: Go);
  its child * waiting for what nobody gives any more: *:
  it *" \
		"$(grep -A 2 '^stuck: ' report)"
	grep -q ' fork_into_plugin at sa_gohost.c:\| main at sa_gohost.c:' report ||
		fail "no place: $(cat report)"
}

test_a_python_program_that_forks_while_a_thread_holds_a_lock() {
	need
	command -v python3 >/dev/null || skip "python3 isn't installed"
	cat >program.py <<-'END'
		import os, sys, threading, time, warnings

		warnings.simplefilter("ignore")
		lock = threading.Lock()
		threading.Thread(target=lambda: (lock.acquire(), time.sleep(300)), daemon=True).start()
		while not lock.locked():
		    time.sleep(0.01)
		child = os.fork()
		if child == 0:
		    lock.acquire()
		while open("/proc/%d/stat" % child).read().rpartition(") ")[2][0] != "S":
		    time.sleep(0.01)
		print("child %d\nparent %d\nready" % (child, os.getpid()), flush=True)
		os.waitpid(child, 0)
	END
	cat >program <<-END
		#!/bin/sh
		exec "$(python3 -c 'import sys; print(sys.executable)')" program.py
	END
	chmod 755 program
	commit "" ./program
	status 1 spawnaudit --stuck "$child"
	like "python" "$child python3*: stuck: *a copy that $parent*there now: 2*runtime mapped: CPython, *\
a futex of unknown owner*" "$out"
}

# Workers that are forked and live on, as Python's pools are: none is a finding.
test_workers_of_a_python_pool() {
	need
	command -v python3 >/dev/null || skip "python3 isn't installed"
	cat >pool.py <<-'END'
		import multiprocessing, time, warnings

		warnings.simplefilter("ignore")

		if __name__ == "__main__":
		    pool = multiprocessing.get_context("fork").Pool(3)
		    pool.map(abs, range(10))
		    time.sleep(1)
		    print("ready", *(child.pid for child in multiprocessing.active_children()), flush=True)
		    time.sleep(300)
	END
	python3 pool.py >held 2>&1 &
	pool=$!
	trap 'kill $pool $workers 2>/dev/null' EXIT
	for _ in $(seq 300); do
		! grep -q '^ready' held || break
		kill -0 "$pool" 2>/dev/null || skip "no pool here: $(tail -n 1 held)"
		sleep 0.1
	done
	workers=$(sed -n 's/^ready //p' held)
	[ "$(echo "$workers" | wc -w)" -eq 3 ] || fail "three workers: $(cat held)"
	# shellcheck disable=SC2086
	status 0 spawnaudit --stuck $workers
	same "verdicts" 3 "$(printf '%s\n' "$out" | grep -c ': not stuck: ')"
}

run_tests
