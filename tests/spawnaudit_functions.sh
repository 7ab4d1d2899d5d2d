#!/bin/sh
# SPDX-License-Identifier: MIT
# spawnaudit --functions: which ran between fork and exec, and that the child sees nothing of it.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=plugin.sh
. "$(dirname "$0")/plugin.sh"

need_functions() {
	[ -x "$BUILD/spawnaudit" ] || skip "spawnaudit wasn't built: libdw is missing"
	[ -z "${SAN-}${COV-}" ] || skip "the child's functions are the sanitizer's as well"
	[ "$(uname -m)" = x86_64 ] || skip "breakpoints of this processor aren't known"
	status 0 spawnaudit --log=report true
}

# child DEED [OPTION...]: its report in report
child() {
	need_functions
	deed=$1
	shift
	status 0 spawnaudit --log=report --functions=all "$@" "$HELPERS/sa_functions" "$deed"
}

findings() {
	sed -n 's/^spawnaudit: findings: //p' report
}

has() {
	grep -q -- "$1" report || fail "no '$1' in: $(cat report)"
}

# One that makes no system call is found by its name, and so is each other.
test_what_is_not_safe_is_named() {
	while read -r deed function; do
		child "$deed"
		same "findings of $deed" "1 unsafe-fork" "$(findings)"
		has "^          with_$deed at sa_functions\.c:[0-9]*\$"
		has "^ *with_$deed\$"
		has "^ *\* $function in libc\.so"
		has "^  reason  $function in libc\.so.* isn't async-signal-safe, and with_$deed called it\$"
	done <<-'END'
		setenv setenv
		malloc malloc
		syslog syslog
		mutex pthread_mutex_lock
		time localtime_r
		thread pthread_create
	END
	child many
	has '^ *\* localtime_r in libc'
	child clone
	has '^ *in_clone$'
	has '^ *\* setenv in libc'
}

# What a function does seldom lies apart from it, and is jumped to: nothing that fork called
test_a_part_of_a_function_is_not_forks_own() {
	need_functions
	cat >cold.c <<-'END'
		#include <pthread.h>
		#include <stdlib.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static void *rest(void *nothing)
		{
			pause();
			return nothing;
		}

		__attribute__((cold, noinline)) static void child(void)
		{
			char *argv[] = {"true", NULL};

			setenv("A", "1", 1);
			execv("/bin/true", argv);
			_exit(1);
		}

		int main(void)
		{
			pthread_t thread;
			pid_t pid;

			pthread_create(&thread, NULL, rest, NULL);
			pid = fork();
			if (pid == 0)
				child();
			waitpid(pid, NULL, 0);
			return 0;
		}
	END
	${CC:-gcc} -O2 -o cold cold.c -pthread >log 2>&1 || fail "$(cat log)"
	for how in as-it-is stripped; do
		status 0 spawnaudit --log=report --functions=all ./cold
		same "findings, $how" "1 unsafe-fork" "$(findings)"
		has "^  reason  setenv in libc\.so"
		strip cold
	done
}

# Its frame may reach deeper than the handlers' did: what tells is that they have returned.
test_what_grows_the_stack_behind_fork_is_the_childs() {
	need_functions
	cat >grown.c <<-'END'
		#define _GNU_SOURCE
		#include <alloca.h>
		#include <pthread.h>
		#include <stdlib.h>
		#include <string.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static void *rest(void *nothing)
		{
			pause();
			return nothing;
		}

		/* both are fork's, with what they call */
		static void in_handler(void)
		{
			free(strdup("x"));
		}

		static void in_other(void)
		{
			putenv("OF_HANDLER=1");
		}

		__attribute__((noinline)) static pid_t copy(void)
		{
			pid_t pid = fork();

			return pid < 0 ? -1 : pid;
		}

		int main(int argc, char **argv)
		{
			char *child[] = {"true", NULL}, *room;
			pthread_t thread;
			pid_t pid;

			pthread_atfork(NULL, NULL, in_handler);
			pthread_atfork(NULL, NULL, in_other);
			pthread_create(&thread, NULL, rest, NULL);
			pid = argc > 2 ? copy() : fork();
			if (pid == 0) {
				room = alloca(65536);
				memset(room, 0, 1);
				if (argc > 1)
					setenv("A", room, 1);
				execv("/bin/true", child);
				_exit(1);
			}
			waitpid(pid, NULL, 0);
			return 0;
		}
	END
	${CC:-gcc} -w -O1 -o grown grown.c -pthread >log 2>&1 || fail "$(cat log)"
	for how in '1' '1 2'; do
		# shellcheck disable=SC2086	# words
		status 0 spawnaudit --log=report --functions=all ./grown $how
		same "findings, $how" "1 unsafe-fork" "$(findings)"
		has "^  reason  setenv in libc\.so.* and main called it\$"
		has 'functions, 1 not async-signal-safe'
	done
	status 0 spawnaudit --log=report --functions=all ./grown
	same "findings, without" none "$(findings)"
}

