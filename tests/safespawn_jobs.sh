#!/bin/sh
# SPDX-License-Identifier: MIT
# ^C, ^Z, fg, bg and kill %1, typed at each shell, with and without safespawn before the
# command: what the terminal shows is the same. See helpers/ss_pty.c.
# suite: typed
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
}

# form NAME WRAPPER: the line that is typed; what it runs is made
form() {
	case $1 in
	direct) echo "$2 ss_catch 0" ;;
	loop) echo "for i in 1 2 3; do $2 ss_catch 0; done" ;;
	script)
		printf '%s\n' "$2 ss_catch 0" "$2 ss_catch 0" 'echo after' >script
		echo "$shell ./script"
		;;
	make)
		printf '%s:\n\t@%s\n' all ':' one "$2 ss_catch 0" two 'ss_catch 0' >Makefile
		echo 'make -j 2 one two'
		;;
	xargs) echo "seq 2 | xargs -I{} $2 ss_catch 0" ;;
	esac
}

# dash doesn't continue what it kills
gone="send kill %1; kill -CONT %1 2>/dev/null; while kill -0 %1 2>/dev/null; do sleep 0.1; done; echo go''ne\\n"

# steps KEYS FORM LINE: what the person does, as ss_pty has it
steps() {
	printf '%s\n' "send $3\\n" 'line ready'
	[ "$2" != make ] || echo 'line ready'
	case $1 in
	interrupt) printf '%s\n' 'send \x03' ;;
	stop) printf '%s\n' 'send \x1a' "expect $stopped" 'send fg\n' 'line got 18' 'send \x03' ;;
	background) printf '%s\n' 'send \x1a' "expect $stopped" 'send bg\n' 'line got 18' "$gone" 'expect gone' ;;
	kill) printf '%s\n' 'send \x1a' "expect $stopped" "$gone" 'expect gone' ;;
	esac
	printf '%s\n' "send echo st''atus=\$?\\n" 'expect status=' "send echo e''nd\\n" 'expect end'
}

# outcome KEYS FORM WRAPPER: what the terminal showed, without numbers and wrapper; sorted,
# since make's two jobs end in any order. What make 4.3 says is left out: if a job's end and ^C
# meet it at once it says "wait: No child processes", without safespawn as often as with it.
outcome() {
	{
		printf '%s\n' 'send PS1=; stty -echo; unset HISTFILE\n' "send echo be''gin\\n" 'expect begin'
		steps "$1" "$2" "$(form "$2" "$3")"
		printf '%s\n' 'send exit\n' 'send exit\n'
	} | case $shell in
	bash) "$HELPERS/ss_pty" bash --norc --noprofile --noediting -i ;;
	dash) "$HELPERS/ss_pty" dash -i ;;
	zsh) "$HELPERS/ss_pty" zsh -f -i -o no_zle -o no_prompt_sp ;;
	esac >typed 2>err
	r=$?
	[ "$r" -ne 98 ] || skip "no terminal can be made: $(cat err)"
	[ "$r" -ne 99 ] || fail "$shell, $1, $2, $3: $(cat err)"
	tr -d '\r' <typed | sed -e '1,/begin$/d' -e 's/safespawn -q.* ss_catch/ss_catch/' \
		-e 's/\([^=0-9]\)[0-9][0-9][0-9]*/\1N/g' \
		-e 's/  */ /g' -e '/^make/d' -e '/^$/d' -e 's/^status=2$/status=130/' | sort -u
}

# same_as_without KEYS FORM...: in each form, with each of $wrappers
same_as_without() {
	keys=$1
	shift
	need "$shell"
	PATH=$HELPERS:$PATH
	stopped=Stopped
	[ "$shell" != zsh ] || stopped=suspended
	for one in "$@"; do
		command -v make >/dev/null || [ "$one" != make ] || continue
		outcome "$keys" "$one" '' >without
		grep -q '^status=' without || fail "$shell, $keys, $one: $(cat without)"
		for options in '' '-t 60' --setpgid --setsid '-m posix_spawn'; do
			[ -n "${all-}" ] || [ "${options#-[ms-]}" = "$options" ] || continue
			outcome "$keys" "$one" "safespawn -q $options" >with
			same "$shell, $keys, $one, $options" "$(cat without)" "$(cat with)"
		done
	done
}

test_in_bash() {
	shell=bash
	same_as_without interrupt loop script make xargs
	same_as_without stop direct script
	same_as_without background direct
}

test_in_bash_with_all_options() {
	long
	shell=bash all=1
	same_as_without interrupt direct loop script make xargs
	same_as_without stop direct script make xargs
	same_as_without background direct script xargs
	same_as_without kill direct script
}

test_in_dash_with_all_options() {
	long
	shell=dash all=1
	same_as_without interrupt direct loop script make xargs
	same_as_without stop direct script make xargs
	same_as_without background direct script xargs
	same_as_without kill direct script
}

test_in_zsh_with_all_options() {
	long
	shell=zsh all=1
	same_as_without interrupt direct loop script make xargs
	same_as_without stop direct script make xargs
	same_as_without background direct script xargs
	same_as_without kill direct script
}

run_tests
