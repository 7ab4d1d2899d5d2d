#!/bin/sh
# Runs all suites, or those named: tests/run.sh BUILD [SUITE...]. Prints what
# each has to say when it fails, all that was skipped and why, and one total.
#
# A suite in C prints libcheck's summary, "%: Checks: N, Failures: N, Errors: N",
# a suite in sh a line for each test: "ok ...", "not ok ...", "skip ...: WHY".
# Both print "skip SUITE TEST: WHY" for what can't run here.
BUILD=$1
shift
export BUILD
tests=$(dirname "$0")
TSAN_OPTIONS="suppressions=$(cd "$tests" && pwd)/tsan.supp ${TSAN_OPTIONS-}"
export TSAN_OPTIONS
# libcheck gives a test 4 s unless its suite says otherwise
export CK_DEFAULT_TIMEOUT="${CK_DEFAULT_TIMEOUT-100}"
passed=0 failed=0 skipped=0
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

# A suite that doesn't end is a failure of its own.
limit=400

count() {
	grep -c "$1" "$log"
}

run() {
	suite=$1
	shift
	started=$(date +%s)
	timeout --kill-after=5 $limit "$@" </dev/null >"$log" 2>&1
	status=$?
	skips=$(count '^skip ')
	summary=$(sed -n 's/^[0-9]*%: Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' "$log")
	if [ -n "$summary" ]; then
		# shellcheck disable=SC2086
		set -- $summary
		bad=$(($2 + $3))
		good=$(($1 - bad - skips))
	else
		bad=$(count '^not ok ')
		good=$(count '^ok ')
	fi
	# died, hung or said nothing: that is no success
	if [ "$bad" -eq 0 ] && { [ $status -ne 0 ] || [ $((good + skips)) -eq 0 ]; }; then
		echo "$suite: ended with status $status"
		bad=1
	fi
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skips))
	printf '%-24s %3d passed, %d failed, %d skipped (%d s)\n' "$suite" "$good" "$bad" "$skips" \
		$(($(date +%s) - started))
	if [ "$bad" -gt 0 ]; then
		sed 's/^/    /' "$log"
	else
		sed -n 's/^skip /    skipped: /p' "$log"
	fi
}

wanted() {
	[ $# -eq 1 ] && return 0
	name=$1
	shift
	for want in "$@"; do
		case $name in *"$want"*) return 0 ;; esac
	done
	return 1
}

for suite in "$BUILD"/tests/check_*; do
	case $suite in *.[do] | *'*') continue ;; esac
	name=$(basename "$suite")
	wanted "$name" "$@" && run "$name" "$suite"
done
for suite in "$tests"/*_*.sh; do
	name=$(basename "$suite" .sh)
	wanted "$name" "$@" && run "$name" sh "$suite"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
