#!/bin/sh
# SPDX-License-Identifier: MIT
# Which room may know which: the arrows between files only point down.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

# Files (the first pattern that fits counts), a bar, and what of ours they may include
rooms() {
	cat <<-'END'
		spawnutil.h |
		spawnutil-replace.h |
		quote.h |
		kernel.h |
		names.h | spawnutil.h kernel.h arch/arch.h
		arch/arch.h | arch/x86_64.h arch/aarch64.h arch/riscv64.h arch/other.h
		arch/* |
		lib/text.* | lib/text.h
		lib/arena.* | lib/arena.h
		lib/clock.* | lib/clock.h
		lib/state.* | kernel.h arch/arch.h lib/launch/knowledge.h lib/state.h
		lib/libc_spawn.* | lib/libc_spawn.h
		lib/popened.* | spawnutil.h lib/plan/given.h lib/state.h lib/popened.h
		lib/stream.* | spawnutil.h arch/arch.h kernel.h lib/clock.h lib/error.h lib/stream.h
		lib/error.* | spawnutil.h names.h quote.h lib/error.h
		lib/sockets.* | lib/sockets.h
		lib/audit.c | spawnutil.h lib/sockets.h
		lib/plan/step.h | spawnutil.h arch/arch.h
		lib/plan/* | spawnutil.h names.h quote.h arch/arch.h kernel.h lib/arena.h lib/text.h lib/error.h lib/plan/*
		lib/child/* | lib/plan/plan.h lib/child/child.h
		lib/launch/obstacle.* | lib/plan/path.h lib/launch/obstacle.h
		lib/launch/landlock.* | spawnutil.h arch/arch.h kernel.h names.h quote.h lib/error.h lib/text.h lib/launch/landlock.h
		lib/launch/* | quote.h arch/arch.h kernel.h lib/arena.h lib/clock.h lib/libc_spawn.h lib/text.h lib/error.h lib/state.h lib/plan/* lib/child/child.h lib/launch/*
		lib/server/server.* | spawnutil.h lib/state.h lib/server/server.h
		lib/server/request.* | spawnutil.h kernel.h lib/server/request.h
		lib/server/channel.* | spawnutil.h kernel.h lib/server/channel.h
		lib/server/standing.* | arch/arch.h lib/error.h lib/server/request.h lib/server/standing.h
		lib/server/given_up.* | kernel.h arch/arch.h lib/clock.h lib/server/server.h lib/server/channel.h lib/server/given_up.h
		lib/server/cargo.* | quote.h arch/arch.h lib/clock.h lib/error.h lib/launch/launch.h lib/plan/shown.h lib/server/*
		lib/server/ask.* | kernel.h arch/arch.h lib/clock.h lib/error.h lib/launch/launch.h lib/launch/executed.h lib/server/*
		lib/server/* | kernel.h quote.h arch/arch.h lib/clock.h lib/error.h lib/text.h lib/spawn.h lib/launch/ends.h lib/server/*
		lib/* | spawnutil.h kernel.h names.h quote.h arch/arch.h lib/*
		spawnserver/* | spawnutil.h kernel.h arch/arch.h lib/server/channel.h lib/server/request.h spawnserver/*
		common/* | spawnutil.h names.h quote.h common/*
		safespawn/* | spawnutil.h names.h common/* safespawn/*
		spawnbench/child_exit.c | arch/arch.h
		spawnbench/* | spawnutil.h names.h common/* spawnbench/*
		spawnaudit/options.h |
		spawnaudit/look/identity.* | spawnaudit/look/identity.h
		spawnaudit/look/process.* | common/parse.h spawnaudit/look/process.h
		spawnaudit/look/permission.* | spawnaudit/look/process.h spawnaudit/look/permission.h
		spawnaudit/look/runtimes.* | spawnaudit/look/elf_file.h spawnaudit/look/process.h spawnaudit/look/runtimes.h
		spawnaudit/look/libc.* | spawnaudit/look/libc.h
		spawnaudit/look/machine.* | arch/arch.h spawnaudit/look/machine.h
		spawnaudit/look/snapshot.* | spawnaudit/look/machine.h spawnaudit/look/snapshot.h
		spawnaudit/look/shrinking.* | spawnaudit/look/shrinking.h
		spawnaudit/look/elf_file.* | spawnaudit/look/shrinking.h spawnaudit/look/elf_file.h
		spawnaudit/look/memory.* | spawnaudit/look/memory.h
		spawnaudit/look/demangle.* | spawnaudit/look/demangle.h
		spawnaudit/look/view_libdw.h |
		spawnaudit/look/view.* | spawnaudit/look/elf_file.h spawnaudit/look/memory.h spawnaudit/look/process.h spawnaudit/look/shrinking.h spawnaudit/look/snapshot.h spawnaudit/look/view.h spawnaudit/look/view_libdw.h
		spawnaudit/look/symbols.* | spawnaudit/look/demangle.h spawnaudit/look/view.h spawnaudit/look/view_libdw.h spawnaudit/look/symbols.h
		spawnaudit/look/place.* | spawnaudit/look/snapshot.h spawnaudit/look/symbols.h spawnaudit/look/view.h spawnaudit/look/place.h
		spawnaudit/look/futex.* | spawnaudit/look/process.h spawnaudit/look/futex.h
		spawnaudit/look/announced.* | spawnutil.h spawnaudit/look/process.h spawnaudit/look/announced.h
		spawnaudit/look/holders.* | spawnaudit/look/process.h spawnaudit/look/holders.h
		spawnaudit/look/creators.* | arch/arch.h spawnaudit/look/machine.h spawnaudit/look/creators.h
		spawnaudit/look/image.* | spawnaudit/look/machine.h spawnaudit/look/process.h spawnaudit/look/view.h spawnaudit/look/image.h
		spawnaudit/look/script.* | spawnaudit/look/script.h
		spawnaudit/look/peer.* | spawnaudit/look/peer.h
		spawnaudit/look/flags.* | names.h common/parse.h spawnaudit/look/flags.h
		spawnaudit/hang/spin.* | spawnaudit/look/process.h spawnaudit/look/runtimes.h spawnaudit/look/snapshot.h spawnaudit/hang/spin.h
		spawnaudit/hang/account.* | spawnutil.h common/message.h spawnaudit/options.h spawnaudit/look/* spawnaudit/hang/*
		spawnaudit/hang/* | spawnaudit/look/* spawnaudit/hang/*
		spawnaudit/record/findings.* | spawnaudit/record/findings.h
		spawnaudit/record/clock.* | spawnaudit/record/clock.h
		spawnaudit/record/safe.* | spawnaudit/record/safe.h
		spawnaudit/record/origin.* | common/message.h spawnaudit/options.h spawnaudit/look/* spawnaudit/record/origin.h
		spawnaudit/record/descriptors.* | common/message.h spawnaudit/options.h spawnaudit/look/machine.h spawnaudit/record/origin.h spawnaudit/record/descriptors.h
		spawnaudit/record/calls.* | arch/arch.h spawnaudit/look/* spawnaudit/record/launch.h spawnaudit/record/call_table.h spawnaudit/record/calls.h
		spawnaudit/record/call_text.* | common/draft.h common/parse.h spawnaudit/look/* spawnaudit/record/call_table.h spawnaudit/record/call_text.h
		spawnaudit/record/call_table.* | arch/arch.h spawnaudit/record/launch.h spawnaudit/record/call_table.h
		spawnaudit/record/* | kernel.h common/message.h spawnaudit/options.h spawnaudit/look/* spawnaudit/record/*
		spawnaudit/trace/given.* | common/message.h spawnaudit/options.h spawnaudit/look/identity.h spawnaudit/look/process.h spawnaudit/trace/given.h
		spawnaudit/trace/* | spawnutil.h arch/arch.h common/* spawnaudit/options.h spawnaudit/look/* spawnaudit/hang/* spawnaudit/record/* spawnaudit/trace/*
		spawnaudit/watch/events.h |
		spawnaudit/watch/programs_kernel.h |
		spawnaudit/watch/programs* | spawnaudit/watch/programs_* spawnaudit/watch/events.h
		spawnaudit/watch/source* | common/message.h spawnaudit/look/creators.h spawnaudit/look/machine.h spawnaudit/record/calls.h spawnaudit/watch/source.h spawnaudit/watch/events.h
		spawnaudit/watch/names.* | spawnaudit/watch/names.h spawnaudit/watch/events.h
		spawnaudit/watch/* | spawnutil.h common/message.h spawnaudit/options.h spawnaudit/look/* spawnaudit/record/* spawnaudit/watch/*
		spawnaudit/report/output.* | common/message.h common/json.h spawnaudit/options.h spawnaudit/report/output.h
		spawnaudit/report/shapes.* | common/json.h spawnaudit/look/runtimes.h spawnaudit/look/place.h spawnaudit/report/output.h spawnaudit/report/shapes.h
		spawnaudit/report/origins.* | common/json.h spawnaudit/record/launch.h spawnaudit/report/*
		spawnaudit/report/* | common/* spawnaudit/options.h spawnaudit/look/* spawnaudit/hang/verdict.h spawnaudit/record/* spawnaudit/trace/trace.h spawnaudit/report/*
		spawnaudit/* | spawnutil.h common/* spawnaudit/*
	END
}

# Files, and the only system headers that they may include
constants() {
	cat <<-'END'
		spawnutil.h | spawn.h stddef.h stdint.h stdio.h stdlib.h sys/resource.h sys/types.h
		spawnutil-replace.h |
		kernel.h | stdint.h
		names.h | fcntl.h sched.h signal.h sys/resource.h
		arch/arch.h | stdint.h sys/syscall.h
		arch/other.h | errno.h fcntl.h unistd.h
		arch/* |
		lib/server/request.c | errno.h string.h
		lib/plan/check.c | errno.h limits.h sched.h signal.h stddef.h string.h
		lib/plan/*.h | stddef.h stdint.h sys/types.h
		lib/child/child.c | errno.h fcntl.h signal.h sys/resource.h sys/wait.h
		lib/plan/* | ctype.h errno.h fcntl.h limits.h signal.h stddef.h stdint.h stdlib.h string.h sys/ioctl.h sys/prctl.h sys/resource.h sys/types.h
	END
}

# check_tree TREE: a line for each include that has no place
check_tree() {
	rooms >rooms.table
	constants >constants.table
	(cd "$1" && find . -name '*.[ch]' | sed 's|^\./||') >files
	awk -v tree="$1" '
	function fits(name, pattern) {
		if (pattern ~ /\*$/)
			return index(name, substr(pattern, 1, length(pattern) - 1)) == 1
		return name == pattern
	}
	# the number of the line of a table that a file falls under; 0
	function find(file, patterns, count,    i) {
		for (i = 1; i <= count; i++)
			if (fits(file, patterns[i]))
				return i
		return 0
	}
	function listed(name, list,    words, n, i) {
		n = split(list, words, " ")
		for (i = 1; i <= n; i++)
			if (fits(name, words[i]))
				return 1
		return 0
	}
	# as the compiler finds it: beside the file, else below src
	function resolve(name, file,    directory) {
		directory = file
		if (!sub(/\/[^\/]*$/, "/", directory))
			directory = ""
		if (!(name in exists) && ((directory name) in exists || name ~ /^\.\./))
			name = directory name
		if (directory name in exists)
			name = directory name
		while (sub(/[^\/.]+\/\.\.\//, "", name))
			;
		return name
	}
	function check(file,    line, room, constant, name) {
		room = find(file, room_files, rooms)
		constant = find(file, constant_files, constants)
		if (!room)
			print file " is in no room"
		while ((getline line <(tree "/" file)) > 0) {
			if (line !~ /^#[ \t]*include/)
				continue
			name = line
			gsub(/^[^"<]*["<]|[">].*$/, "", name)
			if (line ~ /"/) {
				name = resolve(name, file)
				if (room && !listed(name, room_list[room]))
					print file " includes " name
			} else if (constant && !listed(name, constant_list[constant])) {
				print file " includes <" name ">"
			}
		}
		close(tree "/" file)
	}
	{ split($0, part, / *\| */) }
	FILENAME == "rooms.table" { room_files[++rooms] = part[1]; room_list[rooms] = part[2] }
	FILENAME == "constants.table" { constant_files[++constants] = part[1]
				  constant_list[constants] = part[2] }
	FILENAME == "files" { exists[$0]; file[++files] = $0 }
	END { for (i = 1; i <= files; i++) check(file[i]) }' rooms.table constants.table files
}

