#!/bin/sh
# SPDX-License-Identifier: MIT
# A program's calls of system, popen, pclose and posix_spawn's family become ours: by spawnutil-replace.h
# or SPU_REPLACE_LIBC when it is compiled, by --wrap when it is linked.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)
WRAP=$(sed -n 's/^wrap=//p' "$BUILD/spawnutil.pc")
# which works with -D and --wrap as it is, in C and C++
FLAGS="-Wall -Wextra -Wredundant-decls -Wstrict-prototypes -Werror -I$top/src -pthread
	${SAN:+-fsanitize=$SAN} ${COV:+--coverage}"

# What a file with these calls looks like; members have the names, too
write_program() {
	cat >program.c <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <signal.h>
		#include <spawn.h>
		#include <sys/wait.h>
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

		static volatile sig_atomic_t seen;

		static void see(int number)
		{
			seen = number;
		}

		/* one of libc's that fails has a child that ends */
		static int by_posix_spawn(void)
		{
			static char sh[] = "sh", c[] = "-c", command[] = "exit 6";
			char *argv[] = {sh, c, command, NULL}, *env[] = {NULL};
			posix_spawn_file_actions_t actions;
			int status, r;
			pid_t pid;

			signal(SIGCHLD, see);
			if (!posix_spawn(&pid, "/nonexistent", NULL, NULL, argv, env) || seen)
				return -1;
			signal(SIGCHLD, SIG_DFL);
			posix_spawn_file_actions_init(&actions);
			posix_spawn_file_actions_adddup2(&actions, 1, 5);
			posix_spawn_file_actions_addopen(&actions, 5, "/dev/null", 0, 0);
			posix_spawn_file_actions_addclose(&actions, 5);
			r = posix_spawnp(&pid, "sh", &actions, NULL, argv, env);
			posix_spawn_file_actions_destroy(&actions);
			if (r || waitpid(pid, &status, 0) != pid || status != 6 << 8 ||
			    posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, env))
				return -1;
			return waitpid(pid, &status, 0) == pid ? status : -1;
		}

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
			printf("%d\n", by_posix_spawn() >> 8);
			return methods.popen + methods.pclose != 3;
		}
	END
}

# is_replaced: ./program has none of libc's bound to it, and works. (lld leaves their
# names in the list of undefined symbols, so that says nothing; and posix_spawn's the
# library uses itself: the program tells them by what they do.)
is_replaced() {
	LD_LIBRARY_PATH=$BUILD LD_BIND_NOW=1 LD_DEBUG=bindings ./program 2>&1 >/dev/null |
		grep -E "file ./program .*symbol .(system|popen|pclose)'" >found
	[ ! -s found ] || fail "$*: still libc's: $(cat found)"
	status 0 timeout 20 env LD_LIBRARY_PATH="$BUILD" ./program
	# shellcheck disable=SC2154
	same "output" "$(printf 'hello\n3\n4\n5\n6')" "$out"
}

# compile_and_run COMPILER FLAG...
compile_and_run() {
	# shellcheck disable=SC2086
	"$@" $FLAGS -o program program.c -x none "$BUILD/libspawnutil.a" >log 2>&1 ||
		fail "$*: $(cat log)"
	is_replaced "$@"
}

# by_both COMPILER FLAG...: the source as it is, and with a line of its own
by_both() {
	compile_and_run "$@" -include spawnutil-replace.h -DHEADER='<string.h>'
	compile_and_run "$@" -DSPU_REPLACE_LIBC -DHEADER='<spawnutil.h>'
}

each_c() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
	write_program
	for flags in -O0 "-O2 -D_FORTIFY_SOURCE=2" "-O2 -flto -D_GNU_SOURCE" "-O1 -std=c99 -pedantic -D_POSIX_C_SOURCE=200809L" \
		"-std=c11 -D_POSIX_C_SOURCE=200809L"; do
		# shellcheck disable=SC2086
		by_both "$1" -x c $flags
	done
	compile_and_run "$1" -include spawnutil-replace.h -DHEADER='<string.h>' -x c -ansi \
		-pedantic-errors -D_POSIX_C_SOURCE=200809L
	[ -n "${SAN-}" ] || compile_and_run "$1" -include spawnutil-replace.h \
		-DHEADER='<string.h>' -x c -static
}

