#!/bin/sh
# SPDX-License-Identifier: MIT
# spawnaudit --provenance: who opened what leaked, and where; unknown is said as unknown.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=audit.sh
. "$(dirname "$0")/audit.sh"

need_provenance() {
	[ -x "$BUILD/spawnaudit" ] || skip "spawnaudit wasn't built: libdw is missing"
	[ -z "${SAN-}" ] || skip "a sanitizer's run-time is at work in the program as well"
	spawnaudit --log=/dev/null --provenance true 2>why || skip "$(cat why)"
}

# origins WAY [OPTION...]: the report in report, what the helper made in made
origins() {
	need_provenance
	way=$1
	shift
	status 0 spawnaudit --log=report "$@" "$HELPERS/sa_origins" "$way" /bin/true
	cp out made
}

# origins_below WAY [OPTION...]: the same, but a shell is launched, and launches one more;
# report has what that one got
origins_below() {
	need_provenance
	way=$1
	shift
	status 0 spawnaudit --log=whole "$@" "$HELPERS/sa_origins" "$way" /bin/sh -c '/bin/true; :'
	cp out made
	sed -n '/^passed on: /,$p' whole >report
	[ -s report ] || fail "nothing was passed on: $(cat whole)"
}

has() {
	grep -q -- "$1" report || fail "no '$1' in: $(cat report)"
}

test_every_call_is_named_with_the_function_that_made_it() {
	origins all --provenance
	all_are_named '.*'
}

# It isn't the shell's fault, and no finding: but it can be asked who opened it.
test_what_a_shell_was_given_is_named_for_its_child_as_well() {
	origins_below all --provenance
	all_are_named '.*, 2 execs ago'
	grep -q '^spawnaudit: findings: 1 leak$' whole || fail "$(cat whole)"
	grep -q '^passed on: .* had been given [0-9]* descriptors itself,$' report ||
		fail "$(cat report)"
}

test_what_was_there_before_the_program_became_another_is_named() {
	origins_below become --provenance
	all_are_named '.*, 2 execs ago'
	grep -q '^spawnaudit: findings: none$' whole || fail "$(cat whole)"
}

test_a_launch_lists_what_it_passed_on() {
	origins_below all --provenance -v
	awk '/^safe: .*true after/ { on = 1 } /^spawnaudit: / { on = 0 } on' whole >report
	all_are_named '.*, 2 execs ago'
}

test_below_a_shell_an_unknown_origin_is_unknown() {
	origins_below reused --provenance=open
	has 'socket:\['
	has '^  opened  unknown$'
	! grep openat report || fail "blamed on another"
}

# Nobody can know who made it, and no line says so for each launch.
test_what_the_command_was_given_at_its_start_is_not_told() {
	need_provenance
	status 0 spawnaudit --log=report --provenance sh -c '/bin/true; /bin/true' 9</etc/passwd
	! grep -e opened -e 'passed on' report || fail "told"
	# as in a container, where nobody can ask whether two descriptors are one
	status 0 "$HELPERS/fault_filter" kcmp=EPERM -- spawnaudit --log=report --provenance \
		sh -c '/bin/true; exec 9<&- 9</etc/passwd 8<&9; /bin/sh -c "/bin/true; :"; :' \
		9</etc/passwd
	! grep 'opened  unknown' report || fail "told"
	grep -q '^leak: .* handed 2 descriptors to' report || fail "$(cat report)"
	sed -n '/^passed on: /,$p' report >below
	mv below report
	has '^  what      8 '
	has '^            9 '
}

test_a_copy_tells_both_calls() {
	origins all --provenance
	origin_of "$(sed -n 's/ fcntl by_flag$//p' made)" >origin
	grep -q '^  kept    by .*: fcntl(' origin || fail "$(cat origin)"
	origin_of "$(sed -n 's/ dup by_dup$//p' made)" >origin
	grep -q '^  copied  by .*: dup(' origin || fail "$(cat origin)"
	origin_of "$(sed -n 's/ memfd_create by_memory$//p' made)" >origin
	grep -q '^  opened  by .*, thread [0-9]*.*: memfd_create(' origin || fail "$(cat origin)"
}

test_two_lines_of_one_function_stay_apart() {
	origins same --provenance
	lines=$(sed -n 's/.* make_same at sa_origins.c:\([0-9]*\)$/\1/p' report | sort -u | wc -l)
	same lines 2 "$lines"
}

