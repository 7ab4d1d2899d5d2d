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
			same "$mode" "$(umask)" "$(cat caller)"
		) || exit
	done
	(umask 077; safespawn -q --umask=g=rwx -r '1>own' true)
	same "the caller's own" 600 "$(stat -c %a own)"
}

run_tests
