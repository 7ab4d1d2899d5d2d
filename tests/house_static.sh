#!/bin/sh
# SPDX-License-Identifier: MIT
# make STATIC=musl: safespawn without a dynamic loader, with argp from outside.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

make_static() {
	${MAKE:-make} -s -C "$top" STATIC=musl BUILD="$tmp/b" SAN= COV= CC=gcc "$@" "$tmp/b/safespawn"
}

# install_safespawn [VARIABLE=VALUE]
install_safespawn() {
	${MAKE:-make} -s -j2 -C "$top" BUILD="$tmp/b" DESTDIR="$tmp/dest" prefix= "$@" install \
		>log 2>&1 || fail "$(cat log)"
}

# Of variables and descriptors as many as need more than the first kilobytes
has_memory_enough() {
	static=$1
	set --
	for n in $(seq 2000); do
		set -- "$@" "VARIABLE_$n=$n"
	done
	same "variables" 2000 "$("$static" -q -i "$@" /usr/bin/env | grep -c '^VARIABLE_')"
	set --
	for n in $(seq 100 400); do
		set -- "$@" -r "$n<&0"
	done
	same "descriptors" "0 1 2 $(seq -s ' ' 100 400)" \
		"$("$static" -q "$@" "$HELPERS/ss_fds")"
}

# For a plain command line: a mapping and its first page are three hundredths of a start
asks_for_no_memory() {
	command -v strace >/dev/null || return 0
	env -i PATH=/usr/local/bin:/usr/bin:/bin "$(command -v strace)" -o calls \
		"$1" -t 60 -k 5 --umask=077 -r '0</dev/null' A=1 env -i true || fail "status $?"
	! grep -E '^(mmap|brk)' calls >asked || fail "$(cat asked)"
}

test_static_safespawn_launches() {
	long
	command -v musl-gcc >/dev/null || skip "musl-gcc isn't installed (musl-tools)"
	command -v gnulib-tool >/dev/null && command -v automake >/dev/null ||
		skip "gnulib, autoconf, automake aren't installed"
	copy_build b
	make_static >log 2>&1 || fail "$(cat log)"
	same "make's words" "" "$(cat log)"
	# no table has a hole in it because of another libc's numbers
	[ "$(wc -c <"$tmp/b/safespawn")" -lt 500000 ] || fail "it has $(wc -c <"$tmp/b/safespawn") bytes"
	status 7 "$tmp/b/safespawn" -q --umask=077 sh -c 'exit 7'
	status 127 "$tmp/b/safespawn" -q nonesuch
	status 0 "$tmp/b/safespawn" --help
	has_memory_enough "$tmp/b/safespawn"
	asks_for_no_memory "$tmp/b/safespawn"
	# it is installed without another word, until another is asked for
	install_safespawn
	cmp -s b/safespawn dest/bin/safespawn || fail "another one was installed"
	if command -v readelf >/dev/null; then
		same "program interpreter" "" "$(readelf -lW dest/bin/safespawn | grep INTERP)"
		install_safespawn STATIC=
		readelf -lW dest/bin/safespawn | grep -q INTERP || fail "it is static still"
	fi
}

# What the allocator must do is done in any libc
test_static_malloc_keeps_what_it_is_given() {
	cat >use.c <<'END'
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct { unsigned char *bytes; size_t size; unsigned char sign; } slots[64];

static void check(int ok, const char *what)
{
	if (ok)
		return;
	puts(what);
	_Exit(1);
}

int main(void)
{
	unsigned seed = 1;
	size_t i, n;

	for (i = 0; i < 20000; i++) {
		int k = rand_r(&seed) % 64, grows = rand_r(&seed) % 3;
		size_t size = (size_t)rand_r(&seed) % (i % 100 ? 500 : 50000), old = slots[k].size;
		unsigned char *block;

		if (grows) {
			block = realloc(slots[k].bytes, size);
			for (n = 0; n < old && n < size; n++)
				check(block[n] == slots[k].sign, "realloc lost something");
		} else {
			free(slots[k].bytes);
			block = calloc(1, size);
			for (n = 0; n < size; n++)
				check(block[n] == 0, "calloc gave what is not zero");
		}
		check((uintptr_t)block % _Alignof(max_align_t) == 0, "not aligned");
		slots[k].sign = (unsigned char)(i % 255 + 1);
		slots[k].bytes = memset(block, slots[k].sign, size);
		slots[k].size = size;
		for (k = 0; k < 64; k++)
			for (n = 0; n < slots[k].size; n += 1 + slots[k].size / 8)
				check(slots[k].bytes[n] == slots[k].sign, "two blocks overlap");
	}
	errno = 0;
	check(!calloc(SIZE_MAX / 2, 3) && errno == ENOMEM, "calloc of too much");
	errno = 0;
	check(!malloc(PTRDIFF_MAX) && errno == ENOMEM, "malloc of too much");
	check(!realloc(slots[0].bytes, SIZE_MAX), "realloc to too much");
	check(slots[0].size == 0 || slots[0].bytes[0] == slots[0].sign, "lost by a realloc that failed");
	return 0;
}
END
	${CC:-gcc} -std=gnu11 -include stddef.h -fno-builtin -o use use.c \
		"$top/src/common/static_malloc.c" >log 2>&1 || fail "$(cat log)"
	./use || fail "it did not"
}

test_a_missing_compiler_is_named() {
	make_static MUSL_CC=nonesuch-gcc >log 2>&1 && fail "it was made"
	like "make's words" '*STATIC=musl: nonesuch-gcc is missing (Debian: musl-tools)*' "$(cat log)"
}

test_missing_argp_names_the_packages() {
	command -v musl-gcc >/dev/null || skip "musl-gcc isn't installed (musl-tools)"
	mkdir bin dir
	for tool in sh musl-gcc gcc cc1 as ld dirname cat rm mkdir; do
		path=$(command -v $tool) && ln -s "$path" bin/
	done
	out=$(CC=musl-gcc PATH=$tmp/bin sh "$top/src/common/static_argp.sh" "$tmp/dir" 2>&1) &&
		fail "it was made"
	like "its words" '*install argp-standalone, or (Debian) gnulib autoconf automake*' "$out"
}

run_tests