test_a_number_that_an_unseen_call_reused_is_unknown() {
	origins reused --provenance=open
	has 'socket:\['
	has '^  opened  unknown$'
	! grep openat report || fail "blamed on another"
	origins reused --provenance=open,socket
	has ': socket('
}

test_a_thread_with_a_table_of_its_own_is_not_blamed_for_the_others_number() {
	origins unshared --provenance
	has '^  opened  by sa_origins ([0-9]*): openat(AT_FDCWD, "/etc/passwd"'
	! grep /etc/group report || fail "blamed on another"
}

test_a_message_that_the_program_forges_is_survived() {
	origins forged --provenance
}

# Memory: a program that sets a flag for ever must not fill it.
test_of_many_copies_the_last_and_the_first_are_kept() {
	command -v python3 >/dev/null || skip "python3 isn't installed"
	origins kept --provenance --json
	python3 -c '
import json
lines = [json.loads(line) for line in open("report")]
leak, = [leak for line in lines if line["type"] == "finding" for leak in line["leaks"]]
chain, origin = [], leak["origin"]
while origin:
	chain.append(origin["how"])
	origin = origin["of"]
assert 2 < len(chain) < 20 and set(chain[:-1]) == {"kept"} and chain[-1] == "opened", chain
' || fail "$(cat report)"
}

test_programs_with_a_filter_of_their_own_are_told() {
	origins filtered --provenance
	has 'by_open[.a-z0-9]* at sa_origins.c:'
}

# What it left behind works on: spawnaudit waits for it.
test_what_the_command_leaves_behind_works_on() {
	need_provenance
	status 0 spawnaudit --log=report --provenance "$HELPERS/sa_origins" behind /bin/true
	same output opened "$(cat out)"
}

test_json_has_origins() {
	command -v python3 >/dev/null || skip "python3 isn't installed"
	origins same --provenance --json
	python3 -c '
import json
lines = [json.loads(line) for line in open("report")]
leaks = [leak for line in lines if line["type"] == "finding" for leak in line["leaks"]]
assert len(leaks) == 2, leaks
for leak in leaks:
	origin = leak["origin"]
	assert origin["how"] == "opened" and origin["of"] is None, origin
	assert origin["call"].startswith("openat("), origin
	assert any(f["function"] == "make_same" for f in origin["stack"]["frames"]), origin
	assert leak["execs"] == 1, leak
' || fail "$(cat report)"
}

test_json_has_what_was_passed_on() {
	command -v python3 >/dev/null || skip "python3 isn't installed"
	need_provenance
	status 0 spawnaudit --log=report --provenance --json \
		"$HELPERS/sa_origins" same /bin/sh -c '/bin/true; :'
	python3 -c '
import json
lines = [json.loads(line) for line in open("report")]
below, above = sorted([line for line in lines if line["type"] == "launch"],
		      key=lambda launch: len(launch["leaks"]))
assert len(above["leaks"]) == 2 and above["passed"] == [], above
assert below["leaks"] == [] and len(below["passed"]) == 2 <= below["passed_on"], below
for leak, passed in zip(above["leaks"], below["passed"]):
	assert leak["execs"] == 1 and passed["execs"] == 2, passed
	assert passed["origin"] == leak["origin"] != None, passed
	assert passed["fd"] == leak["fd"] and passed["name"] == leak["name"], passed
' || fail "$(cat report)"
}

# races "RACES LEAKS" WAY [OPTION...]: so many descriptors are in races, and launches leak
races() {
	need_provenance
	wanted=$1
	way=$2
	shift 2
	status 0 spawnaudit --log=report --provenance "$@" "$HELPERS/sa_races" "$way" /bin/true
	races=$(sed -n 's/^spawnaudit: findings: .*\<\([0-9]*\) race$/\1/p' report)
	leaks=$(sed -n 's/^spawnaudit: findings: \([0-9]*\) leak.*/\1/p' report)
	same "races of $way" "$wanted" "${races:-0} ${leaks:-0}"
}

test_what_another_thread_could_have_handed_on_is_a_race() {
	races "3 0" opened
	has '^race: sa_races ([0-9]*) made 3 descriptors that exec leaves open, with 2 threads$'
	has '^  call    openat(AT_FDCWD, "/etc/passwd", O_RDONLY)$'
	has '^          by_open[.a-z0-9]* at sa_races.c:[0-9]*$'
	has '^  mend    O_CLOEXEC'
	! grep 'later it made' report || fail "close-on-exec"
}