each_cxx() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
	FLAGS=$(echo "$FLAGS" | sed 's/-Wstrict-prototypes//')
	write_program
	for flags in "-std=c++98 -O0" "-std=c++11 -pedantic -O2 -flto" "-std=c++17 -O2 -D_FORTIFY_SOURCE=2" \
		-std=c++20; do
		# shellcheck disable=SC2086
		by_both "$1" -x c++ $flags
	done
}

test_gcc_replaces_them_in_c() {
	each_c gcc
}

test_clang_replaces_them_in_c() {
	long
	[ -z "${SAN-}" ] || skip "clang's sanitizers ask for libc's themselves"
	each_c clang
}

test_gcc_replaces_them_in_cxx() {
	long
	each_cxx g++
}

test_clang_replaces_them_in_cxx() {
	[ -z "${SAN-}" ] || skip "clang's sanitizers ask for libc's themselves"
	each_cxx clang++
}

# with_header COMPILER FILE FLAG...: compiles and links it without a word, and runs it
with_header() {
	compiler=$1 file=$2
	shift 2
	command -v "$compiler" >/dev/null || return 0
	"$compiler" -Wall -Wextra -pedantic -Werror -I"$top/src" -include spawnutil-replace.h "$@" \
		-o named "$file" -x none "$BUILD/libspawnutil.a" -pthread >log 2>&1 ||
		fail "$compiler $file: $(cat log)"
	[ ! -s log ] || fail "$compiler $file: $(cat log)"
	status 0 timeout 20 ./named
}

need_plain() {
	[ -z "${SAN-}${COV-}" ] || skip "the plain build shows it"
}

test_what_else_has_these_names_keeps_them() {
	need_plain
	cat >functions.c <<-'END'
		struct methods {
			int (*system)(int value);
			int popen;
		};
		static int system(int value)
		{
			return value + 1;
		}
		static int popen = 4;
		static int add(int pclose)
		{
			int popen = pclose;

			return popen + 1;
		}
		int main(void)
		{
			struct methods methods = {system, 2};

			return system(1) != 2 || methods.system(2) != 3 || methods.popen != 2 ||
			       popen != 4 || add(5) != 6;
		}
	END
	cat >program_system.c <<-'END'
		int system(const char *command);
		int system(const char *command)
		{
			return command[0];
		}
		int main(void)
		{
			return system("x") != 'x';
		}
	END
	cat >members.cc <<-'END'
		#include <cstdio>
		#include <cstdlib>

		namespace program {
		int system(int value)
		{
			return value + 1;
		}
		struct methods {
			static int popen(int value) { return value + 2; }
			int pclose(int value) { return value + 3; }
		};
		}
		namespace {
		int popen(int value)
		{
			return value + 4;
		}
		}
		int main()
		{
			program::methods methods;
			std::FILE *stream = ::popen("exit 5", "r");

			return program::system(1) != 2 || methods.popen(1) != 3 ||
			       methods.pclose(1) != 4 || popen(1) != 5 || !stream ||
			       pclose(stream) != 5 << 8 || std::system("exit 6") != 6 << 8;
		}
	END
	for compiler in gcc clang; do
		with_header $compiler functions.c
		with_header $compiler program_system.c
	done
	for compiler in g++ clang++; do
		with_header $compiler members.cc
	done
}

# g++ would leave what was declared before, and say nothing
test_the_header_comes_first_in_cxx() {
	need_plain
	command -v g++ >/dev/null || skip "g++ isn't installed"
	printf '#include <stdlib.h>\n#include <spawnutil-replace.h>\n' >late.cc
	g++ -I"$top/src" -fsyntax-only late.cc 2>log && fail "it is taken behind stdlib.h"
	like "words" "*give spawnutil-replace.h with -include*" "$(cat log)"
}

