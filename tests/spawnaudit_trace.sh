#!/bin/sh
# SPDX-License-Identifier: MIT
# spawnaudit COMMAND: each sin is found, and only it; what is done well is not.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=audit.sh
. "$(dirname "$0")/audit.sh"

# LeakSanitizer traces the program itself, which has one tracer already
[ -z "${SAN-}" ] || ASAN_OPTIONS=detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
export ASAN_OPTIONS

need_plain() {
	[ -z "${SAN-}" ] || skip "a sanitizer's run-time is at work in the program as well"
}

need_audit() {
	need
	[ -z "${SAN-}" ] || case $SAN in *thread*) skip "TSan's programs have a thread more" ;; esac
}

# sin NAME [OPTION...]: commits it; the report in report, its lines in $launches and $findings
sin() {
	need_audit
	name=$1
	shift
	status 0 spawnaudit --log=report "$@" "$HELPERS/sa_trace_sins" "$name"
	launches=$(sed -n 's/^spawnaudit: \([0-9]* launch.*\)/\1/p' report | head -n 1)
	findings=$(sed -n 's/^spawnaudit: findings: //p' report)
}

# has WHAT: a line of the report, whatever stands before it
has() {
	grep -q -- "$1" report || fail "no '$1' in: $(cat report)"
}

test_a_leak_is_told_with_its_place_and_its_mending() {
	need_plain
	sin leak
	same launches "1 launch: 1 posix_spawn-like; 1 executed a program" "$launches"
	same findings "1 leak" "$findings"
	has '^leak: sa_trace_sins ([0-9]*) handed 2 descriptors to .*/true ([0-9]*), by posix_spawn-like$'
	has 'rw  socket:\['
	has 'r   /etc/passwd$'
	has ' leak at sa_trace_sins.c:[0-9]*$'
	has '  mend    .*O_CLOEXEC.*spu_spawn'
	! grep -q '^  opened' report || fail "nobody asked who opened it: $(cat report)"
	sin mended-leak
	same findings none "$findings"
}

test_a_leak_without_access_is_told_as_one() {
	need_audit
	command -v python3 >/dev/null || skip "python3 isn't installed"
	status 0 spawnaudit --log=report python3 -c 'import os
os.set_inheritable(os.open("/", os.O_PATH), True)
os.spawnv(os.P_WAIT, "/bin/true", ["true"])'
	has '[0-9]  path  /$'
}

test_equal_findings_are_counted_together() {
	sin leak-often
	same findings "12 leak" "$findings"
	same leaks 1 "$(grep -c '^leak:' report)"
	has '  and 11 more from the same place'
}

test_what_the_child_makes_inheritable_itself_is_given() {
	need_plain
	sin give
	same launches "12 launches: 6 fork, 6 posix_spawn-like; 12 executed a program" "$launches"
	same findings none "$findings"
	sin give-and-leak
	same findings "12 leak" "$findings"
	! grep -q '  90  ' report || fail "a gift is a leak: $(cat report)"
}

# gifts WAY [OPTION...]: the same, of launches that give
gifts() {
	need_plain
	way=$1
	shift
	# by the caller's own nothing could be given under that number
	status 0 spawnaudit --log=report "$@" "$HELPERS/sa_gifts" "$way" 3<&- 4<&- 5<&-
	findings=$(sed -n 's/^spawnaudit: findings: //p' report)
}

test_what_the_parent_does_not_hold_is_no_leak_of_it() {
	gifts on-purpose
	same findings none "$findings"
	gifts on-purpose --all-calls
	same findings none "$findings"
}

test_a_shells_redirection_for_one_command_is_no_leak() {
	need_audit
	command -v bash >/dev/null || skip "bash isn't installed: others open before they launch"
	status 0 spawnaudit --log=report bash -c '
		/bin/cat </dev/null 6</etc/passwd; /bin/true; /bin/cat </dev/null 7</etc/passwd; true'
	has '^spawnaudit: findings: none$'
}

test_what_the_parent_has_closed_since_the_birth_is_a_leak() {
	gifts closed-at-once
	same findings "1 leak" "$findings"
	has 'r   /etc/passwd$'
}

test_a_parent_with_many_descriptors_is_asked_what_it_holds() {
	[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge 500 ] || skip "it has few"
	gifts among-many
	same findings "1 leak" "$findings"
	has 'r   /etc/group$'
	! grep '/etc/passwd$' report || fail "what the child opened"
}

