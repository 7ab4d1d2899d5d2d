#!/bin/sh
# SPDX-License-Identifier: MIT
# --preload: what the command finds in LD_PRELOAD, and when it is refused.
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
OURS=$BUILD/libspawnutil-preload.so

# A library that isn't there would be a line of the loader's: what it gets is read from the plan
planned() {
	status 0 safespawn -q --preload --explain "$@" true
	printf '%s\n' "$out" | sed -n 's/^# environment: LD_PRELOAD=//p'
}

test_the_library_stands_in_front_of_others() {
	same alone "$OURS" "$(env -u LD_PRELOAD safespawn -q --preload --explain true |
		sed -n 's/^# environment: LD_PRELOAD=//p')"
	same "assigned" "$OURS:/x.so:/y.so" "$(planned LD_PRELOAD=/x.so:/y.so)"
	same "the last assignment" "$OURS:/y.so" "$(planned LD_PRELOAD=/x.so LD_PRELOAD=/y.so)"
	same "assigned, and nothing inherited" "$OURS:/x.so" "$(planned -i LD_PRELOAD=/x.so)"
	same "empty" "$OURS" "$(planned LD_PRELOAD=)"
	status 0 safespawn -q --json --preload --explain true
	like json "*\"preload\":*\"LD_PRELOAD=$OURS\"*" "$out"
}

test_the_command_gets_it() {
	[ -z "${SAN-}" ] || skip "a sanitizer's library would have to be the first"
	status 0 safespawn -q --preload sh -c 'echo "$LD_PRELOAD"'
	same inherits "$OURS" "$out"
	status 0 safespawn -q --preload -i A=1 /usr/bin/env
	same "empty but for" "A=1 LD_PRELOAD=$OURS" "$(printf '%s\n' "$out" | sort | tr '\n' ' ' | sed 's/ $//')"
	status 0 safespawn -q --preload SPAWNUTIL_LEAKS=close --keep-fd=9 "$HELPERS/preload_calls" names 9</dev/null
	like names '*system libspawnutil-preload.so*' "$out"
}

test_a_library_that_is_not_there_is_named() {
	mkdir bin 'with space'
	cp "$BUILD/safespawn" bin/
	[ ! -e /usr/local/lib/libspawnutil-preload.so ] || skip "one is installed"
	status 125 bin/safespawn -q --preload true
	like message 'safespawn: --preload: */libspawnutil-preload.so: No such file or directory' "$err"
	cp "$BUILD/safespawn" "$OURS" 'with space/'
	status 125 'with space/safespawn' -q --preload true
	like message 'safespawn: --preload: */libspawnutil-preload.so": *space or colon' "$err"
}

test_what_it_does_not_go_with() {
	status 125 safespawn -q --preload --root=/ true
	like root 'safespawn: --preload and --root exclude each other*' "$err"
	status 125 safespawn -q --preload --audit
	hinted safespawn '--preload needs a COMMAND'
}

run_tests
