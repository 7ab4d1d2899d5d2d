#!/bin/sh
# SPDX-License-Identifier: MIT
# What spawnbench can't do it says in one line that names the thing, and points at
# --help where the command line is at fault.

# shellcheck disable=SC2016,SC2317,SC3045	# lib.sh calls the tests; their children expand; dash has ulimit -n

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# refused STATUS PATTERN ARG...: no table
refused() {
	expected_status=$1 pattern=$2
	shift 2
	status "$expected_status" spawnbench --rounds=1 --launches=1 "$@"
	if [ "$expected_status" -eq 2 ]; then
		hinted spawnbench "$pattern"
	else
		like "$*" "spawnbench: $pattern" "$err"
		same "$*: lines" 1 "$(printf '%s\n' "$err" | grep -c .)"
	fi
	case $out in
	*medians*) fail "$*: a table: $out" ;;
	esac
}

test_unknown_method_is_answered_with_the_known() {
	refused 2 "--methods: 'spoon' isn't one of: raw fork _Fork vfork * popen spu_popen spu-server empty" \
		--methods=raw,spoon
	refused 2 "--methods: '' isn't one of: *" --methods=
	refused 2 "--methods: '' isn't one of: *" --methods=raw,
	refused 2 "--baseline: 'spoon' isn't one of: raw *" --baseline=spoon
	refused 2 "--baseline: 'vfork' isn't among the --methods" --baseline=vfork --methods=raw
}

test_every_method_of_help_is_known() {
	words spawnbench METHOD >words || exit
	refused 2 "--baseline: 'spoon' isn't one of:$(sed 's/^/ /' words)" --baseline=spoon \
		--methods="$(tr ' ' , <words)"
}

test_number_with_trailing_junk() {
	refused 2 "--threads: '4x' isn't a number*" --threads=4x
	refused 2 "--fds: '-1' isn't a number*" --fds=-1
	refused 2 "--rss: '1Q' isn't a size*" --rss=1,1Q
	refused 2 "--rss: '' isn't a size*" --rss=
	refused 2 "--thp: 'always' isn't yes or no" --thp=always
	refused 2 "--jobs: '0' isn't a number from 1 to 1024" --jobs=0
	refused 2 "--env: '1e3' isn't a number*" --env=1e3
	refused 2 "--time: '1x' isn't a duration*" --time=1x
	refused 2 "--timeout: '' isn't a duration*" --timeout=
	refused 2 "--time: '1e300' is too long; without end is inf" --time=1e300
	refused 2 "--rounds: '0' isn't a number from 1*" --rounds=0
	refused 2 "--launches: '1 ' isn't a number*" --launches='1 '
	refused 2 "--pin: 'first' isn't the number of a processor" --pin=first
}

# They are long in every unit that they are reckoned in.
test_long_durations_do_not_wrap() {
	for long in 4294967.297 9223372036.855 18446744073.710 2305843009213693 26687997791d inf; do
		status 0 spawnbench --rounds=2 --launches=2 --methods=raw --child=/bin/true \
			--timeout=$long --time=$long
		same "$long: stderr" "" "$err"
		case $out in
		*"for want of time"*) fail "$long: rounds are missing: $out" ;;
		esac
	done
}

test_too_much_is_refused() {
	refused 2 "--rounds, --launches: more than 10000000*" --rounds=10000 --launches=10000
	refused 2 "--fds: more than 64 values" --fds="$(seq -s, 65)"
	refused 1 "--rss: 4194304 MiB and their page tables don't fit: * available" --rss=4T
	refused 1 "--env: 10000000 variables of 32 bytes are more than exec takes: * bytes in all" \
		--env=10000000
	refused 1 "--pin: processor 1000 isn't there*" --pin=1000
}

test_all_shapes_are_checked_before_the_first_is_measured() {
	refused 1 "--rss: * don't fit*" --rss=0,4T
	same "output" "" "$out"
}

test_threads_that_find_no_memory() {
	[ -z "$SAN" ] || skip "sanitizers map more than any limit"
	ulimit -v 300000
	refused 1 "--jobs: thread [0-9]* of 100: Resource temporarily unavailable" --jobs=100 \
		--methods=raw --child=/bin/true
	refused 1 "--threads: number [0-9]* of 10000: Resource temporarily unavailable" \
		--threads=10000 --methods=raw --child=/bin/true
}

# Before anything is measured: of two parents the second is one too many.
test_more_threads_than_the_system_has() {
	[ -r /proc/sys/kernel/pid_max ] || skip "no pid_max"
	[ "$(cat /proc/sys/kernel/pid_max)" -lt 1000000 ] || skip "pid_max is too high"
	refused 1 "--threads: 1000003 threads and processes in all are more than * allows, [0-9]*" \
		--threads=0,1000000
	same "output" "" "$out"
}

# nproc LIMIT ARG...: as somebody whom it holds for
nproc() {
	public_child
	cp "$BUILD/spawnbench" "$public"
	as="--rlimit=nproc=$1"
	[ "$(id -u)" -ne 0 ] || as="$as --user=nobody"
	shift
	# shellcheck disable=SC2086
	status 1 safespawn $as "$public/spawnbench" --child="$CHILD" "$@"
}

test_more_threads_than_the_user_may_have() {
	nproc 400 --threads=0,500
	same "message" "spawnbench: --threads: 503 threads and processes in all are more than RLIMIT_NPROC (ulimit -u) allows, 400" "$err"
	same "output" "" "$out"
}

