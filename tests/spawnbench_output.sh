#!/bin/sh
# SPDX-License-Identifier: MIT
# JSON, CSV, pictures and the terminal: what is there, and what can go wrong.

# shellcheck disable=SC2016,SC2317,SC3045	# lib.sh calls the tests; their children expand; dash has ulimit -f

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

CHILD=$BUILD/spawnbench-child

need() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
}

bench() {
	status 0 spawnbench --rounds=2 --launches=3 --methods=raw,fork,system --child="$CHILD" "$@"
}

# holds EXPRESSION: of the JSON object o in $out
holds() {
	printf '%s\n' "$out" >json
	python3 - "$1" <<-'END' || fail "$1: $out"
		import json, sys, time
		o = json.load(open("json"))
		t = o["tables"]
		assert eval(sys.argv[1])
	END
}

test_json_is_one_object_on_one_line() {
	need python3
	bench --json --rss=0,1M --cloexec=no
	same "lines" 1 "$(printf '%s\n' "$out" | wc -l)"
	holds 'o["program"] == "spawnbench" and o["measured"]["rounds"] == 2 and o["measured"]["launches"] == 3'
	holds 'o["machine"]["processors"] > 0 and o["machine"]["kernel"] and o["machine"]["libc"]'
	holds 'o["machine"]["host"] == "'"$(uname -n)"'"'
	holds 'time.strptime(o["measured"]["date"], "%Y-%m-%dT%H:%M:%SZ")'
	holds 'o["limits"]["descriptors"] is None or o["limits"]["descriptors"] > 0'
	holds '[x["parent"]["rss"] for x in t] == [0, 1048576]'
	holds 't[0]["parent"] == {"rss": 0, "thp": False, "threads": 0, "fds": 0, "cloexec": False, "env": 0, "jobs": 1}'
	holds '[m["method"] for m in t[0]["methods"]] == ["raw", "fork", "system"]'
	holds 'len(t[1]["load"]) == 3 and t[1]["seconds"] > 0 and t[1]["baseline"] == "raw" and t[1]["doubts"]'
}

test_json_has_every_figure() {
	need python3
	bench --json
	holds 'all(m["launches"] == 6 and m["rounds"] == 2 and m["error"] is None for m in t[0]["methods"])'
	holds 'all(set(m["reaped_us"]) == {"p10", "p50", "p90", "p99", "max", "mean"} for m in t[0]["methods"])'
	holds 'all(0 < m["exec_us"]["p10"] <= m["exec_us"]["p50"] <= m["exec_us"]["max"] for m in t[0]["methods"])'
	holds '[m["returned_us"] is None for m in t[0]["methods"]] == [False, False, True]'
	holds 'all(m["per_second"] > 0 and m["faults"] >= 0 and m["user_us"] + m["system_us"] >= 0 for m in t[0]["methods"])'
	holds 't[0]["methods"][0]["ratio"] == 1 and t[0]["methods"][1]["ratio_low"] is None'
	holds 'not any("samples" in m for m in t[0]["methods"])'
}

test_json_says_why_a_method_cannot_launch() {
	need python3
	status 0 spawnbench --json --rounds=1 --launches=1 --methods=raw,spu-fail --fds=20 \
		--cloexec=no --child="$CHILD"
	holds 't[0]["methods"][1]["error"] and t[0]["methods"][1]["launches"] == 0 and t[0]["methods"][1]["ratio"] is None'
}

test_json_with_samples() {
	need python3
	status 0 spawnbench --json --raw --rounds=2 --launches=4 --jobs=2 --methods=raw,system \
		--child="$CHILD"
	holds '[s[:2] for s in t[0]["methods"][0]["samples"]] == [[r, j] for r in (0, 1) for j in (0, 0, 1, 1)]'
	holds 'all(0 < s[3] < s[4] for s in t[0]["methods"][0]["samples"])'
	holds 'all(s[2] is None for s in t[0]["methods"][1]["samples"])'
	holds 'max(s[4] for s in t[0]["methods"][0]["samples"]) == t[0]["methods"][0]["reaped_us"]["max"]'
}

