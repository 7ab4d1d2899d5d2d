#!/bin/sh
# SPDX-License-Identifier: MIT
# The plan that spu_explain() prints is what strace sees the child do: the same
# system calls in the same order, with the same numbers and strings.

# shellcheck disable=SC2317,SC3045	# lib.sh calls the tests; dash has ulimit -n

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# LeakSanitizer can't work where another one traces, or no process can be made
export ASAN_OPTIONS="detect_leaks=0"

LAUNCH=$HELPERS/plan_launch
public_child

need_strace() {
	command -v strace >/dev/null || skip "no strace"
	strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"
}

# The comparison. First the plan, then the calls of the child until one exec has
# succeeded. What the plan calls N is the descriptor that the call before it gave.
write_comparison() {
	cat <<'AWK'
function fault(what) {
	printf "%s\n  plan:  %s\n  trace: %s\n", what, plan[p], calls[t]
	failed = 1
	exit 1
}

FILENAME == ARGV[1] {
	if (/^method /)
		next
	if (/^   clone  /) {
		clone = substr($0, 17)
		next
	}
	plans++
	plan[plans] = substr($0, 17)
	next
}

FILENAME == ARGV[2] {	# the parent: its last clone is the child's
	if (/^clone3?\(/ && (!child || $NF == child))
		cloned = $0
	next
}

/^(\+\+\+|---)/ { next }

{
	at = match($0, /\) += (-?[0-9]+|\?)[^"]*$/)
	count++
	calls[count] = substr($0, 1, at)
	result[count] = substr($0, at + 1)
	sub(/^ += /, "", result[count])
	if (/^execve(at)?\(/) {
		sub(/, 0x[0-9a-f]+ \/\*/, ", /*", calls[count])
		if (result[count] == "0")
			exit
	}
}

function compare_clone(    ours, theirs) {
	ours = clone
	theirs = cloned
	if (ours ~ /^clone3/) {
		match(theirs, /flags=[A-Z_0-9|]+/)
		theirs = "clone3(" substr(theirs, RSTART + 6, RLENGTH - 6) ", " \
			 substr(theirs, index(theirs, "exit_signal="), 13) ")"
	} else {
		match(theirs, /flags=[A-Z_0-9|]+/)
		theirs = substr(theirs, RSTART + 6, RLENGTH - 6)
		if (!sub(/\|SIGCHLD$/, ", exit_signal=SIGCHLD", theirs))
			theirs = theirs ", exit_signal=0"
		theirs = "clone(" theirs ")"
	}
	if (clone != theirs) {
		printf "the child is made differently\n  plan:  %s\n  trace: %s\n", clone, cloned
		failed = 1
		exit 1
	}
}

# until success: the calls are the first candidates
function compare_exec() {
	for (; p <= plans; p++) {
		t++
		if (plan[p] != calls[t])
			fault("another candidate")
		if (result[t] == "0") {
			if (t < count)
				fault("more after exec")
			return
		}
	}
	# all failed: the child says so and ends
	t++
	if (calls[t] ~ /^write\(/)
		t++
	if (calls[t] != "exit_group(127)" || t < count)
		fault("no orderly end")
}

END {
	if (failed)
		exit 1
	if (!in_place)
		compare_clone()
	for (p = 1; p <= plans; p++) {
		line = plan[p]
		if (line ~ /^execve(at)?\(/) {
			compare_exec()
			exit
		}
		# 64 questions, and for each caught signal an answer
		if (line ~ /^rt_sigaction for each caught signal/) {
			while (calls[t + 1] ~ /^rt_sigaction\([A-Z0-9_]*, (NULL|.*sa_handler=SIG_DFL.*NULL)/)
				t++
			if (t < 64)
				fault("not all signals were asked for")
			continue
		}
		if (match(line, / unless N is [0-9]+$/)) {
			if (substr(line, RSTART + 13) == N)
				continue
			line = substr(line, 1, RSTART - 1)
		}
		binds = sub(/ = N$/, "", line)
		sub(/, and that child goes on$/, "", line)
		if (pid)	# the plan was made by another process
			sub(/^pidfd_open\([0-9]+/, "pidfd_open(" pid, line)
		sub(/^getppid\(\) is [0-9]+( or 0)?$/, "getppid()", line)
		sub(/^getpid\(\), .*$/, "getpid()", line)
		# what is no fault there
		answer = ""
		if (sub(/ is EINVAL$/, "", line))
			answer = "^-1 EINVAL"
		if (sub(/, open or not$/, "", line))
			answer = "^-1 EBADF"
		t++
		call = calls[t]
		sub(/ \.\.\.\]\)$/, "])", call)	# more words than strace knows processors
		if (line ~ /^write\(.*report/)
			sub(/"([^"\\]|\\.)*"/, "report", call)
		if (line ~ /^write\(.*line/)
			sub(/"[0-9]+\\n", [0-9]+/, "line, size", call)
		if (line ~ /^seccomp\(/)
			sub(/filter=0x[0-9a-f]+/, "filter", call)
		if (line ~ /^timer_create\(/) {
			sub(/sigev_value=\{[^}]*\}, /, "", call)
			N = substr(call, match(call, /\[[0-9]+\]\)$/) + 1) + 0
			sub(/\[[0-9]+\]\)$/, "[N])", call)
		}
		if (line ~ /^timer_settime\(N,/) {	# the whole time, less what has gone by
			match(line, /\{[0-9]+ ms\}/)
			ms = substr(line, RSTART + 1) + 0
			match(call, /it_value=\{tv_sec=[0-9]+/)
			s = substr(call, RSTART + 17) + 0
			if (s >= ms / 1000 - 600 && s <= ms / 1000)
				sub(/\{it_interval=.*\}\}/, "{" ms " ms}", call)
			sub(/N/, N, line)
		}
		if (line ~ /^ioctl\(.*TIOCSPGRP/)
			sub(/\[[0-9]+\]/, "[group]", call)
		if (line ~ /^clone\(/)
			gsub(/child_stack=0x[0-9a-f]+, |, (parent|child)_tid(ptr)?=(0x[0-9a-f]+|\[[0-9]+\])/, "", call)
		if (line ~ /^(dup3|close|write)\(N[,)]/)
			sub(/N/, N, line)
		if (line != call)
			fault("a different step")
		if (result[t] ~ /^-1/ && !(answer && result[t] ~ answer))
			fault("a step that failed: " result[t])
		if (binds)
			N = result[t]
	}
	fault("no exec in the plan")
}
AWK
}

# compare NAME NTH [STRACE-OPTION...]: a launch with these options, the NTH of its process
compare() {
	name=$1 nth=$2
	shift 2
	# where something is refused the plan must be made by one who was refused it too
	tracer=
	[ $# -eq 0 ] || tracer="strace -f -o /dev/null $*"
	# shellcheck disable=SC2086
	$tracer "$LAUNCH" "$name" explain "$nth" "$CHILD" 2>plan || fail "explain: $(cat plan)"
	strace -ff -s 4096 -o log "$@" "$LAUNCH" "$name" launch "$nth" "$CHILD" 2>said ||
		fail "launch: $(cat said)"
	parent=$(grep -l '^execve(".*/plan_launch"' log.*)
	child=$(sed -n 's/^clone3\{0,1\}(.*) = \([0-9]*\)$/\1/p' "$parent" | tail -n 1)
	[ -n "$child" ] || fail "no child was made"
	files=log.$child
	# a detached child is another's, and goes on where the other was cloned
	if grep -q '^clone(' "log.$child"; then
		sed '/^clone(/q' "log.$child" >first
		files="first log.$(sed -n 's/^clone(.*) = \([0-9]*\)$/\1/p' "log.$child")"
	fi
	write_comparison >compare.awk
	# shellcheck disable=SC2086
	awk -v "pid=${parent#log.}" -f compare.awk plan "$parent" $files >differs || fail "$name, launch $nth: $(cat differs)"
}

# every NTH [STRACE-OPTION...]: all option sets
every() {
	need_strace
	checked=0
	for set in $("$LAUNCH" list); do
		mkdir "$set" && cd "$set" || exit 1
		compare "$set" "$@" </dev/null
		cd ..
		checked=$((checked + 1))
	done
	[ "$checked" -ge 14 ] || fail "only $checked option sets"
}

# It carries the error pipe, and says "ready" there.
test_first_launch_of_a_process() {
	every 1
	grep -q '^ *[0-9]* ready ' plain/plan || fail "no ready step: $(cat plain/plan)"
}

test_later_launch() {
	every 2
	! grep -q ' ready ' plain/plan || fail "an error pipe again: $(cat plain/plan)"
}

# From where spu_exec() has blocked all signals on it is the calling process itself.
test_exec_in_place() {
	need_strace
	for set in $("$LAUNCH" list); do
		case $set in
		# these ask for a child
		pipes | own_terminal | detached | everything | within_time) continue ;;
		# its failure isn't a child's
		long_search_in_vain) continue ;;
		esac
		mkdir "$set" && cd "$set" || exit 1
		"$LAUNCH" "$set" explain-exec 1 "$CHILD" 2>plan </dev/null || fail "explain: $(cat plan)"
		# a terminal hangs up when its master is closed
		strace -s 4096 -o log "$LAUNCH" "$set" exec 1 "$CHILD" </dev/null
		awk '{ line[NR] = $0 } /^rt_sigprocmask\(SIG_BLOCK, ~\[.*SYS/ { from = NR }
			END { while (++from <= NR) print line[from] }' log >calls
		write_comparison >compare.awk
		awk -v in_place=1 -f compare.awk plan /dev/null calls >differs || fail "$set: $(cat differs)"
		same method 'method exec' "$(sed 1q plan)"
		cd ..
	done
}

# random NTH SEEDS: generated sets
random() {
	generated "$LAUNCH" random "$1" "$2"
}

# generated COMMAND...: as it generates them; each plan and each child apart in the end
generated() {
	need_strace
	# the parent's table must have room for what the sets hold
	[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -gt 700 ] || skip "few descriptors"
	strace -ff -s 4096 -o log "$@" "$CHILD" 2>said </dev/null ||
		fail "launch: $(tail -n 3 said)"
	parent=$(grep -l "^execve(\"$1\"" log.*)
	write_comparison >compare.awk
	awk '/^set / { set = $2; next }
		/^child / { print set, $2 >"children"; next }
		{ print >("plan." set) }' said
	while read -r set child; do
		[ "$child" -gt 0 ] || fail "set $set: $(grep -A 60 "^set $set\$" said | head -n 60)"
		awk -v "child=$child" -f compare.awk "plan.$set" "$parent" "log.$child" >differs ||
			fail "set $set: $(cat differs "plan.$set")"
		checked=$((${checked:-0} + 1))
	done <children
}

test_random_sets_with_every_pair_of_descriptor_steps() {
	random 2 0-99
	[ "$checked" -eq 100 ] || fail "only $checked"
	cat plan.* >all
	for step in deadline fetch close signal setsid setpgid cgroup pid nice oom cpus scheduler ioprio limit umask chdir move open \
		no-new-privs pdeathsig parent-alive seccomp; do
		grep -q "^ *[0-9]* $step " all || fail "no step $step in any set"
	done
	[ "$(id -u)" -ne 0 ] || for step in inh-caps bounding-set ambient-caps securebits chroot setgroups setgid setuid; do
		grep -q "^ *[0-9]* $step " all || fail "no step $step in any set"
	done
}

test_random_sets_of_a_first_launch() {
	for seed in 12 47 74 99; do
		mkdir "$seed" && cd "$seed" || exit 1
		random 1 "$seed-$seed"
		grep -q ' ready ' "plan.$seed" || fail "no ready step: $(cat "plan.$seed")"
		cd ..
	done
}

# posix_spawn's file actions: every pair of kinds comes first in some list
test_generated_lists_of_file_actions() {
	lists=99
	[ -z "${CHECK_ALL-}" ] || lists=499
	generated "$HELPERS/plan_actions" 2 "0-$lists"
	[ "$checked" -eq $((lists + 1)) ] || fail "only $checked"
	cat plan.* >all
	for call in fchdir chdir close openat dup3 fcntl close_range pidfd_getfd setpgid; do
		grep -q " $call(" all || fail "no $call in any list"
	done
}

test_a_list_of_file_actions_in_a_first_launch() {
	for seed in 4 11 23 35; do
		mkdir "$seed" && cd "$seed" || exit 1
		generated "$HELPERS/plan_actions" 1 "$seed-$seed"
		grep -q ' ready ' "plan.$seed" || fail "no ready step: $(cat "plan.$seed")"
		cd ..
	done
}

# What the first launch learned the second one's plan says.
test_clone3_refused() {
	every 2 -e inject=clone3:error=ENOSYS
	grep -q ' handlers ' plain/plan || fail "no handlers step: $(cat plain/plan)"
}

run_tests