# Its locks are none that fork repairs: one of jemalloc, of a sanitizer, of the program's own
test_an_allocator_that_is_not_libcs_is_named() {
	need_functions
	cat >allocator.c <<-'END'
		#include <stddef.h>

		static char room[1 << 22];
		static size_t used;

		void *allocate(size_t size)
		{
			void *piece = room + used;

			used += (size + 15) / 16 * 16;
			return used < sizeof(room) ? piece : NULL;
		}

		void *malloc(size_t size) __attribute__((alias("allocate")));
		void *_Znwm(size_t size)
		{
			return allocate(size);
		}

		void free(void *piece) { }
		void *calloc(size_t count, size_t size) { return malloc(count * size); }
		void *realloc(void *old, size_t size)
		{
			char *new = malloc(size), *from = old;

			for (size_t i = 0; from && i < size && from + i < room + sizeof(room); i++)
				new[i] = from[i];
			return new;
		}
	END
	cat >program.c <<-'END'
		#include <pthread.h>
		#include <stdlib.h>
		#include <string.h>
		#include <sys/wait.h>
		#include <unistd.h>

		void *_Znwm(size_t size) __attribute__((weak));

		static void *rest(void *nothing)
		{
			pause();
			return nothing;
		}

		int main(int argc, char **argv)
		{
			char *child[] = {"true", NULL}, *volatile piece;
			pthread_t thread;

			pthread_create(&thread, NULL, rest, NULL);
			if (fork() == 0) {
				if (strcmp(argv[1], "malloc") == 0)
					piece = malloc(100);
				else if (strcmp(argv[1], "new") == 0)
					piece = _Znwm(100);
				execv("/bin/true", child);
				_exit(1);
			}
			wait(NULL);
			return 0;
		}
	END
	${CC:-gcc} -w -O1 -fno-builtin -fPIC -shared -o allocator.so allocator.c &&
		${CC:-gcc} -w -O1 -fno-builtin -o program program.c ./allocator.so -pthread &&
		${CC:-gcc} -w -O1 -fno-builtin -rdynamic -o whole program.c allocator.c -pthread ||
		fail "no program"
	for program in program whole; do
		status 0 spawnaudit --log=report --functions=all ./$program nothing
		same "findings of $program" none "$(findings)"
		while read -r deed function; do
			status 0 spawnaudit --log=report --functions=all ./$program $deed
			same "findings of $program, $deed" "1 unsafe-fork" "$(findings)"
			has "^  reason  $function in .* isn't async-signal-safe, and main called it\$"
		done <<-'END'
			malloc malloc
			new .*
		END
	done
}

# All of a pool would end with spawnaudit, and have their text twice.
test_few_workers_of_a_pool_are_looked_at() {
	need_functions
	cat >pool.c <<-'END'
		#include <pthread.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static void *idle(void *nothing)
		{
			for (;;)
				pause();
			return nothing;
		}

		int main(void)
		{
			int ends[2];
			pthread_t thread;
			char c;

			if (pthread_create(&thread, NULL, idle, NULL) || pipe(ends))
				return 1;
			for (int i = 0; i < 9; i++)
				if (fork() == 0) {
					close(ends[1]);
					_exit(read(ends[0], &c, 1) != 0);
				}
			close(ends[1]);
			while (wait(NULL) > 0)
				;
			return 0;
		}
	END
	${CC:-cc} -o pool pool.c -pthread || fail "it doesn't build"
	status 0 spawnaudit --json --log=report ./pool
	same launches 9 "$(grep -c '"type": "launch"' report)"
	same "looked at" 4 "$(grep -c '"functions_of": "this"' report)"
	same "judged by their calls alone" 5 "$(grep -c '"judged_by": "calls"' report)"
}

