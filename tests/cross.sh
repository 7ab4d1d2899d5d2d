#!/bin/sh
# SPDX-License-Identifier: MIT
# The library for the other processor, built by Debian's cross compiler and run
# by qemu-user, where memory isn't shared: errors come through the pipe.
# suite: long
. "$(dirname "$0")/lib.sh"

top=$(cd "$(dirname "$0")/.." && pwd)
cross=aarch64-linux-gnu
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static)

# Once for the suite, in a directory that run_tests doesn't remove.
built=${TMPDIR:-/tmp}/spawnutil.cross.$$
trap 'rm -rf "$built"' EXIT

need_cross() {
	command -v $cross-gcc >/dev/null ||
		skip "$cross-gcc isn't installed (gcc-aarch64-linux-gnu, libc6-dev-arm64-cross)"
	[ -d "$built" ] && return
	${MAKE:-make} -s -C "$top" BUILD="$built" CC=$cross-gcc AR=$cross-ar SAN= COV= all \
		>"$tmp/log" 2>&1 || fail "$(cat "$tmp/log")"
	mv "$tmp/log" "$built/log"
	# what of spawnaudit needs no libdw
	for file in look/machine trace/calls trace/window; do
		$cross-gcc -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -I"$top/src" -c \
			-o "$built/${file##*/}.o" "$top/src/spawnaudit/$file.c" >>"$built/log" 2>&1
	done
	$cross-gcc -std=gnu11 -D_GNU_SOURCE -static -pthread -I"$top/src" \
		-o "$built/fault_launch" "$top/tests/helpers/fault_launch.c" \
		"$built/libspawnutil.a" || fail "fault_launch doesn't build"
}

need_qemu() {
	need_cross
	[ -n "$qemu" ] || skip "qemu-user isn't installed"
}

# launch EXPECTED OPTION...
launch() {
	expected=$1
	shift
	got=$(timeout 60 "$qemu" "$built/fault_launch" "$@" | tr '\n' ' ')
	like "$*" "$expected" "$got"
}

test_builds_without_a_warning() {
	need_cross
	same "the compiler's words" "" "$(grep -v '^make: spawnaudit is left out' "$built/log")"
}

test_child_has_no_undefined_symbol() {
	need_cross
	same child.o "" "$($cross-nm -u "$built/obj/lib/child/child.o")"
}

test_launches_and_waits() {
	need_qemu
	launch 'result 0 * status 0 end ' /bin/true
	launch 'result 0 * status 3 end ' /bin/sh -c 'exit 3'
	launch 'result 0 * status 0 end ' -N 20 /bin/true
}

test_errors_come_through_the_pipe() {
	need_qemu
	launch 'result -2 exec: exec nonesuch: not in PATH: No such file or directory *' nonesuch
	launch 'result -2 chdir: chdir /nonesuch: No such file or directory *' \
		-C /nonesuch /bin/true
	launch 'result -13 exec: exec /: a directory: Permission denied *' /
}

test_steps_are_taken() {
	need_qemu
	launch 'result 0 * status 0 end ' -C / -S -n -u /bin/true
	launch 'result 0 * status 0 end ' -x -g /bin/true
	launch 'result 0 end ' -d /bin/true
	launch 'result 0 * status 7 end ' -p /bin/sh -c 'exit 7'
}

test_safespawn_runs() {
	need_qemu
	root=/usr/$cross
	[ -d "$root/lib" ] || skip "no $cross libc to run with"
	same "what the command said" hi \
		"$(timeout 60 "$qemu" -L "$root" "$built/safespawn" -q /bin/echo hi)"
}

run_tests