test_a_leak_is_told_from_what_was_given_under_its_number() {
	gifts another-kind
	same findings "1 leak" "$findings"
	has '  90  rw  anon_inode:\[eventpoll\]$'
}

test_nobody_is_blamed_for_a_launch_whose_maker_was_killed() {
	need_plain
	status 0 spawnaudit --json --log=report "$HELPERS/sa_gifts" killed 7</etc/passwd
	! grep '"leak"\]\|"parent": 0\|"thread_name": ""' report || fail "it is blamed"
}

test_what_a_program_is_told_of_is_given() {
	need_audit
	write_told
	# it knows itself by another number
	! unshare -p true 2>/dev/null || ! command -v python3 >/dev/null ||
		echo '2 leak|unshare -p -f python3 listens' >>told
	while IFS='|' read -r findings command; do
		# shellcheck disable=SC2086	# words
		status 0 spawnaudit --log=report $command </dev/null
		has "^spawnaudit: findings: $findings$"
	done <told
}

test_many_descriptors_of_the_caller_are_told_from_one_of_the_program() {
	need_audit
	command -v python3 >/dev/null || skip "python3 isn't installed"
	command -v bash >/dev/null || skip "bash isn't installed: more descriptors than 9"
	status 0 python3 -c 'import os, sys
for n in range(10, 200):
    os.dup2(0, n, True)
os.execv(sys.argv[1], sys.argv[1:])' "$BUILD/spawnaudit" --log=report bash -c '
		/bin/true; exec 9</etc/passwd; /bin/true; exec 9<&- 99<&- 98</etc/passwd; /bin/true; exit 0'
	has '^spawnaudit: findings: 2 leak$'
	has '  9  r   /etc/passwd$'
	has '  98  r   /etc/passwd$'
}

test_what_is_expected_is_no_leak() {
	sin leak --expect-fd=3-9
	same findings none "$findings"
}

test_a_descriptor_of_the_caller_is_nobodys_leak() {
	need_audit
	status 0 spawnaudit --log=report sh -c '/bin/true; exit 0' 7</etc/passwd
	has '^spawnaudit: findings: none$'
	has 'handed on descriptors that the parent had been given itself$'
}

test_a_daemon_is_not_blamed_for_what_its_parent_had_been_given() {
	need_audit
	command -v python3 >/dev/null || skip "python3 isn't installed"
	status 0 spawnaudit -f --log=report sh -c 'python3 -c "
import os, sys, time
def is_there(pid):
	try:
		os.kill(pid, 0)
		return True
	except ProcessLookupError:
		return False
if os.fork():
	os.wait()
	sys.exit()
pid = os.getpid()
if os.fork():
	os._exit(0)
while is_there(pid):
	time.sleep(0.01)
os.execv(sys.argv[1], sys.argv[1:])" /bin/true; :' 7</etc/passwd
	same findings none "$(sed -n 's/^spawnaudit: findings: //p' report)"
}

test_work_between_fork_and_exec_is_found() {
	need_plain
	sin work
	same findings "1 unsafe-fork" "$findings"
	has '^unsafe-fork: sa_trace_sins ([0-9]*) forked with 2 threads;$'
	has '^  its child [0-9]* ran .*/true after .*allocation, locale or time zone'
	has ' work at sa_trace_sins.c:'
	has 'openat(AT_FDCWD, "/usr/share/zoneinfo/Europe/Berlin"'
	has 'execve("/bin/true", \["/bin/true"\]) = 0'
	sin mended-threads
	same findings none "$findings"
}

# done_by SIN WORK [OPTION...]: one unsafe fork, with that work
done_by() {
	sin "$1" ${3-}
	same "findings of $1" "1 unsafe-fork" "$findings"
	like "$1" "*having done: *$2*" "$(grep 'having done: ' report)"
}

test_work_that_was_prepared_before_the_fork_is_found() {
	need_plain
	# by syslog(3) or not, the calls don't tell
	done_by log-send "the system log" --functions=none
	done_by log-sendmsg "the system log" --functions=none
	done_by thread threads
	[ -e /etc/localtime ] || skip "no /etc/localtime"
	done_by localtime "locale or time zone"
}

