#!/bin/sh
# SPDX-License-Identifier: MIT
# A processor whose system calls are unknown here, and the machine's own can run it.
# suite: long
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh
cross=i686-linux-gnu
packages="gcc-i686-linux-gnu libc6-dev-i386-cross"
run=
is_libcs=1

# shellcheck source-path=SCRIPTDIR source=cross.sh
. "$(dirname "$0")/cross.sh"
# shellcheck source-path=SCRIPTDIR source=suites.sh
. "$(dirname "$0")/suites.sh"

# What is pure, where a long has 32 bits, and what is said of posix_spawn's children; what
# that can't do they leave out by themselves
NAMES="actions common conformance exec_failure fifos given options path pipes plan popen posix_spawn
	system wait"

# i386 alone packs numbers of 64 bits at 4 bytes; 32-bit ARM and others leave holes before them.
test_numbers_of_64_bits_may_be_aligned() {
	need_cross
	for file in "$top"/src/lib/*.c "$top"/src/lib/plan/*.c "$top"/src/lib/launch/*.c; do
		"$cross-gcc" -std=gnu11 -D_GNU_SOURCE -I"$top/src" -malign-double -fsyntax-only "$file" \
			2>said || fail "$(cat said)"
	done
}

test_what_posix_spawn_can_do_is_done() {
	need_to_run
	root=/usr/$cross
	[ -d "$root/lib" ] || skip "no $cross libc to run with"
	build_libcheck "$built" "$cross" "$cross-gcc"
	programs=
	for name in $NAMES; do
		programs="$programs $built/tests/check_$name"
	done
	for name in bulk_data report_bytes report_evade report_state ss_catch; do
		programs="$programs $built/tests/helpers/$name"
	done
	# shellcheck disable=SC2086
	${MAKE:-make} -s -C "$top" BUILD="$built" CC="$cross-gcc" AR="$cross-ar" SAN= COV= \
		CFLAGS=-O0 \
		LDFLAGS="-Wl,--dynamic-linker=$root/lib/ld-linux.so.2,-rpath,$root/lib" \
		CHECK_LIBS="$built/libcheck/src/.libs/libcheck.a $built/libcheck/lib/.libs/libcompat.a -lm" \
		$programs >log 2>&1 || fail "$(cat log)"
	same "the compiler's words" "" "$(grep warning: log)"
	BUILD=$built
	# their children have other ids
	chmod -R a+rX "$built" "$tmp"
	suites "$NAMES"
}

# Behind the last descriptor there is none, and a long has no room for its number.
test_the_last_descriptor_can_be_named() {
	need_to_run
	cat >last.c <<-'END'
		#include <limits.h>
		#include <stdio.h>
		#include "spawnutil.h"

		int main(void)
		{
			struct spu_fd fds[] = {SPU_KEEP(INT_MAX), {0}};
			struct spu_options options = SPU_OPTIONS_INIT;
			struct spu_error error = {0};
			char *argv[] = {"/bin/true", NULL};

			options.fds = fds;
			printf("%d", spu_run(argv, &options, NULL, &error));
			options.leaks = SPU_LEAKS_ALLOW;
			printf(" %d %s\n", spu_run(argv, &options, NULL, &error), error.text);
			return 0;
		}
	END
	"$cross-gcc" -std=gnu11 -D_GNU_SOURCE -static -pthread -I"$top/src" -o last last.c \
		"$built/libspawnutil.a" 2>said || fail "$(cat said)"
	like "keep $((0x7fffffff))" '-* -* *2147483647*' "$(timeout $((200 * PATIENCE)) ./last)"
}

test_what_needs_the_calls_is_refused_by_its_name() {
	need_to_run
	cat >needs.c <<-'END'
		#include <stdio.h>
		#include "spawnutil.h"

		#define SAY(call) (r = (call), printf("%d %s\n", r, error.text))

		int main(void)
		{
			const struct spu_options named = {sizeof(named), .method = SPU_METHOD_VFORK};
			const struct spu_options libcs = {sizeof(libcs), .method = SPU_METHOD_POSIX_SPAWN};
			char *argv[] = {"/bin/true", NULL}, *text;
			struct spu_server *server;
			struct spu_child child;
			struct spu_error error;
			int r;

			SAY(spu_spawn(&child, argv, &named, &error));
			SAY(spu_exec(argv, NULL, &error));
			SAY(spu_explain_exec(argv, NULL, &text, &error));
			SAY(spu_exec(argv, &libcs, &error));
			SAY(spu_server_start(&server, NULL, &error));
			return 0;
		}
	END
	"$cross-gcc" -std=gnu11 -D_GNU_SOURCE -static -pthread -I"$top/src" -o needs needs.c \
		"$built/libspawnutil.a" 2>said || fail "$(cat said)"
	same refusals "-95 method vfork: not on this processor
-95 spu_exec: not on this processor
-95 spu_exec: not on this processor
-22 method: spu_exec makes no child
-95 method vfork: not on this processor" "$(timeout $((200 * PATIENCE)) ./needs)"
}

run_tests "$(dirname "$0")/cross.sh" "$0"
