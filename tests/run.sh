#!/bin/sh
# Runs suites: tests/run.sh BUILD SUITE... Prints, in this order, what each has to
# say when it fails, all that was skipped and why, and one total.
#
# A suite in C prints libcheck's summary, "%: Checks: N, Failures: N, Errors: N",
# a suite in sh a line for each test: "ok ...", "not ok ...", "skip ...: WHY".
# Both print "skip SUITE TEST: WHY" for what can't run here.
#
# In the comment at its top a suite says what is special about it:
#	suite: alone	it measures or changes the machine. The others run side by
#			side, four more than there are processors, since many wait.
#	suite: typed	it types at a terminal: beside one other of these at most, and all the rest
#	suite: long	it is for make check-all, or for TESTS that name it
# A long test in another suite looks at CHECK_ALL, and says "left ..." if it isn't set.

tests=$(cd "$(dirname "$0")" && pwd)

# told WORD SUITE: to who looks on, in the file TOLD
told() {
	[ -z "${TOLD-}" ] || echo "== $1 $2" >>"$TOLD"
}

# one RESULTS SUITE: runs it and leaves what is to be printed in RESULTS/SUITE
one() {
	results=$1 suite=$2
	log=$results/.$suite.log
	started=$(date +%s)
	told begins "$suite"
	case $suite in
	check_*) set -- "$BUILD/tests/$suite" ;;
	*) set -- sh "$tests/$suite.sh" ;;
	esac
	# A suite that doesn't end is a failure of its own.
	timeout -k 5 $((1000 * PATIENCE)) "$@" </dev/null >"$log" 2>&1
	status=$?
	skips=$(grep -c '^skip ' "$log")
	summary=$(sed -n 's/^[0-9]*%: Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' "$log")
	if [ -n "$summary" ]; then
		# shellcheck disable=SC2086
		set -- $summary
		bad=$(($2 + $3))
		good=$(($1 - bad - skips))
	else
		bad=$(grep -c '^not ok ' "$log")
		good=$(grep -c '^ok ' "$log")
	fi
	# where there is no log, and so no number
	: "${bad:=0}" "${good:=0}" "${skips:=0}"
	{
		# died, hung or said nothing: that is no success
		if [ "$bad" -eq 0 ] && { [ $status -ne 0 ] || [ $((good + skips)) -eq 0 ]; }; then
			echo "$suite: ended with status $status"
			bad=1
		fi
		printf '%-24s %3d passed, %d failed, %d skipped (%d s)\n' "$suite" "$good" "$bad" "$skips" \
			$(($(date +%s) - started))
		if [ "$bad" -gt 0 ]; then
			sed 's/^/    /' "$log"
		else
			sed -n 's/^skip /    skipped: /p' "$log"
		fi
	} >"$log.report"
	echo "$good $bad $skips" >"$results/.$suite.count"
	mv "$log.report" "$results/$suite"
	told ends "$suite"
	echo "$suite"
}

if [ "$1" = --one ]; then
	one "$2" "$3"
	exit
fi

BUILD=$1
shift
results=$(mktemp -d) || exit 1
trap 'rm -rf "$results"' EXIT
# Suites part words at spaces: links stand in for paths that have some, for other users, too
case $tests$BUILD in
*[[:space:]]*)
	chmod 755 "$results"
	ln -s "$(dirname "$tests")" "$results/.tree"
	ln -s "$BUILD" "$results/.build"
	tests=$results/.tree/tests BUILD=$results/.build
	;;
esac
export BUILD
export TSAN_OPTIONS="suppressions=$tests/tsan.supp ${TSAN_OPTIONS-}"
# libcheck gives a test 4 s unless its suite says otherwise
export CK_DEFAULT_TIMEOUT="${CK_DEFAULT_TIMEOUT-100}"
# How often as long as on an ordinary machine all may take
export PATIENCE="${PATIENCE-1}"
export CK_TIMEOUT_MULTIPLIER="$PATIENCE"

# says SUITE WORD: is that in its "suite:" line?
says() {
	for source in "$tests/$1.sh" "$tests/$1.c" "$tests/${1%_*}.c"; do
		[ ! -f "$source" ] || break
	done
	sed -n '/^[# *]*suite: /p; 30q' "$source" | grep -qw "$2"
}

beside='' typed='' alone='' suites='' left=0
wanted=${CHECK_ALL-}${TESTS-}
# What make was called with is not for the makes in the tests
unset TESTS MAKEFLAGS MFLAGS MAKEOVERRIDES STATIC V
if [ -z "${CHECK_ALL-}" ]; then
	: "${RACES_PERCENT=20}" "${MODEL_PERCENT=20}" "${FAULTS_PERCENT=10}" "${CAPTURE_PERCENT=20}"
	: "${DEADLINE_ROUNDS=1000}"
	export RACES_PERCENT MODEL_PERCENT FAULTS_PERCENT CAPTURE_PERCENT DEADLINE_ROUNDS
fi
for suite in "$@"; do
	if says "$suite" long && [ -z "$wanted" ]; then
		left=$((left + 1))
		continue
	fi
	suites="$suites $suite"
	if says "$suite" alone; then
		alone="$alone $suite"
	elif says "$suite" typed; then
		typed="$typed $suite"
	else
		beside="$beside $suite"
	fi
done

# shellcheck disable=SC2086
set -- $suites
{
	echo "$typed" | xargs -r -n 1 -P 2 sh "$tests/run.sh" --one "$results" &
	echo "$beside" | xargs -r -n 1 -P $(($(nproc) + 4)) sh "$tests/run.sh" --one "$results"
	wait
	echo "$alone" | xargs -r -n 1 sh "$tests/run.sh" --one "$results"
	echo end
} | while read -r ended; do
	while [ -f "$results/${1-}" ]; do
		cat "$results/$1"
		shift
	done
	[ "$ended" = end ] || continue
	for suite in "$@"; do
		cat "$results/$suite" 2>/dev/null || echo "$suite: somebody ended it, or its results have no room"
	done
done
lost=0
for suite in $suites; do
	[ -s "$results/$suite" ] && [ -s "$results/.$suite.count" ] || lost=$((lost + 1))
done
left_tests=$(cat "$results"/.*.log | grep -c '^left ')
[ $((left + left_tests)) -eq 0 ] || echo "left to make check-all: $left suites, $left_tests tests of others"
cat "$results"/.*.count | awk -v failed=$lost '
	{ passed += $1; failed += $2; skipped += $3 }
	END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit failed > 0 }'
