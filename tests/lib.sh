# Sourced by the shell suites. A test is a function test_<behaviour>; it fails
# by returning non-zero (fail WHY), is left out by "skip WHY", and runs in a
# subshell, in a directory of its own that is removed afterwards.
#
# $BUILD is the build directory, absolute; the programs are first in PATH, alone
# in a directory (below $BUILD may be one that is called clang, which make then
# tries to run); the helpers of tests/helpers are in $HELPERS.

: "${BUILD:?run through make check}"
HELPERS=$BUILD/tests/helpers
PATH=$BUILD/tests/bin:$PATH
LC_ALL=C
export LC_ALL PATH

mkdir -p "$BUILD/tests/bin" || exit 1
for name in safespawn spawnbench spawnaudit; do
	# not again while another suite looks for it
	[ -h "$BUILD/tests/bin/$name" ] || ln -sf "../../$name" "$BUILD/tests/bin/" || exit 1
done

fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

skip() {
	printf '%s\n' "$*" >"$tmp/skip"
	exit 77
}

# knows PROGRAM WORD: else the test is skipped; busybox's programs have few options
knows() {
	"$1" --help 2>&1 | grep -q -e "$2" || skip "$1 here knows no $2"
}

# long: the test is for make check-all
long() {
	[ -n "${CHECK_ALL-}" ] || exit 78
}

# How often as long as on an ordinary machine all may take: an emulated one is 20 times slower
: "${PATIENCE:=1}"

# until_true COMMAND...: within 200 s. Who has waited for long asks less often.
until_true() {
	turns=0 pause=0.01
	until "$@"; do
		turns=$((turns + 1))
		[ $turns -lt $((2000 * PATIENCE)) ] || fail "not within $((200 * PATIENCE)) s: $*"
		[ $turns -lt 50 ] || pause=0.1
		sleep $pause
	done
}

# public_child: $CHILD is spawnbench-child where other users get to it, as whom it is launched
public_child() {
	public=$(mktemp -d) && trap 'rm -rf "$public"' EXIT && chmod 755 "$public" &&
		cp "$BUILD/spawnbench-child" "$public/child" || exit 1
	CHILD=$public/child
}

# copy_build DIR: what is built already, for another make to go on from; nothing of a build with
# sanitizers, which install would recall
copy_build() {
	mkdir "$1" || return 1
	[ -z "${SAN-}${COV-}" ] || return 0
	cp -a "$BUILD/obj" "$BUILD/with" "$1" && find "$BUILD" -maxdepth 1 -type f -exec cp -a {} "$1" \;
}

# same WHAT EXPECTED ACTUAL
same() {
	[ "$2" = "$3" ] || fail "$1: expected [$2], got [$3]"
}

# like WHAT PATTERN TEXT: a shell pattern
like() {
	# shellcheck disable=SC2254
	case $3 in
	$2) ;;
	*) fail "$1: expected like [$2], got [$3]" ;;
	esac
}

# status EXPECTED COMMAND...: runs it, its output in $out, its stderr in $err
status() {
	expected=$1
	shift
	"$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	out=$(cat "$tmp/out")
	err=$(cat "$tmp/err")
	[ "$got" -eq "$expected" ] || fail "$*: expected status $expected, got $got: $err"
}

# hinted PROGRAM PATTERN: $err is two lines, and the second points at --help
hinted() {
	like message "$1: $2" "$(printf '%s\n' "$err" | sed 1q)"
	same "lines of $err" 2 "$(printf '%s\n' "$err" | wc -l)"
	same hint "Try '$1 --help' for more information." "$(printf '%s\n' "$err" | sed -n 2p)"
}

# words PROGRAM ARGUMENT: what may stand there, as --help says
words() {
	ARGP_HELP_FMT=rmargin=9999 "$1" --help | sed -n "s/^$2: //p" | grep . ||
		fail "$1 --help lists nothing for $2"
}

# run_tests [FILE...]: all that stand there, or here, or those that ONLY names
run_tests() {
	suite=$(basename "$0" .sh)
	failed=0
	[ $# -gt 0 ] || set -- "$0"
	for name in ${ONLY:-$(sed -n 's/^\(test_[a-z0-9_]*\)() *{.*/\1/p' "$@")}; do
		tmp=$(mktemp -d) || exit 1
		(cd "$tmp" && "$name") >"$tmp/.log" 2>&1
		case $? in
		0) echo "ok $suite ${name#test_}" ;;
		77) echo "skip $suite ${name#test_}: $(cat "$tmp/skip")" ;;
		78) echo "left $suite ${name#test_}" ;;
		*)
			echo "not ok $suite ${name#test_}"
			sed 's/^/    /' "$tmp/.log"
			failed=1
			;;
		esac
		rm -rf "$tmp"
	done
	exit $failed
}
