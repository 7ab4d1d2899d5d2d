#!/bin/sh
# SPDX-License-Identifier: MIT
# Each system call of a launch fails once: the error names the step, and nothing
# is left behind. strace injects the faults.

# shellcheck disable=SC2016,SC2317,SC3045	# see below
# The children expand; lib.sh calls the tests; dash has ulimit -n.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# LeakSanitizer can't work where another one traces, or no process can be made
export ASAN_OPTIONS="detect_leaks=0"

CHILD=$BUILD/spawnbench-child

# says nothing but which of the descriptors that -l leaves open it got
HOLDS='for n in 9 77 300; do [ ! -e /proc/self/fd/$n ] || echo "holds $n"; done'

need_strace() {
	command -v strace >/dev/null || skip "no strace"
	strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"
}

# inject WHAT[+WHAT...] ARGUMENT...: fault_launch under these faults, its words in $said
inject() {
	need_strace
	what=$1
	shift
	said=$(
		IFS=+
		for each in $what; do
			set -- -e "inject=$each" "$@"
		done
		unset IFS
		exec timeout -k 5 200 strace -f -o log "$@" 2>err
	)
	code=$?
	grep -q '(INJECTED)\|(DELAYED)\|--- SIG\|killed by' log || fail "$what: nothing was injected"
	[ "$code" -eq 0 ] || fail "$what: status $code: $said $(cat err)"
	case $said in
	*"left "*) fail "$what: $said" ;;
	*end) ;;
	*) fail "$what: no end: $said" ;;
	esac
}

# launched WHAT ARGUMENT...: all is well in spite of it
launched() {
	what=$1
	shift
	inject "$what" "$HELPERS/fault_launch" "$@"
	like "$what" "result 0*status 0*" "$said"
}

# failed WHAT RESULT ARGUMENT...: that is the result
failed() {
	what=$1 result=$2
	shift 2
	inject "$what" "$HELPERS/fault_launch" "$@"
	like "$what" "result $result*" "$said"
}

test_clone3_that_is_refused_is_replaced() {
	for error in ENOSYS EPERM EINVAL E2BIG; do
		launched "clone3:error=$error" "$CHILD"
		like "$error" "*pidfd yes*" "$said"
		launched "clone3:error=$error" -N 3 "$CHILD"
	done
}

test_pidfds_that_are_refused_are_done_without() {
	launched "clone3:error=ENOSYS+clone:error=EINVAL:when=1" "$CHILD"
	like pidfd "*pidfd no*" "$said"
	launched "clone3:error=EMFILE:when=1" "$CHILD"
	like pidfd "*pidfd no*" "$said"
}

test_no_process_can_be_made() {
	failed "clone3,clone,vfork,fork:error=EAGAIN" "-11 clone: clone: too many processes: Resource" "$CHILD"
	failed "clone3,clone,vfork,fork:error=ENOMEM" "-12 clone: clone: Cannot" "$CHILD"
	failed "clone3,clone,vfork,fork:error=EPERM" "-1 clone: clone: Operation not" "$CHILD"
	failed "clone3,clone,vfork,fork:error=EAGAIN" "-11 system: Resource" -s true
	failed "clone3,clone,vfork,fork:error=ENOMEM" "-12 system: Cannot" -s true
	failed "clone3,clone,vfork,fork:error=EAGAIN" "-11 posix_spawn:" -p "$CHILD"
}

test_exec_fails() {
	failed "execve:error=EAGAIN:when=1" \
		"-11 exec: exec $CHILD: its user has too many processes: Resource" "$CHILD"
	for error in "EACCES -13" "E2BIG -7" "ENOEXEC -8" "ELOOP -40" "ENOMEM -12" "EIO -5" \
		"EAGAIN -11" "EPERM -1"; do
		failed "execve:error=${error% *}:when=1" "${error#* } exec: exec $CHILD*:" "$CHILD"
		failed "execve:error=${error% *}:when=1" "${error#* } exec: exec $CHILD*:" \
			-N 3 "$CHILD"
		inject "execve:error=${error% *}:when=1" "$HELPERS/fault_launch" -s true
		like "system: $error" "result 0*status 127*" "$said"
	done
}

test_an_error_on_the_way_through_path_is_kept() {
	failed "execve:error=EACCES:when=1" "-13 exec: exec /nonexistent/nosuch: Perm" -q nosuch
	failed "execve:error=EIO:when=2" "-5 exec: exec /nonexistent/either/true: Input" -q true
	launched "execve:error=ENODEV:when=1..2" -q true
}