test_calls_that_posix_allows_there_are_safe() {
	sin safe-calls
	same findings none "$findings"
}

test_threads_that_fork_at_once_are_safe() {
	sin forks-by-threads
	same launches "200 launches: 200 fork; 200 executed a program" "$launches"
	same findings none "$findings"
}

test_work_in_a_copy_of_a_copy_is_found() {
	need_plain
	sin work-of-copy
	same findings "1 unsafe-fork" "$findings"
	has 'itself a copy of a process with 2 threads'
}

# Before Linux 5.3 the registers tell where a call begins.
test_a_kernel_that_does_not_tell_of_calls() {
	need_plain
	need_audit
	"$HELPERS/fault_filter" ptrace-call=EPERM -- true || skip "no filters here"
	status 0 "$HELPERS/fault_filter" ptrace-call=EPERM -- spawnaudit --log=report \
		"$HELPERS/sa_trace_sins" work
	has '^spawnaudit: findings: 1 unsafe-fork$'
	has 'openat(AT_FDCWD, "/usr/share/zoneinfo/Europe/Berlin"'
	has 'execve("/bin/true", \["/bin/true"\]) = 0'
	! grep ' = -38' report || fail "a beginning is taken for an end"
}

test_a_copy_that_never_executes_is_found() {
	sin no-exec
	same findings "1 no-exec" "$findings"
	has '^  its child [0-9]* exited with 0 after .*, having done: allocation'
}

test_a_thread_whose_name_was_not_looked_at_has_none() {
	sin by-threads -v --expect-fd=3-999
	has '^safe: sa_trace_sins ([0-9]*), thread [0-9]*, launched '
}

test_a_copy_that_goes_on_when_its_exec_has_failed_is_found() {
	sin failed-exec
	same findings "1 no-exec" "$findings"
	has '^  its child [0-9]* was killed by SIGKILL after '
}

test_a_child_that_waits_for_ever_is_found() {
	sin stuck
	same findings "1 stuck" "$findings"
	has 'was killed by SIGKILL after .*, waiting for what nobody gives any more: futex('
	has ' stuck at sa_trace_sins.c:'
}

test_a_child_that_holds_its_caller_up_is_no_stuck_copy() {
	need_plain
	sin held-up
	same findings "1 held-up" "$findings"
	has '^held-up: sa_trace_sins ([0-9]*) was suspended in posix_spawn-like for [0-9]* m\{0,1\}s;$'
	has '  its child [0-9]* waited in open.*"fifo".*, and ran .*/true after'
	has '  mend    open what may wait'
	rm fifo
	sin held-up-for-ever
	kill -9 "$(sed -n 's/^  its child \([0-9]*\) .*/\1/p' report)"
	same findings "1 held-up" "$findings"
	has 'waited in open.*, and still ran after'
	has ' spawn_from at sa_trace_sins.c:'
	rm fifo
	sin held-up --json
	grep -q '"held_by": "open.*fifo.*"findings": \["held-up"\]' report || fail "JSON: $(cat report)"
}

# as --stuck says it, in a child that waits until it is killed a second later
test_ways_to_hang_are_told_as_stuck_tells_them() {
	command -v python3 >/dev/null || skip "python3 isn't installed"
	while read -r way reason; do
		sin "$way" --json
		same "$way" "$reason ['stuck']" "$(python3 -c 'import json
launch = json.loads(open("report").readline())
print(launch["hang"]["reason"], launch["findings"])')"
	done <<-'END'
		hang-late owner-gone
		hang-shared owner-gone
		hang-timed tries
		hang-join owner-gone
		hang-semaphore nobody-left
	END
}

test_who_gives_up_in_time_is_not_stuck() {
	need_plain
	sin tries
	same findings "1 unsafe-fork" "$findings"
}

test_who_was_woken_by_a_handler_is_not_stuck() {
	need_plain
	for sin in woken woken-to-end; do
		sin $sin
		same "findings, $sin" "1 unsafe-fork" "$findings"
		has 'futex(.*) = ? (interrupted by a signal)'
	done
}

