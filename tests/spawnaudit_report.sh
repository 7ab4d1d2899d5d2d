#!/bin/sh
# SPDX-License-Identifier: MIT
# What spawnaudit's reports of launches say, and what is left out of them on demand.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# LeakSanitizer traces the program itself, which has one tracer already
[ -z "${SAN-}" ] || ASAN_OPTIONS=detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
export ASAN_OPTIONS

need_audit() {
	[ -x "$BUILD/spawnaudit" ] || skip "spawnaudit wasn't built: libdw is missing"
	[ -z "${SAN-}" ] || skip "a sanitizer's run-time is at work in the program as well"
}

# has WHAT: a line of the report, whatever stands before it
has() {
	grep -q -- "$1" report || fail "no '$1' in: $(cat report)"
}

test_functions_of_cxx_have_their_names() {
	need_audit
	grep -q iberty "$BUILD/audit.mk" || skip "built without libiberty"
	status 0 spawnaudit --log=report "$HELPERS/sa_report" c++
	has ' Job::run() at sa_report.c:[0-9]*$'
}

test_a_symbol_without_end_stays_a_symbol() {
	need_audit
	status 0 spawnaudit --log=report "$HELPERS/sa_report" c++-without-end
	has ' _Z1fSt4pair.* at sa_report.c:[0-9]*$'
}

test_all_descriptors_of_a_launch_are_counted() {
	need_audit
	status 0 spawnaudit --log=report "$HELPERS/sa_report" many
	has '^leak: .* handed 40 descriptors to '
	has '^          and 8 more$'
	same "listed" 32 "$(grep -c ' r   /etc/passwd$' report)"
	status 0 spawnaudit --json --log=report "$HELPERS/sa_report" many
	same "in JSON" 40 "$(sed -n '/"type": "finding"/s/"fd":/\n&/gp' report | grep -c '"fd"')"
}

test_the_call_that_is_the_reason_is_told_with_the_childs_stack() {
	need_audit
	status 0 spawnaudit --log=report "$HELPERS/sa_report" late
	grep -A 1 '^  reason  ' report | grep -q 'mmap(.*) = 0x' || fail "$(cat report)"
	has '^  within  .*m\(map\|alloc\)'
	[ "$(grep -c ' work_late at sa_report.c:' report)" -eq 2 ] ||
		fail "parent and child: $(cat report)"
	status 0 spawnaudit --json --log=report "$HELPERS/sa_report" late
	has '"type": "launch".*"reason": {"call": "mmap(.*"child_stack": {"frames": \[.*"function": "work_late"'
	has '"type": "finding".*"child_stack": {"frames": \[.*"function": "work_late"'
	status 0 spawnaudit --log=report "$HELPERS/sa_trace_sins" stuck
	has '^  hangs   .*lll_lock_wait'
	[ "$(grep -c ' stuck at sa_trace_sins.c:' report)" -eq 2 ] ||
		fail "parent and child: $(cat report)"
}

test_a_log_has_each_launch_as_soon_as_it_is_over() {
	need_audit
	for line in '^safe: .* ran .*/true after' '"type": "launch"'; do
		options=-v
		[ "$line" = "${line#\"}" ] || options=--json
		# shellcheck disable=SC2016
		status 0 timeout $((200 * PATIENCE)) spawnaudit "$options" --log=report sh -c '/bin/true
			until grep -q "$0" report; do :; done' "$line"
	done
}

test_launches_of_other_programs_are_left_out() {
	need_audit
	set -- /bin/sh -c 'env /bin/sh -c "/bin/true; exit 0"; /bin/true; exit 0'
	shell=$(readlink -f /bin/sh)
	status 0 spawnaudit --log=report --program=nonesuch --program="${shell##*/}" "$@"
	has '^spawnaudit: 3 launches: '
	status 0 spawnaudit --log=report --program="/*/${shell##*/}" "$@"
	has '^spawnaudit: 3 launches: '
	status 0 spawnaudit --log=report --fail-on=leak --program=nonesuch "$HELPERS/sa_report" many
	has '^spawnaudit: 0 launches'
	has '^spawnaudit: 1 launch by other programs than --program names$'
	! grep '^leak:' report || fail "a finding of what was left out"
	status 1 spawnaudit --log=report --fail-on=leak --program="sa_rep*" "$HELPERS/sa_report" many
}

# script NAME: one for any shell, that leaks
script() {
	printf '#!/bin/sh -u\nexec 7</etc/passwd\n/bin/true\nexit 0\n' >"$1"
	chmod +x "$1"
}

test_a_program_is_told_with_the_script_that_it_runs() {
	need_audit
	script deploy.sh
	script other.sh
	for by in ./deploy.sh 'sh deploy.sh' 'sh -eu deploy.sh' 'bash -- deploy.sh x'; do
		command -v "${by%% *}" >/dev/null || continue
		# shellcheck disable=SC2086
		status 0 spawnaudit --log=report $by
		has '^leak: [a-z]* deploy.sh ([0-9]*) handed 1 descriptor to '
	done
	status 0 spawnaudit --json --log=report ./deploy.sh
	has '"type": "launch", .*"script": "./deploy.sh", '
	has '"type": "finding", .*"script": "./deploy.sh", '
	status 0 spawnaudit --json --log=report sh -c '. ./deploy.sh; exit 0' other.sh
	has '"type": "finding", .*"script": null, '
	# and so is one that is launched
	has '"type": "launch", .*"executed_script": null, '
	status 0 spawnaudit -v --log=report sh -c './deploy.sh; exit 0'
	has '^safe: [a-z]* ([0-9]*) launched .* ran /[^ ]* ./deploy.sh after '
	# two of them are two findings, though all is the same for the interpreter
	status 0 spawnaudit --log=report sh -c './deploy.sh; ./other.sh; ./other.sh'
	same leaks 2 "$(grep -c '^leak:' report)"
	has '^leak: [a-z]* other.sh '
	status 0 spawnaudit --log=report --program=other.sh sh -c './deploy.sh; ./other.sh; exit 0'
	has '^spawnaudit: 1 launch: '
	has '^spawnaudit: 3 launches by other programs'
}

test_a_copy_runs_the_script_of_its_parent() {
	need_audit
	printf 'exec 7</etc/passwd\n(/bin/true; exit 0)\n' >sub.sh
	status 0 spawnaudit --log=report sh sub.sh
	has '^leak: [a-z]* sub.sh '
}

test_a_script_named_to_confuse_is_one_line() {
	need_audit
	name=$(printf 'a\033[2J\nleak: b')
	script "$name"
	status 0 spawnaudit --log=report sh "$name"
	has '^leak: [a-z]* a?\[2J?leak: b ([0-9]*) handed'
	same leaks 1 "$(grep -c '^leak:' report)"
}

test_a_script_that_changes_its_arguments_keeps_its_name() {
	need_audit
	command -v perl >/dev/null || skip "perl isn't installed"
	cat >rename.pl <<-'END'
		$^F = 99;
		$0 = "perl other.pl";
		open(my $file, "<", "/etc/passwd");
		system("/bin/true");
	END
	status 0 spawnaudit --log=report perl -w rename.pl
	has '^leak: perl rename.pl '
}

run_tests
