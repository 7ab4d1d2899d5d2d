#!/bin/sh
# SPDX-License-Identifier: MIT
# Launches where things are not as usual: memory that isn't shared, no /proc, no
# free descriptor, 0 to 2 closed, filters, another user, pid 1, small stacks.

# shellcheck disable=SC2016,SC2086,SC2317,SC3045	# see below
# The children expand; lists are words; lib.sh calls the tests; dash has ulimit -n.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# LeakSanitizer can't work where another one traces, or no process can be made
export ASAN_OPTIONS="detect_leaks=0"

CHILD=$BUILD/spawnbench-child
LAUNCH=$HELPERS/fault_launch
FILTER=$HELPERS/fault_filter

# says nothing but which of the descriptors that -l leaves open it got
HOLDS='for n in 9 77 300; do [ ! -e /proc/self/fd/$n ] || echo "holds $n"; done'

# says WHAT PATTERN COMMAND...: fault_launch at its end; a hang is a failure
says() {
	what=$1 pattern=$2
	shift 2
	said=$(timeout -k 5 200 "$@" 2>err)
	code=$?
	[ "$code" -ne 77 ] || skip "no system call filter may be set here"
	[ "$code" -eq 0 ] || fail "$what: status $code: $said $(cat err)"
	# shellcheck disable=SC2254
	case $said in
	*"left "*) fail "$what: $said" ;;
	$pattern*end) ;;
	*) fail "$what: expected like [$pattern], got [$said] $(cat err)" ;;
	esac
}

#
# Memory that is copied where it should be shared
#

# the same truth as everywhere, with the emulator in front of the helper
tell_the_truth() {
	says "success" "result 0*status 0" "$@" "$LAUNCH" true
	says "its status" "result 0*status 7" "$@" "$LAUNCH" sh -c 'exit 7'
	says "three times" "result 0*result 0*result 0*status 0" "$@" "$LAUNCH" -N 3 true
	says "no program" "result -2 exec: exec nosuch: not in PATH:" "$@" "$LAUNCH" nosuch
	says "three failures" "result -2*result -2*result -2" "$@" "$LAUNCH" -N 3 nosuch
	says "no permission" "result -13 exec:" "$@" "$LAUNCH" /etc/passwd
	says "no directory" "result -2 chdir: chdir /nonexistent:" "$@" "$LAUNCH" -C /nonexistent true
	says "much set-up" "result 0*status 0" "$@" "$LAUNCH" -C / -u -S -n -m -i -q -l true
	says "nothing leaks" "result 0*status 0" "$@" "$LAUNCH" -l sh -c "$HOLDS"
	says "detached" "result 0" "$@" "$LAUNCH" -d true
	says "detached, missing" "result -2 exec:" "$@" "$LAUNCH" -d nosuch
	says "system" "result 0*status 3" "$@" "$LAUNCH" -s 'exit 3'
	says "timeout" "result 0*timed out*status 143" "$@" "$LAUNCH" -w 100 sleep 100
	says "captured" "result 0*status 0*bytes 100000" "$@" "$LAUNCH" -b cat
	says "captured, timeout" "result -110 wait: sleep took" "$@" "$LAUNCH" -b -w 3000 sleep 100
}

need_no_sanitizer() {
	[ -z "$SAN" ] || skip "sanitizers can't do without memory maps, /proc and large stacks"
}

need_valgrind() {
	need_no_sanitizer
	command -v valgrind >/dev/null || skip "no valgrind"
	# without arguments it only says so
	valgrind -q "$LAUNCH" 2>/dev/null
	[ $? -eq 2 ] || skip "valgrind can't run what this compiler makes"
}

test_valgrind_tells_the_truth() {
	long
	need_valgrind
	tell_the_truth valgrind -q --error-exitcode=99
}

test_valgrind_with_filters() {
	long
	need_valgrind
	says "close_range" "result 0*status 0" "$FILTER" close_range=ENOSYS -- \
		valgrind -q --error-exitcode=99 "$LAUNCH" -l sh -c "$HOLDS"
	# at which step is not to be known where the child's memory is its own
	says "killed" "result -125 *: the child was killed by signal 31" \
		"$FILTER" setsid=KILL -- valgrind -q "$LAUNCH" -S true
	# the one between isn't suspended there: it may end before, and then knows no signal
	says "killed, detached" "result -125 *: the child [ew]*" \
		"$FILTER" setsid=KILL -- valgrind -q "$LAUNCH" -d -S true
}

test_qemu_tells_the_truth() {
	emulator=qemu-$(uname -m)
	command -v "$emulator" >/dev/null || skip "no $emulator"
	need_no_sanitizer
	tell_the_truth "$emulator"
	# each try must make a new error pipe there, and yet there is an end of it
	cp "$CHILD" busy
	# a shell of its own: busybox's keeps what a function was given
	# shellcheck disable=SC2016
	says "busy" "result -26 exec: exec ./busy: open for writing: Text file busy" \
		sh -c '"$@" 9>>busy' - "$emulator" "$LAUNCH" ./busy
	says "busy for a moment" "result 0*status 0" "$emulator" "$LAUNCH" -W ./busy
}