test_functions_of_cxx_have_their_names() {
	need_functions
	grep -q iberty "$BUILD/audit.mk" || skip "built without libiberty"
	child c++
	has '^ *Job::start()$'
	child c++ --json
	has '"name": "with_setenv", [^{]*"caller": {"name": "Job::start()", '
}

# By its calls it is none or not, by its functions it is safe.
test_what_is_safe_is_no_finding() {
	for deed in none safe calls atfork; do
		child $deed
		same "findings of $deed" none "$(findings)"
	done
	for sin in log-send log-sendmsg safe-calls; do
		status 0 spawnaudit --log=report --functions=all "$HELPERS/sa_trace_sins" $sin
		same "findings of $sin" none "$(findings)"
	done
	child atfork -v
	has '^  entered [0-9]* functions, 0 not async-signal-safe'
	has "^ *(.* inside of libc, .* of fork's own)"
}

# Under the names that compilers write for them, too: __pread64_chk is two endings behind pread
test_what_makes_one_system_call_is_no_finding() {
	need_functions
	cat >program.c <<-'END'
		#define _GNU_SOURCE
		#define _FILE_OFFSET_BITS 64
		#include <mqueue.h>
		#include <pthread.h>
		#include <sched.h>
		#include <signal.h>
		#include <stdlib.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static char stack[65536] __attribute__((aligned(16)));

		static void *rest(void *nothing)
		{
			pause();
			return nothing;
		}

		static int end(void *nothing)
		{
			return nothing != NULL;
		}

		int main(int argc, char **argv)
		{
			char *child[] = {"true", NULL}, room[64];
			size_t size = argc;
			pthread_t thread;
			cpu_set_t set;

			pthread_create(&thread, NULL, rest, NULL);
			if (fork() == 0) {
				pread(0, room, size, 1);
				mq_unlink("/a queue that isn't there");
				pthread_getaffinity_np(pthread_self(), sizeof(set), &set);
				pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
				clone(end, stack + sizeof(stack), SIGCHLD, NULL);
				execv("/bin/true", child);
				_exit(1);
			}
			wait(NULL);
			return 0;
		}
	END
	${CC:-gcc} -w -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -o program program.c -pthread -lrt ||
		fail "no program"
	status 0 spawnaudit --log=report --functions=all ./program
	same findings none "$(findings)"
}

# The copy that only forks is safe, and what its own copy does is told.
test_a_copy_of_a_copy_is_judged_by_itself() {
	child fork
	same findings "1 no-exec" "$(findings)"
	has 'itself a copy of a process with 4 threads'
	has '^ *\* setenv in libc'
	! grep -q '\* fork in libc' report || fail "fork is blamed: $(cat report)"
}

# Linked in, libc can't be told from the program: its calls decide.
test_a_static_program_is_judged_by_its_calls() {
	need_functions
	cat >program.c <<-'END'
		#include <pthread.h>
		#include <stdlib.h>
		#include <sys/wait.h>
		#include <time.h>
		#include <unistd.h>
		static void *idle(void *x) { pause(); return x; }
		int main(void)
		{
			pthread_t thread;
			time_t now = 0;
			pid_t pid;
			pthread_create(&thread, NULL, idle, NULL);
			if ((pid = fork()) == 0) {
				localtime(&now);
				execl("/bin/true", "true", (char *)NULL);
				_exit(127);
			}
			return waitpid(pid, NULL, 0) != pid;
		}
	END
	${CC-cc} -static -o program program.c 2>log || skip "no static libc: $(tail -n 1 log)"
	status 0 spawnaudit --log=report --functions=all ./program
	same findings "1 unsafe-fork" "$(findings)"
	has 'functions while they were looked at, 0 not async-signal-safe'
}