test_no_include_points_up() {
	check_tree "$top/src" >found
	[ ! -s found ] || fail "$(cat found)"
}

# one FILE INCLUDE: with that line more, the check says so and nothing else
one() {
	cp "src/$1" was
	printf '#include %s\n' "$2" >>"src/$1"
	check_tree src >found
	cp was "src/$1"
	if [ "$(wc -l <found)" -ne 1 ] || ! grep -q "^$1 " found; then
		fail "$1 with $2: expected one finding, got [$(cat found)]"
	fi
}

test_a_wrong_include_is_found() {
	cp -r "$top/src" src
	one spawnutil.h '"names.h"'
	one lib/child/child.c '"../launch/launch.h"'
	one lib/child/child.c '<string.h>'
	one lib/plan/plan.c '<unistd.h>'
	one lib/plan/plan.h '"../launch/launch.h"'
	one lib/launch/retry.c '"../spawn.h"'
	one lib/launch/retry.c '"arch/x86_64.h"'
	one lib/wait.c '"common/parse.h"'
	one lib/server/request.c '<unistd.h>'
	one lib/server/ask.c '"../spawn.h"'
	one spawnserver/main.c '"lib/server/server.h"'
	one common/parse.c '"../lib/plan/plan.h"'
	one safespawn/main.c '"lib/plan/plan.h"'
	one spawnbench/main.c '"safespawn/settings.h"'
	one spawnaudit/main.c '"safespawn/settings.h"'
	one spawnaudit/hang/verdict.c '"../report/output.h"'
}