test_json_ends_well_when_it_is_interrupted() {
	need python3
	printf '#!/bin/sh\necho >>count\n' >counting
	chmod +x counting
	safespawn -q --exec --leaks=allow --default-signal=INT spawnbench --json --rounds=1000 --time=0 --methods=raw \
		--child=./counting >json.out 2>err &
	pid=$!
	tries=1200
	until [ -f count ] && [ "$(wc -l <count)" -gt 30 ]; do
		[ $((tries -= 1)) -gt 0 ] || fail "it doesn't begin"
		sleep 0.05
	done
	kill -INT "$pid"
	wait "$pid"
	same "status" 130 $?
	out=$(cat json.out)
	holds 't[0]["methods"][0]["launches"] > 0'
}

# old EXPRESSION: old.json is that of a run of 6 rounds, whose object o the expression changes
old() {
	need python3
	[ -e made.json ] || spawnbench --rounds=6 --launches=3 --methods=raw,vfork \
		--child="$CHILD" --json >made.json || fail "no old run"
	python3 - "$1" <<-'END' || fail "$1"
		import json, sys
		o = json.load(open("made.json"))
		t = o["tables"][0]
		exec(sys.argv[1])
		json.dump(o, open("old.json", "w"), indent=1)
	END
}

# compared STATUS ARG...
compared() {
	expected_status=$1
	shift
	status "$expected_status" spawnbench --rounds=6 --launches=3 --methods=raw,vfork \
		--child="$CHILD" --compare=old.json "$@"
}

# Rounds that took a thousandth, or a thousand times as long, are so under any load.
test_comparison_with_an_old_run() {
	old 'for m in t["methods"]: m["rounds_us"] = [x / 1000 for x in m["rounds_us"]]'
	compared 0
	printf '%s\n' "$out" | awk '/^reaped, x old/ { lines = 1; next } !NF { lines = 0 }
		lines && $2 > 10 && $3 <= $2 && $2 <= $5 && $4 == "to" { n++ } END { exit n != 2 }' ||
		fail "$out"
	compared 3 --compare-threshold=50
	old 'for m in t["methods"]: m["rounds_us"] = [x * 1000 for x in m["rounds_us"]]'
	compared 0 --compare-threshold=0
	case $out in
	*"figures are of another machine"*) fail "doubt: $out" ;;
	esac
}

test_one_slower_method_is_enough() {
	old 't["methods"][0]["rounds_us"] = [1e9] * 6; t["methods"][1]["rounds_us"] = [0.5] * 6'
	compared 3 --compare-threshold=1000
}

test_comparison_without_intervals() {
	old 'for m in t["methods"]: m["rounds_us"] = [0.001, None]'
	compared 3 --compare-threshold=1000
	printf '%s\n' "$out" | awk '/^reaped, x old/ { lines = 1; next }
		lines && $3 == "-" { n++ } END { exit n != 2 }' || fail "$out"
}

test_comparison_with_a_method_that_could_not_launch() {
	old 't["methods"][1]["rounds_us"] = [None] * 6; t["methods"][1]["error"] = "no"'
	compared 0 --compare-threshold=1000000
	printf '%s\n' "$out" | awk '/^reaped, x old/ { lines = 1; next }
		lines && $1 == "vfork" && $2 == "-" { n++ } END { exit n != 1 }' || fail "$out"
}

test_comparison_with_another_machine_is_doubted() {
	old 'o["machine"]["host"] = "elsewhere"'
	compared 0
	like "doubt" "*the old figures are of another machine (host elsewhere, now $(uname -n))*" "$out"
}

# not_compared MESSAGE CHANGE ARG...: nothing is measured
not_compared() {
	message=$1
	old "$2"
	shift 2
	compared 1 "$@"
	like "$*" "spawnbench: --compare: old.json: $message" "$err"
	same "output" "" "$out"
}

