#!/bin/sh
# SPDX-License-Identifier: MIT
# spawnaudit --fds: which descriptors would cross an exec, and who else holds them.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# shellcheck source-path=SCRIPTDIR source=audit.sh
. "$(dirname "$0")/audit.sh"

# hold [FILE]: sa_fds in the background, ready, its pid in $pid; killed at the end
hold() {
	"$HELPERS/sa_fds" "$@" >held 2>&1 </dev/null &
	pid=$!
	trap 'kill $pid' EXIT
	for _ in $(seq 600); do
		! grep -q '^ready' held || return 0
		sleep 0.1
	done
	fail "sa_fds: $(cat held)"
}

# fd WHAT: the number under which sa_fds holds it
fd() {
	sed -n "s/^$1 //p" held
}

# line WHAT: its line of the table in $out, blanks squeezed, without the number
line() {
	printf '%s\n' "$out" | sed 's/  */ /g' | sed -n "s/^ $(fd "$1") //p"
}

# expect WHAT PATTERN
expect() {
	like "$1" "$2" "$(line "$1")"
}

test_each_kind_is_named() {
	need
	hold
	status 1 spawnaudit --fds "$pid"
	like "the head" "$pid sa_fds: 20 open, 19 would cross an exec, 16 of them unexpected*" "$out"
	expect reader 'r crosses pipe pipe:\[*\]'
	expect writer 'w crosses pipe pipe:\[*\]'
	expect tcp "rw crosses socket socket:\\[*\\] tcp 127.0.0.1:$(fd port), listening"
	expect udp 'rw crosses socket socket:\[*\]*'
	expect unix 'rw crosses socket socket:\[*\] unix listener, listening'
	expect deleted 'w crosses file */deleted (deleted)'
	expect directory 'r crosses directory /'
	expect opath 'path crosses directory /'
	expect fifo 'rw crosses fifo */fifo'
	expect device 'rw crosses device /dev/null'
	expect eventfd 'rw crosses eventfd anon_inode:\[eventfd\]'
	expect epoll 'rw crosses epoll anon_inode:\[eventpoll\]'
	expect timerfd 'rw crosses timerfd anon_inode:\[timerfd\]'
	expect signalfd 'rw crosses signalfd anon_inode:\[signalfd\]'
	expect inotify 'r crosses inotify anon_inode:inotify'
	expect memfd 'rw crosses memfd /memfd:memory*'
	same "what exec closes" "" "$(line closes)"
	status 1 spawnaudit --fds --all "$pid"
	expect closes 'r closes file /etc/passwd'
}

test_expected_ones_are_no_finding() {
	need
	hold /etc/passwd
	status 1 spawnaudit --fds "$pid"
	status 0 spawnaudit --fds "--expect-fd=7,$(fd file)" "$pid"
	expect file 'r crosses file /etc/passwd'
	status 9 spawnaudit --fds --expect-fd=7 --error-exitcode=9 "$pid"
}

test_the_first_thread_has_ended_and_others_live() {
	need
	mkfifo shared
	exec 8<>shared
	hold "$PWD/shared" headless
	for _ in $(seq 600); do
		! grep -q '^State:.*Z' "/proc/$pid/status" || break
		sleep 0.1
	done
	status 1 spawnaudit --fds "$pid"
	like "the head" "$pid sa_fds: 4 open, 4 would cross an exec, 1 of them unexpected*" "$out"
	expect file "r crosses fifo */shared; also held by*"
	# and as one of those that hold a thing
	# shellcheck disable=SC2016
	status 1 spawnaudit --fds "$(exec sh -c 'echo $PPID')"
	like "who else holds it" "*/shared; also held by*$pid sa_fds reads*" "$out"
}

test_a_process_that_hands_nothing_on() {
	need
	hold none
	status 0 spawnaudit --fds "$pid"
	like "the head" "$pid sa_fds: 3 open, 3 would cross an exec, 0 of them unexpected*" "$out"
}

test_json_is_what_every_reader_takes_whatever_a_file_is_called() {
	need
	command -v python3 >/dev/null || skip "python3 isn't installed"
	name=$(printf 'a "b"\\\n\033\302\233\342\200\250 \303\244 \377\355\240\200.')
	: >"$name"
	hold "$PWD/$name"
	status 1 spawnaudit --fds --json "$pid"
	cp "$tmp/out" json
	LC_ALL=C.UTF-8 python3 - "$(fd file)" <<-'END' || fail "$out"
		import json, sys
		lines = [json.loads(line) for line in open("json", encoding="utf-8").read().splitlines()]
		assert [line["type"] for line in lines[-2:]] == ["descriptor", "descriptors"]
		name = [line["name"] for line in lines[:-1] if line["fd"] == int(sys.argv[1])][0]
		assert name.endswith("/a \"b\"\\\n\033\x9b\u2028 \xe4 " + 4 * "\ufffd" + "."), name
	END
}

test_wrong_words_are_answered_in_a_line_and_a_hint() {
	need
	for words in "" "-p x" "-p 1 x" "-p 1 --fds" "--fds" "--fds x" "--fds 0" \
		"--fds --expect-fd=x 1" "--fds --error-exitcode=256 1" "--fds --log=/nonesuch/x 1" "--nonesuch" \
		"--fail-on= true" "--no-stack true" "--all true" "--fds --verbose 1" "--fds --all-calls 1" \
		"--fds --fail-on=leak 1" "--stuck --all 1" "--stuck --expect-fd=3 1"; do
		# shellcheck disable=SC2086
		status 125 spawnaudit $words
		same "$words: lines" 1 "$(printf '%s\n' "$err" | grep -c '^spawnaudit: ')"
		same "$words: output" "" "$out"
		case $words in *--log=*) ;; *) hinted spawnaudit '*' ;; esac
	done
	status 125 spawnaudit --stuck --expect-fd=3 $$
	hinted spawnaudit "--expect-fd: only with COMMAND, -p, --watch and --fds"
}

run_tests
