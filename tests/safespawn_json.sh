#!/bin/sh
# SPDX-License-Identifier: MIT
# --json: one object on one line, with the keys that the manual names.
# shellcheck disable=SC2016,SC2094,SC2317,SC3045	# $ for inner shells; a file is named twice, not
# read; the tests are called by name, in lib.sh; dash has ulimit -c

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_python() {
	python3 -c 'import json' 2>/dev/null || skip "python3 isn't installed"
}

# check TEXT EXPRESSION: of the one object o in it
check() {
	same "lines of $1" 1 "$(printf '%s\n' "$1" | wc -l)"
	printf '%s' "$1" >json
	LC_ALL=C.UTF-8 python3 - "$2" <<-'END' || fail "$2 of $1"
		import json, sys
		text = open("json", encoding="utf-8").read()
		assert len(text.splitlines()) == 1
		o = json.loads(text)
		json.dumps(o, ensure_ascii=False).encode("utf-8")	# fails for a surrogate alone
		assert eval(sys.argv[1])
	END
}

odd_name() {
	printf 'a "name"\\ with\n\t\037 \303\244\302\233\342\200\250 \377\300\200\355\240\200.'
}

test_audit_alone() {
	need_python
	name=$(odd_name)
	: >"$name"
	status 1 safespawn --json --audit 7>>"$name" 8<>"$name"
	same stderr '' "$err"
	check "$out" '[f["fd"] for f in o["leaks"] if f["fd"] in (7, 8)] == [7, 8] and o["open"] >= 5'
	check "$out" '{f["fd"]: f["access"] for f in o["leaks"]}[7] == "w"'
	check "$out" '{f["fd"]: f["append"] for f in o["leaks"]} == {**{f["fd"]: f["append"] for f in o["leaks"]}, 7: True, 8: False}'
	check "$out" '[f for f in o["leaks"] if f["fd"] == 8][0]["nonblock"] is False'
	check "$out" '[f["name"] for f in o["leaks"] if f["fd"] == 7][0].endswith(
		"/a \"name\"\\ with\n\t\x1f \xe4\x9b\u2028 " + 6 * "\ufffd" + ".")'
	safespawn --json --audit 7>>"$name" | LC_ALL=C tr -d '\000-\011\013-\037\177' >filtered
	same "control characters are escaped" "$(safespawn --json --audit 7>>"$name")" "$(cat filtered)"
}

test_audit_without_a_finding() {
	need_python
	set --
	# What the test itself has inherited is kept, as far as it still is when we look
	safespawn -q --json --audit true 2>found
	python3 -c 'import json; print(*(f["fd"] for f in json.load(open("found"))["leaks"]))' >fds
	# shellcheck disable=SC2046
	set -- $(sed 's/[0-9][0-9]*/--keep-fd=&/g' fds)
	status 0 safespawn --json --audit "$@"
	check "$out" 'o["leaks"] == [] and o["type"] == "audit"'
}

test_audit_before_a_command_is_on_stderr() {
	need_python
	status 3 safespawn -q --json --audit sh -c 'echo out; exit 3' 7</dev/null
	same stdout out "$out"
	check "$err" '{f["fd"]: f for f in o["leaks"]}[7] == {"fd": 7, "access": "r", "append": False,
		"nonblock": False, "name": "/dev/null"}'
}