test_comparison_with_a_run_of_other_parameters() {
	not_compared "it has no parent with --fds=5 and all else the same" '0' --fds=5
	not_compared "it has no parent with --thp=no and all else the same" 't["parent"]["thp"] = True'
	not_compared "it has no parent with --env=0 and all else the same" 'del t["parent"]["env"]'
	not_compared "there is no child * in it" 't["child"] = "/bin/false"'
	not_compared "it has no method 'vfork', or no rounds of it" 'del t["methods"][1]'
	not_compared "it has no method 'raw', or no rounds of it" 'del t["methods"][0]["rounds_us"]'
	for rounds in '[]' '[None]' '["a"]' '[0, -1, None]'; do
		not_compared "it has no method 'vfork', or no rounds of it" \
			"t['methods'][1]['rounds_us'] = $rounds" --compare-threshold=50
	done
	not_compared "it was pinned to a processor, this isn't (--pin)" 'o["measured"]["processor"] = 0'
	not_compared "it wasn't pinned to a processor, this is (--pin)" '0' --pin
	not_compared "it was of another priority (nice) than this" 'o["measured"]["nice"] = 7'
}

test_comparison_with_what_is_not_ours() {
	ours="not what spawnbench --json writes"
	not_compared "$ours" 'o["program"] = "hyperfine"'
	not_compared "$ours" 'o["tables"] = 5'
	not_compared "$ours" 'del o["measured"]'
	not_compared "$ours" 'o = [o]'
	compared_text() {
		printf "$1" >old.json
		compared 1
		same "$1" "spawnbench: --compare: old.json: $ours" "$err"
	}
	for text in '' '{' '[1,]' '{"a" 1}' '{"a":1,}' 'nul' '01' '1.' '"\\x"' '"\\u12"' '"\\ud800"' \
		'"a' '{"program": "spawnbench"} x' '{"program": "spawnbench"}\0' '-' '1e' "\"a\tb\"" \
		"$(printf '%0100d' 0 | tr 0 '[')" '{1: 2}' '+1' '"\\u0000"'; do
		compared_text "$text"
	done
	rm old.json
	compared 1
	same "no file" "spawnbench: --compare: old.json: No such file or directory" "$err"
	mkdir old.json
	compared 1
	same "a directory" "spawnbench: --compare: old.json: Is a directory" "$err"
}

# Cut off anywhere it is no JSON; and nothing that is changed in it makes it crash.
test_comparison_with_a_damaged_file() {
	old 0
	cp old.json whole
	size=$(wc -c <whole)
	for i in 1 2 3 5 7 11 13 17 19 23 29; do
		head -c $((size * i / 30)) whole >old.json
		compared 1
		same "cut off at $i" \
			"spawnbench: --compare: old.json: not what spawnbench --json writes" "$err"
		{ head -c $((size * i / 30)) whole && printf '"' && tail -c +$((size * i / 30 + 2)) whole; } >old.json
		spawnbench --rounds=1 --launches=1 --methods=raw --child="$CHILD" --compare=old.json \
			>out 2>err
		[ $? -le 1 ] || fail "a quote at $i: $(cat err)"
	done
}

test_comparison_is_for_tables() {
	for other in --json --csv=-; do
		status 2 spawnbench --compare=old.json $other
		hinted spawnbench "--compare: not with --json or --csv=-, it is for the tables"
	done
	status 2 spawnbench --compare-threshold=5
	hinted spawnbench "--compare-threshold: only with --compare"
	status 2 spawnbench --compare=x --compare-threshold=5%
	hinted spawnbench "--compare-threshold: '5%' isn't a number from 0 to 1000000"
}

# columns FILE: how many each line has, without quoted commas
columns() {
	tr -d '\r' <"$1" | awk -F, '{ print NF }' | sort -u
}

# cell FILE LINE NAME
cell() {
	tr -d '\r' <"$1" | awk -F, -v line="$2" -v name="$3" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) n = i }
		NR == line { print n ? $n : "no such column" }'
}

