#!/bin/sh
# SPDX-License-Identifier: MIT
# Findings that nobody wants to be told of, and the lines that say so for what was found.
# shellcheck disable=SC1003,SC2317	# backslashes; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=audit.sh
. "$(dirname "$0")/audit.sh"

need_audit() {
	need
	[ -z "${SAN-}" ] || skip "a sanitizer's run-time is at work in the program as well"
}

# has WHAT: a line of the report, whatever stands before it
has() {
	grep -q -- "$1" report || fail "no '$1' in: $(cat report)"
}

# fed_back COMMAND...: what one run generates makes the next one clean, and as much is suppressed
fed_back() {
	rm -f known fifo
	status 0 spawnaudit --log=report --gen-suppressions=known "$@"
	rm -f fifo
	found=$(sed -n 's/^spawnaudit: findings: //p' report)
	[ "$found" != none ] || fail "$*: nothing was found"
	rm -f more
	spawnaudit --log=report --error-exitcode=9 --suppressions=known --gen-suppressions=more "$@" ||
		fail "$*: status $? by $(cat known): $(cat report)"
	same "$* by $(cat known)" "none; suppressed: $found" \
		"$(sed -n 's/^spawnaudit: findings: //p' report)"
	! grep '^  mend' report || fail "told: $(cat report)"
	same "what is left" "" "$(cat more)"
}

test_what_a_run_generates_makes_the_next_one_clean() {
	need_audit
	for sin in leak leak-often work thread no-exec hang-late \
		held-up work-of-copy; do
		fed_back "$HELPERS/sa_trace_sins" "$sin"
	done
	fed_back --functions=none "$HELPERS/sa_trace_sins" work
	fed_back --functions=none "$HELPERS/sa_trace_sins" log-send
	fed_back --provenance "$HELPERS/sa_races" opened /bin/true
	# and what leaks is no race because nobody wants to be told of it
	fed_back --provenance "$HELPERS/sa_races" leaked /bin/true
	fed_back "$HELPERS/sa_report" c++
	fed_back "$HELPERS/sa_report" many
}

test_the_lines_have_nothing_that_changes() {
	long
	need_audit
	for turn in 1 2; do
		: >"$turn"
		rm -f fifo
		for sin in leak work hang-late held-up; do
			status 0 spawnaudit --log=report --gen-suppressions="$turn" \
				"$HELPERS/sa_trace_sins" "$sin"
		done
	done
	# the compiler knows which of hang_late() and what it calls there is
	same lines "leak sa_trace_sins socket:*
leak sa_trace_sins /etc/passwd
unsafe-fork sa_trace_sins work
stuck sa_trace_sins hang_late
held-up sa_trace_sins spawn_from" "$(sed 's/ fork_and_hang$/ hang_late/' 1)"
	same "the next time" "$(cat 1)" "$(cat 2)"
}

test_lines_behind_the_report_are_a_file() {
	need_audit
	status 0 spawnaudit --gen-suppressions "$HELPERS/sa_trace_sins" leak
	printf '%s\n' "$err" | sed -n '/^# lines for /,$p' >known
	[ "$(wc -l <known)" -eq 3 ] || fail "$err"
	status 0 spawnaudit --suppressions=known --error-exitcode=9 "$HELPERS/sa_trace_sins" leak
	status 0 spawnaudit --gen-suppressions /bin/true
	case $err in *'# lines'*) fail "nothing was found: $err" ;; esac
}

