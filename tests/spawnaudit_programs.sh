#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs that nobody here wrote, under spawnaudit: same output and status as without it,
# and strace sees as many launches and executed programs.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need() {
	[ -x "$BUILD/spawnaudit" ] || skip "spawnaudit wasn't built: libdw is missing"
	[ -z "${SAN-}" ] || skip "a sanitizer's run-time makes launches slow, not different"
	for program in "$@"; do
		command -v "$program" >/dev/null || skip "$program isn't installed"
	done
}

# What strace -f wrote: births that are no threads, and execs that went well
strace_counts() {
	awk '
	# a call that another thread interrupted is told in two lines
	/<unfinished \.\.\.>$/ { begun[$1] = $0; next }
	/<\.\.\. [a-z0-9]* resumed>/ { $0 = begun[$1] $0 }
	/ (clone|clone3|fork|vfork)\(/ && !/CLONE_THREAD/ && / = [0-9]+$/ { births++ }
	/ execve(at)?\(/ && / = 0$/ { execs++ }
	END { print births + 0, execs - 1 }' "$1"
}

# agree NAME COMMAND...: in a directory of its own each time; stdout and status must be equal
agree() {
	what=$1
	shift
	for run in plain strace audit; do
		mkdir "$run"
		[ ! -d seed ] || cp -r seed/. "$run"
	done
	(cd plain && exec "$@" >../plain.out 2>../plain.err)
	plain=$?
	(cd strace && exec strace -f -qq -e trace=process -o ../strace.log "$@" >../strace.out 2>&1)
	(cd audit && exec spawnaudit --all-calls --json --log=../audit.log "$@" \
		>../audit.out 2>../audit.err)
	same "$what: status" "$plain" "$?"
	cmp -s plain.out audit.out || fail "$what: output: $(diff plain.out audit.out)"
	cmp -s plain.err audit.err || fail "$what: stderr: $(diff plain.err audit.err)"
	same "$what: launches and programs" "$(strace_counts strace.log)" "$(audit_counts audit.log)"
}

# Launches, and programs executed: by new processes, and by what had executed one before
audit_counts() {
	sed -n 's/.*"type": "summary".*"launches": \([0-9]*\).*"executed": \([0-9]*\).*"reexecuted": \([0-9]*\).*/\1 \2 \3/p' \
		"$1" | awk '{ print $1, $2 + $3 }'
}

test_a_parallel_build() {
	need strace make gcc
	mkdir seed
	cat >seed/Makefile <<-'END'
		OBJECTS = $(patsubst %.c,%.o,$(wildcard *.c))
		all: $(OBJECTS)
			+@$(MAKE) -s sub
		sub:
			@echo built
		%.o: %.c
			@gcc -c -o $@ $<
	END
	for i in 1 2 3 4 5 6; do
		echo "int f$i(void) { return $i; }" >"seed/f$i.c"
	done
	agree "make -j4" make -s -j4
	same "findings" "" "$(grep '"type": "finding"' audit.log)"
}

test_a_clone_of_a_repository() {
	need strace git
	mkdir seed
	(cd seed && git init -q repository && cd repository && echo text >file && git add file &&
		git -c user.name=x -c user.email=x@example.org commit -qm first) || fail "no repository"
	agree "git clone" git clone -q --no-local repository copy
}

test_python_with_subprocess() {
	need strace python3
	agree subprocess python3 -c '
import subprocess
for i in range(3):
    print(subprocess.run(["echo", str(i)], capture_output=True).stdout)
print(subprocess.run("exit 3", shell=True).returncode)'
	same findings "" "$(grep '"type": "finding"' audit.log)"
}

test_python_with_a_function_before_exec() {
	need strace python3
	agree preexec_fn python3 -W ignore -c '
import os, subprocess, threading
stop = threading.Event()
thread = threading.Thread(target=stop.wait)
thread.start()
print(subprocess.run(["echo", "done"], capture_output=True,
                     preexec_fn=lambda: [bytearray(1 << 22) for i in range(4)]).stdout)
stop.set()
thread.join()'
	grep '"type": "finding"' audit.log | grep -q '"kind": "unsafe-fork"' ||
		fail "no finding: $(cat audit.log)"
	grep '"type": "launch"' audit.log | grep -q '"runtimes": "CPython"' || fail "no runtime"
}

test_shell_scripts() {
	need strace bash
	agree bash bash -c '
for i in 1 2 3; do echo $i | sed s/1/one/ | tr a-z A-Z; done
(exit 4); echo $?
value=$(echo inner; date +%Y >/dev/null); echo "$value"
sleep 0.1 & wait $!
diff <(echo a) <(echo a) && echo equal
trap "echo trapped" TERM; kill -TERM $$
exec env true'
	agree_again
}

agree_again() {
	rm -rf plain strace audit
	agree dash sh -c 'echo a | cat; (echo b; exit 3); echo $?; cat </dev/null | wc -l; exit 5'
}

test_tar_with_a_compressor() {
	need strace tar gzip
	mkdir seed
	seq 1 2000 >seed/numbers
	agree tar sh -c 'tar -czf a.tar.gz numbers && tar -tzf a.tar.gz && tar -xzOf a.tar.gz | cksum'
}

test_java() {
	need strace java javac
	mkdir seed
	cat >seed/Launch.java <<-'END'
		public class Launch {
			public static void main(String[] arguments) throws Exception {
				for (int i = 0; i < 3; i++)
					System.out.println(new ProcessBuilder("echo", "" + i).inheritIO().start().waitFor());
			}
		}
	END
	(cd seed && javac Launch.java) || fail "javac"
	agree java java -Xshare:auto -cp . Launch
	# its helper gets pipes and the class library, and closes them: echo has none of it
	same findings 1 "$(grep -c '"type": "finding"' audit.log)"
	grep -q '"executed": "[^"]*jspawnhelper".*"findings": \["leak"\]' audit.log ||
		fail "$(cat audit.log)"
}

run_tests