test_more_threads_than_the_control_group_has() {
	unshare -rm mount -t tmpfs none /sys/fs/cgroup 2>/dev/null ||
		skip "no mounts of our own here"
	group=$(sed -n 's/^0:://p' /proc/self/cgroup)
	[ -n "$group" ] || skip "no control groups of version 2"
	# shellcheck disable=SC2016
	status 1 unshare -rm sh -c 'mount -t tmpfs none /sys/fs/cgroup && cd /sys/fs/cgroup &&
		mkdir -p ".$0" && echo 70 >".$0/pids.max" && echo 8 >".$0/pids.current" &&
		exec "$@"' "$group" "$BUILD/spawnbench" --jobs=30,31 --child=/bin/true
	same "message" "spawnbench: --jobs: 63 threads and processes in all are more than pids.max of the control group allows, 62" "$err"
	same "output" "" "$out"
}

test_hard_limit_of_descriptors() {
	ulimit -n 100
	refused 1 "--fds: 90 and 32 to work with are more than the hard limit of descriptors, 100" \
		--fds=90
}

test_operand() {
	refused 2 "'true': there are only options*" true
}

test_unknown_option() {
	status 2 spawnbench --frobnicate
	like "message" "*unrecognized option '--frobnicate'*" "$err"
}

test_child_that_cannot_be_executed() {
	refused 1 "child /nonexistent: No such file or directory" --child=/nonexistent
	refused 1 "child ./: Is a directory" --child=./
	: >plain
	refused 1 "child ./plain: Permission denied" --child=./plain
	echo junk >plain
	chmod +x plain
	for method in raw posix_spawn spu spu-posix_spawn; do
		refused 1 "$method: ./plain: Exec format error" --child=./plain --methods="$method"
	done
	for method in fork vfork; do
		refused 1 "$method: ./plain: exit status 127" --child=./plain --methods="$method"
	done
}

test_child_that_is_not_in_the_path() {
	: >plain
	refused 1 "child plain: No such file or directory" --child=plain
	mkdir bin
	: >bin/plain
	PATH=$PATH:$PWD/bin refused 1 "child plain: Permission denied" --child=plain
}

test_child_that_is_no_command() {
	for child in "" " " "true '" 'true "' 'true \'; do
		refused 1 "child *: no word, or a quote or backslash without its end" --child="$child"
	done
}

test_child_that_fails() {
	printf '#!/bin/sh\nexit 3\n' >three
	printf '#!/bin/sh\nkill -9 $$\n' >killed
	chmod +x three killed
	for method in raw fork spu system spu_system popen spu_popen; do
		refused 1 "$method: ./three: exit status 3" --child=./three --methods="$method"
		refused 1 "$method: ./killed: killed by signal 9" --child=./killed --methods="$method"
	done
}

# counted MADE: the table on stdin has those launches, but for the first, of the warm-up
counted() {
	launches=$(awk '$1 == "raw" { n = $10 } END { print n + 0 }')
	if [ "$launches" -lt $(($1 - 12)) ] || [ "$launches" -ge "$1" ]; then
		fail "$launches launches were counted"
	fi
}

test_child_that_hangs() {
	printf '#!/bin/sh\necho $$ >>pids; sleep 1000\n' >hanging
	chmod +x hanging
	refused 1 "fork: ./hanging: no launch ended for 0.2 s: does it hang? (else --timeout)" \
		--child=./hanging --methods=fork --timeout=0.2
	while read -r pid; do
		[ ! -d "/proc/$pid" ] || grep -q '^State:.*Z' "/proc/$pid/status" || fail "$pid lives on"
	done <pids
}

# What came before is kept.
test_child_that_hangs_later() {
	printf '#!/bin/sh\necho >>count; [ "$(wc -l <count)" -lt 20 ] || sleep 1000\n' >tired
	chmod +x tired
	status 1 spawnbench --rounds=1 --launches=50 --methods=raw --child=./tired --timeout=5
	like "message" "spawnbench: raw: ./tired: no launch ended for 5 s*" "$err"
	printf '%s\n' "$out" | counted 19
}

# The first figures are kept when a later launch fails.
test_child_that_fails_later() {
	printf '#!/bin/sh\necho >>count; [ "$(wc -l <count)" -lt 20 ]\n' >tired
	chmod +x tired
	status 1 spawnbench --rounds=1 --launches=50 --methods=raw --child=./tired
	same "message" "spawnbench: raw: ./tired: exit status 1" "$err"
	printf '%s\n' "$out" | counted 19
}

test_stdout_that_takes_nothing() {
	status 1 sh -c 'spawnbench --rounds=1 --launches=1 --methods=raw >&-'
	same "closed" "spawnbench: stdout: Bad file descriptor" "$err"
	[ -c /dev/full ] || skip "no /dev/full"
	status 1 sh -c 'spawnbench --rounds=1 --launches=1 --methods=raw >/dev/full'
	same "full" "spawnbench: stdout: No space left on device" "$err"
}

test_help_that_is_lost_is_a_failure() {
	[ -c /dev/full ] || skip "no /dev/full"
	for option in -h --help --usage --version; do
		status 1 sh -c 'spawnbench $1 >/dev/full' - $option
		same "words of $option" "spawnbench: standard output: No space left on device" "$err"
		status 1 sh -c 'spawnbench $1 >&-' - $option
		same "closed: words of $option" "spawnbench: standard output: Bad file descriptor" "$err"
		status 0 spawnbench $option
		like "$option" "*spawnbench *" "$out"
	done
}

run_tests
