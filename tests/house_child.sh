#!/bin/sh
# SPDX-License-Identifier: MIT
# The child runs nobody's code: its object has no undefined symbol, however the
# library is compiled, and where it was linked no call or jump leaves it.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

# Below the build directory, without its ending
child=obj/lib/child/child

command -v nm >/dev/null || nm() { skip "nm isn't installed"; }

# What the outer make was called with is not for the scratch builds.
build() {
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u SAN -u COV -u V -u BUILD \
		"${MAKE:-make}" -s -C "$top" "$@"
}

# undefined OBJECT...
undefined() {
	for object in "$@"; do
		nm -u "$object" | grep -v ':$' | sed "s|^|${object##*/}: |"
	done
}

test_the_object_of_this_build_has_no_undefined_symbol() {
	undefined "$BUILD/$child.o" >found
	[ ! -s found ] || fail "$(cat found)"
}

# with CC VARIABLE=VALUE
with() {
	rm -rf b
	build BUILD="$tmp/b" CC="$1" "$2" "$tmp/b/$child.o" >log 2>&1 ||
		fail "$*: $(cat log)"
	undefined "b/$child.o" >found
	[ ! -s found ] || fail "$*: $(cat found)"
}

with_every_flag() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
	with "$1" CFLAGS=-O0
	with "$1" CFLAGS=-O2
	with "$1" CFLAGS=-O3
	with "$1" CFLAGS='-O2 -flto'
	with "$1" CFLAGS='-O2 -pg'
	with "$1" CFLAGS='-O2 -fstack-protector-all -D_FORTIFY_SOURCE=2'
	with "$1" SAN=address,undefined
	with "$1" SAN=thread
	with "$1" COV=1
}

test_gcc_leaves_no_undefined_symbol_with_any_flags() {
	with_every_flag gcc
}

test_clang_leaves_no_undefined_symbol_with_any_flags() {
	long
	with_every_flag clang
}

test_a_call_to_libc_is_found() {
	cp -r "$top/src" "$top/Makefile" .
	printf 'int getpid(void);\nint spu__probe(void);\nint spu__probe(void) { return getpid(); }\n' \
		>>src/lib/child/child.c
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u SAN -u COV -u BUILD \
		"${MAKE:-make}" -s BUILD=b "b/$child.o" >log 2>&1 || fail "$(cat log)"
	undefined "b/$child.o" | grep -q getpid || fail "a call to getpid wasn't found"
}

# symbol FILE NAME COLUMN: of nm -S: address 1, size 2
symbol() {
	nm -S "$1" | awk -v name="$2" -v column="$3" '$NF == name { print "0x" $column }'
}

# deepest ENTRY WITHOUT: bytes of stack that ENTRY takes with all that it calls but what
# the pattern WITHOUT names, by gcc's call graph in child.ci. Registers that a call
# saves for its callee are in there; below the last frame 128 may be used, too.
deepest() {
	awk -F '"' -v entry="$1" -v without="$2" '
		function name(title) { sub(/.*:/, "", title); sub(/[.].*/, "", title); return title }
		function depth(f,    n, i, called, deep, d) {
			n = split(calls[f], called, " ")
			for (i = 1; i <= n; i++)
				if (called[i] !~ without && (d = depth(called[i])) > deep)
					deep = d
			return size[f] + deep
		}
		/^node/ {
			split($4, label, /\\n/)
			size[name($2)] = label[3] + 0
			if (label[3] !~ /\(static\)/) { print "not known: " $4; exit }
		}
		/^edge/ { if (name($2) != name($4)) calls[name($2)] = calls[name($2)] " " name($4) }
		END { print depth(entry) + 128 }' child.ci
}