test_text_file_busy_is_retried() {
	cp /bin/sleep busy
	said=$("$HELPERS/fault_launch" -W ./busy 0) || fail "status $?: $said"
	like "busy for a moment" "result 0*status 0*end" "$said"
	failed "execve:error=ETXTBSY:when=1" "-26 exec: exec $CHILD: open for writing: Text file busy" "$CHILD"
	tries=$(grep -c 'execve(.*ETXTBSY' log)
	[ "$tries" -ge 3 ] || fail "only $tries tries"
	[ "$tries" -le 100 ] || fail "$tries tries"
	failed "execve:error=ETXTBSY:when=1" "-26 posix_spawn:" -p "$CHILD"
}

test_close_range_refused() {
	for error in ENOSYS EPERM EINVAL; do
		launched "close_range:error=$error" -l sh -c "$HOLDS"
		launched "close_range:error=$error" -l -k -m -n -N 2 true
	done
	inject "close_range:error=ENOSYS" "$HELPERS/fault_launch" -A -l -n -m sh -c "$HOLDS"
	like "policy allow" "holds 9*holds 77*holds 300*result 0*" "$said"
}

# No list of them is to be had: all numbers up to the limit are closed, one by one.
test_close_range_and_proc_refused() {
	# shellcheck disable=SC3045	# dash and bash have it
	ulimit -n 512
	for call in "getdents64:error=EPERM:when=1" "getdents64:error=EIO:when=1" \
		"openat:error=EACCES:when=1"; do
		launched "close_range:error=ENOSYS+$call" -l sh -c "$HOLDS"
	done
}

test_close_range_fails() {
	failed "close_range:error=EIO:when=2" "-5 close: close * to 4294967295: Input" "$CHILD"
	failed "close_range:error=ENOMEM:when=2" "-12 close:" "$CHILD"
}

test_each_step_of_set_up_fails() {
	failed "dup3:error=EBADF:when=1" "-9 move: map 5 from 1: Bad" -m true
	failed "dup3:error=EMFILE:when=1" "-24 move: map 5 from 1:" -m true
	failed "dup3:error=EINTR:when=1" "-4 move: map 5 from 1:" -m true
	failed "dup3:error=EBUSY:when=2" "-16 move:" -x true
	failed "fcntl:error=EMFILE:when=1" "-24 move: map " -x true
	failed "fcntl:error=EBADF:when=1" "-9 move: keep 9: Bad" -l -k true
	failed "chdir:error=ENOMEM:when=1" "-12 chdir: chdir /: Cannot" -C / true
	failed "setsid:error=EPERM" "-1 setsid: setsid: Operation" -S true
	failed "setpgid:error=EPERM:when=1" "-1 setpgid: setpgid 0: Operation" -g true
	# which a sanitizer's own first one would be
	[ -n "$SAN" ] || failed "rt_sigaction:error=EINVAL:when=1" "-22 signal: ignore signal HUP (1): Inv" -i true
	failed "rt_sigprocmask:error=EINVAL:when=1" "-22 mask: mask: Invalid" true
	failed "write:error=EIO:when=1" "-5 ready: ready: Input" "$CHILD"
}

# What is closed is closed, whatever close has to say of data on their way.
test_closing_fails() {
	for error in EIO EINTR ENOSPC; do
		launched "close:error=$error:when=1" -x "$CHILD"
		launched "close:error=$error:when=1" -n "$CHILD"
		launched "close:error=$error:when=1" -N 3 -f "$CHILD"
	done
}

# the loader does without the first file that it looks for, its cache
test_opening_fails() {
	for error in "EMFILE -24" "ENOENT -2" "EINTR -4" "EIO -5"; do
		failed "openat:error=${error% *}:when=1" "${error#* } open: open 0<>/dev/null:" -n true
	done
}

test_no_error_pipe_can_be_had() {
	launched "pipe2:error=EMFILE" "$CHILD"
	launched "pipe2:error=ENFILE" "$CHILD"
	failed "pipe2:error=EMFILE" "-2 chdir: chdir /nonexistent:" -C /nonexistent true
	failed "pipe2:error=ENOMEM" "-12 prepare:" "$CHILD"
}

test_waiting_is_interrupted() {
	failed "wait4:error=EINTR:when=2..4" "-2 chdir:" -C /nonexistent true
	launched "waitid:error=EINTR:when=1..4" "$CHILD"
	launched "waitid:error=EINTR:when=1..4" -s true
	launched "waitid:error=EINTR:when=1..4" -w 60000 "$CHILD"
	launched "ppoll:error=EINTR:when=1..2" -w 60000 sleep 0.1
}