# musl's libc is its loader as well: what is mapped is libc.so or ld-musl-x86_64.so.1
test_a_program_of_musl_is_judged_by_its_functions() {
	need_functions
	command -v musl-gcc >/dev/null || skip "musl-gcc isn't installed (musl-tools)"
	cat >program.c <<-'END'
		#define _GNU_SOURCE
		#include <pthread.h>
		#include <stdlib.h>
		#include <sys/wait.h>
		#include <unistd.h>
		static void *idle(void *x) { pause(); return x; }
		int main(int argc, char **argv)
		{
			pthread_t thread;
			pid_t pid;
			pthread_create(&thread, NULL, idle, NULL);
			if ((pid = fork()) == 0) {
				if (argc > 1)
					setenv("A", argv[1], 1);
				execl("/bin/true", "true", (char *)NULL);
				_exit(127);
			}
			return waitpid(pid, NULL, 0) != pid;
		}
	END
	musl-gcc -o program program.c 2>log || fail "$(cat log)"
	status 0 spawnaudit --log=report ./program x
	same findings "1 unsafe-fork" "$(findings)"
	has "^  reason  setenv in .* isn't async-signal-safe, and main called it"
	status 0 spawnaudit --log=report ./program
	same findings none "$(findings)"
	! grep -q 'the calls alone' report || fail "$(cat report)"
}

# libraries: libone.so and libtwo.so, which have one, but for deed() of other functions
libraries() {
	for number in one two; do
		cat >library.c <<-END
			#include <stdlib.h>
			#include <unistd.h>
			void deed(void);
			void $number(void);
			$([ $number = one ] || echo 'static int many(int x) { return atoi("1") + x; }')
			__attribute__((noinline)) void $number(void) { getppid(); }
			void deed(void) { $number(); $([ $number = one ] || echo 'many(2);') getppid(); }
		END
		${CC-cc} -shared -fPIC -O1 -o lib$number.so library.c || skip "no compiler"
	done
	cat >program.c <<-'END'
		#include <dlfcn.h>
		#include <pthread.h>
		#include <stdlib.h>
		#include <sys/wait.h>
		#include <unistd.h>
		static void *idle(void *x) { pause(); return x; }
		int main(int argc, char **argv)
		{
			pthread_t thread;
			int status = 0;
			pthread_create(&thread, NULL, idle, NULL);
			for (int i = 1; status == 0 && i < argc; i++) {
				void *library = dlopen("./libdeed.so", RTLD_NOW);
				void (*deed)(void) = library ? (void (*)(void))dlsym(library, "deed") : abort;
				pid_t pid;
				if (system(argv[i]))
					return 1;
				if ((pid = fork()) == 0) {
					deed();
					execl("/bin/true", "true", (char *)NULL);
					_exit(127);
				}
				waitpid(pid, &status, 0);
				dlclose(library);
			}
			return status != 0;
		}
	END
	${CC-cc} -w -o program program.c -pthread -ldl || skip "no compiler"
}

# What isn't known isn't taken for safe; another file under that name isn't what is mapped.
test_a_library_that_is_gone_leaves_it_to_the_calls() {
	need_functions
	libraries
	for deed in true 'rm libdeed.so' 'cp libtwo.so other; mv other libdeed.so'; do
		cp libone.so libdeed.so
		status 0 spawnaudit --log=report --functions=all --json ./program "$deed"
		! grep -q '"name": "two"' report || fail "$deed: another file's functions"
		# root gets at what is deleted
		if [ "$deed" = true ] || grep -q '"name": "one"' report; then
			has '"name": "one".*"functions_complete": true'
		else
			has '"functions_complete": false'
		fi
	done
}

# In place: its number is the same, and its functions begin elsewhere.
test_a_library_that_was_written_anew_is_read_again() {
	need_functions
	libraries
	cp libone.so libdeed.so
	cat >rewrite <<-'END'
		#!/bin/sh
		cat libtwo.so >libdeed.so
	END
	chmod 755 rewrite
	sed 's/dlclose(library);/dlclose(library); if (system(".\/rewrite")) return 1;/' program.c >again.c
	${CC-cc} -w -o program again.c -pthread -ldl || skip "no compiler"
	status 0 spawnaudit --log=report --functions=all --json ./program true true
	has '"name": "one"'
	has '"name": "two"'
}

