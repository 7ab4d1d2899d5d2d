# SPDX-License-Identifier: MIT
# Sourced by the shell suites that run the suites in C once more.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=sources.sh
. "$(dirname "$0")/sources.sh"

# LeakSanitizer can't work where another one traces
export ASAN_OPTIONS="detect_leaks=0"
FILTER=$HELPERS/fault_filter

# the tests of thousands are for the plain run
export MODEL_PERCENT=2 CAPTURE_PERCENT=10 POPEN_ROUNDS=10 POPEN_PAIRS=150 POPEN_MEGABYTES=4 \
	SYSTEM_ROUNDS=150 DEADLINE_ROUNDS=300

# suites "NAMES" [PREFIX...]: all that is checked holds there too; several side by
# side, because they mostly wait
suites() {
	names=$1
	shift
	# shellcheck disable=SC2016,SC2086
	printf '%s\n' $names | xargs -P 6 -I '{}' sh -c '
		timeout -k 5 "$0" "$@" "$BUILD/tests/check_{}" >said.{} 2>&1 </dev/null
		echo $? >code.{}' $((${limit:-200} * PATIENCE)) "$@"
	for name in $names; do
		code=$(cat "code.$name")
		[ "$code" -ne 77 ] || skip "no system call filter may be set here"
		[ "$code" -eq 0 ] || fail "$name: status $code: $(cat "said.$name")"
		grep -q '^100%: Checks: \|^ok ' "said.$name" || fail "$name: $(cat "said.$name")"
	done
}

# build_libcheck DIR HOST CC: for another libc or processor, from Debian's source, to DIR/libcheck
build_libcheck() {
	source_of check
	mv source "$1/libcheck"
	(cd "$1/libcheck" && ./configure --quiet --host="$2" --disable-shared --disable-subunit \
		CC="$3" CFLAGS=-O0 && ${MAKE:-make} -s -C lib && ${MAKE:-make} -s -C src libcheck.la) \
		>"$1/log" 2>&1 || fail "$(cat "$1/log")"
}

# of launches, and of the descriptors that a child gets; what takes longest begins
LAUNCHES="refused deadline program exec_failure step_failure child signals set_up detached threads
	methods in_place rights retries namespaces full_table"
TABLES="no_standard given pipes bad_entries numbers leaks callers_own fifos own_table model"
ALL="capture wait system popen $LAUNCHES $TABLES audit"
