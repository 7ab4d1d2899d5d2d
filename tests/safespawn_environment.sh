#!/bin/sh
# SPDX-License-Identifier: MIT
# Environment: variables, directory, umask.
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

test_assignments_and_removals() {
	A=old B=old status 0 safespawn -q A=new C=x=y -u B sh -c 'echo "$A ${B-none} $C"'
	same variables 'new none x=y' "$out"
	A=old status 0 safespawn -q -u A A=new sh -c 'echo "$A"'
	same "assignments come after removals" new "$out"
	status 0 safespawn -q A=1 A=2 env
	same "the last counts, and once" A=2 "$(printf '%s\n' "$out" | grep '^A=')"
	status 0 safespawn -q A= sh -c 'echo "[${A-unset}]"'
	same empty '[]' "$out"
}

test_the_rest_is_untouched() {
	env >before
	safespawn -q ADDED=1 env | grep -v '^ADDED=' >after
	cmp -s before after || fail "$(diff before after)"
}

# in_file LINE...: the environment that a file of these gives
in_file() {
	printf '%s\n' "$@" >variables
	safespawn -q -i --env-file=variables env
}

# As systemd reads them: what it gives for these was looked at
test_env_file_is_read_as_systemd_does() {
	same plain 'A=1
B_2=two words' "$(in_file 'A=1' '  B_2 =  two words	 ')"
	same "comments and empty lines" 'A=1#2 ;3' "$(in_file '# A=2\' '' ' ; B=3' 'A=1#2 ;3')"
	same "nothing is expanded" 'A=$HOME `x` ${A} %n *' "$(in_file 'A=$HOME `x` ${A} %n *')"
	same "single quotes" 'A=a  "\$x\n" ' "$(in_file "A='a  \"\\\$x\\n\" '")"
	same "double quotes" 'A="q" \ $ ` \x ' "$(in_file 'A="\"q\" \\ \$ \` \x "')"
	same "one behind the other" 'A=abc "d" e' "$(in_file "A=\"a\" 'b' c \"d\" e ")"
	same "quotes inside" "A=it's" "$(in_file "A=it's")"
	same "lines in quotes" 'A=one
two three
B=4' "$(in_file 'A="one' 'two \' 'three"' 'B=4')"
	same "a backslash" 'A=x y z
B= b ' "$(in_file 'A=x \y\' ' z' 'B=\ b\ ')"
	same "nothing" 'A=
B=
C=c' "$(in_file A= 'B=  ' 'C=""c')"
	same "lines of DOS" 'A=1
B=2' "$(in_file "$(printf 'A=1\r')" "$(printf 'B="2"\r')")"
	same "another coding" "$(printf 'A=\377\303\244')" "$(in_file "$(printf 'A=\377\303\244')")"
	printf 'A="1"' >end
	same "no newline at the end" A=1 "$(safespawn -q -i --env-file=end env)"
	: >empty
	same "an empty one" '' "$(safespawn -q -i --env-file=empty env)"
	same "a pipe" A=1 "$(echo A=1 | safespawn -q -i --env-file=/dev/stdin env)"
}

test_env_file_counts_where_it_stands() {
	echo A=1 >first
	echo A=2 >second
	same "two files" A=2 "$(safespawn -q -i --env-file=first --env-file=second env)"
	same "an assignment behind" A=3 "$(safespawn -q -i --env-file=first A=3 env)"
	same "an assignment before" A=1 "$(safespawn -q -i A=3 --env-file=first env)"
	same "over the caller's" 1 "$(A=0 safespawn -q --env-file=first sh -c 'echo "$A"')"
	printf '#!/bin/sh\necho found\n' >command-of-the-file
	chmod +x command-of-the-file
	echo "PATH=$PATH:$tmp" >path
	same "PATH for the look-up" found "$(safespawn -q --env-file=path command-of-the-file)"
	seq 5000 | sed 's,.*,N&=&,' >many
	same "many" 5000 "$(safespawn -q -i --env-file=many env | grep -c '^N[0-9]*=')"
}

