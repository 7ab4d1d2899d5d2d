#!/bin/sh
# SPDX-License-Identifier: MIT
# Every example of the manual is compiled or pasted into a shell, and does what
# its page says.
#
# Programs (pages of section 3 and 7): a literal block with a main function. It
# exits with 0; if the text after it ends with "prints:", the next literal block
# is its output ("like this": but for line breaks, and what the kernel lacks and the
# environment has), and if that says "by root" it runs only where ids can be changed.
# A program that includes a header of C++ is one. A package of Go is a library
# beside the programs, with the name that they load.
#
# Commands (pages of section 1): every literal block is a script for bash. Where
# its lines begin with "$ " those are the script and the others its output. Of a
# crontab, a container's file and a unit the command is run. It stops at the first
# command that fails, and exits with 0 unless the text up to the next block says
# "status N". Programs of the reader's own have stand-ins that do nothing.

# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=plugin.sh
. "$(dirname "$0")/plugin.sh"

# This tree's; make installcheck says otherwise
: "${SPAWN_SERVER=$BUILD/spawn-server}"
export SPAWN_SERVER

# extract PAGE: the literal blocks of EXAMPLES as N.block, the text after each, up to the next
# block or heading, as N.after
extract() {
	awk '
	function plain(line) {
		gsub(/\\e/, "\001", line)
		gsub(/\\-/, "-", line)
		gsub(/\\&/, "", line)
		gsub(/\\\(aq/, "\047", line)
		gsub(/\\\(dq/, "\"", line)
		gsub(/\\\(ga/, "`", line)
		gsub(/\\\(ha/, "^", line)
		gsub(/\\\(ti/, "~", line)
		gsub(/\\\(rs/, "\001", line)
		gsub(/\001/, "\\", line)
		return line
	}
	/^\.Sh/ { inside = $2 == "EXAMPLES"; next }
	!inside { next }
	/^\.Bd .*-literal/ { block = ++count; out = block ".block"; printf "" >out; next }
	/^\.Ed/ && block { close(out); block = 0; out = count ".after"; printf "" >out; next }
	block { print plain($0) >out; next }
	/^\.Ss/ { out = "" }
	count && out { print >out }' "$1"
}

# says_prints N: does the text after block N announce its output?
says_prints() {
	[ -f "$(($1 + 1)).block" ] && tail -n 1 "$1.after" | grep -q 'prints:$'
}

says_like() {
	[ -f "$(($1 + 1)).block" ] && tail -n 1 "$1.after" | grep -q 'like this,.*:$'
}

# Of a plan, with every line broken or none
plan_of() {
	tr -d ' \n' <"$1" | sed 's/[0-9]*vars//; s/$/\n/'
}

kernel_has_all() {
	"$BUILD/safespawn" -q --explain -v true >probed 2>&1
	grep -q ' yes$' probed && ! grep -q ' no[ :]' probed
}

# What a program is built with: this tree's library; make installcheck says otherwise
: "${EXAMPLES_CFLAGS=-I '$top/src'}" "${EXAMPLES_LIBS='$BUILD/libspawnutil.a' -pthread}"

compile() {
	if grep -qE '^#include <c(stdio|stdlib|string)>' "$1"; then
		case ${CC-} in
		*clang*) compiler=clang++ ;;
		*) compiler=g++ ;;
		esac
		command -v "$compiler" >/dev/null || return 77
		compiler="$compiler -x c++ -std=c++20"
	else
		# as who copies it calls the compiler: what it needs it defines
		compiler="${CC:-cc} -x c -std=gnu11"
	fi
	eval "$compiler -Wall -Wextra -Werror $EXAMPLES_CFLAGS '$1' -o '$2' -x none $EXAMPLES_LIBS" \
		"${SAN:+-fsanitize=$SAN} ${COV:+--coverage}"
}

# has_library N: what program N loads lies in its directory
has_library() {
	name=$(sed -n 's|.*dlopen("\./\([a-z]*\.so\)".*|\1|p' "$1.block")
	[ -n "$name" ] || return 0
	# a static program brings its libc along, which isn't the library's
	case $EXAMPLES_LIBS in
	*-static*) return 1 ;;
	esac
	command -v go >/dev/null && [ -z "${SAN-}" ] || return 1
	cp "$(grep -l '^package main' ./*.block)" "${name%.so}.go"
	build_plugin "scratch$1/$name" "${name%.so}.go" >log 2>&1 || echo "$name isn't built: $(cat log)"
}

ids_can_be_changed() {
	"$BUILD/safespawn" -q --uid=65534 --gid=65534 --groups=none true 2>/dev/null
}

# run_program N: 0, or the reason on stdout
run_program() {
	compile "$1.block" "program$1" >log 2>&1
	case $? in
	0) ;;
	77) return ;;
	*) echo "example $1 doesn't compile: $(cat log)" && return ;;
	esac
	! grep -q 'by root' "$1.after" || ids_can_be_changed || return
	# a sanitizer makes calls of its own, which a filter ends
	[ -z "${SAN-}" ] || ! grep -q '<linux/seccomp.h>' "$1.block" || return
	mkdir "scratch$1"
	has_library "$1" || return
	(cd "scratch$1" && exec timeout 100 "../program$1") >"out$1" 2>"err$1" </dev/null 3<&- 4<&- 5<&-
	r=$?
	[ "$r" -eq 0 ] || echo "example $1: status $r: $(cat "err$1")"
	if says_prints "$1"; then
		diff "$(($1 + 1)).block" "out$1" >difference ||
			echo "example $1: its output isn't the page's: $(cat difference)"
	fi
	if says_like "$1" && kernel_has_all &&
		[ "$(plan_of "$(($1 + 1)).block")" != "$(plan_of "out$1")" ]; then
		echo "example $1: its output isn't like the page's: $(cat "out$1")"
	fi
}