test_waiting_on_pidfds_is_refused() {
	launched "ppoll:error=ENOSYS" -w 60000 sleep 0.1
	inject "ppoll:error=EINVAL" "$HELPERS/fault_launch" -w 50 sleep 100
	like "timed out" "*timed out*status 143*" "$said"
	inject "pidfd_send_signal:error=ENOSYS" "$HELPERS/fault_launch" -w 50 sleep 100
	like "stopped" "*timed out*status 143*" "$said"
}

# Before exec has succeeded nobody is told that it has.
test_killed_in_set_up() {
	failed "umask:signal=SIGKILL" "-125 umask: umask: the child was killed by signal 9 (KILL)" \
		-u true
	# held by the mask until that is set
	failed "setsid:signal=SIGTERM" "-125 mask:*signal 15 (TERM)*" -S true
	failed "rt_sigpending:signal=SIGKILL" "-125 stop-pending:*signal 9*" true
	failed "execve:signal=SIGKILL:when=1" "-125 exec: exec $CHILD: the child was killed" "$CHILD"
	# system(3) has no other word for it than the status that its caller looks at
	inject "execve:signal=SIGKILL:when=1" "$HELPERS/fault_launch" -s true
	like "system" "result 0*status 137*" "$said"
	inject "rt_sigpending:signal=SIGINT" "$HELPERS/fault_launch" -s true
	like "system" "result 0*status 130*" "$said"
	failed "execve:signal=SIGKILL:when=1" "-125 exec:" -N 3 "$CHILD"
}

# stop_in_set_up DELAY: 1: the child had asked already what is pending when it was stopped
stop_in_set_up() {
	rm -f log.*
	timeout -k 5 200 strace -ff -o log \
		-e inject="umask:delay_enter=$1:when=1" "$HELPERS/fault_launch" -u true >said &
	tracer=$!
	tries=0
	until child=$(grep -l '^umask' log.* 2>/dev/null); do
		[ "$tries" -lt 1000 ] || fail "no child in its set-up"
		tries=$((tries + 1))
		sleep 0.01
	done
	kill -TSTP "${child#log.}" 2>/dev/null
	late=0
	! grep -q '^rt_sigpending' "$child" || late=1
	[ $late -eq 0 ] || kill -CONT "${child#log.}" 2>/dev/null
	wait "$tracer" || fail "status $?: $(cat said)"
	return $late
}