test_more_leaks_than_are_told_are_suppressed_by_their_place() {
	need_audit
	# shellcheck disable=SC2016
	fed_back sh -c 'for file in /usr/bin/[a-z]*; do
		[ ${#seen} -lt 100 ] || break
		[ -r "$file" ] || continue
		seen=x$seen
		exec 7<"$file"
		/bin/true
	done; exit 0'
	same lines 1 "$(wc -l <known)"
	! grep / known || fail "$(cat known)"
}

test_names_that_others_chose_fit_themselves_alone() {
	need_audit
	command -v python3 >/dev/null || skip "python3 isn't installed"
	cp "$HELPERS/sa_report" 'a b*[x]?\'
	fed_back './a b*[x]?\' c++
	same line 'leak a?b\*\[x]\?\\ /etc/passwd' "$(cat known)"
	cp "$HELPERS/sa_report" 'a bx'
	status 9 spawnaudit --suppressions=known --error-exitcode=9 './a bx' c++
	for name in 'a b*[x]' '\' '[' '?' ' ' 'a ' "$(printf 'a\nb\033\377')" 12; do
		cat >memory.py <<-END
			import os, sys
			os.set_inheritable(os.memfd_create(sys.argv[1]), True)
			os.spawnv(os.P_WAIT, "/bin/true", ["true"])
		END
		fed_back python3 memory.py "$name"
		same "lines for '$name'" 1 "$(wc -l <known)"
	done
	fed_back python3 memory.py '*'
	status 9 spawnaudit --suppressions=known --error-exitcode=9 python3 memory.py 'other'
}

test_what_fits_a_line_isnt_told_and_the_rest_is() {
	need_audit
	cat >known <<-'END'
		# the log of the frobnicator

		  leak	*/sa_trace_sins   /etc/pass*
	END
	status 9 spawnaudit --log=report --suppressions=known --error-exitcode=9 \
		"$HELPERS/sa_trace_sins" leak
	has '^spawnaudit: findings: 1 leak$'
	has '^leak: .* handed 1 descriptor to '
	! grep passwd report || fail "$(cat report)"
	# from a second file
	echo 'l* sa_trace* socket:*' >more
	status 0 spawnaudit --log=report --suppressions=known --suppressions=more \
		--error-exitcode=9 "$HELPERS/sa_trace_sins" leak
	has '^spawnaudit: findings: none; suppressed: 1 leak$'
	# another kind, another program, another function
	for line in 'unsafe-fork * *' '* sa_trace 3' '* sa_trace_sin *' '* */bin/* *' '* * lea' \
		'* * /etc/passw'; do
		echo "$line" >known
		status 9 spawnaudit --suppressions=known --error-exitcode=9 "$HELPERS/sa_trace_sins" leak
	done
	for line in '* * *' 'leak sa_trace_sins leak' '* * main' '* * [_]start'; do
		echo "$line" >known
		status 0 spawnaudit --suppressions=known --error-exitcode=9 "$HELPERS/sa_trace_sins" leak
	done
}

test_programs_are_named_by_their_script() {
	need_audit
	printf '#!/bin/sh\nexec 7</etc/passwd\n/bin/true\nexit 0\n' >deploy.sh
	chmod +x deploy.sh
	fed_back ./deploy.sh
	same line "leak deploy.sh /etc/passwd" "$(cat known)"
	fed_back sh -e ./deploy.sh
	cp deploy.sh other.sh
	status 9 spawnaudit --suppressions=known --error-exitcode=9 ./other.sh
	for line in 'leak ./deploy.sh *' 'leak *sh *'; do
		echo "$line" >known
		status 0 spawnaudit --suppressions=known --error-exitcode=9 ./deploy.sh
	done
	printf 'exec 7</etc/passwd\nread -r _\n' >hold.sh
	mkfifo fifo
	sh hold.sh <fifo &
	pid=$!
	exec 8>fifo
	until_true test -e "/proc/$pid/fd/7"
	status 1 spawnaudit --fds --gen-suppressions=held "$pid"
	echo >&8
	wait "$pid"
	grep -x "leak hold.sh /etc/passwd" held || fail "$(cat held)"
}

test_functions_of_the_child_are_looked_at() {
	need_audit
	for line in '* * malloc' 'unsafe-fork * __libc_malloc'; do
		echo "$line" >>known
	done
	status 0 spawnaudit --suppressions=known --error-exitcode=9 "$HELPERS/sa_trace_sins" work
}

test_functions_without_names_are_told_by_their_place() {
	need_audit
	command -v strip >/dev/null || skip "strip isn't installed"
	cp "$HELPERS/sa_trace_sins" bare
	strip bare
	fed_back ./bare work
	grep -qx 'unsafe-fork bare bare+0x[0-9a-f]*' known || fail "$(cat known)"
}

test_suppressed_findings_dont_fail() {
	need_audit
	echo '* * *' >known
	status 0 spawnaudit --suppressions=known --fail-on=leak "$HELPERS/sa_trace_sins" leak
}

test_json_tells_of_suppressed_ones_as_a_number() {
	need_audit
	printf '%s\n' '# x' 'leak * /etc/passwd' 'stuck * *' >known
	status 1 spawnaudit --json --log=report --suppressions=known --fail-on=leak \
		--gen-suppressions=more "$HELPERS/sa_trace_sins" leak
	has '"type": "finding", "kind": "leak", .*"leaks": \[{"fd": 3, [^}]*}\], "why"'
	has '"suppressions_unused": \[{"file": "known", "line": 3}\]'
	cat more >>known
	status 0 spawnaudit --json --log=report --suppressions=known --fail-on=leak \
		"$HELPERS/sa_trace_sins" leak
	! grep '"type": "finding"' report || fail "told"
	has '"findings": {"leak": 0, .*"suppressed": {"leak": 1, "unsafe-fork": 0, '
	status 125 spawnaudit --json --gen-suppressions "$HELPERS/sa_trace_sins" leak
	hinted spawnaudit '--gen-suppressions: with --json only to a file: *'
}

test_lines_that_suppress_nothing_are_told_with_v() {
	need_audit
	printf '%s\n' '# x' 'leak * /etc/passwd' 'stuck * *' 'leak * *' >known
	status 0 spawnaudit -v --log=report --suppressions=known "$HELPERS/sa_trace_sins" leak
	same lines "spawnaudit: known:3: nothing was found that this suppresses" \
		"$(grep known: report)"
	status 0 spawnaudit --log=report --suppressions=known "$HELPERS/sa_trace_sins" leak
	! grep known: report || fail "nobody asked"
}

# refused LINE PATTERN: as the second line of a file; nothing is run
refused_line() {
	printf '#\n%b\n' "$1" >known
	status 125 spawnaudit --log=report --suppressions=known touch run
	like "$1" "spawnaudit: known:2: $2" "$err"
	[ ! -e run ] || fail "$1: it was run"
	[ ! -e report ] || fail "$1: a report was begun"
}

test_bad_lines_are_refused_with_their_place() {
	need_audit
	refused_line leak "isn't FINDING PROGRAM WHAT*(as: leak server /etc/passwd)"
	refused_line 'leak server' "isn't FINDING PROGRAM WHAT*"
	refused_line 'leak server  ' "isn't FINDING PROGRAM WHAT*"
	refused_line 'leaks server main' "'leaks' is no kind of finding; there are: leak unsafe-fork*"
	refused_line 'leak\0000 server main' "has a NUL*"
	printf '* * *\r\n* * *' >known
	status 0 spawnaudit --suppressions=known true
	status 125 spawnaudit --suppressions=nonesuch true
	like "no file" "spawnaudit: --suppressions=nonesuch: No such file or directory" "$err"
	status 125 spawnaudit --suppressions=. true
	like "a directory" "spawnaudit: --suppressions=.: Is a directory" "$err"
	status 125 spawnaudit --gen-suppressions=/nonesuch/x touch run
	like "no directory" "spawnaudit: --gen-suppressions=/nonesuch/x: No such*" "$err"
	[ ! -e run ] || fail "it was run"
	status 125 spawnaudit --log=report --gen-suppressions=/dev/full "$HELPERS/sa_trace_sins" leak
	like "a full disk" "spawnaudit: --gen-suppressions: No space left on device" "$err"
}

# What is there stays: a team's own comments above all
test_lines_are_appended() {
	need_audit
	echo '# ours' >known
	status 0 spawnaudit --log=report --suppressions=known --gen-suppressions=known \
		"$HELPERS/sa_report" c++
	same known "# ours
leak sa_report /etc/passwd" "$(cat known)"
	# also behind a last line without an end
	printf '# ours' >known
	status 0 spawnaudit --log=report --gen-suppressions=known "$HELPERS/sa_report" c++
	same known "# ours
leak sa_report /etc/passwd" "$(cat known)"
	status 0 spawnaudit --log=report --gen-suppressions=/dev/stdout "$HELPERS/sa_report" c++
	same "to a stream" "leak sa_report /etc/passwd" "$out"
}

test_descriptors_of_a_process() {
	need
	"$HELPERS/sa_fds" >held 2>&1 </dev/null &
	pid=$!
	trap 'kill $pid' EXIT
	until_true grep -q '^ready' held
	status 1 spawnaudit --fds --gen-suppressions=known "$pid"
	status 0 spawnaudit --fds --suppressions=known --gen-suppressions=more "$pid"
	like "by $(cat known)" "$pid sa_fds: 20 open, 19 would cross an exec, \
0 of them unexpected, 16 suppressed*" "$out"
	case $out in *'  mend  '*) fail "$out" ;; esac
	same "what is left" "" "$(cat more)"
	echo 'leak sa_fds socket:*' >known
	status 1 spawnaudit --fds --json --suppressions=known "$pid"
	like JSON '*"kind": "socket", *"finding": false, "suppressed": true*' "$out"
	like JSON '*"kind": "pipe", *"finding": true, "suppressed": false*' "$out"
	like JSON '*"type": "descriptors", *"findings": 13, "suppressed": 3, *' "$out"
	status 1 spawnaudit --fds --gen-suppressions "$pid"
	like "behind the report" "*
# lines for --suppressions=FILE:
leak sa_fds *" "$out"
}

test_a_stuck_process() {
	need_audit
	commit mutex
	status 1 spawnaudit --stuck --gen-suppressions=known "$child"
	same known "stuck sa_stuck $(sed -n 's/^stuck sa_stuck //p' known)" "$(cat known)"
	! grep ' \*$' known || fail "$(cat known)"
	status 0 spawnaudit --stuck --suppressions=known --gen-suppressions=more "$child"
	like "by $(cat known)" "$child sa_stuck: stuck (suppressed): it waits for a mutex *" "$out"
	same lines 1 "$(printf '%s\n' "$out" | wc -l)"
	same "what is left" "" "$(cat more)"
	status 0 spawnaudit --stuck --json --suppressions=known "$child"
	like JSON '*"verdict": "stuck", *"suppressed": true, *' "$out"
	# without a stack only any function fits
	status 1 spawnaudit --stuck --no-stack --suppressions=known --gen-suppressions=more "$child"
	same "without a stack" "stuck sa_stuck *" "$(cat more)"
	status 0 spawnaudit --stuck --no-stack --suppressions=more "$child"
	status 0 spawnaudit --stuck --suppressions=more "$child"
	end
}

# watched OPTION...: the status of watching $HELPERS/sa_trace_sins leak-often
watched() {
	rm -f go && mkfifo go || fail "no FIFO"
	sh -c 'read -r _ <go; exec "$@"' sh "$HELPERS/sa_trace_sins" leak-often &
	command=$!
	spawnaudit --watch "$@" "$command" >report 2>&1 &
	watcher=$!
	trap 'kill -9 $watcher $command 2>/dev/null' EXIT
	until_true is_watching
	echo >go
	wait "$command"
	kill -INT $watcher
	wait $watcher
	r=$?
	trap - EXIT
	return $r
}

test_what_was_seen_by_watching() {
	need_audit
	spawnaudit --watch=0.001 1 >/dev/null 2>why || skip "$(sed 's/^spawnaudit: //; q' why)"
	watched --gen-suppressions=known || fail "status $?: $(cat report)"
	has '^spawnaudit: findings: 12 leak$'
	watched --suppressions=known --fail-on=leak || fail "status $?: $(cat report)"
	has '^spawnaudit: findings: none; suppressed: 12 leak$'
}

run_tests