test_close_on_exec_later_is_too_late_and_counted() {
	races "3 0" later
	has '^race: .* made 3 descriptors that exec leaves open, with 2 threads;$'
	has '^  later it made 2 of them close-on-exec$'
}

test_a_race_needs_threads_and_a_launch_beside_them() {
	for way in at-once alone never before copied; do
		races "0 0" $way
	done
}

test_a_launch_by_a_copy_of_a_copy_is_one() {
	races "1 0" twice
}

test_what_a_fork_child_makes_is_no_race() {
	races "0 0" in-child
}

test_where_all_launches_close_the_rest_there_is_no_race() {
	races "0 0" rest
}

test_a_place_that_leaked_is_told_once() {
	races "0 1" leaked
}

test_what_is_expected_to_cross_is_no_race() {
	races "0 0" opened --expect-fd=3-99
}

test_races_of_programs_that_nobody_asked_for_are_left_out() {
	races "0 0" opened --program=nonesuch
	races "3 0" opened --program='sa_r*'
}

test_a_race_is_suppressed_as_other_findings_are() {
	races "3 0" opened --gen-suppressions=known
	same known "race sa_races by_open" "$(sed 's/by_open.*/by_open/' known)"
	status 0 spawnaudit --log=report --provenance --suppressions=known --fail-on=race \
		"$HELPERS/sa_races" opened /bin/true
	has '^spawnaudit: findings: none; suppressed: 3 race$'
}

test_a_race_decides_the_status_only_by_its_name() {
	need_provenance
	set -- "$HELPERS/sa_races" opened /bin/true
	status 0 spawnaudit --log=report --provenance --error-exitcode=9 "$@"
	status 0 spawnaudit --log=report --provenance --fail-on=leak "$@"
	status 9 spawnaudit --log=report --provenance --error-exitcode=9 --fail-on=race "$@"
}

test_each_kind_of_call_says_how_it_is_mended() {
	command -v python3 >/dev/null || skip "python3 isn't installed"
	origins raced --provenance --json
	python3 -c '
import json
made = {tuple(line.split()[1:]) for line in open("made")}
told = {}
for line in open("report"):
	line = json.loads(line)
	if line["type"] != "finding":
		continue
	assert line["kind"] == "race" and line["method"] is line["child"] is None, line
	assert line["leaks"] == [] and line["count"] in (1, 2), line
	assert line["race"]["threads"] in (2, 3) and line["race"]["closed"] == 0, line
	function, = [frame["function"].split(".")[0] for frame in line["stack"]["frames"]
		     if (frame["function"] or "").startswith("by_")]
	told[line["race"]["call"].split("(")[0], function] = line["mend"]
assert set(told) == made, (set(told) ^ made)
for function, mend in {"by_open": "O_CLOEXEC", "by_socket": "SOCK_CLOEXEC",
		       "by_accept": "accept4", "by_pipe": "pipe2", "by_dup": "F_DUPFD_CLOEXEC",
		       "by_fcntl": "F_DUPFD_CLOEXEC", "by_flag": "adddup2",
		       "by_message": "MSG_CMSG_CLOEXEC", "by_epoll": "ends in CLOEXEC"}.items():
	(text,) = [told[key] for key in told if key[1] == function]
	assert mend in text, (function, text)
' || fail "$(cut -c1-400 report)"
}

test_only_a_command_can_have_it() {
	[ -x "$BUILD/spawnaudit" ] || skip "spawnaudit wasn't built: libdw is missing"
	status 125 spawnaudit --provenance -p $$
	like message '*--provenance: only with COMMAND*' "$(cat err)"
	status 125 spawnaudit --provenance=nonsense true
	like message "*'nonsense' isn't a list of calls; there are: open socket*" "$(cat err)"
}

# Without its tracer each filtered call would fail: it ends with it.
test_a_killed_spawnaudit_takes_the_program_with_it() {
	need_provenance
	mkfifo hold
	"$BUILD/spawnaudit" --log=report --provenance sh -c 'echo $$ >pid; exec cat' <hold >/dev/null &
	audit=$!
	exec 8>hold
	until_true test -s pid
	kill -KILL "$audit"
	wait "$audit"
	until_true gone "$(cat pid)"
	exec 8>&-
}

gone() {
	! kill -0 "$1" 2>/dev/null
}

run_tests
