#!/bin/sh
# SPDX-License-Identifier: MIT
# libspawnutil-preload.so under programs that many have installed: output and
# status are the same with it as without, and it is what they call: with
# SPAWNUTIL_LEAKS=close their commands don't have descriptor 9.
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/preloaded.sh"

test_lua() {
	need lua5.4
	cat >script.lua <<-'END'
		io.stdout:setvbuf("no")
		print(os.execute())
		print(os.execute("echo one; exit 3"))
		print(os.execute("kill -9 $$"))
		local stream = io.popen("echo two; exit 4")
		print(stream:read("a"), stream:close())
		stream = io.popen("cat; exit 5", "w")
		stream:write("three\n")
		print(stream:close())
		local streams = {}
		for i = 1, 20 do streams[i] = io.popen("cat; exit " .. i, "w") end
		for i = 1, 20 do print(streams[i]:close()) end
		-- collected, not closed
		for i = 1, 20 do io.popen("exit 1") end
		collectgarbage()
		local file = io.open("/dev/null")
		print(file:close())
		os.execute(arg[1])
		print(io.popen(arg[1]):read("a"))
		os.exit(6)
	END
	is_reached 2 lua5.4 script.lua "$LOOK"
	like lua "*two*exit*4*three*exit*5*exit*20*status 6" "$seen"
}

test_gawk() {
	need gawk
	cat >script.awk <<-'END'
		BEGIN {
			print system("echo one; exit 3")
			print "b\na" | "sort; exit 4"
			print close("sort; exit 4")
			"echo two; exit 5" | getline line
			print line, close("echo two; exit 5")
			print "three" |& "cat"
			close("cat", "to")
			"cat" |& getline line
			print line, close("cat")
			system(look)
			print "" | ("cat; " look)
			close("cat; " look)
			exit 7
		}
	END
	is_reached 2 gawk -v look="$LOOK" -f script.awk
	like gawk "*one*3*a*b*4*two 5*three 0*status 7" "$seen"
}

test_sqlite() {
	need sqlite3
	cat >script.sql <<-'END'
		.shell echo one
		.system exit 3
		CREATE TABLE t(a, b);
		.mode csv
		.import "|printf '1,2\\n3,4\\n'" t
		SELECT sum(a), sum(b) FROM t;
		.output "|sort -r"
		SELECT a FROM t;
		.output
		.once "|cat >&2"
		SELECT b FROM t;
		SELECT 'end';
	END
	is_the_same sqlite3 -batch -init script.sql :memory: .quit
	like sqlite "*one*4,6*" "$seen"
	is_reached 1 sqlite3 -batch :memory: ".system $LOOK"
}

test_python_in_50_threads() {
	need python3
	cat >script.py <<-'END'
		import os, sys, threading
		results = {}
		def run(n):
		    results[n] = [os.system("exit %d" % (n + i)) >> 8 for i in range(10)]
		threads = [threading.Thread(target=run, args=(n,)) for n in range(50)]
		for t in threads: t.start()
		for t in threads: t.join()
		print(sorted(results.items()))
		print(os.popen("echo two; exit 3").read())
		sys.stdout.flush()
		os.system(sys.argv[1])
		sys.exit(8)
	END
	is_reached 1 python3 script.py "$LOOK"
	like python "*(49, *two*status 8" "$seen"
}

# These launch by themselves
test_who_calls_nothing_of_it_is_not_harmed() {
	need make
	printf 'all: a b c d\n%%:\n\t@echo $@; test $@ != d || exit 3\n' >rules.mk
	is_the_same make -k -f rules.mk all
	like make '*Error 3*status 2' "$seen"
	need perl
	is_the_same perl -e 'print `echo one`; print system("exit 3;"), "\n";
		open(F, "|cat; exit 4"); print F "two\n"; close(F); print $? >> 8, "\n"; exit 5'
	like perl '*one*768*two*4*status 5' "$seen"
}

run_tests
