#!/bin/sh
# SPDX-License-Identifier: MIT
# How the files look, and what the top level holds.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

sources() {
	find "$top/src" "$top/tests" -name '*.[ch]' -o -name '*.sh' \
		-o -path "$top/src/completion/*" -o -path "$top/tests/peers/*"
}

# too_wide: with tabs of 8, of the files on stdin
too_wide() {
	while read -r file; do
		expand "$file" | awk -v file="${file#"$top"/}" '
			length($0) > 100 { print file ":" FNR ": " length($0) " columns" }'
	done
}

test_no_source_line_is_wider_than_100_columns() {
	sources | grep '/src/' | too_wide >found
	[ ! -s found ] || fail "$(cat found)"
	printf '\t%093d\n' 0 >wide.c
	echo wide.c | too_wide | grep -q '101 columns' || fail "a line of 101 columns wasn't found"
}

# but what is typed, so that it can be pasted
test_the_readme_has_80_columns() {
	grep -nE '^.{81}' "$top/README" | grep -vE '^[0-9]+: *\$ ' >found
	[ ! -s found ] || fail "$(cat found)"
}

test_no_line_ends_with_white_space() {
	{
		sources
		find "$top/man" "$top/Makefile" "$top/README" -type f 2>/dev/null
	} | while read -r file; do
		grep -Hn '[[:space:]]$' "$file"
	done >found
	[ ! -s found ] || fail "$(cat found)"
}

test_every_source_says_its_licence() {
	sources | while read -r file; do
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: MIT' || [ "${file##*/}" = lib.sh ] ||
			[ "${file##*/}" = run.sh ] || echo "$file"
	done >found
	[ ! -s found ] || fail "no SPDX line: $(cat found)"
}

test_the_top_level_holds_only_what_belongs_there() {
	for entry in "$top"/*; do
		case ${entry##*/} in
		src | man | tests | Makefile | README | COPYING) ;;
		build) ;;	# where builds go
		*) [ "$entry" = "$BUILD" ] || echo "${entry##*/}" ;;
		esac
	done >found
	[ ! -s found ] || fail "at the top: $(cat found)"
}

run_tests