test_csv_has_a_line_for_each_method() {
	bench --csv=figures.csv --rss=0,1M
	same "lines" 7 "$(wc -l <figures.csv)"
	same "columns" 1 "$(columns figures.csv | wc -l)"
	same "method" fork "$(cell figures.csv 3 method)"
	same "rss" 1048576 "$(cell figures.csv 5 rss)"
	same "thp" no "$(cell figures.csv 5 thp)"
	same "launches" 6 "$(cell figures.csv 7 launches)"
	same "kernel" "$(uname -r)" "$(cell figures.csv 7 kernel)"
	same "host" "$(uname -n)" "$(cell figures.csv 7 host)"
	like "date" "$(date -u +%Y)-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z" \
		"$(cell figures.csv 7 date)"
	like "p99" '[0-9]*.[0-9][0-9][0-9]' "$(cell figures.csv 2 reaped_us_p99)"
	same "return of system" "" "$(cell figures.csv 4 returned_us_p50)"
	same "ratio of raw" 1.000 "$(cell figures.csv 2 ratio)"
	like "the tables too" "*medians*" "$out"
}

test_csv_has_a_line_for_each_launch() {
	status 0 spawnbench --rounds=3 --launches=4 --jobs=2 --methods=raw,fork --child=/bin/true \
		--csv=samples.csv --raw
	same "lines" 25 "$(wc -l <samples.csv)"
	same "columns" 1 "$(columns samples.csv | wc -l)"
	same "the last" "fork 2 1 1" "$(for name in method round job launch; do
		cell samples.csv 25 "$name"; done | tr '\n' ' ' | sed 's/ $//')"
	same "exec isn't known" "" "$(cell samples.csv 25 exec_us)"
	like "reaped" '[0-9]*.[0-9]*' "$(cell samples.csv 25 reaped_us)"
}

test_csv_quotes_what_it_must() {
	cp "$CHILD" 'a "child", odd'
	status 0 spawnbench --rounds=1 --launches=1 --methods=raw --child='./a "child", odd' --csv=x.csv
	grep -q '"\./a ""child"", odd"' x.csv || fail "$(cat x.csv)"
}

test_csv_on_stdout_stands_alone_there() {
	for kind in "" --raw --stall; do
		# shellcheck disable=SC2086
		status 0 spawnbench --rounds=2 --launches=3 --methods=raw,fork --child="$CHILD" \
			--rss=0 --csv=- $kind
		printf '%s\n' "$out" >x.csv
		like "$kind: head" "version,date,host,*" "$(head -n 1 x.csv)"
		same "$kind: columns" 1 "$(columns x.csv | wc -l)"
	done
	[ ! -e ./- ] || fail "a file of that name"
	[ -c /dev/full ] || skip "no /dev/full"
	status 1 sh -c 'spawnbench --rounds=1 --launches=1 --methods=raw --csv=- >/dev/full'
	same "full" "spawnbench: stdout: No space left on device" "$err"
}

test_stdout_holds_one_format() {
	status 2 spawnbench --csv=- --json
	hinted spawnbench "--csv=-, --json: only one of them fits on stdout"
}

test_csv_that_cannot_be_written() {
	status 1 spawnbench --rounds=1 --launches=1 --methods=raw --csv=/nonexistent/x.csv
	same "no directory" "spawnbench: --csv: /nonexistent/x.csv: No such file or directory" "$err"
	same "nothing is measured" "" "$out"
	[ -c /dev/full ] || skip "no /dev/full"
	status 1 spawnbench --rounds=1 --launches=1 --methods=raw --csv=/dev/full
	same "full" "spawnbench: --csv: /dev/full: No space left on device" "$err"
}

test_csv_holds_no_message_when_stderr_is_closed() {
	printf '#!/bin/sh\nexit 3\n' >three
	chmod +x three
	status 1 sh -c 'exec "$@" 0<&- 2>&-' - spawnbench --rounds=1 --launches=1 --methods=raw \
		--child=./three --csv=x.csv
	same "lines" 1 "$(wc -l <x.csv)"
	like "head" "version,*" "$(cat x.csv)"
}

