#!/bin/sh
# SPDX-License-Identifier: MIT
# spawnutil.h and spawnutil-replace.h stand alone, in C99 and later and in C++.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

# What people build their programs with, beyond -Wall and -Wextra
strict="-Wcast-qual -Wcast-align -Wconversion -Wsign-conversion -Wundef -Wwrite-strings"
strict_c="-Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla"
strict_cxx="-Wold-style-cast -Wzero-as-null-pointer-constant"

# accepts COMPILER LANGUAGE STANDARD FILE
accepts() {
	more=$strict_c
	[ "$2" = c ] || more=$strict_cxx
	# shellcheck disable=SC2086
	"$1" -x "$2" -std="$3" -pedantic -Wall -Wextra $strict $more -Werror -I "$top/src" \
		-fsyntax-only "$4" >log 2>&1 || fail "$1 -std=$3: $(cat log)"
}

# Every function macro, as strict C99 has it; no other header but for NULL
write_c() {
	cat >all.c <<-'END'
		#include <spawnutil.h>
		#include <spawnutil.h>

		int use(const char *name, int sock);

		static const struct spu_options lists = {
			.size = sizeof(lists),
			.env = SPU_ARGV(), .env_set = SPU_LIST(), .env_unset = SPU_LIST("C"),
			.fds = SPU_FDS(), .limits = SPU_LIMITS()
		};

		int use(const char *name, int sock)
		{
			struct spu_options filled = SPU_OPTIONS_INIT;
			struct spu_child child = SPU_CHILD_INIT;
			struct spu_exit end = SPU_EXIT_INIT;
			struct spu_error error;
			int in, out, terminal;

			spu_child_release(&child);
			if (spu_wait4(&child, 0, 0, &end) == 0)
				return end.status;
			filled.env_unset = SPU_LIST("A", "B");
			filled.limits = SPU_LIMITS(SPU_LIMIT(7, 64, 64));
			if (spu_run(SPU_ARGV(name), &lists, NULL, NULL) < 0 ||
			    spu_run(SPU_ARGV(name), SPU_OPTIONS(), NULL, NULL) < 0)
				return -1;
			if (spu_run(SPU_ARGV(name), &filled, NULL, &error) < 0)
				return -1;
			return spu_spawn(&child, SPU_ARGV("a", name), SPU_OPTIONS(
				.umask = SPU_SET(0),
				.default_signals = SPU_SIGNAL(13) | SPU_SIGNAL(64),
				.env_set = SPU_LIST("X=1"),
				.fds = SPU_FDS(SPU_PIPE_IN(0, &in), SPU_PIPE_OUT(1, &out),
					       SPU_SAME(2, 1), SPU_KEEP(3), SPU_MAP(4, sock),
					       SPU_OPEN(5, "f", 0), SPU_NULL(6), SPU_CLOSE(7),
					       SPU_PTY(8, &terminal))),
				&error);
		}
	END
}

each_c_standard() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
	write_c
	for standard in c99 c11 c17 gnu99 gnu11; do
		accepts "$1" c "$standard" all.c
		accepts "$1" c "$standard" "$top/src/spawnutil.h"
		accepts "$1" c "$standard" "$top/src/spawnutil-replace.h"
	done
}

test_gcc_takes_it_as_c() {
	each_c_standard gcc
}

test_clang_takes_it_as_c() {
	each_c_standard clang
}

# Fills the struct by hand, and prints what the child says
write_cxx() {
	cat >by_hand.cc <<-'END'
		#include <spawnutil.h>
		#include <cstdio>
		#include <unistd.h>

		int main()
		{
			const char *argv[] = {"sh", "-c", "pwd; umask; echo $WORD >&2", nullptr};
			const char *env_set[] = {"WORD=hello", nullptr};
			int output = -1;
			const spu_fd fds[] = {
				SPU_NULL(0), SPU_PIPE_OUT(1, &output), SPU_SAME(2, 1), {}
			};
			spu_options options = SPU_OPTIONS_INIT;
			spu_child child = SPU_CHILD_INIT;
			spu_exit end = SPU_EXIT_INIT;
			spu_error error;
			char buffer[200];
			ssize_t size;

			options.cwd = "/";
			options.env_set = env_set;
			options.fds = fds;
			options.umask.set = 1;
			options.umask.value = 027;
			options.default_signals = SPU_SIGNAL(13);
			if (spu_spawn(&child, const_cast<char *const *>(argv), &options, &error) < 0) {
				std::fprintf(stderr, "%s\n", error.text);
				return 1;
			}
			while ((size = read(output, buffer, sizeof(buffer))) > 0)
				std::fwrite(buffer, 1, static_cast<size_t>(size), stdout);
			close(output);
			if (spu_wait4(&child, -1, 0, &end) < 0)
				return 2;
			spu_child_release(&child);
			return spu_exit_code(end.status);
		}
	END
}

# Names the members, and says what it is launched with
write_cxx20() {
	cat >by_name.cc <<-'END'
		#include <spawnutil.h>
		#include <cstdio>

		static_assert(spu_options{}.size == sizeof(spu_options) && spu_options{}.cwd == nullptr);

		int main()
		{
			const char *argv[] = {"sh", "-c", "pwd; umask; echo $WORD", nullptr};
			const char *env_set[] = {"WORD=hello", nullptr};
			const spu_fd fds[] = {SPU_NULL(0), SPU_SAME(2, 1), {}};
			const spu_options options{
				.cwd = "/",
				.env_set = env_set,
				.fds = fds,
				.umask = SPU_SET(027),
				.default_signals = SPU_SIGNAL(13),
			};
			spu_error error;
			int status;

			if (spu_run(const_cast<char *const *>(argv), &options, &status, &error) < 0) {
				std::fprintf(stderr, "%s\n", error.text);
				return 1;
			}
			return spu_exit_code(status);
		}
	END
}

# builds_and_runs COMPILER STANDARD NAME
builds_and_runs() {
	[ -z "${SAN-}${COV-}" ] || return 0
	"$1" -std="$2" -Wall -Wextra -Werror -I "$top/src" "$3.cc" "$BUILD/libspawnutil.a" \
		-pthread -o "$3" >log 2>&1 || fail "$(cat log)"
	status 0 timeout 20 "./$3"
	# shellcheck disable=SC2154
	same output "$(printf '/\n0027\nhello')" "$out"
}

each_cxx_standard() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
	write_cxx
	write_cxx20
	for standard in c++11 c++14 c++17 c++20; do
		"$1" -std="$standard" -fsyntax-only -x c++ /dev/null 2>/dev/null || continue
		accepts "$1" c++ "$standard" by_hand.cc
		accepts "$1" c++ "$standard" "$top/src/spawnutil.h"
		accepts "$1" c++ "$standard" "$top/src/spawnutil-replace.h"
	done
	builds_and_runs "$1" c++11 by_hand
	"$1" -std=c++20 -fsyntax-only -x c++ /dev/null 2>/dev/null || return 0
	accepts "$1" c++ c++20 by_name.cc
	builds_and_runs "$1" c++20 by_name
}

test_gcc_takes_it_as_cxx_and_the_program_runs() {
	each_cxx_standard g++
}

test_clang_takes_it_as_cxx_and_the_program_runs() {
	each_cxx_standard clang++
}

run_tests