test_the_first_and_the_last_calls_of_a_child_are_kept() {
	need_plain
	command -v python3 >/dev/null || skip "python3 isn't installed"
	sin calls -v
	has '^          ([0-9]* more)$'
	sin calls --json
	same "calls" "900 of many, the last: execve" "$(python3 -c 'import json
launch = json.loads(open("report").readline())
calls = launch["calls"]
assert len(calls) == 256 and calls[60]["call"] == "getppid()", calls[60]
assert calls[-2]["call"].startswith("getppid"), calls[-2]
print(launch["call_count"] // 100 * 100, "of many, the last:", calls[-1]["call"].split("(")[0])')"
}

test_a_call_that_a_signal_ended_has_no_error_of_the_kernels_own() {
	need_audit
	mkfifo fifo
	cat >script <<-'END'
		(read -r line; :) <>fifo &
		for i in $(seq 100); do
			grep -q pipe /proc/$!/wchan && break
			sleep 0.1
		done
		kill $!
		wait
	END
	status 0 spawnaudit -v --all-calls --log=report sh script
	has ' = ? (interrupted by a signal)'
	! grep 'Unknown error' report || fail "an unknown error"
}

test_a_child_that_is_interrupted_while_it_waits_for_ever_is_found() {
	sin stuck-interrupted
	same findings "1 stuck" "$findings"
	has 'was killed by SIGINT after'
	has 'futex(.*) = ? (interrupted by a signal)'
}

test_a_stuck_child_that_outlives_the_program_is_found() {
	need_audit
	spawnaudit --log=report "$HELPERS/sa_trace_sins" stuck-behind >child 2>/dev/null ||
		fail "status $?"
	has '^spawnaudit: findings: 1 stuck$'
	has 'still ran after .*, waiting for what nobody gives any more: futex('
	has '^spawnaudit: 1 process goes on, untraced'
	has ' stuck_behind at sa_trace_sins.c:'
	kill -0 "$(cat child)" || fail "the child is gone"
	same tracer 0 "$(sed -n 's/^TracerPid:[^0-9]*//p' "/proc/$(cat child)/status")"
	kill -9 "$(cat child)"
}

test_clean_launches_in_a_process_with_threads_are_safe() {
	for clean in threads-exec threads-libc; do
		sin $clean
		same "findings of $clean" none "$findings"
	done
}

test_a_launch_that_fails_is_counted_and_says_why() {
	sin missing
	same launches "1 launch: 1 posix_spawn-like; 0 executed a program, 1 failed to" "$launches"
	sin missing -v
	has 'exited with 127 after .*; exec /nonesuch: No such file or directory'
}

test_every_shape_of_launch_is_counted() {
	while read -r shape counted; do
		sin "$shape" --expect-fd=3-999
		same "$shape" "$counted" "$launches"
		same "findings of $shape" none "$findings"
	done <<-'END'
		clone-vm 1 launch: 1 clone; 1 executed a program
		clone-vfork 1 launch: 1 posix_spawn-like; 1 executed a program
		vfork-in-vfork 2 launches: 2 vfork; 1 executed a program, 1 never tried
		by-threads 16 launches: 16 posix_spawn-like; 16 executed a program
		exec-by-thread 1 launch: 1 posix_spawn-like; 1 executed a program
		orphan 2 launches: 2 fork; 1 executed a program, 1 never tried
	END
}

test_all_calls_are_recorded_on_demand() {
	sin leak-often --all-calls --json
	same "launches with calls" 12 "$(grep '"type": "launch"' report | grep -c '"calls": \[{')"
	sin leak-often --json
	same "launches with calls" 1 "$(grep '"type": "launch"' report | grep -c '"calls": \[{')"
}

test_the_dispositions_that_libc_sets_are_one_line() {
	need_plain
	sin leak -v
	same "calls" 1 "$(grep -c ' rt_sigaction(' report)"
	has '^          ([0-9]* more rt_sigaction)$'
	has '^          execve("/bin/true", \["/bin/true"\]) = 0\( after .*\)\{0,1\}$'
}

# What is read of each stays until the end, in JSON: not as open files.
test_leaks_of_many_programs_are_found_with_few_descriptors() {
	need_audit
	need_plain
	(ulimit -n 32 && spawnaudit --json --log=report sh -c 'for i in $(seq 40); do
		"$0" leak; done' "$HELPERS/sa_trace_sins") || fail "status $?"
	same "launches that leaked" 40 "$(grep '"type": "launch"' report | grep -c '\["leak"\]')"
	same "with names" 40 "$(grep '"type": "launch"' report | grep -c '"function": "leak"')"
}

test_json_is_one_object_a_line() {
	command -v python3 >/dev/null || skip "python3 isn't installed"
	sin work --json
	python3 - report >seen <<-'END' || fail "$(cat report)"
		import json, os, sys
		lines = [json.loads(line) for line in open(sys.argv[1])]
		assert all(line["schema"] == 1 for line in lines)
		launch, finding, summary = lines
		print(launch["flags"])
		print(launch["type"], launch["method"], launch["threads"], launch["outcome"],
		      launch["findings"], launch["calls"][-1]["call"])
		print(finding["type"], finding["kind"], finding["count"],
		      [os.path.basename(f["file"]) for f in finding["stack"]["frames"] if f["function"] == "work"])
		print(summary["type"], summary["launches"], summary["findings"]["unsafe-fork"])
	END
	cat >expected <<-'END'
		CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD
		launch fork 2 executed ['unsafe-fork'] execve("/bin/true", ["/bin/true"])
		finding unsafe-fork 1 ['sa_trace_sins.c']
		summary 1 1
	END
	diff expected seen >difference || fail "$(cat difference)"
}

# JSON keeps launches with a stack until the end: not their stacks, once for each
test_many_launches_from_one_place_keep_its_stack_once() {
	need_plain
	need_audit
	cat >launches <<-'END'
		resident() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$PPID/status"; }
		launch() { for _ in $(seq "$1"); do /bin/true; done; }
		exec 7</etc/passwd
		launch 300	# more than are kept until the end: places have names from here on
		resident >before
		launch 600
		resident >after
	END
	status 0 spawnaudit --json --log=report sh launches
	grown=$(($(cat after) - $(cat before)))
	[ "$grown" -lt 2000 ] || fail "$grown kB more after 600 launches"
	[ "$(grep -c '"type": "launch".*"frames": \[{' report)" -ge 650 ] || fail "no stacks in JSON"
}

test_findings_decide_the_status_only_when_asked() {
	need_audit
	set -- "$HELPERS/sa_trace_sins" leak
	status 0 spawnaudit --log=report "$@"
	status 1 spawnaudit --log=report --fail-on=leak "$@"
	status 9 spawnaudit --log=report --fail-on=stuck,leak --error-exitcode=9 "$@"
	status 0 spawnaudit --log=report --fail-on=stuck,no-exec,unsafe-fork "$@"
	status 7 spawnaudit --log=report --error-exitcode=7 "$@"
	status 125 spawnaudit --fail-on=leaks "$@"
	like message "*'leaks' is no kind of finding; there are: leak *" "$err"
	words spawnaudit KIND >kinds || exit
	sed -i 's/ race//' kinds
	status 0 spawnaudit --log=report --fail-on="$(tr ' ' , <kinds)" true
	status 125 spawnaudit --fail-on=leak,race true
	like message "*--fail-on=race: only with --provenance*" "$err"
}

test_it_ends_as_the_command_does() {
	need_audit
	status 0 spawnaudit --log=report true
	same "no launch" "spawnaudit: 0 launches" "$(head -n 1 report)"
	status 3 spawnaudit --log=report sh -c 'exit 3'
	status 137 spawnaudit --log=report sh -c 'kill -KILL $$'
	status 127 spawnaudit --log=report nonesuch
	same message "spawnaudit: exec nonesuch: not in PATH: No such file or directory" "$err"
	status 127 spawnaudit --log=report ""
	same message 'spawnaudit: exec "": No such file or directory' "$err"
	status 126 spawnaudit --log=report /etc/passwd
	same message "spawnaudit: exec /etc/passwd: not executable: Permission denied" "$err"
	same "a report about nothing" "" "$(cat report)"
}

test_the_command_starts_as_without_it() {
	need_audit
	grep -E '^Sig(Blk|Ign)|^TracerPid' /proc/self/status | grep -v Tracer >plain
	(trap '' CHLD PIPE && grep -E '^Sig(Blk|Ign)' /proc/self/status) >ignoring
	spawnaudit --log=report grep -E '^Sig(Blk|Ign)' /proc/self/status >audited
	diff plain audited >difference || fail "$(cat difference)"
	(trap '' CHLD PIPE && spawnaudit --log=report grep -E '^Sig(Blk|Ign)' /proc/self/status) >audited
	diff ignoring audited >difference || fail "ignored signals: $(cat difference)"
	spawnaudit --log=report ls /proc/self/fd | sort >audited
	for fd in $(cat audited); do
		[ "$fd" -le 3 ] || [ -e "/proc/$$/fd/$fd" ] || fail "a descriptor of ours: $fd"
	done
}

test_a_set_user_id_program_is_named() {
	need_audit
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	chmod 777 .
	cp "$BUILD/spawnaudit" audit
	knows setpriv reuid
	cp "$(command -v id)" privileged
	./privileged -u >/dev/null 2>&1 || skip "id here goes by its name"
	chmod 4755 privileged
	same "without us" 0 "$(setpriv --reuid=65534 --clear-groups ./privileged -u)"
	status 0 setpriv --reuid=65534 --clear-groups ./audit --log=report ./privileged -u
	same "traced" 65534 "$out"
	has '/privileged is set-user-ID or set-group-ID, and ran without that'
	status 0 spawnaudit --log=report setpriv --reuid=65534 --clear-groups ./privileged -u
	same "traced by root" 0 "$out"
}

test_a_stripped_program_and_a_deleted_one_are_named() {
	need_audit
	command -v strip >/dev/null || skip "strip isn't installed"
	cp "$HELPERS/sa_trace_sins" bare
	strip bare
	status 0 spawnaudit --log=report ./bare leak
	has '  ? in bare+0x'
	has '  bare: stripped, no names without its debug information$'
	cp bare gone
	status 0 spawnaudit --log=report sh -c './gone stuck-behind >pid & until [ -s pid ]; do :; done
		rm gone; kill -9 $(cat pid)'
	has '^stuck: gone ('
	has '^spawnaudit: findings: 1 stuck$'
}

# Its files are those under its own root directory, where ours has none by that name.
test_a_program_under_another_root_has_names() {
	need_audit
	need_plain
	chroot / true 2>/dev/null || skip "chroot is refused"
	mkdir root
	cp "$HELPERS/sa_trace_sins" root/elsewhere
	ldd root/elsewhere >linked 2>&1 || skip "ldd, which bash runs: $(cat linked)"
	sed -n 's,^[^/]*\(/[^ ]*\).*,\1,p' linked >libraries
	while read -r library; do
		mkdir -p "root$(dirname "$library")"
		cp "$library" "root$library"
	done <libraries
	status 0 spawnaudit --log=report chroot root /elsewhere no-exec
	has '^no-exec: elsewhere ('
	has ' no_exec at sa_trace_sins.c:[0-9]*$'
	# another file has there the name that its libc has here
	library=$(grep '/libc\.' libraries)
	mkdir -p "root$PWD/root$(dirname "$library")"
	cp root/elsewhere "root$PWD/root$library"
	status 0 spawnaudit --log=report chroot root /elsewhere no-exec
	has ' no_exec at sa_trace_sins.c:[0-9]*$'
}

# 32-bit calls by int $0x80: fork, write, execve, waitpid
test_a_32_bit_program_is_followed() {
	need_audit
	[ "$(uname -m)" = x86_64 ] || skip "not an x86-64"
	cat >small.c <<-'END'
		static int call(int number, int a, int b, int c)
		{
			int result;

			__asm__ volatile("int $0x80" : "=a"(result)
					 : "0"(number), "b"(a), "c"(b), "d"(c) : "memory");
			return result;
		}

		void _start(void)
		{
			static const char path[] = "/bin/true";
			const char *argv[] = {path, 0};
			int status, pid = call(2, 0, 0, 0);

			if (pid == 0)
				call(1, call(11, (int)path, (int)argv, 0), 0, 0);
			call(7, pid, (int)&status, 0);
			call(1, status != 0, 0, 0);
		}
	END
	gcc -m32 -nostdlib -static -o small small.c 2>/dev/null || skip "gcc makes no 32-bit programs"
	./small || skip "32-bit programs don't run here"
	status 0 spawnaudit -v --log=report ./small
	has '^spawnaudit: 1 launch: 1 fork; 1 executed a program$'
	has '32-bit syscall 11 = 0'
	has '^spawnaudit: 1 launch by 32-bit programs: no stacks'
}

run_tests