#
# Filters, as sandboxes have them
#
test_filtered_calls_are_replaced() {
	for filter in clone3=ENOSYS clone3=EPERM clone3=EINVAL close_range=ENOSYS \
		close_range=EPERM rt_sigpending=EPERM waitid-pidfd=ENOSYS waitid-pidfd=EPERM \
		waitid-pidfd=EINVAL waitid=ENOSYS waitid=EPERM pidfd_send_signal=EPERM pidfd_send_signal=ENOSYS \
		pidfd_open=ENOSYS; do
		says "$filter" "result 0*pidfd yes*status 0" "$FILTER" "$filter" -- \
			"$LAUNCH" -l sh -c "$HOLDS"
		says "$filter, detached" "result 0" "$FILTER" "$filter" -- "$LAUNCH" -d true
		says "$filter, missing" "result -2 exec:" "$FILTER" "$filter" -- "$LAUNCH" -N 2 nosuch
		says "$filter, system" "result 0*status 3" "$FILTER" "$filter" -- "$LAUNCH" -s 'exit 3'
		says "$filter, timeout" "result 0*timed out*status 143" "$FILTER" "$filter" -- \
			"$LAUNCH" -w 50 sleep 100
		says "$filter, captured" "result 0*status 0*bytes 100000" "$FILTER" "$filter" -- \
			"$LAUNCH" -b cat
	done
}

# Without CLONE_CLEAR_SIGHAND the child resets what the program handles, signal by signal.
test_races_without_clone3() {
	for name in signals_reach_the_parent_only_and_none_is_lost \
		first_launches_of_a_process_at_once failed_launches_are_invisible; do
		CK_RUN_CASE=$name RACES_PERCENT=25 timeout 60 "$FILTER" clone3=ENOSYS -- \
			"$BUILD/tests/check_races" >said 2>&1
		case $? in
		0) ;;
		77) skip "no system call filter may be set here" ;;
		*) fail "$name: $(cat said)" ;;
		esac
		like "$name" "*100%: Checks: 1,*" "$(cat said)"
	done
}

test_close_range_and_getdents_filtered() {
	ulimit -n 512
	says "both" "result 0*status 0" "$FILTER" close_range=EPERM getdents64=EPERM -- \
		"$LAUNCH" -l sh -c "$HOLDS"
}

test_no_process_may_be_made() {
	all="clone3=EPERM clone=EPERM fork=EPERM vfork=EPERM"
	# shellcheck disable=SC2086
	says "launch" "result -1 clone: clone: Operation not permitted" "$FILTER" $all -- \
		"$LAUNCH" true
	# shellcheck disable=SC2086
	says "system" "result -1 system: Operation not permitted" "$FILTER" $all -- "$LAUNCH" -s true
}

test_killed_by_a_filter() {
	says "killed" "result -125 setsid: setsid: the child was killed by signal 31 (SYS)" \
		"$FILTER" setsid=KILL -- "$LAUNCH" -S true
	says "killed, detached" "result -125 setsid:" "$FILTER" setsid=KILL -- "$LAUNCH" -d -S true
}

#
# Descriptors
#
test_closed_standard_descriptors() {
	# its status says which of the three it has
	which='n=0; for i in 1 2 4; do
		fd=${i%4}; case $i in 1) fd=0 ;; 2) fd=1 ;; 4) fd=2 ;; esac
		[ -e /proc/self/fd/$fd ] && n=$((n + i)); done; exit $n'
	for closed in "" "0<&-" "1>&-" "2>&-" "0<&- 1>&-" "0<&- 2>&-" "1>&- 2>&-" \
		"0<&- 1>&- 2>&-"; do
		has=7
		case $closed in *0*) has=$((has - 1)) ;; esac
		case $closed in *1*) has=$((has - 2)) ;; esac
		case $closed in *2*) has=$((has - 4)) ;; esac
		for method in "" -p; do
			eval "'$LAUNCH' -N 2 -o 5 $method sh -c '$which' 5>said $closed" ||
				fail "status $?: $(cat said)"
			like "closed [$closed] $method" "result 0*status $has*result 0*status $has
end" "$(cat said)"
		done
		eval "'$LAUNCH' -o 5 -C /nonexistent true 5>said $closed"
		like "closed [$closed], failing" "result -2 chdir: chdir /nonexistent:*
end" "$(cat said)"
		eval "'$LAUNCH' -o 5 -n -d true 5>said $closed"
		like "closed [$closed], detached" "result 0
end" "$(cat said)"
		# 1 as 5, and 2 as 1 and 1 as 2, are to be had only where they are
		case $closed in
		*1* | *2*) continue ;;
		esac
		eval "'$LAUNCH' -o 5 -n -x true 5>said $closed"
		like "closed [$closed], moved" "result 0*status 0*end" "$(cat said)"
	done
}

# limited NUMBER WHAT PATTERN ARGUMENT...
limited() {
	limit=$1 what=$2 pattern=$3
	shift 3
	says "limit $limit, $what" "$pattern" sh -c 'ulimit -n '"$limit"'; exec "$@"' - "$LAUNCH" "$@"
}