# fits COMPILER FLAG: each of the two stacks of child.h
fits() {
	rm -rf b
	build BUILD="$tmp/b" CC="$1" CFLAGS="$2 -fcallgraph-info=su" "$tmp/b/$child.o" >log 2>&1 ||
		skip "$1 has no -fcallgraph-info"
	mv "b/$child.ci" child.ci
	# what the one between runs: see add_steps() in lib/plan/compile.c
	between=$(deepest spu__child_entry '^(ask_close|unshare|close|write|look|exec|issue)')
	last=$(deepest spu__child_entry '^detach')
	[ "$last" -gt 1024 ] || fail "$1 $2: $last bytes, with a buffer of 1024 among them"
	[ "$between" -gt 128 ] && [ "$between" -le "$(stack MIDDLE_STACK)" ] ||
		fail "$1 $2: the one between takes $between bytes"
	[ "$last" -le "$(stack CHILD_STACK)" ] || fail "$1 $2: a child takes $last bytes"
	echo "$1 $2: $last and $between bytes"
}

stack() {
	sed -n "s/^#define $1 \([0-9]*\)$/\1/p" "$top/src/lib/child/child.h"
}

test_the_childrens_stacks_are_large_enough() {
	command -v gcc >/dev/null || skip "gcc isn't installed"
	for flag in -O0 -O2; do
		fits gcc $flag
		! command -v aarch64-linux-gnu-gcc >/dev/null || fits aarch64-linux-gnu-gcc $flag
	done
}

section_size() {
	objdump -h "$1" | awk '$2 == ".text.spu_child" { print "0x" $3 }'
}

# leaving FILE OBJECT [SIZE]: branches that leave the child's code in a linked
# FILE, OBJECT being what was linked in and SIZE that of its code. Jumps through a table of the object's own
# have no target here; that they stay inside is what nm -u of it says.
leaving() {
	inside=$(symbol "$2" spu__clone_child 1)
	linked=$(symbol "$1" spu__clone_child 1)
	if [ -z "$linked" ]; then
		echo "spu__clone_child isn't there, or in line"
		return
	fi
	first=$((linked - inside))
	last=$((first + ${3-$(section_size "$2")}))
	objdump -d --no-show-raw-insn --start-address="$first" --stop-address="$last" "$1" |
		sed -n 's/^ *[0-9a-f]*:	//p' >code
	[ "$(wc -l <code)" -gt 100 ] || echo "only $(wc -l <code) instructions"
	grep -E '^(bnd |notrack )?(call|blr|blra)[a-z]* +\*?(%|x[0-9]|\()' code
	sed -nE 's/^(bnd |notrack )?(call|j[a-z]+|loop[a-z]*|b|bl|b\.[a-z]+|cbn?z|tbn?z)q? +(.*, *)?([0-9a-f]+) <.*/\4 &/p' code |
		while read -r target line; do
			target=$((0x$target))
			[ "$target" -ge "$first" ] && [ "$target" -lt "$last" ] || echo "$line"
		done
}

# check_linked BUILD FILE...
check_linked() {
	below=$1
	shift
	for file in "$@"; do
		leaving "$below/$file" "$below/$child.o" | sed "s/^/$file: /"
	done >found
	[ ! -s found ] || fail "$(cat found)"
}

need_objdump() {
	command -v objdump >/dev/null || skip "objdump isn't installed"
}

test_no_branch_leaves_the_child_in_what_was_linked() {
	need_objdump
	check_linked "$BUILD" libspawnutil.so libspawnutil-preload.so safespawn spawnbench
}

# One of each kind: a library, and a program with the archive
test_no_branch_leaves_the_child_after_link_time_optimization() {
	long
	need_objdump
	command -v gcc >/dev/null || skip "gcc isn't installed"
	build -j2 BUILD="$tmp/b" CC=gcc CFLAGS='-O2 -flto' "$tmp/b/libspawnutil.so" "$tmp/b/tests/helpers/fault_launch" \
		>log 2>&1 || fail "$(cat log)"
	check_linked "$tmp/b" libspawnutil.so tests/helpers/fault_launch
}

test_a_branch_that_leaves_is_found() {
	need_objdump
	object=$BUILD/$child.o
	for tenths in 1 2 3 4 5 6 7 8 9; do
		leaving "$BUILD/libspawnutil.so" "$object" \
			$(($(section_size "$object") * tenths / 10)) >>found
	done
	[ -s found ] || fail "parts of the child, and no branch leaves them"
}

run_tests