test_calls_without_a_prototype_are_replaced() {
	need_plain
	cat >old.c <<-'END'
		int call(void);
		int call(void)
		{
			extern int system(const char *);

			return system("exit 2");
		}
		int main(void)
		{
			return system("exit 1") != 256 || call() != 512;
		}
	END
	for compiler in gcc clang; do
		with_header $compiler old.c -x c -std=gnu89 -w
		nm -D named | grep -E ' (system|popen|pclose)@' && fail "$compiler: libc's is called"
	done
	return 0
}

# What a file asks of libc's headers it gets, and assembler isn't disturbed
test_the_header_changes_nothing_else() {
	need_plain
	cat >asks.c <<-'END'
		#define _GNU_SOURCE
		#include <stdlib.h>
		#include <string.h>
		#ifdef SPAWNUTIL_H
		#error it includes spawnutil.h
		#endif

		int main(void)
		{
			char text[20];

			return !strcasestr("HELLO", "ell") || strerror_r(2, text, sizeof(text)) == NULL ||
			       system("exit 1") != 256;
		}
	END
	printf '.text\n.globl nothing\nnothing:\n\tret\n' >asm.S
	for compiler in gcc clang; do
		command -v $compiler >/dev/null || continue
		with_header $compiler asks.c
		$compiler -I"$top/src" -include spawnutil-replace.h -c asm.S -o asm.o 2>log ||
			fail "$compiler: $(cat log)"
		for file in asks.c asm.S; do
			$compiler -E -P $file | grep -v "^ *$" >without
			$compiler -I"$top/src" -include spawnutil-replace.h -E -P $file |
				grep -v '^#pragma ' | grep -v "^ *$" | diff without - >&2 ||
				fail "$compiler $file: it isn't the same"
		done
	done
}

#
# What build systems ask: the same answers with the header as without it
#
CHECKED="system popen pclose fclose printf strcasestr strtol getline nosuchfunction"

test_autoconf_finds_what_it_finds_without() {
	long
	need_plain
	command -v autoconf >/dev/null || skip "autoconf isn't installed"
	cat >configure.ac <<-END
		AC_INIT([checks], [1])
		AC_PROG_CC
		AC_USE_SYSTEM_EXTENSIONS
		AC_CONFIG_HEADERS([config.h])
		AC_CHECK_FUNCS([$CHECKED])
		AC_CHECK_DECLS([system, popen, pclose, strcasestr])
		AC_FUNC_STRERROR_R
		AC_OUTPUT
	END
	for name in $(echo "$CHECKED" | tr a-z A-Z); do echo "#undef HAVE_$name"; done >config.h.in
	printf '#undef HAVE_DECL_%s\n' SYSTEM POPEN PCLOSE STRCASESTR >>config.h.in
	printf '#undef %s\n' STRERROR_R_CHAR_P >>config.h.in
	autoconf 2>log || fail "$(cat log)"
	./configure --quiet >log 2>&1 || fail "$(cat log)"
	mv config.h without
	./configure --quiet CPPFLAGS="-I$top/src -include spawnutil-replace.h" \
		LDFLAGS="-L$BUILD" LIBS=-lspawnutil LD_LIBRARY_PATH="$BUILD" >log 2>&1 ||
		fail "$(cat log)"
	diff without config.h >&2 || fail "another config.h"
	grep -q 'define HAVE_SYSTEM 1' config.h || fail "no system: $(cat config.h)"
}

test_cmake_finds_what_it_finds_without() {
	long
	need_plain
	command -v cmake >/dev/null || skip "cmake isn't installed"
	cat >CMakeLists.txt <<-END
		cmake_minimum_required(VERSION 3.13)
		project(checks C)
		include(CheckFunctionExists)
		include(CheckSymbolExists)
		include(CheckPrototypeDefinition)
		foreach(name $CHECKED)
		check_function_exists(\${name} HAVE_\${name})
		check_symbol_exists(\${name} "stdio.h;stdlib.h;string.h" SEEN_\${name})
		file(APPEND "\${CMAKE_BINARY_DIR}/found" "\${name} \${HAVE_\${name}} \${SEEN_\${name}}\n")
		endforeach()
	END
	cmake -S . -B without >log 2>&1 || fail "$(cat log)"
	cmake -S . -B with -DCMAKE_C_FLAGS="-I$top/src -include spawnutil-replace.h" \
		-DCMAKE_EXE_LINKER_FLAGS="-L$BUILD -Wl,--no-as-needed -lspawnutil" >log 2>&1 ||
		fail "$(cat log)"
	diff without/found with/found >&2 || fail "other answers"
	grep -q '^system 1 1$' with/found || fail "no system: $(cat with/found)"
}

