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

# craft: victim.so is the library once more, with section headers that are its program's
# invention: two million of them, or one of which 3 GB are packed into 20 MB
write_craft() {
	cat >craft.c <<-'END'
		#include <elf.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include <unistd.h>

		#define SIZE (3072u << 20)

		/* Noughts as deflate(5) has them: one, and then 258 times the last in 13 bits each */
		static size_t pack(unsigned char *to)
		{
			size_t bit = 3 + 8, count = SIZE / 258;
			Elf64_Chdr head = {.ch_type = ELFCOMPRESS_ZLIB, .ch_size = SIZE};

			memcpy(to, &head, sizeof(head));
			to += sizeof(head);
			*to++ = 0x78;
			*to++ = 0x9c;
			to[0] = 3 | 0x30 >> 4 << 5;	/* the last block, fixed codes; 0 is 00110000 */
			for (size_t i = 0; i < 8; i++)
				to[(3 + i) / 8] |= (0x30 >> (7 - i) & 1) << (3 + i) % 8;
			for (; count > 0; count--, bit += 13)
				for (size_t i = 0; i < 8; i++)
					to[(bit + i) / 8] |= (0xc5 >> (7 - i) & 1) << (bit + i) % 8;
			return sizeof(head) + 2 + bit / 8;
		}

		int main(int argc, char **argv)
		{
			int has_many = argc > 1 && strcmp(argv[1], "sections") == 0;
			unsigned char *file = calloc(1, 32u << 20);
			Elf64_Ehdr *header = (Elf64_Ehdr *)file;
			FILE *in = fopen("library", "r"), *out = fopen("victim.so", "w");
			size_t size = (fread(file, 1, 1u << 20, in) + 63) / 64 * 64, end = size;
			Elf64_Shdr *sections = (Elf64_Shdr *)(file + header->e_shoff);
			char *names = (char *)file + sections[header->e_shstrndx].sh_offset;

			for (int i = 0; i < header->e_shnum; i++) {
				if (has_many || strcmp(names + sections[i].sh_name, ".debug_info") != 0)
					continue;
				sections[i].sh_flags |= SHF_COMPRESSED;
				sections[i].sh_offset = size;
				sections[i].sh_size = pack(file + size);
				end = size + sections[i].sh_size;
			}
			if (has_many) {
				end = size + header->e_shnum * sizeof(*sections);
				memcpy(file + size, sections, end - size);
				((Elf64_Shdr *)(file + size))->sh_size = 2000000;
				header->e_shoff = size;
				header->e_shnum = 0;
			}
			fwrite(file, 1, end, out);
			fflush(out);
			return has_many ? ftruncate(fileno(out), (off_t)size + 2000000 * 64) : 0;
		}
	END
	build craft
}

test_a_file_that_stands_for_much_takes_no_memory() {
	need
	[ -z "${SAN-}" ] || skip "sanitizers take memory"
	write_programs
	build library -shared -fPIC -g
	write_craft
	rm program
	sed -i 's/if (argc == 1 && truncate.*/if (0)/' program.c
	build program
	for how in packed sections; do
		./craft "$how"
		status 0 safespawn --stats -- spawnaudit --log=report ./program
		like "the report" "*leak: program *handed 1 descriptor*in victim.so*" "$(cat report)"
		peak=$(printf '%s\n' "$err" | sed -n 's/.*maximum RSS \([0-9]*\) KiB.*/\1/p')
		[ "${peak:?$err}" -lt 300000 ] || fail "$how: it took $peak KB"
	done
}

# With debug information it may be; what is only mapped is no memory.
test_a_large_program_keeps_its_names() {
	need
	[ "$(getconf LONG_BIT)" = 64 ] || skip "there is no room for it"
	write_programs
	sed -i 's/if (argc == 1 && truncate.*/if (0)/' program.c
	rm program
	build program
	truncate -s 5G program || skip "files of 5 GB can't be made"
	status 0 spawnaudit --log=report ./program
	like "the report" "*leak: program *where*launch in victim.so*main in program*" "$(cat report)"
}

# By a loader of its own. libdw would relocate it, and call a function of ours for that.
test_an_object_file_that_is_mapped() {
	need
	cat >object.c <<-'END'
		int call(int (*function)(void));
		int call(int (*function)(void))
		{
			return function() + 1;
		}
	END
	cat >loader.c <<-'END'
		#include <elf.h>
		#include <fcntl.h>
		#include <link.h>
		#include <pthread.h>
		#include <sys/mman.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static void *rest(void *nothing)
		{
			pause();
			return nothing;
		}

		static int launch(void)
		{
			pid_t pid = fork();

			if (pid == 0)
				execl("/bin/true", "true", (char *)NULL);
			waitpid(pid, NULL, 0);
			return -1;
		}

		int main(void)
		{
			int fd = open("object", O_RDONLY | O_CLOEXEC);
			char *file = mmap(NULL, 1 << 16, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
			const ElfW(Ehdr) *header = (void *)file;
			const ElfW(Shdr) *section = (void *)(file + header->e_shoff);
			pthread_t thread;

			pthread_create(&thread, NULL, rest, NULL);
			open("/dev/null", O_RDONLY);
			while (!(section->sh_flags & SHF_EXECINSTR) || !section->sh_size)
				section++;
			return ((int (*)(int (*)(void)))(file + section->sh_offset))(launch);
		}
	END
	build object -c -g
	build loader
	status 0 spawnaudit --log=report ./loader
	like "the report" "*leak: loader *where*launch in loader*in object+0x*" "$(cat report)"
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
	knows setpriv reuid
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	cat >many <<-END
		#!/bin/sh
		exec setpriv --groups $(seq -s, 1000000000 1000000999) "$HELPERS/sa_stuck" "\$@"
	END
	chmod +x many
	commit handler-of-end ./many
	status 1 spawnaudit --stuck "$child"
	like "what stands behind them" "*unless a handler of a signal does that: it has some*" "$out"
	end
}

run_tests