# A file that may not grow is a disk that fills up in the middle.
test_tables_are_kept_when_the_csv_file_is_full() {
	sh -c 'trap "" XFSZ; ulimit -f 1; "$@" 2>err; echo $? >status' - spawnbench --rounds=2 \
		--launches=20 --methods=raw,fork --child="$CHILD" --csv=x.csv --raw | cat >out
	same "status" 1 "$(cat status)"
	same "message" "spawnbench: --csv: x.csv: File too large" "$(cat err)"
	like "table" "*medians*raw *fork *launches*" "$(cat out)"
	[ -s x.csv ] || fail "nothing was written"
}

test_a_full_stdout_is_told_once() {
	for format in "" --json --csv=- "--csv=- --raw" "--json --csv=/dev/null"; do
		# shellcheck disable=SC2086
		status 1 sh -c 'trap "" XFSZ; ulimit -f 1; exec "$@" >figures' - spawnbench \
			--rounds=2 --launches=20 --methods=raw,fork,vfork --threads=0,1 --child="$CHILD" \
			$format
		same "$format" "spawnbench: stdout: File too large" "$err"
	done
}

# One write of several fails, as where room is made in the meantime.
test_a_hole_in_the_csv_file_is_told() {
	need strace
	[ -z "${SAN-}" ] || export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS-}"	# not under strace
	>x.csv
	status 1 strace -o log -e trace=write -P "$PWD/x.csv" \
		-e inject=write:error=ENOSPC:when=3 spawnbench --rounds=2 --launches=20 \
		--methods=raw,fork --child="$CHILD" --csv=x.csv --raw
	same "message" "spawnbench: --csv: x.csv: No space left on device" "$err"
	like "writes" "*INJECTED*= 4096*" "$(cat log)"
}

test_raw_needs_somewhere_to_go() {
	status 2 spawnbench --raw
	hinted spawnbench "--raw: needs --csv or --json, the tables have no samples"
}

test_picture_as_svg_names_axes_units_and_methods() {
	need gnuplot
	bench --plot=x.svg --threads=0,1,50
	same "stderr" "" "$err"
	for text in 'idle threads of the parent' 'time until reaped \[µs\]' '>fork<' '>raw<' \
		'launches that took no longer \[%\]' 'spawnbench-child: distribution'; do
		grep -q "$text" x.svg || fail "no $text in it"
	done
	grep -q '>50<' x.svg || fail "no tick where something was measured"
}

# What the script says is what is drawn: the terminal is gnuplot's, "dumb" for a test.
script() {
	mkdir -p bin
	printf '#!/bin/sh\n[ "$1" = --version ] || cat >script\n' >bin/gnuplot
	chmod +x bin/gnuplot
	status 0 env PATH="$PWD/bin:$PATH" spawnbench --child="$CHILD" --plot=x.svg "$@"
}

# The distance between a launch by a shell and one that launches nothing
test_picture_of_a_logarithmic_axis_says_so_and_has_ticks() {
	script --rounds=2 --launches=3 --methods=empty,system --fds=0,3,1000
	for text in "set ylabel 'time until reaped \[µs\]'.', logarithmic'" \
		"set xlabel 'open descriptors of the parent'.', logarithmic'" \
		"set ytics norotate (.*'[125][0.]*' " "set xtics norotate ('0' [0-9.]*, '3' 3, '1000' 1000)"; do
		grep -q "$text" script || fail "no $text: $(cat script)"
	done
}

test_picture_has_intervals() {
	script --rounds=5 --launches=3 --methods=raw,fork --threads=0,1 --json
	# x, median, low, high: of the baseline it is a point
	awk '/^\$p0m0/, /^EOD/ { if (NF == 4 && $2 == $3 && $3 == $4) n++ }
		/^\$p0m1/, /^EOD/ { if (NF == 4 && $3 <= $2 && $2 <= $4 && $3 < $4) n++ }
		END { exit n != 4 }' script || fail "$(cat script)"
	grep -q 'plot $p0m0 with yerrorlines' script || fail "no bars: $(cat script)"
}

test_picture_has_the_doubts() {
	need gnuplot
	script --rounds=2 --launches=3 --methods=raw --threads=0,1
	grep -q '^set multiplot.*spawnbench-child, threads 0: too few rounds' script || fail "$(cat script)"
	bench --plot=x.svg
	grep -q 'too few rounds for an interval' x.svg || fail "not in the picture"
}