# A new processor is a file there.
test_only_arch_knows_processors() {
	(cd "$top" && find src tests -name '*.[ch]' ! -path 'src/arch/*' -exec \
		grep -nE '__(x86_64|i386|aarch64|arm|riscv|powerpc|s390|mips|loongarch)[_a-z0-9]*__' {} +) >found
	[ ! -s found ] || fail "$(cat found)"
	grep -q __x86_64__ "$top/src/arch/arch.h" || fail "arch.h knows none"
}

# What the pure rooms may call
test_pure_rooms_call_nothing_that_reaches_the_kernel() {
	command -v nm >/dev/null || skip "nm isn't installed"
	[ -z "${SAN-}${COV-}" ] || skip "an instrumented build calls its own"
	for room in plan/given plan/moves plan/path plan/environment plan/plan plan/table plan/actions plan/compile \
		server/request; do
		nm -u "$BUILD/obj/lib/$room.o" | awk -v room="$room" '
			$2 !~ /^(malloc|calloc|realloc|free|mem[a-z]*|str[a-z]*|__popcountdi2|qsort|bsearch|spu__[a-z0-9_]*|_GLOBAL_OFFSET_TABLE_|__(mem|str|stack_chk)[a-z_]*)$/ {
				print room " calls " $2 }'
	done >found
	[ ! -s found ] || fail "$(cat found)"
}