test_meson_finds_what_it_finds_without() {
	long
	need_plain
	command -v meson >/dev/null || skip "meson isn't installed"
	cat >meson.build <<-END
		project('checks', 'c')
		compiler = meson.get_compiler('c')
		foreach name : '$CHECKED'.split(' ')
		  message('found', name, compiler.has_function(name),
		    compiler.has_function(name, prefix : '#include <stdlib.h>\n#include <stdio.h>'))
		endforeach
	END
	meson setup without >without.log 2>&1 || fail "$(cat without.log)"
	LD_LIBRARY_PATH=$BUILD meson setup with -Dc_args="-I$top/src -include spawnutil-replace.h" \
		-Dc_link_args="-L$BUILD -Wl,--no-as-needed -lspawnutil" >with.log 2>&1 ||
		fail "$(cat with.log)"
	grep found without.log >without.found
	grep found with.log | diff without.found - >&2 || fail "other answers"
	grep -q 'found system true true' with.log || fail "no system: $(cat with.log)"
}

# spu_system(3) says what to type; what it says is typed. Each comment in its block
# is a kind of build, and has a directory here.
test_what_the_manual_says_is_typed() {
	need_plain
	command -v autoconf >/dev/null || skip "autoconf isn't installed"
	write_program
	sed -i 's/#include HEADER//' program.c
	mkdir configure make late ignores
	cp program.c make/ && cp program.c late/ && cp program.c ignores/ && cp program.c configure/
	: >make/Makefile
	printf 'program: program.o\n\t$(CC) $(LDFLAGS) -o $@ program.o\n' >late/Makefile
	printf 'program:\n\t$(CC) -O -o $@ program.c\n' >ignores/Makefile
	printf 'all:\n\t@CC@ @CPPFLAGS@ @CFLAGS@ @LDFLAGS@ -o program program.c @LIBS@\n' >configure/Makefile.in
	printf 'AC_INIT([p], [1])\nAC_PROG_CC\nAC_CONFIG_FILES([Makefile])\nAC_OUTPUT\n' >configure/configure.ac
	(cd configure && autoconf) >log 2>&1 || fail "$(cat log)"
	awk '/^\.Bd -literal/ { inside = 1 } /^\.Ed/ { inside = 0 }
		inside && /^# / { kind = $0 } inside && /^(\\&\.\/configure|make) / { print kind "|" $0 }' \
		"$top/man/spu_system.3" | sed 's/\\&//; s/\\-/-/g' >lines
	same "kinds of build" 8 "$(wc -l <lines)"
	while IFS='|' read -r kind line; do
		case $kind in
		*configure*) where=configure line="$line && make" ;;
		*before*) where=late ;;
		*ignores*) where=ignores line="$line program" ;;
		*) where=make line="$line program" ;;
		esac
		line=$(echo "$line" | sed "s|LATE|-Wl,--no-as-needed -lspawnutil|; s|WRAP|$WRAP|
			s|HEADER|-include spawnutil-replace.h|")
		rm -f $where/program $where/program.o
		(cd $where && CPATH=$top/src LIBRARY_PATH=$BUILD LD_LIBRARY_PATH=$BUILD MAKEFLAGS="" \
			sh -c "$line") >log 2>&1 </dev/null || fail "$line: $(cat log)"
		mv $where/program program
		is_replaced "$line"
		nm -D program | grep -E ' (system|popen|pclose)@' && fail "$line: libc's are called"
	done <lines
	return 0
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
	[ -z "${SAN-}" ] || return 0
	link_and_run -static "$BUILD/libspawnutil.a"
	command -v ld.lld >/dev/null || return 0
	link_and_run -fuse-ld=lld -static "$BUILD/libspawnutil.a"
}

