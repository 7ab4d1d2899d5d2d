#!/bin/sh
# SPDX-License-Identifier: MIT
# make fuzz builds what it is to build, and finds nothing in its first seconds: 2 of each.
# suite: long
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

test_each_fuzzer_finds_nothing() {
	count=$(find "$top/tests/fuzz" -maxdepth 1 -name "*.c" | wc -l)
	echo 'int LLVMFuzzerTestOneInput(const char *data, unsigned long size) { return !data && size; }' >f.c
	clang -fsanitize=fuzzer f.c -o f 2>/dev/null || skip "clang with libFuzzer isn't installed"
	env -u SAN -u COV -u V "${MAKE:-make}" -s -C "$top" BUILD="$tmp/b" FUZZ_SECONDS=2 \
		FUZZ_CFLAGS=-O0 fuzz >log 2>&1 || fail "$(tail -n 30 log)"
	same "fuzzers that ended well" "$count" "$(grep -c '^Done [0-9]* runs' log)"
}

test_a_name_that_no_fuzzer_has_is_refused() {
	! "${MAKE:-make}" -s -C "$top" BUILD="$tmp/b" FUZZ=nothing fuzz >log 2>&1 || fail "it isn't"
	like "what is said" '*no fuzzer is called nothing*' "$(cat log)"
}

run_tests