test_picture_as_png() {
	need gnuplot
	bench --plot=x.png
	same "signature" "PNG" "$(head -c 4 x.png | tail -c 3)"
}

test_picture_of_another_kind() {
	status 2 spawnbench --plot=x.pdf
	hinted spawnbench "--plot: 'x.pdf' doesn't end in .png or .svg"
}

test_gnuplot_that_is_not_there() {
	path=$BUILD
	status 1 env PATH="$path" "$BUILD/spawnbench" --rounds=1 --launches=1 --methods=raw --plot=x.png
	same "message" \
		"spawnbench: --plot: gnuplot isn't installed (Debian: the package gnuplot-nox)" "$err"
	same "nothing is measured" "" "$out"
}

test_tables_are_kept_when_gnuplot_fails() {
	mkdir bin
	printf '#!/bin/sh\n[ "$1" = --version ] || exit 3\n' >bin/gnuplot
	chmod +x bin/gnuplot
	status 1 env PATH="$PWD/bin:$PATH" spawnbench --rounds=1 --launches=1 --methods=raw \
		--child="$CHILD" --plot=x.png
	same "message" "spawnbench: --plot: gnuplot ended with status 3" "$err"
	like "table" "*medians*raw *" "$out"
	status 1 env PATH="$PWD/bin:$PATH" spawnbench --methods=raw --plot=/nonexistent/x.png
	same "no directory" "spawnbench: --plot: /nonexistent/x.png: No such file or directory" "$err"
}

# What the picture's file can't take is told; gnuplot itself would say nothing.
test_picture_that_does_not_fit_is_told() {
	[ -c /dev/full ] || skip "no /dev/full"
	mkdir bin
	printf '#!/bin/sh\ncat >/dev/null\nhead -c 100000 /dev/zero 2>/dev/null; exit 0\n' >bin/gnuplot
	chmod +x bin/gnuplot
	PATH=$PWD/bin:$PATH
	ln -s /dev/full full.png
	status 1 spawnbench --rounds=1 --launches=1 --methods=raw --child="$CHILD" --plot=full.png
	same "full" "spawnbench: --plot: full.png: No space left on device" "$err"
	like "table" "*medians*raw *" "$out"
	status 1 sh -c 'trap "" XFSZ; ulimit -f 8; exec "$@"' - \
		spawnbench --rounds=1 --launches=1 --methods=raw --child="$CHILD" --plot=cut.png
	same "cut" "spawnbench: --plot: cut.png: File too large" "$err"
	status 0 spawnbench --rounds=1 --launches=1 --methods=raw --child="$CHILD" --plot=all.png
	same "size" 100000 "$(wc -c <all.png)"
}

# on_terminal SETTING... -- ARG...: on a terminal of its own
on_terminal() {
	"$HELPERS/ss_pty" env "$@" spawnbench --rounds=2 --launches=20 --methods=raw,system \
		--child=/bin/true <script 2>shown || fail "$(cat shown)"
}

test_colors_on_a_terminal_only() {
	escape=$(printf '\033')
	printf 'expect %s[1mmedians\n' "$escape" >script
	on_terminal TERM=xterm
	printf 'expect medians\nrefuse %s[1m\n' "$escape" >script
	on_terminal TERM=xterm NO_COLOR=1
	on_terminal TERM=dumb
	bench
	case $out in
	*"$escape"*) fail "colours in a file: $out" ;;
	esac
}

test_progress_on_a_terminal_only() {
	printf '#!/bin/sh\nsleep 0.05\n' >slow
	chmod +x slow
	cat >script <<-'END'
		expect parent 1 of 2: raw (
		expect left)
		expect parent 2 of 2: raw (
		expect median
	END
	"$HELPERS/ss_pty" spawnbench --rounds=5 --launches=10 --methods=raw --threads=0,1 \
		--child=./slow <script 2>shown || fail "$(cat shown)"
	status 0 spawnbench --rounds=2 --launches=5 --methods=raw --child=./slow
	same "stderr" "" "$err"
}

run_tests
