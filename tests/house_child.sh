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

check_linked() {
	for file in libspawnutil.so libspawnutil-preload.so safespawn spawnbench; do
		leaving "$1/$file" "$1/$child.o" | sed "s/^/$file: /"
	done >found
	[ ! -s found ] || fail "$(cat found)"
}

need_objdump() {
	command -v objdump >/dev/null || skip "objdump isn't installed"
}

test_no_branch_leaves_the_child_in_what_was_linked() {
	need_objdump
	check_linked "$BUILD"
}

test_no_branch_leaves_the_child_after_link_time_optimization() {
	long
	need_objdump
	command -v gcc >/dev/null || skip "gcc isn't installed"
	build -j2 BUILD="$tmp/b" CC=gcc CFLAGS='-O2 -flto' "$tmp/b/libspawnutil.so" \
		"$tmp/b/libspawnutil-preload.so" \
		"$tmp/b/safespawn" "$tmp/b/spawnbench" >log 2>&1 || fail "$(cat log)"
	check_linked "$tmp/b"
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
