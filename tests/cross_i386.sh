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
# i386 alone packs numbers of 64 bits at 4 bytes; 32-bit ARM and others leave holes before them.
test_numbers_of_64_bits_may_be_aligned() {
	need_cross
	for file in "$top"/src/lib/*.c "$top"/src/lib/plan/*.c "$top"/src/lib/launch/*.c; do
		"$cross-gcc" -std=gnu11 -D_GNU_SOURCE -I"$top/src" -malign-double -fsyntax-only "$file" \
			2>said || fail "$(cat said)"
	done
}

# libc's posix_spawn doesn't say that it is exec which failed.
test_system_and_popen_do_what_libcs_do() {
	need_to_run
	"$cross-gcc" -std=gnu11 -D_GNU_SOURCE -static -pthread -I"$top/src" -o conformance \
		"$top/tests/check_conformance.c" "$built/libspawnutil.a" 2>said || fail "$(cat said)"
	timeout $((200 * PATIENCE)) ./conformance >said 2>&1 || fail "$(grep -A 2 '^not ok' said)"
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

run_tests "$(dirname "$0")/cross.sh" "$0"
