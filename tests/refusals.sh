# SPDX-License-Identifier: MIT
# Sourced by the shell suites about what safespawn refuses.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# refused PATTERN OPTION...: the command, touch launched, is added
refused() {
	pattern=$1
	shift
	status 125 safespawn -q "$@" touch "$tmp/launched"
	like "$*" "safespawn: $pattern" "$(printf '%s\n' "$err" | sed 1q)"
	same "stdout for $*" '' "$out"
	[ ! -e launched ] || fail "launched with $*"
}

# refuses PATTERN OPTION...: in one line
refuses() {
	refused "$@"
	same "lines of $err" 1 "$(printf '%s\n' "$err" | wc -l)"
}

# misused PATTERN OPTION...: the command line is at fault, and --help is pointed at
misused() {
	refused "$@"
	hinted safespawn '*'
}