# As cmocka has them: a name that the program defines itself is none of ours
test_a_programs_own_wrappers_stay() {
	cat >mock.c <<-'END'
		#include <spawnutil.h>
		#include <stdlib.h>

		int __wrap_system(const char *command);
		int __wrap_system(const char *command)
		{
			return command ? 42 : 0;
		}

		int __wrap_pclose(FILE *stream);
		int __wrap_pclose(FILE *stream)
		{
			return spu_pclose(stream) + 1;
		}

		int main(void)
		{
			return system("exit 1") != 42 || spu_system("exit 1") != 256 ||
			       pclose(popen("exit 2", "r")) != 513;
		}
	END
	for library in "-L$BUILD -lspawnutil" "$BUILD/libspawnutil.a"; do
		# shellcheck disable=SC2086
		${CC:-gcc} $FLAGS -o mock mock.c $WRAP $library >log 2>&1 || fail "$library: $(cat log)"
		status 0 timeout 20 env LD_LIBRARY_PATH="$BUILD" ./mock
	done
}

# A plugin may be unloaded while a stream is open, and with what it has, all goes.
write_plugin() {
	cat >plugin.c <<-'END'
		#include <spawnutil.h>

		FILE *call(void);
		FILE *call(void)
		{
			if (spu_system("exit 3") != 3 << 8)
				return NULL;
			return spu_popen("read line; echo \"read: $line\"", "w");
		}
	END
	cat >host.c <<-'END'
		#include <dlfcn.h>
		#include <stdio.h>

		typedef FILE *call_function(void);

		static long count_maps(void)
		{
			FILE *file = fopen("/proc/self/maps", "r");
			long count = 0;
			int byte;

			while (file && (byte = getc(file)) != EOF)
				count += byte == '\n';
			if (file)
				fclose(file);
			return count;
		}

		int main(int argc, char **argv)
		{
			FILE *stream = NULL;
			long before = 0;
			int i;

			for (i = 0; i < 20; i++) {
				void *plugin = dlopen("./plugin.so", RTLD_NOW | RTLD_LOCAL);
				call_function *call = plugin ? (call_function *)dlsym(plugin, "call") : NULL;

				stream = call ? call() : NULL;
				if (!stream)
					return 1;
				if (i < 19 || argc > 1)
					pclose(stream);
				dlclose(plugin);
				if (i == 9)
					before = count_maps();
			}
			if (count_maps() != before)
				return 2;
			if (argc == 1)
				fputs(argv[0], stream);
			return 0;	/* which writes what is left in the stream */
		}
	END
	# shellcheck disable=SC2086
	${CC:-gcc} $FLAGS -o host host.c -ldl >log 2>&1 || fail "$(cat log)"
}

test_a_plugin_is_unloaded_and_leaves_nothing() {
	[ -z "${SAN-}" ] || skip "a sanitizer maps what it wants"
	[ -e /proc/self/maps ] || skip "no /proc"
	write_plugin
	# shellcheck disable=SC2086
	${CC:-gcc} $FLAGS -shared -fPIC -o plugin.so plugin.c -L"$BUILD" -lspawnutil >log 2>&1 ||
		fail "$(cat log)"
	status 0 timeout 60 env LD_LIBRARY_PATH="$BUILD" ./host
	# the last shell may be slower than the program; cat ends with it
	same "what an open stream was left" "read: ./host" \
		"$(LD_LIBRARY_PATH=$BUILD timeout 60 ./host | tail -n 1)"
}

test_a_plugin_with_the_archive_leaves_nothing() {
	[ -z "${SAN-}" ] || skip "a sanitizer maps what it wants"
	[ -e /proc/self/maps ] || skip "no /proc"
	write_plugin
	# shellcheck disable=SC2086
	${CC:-gcc} $FLAGS -shared -fPIC -o plugin.so plugin.c "$BUILD/libspawnutil.a" >log 2>&1 ||
		skip "libspawnutil.a isn't position independent"
	status 0 timeout 60 ./host closed
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