# ^Z while the child is in its set-up: it would stop there, and hold its parent. The child
# is held up for longer until the signal has come in time.
test_stopped_in_set_up() {
	need_strace
	stop_in_set_up 300000 || stop_in_set_up 2000000 || stop_in_set_up 10000000 ||
		fail "the signal was always late"
	like "result" "result 0*status 0*end" "$(cat said)"
	# it was made twice
	[ "$(cat log.* | grep -c "^clone3\{0,1\}(")" -eq 2 ] || fail "it was not stopped in its set-up"
}

test_detached_and_then_failing() {
	inject "umask:delay_enter=1" "$HELPERS/fault_launch" -d -u true
	like detached "result 0*" "$said"
	failed "chdir:error=EIO:when=1" "-5 chdir:" -d -C / true
	failed "clone:error=EAGAIN" "-11 detach: detach: too many processes: Resource" -d true
	failed "umask:signal=SIGKILL" "-125 umask:" -d -u true
	failed "execve:error=EIO:when=1" "-5 exec:" -d true
}

test_all_is_slow() {
	launched "execve:delay_enter=300000:when=1" "$CHILD"
	launched "clone3:delay_exit=200000" "$CHILD"
	launched "close_range:delay_exit=100000" -w 60000 true
}

# Of those that are seen: the loader reads, too, as often as there are libraries
first_read() {
	echo $(($(strace -e trace=read "$HELPERS/fault_launch" 2>&1 | grep -c '^read(') + 1))
}

# Input, output and errors of 100000 bytes, through cat.
test_capturing_is_interrupted() {
	need_strace
	n=$(first_read)
	for fault in ppoll:error=EINTR:when=1..5 write:error=EINTR:when=2..4 \
		read:error=EINTR:when=$n..$((n + 2)) waitid:error=EINTR:when=1..4 \
		clone3:error=ENOSYS+clone:error=EINVAL:when=1; do
		launched "$fault" -b cat
		like "$fault" "*bytes 100000*" "$said"
	done
	# which cat wouldn't bear: one that writes once, after all its input has come; and one
	# that doesn't read
	launched "write:error=EAGAIN:when=3..4" -b wc -c
	like "write" "*bytes 7*" "$said"
	[ "$(grep -c "write.*EAGAIN.*INJECTED" log)" -eq 2 ] || fail "write: not twice"
	# once: who has ended by then has nothing more to say
	launched "read:error=EAGAIN:when=$n" -b "$HELPERS/report_bytes" make 40000 0
	like "read" "*bytes 40000*" "$said"
}

test_capturing_fails() {
	need_strace
	failed "ppoll:error=EINVAL" "-22 wait: wait for cat: Invalid" -b cat
	failed "ioctl:error=EIO:when=2" "-5 wait: wait for sh: Input" -b sh -c 'sleep 1 &'
	failed "fcntl:error=EIO:when=4" "-5 wait: wait for cat: Input" -b cat
	failed "write:error=EIO:when=2" "-5 wait: wait for sleep: Input" -b sleep 1000
	failed "read:error=EIO:when=$(first_read)" "-5 wait: wait for sh: Input" -b sh -c 'echo; exec sleep 1000'
	failed "pipe2:error=ENFILE:when=3" "-23 prepare: pipe for 2: Too many" -b cat
	failed "execve:error=EIO:when=1" "-5 exec:" -b cat
	failed "chdir:error=EIO:when=1" "-5 chdir:" -b -C / cat
	# it has not to do with what the child was doing
	launched "write:error=EPIPE:when=2" -b cat
}

test_capturing_runs_out_of_time() {
	failed "ppoll:error=EINTR:when=2..3" "-110 wait: sleep took longer than 2000 ms" -b -w 2000 \
		sleep 1000
	failed "clone3:error=ENOSYS+clone:error=EINVAL:when=1" "-110 wait: sleep took" -b -w 2000 \
		sleep 1000
	# who may not be signalled isn't waited for either: that is the one child left
	need_strace
	strace -f -o log -e inject=kill,pidfd_send_signal:error=EPERM \
		"$HELPERS/fault_launch" -b -w 2000 sleep 4 >said
	like "not to be signalled" \
		"result -1 wait: sleep took longer than 2000 ms, and process * can't be signalled: Op*" \
		"$(cat said)"
}

#
# Rights and resources
#
test_rights_and_resources_fail() {
	failed "prlimit64:error=EPERM:when=1" "-1 limit: limit core: Operation not" -L true
	# which would be a sanitizer's own
	[ -n "$SAN" ] ||
		failed "prlimit64:error=EINVAL:when=2" "-22 limit: limit nofile: Invalid" -L true
	failed "setpriority:error=EACCES" "-13 nice: nice *: Permission" -P true
	failed "sched_setaffinity:error=EINVAL" "-22 cpus: cpus: Invalid" -a true
	failed "chroot:error=EPERM" "-1 chroot: chroot /: Operation not" -R / true
	failed "chroot:error=ENOENT" "-2 chroot: chroot /: No such" -R / true
	failed "prctl:error=EINVAL:when=1" "-22 no-new-privs: no-new-privs: Inv" -z true
	failed "prctl:error=EINVAL:when=1" "-22 pdeathsig: pdeathsig KILL: Invalid" -D true
	failed "prctl:error=EINVAL:when=2" "-22 pdeathsig: pdeathsig KILL: Invalid" -z -D true
	failed "getppid:retval=1" "-3 parent-alive: parent-alive: the process that launches has ended" -D true
	# another pid namespace's processes are 0
	launched "getppid:retval=0" -D "$CHILD"
}

test_changing_ids_fails() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	for times in 1 3; do
		failed "setgroups:error=EPERM" "-1 setgroups: setgroups: Operation" -I -N "$times" true
		failed "setgroups:error=ENOMEM" "-12 setgroups: setgroups: Cannot" -I -N "$times" true
		failed "setresgid:error=EPERM" "-1 setgid: setgid 65534: Op" -I -N "$times" true
		failed "setresuid:error=EPERM" "-1 setuid: setuid 65534: Op" -I -N "$times" true
		failed "setresuid:error=EAGAIN" "-11 setuid: setuid 65534: Res" -I -N "$times" true
		failed "setresuid:signal=SIGKILL" "-125 setuid: setuid 65534: the child was" \
			-I -N "$times" true
		failed "execve:error=EAGAIN:when=1" "-11 exec: exec*: Resource" -I -N "$times" true
	done
	failed "setresuid:error=EAGAIN" "-11 setuid:" -I -d true
}