# The text may be secret: the message has the line's number only
test_env_file_that_is_wrong() {
	for fault in 'no sign' 'A B=secret' '1A=secret' '=secret' 'export A=secret' 'a.b=secret'; do
		printf 'A=1\n\n%s\nB=2\n' "$fault" >wrong
		status 125 safespawn -q --env-file=wrong touch launched
		same "$fault" "safespawn: --env-file=wrong: line 3: not NAME=VALUE (a value of several \
lines needs quotes)" "$err"
	done
	printf 'A="1\n\n"\nB="2\n' >wrong
	status 125 safespawn -q --env-file=wrong touch launched
	same "an open quote" "safespawn: --env-file=wrong: line 4: a quote isn't closed" "$err"
	printf 'A=1\000\n' >wrong
	status 125 safespawn -q --env-file=wrong touch launched
	same NUL "safespawn: --env-file=wrong: line 1: a NUL byte" "$err"
	status 125 safespawn -q --env-file=missing touch launched
	same "no file" "safespawn: --env-file=missing: No such file or directory" "$err"
	status 125 safespawn -q --env-file=. touch launched
	same "a directory" "safespawn: --env-file=.: Is a directory" "$err"
	[ ! -e launched ] || fail "it was launched"
}

test_ignore_environment() {
	A=old status 0 safespawn -q -i env
	same environment '' "$out"
	status 0 safespawn -q -i A=1 B=2 env
	same environment 'A=1 B=2' "$(printf '%s\n' "$out" | sort | tr '\n' ' ' | sed 's/ $//')"
}

test_nothing_is_an_assignment_behind_two_dashes() {
	printf '#!/bin/sh\necho "ran $0 $*"\n' >A=b
	chmod +x A=b
	status 0 safespawn -q PATH="$tmp:$PATH" -- A=b C=d
	same output "ran $tmp/A=b C=d" "$out"
	status 127 safespawn -q -- NO=SUCH
	like message 'safespawn: *NO=SUCH*' "$err"
}

test_chdir() {
	mkdir sub
	printf '#!/bin/sh\npwd\n' >sub/script
	chmod +x sub/script
	status 0 safespawn -q -C sub ./script
	same "a relative command counts from there" "$(cd sub && pwd -P)" "$out"
	status 125 safespawn -q -C nowhere touch "$tmp/launched"
	like message 'safespawn: *chdir*nowhere*No such file or directory' "$err"
	status 125 safespawn -q -C sub/script touch "$tmp/launched"
	like message 'safespawn: *chdir*sub/script*Not a directory' "$err"
	[ ! -e launched ] || fail "it was launched"
}

test_umask() {
	status 0 safespawn -q --umask=0 sh -c umask
	same 0 0000 "$out"
	status 0 safespawn -q --umask=027 -r '1>outer' sh -c 'umask; : >inner'
	same 027 0027 "$(cat outer)"
	same inner 640 "$(stat -c %a inner)"
	(umask 077; safespawn -q --umask=0 -r '1>caller' true)
	same "files that safespawn opens have the caller's" 600 "$(stat -c %a caller)"
	(umask 035; status 0 safespawn -q sh -c umask && same kept 0035 "$out")
}

test_symbolic_umask_is_the_shells() {
	for mode in u=rwx,g=rx,o= g-w =rx u+w-x o=g,g-r a= ; do
		(
			umask 026
			status 0 safespawn -q --umask="$mode" -r '1>caller' sh -c umask
			umask 026
			umask "$mode"
			# busybox's takes it as chmod(1) does
			[ "$mode $(umask)" != "=rx 0226" ] || exit 0
			same "$mode" "$(umask)" "$(cat caller)"
		) || exit
	done
	(umask 077; safespawn -q --umask=g=rwx -r '1>own' true)
	same "the caller's own" 600 "$(stat -c %a own)"
}

run_tests