# check_programs PAGE: and each function page has at least one
check_programs() {
	extract "$1"
	programs=0
	for block in *.block; do
		grep -q '\bmain(' "$block" 2>/dev/null || continue
		! grep -q '^package main' "$block" || continue
		programs=$((programs + 1))
		run_program "${block%.block}"
	done
	[ "$programs" -gt 0 ] || ! grep -q '^\.In ' "$1" || echo "no program in its EXAMPLES"
}

check_pages() {
	for page in "$@"; do
		name=${page##*/}
		mkdir "$name"
		(cd "$name" && check_programs "$page") | sed "s/^/$name: /"
	done >found
	[ ! -s found ] || fail "$(cat found)"
}

test_programs_of_the_pages_compile_and_do_what_they_say() {
	check_pages "$top"/man/*.[37]
}

test_a_wrong_output_would_be_found() {
	mkdir man
	sed 's/^exit status 3$/exit status 4/' "$top/man/spu_system.3" >man/wrong.3
	mkdir work
	(cd work && check_programs "$tmp/man/wrong.3") >found
	[ -s found ] || fail "an output that isn't the page's passed"
}

# Lines with "$ " are typed, the others are shown; without any all is typed
typed_lines() {
	fields='^([0-9*/,-]+ +){5}'
	if grep -q '^\$ ' "$1"; then
		sed -n 's/^\$ //p; s/^> //p' "$1"
	elif grep -qE "$fields" "$1"; then
		sed -nE "s#$fields##p" "$1"
	elif grep -q '^ENTRYPOINT ' "$1"; then
		tr '\n' ' ' <"$1" | sed 's/ENTRYPOINT \| CMD / /g; s/[][,\]//g'
	elif grep -q '^ExecStart=' "$1"; then
		sed -n '/^ExecStart=/,/[^\\]$/p' "$1" | sed 's/^ExecStart=//; s#/usr/local/bin/##g'
	else
		cat "$1"
	fi
}

# Who is started in the background is there to be killed
stand_ins() {
	mkdir stand-ins
	for name in backup make migrate server; do
		cat >"stand-ins/$name" <<-'END'
			#!/bin/sh
			read -r _ _ _ _ _ session _ </proc/$$/stat
			[ "$session" -ne $$ ] || [ -t 1 ] || exec sleep 10
		END
	done
	chmod +x stand-ins/*
	chmod go+x "$tmp"	# for another user
	PATH=$tmp/stand-ins:$PATH
}

# run_commands N: the reason on stdout
run_commands() {
	expected=$(tr '\n' ' ' <"$1.after" | sed -n 's/.*status[. A-Za-z]* \([0-9][0-9]*\).*/\1/p')
	typed_lines "$1.block" >"script$1"
	! grep -q 'by root' "$1.after" || ids_can_be_changed || return
	[ -z "${SAN-}" ] || ! grep -q -- '--preload' "script$1" || return
	mkdir -p "scratch$1"
	(cd "scratch$1" && exec timeout 100 bash -e "../script$1") >"out$1" 2>"err$1" </dev/null
	r=$?
	[ "$r" -eq "${expected:-0}" ] ||
		echo "example $1: status $r, not ${expected:-0}: $(cat "script$1" "err$1")"
}

check_commands() {
	page=$top/man/$1.1
	[ -f "$page" ] || fail "no $page"
	command -v bash >/dev/null || skip "bash isn't installed"
	extract "$page"
	[ -f 1.block ] || fail "$1(1) has no EXAMPLES"
	stand_ins
	for block in ${2-*.block}; do
		run_commands "${block%.block}"
	done >found
	[ ! -s found ] || fail "$(cat found)"
}

test_commands_of_safespawn_do_what_the_page_says() {
	check_commands safespawn
}

test_commands_of_spawnbench_do_what_the_page_says() {
	long
	check_commands spawnbench
}

# Its other examples show processes of somebody's
test_the_step_that_spawnaudit_is_does_what_the_page_says() {
	[ -x "$BUILD/spawnaudit" ] || skip "spawnaudit wasn't built: libdw is missing"
	extract "$top/man/spawnaudit.1"
	step=$(grep -L '^[$#] ' [0-9]*.block)
	[ -n "$step" ] || fail "spawnaudit(1) has no script among its EXAMPLES"
	scratch=scratch${step%.block}
	mkdir "$scratch"
	# the file that another section shows
	sed -n '/^\.Ss Suppressions/,/^\.Ed/{/^\.Bd/,/^\.Ed/{/^\./!{s/\\-/-/g;p}}}' \
		"$top/man/spawnaudit.1" >"$scratch/known"
	[ "$(wc -l <"$scratch/known")" -eq 3 ] || fail "the page has no suppressions"
	check_commands spawnaudit "$step"
	grep -q '^spawnaudit: 0 launches' "$scratch/launches" || fail "no report"
}

run_tests