test_exit_in_the_child_is_named() {
	child exit
	same findings "1 no-exec" "$(findings)"
	has '^ *\* exit in libc'
	has '^  last  '
}

test_the_child_sees_nothing_of_it() {
	for deed in traps blocked ignored children thread untraced remap; do
		child $deed
	done
	cat >mask <<-'END'
		#!/bin/sh
		exec grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status
	END
	chmod 755 mask
	need_proc=$(grep -c '^SigBlk' /proc/self/status) || skip "no /proc"
	for deed in none blocked ignored; do
		"$HELPERS/sa_functions" $deed ./mask | grep -v child >plain
		spawnaudit --log=report --functions=all "$HELPERS/sa_functions" $deed ./mask |
			grep -v child >audited
		[ "$(wc -l <plain)" -eq $((3 * need_proc)) ] || fail "$deed: $(cat plain)"
		diff plain audited >difference || fail "$deed: $(cat difference)"
	done
}

# What an unprivileged tracer may look at no more it still puts back.
test_a_child_that_hides_its_memory_goes_on() {
	need_functions
	unprivileged=
	if [ "$(id -u)" -eq 0 ]; then
		unprivileged="setpriv --bounding-set=-sys_ptrace"
		$unprivileged true 2>/dev/null || skip "setpriv can't"
	fi
	for option in --functions=first --functions=all; do
		status 0 $unprivileged spawnaudit --log=report $option "$HELPERS/sa_functions" hiding
		has 'functions while they were looked at'
	done
}

test_a_signal_that_a_call_lets_through_is_handled() {
	child suspension
	has '^ *\* setenv in libc'
	[ "$(grep -c rt_sigsuspend report)" -le 1 ] || fail "again and again: $(cat report)"
}

# Later ones from there are judged by it, each counts, and the text is written once.
test_the_first_from_a_place_tells_for_the_others() {
	need_functions
	export COUNT=20
	for which in first all; do
		status 0 spawnaudit --log=report --json --functions=$which \
			"$HELPERS/sa_functions" setenv
		same "$which: findings" 20 "$(grep '"type": "launch"' report | grep -c '"unsafe-fork"')"
	done
	same "each had its own" 20 "$(grep -c '"functions_of": "this"' report)"
	status 0 spawnaudit --log=report --json --functions "$HELPERS/sa_functions" setenv
	[ "$(grep -c '"functions_of": "first"' report)" -ge 18 ] || fail "$(cut -c-300 report)"
	status 0 spawnaudit --log=report --json --functions "$HELPERS/sa_functions" safe
	same "safe launches" 20 "$(grep '"type": "launch"' report | grep -c '"findings": \[\]')"
	status 137 spawnaudit --log=report --json "$HELPERS/sa_functions" death
	same "all but the killed one" 19 "$(grep '"type": "launch"' report | grep -c '"unsafe-fork"')"
}

# Its maps, which tell places apart, are empty then.
test_places_stay_apart_when_the_first_thread_has_ended() {
	need_functions
	cat >program.c <<-'END'
		#include <fcntl.h>
		#include <pthread.h>
		#include <stdlib.h>
		#include <string.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static int is_alone(void)
		{
			char line[256] = "";
			int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);

			read(fd, line, sizeof(line) - 1);
			close(fd);
			return strstr(line, ") Z") != NULL;
		}

		static void *idle(void *nothing)
		{
			for (;;)
				pause();
			return nothing;
		}

		__attribute__((noinline)) static void safe_place(void)
		{
			char *argv[] = {"true", NULL};

			if (fork() == 0) {
				execv("/bin/true", argv);
				_exit(127);
			}
			wait(NULL);
		}

		__attribute__((noinline)) static void unsafe_place(void)
		{
			char *argv[] = {"true", NULL};

			if (fork() == 0) {
				setenv("A", "1", 1);
				execv("/bin/true", argv);
				_exit(127);
			}
			wait(NULL);
		}

		static void *launch(void *nothing)
		{
			while (!is_alone())
				usleep(1000);
			safe_place();
			unsafe_place();
			_exit(0);
			return nothing;
		}

		int main(void)
		{
			pthread_t thread;

			pthread_create(&thread, NULL, idle, NULL);
			pthread_create(&thread, NULL, launch, NULL);
			pthread_exit(NULL);
		}
	END
	${CC:-gcc} -w -g -pthread -o program program.c || fail "no program"
	status 0 spawnaudit --log=report ./program
	same findings "1 unsafe-fork" "$(findings)"
	has "^  reason  setenv in libc\.so.* isn't async-signal-safe, and unsafe_place called it\$"
}

