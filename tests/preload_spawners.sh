#!/bin/sh
# SPDX-License-Identifier: MIT
# libspawnutil-preload.so under programs that launch by posix_spawn: output and
# status are the same with it as without, and it is what they call: with
# SPAWNUTIL_LEAKS=close their commands don't have descriptor 9.
# suite: long
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/preloaded.sh"

# Not as the make that runs the tests has it
unset MAKEFLAGS MAKELEVEL

test_make() {
	need make
	printf 'all: a b c d e f g h\n%%:\n\t+@%s; echo $@\n' "$(echo "$LOOK" | sed 's/\$/$$/g')" >rules.mk
	# in the order in which they are ready
	is_reached 9 sh -c 'make --output-sync=none -f rules.mk | sort'
	is_reached 9 sh -c 'make -j4 -f rules.mk | sort'
	printf 'all: a b\n\t@exit 3\n%%:\n\t@echo $@\n' >rules.mk
	is_the_same make -f rules.mk
	like make "*Error 3*status 2" "$seen"
}

test_a_make_below_a_make_has_its_jobs() {
	need make
	cat >rules.mk <<-'END'
		all: ; @$(MAKE) -f $(firstword $(MAKEFILE_LIST)) more
		more: a b c d
		%: ; @echo $@
	END
	is_the_same sh -c 'make -j4 --no-print-directory -f rules.mk | sort'
	like make "a*b*c*d*status 0" "$seen"
}

test_ninja() {
	need ninja
	cat >build.ninja <<-END
		rule look
		  command = sh -c '$(echo "$LOOK" | sed 's/\$/$$/g')' > \$out; cat \$out
		build a: look
		build b: look
		rule fail
		  command = exit 3
		build c: fail
	END
	is_reached 2 sh -c 'rm -f a b; ninja a b | grep -v "^\["'
	is_the_same sh -c 'ninja c; echo $?'
}

test_python_by_posix_spawn() {
	need python3
	cat >script.py <<-'END'
		import os, subprocess, sys
		def wait(pid): return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
		sh = ["sh", "-c", "echo one; exit 3"]
		print(wait(os.posix_spawn("/bin/sh", sh, os.environ)), flush=True)
		print(wait(os.posix_spawnp("sh", ["sh", "-c", "cat; pwd >&2; exit 4"], os.environ, setsid=True,
		    setsigmask=[10], setsigdef=[13], file_actions=[
		    (os.POSIX_SPAWN_OPEN, 0, __file__, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 5, "/dev/null", os.O_WRONLY, 0),
		    (os.POSIX_SPAWN_DUP2, 5, 1), (os.POSIX_SPAWN_CLOSE, 5)])), flush=True)
		try:
		    os.posix_spawn("/nonexistent", ["x"], {})
		except FileNotFoundError as error:
		    print(error, flush=True)
		subprocess._USE_VFORK = False
		print(subprocess.run(["/bin/sh", "-c", "cat; exit 5"], close_fds=False, input=b"two",
		    capture_output=True), flush=True)
		subprocess.run(["/bin/sh", "-c", sys.argv[1]], close_fds=False)
		wait(os.posix_spawn("/bin/sh", ["sh", "-c", sys.argv[1]], os.environ))
		sys.exit(8)
	END
	is_reached 2 python3 script.py "$LOOK"
	like python "one*3*4*No such file*two*status 8" "$seen"
}

# Its helper is told the numbers of descriptors that it inherits: there is no other policy for it
test_java_in_16_threads() {
	need java
	need javac
	cat >Launch.java <<-'END'
		import java.util.concurrent.*;
		import java.util.concurrent.atomic.*;
		public class Launch {
			public static void main(String[] arguments) throws Exception {
				AtomicInteger sum = new AtomicInteger(), failed = new AtomicInteger();
				ExecutorService pool = Executors.newFixedThreadPool(16);
				int count = Integer.parseInt(arguments[0]);
				for (int i = 0; i < count; i++) {
					final int n = i;
					pool.submit(() -> {
						try {
							Process process = new ProcessBuilder("/bin/sh", "-c", "read x; echo $x; exit 3")
								.directory(new java.io.File("/")).redirectErrorStream(true).start();
							process.getOutputStream().write((n + "\n").getBytes());
							process.getOutputStream().close();
							String line = new String(process.getInputStream().readAllBytes()).trim();
							if (process.waitFor() != 3 || Integer.parseInt(line) != n)
								failed.incrementAndGet();
							sum.addAndGet(n);
						} catch (Throwable problem) {
							failed.incrementAndGet();
						}
					});
				}
				pool.shutdown();
				pool.awaitTermination(300, TimeUnit.SECONDS);
				System.out.println(sum + " " + failed);
			}
		}
	END
	javac Launch.java >log 2>&1 || fail "$(cat log)"
	is_the_same java -Xshare:auto Launch 2000
	same java "1999000 0
status 0" "$seen"
	observe env LD_PRELOAD="$OURS" SPAWNUTIL_LEAKS=close java Launch 4
	! printf '%s\n' "$seen" | grep -q '^6 0$' || fail "its helper had them all the same: $seen"
}

test_rust() {
	command -v rustc >/dev/null || skip "rustc isn't installed"
	[ -z "${SAN-}" ] || skip "a sanitizer's library would have to be loaded into it"
	cat >program.rs <<-'END'
		use std::process::{Command, Stdio};
		fn main() {
			let look = std::env::args().nth(1).unwrap();
			let output = Command::new("sh").args(["-c", "cat; echo one; exit 3"]).stdin(Stdio::null()).output().unwrap();
			println!("{:?} {:?}", output.status.code(), String::from_utf8_lossy(&output.stdout));
			println!("{:?}", Command::new("/nonexistent").status().map_err(|e| e.kind()));
			println!("{:?}", Command::new("sh").args(["-c", &look]).status().unwrap().code());
		}
	END
	rustc -O program.rs >log 2>&1 || skip "rustc doesn't work here: $(tail -n 1 log)"
	is_reached 1 ./program "$LOOK"
}

# These launch by themselves
test_go_and_node_are_not_harmed() {
	if command -v go >/dev/null; then
		mkdir program && cat >program/main.go <<-'END'
			package main

			import (
				"fmt"
				"os/exec"
			)

			func main() {
				out, err := exec.Command("sh", "-c", "echo one; exit 3").Output()
				fmt.Println(string(out), err)
			}
		END
		(cd program && GOCACHE=$PWD/cache GO111MODULE=off go build -o ../go.program main.go) >log 2>&1 &&
			is_the_same ./go.program && like go "one*exit status 3*" "$seen"
	fi
	need node
	is_the_same node -e 'const c = require("child_process");
		console.log(c.spawnSync("sh", ["-c", "echo one; exit 3"]).status, c.execSync("echo two").toString())'
	like node "3 two*" "$seen"
}

run_tests