# At 4 one number is free, and the helper takes it for its output.
test_hardly_any_descriptor_is_free() {
	for method in "" -p; do
		limited 4 "launch" "result 0*pidfd no*result 0*pidfd no*status 0" -N 2 "$CHILD"
	done
	limited 4 "missing" "result -2 exec:*result -2 exec:" -N 2 /nonexistent
	limited 4 "no directory" "result -2 chdir:" -C /nonexistent "$CHILD"
	limited 4 "opening" "result 0*status 0" -n "$CHILD"
	limited 4 "swapping" "result 0*status 0" -x "$CHILD"
	limited 4 "detached" "result 0" -d "$CHILD"
	limited 4 "waiting" "*timed out*status 143" -w 50 /bin/sleep 100
	for limit in 5 6 7 8; do
		limited $limit "launch" "result 0*result 0*status 0" -N 2 -n -x "$CHILD"
		limited $limit "missing" "result -2 exec:" -n /nonexistent
	done
}

# The limit was lowered below what is open: it goes all the same.
test_descriptors_above_the_limit() {
	says "above" "result 0*status 0" sh -c '
		exec 9<&0; ulimit -n 6; exec "$@"' - "$LAUNCH" sh -c "$HOLDS"
}

#
# Processes
#
test_ignored_sigchld() {
	says "launch" "result 0*wait: No child processes" "$LAUNCH" -c true
	says "failure" "result -2 exec:" "$LAUNCH" -c nosuch
	says "timeout" "result 0*wait: No child processes" "$LAUNCH" -c -w 60000 sleep 0.1
	says "system" "result -10 system: No child processes" "$LAUNCH" -c -s true
}

need_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	unshare -m true 2>/dev/null || skip "no namespaces here"
}

test_proc_is_not_mounted() {
	need_root
	need_no_sanitizer
	says "no /proc" "result 0*status 0" unshare -m sh -c '
		mount -t tmpfs none /proc && exec "$@"' - "$LAUNCH" -l true
	# its stdin, 0, is what it reads; /proc is there again for the child's look
	ulimit -n 512
	says "no /proc, no close_range" "result 0*status 0" unshare -m sh -c '
		mount --bind /proc /mnt && mount -t tmpfs none /proc && exec "$@"' - \
		"$FILTER" close_range=EPERM -- "$LAUNCH" -l sh -c \
		"for n in 9 77 300; do [ ! -e /mnt/\$\$/fd/\$n ] || exit 1; done; [ -e /mnt/\$\$/fd/0 ]"
}

test_as_pid_1_of_a_namespace() {
	need_root
	says "launch" "result 0*status 0" unshare -pf --mount-proc "$LAUNCH" -N 2 true
	says "missing" "result -2 exec:" unshare -pf --mount-proc "$LAUNCH" nosuch
	says "system" "result 0*status 3" unshare -pf --mount-proc "$LAUNCH" -s 'exit 3'
	# all that is left by somebody would be its child
	says "detached, missing" "result -2 exec:" unshare -pf --mount-proc "$LAUNCH" -N 3 -d nosuch
	says "detached, killed" "result -125 setsid:" unshare -pf --mount-proc \
		"$FILTER" setsid=KILL -- "$LAUNCH" -d -S true
	says "the next namespace's first" "result 0*status 0" unshare -p "$LAUNCH" "$CHILD"
}

AS_NOBODY="setpriv --reuid=65534 --regid=65534 --clear-groups"

need_another_user() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	$AS_NOBODY test -x "$LAUNCH" 2>/dev/null || skip "another user can't reach the build directory"
}

test_as_an_ordinary_user() {
	need_another_user
	says "launch" "result 0*pidfd yes*status 0" $AS_NOBODY "$LAUNCH" -l sh -c "$HOLDS"
	says "missing" "result -2 exec:" $AS_NOBODY "$LAUNCH" /nonexistent
	says "not allowed" "result -13 chdir: chdir $PWD: Perm" $AS_NOBODY sh -c \
		'cd / && exec "$@"' - "$LAUNCH" -C "$PWD" true
}

test_the_limit_of_processes_is_reached() {
	need_another_user
	says "launch" "result -11 clone: clone: too many processes: Resource" $AS_NOBODY prlimit --nproc=0 "$LAUNCH" true
	says "system" "result -11 system: Resource" $AS_NOBODY prlimit --nproc=0 "$LAUNCH" -s true
}

test_small_stacks() {
	need_no_sanitizer
	printf '#!/no/such/interpreter\n' >script && chmod 755 script
	status 0 "$HELPERS/fault_stack" ./script "$BUILD/spawn-server"
	like "small threads" "*fine" "$out"
	# what spawnutil.h says
	printf '%s\n' "$out" | while read -r name bytes; do
		[ "$name" = small ] || [ "$bytes" -le 12288 ] || exit 1
	done || fail "more than 12 KiB: $out"
	ulimit -s 64
	says "64 KiB" "result 0*status 0" "$LAUNCH" true
}

run_tests
