# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2016,SC2154	# $ for inner shells; variables of lib.sh and for tests
#
# A program with libspawnutil-preload.so and without.

OURS=$BUILD/libspawnutil-preload.so
LOOK='[ -e /proc/$$/fd/9 ] && echo leaked || echo closed'

need() {
	[ -z "${SAN-}" ] || skip "a sanitizer's library would have to be loaded into $1"
	command -v "$1" >/dev/null || skip "$1 isn't installed"
}

# observe PROGRAM [ARG...]: what it says and how it ends, in $seen; 9 is open
observe() {
	seen=$(timeout 60 "$@" 2>&1 9</dev/null </dev/null; echo "status $?")
}

# is_the_same COMMAND...: with the library as without; what it says stays in $seen
is_the_same() {
	observe "$@"
	without=$seen
	observe env LD_PRELOAD="$OURS" "$@"
	same "$1" "$without" "$seen"
}

# is_reached LEAKS COMMAND...: its commands have 9 by default, and not with LEAKS=close
is_reached() {
	[ -e /proc/self/fd ] || skip "no /proc"
	count=$1
	shift
	is_the_same "$@"
	same "$1: leaked" "$count" "$(printf '%s\n' "$seen" | grep -c leaked)"
	observe env LD_PRELOAD="$OURS" SPAWNUTIL_LEAKS=close "$@"
	same "$1: closed" "$count" "$(printf '%s\n' "$seen" | grep -c closed)"
	same "$1: leaked" 0 "$(printf '%s\n' "$seen" | grep -c leaked)"
}
