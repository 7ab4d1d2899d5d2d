# SPDX-License-Identifier: MIT
# All that the cross suites share, read by those: the products for another processor,
# built by Debian's cross compiler, and run: by qemu-user, where memory isn't shared and
# errors come through the pipe, or by the machine itself.
#
#	cross		the compiler's prefix
#	packages	what brings it, and its libc
#	run		qemu-user's program, or nothing
#	is_libcs	method posix_spawn is all there is
# shellcheck shell=sh disable=SC2154

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

top=$(cd "$(dirname "$0")/.." && pwd)
: "${is_libcs:=}"

# Once for the suite, in a directory that run_tests doesn't remove.
built=${TMPDIR:-/tmp}/spawnutil.cross.$$
trap 'rm -rf "$built"' EXIT

# compile BUILD FLAG TARGET
compile() {
	${MAKE:-make} -s -C "$top" BUILD="$1" CC=$cross-gcc AR=$cross-ar SAN= COV= CFLAGS="$2" "$3" \
		>>"$tmp/log" 2>&1 || fail "$(cat "$tmp/log")"
}

need_cross() {
	command -v $cross-gcc >/dev/null || skip "$cross-gcc isn't installed ($packages)"
	[ -d "$built" ] && return
	compile "$built" -O0 all
	# fault_launch's: at -O0 a register still holds what asm forgets to ask for
	compile "$built/optimized" -O2 "$built/optimized/libspawnutil.a"
	mv "$tmp/log" "$built/log"
	# what of spawnaudit needs no libdw
	for file in look/machine record/calls record/call_table record/call_text trace/window; do
		[ -n "$is_libcs" ] ||
			$cross-gcc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -I"$top/src" -c \
				-o "$built/${file##*/}.o" "$top/src/spawnaudit/$file.c" \
				>>"$built/log" 2>&1
	done
	$cross-gcc -std=gnu11 -D_GNU_SOURCE -static -pthread -I"$top/src" \
		-o "$built/fault_launch" "$top/tests/helpers/fault_launch.c" \
		"$built/optimized/libspawnutil.a" || fail "fault_launch doesn't build"
	echo 'int main(void) { return 0; }' | $cross-gcc -static -x c -o "$built/nothing" - ||
		fail "no program builds"
}

# Also: how a program for that processor is run, in $emulator
need_to_run() {
	need_cross
	emulator=
	[ -z "$run" ] || emulator=$(command -v $run || command -v $run-static) ||
		skip "$run isn't installed (qemu-user)"
	# shellcheck disable=SC2086	# nothing, or a word
	$emulator "$built/nothing" 2>/dev/null || skip "no $cross program runs here"
}

# launch EXPECTED OPTION...
launch() {
	expected=$1
	shift
	# shellcheck disable=SC2086
	got=$(timeout 60 $emulator "$built/fault_launch" "$@" | tr '\n' ' ')
	like "$*" "$expected" "$got"
}

# What the compiler says where it knows no system calls is a note.
test_builds_without_a_warning() {
	need_cross
	same "the compiler's words" "" "$(grep -E 'warning:|error:' "$built/log")"
	if [ -n "$is_libcs" ]; then
		grep -q 'method posix_spawn is all there is' "$built/log" || fail "it isn't told"
	fi
}

# An optimizer puts calls of memset where loops were
test_child_has_no_undefined_symbol() {
	need_cross
	same child.o "" "$($cross-nm -u "$built/optimized/obj/lib/child/child.o")"
}

test_launches_and_waits() {
	need_to_run
	# shellcheck disable=SC2086
	status 0 $emulator "$built/spawnbench-child"
	launch 'result 0 * status 0 end ' /bin/true
	launch 'result 0 * status 3 end ' /bin/sh -c 'exit 3'
	launch 'result 0 * status 0 end ' -N 20 /bin/true
	launch 'result 0 * status 7 end ' -p /bin/sh -c 'exit 7'
}

test_errors_are_told() {
	need_to_run
	if [ -n "$is_libcs" ]; then
		launch 'result -2 posix_spawn: posix_spawn nonesuch: No such file *' nonesuch
		return
	fi
	launch 'result -2 exec: exec nonesuch: not in PATH: No such file or directory *' nonesuch
	launch 'result -2 chdir: chdir /nonesuch: No such file or directory *' \
		-C /nonesuch /bin/true
	launch 'result -13 exec: exec /: a directory: Permission denied *' /
}

test_steps_are_taken_or_refused() {
	need_to_run
	launch 'result 0 * status 0 end ' -C / /bin/true
	if [ -n "$is_libcs" ]; then
		launch 'result -95 options: umask: not with method posix_spawn *' -u /bin/true
		launch 'result -95 options: detach: not with method posix_spawn *' -d /bin/true
		return
	fi
	launch 'result 0 * status 0 end ' -C / -S -n -u /bin/true
	launch 'result 0 * status 0 end ' -x -g /bin/true
	launch 'result 0 end ' -d /bin/true
}

# need_safespawn: run_safespawn runs it, with a libc that isn't the machine's
need_safespawn() {
	need_to_run
	root=/usr/$cross
	[ -d "$root/lib" ] || skip "no $cross libc to run with"
	loader=$(find "$root/lib" -name 'ld-linux*.so.*' | head -n 1)
}

run_safespawn() {
	if [ -n "$emulator" ]; then
		timeout $((200 * PATIENCE)) "$emulator" -L "$root" "$built/safespawn" -q "$@"
	else
		timeout $((200 * PATIENCE)) "$loader" --library-path "$root/lib" "$built/safespawn" -q "$@"
	fi
}

test_safespawn_runs() {
	need_safespawn
	same "what the command said" hi "$(run_safespawn /bin/echo hi)"
}

# Seconds since 1970 have 32 bits there, or those of a long
test_no_time_is_too_long_to_be_counted() {
	need_safespawn
	for limit in 600 inf 30000d 1e12; do
		status 3 run_safespawn -t $limit sh -c 'sleep 0.2; exit 3'
	done
	for grace in 600 inf 30000d 1e12; do
		status 124 run_safespawn -t 0.2 -k $grace sh -c '
			trap "sleep 0.2; echo told; exit" TERM; while :; do sleep 0.05; done'
		same "before -k $grace is over" told "$out"
	done
}

test_files_may_be_larger_than_an_int_can_say() {
	need_safespawn
	truncate -s 3G large 2>err || skip "no file of 3 GiB: $(cat err)"
	status 0 run_safespawn -r '>>large' --output=large -v echo hi
	tail -c 200 large | tr -d '\0' >end
	same "what the command wrote there" hi "$(grep hi end)"
	like "what safespawn wrote there" '*safespawn: launched echo *' "$(cat end)"
}
