#!/bin/sh
# SPDX-License-Identifier: MIT
# In shells: pipelines, process substitution, make, xargs.
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# A caller in which every signal is at default and none is blocked
clean() {
	safespawn -q --exec --default-signal "$@"
}

need() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
}

test_pipelines() {
	same pipe 3 "$(printf 'a\nb\nc\n' | safespawn -q cat | safespawn -q wc -l | tr -d ' ')"
	same "a writer whose reader leaves" 141 "$(safespawn -q --exec --default-signal=PIPE sh -c \
		'{ safespawn -q yes; echo $? >&2; } | head -n 1' 2>&1 >/dev/null)"
}

test_loops_and_conditions() {
	count=0
	while safespawn -q test "$count" -lt 5; do
		count=$((count + 1))
	done
	same loop 5 "$count"
	same substitution inner "$(safespawn -q echo inner)"
	same "a loop that reads" 'a b c' "$(printf 'a\nb\nc\n' | while read -r line; do
		safespawn -q -r '0</dev/null' printf '%s ' "$line"
	done | sed 's/ $//')"
}

test_process_substitution_of_bash() {
	need bash
	status 0 bash -c 'safespawn cat <(echo one) <(echo two)'
	same two 'one two' "$(printf '%s' "$out" | tr '\n' ' ')"
	status 0 bash -c 'safespawn F=<(echo text) sh -c "cat \$F"'
	same "a variable's" text "$out"
	status 0 bash -c 'safespawn -q tee >(cat >copy) <<<text; wait $!'
	same ">( )" text "$(cat copy)"
	status 0 bash -c 'safespawn -q -t 60 diff <(seq 3) <(safespawn -q seq 3)'
	status 0 bash -c 'safespawn -q -r "0<"<(echo text) cat'
	same "in a redirection" text "$out"
}

test_redirections_of_the_shell_work_outside() {
	safespawn -q sh -c 'echo out; echo err >&2' >file 2>&1
	same file 'out err' "$(tr '\n' ' ' <file | sed 's/ $//')"
	same "a here-document" text "$(safespawn -q cat <<-'END'
		text
	END
	)"
}

makefile() {
	printf '%s:\n\t@%s\n' >Makefile 'one two' 'safespawn -q $(MAKE) -s sub' \
		sub "safespawn -q sh -c 'echo done'"
}

test_make_shares_its_jobs() {
	need make
	makefile
	unset MAKEFLAGS MFLAGS MAKELEVEL
	status 0 make -s -j 3 one two
	same output 'done done' "$(printf '%s' "$out" | tr '\n' ' ')"
	case $err in *jobserver*) fail "the job server was lost: $err" ;; esac
}

test_xargs_and_find() {
	: >a.c
	: >b.c
	same xargs 'a.c b.c' "$(printf '%s\n' a.c b.c | xargs -n 1 -P 2 safespawn -q ls | sort |
		tr '\n' ' ' | sed 's/ $//')"
	same find 2 "$(find . -name '*.c' -exec safespawn -q echo {} \; | wc -l | tr -d ' ')"
}

test_interpreter_of_a_script() {
	printf '%s\n' "#!$BUILD/tests/bin/safespawn sh" 'echo "$0" "$@"' >script
	chmod +x script
	same "an argument" './script a b' "$(./script a b)"
	env -S true 2>/dev/null || skip "env(1) parts no words"
	printf '%s\n' '#!/usr/bin/env -S safespawn -q -t 60 sh' 'echo "$0" "$@"' >script
	same "more of them" './script a b' "$(./script a b)"
}

test_traps_of_a_script_still_run() {
	status 7 clean sh -c 'trap "exit 7" EXIT; safespawn -q false'
	status 9 clean sh -c 'trap "exit 9" USR1; safespawn -q sh -c "kill -USR1 $$"; exit 1'
}

test_itself_in_itself() {
	status 5 safespawn -q safespawn -q -t 60 safespawn -q --exec safespawn -q sh -c 'exit 5'
}

run_tests