test_stats() {
	need_python
	status 3 safespawn -q --json --stats sh -c 'echo $$; exit 3'
	check "$err" 'o["exit_status"] == 3 and o["signal"] is None and o["timed_out"] is False'
	check "$err" "o['pid'] == $out"
	check "$err" 'o["type"] == "stats" and o["exited"] == 3 and o["core"] is False'
	check "$err" 'sorted(o) == sorted("""type pid exit_status exited signal core timed_out launch_us
		wall_s user_s system_s max_rss_kib minor_faults major_faults voluntary_switches
		involuntary_switches""".split())'
	check "$err" '0 < o["launch_us"] / 1e6 <= o["wall_s"] and o["max_rss_kib"] > 0'
	status 124 safespawn -q --json --stats -t 0.5 sleep 10
	check "$err" 'o["exit_status"] == 124 and o["signal"] == "TERM" and o["timed_out"] is True'
	check "$err" 'o["exited"] is None'
}

test_status_fd() {
	need_python
	status 3 safespawn -q --status-fd=7 sh -c 'echo out; ls /proc/$$/fd >fds; exit 3' 7>line
	same "stdout and stderr" out "$out$err"
	check "$(cat line)" 'o["type"] == "status" and o["exited"] == o["exit_status"] == 3'
	! grep -qx 7 fds || fail "the command has it"
	status 0 safespawn -q --json --stats --status-fd=7 true 7>line
	same "the keys of --stats" "$(printf '%s\n' "$err" | tr ',' '\n' | sed 's/:.*//')" \
		"$(tr ',' '\n' <line | sed 's/:.*//')"
	status 0 safespawn -q --map-status=124:0 --status-fd=7 -t 0.5 sleep 10 7>line
	check "$(cat line)" 'o["exit_status"] == 0 and o["signal"] == "TERM" and o["timed_out"] and o["wall_s"] >= 0.05'
	status 137 safespawn -q --status-fd=7 sh -c 'kill -9 $$' 7>line
	check "$(cat line)" 'o["exited"] is None and o["exit_status"] == 137 and o["signal"] == "KILL"'
	status 3 safespawn -q --status-fd=2 sh -c 'exit 3'
	check "$err" 'o["exited"] == 3'
	status 127 safespawn -q --status-fd=7 no-such-command 7>line
	same "nothing launched, nothing told" '' "$(cat line)"
}

# A limit of 100 bytes on files: the first write is a short one
test_a_status_that_is_cut_off_is_told() {
	status 3 safespawn -q --exec --keep-fd=7 --rlimit=fsize=100 safespawn -q --status-fd=7 sh -c 'exit 3' 7>line
	same "bytes written" 100 "$(wc -c <line | tr -d ' ')"
	same message 'safespawn: --status-fd=7: File too large' "$err"
}

# leaves_core: a command that aborts does, without us
leaves_core() {
	python3 -c 'import os, sys
pid = os.spawnlp(os.P_NOWAIT, "sh", "sh", "-c", "kill -ABRT $$")
sys.exit(not os.WCOREDUMP(os.waitpid(pid, 0)[1]))'
}

test_status_tells_of_a_core() {
	need_python
	ulimit -c unlimited 2>/dev/null || skip "no core may be left here"
	export ASAN_OPTIONS="disable_coredump=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
	leaves_core || skip "the system leaves no core here"
	status 134 safespawn -q --status-fd=7 sh -c 'kill -ABRT $$' 7>line
	# others may have changed the system's mind meanwhile
	leaves_core || skip "the system leaves no core here any more"
	check "$(cat line)" 'o["core"] is True and o["signal"] == "ABRT"'
	ulimit -c 0
	status 134 safespawn -q --status-fd=7 sh -c 'kill -ABRT $$' 7>line
	check "$(cat line)" 'o["core"] is False and o["signal"] == "ABRT"'
}

# The reader of a pipe finds its end when safespawn has ended, whatever the command leaves behind
test_nothing_else_holds_the_descriptor_of_the_status() {
	need_python
	for leaks in close allow; do
		line=$(safespawn -q --leaks="$leaks" --status-fd=7 sh -c 'sleep 30 & echo $! >left' 7>&1 \
			</dev/null >/dev/null 2>&1)
		kill "$(cat left)" || fail "the read has waited for what the command left"
		check "$line" 'o["exited"] == 0'
	done
	same "unless it is given" 7 "$(safespawn -q --keep-fd=7 --status-fd=7 sh -c 'ls /proc/$$/fd' 7>line | grep -x 7)"
	status 0 safespawn -q -r '7>own' --status-fd=7 sh -c 'echo mine >&7' 7>line
	same "another one under its number" mine "$(cat own)"
	check "$(cat line)" 'o["exited"] == 0'
}

test_explain() {
	need_python
	status 0 safespawn -q --json --explain -C /tmp -r '1>file' PATH="/nowhere:$PATH" "A=$(odd_name)" \
		touch launched
	[ ! -e launched ] || fail "it was launched"
	check "$out" 'o["type"] == "explain" and o["method"] == "vfork" and o["file"] == "touch"'
	check "$out" '[s["call"] for s in o["steps"] if s["step"] == "chdir"] == ["chdir(\"/tmp\")"]'
	check "$out" 'o["steps"][0]["step"] == "clone" and o["steps"][-1]["step"] == "exec"'
	check "$out" 'o["candidates"][0] == {"path": "/nowhere/touch", "error": "No such file or directory"}'
	check "$out" 'o["candidates"][-1]["error"] is None and o["redirections"] == ["1>file"]'
	check "$out" '"kernel" not in o'
	status 0 safespawn -q --json --explain --exec true
	check "$out" 'o["method"] == "exec" and o["steps"][0]["step"] != "clone"'
	status 0 safespawn -q --json --explain -m posix_spawn --leaks=allow true
	check "$out" 'o["method"] == "posix_spawn" and all(s["step"] is None for s in o["steps"])'
}

test_explain_verbose_says_what_was_found() {
	need_python
	status 0 safespawn -q --explain -v true
	like text '*# found on this system:
#	*' "$out"
	lines=$(printf '%s\n' "$out" | sed '1,/^# found/d' | wc -l)
	status 0 safespawn -q --explain -v --json true
	check "$out" "len(o['kernel']) == $lines and all(isinstance(k, str) for k in o['kernel'])"
}

test_json_of_what() {
	status 125 safespawn --json true
	hinted safespawn '--json needs --audit, --stats or --explain'
}

run_tests