test_a_verdict_says_what_it_is_drawn_from() {
	need_functions
	for option in --functions --functions=first --functions=all --verbose; do
		status 0 spawnaudit --log=report --json $option "$HELPERS/sa_functions" setenv
		has '"judged_by": "functions", "reason_function": {"name": "setenv", "module": "[^"]*libc'
		status 0 spawnaudit --log=report $option "$HELPERS/sa_functions" safe
		! grep -q 'by the calls alone' report || fail "$option: $(cat report)"
	done
	# of what went before the function no call is the reason
	child differs
	has '^  reason  localtime_r in libc'
	grep -A 1 '^  reason  ' report | grep -q 'openat(.*localtime' || fail "$(cat report)"
	export COUNT=20
	status 0 spawnaudit --log=report -v "$HELPERS/sa_functions" differs
	unset COUNT
	same findings "1 unsafe-fork" "$(findings)"
	has 'the first child from here made no such calls: this is by the calls alone'
	status 0 spawnaudit --log=report --json /bin/sh -c '/bin/true; exit 0'
	has '"judged_by": null'
	status 0 spawnaudit --log=report --functions=none "$HELPERS/sa_functions" time
	has "the functions that ran aren't known (see --functions): this is by the calls alone"
	! grep entered report || fail "functions"
	status 0 spawnaudit --log=report --json --functions=none "$HELPERS/sa_functions" time
	has '"judged_by": "calls".*"functions": null'
	has '"unjudged": 0, "judged_by_calls": 1,'
	status 0 spawnaudit --log=report --functions=none "$HELPERS/sa_functions" setenv
	same findings none "$(findings)"
	has '^spawnaudit: 1 fork of programs with threads: .* and the calls alone decide$'
	status 0 spawnaudit --log=report --functions=none -v "$HELPERS/sa_functions" setenv
	has '^safe: '
	has "the functions that ran aren't known"
	status 125 spawnaudit --functions=some true
	like message "*'some' is none of first, all, none*" "$err"
	status 125 spawnaudit --functions --fds $$
	like message "*--functions: only with COMMAND and -p*" "$err"
}

# same_as_steps WHAT COMMAND...: what single steps meet, breakpoints meet, by an account of where
# functions begin that isn't ours. What a signal makes of one of the runs it won't of three.
same_as_steps() {
	what=$1
	shift
	for _ in 1 2 3; do
		"$HELPERS/sa_step" "$@" >steps || fail "$what: status $?"
		status 0 spawnaudit --log=report --functions=all --json "$@"
		python3 compare.py >seen 2>&1 && return
	done
	fail "$what: $(cat seen)"
}

