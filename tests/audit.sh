# SPDX-License-Identifier: MIT
# Sourced by the suites of spawnaudit, behind lib.sh.
# shellcheck shell=sh disable=SC2034,SC2154

need() {
	[ -x "$BUILD/spawnaudit" ] || skip "spawnaudit wasn't built: libdw is missing"
}

# commit WAY [PROGRAM]: sa_stuck in the background until its child waits; $child, $parent, $owner
commit() {
	rm -f held zone
	"${2:-$HELPERS/sa_stuck}" "$1" >held 2>&1 </dev/null &
	sinner=$!
	trap 'kill $sinner $child 2>/dev/null' EXIT
	for _ in $(seq 600); do
		# one that ends when it has said so is gone, and did say so
		kill -0 $sinner 2>/dev/null && runs=1 || runs=0
		! grep -q '^ready' held || break
		[ $runs -eq 1 ] || fail "sa_stuck $1: $(cat held)"
		sleep 0.1
	done
	child=$(sed -n 's/^child //p' held)
	parent=$(sed -n 's/^parent //p' held)
	owner=$(sed -n 's/^owner //p' held)
	[ -n "$child" ] || fail "sa_stuck $1: $(cat held)"
}

end() {
	kill "$sinner" "$child" 2>/dev/null
	wait "$sinner" 2>/dev/null || :
}

# refused PATTERN PID: one line, and the status says that nothing is known
refused() {
	status 125 spawnaudit --stuck "$2"
	like "$2" "spawnaudit: $2$1" "$err"
	same "$2: lines" 1 "$(printf '%s\n' "$err" | grep -c .)"
}
