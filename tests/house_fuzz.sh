#!/bin/sh
# SPDX-License-Identifier: MIT
# make fuzz builds what it is to build, and finds nothing in its first seconds.
# suite: long
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

test_the_reader_of_requests_stands_ten_seconds() {
	echo 'int LLVMFuzzerTestOneInput(const char *data, unsigned long size) { return !data && size; }' >f.c
	clang -fsanitize=fuzzer f.c -o f 2>/dev/null || skip "clang with libFuzzer isn't installed"
	env -u SAN -u COV -u V "${MAKE:-make}" -s -C "$top" BUILD="$tmp/b" FUZZ_SECONDS=10 fuzz \
		>log 2>&1 || fail "$(tail -n 30 log)"
	grep -q '^Done [0-9]* runs' log || fail "$(tail -n 5 log)"
}

run_tests
