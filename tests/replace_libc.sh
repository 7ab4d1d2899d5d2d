#!/bin/sh
# SPDX-License-Identifier: MIT
# A program's calls of system, popen and pclose become ours: by SPU_REPLACE_LIBC
# when it is compiled, by --wrap when it is linked.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)
WRAP=-Wl,--wrap=system,--wrap=popen,--wrap=pclose
# which works with -D and --wrap as it is, in C and C++
FLAGS="-Wall -Wextra -Wredundant-decls -Wstrict-prototypes -Werror -I$top/src -pthread
	${SAN:+-fsanitize=$SAN} ${COV:+--coverage}"

# What a file with these calls looks like; members have the names, too
write_program() {
	cat >program.c <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include HEADER

		struct methods {
			int (*system)(const char *command);
			int popen, pclose;
		};

		/* what C++ calls std::system is the same function */
		#ifdef __cplusplus
		#include <cstdlib>
		#define SYSTEM std::system
		#else
		#define SYSTEM system
		#endif

		int main(void)
		{
			struct methods methods = {system, 1, 2};
			char line[20] = "";
			FILE *stream = popen("echo hello; exit 3", "r");

			if (!stream || !fgets(line, sizeof(line), stream))
				return 1;
			printf("%s%d\n", line, pclose(stream) >> 8);
			printf("%d\n", SYSTEM("exit 4") >> 8);
			printf("%d\n", methods.system("exit 5") >> 8);
			return methods.popen + methods.pclose != 3;
		}
	END
}

# is_replaced: ./program has none of libc's bound to it, and works. (lld leaves their
# names in the list of undefined symbols, so that says nothing.)
is_replaced() {
	LD_LIBRARY_PATH=$BUILD LD_BIND_NOW=1 LD_DEBUG=bindings ./program 2>&1 >/dev/null |
		grep -E "file ./program .*symbol .(system|popen|pclose)'" >found
	[ ! -s found ] || fail "$*: still libc's: $(cat found)"
	status 0 timeout 20 env LD_LIBRARY_PATH="$BUILD" ./program
	# shellcheck disable=SC2154
	same "output" "$(printf 'hello\n3\n4\n5')" "$out"
}

# compile_and_run COMPILER FLAG...: with SPU_REPLACE_LIBC
compile_and_run() {
	# shellcheck disable=SC2086
	"$@" -DSPU_REPLACE_LIBC -DHEADER='<spawnutil.h>' $FLAGS -o program program.c -x none \
		"$BUILD/libspawnutil.a" >log 2>&1 || fail "$*: $(cat log)"
	is_replaced "$@"
}

each_c() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
	write_program
	for flags in -O0 "-O2 -D_FORTIFY_SOURCE=2" "-O2 -D_GNU_SOURCE" "-O1 -ansi -std=c99 -pedantic" \
		"-std=c11 -D_POSIX_C_SOURCE=200809L"; do
		# shellcheck disable=SC2086
		compile_and_run "$1" -x c $flags
	done
	# without a line of the source changed
	compile_and_run "$1" -include spawnutil.h -D_GNU_SOURCE -O2
}

each_cxx() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
	FLAGS=$(echo "$FLAGS" | sed 's/-Wstrict-prototypes//')
	write_program
	for flags in "-std=c++11 -pedantic -O0" "-std=c++17 -O2 -D_FORTIFY_SOURCE=2" -std=c++20; do
		# shellcheck disable=SC2086
		compile_and_run "$1" -x c++ $flags
	done
}

test_gcc_replaces_them_in_c() {
	each_c gcc
}

test_clang_replaces_them_in_c() {
	each_c clang
}

test_gcc_replaces_them_in_cxx() {
	each_cxx g++
}

test_clang_replaces_them_in_cxx() {
	each_cxx clang++
}

# link_and_run FLAG...: an object that knows nothing of us
link_and_run() {
	# shellcheck disable=SC2086
	${CC:-gcc} $FLAGS -o program object.o $WRAP "$@" >log 2>&1 || fail "$*: $(cat log)"
	is_replaced "$@"
}

test_the_linker_replaces_them() {
	write_program
	# shellcheck disable=SC2086
	${CC:-gcc} -DHEADER='<string.h>' $FLAGS -c -o object.o program.c || fail "no object"
	link_and_run -L"$BUILD" -lspawnutil
	link_and_run "$BUILD/libspawnutil.a"
	for linker in gold lld; do
		command -v "ld.$linker" >/dev/null || continue
		link_and_run "-fuse-ld=$linker" -L"$BUILD" -lspawnutil
		link_and_run "-fuse-ld=$linker" "$BUILD/libspawnutil.a"
	done
	[ -n "${SAN-}" ] || link_and_run -static "$BUILD/libspawnutil.a"
}

# The check above must see what wasn't replaced
test_what_is_not_replaced_is_found() {
	write_program
	# shellcheck disable=SC2086
	${CC:-gcc} -DHEADER='<string.h>' $FLAGS -o program program.c || fail "no program"
	(is_replaced) >log 2>&1 && fail "libc's functions passed"
	grep -q "still libc's" log || fail "$(cat log)"
}

run_tests