need_steps() {
	need_functions
	for tool in python3 nm readelf; do
		command -v $tool >/dev/null || skip "$tool isn't installed"
	done
	cat >compare.py <<-'END'
		import json, os, re, subprocess
		def said(*command):
		    return subprocess.run(command, text=True, stdout=subprocess.PIPE,
		                          stderr=subprocess.DEVNULL).stdout
		def sections(file):
		    for line in said("readelf", "-SW", file).splitlines():
		        found = re.match(r" *\[ *\d+\] (\S+) +\S+ +(\w+) (\w+) (\w+)", line)
		        if found:
		            name, *numbers = found.groups()
		            yield name, *(int(number, 16) for number in numbers)
		def begins(file):
		    kept = file.replace("/", "+")
		    if not os.path.exists(kept):
		        json.dump(list(sought(file)), open(kept, "w"))
		    return json.load(open(kept))
		def sought(file):
		    for how in ([], ["-D"]):
		        for line in said("nm", "-S", *how, "--defined-only", file).splitlines():
		            address, *size, kind, name = line.split()
		            if size and kind in "tTW" and ".cold" not in name:
		                yield int(address, 16)
		    for address in re.findall(r" FDE .*pc=(\w+)\.\.", said("readelf", "-wf", file)):
		        yield int(address, 16)
		stepped = {(f, int(n)) for f, n in re.findall(r"^(/.*) (\d+)$", open("steps").read(), re.M)}
		for line in open("report"):
		    launch = json.loads(line)
		    if launch["type"] == "launch" and launch["functions"]:
		        found = {(f["module"], f["offset"]) for f in launch["functions"]}
		        break
		print("never executed:", found - stepped)
		assert not found - stepped
		known = set()
		for file in {file for file, _ in stepped}:
		    parts = list(sections(file))
		    for address in begins(file):
		        for name, start, offset, size in parts:
		            if 0 <= address - start < size and not name.startswith(".plt"):
		                known.add((file, address - start + offset))
		print("missed:", (stepped & known) - found)
		assert not (stepped & known) - found
		assert len(found & known) > 5
	END
}

test_they_are_those_that_single_steps_meet() {
	long
	need_steps
	for deed in none setenv malloc syslog mutex time safe exit atfork; do
		same_as_steps $deed "$HELPERS/sa_functions" $deed
	done
}

# Programs of others, stripped, each with a thread that a library gave it.
test_they_are_those_in_programs_that_nobody_here_built() {
	long
	need_steps
	cat >thread.c <<-'END'
		#include <pthread.h>
		#include <signal.h>
		#include <unistd.h>
		static void *idle(void *x) { for (;;) pause(); return x; }
		__attribute__((constructor)) static void begin(void)
		{
			pthread_t thread;
			sigset_t all, old;
			sigfillset(&all);
			pthread_sigmask(SIG_SETMASK, &all, &old);
			pthread_create(&thread, NULL, idle, NULL);
			pthread_sigmask(SIG_SETMASK, &old, NULL);
		}
	END
	${CC-cc} -shared -fPIC -o thread.so thread.c -pthread || skip "no compiler"
	compared=0
	while read -r program arguments; do
		command -v "$program" >/dev/null || continue
		compared=$((compared + 1))
		eval "set -- $program $arguments"
		same_as_steps "$program" env LD_PRELOAD="$PWD/thread.so" PERL_HASH_SEED=0 "$@"
	done <<-'END'
		dash -c '(:); true'
		bash -c '(/bin/true); true'
		perl -e 'system(qw(/bin/true))'
		find . -maxdepth 0 -exec /bin/true ';'
		script -qc /bin/true /dev/null
	END
	[ $compared -gt 2 ] || skip "too few of these programs are installed"
}

# Half a million symbols with one name of 8 MB: to read each would take minutes.
test_a_crafted_file_costs_little() {
	need_functions
	command -v python3 >/dev/null || skip "python3 isn't installed"
	cat >craft.py <<-'END'
		import ctypes, os, struct, threading
		count, length = 500000, 8 << 20
		end = 8192 + 24 * count + length
		with open("crafted.so", "wb") as f:
		    f.write(b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0,
		            64, end, 0, 64, 56, 1, 64, 3, 0))
		    f.write(struct.pack("<IIQQQQQQ", 1, 5, *[4096] * 6))
		    f.seek(4096)
		    f.write(b"\xc3" * 4096 + struct.pack("<IBBHQQ", 0, 2, 0, 1, 4096, 1) * count)
		    f.write(b"a" * (length - 1) + bytes(65))
		    f.write(struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, 8192, 24 * count, 2, 0, 8, 24))
		    f.write(struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, end - length, length, 0, 0, 1, 0))
		mmap = ctypes.CDLL(None).mmap
		mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + 3 * [ctypes.c_int] + [ctypes.c_long]
		mmap(None, 4096, 5, 2, os.open("crafted.so", os.O_RDONLY | os.O_CLOEXEC), 4096)
		threading.Thread(target=threading.Event().wait, daemon=True).start()
		if os.fork() == 0:
		    os.execv("/bin/true", ["true"])
		os.wait()
	END
	status 0 timeout 200 spawnaudit --log=report --functions=all python3 craft.py
	has 'python3.* forked with 2 threads'
}