#
# popen
#
test_popen_says_why() {
	for error in "EAGAIN -11" "ENOMEM -12" "EPERM -1"; do
		failed "clone3,clone,vfork,fork:error=${error% *}" "${error#* } popen:" -r "exit 3"
	done
	for error in "EACCES -13" "ENOENT -2" "E2BIG -7" "ENOEXEC -8" "ELOOP -40" "ENOMEM -12" \
		"ETXTBSY -26"; do
		failed "execve:error=${error% *}:when=1" "${error#* } popen:" -r "exit 3"
	done
	for error in "EMFILE -24" "ENFILE -23"; do
		failed "pipe2:error=${error% *}" "${error#* } popen:" -r "exit 3"
	done
	failed "dup3:error=EINTR:when=1" "-4 popen:" -r "exit 3"
	failed "execve:signal=SIGKILL:when=1" "-125 popen:" -N 3 -r "exit 3"
}

test_popen_in_spite_of_it() {
	for what in clone3:error=ENOSYS clone3:error=EPERM waitid:error=EINTR:when=1..4 \
		close_range:error=ENOSYS close_range:error=ENOSYS+getdents64:error=EPERM:when=1 \
		execve:delay_enter=300000:when=1 clone3:delay_exit=200000; do
		inject "$what" "$HELPERS/fault_launch" -N 2 -r "exit 3"
		like "$what" "result 0*status 3*result 0*status 3*" "$said"
	done
	said=$("$HELPERS/fault_launch" -c -r "exit 3") || fail "status $?: $said"
	like "SIGCHLD ignored" "result 0*pclose: No child*end" "$said"
}

#
# The shared descriptor table
#

# shared COUNT ARGUMENT...: so often a child began with the table of its parent
shared() {
	found=$(grep -c "^[0-9 ]*clone3\{0,1\}(.*CLONE_FILES[^T]*CLONE_VFORK" log)
	[ "$found" -eq "$1" ] || fail "$what: shared $found times, not $1"
}

RUN3="result 0*status 0*result 0*status 0*result 0*status 0*end"

# The first launch of a process doesn't share.
test_unsharing_the_table_fails() {
	for error in ENOSYS EPERM EINVAL; do
		launched "close_range:error=$error:when=2" -N 3 -l "$CHILD"
		like "$error" "$RUN3" "$said"
		shared 1
	done
	# the question that goes before it is refused, or nothing is
	for error in ENOSYS EPERM EIO; do
		launched "close_range:error=$error:when=1" -N 3 -l "$CHILD"
		like "$error" "$RUN3" "$said"
		shared 0
	done
	launched "close_range:error=EINVAL:when=1" -N 3 -l "$CHILD"
	shared 2
	# the ordinary way's is injected too: the first, and each second try
	failed "close_range:error=ENOMEM:when=2" "-12 close:*result -12 close:*result -12 close:" \
		-N 3 "$CHILD"
	shared 2
	launched "close_range:error=ENOSYS:when=1" -N 3 -l sh -c "$HOLDS"
	inject "close_range:error=ENOSYS:when=1" "$HELPERS/fault_launch" -N 3 -d "$CHILD"
	like "detached" "result 0*result 0*result 0*" "$said"
	failed "close_range:error=ENOSYS:when=1" "-2 chdir:*result -2 chdir:*result -2 chdir:" \
		-N 3 -C /nonexistent "$CHILD"
	inject "close_range:signal=SIGKILL:when=1" "$HELPERS/fault_launch" -N 3 "$CHILD"
	like "killed" "result -125 close:*result -125 close:*result -125 close:*" "$said"
}

test_fetching_fails() {
	[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -gt 700 ] || skip "few descriptors"
	launched "pidfd_getfd:delay_enter=1" -N 3 -f "$CHILD"
	like "fetched" "$RUN3" "$said"
	shared 2
	for call in pidfd_getfd pidfd_open; do
		for error in EPERM ENOSYS EINVAL; do
			launched "$call:error=$error" -N 3 -f "$CHILD"
			like "$call: $error" "$RUN3" "$said"
			# refused once, then shared without
			shared 2
			[ "$(grep -c "$call(.*INJECTED" log)" -eq 1 ] || fail "$call: tried again"
		done
		for error in EMFILE ENFILE ENOMEM EBADF ESRCH; do
			launched "$call:error=$error" -N 3 -f "$CHILD"
			like "$call: $error" "$RUN3" "$said"
			[ "$(grep -c "$call(.*INJECTED" log)" -eq 2 ] || fail "$call: $error"
		done
	done
	launched "pidfd_getfd:error=EPERM:when=2" -N 3 -f "$CHILD"
	like "the second" "$RUN3" "$said"
	failed "pidfd_getfd:error=EPERM:when=1" "-2 exec:*result -2 exec:" -N 2 -f nosuch
	failed "pidfd_getfd:signal=SIGKILL" "0*result -125 move: map 3 from 600: the child was" \
		-N 2 -f "$CHILD"
}

run_tests