# modules TREE: a line for each include between two of them: who, whom. A file and
# its header are one.
modules() {
	(cd "$1" && find . -name '*.[ch]' | sed 's|^\./||' && echo &&
		find . -name '*.[ch]' -exec grep -H '^#[ 	]*include "' {} + |
		sed 's|^\./||; s/:[^"]*"/ /; s/".*//') |
		awk '
		!NF { all_known = 1; next }
		!all_known { exists[$0]; next }
		{
			directory = $1
			if (!sub(/\/[^\/]*$/, "/", directory))
				directory = ""
			name = directory $2
			while (sub(/[^\/.]+\/\.\.\//, "", name))
				;
			if (!(name in exists))
				name = $2
			if (!(name in exists))
				print $1, $2 " is nowhere"
			sub(/\.[ch]$/, "", $1)
			sub(/\.[ch]$/, "", name)
			if ($1 != name)
				print $1, name
		}' | sort -u
}

test_no_files_include_each_other_in_a_circle() {
	modules "$top/src" >pairs
	! grep nowhere pairs || fail "not found"
	[ "$(wc -l <pairs)" -gt 400 ] || fail "only $(wc -l <pairs) includes were found"
	tsort pairs 2>&1 >/dev/null | grep . && fail "a circle"
	for back in 'lib/plan/plan lib/launch/launch' 'safespawn/fdlist safespawn/settings' \
		'spawnbench/turn spawnbench/measure' 'spawnaudit/trace/tasks spawnaudit/trace/crossing' \
		'common/json safespawn/report'; do
		(cat pairs && echo "$back") | tsort 2>&1 >/dev/null | grep -q loop ||
			fail "a circle isn't found: $back"
	done
}

# calls ROOM...: who calls whom, by what the objects of their sources define and need
calls() {
	(cd "$top/src" && find "$@" -name '*.c') | sed 's/c$/o/' |
		(cd "$BUILD/obj" && while read -r object; do
			[ ! -f "$object" ] || echo "$object"
		done | xargs nm -A) |
		sed 's/\.o:/ /' |
		awk '# of what the preload library has, those names are libc'"'"'s to all others
			$(NF - 1) ~ /^[TDBRC]$/ && ($1 != "lib/preload" || $NF ~ /^spu_/) { owner[$NF] = $1 }
			$(NF - 1) == "U" { user[++count] = $1; used[count] = $NF }
			END {
				for (i = 1; i <= count; i++)
					if (used[i] in owner)
						print user[i], owner[used[i]]
			}' | sort -u
}

test_no_files_call_each_other_in_a_circle() {
	command -v nm >/dev/null || skip "nm isn't installed"
	[ -z "${SAN-}${COV-}" ] || skip "an instrumented build calls its own"
	calls lib >pairs.lib
	for program in safespawn spawnbench spawnaudit; do
		[ ! -d "$BUILD/obj/$program" ] || calls $program common >pairs.$program
	done
	for pairs in pairs.*; do
		[ "$(wc -l <"$pairs")" -gt 50 ] ||
			fail "only $(wc -l <"$pairs") calls were found: $pairs"
		tsort "$pairs" 2>&1 >/dev/null | grep . && fail "a circle: $pairs"
	done
	return 0
}

run_tests