# Killed, we leave no copy behind whose text is ours.
test_a_killed_audit_leaves_no_breakpoints() {
	need_functions
	spawnaudit --log=report --functions=all "$HELPERS/sa_functions" stuck >said 2>/dev/null &
	audit=$!
	for _ in $(seq 2000); do
		pid=$(sed -n 's/^child //p' said)
		[ -z "$pid" ] || ! grep -q futex "/proc/$pid/wchan" 2>/dev/null || break
		sleep 0.1
	done
	parent=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$pid/status")
	kill -9 $audit
	state=alive
	for _ in $(seq 2000); do
		case $(sed -n 's/^State:[^A-Z]*\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null) in
		'' | Z | X) state=gone ;;
		esac
		# on a busy machine it may have got its own text back before it waited
		! "$HELPERS/sa_functions" same "$pid" "$parent" 2>/dev/null || state=clean
		[ $state = alive ] || break
		sleep 0.1
	done
	[ $state != alive ] || fail "the child lives on, and its text isn't its own"
	kill -9 "$pid" 2>/dev/null
	kill -9 "$parent" 2>/dev/null
	return 0
}

# Whenever that comes: who has breakpoints is to be killed with us, and nobody else.
test_breakpoints_stand_only_in_what_ends_with_us() {
	need_functions
	command -v strace >/dev/null || skip "strace isn't installed"
	mkfifo go
	for deed in none fork exit; do
		sh -c 'read -r line <go; exec "$0" "$1"' "$HELPERS/sa_functions" $deed >said &
		pid=$!
		strace -f -y -s 0 -o calls -e trace=ptrace,pwrite64 \
			spawnaudit --log=report --functions=all -p $pid 2>message &
		until_true grep -qs "PTRACE_SEIZE, $pid,.* = 0" calls
		echo >go
		wait
		[ -s report ] || skip "strace can't: $(cat message)"
		grep -q 'pwrite64.*/mem>' calls || fail "$deed: no breakpoint: $(cat report)"
		awk '/PTRACE_SETOPTIONS/ { is_free[$3] = !/EXITKILL/ }
			/pwrite64.*\/mem>/ && match($0, /\/proc\/[0-9]+/) &&
				is_free[substr($0, RSTART + 6, RLENGTH - 6) ","]' calls >bad
		[ ! -s bad ] || fail "$deed: $(head -n 3 bad)"
	done
}

# Let go, it runs on with its own text.
test_who_is_left_behind_has_its_own_text() {
	need_functions
	status 0 spawnaudit --log=report --functions=all sh -c '"$0" stuck >said 2>&1 &
		until grep -q futex "/proc/$(sed -n "s/^child //p" said)/wchan" 2>/dev/null; do
			sleep 0.1
		done' "$HELPERS/sa_functions"
	pid=$(sed -n 's/^child //p' said)
	same tracer 0 "$(sed -n 's/^TracerPid:[^0-9]*//p' "/proc/$pid/status")"
	has 'still ran after'
	has '^  last  '
	parent=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$pid/status")
	"$HELPERS/sa_functions" same "$pid" "$parent" 2>/dev/null ||
		fail "its text isn't that of its parent"
	kill -9 "$pid" "$parent"
}

test_a_library_of_go_is_named_by_where_it_hangs() {
	need_functions
	need_plugin
	trace_host --functions=all
	has '^ *\* .*\(cgo\|crosscall2\)'
	has '^  last    runtime\.'
}

test_a_python_program_with_preexec_fn() {
	need_functions
	command -v python3 >/dev/null || skip "python3 isn't installed"
	cat >program.py <<-'END'
		import os, subprocess, threading, time
		threading.Thread(target=lambda: time.sleep(300), daemon=True).start()
		subprocess.run(["/bin/true"], preexec_fn=os.setsid)
	END
	status 0 spawnaudit --log=report --functions=all \
		"$(python3 -c 'import sys; print(sys.executable)')" program.py
	same findings "1 unsafe-fork" "$(findings)"
	has '^ *\* pthread_mutex_\|^ *\* sem_wait'
}

run_tests
