#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs that mean to end or to misuse who audits them.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# shellcheck source-path=SCRIPTDIR source=audit.sh
. "$(dirname "$0")/audit.sh"

# build NAME [FLAG...]: of NAME.c
build() {
	name=$1
	shift
	${CC:-gcc} -Wall -O1 "$@" -o "$name" "$name.c" -pthread -ldl >log 2>&1 || fail "$(cat log)"
}

# A library that forks, and a program with two threads that has it do so and then
# does to its file what ACT says
write_programs() {
	cat >library.c <<-'END'
		#include <stdlib.h>
		#include <sys/wait.h>
		#include <unistd.h>

		void launch(void);
		void launch(void)
		{
			char *argv[] = {"true", NULL};
			pid_t pid = fork();

			if (pid == 0) {
				execv("/bin/true", argv);
				_exit(1);
			}
			waitpid(pid, NULL, 0);
		}
	END
	cat >program.c <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <fcntl.h>
		#include <pthread.h>
		#include <unistd.h>

		static void *rest(void *nothing)
		{
			pause();
			return nothing;
		}

		int main(int argc, char **argv)
		{
			void *library = dlopen("./victim.so", RTLD_NOW);
			void (*launch)(void) = (void (*)(void))dlsym(library, "launch");
			pthread_t thread;

			pthread_create(&thread, NULL, rest, NULL);
			open("/dev/null", O_RDONLY);
			if (argc > 1 && (unlink("victim.so") || symlink(argv[1], "victim.so (deleted)")))
				return 1;
			launch();
			if (argc == 1 && truncate("victim.so", 0))
				return 1;
			/* its own way out may lead through the library */
			_exit(0);
		}
	END
	build library -shared -fPIC
	build program
	cp library victim.so
}

test_a_library_that_becomes_shorter() {
	need
	write_programs
	# libdw is left where it stands, and what it held is lost
	[ -z "${SAN-}" ] || export ASAN_OPTIONS="detect_leaks=0:${ASAN_OPTIONS-}"
	for _ in 1 2 3; do
		cp library victim.so
		status 0 spawnaudit --log=report ./program
		like "the report" "*leak: program *handed 1 descriptor*" "$(cat report)"
	done
}

# The name of what was deleted is now that of something else
test_what_is_no_file_is_not_opened() {
	need
	write_programs
	mkfifo fifo
	{ echo opened >fifo; echo "was opened" >opened; } &
	writer=$!
	trap 'kill $writer 2>/dev/null' EXIT
	status 0 spawnaudit --log=report ./program "$PWD/fifo"
	[ ! -e opened ] || fail "the FIFO was opened"
	like "the report" "*leak: program *handed 1 descriptor*" "$(cat report)"
}

# libdw would take minutes for that, and no signal would end it.
test_a_program_with_files_mapped_everywhere() {
	long
	need
	cat >maps.c <<-'END'
		#include <fcntl.h>
		#include <stdio.h>
		#include <sys/mman.h>
		#include <sys/wait.h>
		#include <unistd.h>

		int main(int argc, char **argv)
		{
			int files[] = {open(argv[0], O_RDONLY), open("/bin/true", O_RDONLY)}, i;
			pid_t pid;

			for (i = 0; i < 60000; i++)
				if (mmap(0, 1, PROT_READ, MAP_PRIVATE, files[i % 2], 0) == MAP_FAILED)
					break;
			printf("%d\n", i);
			fflush(stdout);
			pid = fork();
			if (pid == 0)
				execl("/bin/true", "true", (char *)NULL);
			waitpid(pid, NULL, 0);
			return argc - 1;
		}
	END
	build maps
	status 0 timeout 200 spawnaudit --log=report ./maps
	[ "$out" = 60000 ] || skip "only $out files may be mapped"
	like "the report" "*leak: maps *handed 2 descriptors*where   unknown: *maps too much*" "$(cat report)"
}

# Its status in /proc is longer than a page
test_a_process_with_many_groups() {
	need
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	cat >many <<-END
		#!/bin/sh
		exec setpriv --groups $(seq -s, 1000000000 1000000999) "$HELPERS/sa_stuck" "\$@"
	END
	chmod +x many
	commit handler ./many
	status 1 spawnaudit --stuck "$child"
	like "what stands behind them" "*unless a handler of a signal does that: it has some*" "$out"
	end
}

run_tests
