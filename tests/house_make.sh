#!/bin/sh
# SPDX-License-Identifier: MIT
# What make builds again, and when; which suites make check runs, and how it counts.
# shellcheck disable=SC2016,SC2317	# the suites made here expand; lib.sh calls the tests

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

# build ARGUMENT...: make's words are in log
build() {
	env -u SAN -u COV -u V -u BUILD "${MAKE:-make}" -j2 BUILD=b "$@" >log 2>&1 ||
		fail "make $*: $(cat log)"
}

# What this one needs takes seconds; a library of three files doesn't. The programs in C, and what
# they are linked with, are in $FILES.
small_tree() {
	command -v gcc >/dev/null || skip "gcc isn't installed"
	mkdir -p src/lib/plan src/lib/child src/safespawn tests/helpers
	cp "$top/Makefile" .
	cp "$top"/src/*.h src/
	cp "$top/src/lib/libspawnutil.map" src/lib/
	echo 'int spu_one(void); int spu_one(void) { return 0; }' >src/lib/one.c
	echo 'int spu__two(void); int spu__two(void) { return 2; }' >src/lib/plan/two.c
	echo 'int spu__three(void); int spu__three(void) { return 3; }' >src/lib/child/three.c
	: >src/lib/one.h
	printf '#include "lib/one.h"\nint spu_one(void); int main(void) { return spu_one(); }\n' \
		>tests/check_one.c
	cp tests/check_one.c tests/helpers/one.c
	echo 'extern const char *library; const char *library = PRELOAD_LIBRARY;' >src/safespawn/preload.c
	FILES="COMMON_SOURCES= PURE= b/libspawnutil.a b/libspawnutil.so b/tests/check_one b/tests/helpers/one"
}

# expect WHAT PATTERN NUMBER: lines of the last build that fit
expect() {
	same "$1" "$3" "$(grep -cE "^  $2" log)"
}

# files VARIABLE=VALUE...
files() {
	# shellcheck disable=SC2086
	build "$@" $FILES
}

test_what_is_built_is_not_built_again() {
	small_tree
	files
	expect compiled 'CC	(obj/lib|tests)' 5
	expect linked '(AR|LINK)	' 4
	files
	expect "the second time" '[A-Z]' 0
}

# again VARIABLE=VALUE COMPILED LINKED: what that makes again, once
again() {
	files "$1"
	expect "compiled with $1" 'CC	(obj/lib|tests)' "$2"
	expect "linked with $1" '(AR|LINK)	' "$3"
	files "$1"
	expect "the second time with $1" '[A-Z]' 0
	files
}

test_another_value_of_a_variable_makes_again_what_it_goes_into() {
	small_tree
	files
	again CFLAGS=-O0 5 4
	again 'CPPFLAGS=-DX="a b" -DY='"'#\$\$'" 5 4
	again CC=cc 5 4
	again COV=1 5 4
	again SAN=undefined 5 4
	again LDFLAGS=-Wl,-O1 0 3
	again AR=gcc-ar 0 3
	again prefix=/x 0 0
	build b/obj/safespawn/preload.o
	build prefix=/x b/obj/safespawn/preload.o
	expect "compiled for another prefix" 'CC	obj/safespawn/preload' 1
}

test_an_edit_in_the_library_only_links_the_tests() {
	small_tree
	files
	touch src/lib/plan/two.c
	files
	same "compiled" "  CC	obj/lib/plan/two.o" "$(grep '^  CC' log)"
	expect linked '(AR|LINK)	' 4
	touch src/lib/one.h
	files
	expect "compiled for a header" 'CC	tests/' 2
	touch src/lib/one.h
	files BUILD="$PWD/b"
	expect "the same, below its whole name" 'CC	tests/' 2
	rm src/lib/plan/two.c
	files
	same "members" "one.o three.o" "$(ar t b/libspawnutil.a | sort | xargs)"
}

test_static_holds_until_another_is_given() {
	small_tree
	build STATIC=musl b/with/STATIC
	build b/with/STATIC
	same "remembered" "STATIC = musl" "$(cat b/with/STATIC)"
	build STATIC= b/with/STATIC
	build b/with/STATIC
	same "another" "STATIC = " "$(cat b/with/STATIC)"
}

test_an_unknown_static_is_refused() {
	small_tree
	(build STATIC=glibc b/libspawnutil.a) 2>said && fail "it was built"
	grep -q 'STATIC=glibc: only STATIC=musl is known' said || fail "$(cat said)"
}

test_suites_are_not_run_with_a_static_safespawn() {
	small_tree
	build STATIC=musl b/with/STATIC
	(build check) 2>said && fail "they were"
	grep -q 'make BUILD=build/dynamic STATIC= check' said || fail "$(cat said)"
}

# make CC=clang, and then as root make install, must not build all again with gcc
test_install_takes_what_was_built_as_it_was() {
	small_tree
	printf 'show install-show:\n\t@echo "[$(CFLAGS)] [$(CC)]"\ninclude Makefile\n' >show.mk
	build CC=cc 'CFLAGS=-O0 -DX="#$$"' b/with/CC b/with/CFLAGS
	build -s -f show.mk show
	same "to build" '[-O2 -g] [gcc]' "$(cat log)"
	build -s -f show.mk install-show
	same "to install" '[-O0 -DX=#$] [cc]' "$(cat log)"
	build -s -f show.mk install-show CC=c99
	same "to install with another" '[-O0 -DX=#$] [c99]' "$(cat log)"
}

test_no_program_waits_for_libgcc_s() {
	command -v readelf >/dev/null || skip "readelf isn't installed"
	[ -z "${SAN-}" ] || skip "a sanitizer needs it"
	for file in safespawn spawnbench spawnaudit libspawnutil.so libspawnutil-preload.so; do
		[ ! -e "$BUILD/$file" ] || readelf -d "$BUILD/$file" | sed -n "s/.*NEEDED.*\[libgcc_s/$file: &/p"
	done >found
	[ ! -s found ] || fail "$(cat found)"
}

test_tests_builds_what_it_names() {
	build -n -C "$top" BUILD="$tmp/b" check TESTS=check_plan
	same "suites" "$tmp/b/tests/check_plan" "$(grep -o '[^ ]*/tests/check_[a-z_]* ' log | sort -u | xargs)"
	! grep -q 'obj/safespawn/main' log || fail "safespawn is built for it"
	grep -q 'run\.sh.* check_plan$' log || fail "not only check_plan is run: $(tail -n 1 log)"
}

test_a_suite_that_is_not_there_is_an_error() {
	(build -C "$top" BUILD="$tmp/b" check TESTS=nonesuch) 2>said && fail "it was nothing"
	grep -q 'no suite is called nonesuch' said || fail "$(cat said)"
}

# suite NAME [SPECIAL] LINE...: a script that says so, and when it ran
suite() {
	{
		printf '#!/bin/sh\n# A suite.\n%s\n' "$2"
		echo "echo $1 begins >>'$tmp/order'"
		printf '%s\n' "$3"
		echo "echo $1 ends >>'$tmp/order'"
	} >"tests/$1.sh"
}

# runner SUITE...: in their copy of tests; without the times in $out
runner() {
	code=0
	CHECK_ALL=$all sh tests/run.sh "$tmp/b" "$@" >out 2>err || code=$?
	out=$(sed 's/ ([0-9]* s)$//' out)
	same stderr "" "$(cat err)"
}

write_suites() {
	mkdir -p tests b/tests
	cp "$top/tests/run.sh" tests/
	suite a_good '' 'echo ok a_good one; echo ok a_good two'
	suite b_bad '' 'echo ok b_bad one; echo not ok b_bad two; echo "    why"; exit 1'
	suite c_skips '' 'echo skip c_skips one: no moon; echo left c_skips two; echo ok c_skips three'
	suite d_long '# suite: long' 'echo ok d_long one'
	suite e_silent '' ''
	suite f_dies '' 'echo ok f_dies one; kill -9 $$'
	suite g_alone '# suite: alone' 'echo ok g_alone one'
	printf '/*\n * suite: alone\n */\n' >tests/check_h.c
	printf '#!/bin/sh\necho "60%%: Checks: 5, Failures: 1, Errors: 1"\necho "x.c:1:F: why"; exit 1\n' >b/tests/check_h
	printf '#!/bin/sh\necho "100%%: Checks: 2, Failures: 0, Errors: 0"\n' >b/tests/check_h_libc
	chmod 755 b/tests/check_*
}

test_suites_are_counted_and_told_in_their_order() {
	all=''
	write_suites
	runner g_alone a_good c_skips d_long check_h_libc
	same "status" 0 "$code"
	same "report" 'g_alone                    1 passed, 0 failed, 0 skipped
a_good                     2 passed, 0 failed, 0 skipped
c_skips                    1 passed, 0 failed, 1 skipped
    skipped: c_skips one: no moon
check_h_libc               2 passed, 0 failed, 0 skipped
left to make check-all: 1 suites, 1 tests of others
6 passed, 0 failed, 1 skipped' "$out"
}

test_a_failure_is_told_with_all_that_was_said() {
	all=check-all
	write_suites
	runner b_bad d_long e_silent f_dies check_h
	same "status" 1 "$code"
	same "report" 'b_bad                      1 passed, 1 failed, 0 skipped
    ok b_bad one
    not ok b_bad two
        why
d_long                     1 passed, 0 failed, 0 skipped
e_silent: ended with status 0
e_silent                   0 passed, 1 failed, 0 skipped
f_dies: ended with status 137
f_dies                     1 passed, 1 failed, 0 skipped
    ok f_dies one
check_h                    3 passed, 2 failed, 0 skipped
    60%: Checks: 5, Failures: 1, Errors: 1
    x.c:1:F: why
6 passed, 5 failed, 0 skipped' "$(printf '%s\n' "$out" | grep -v '^ *Killed$')"
}

# Where the results lie is in the suite's way: its log, then what is said of it
test_a_suite_whose_results_cannot_be_written_is_a_failure() {
	all=''
	write_suites
	mkdir results
	export TMPDIR="$tmp/results"
	for what in .g_alone.log .g_alone.log.report .g_alone.count; do
		suite a_good '' "cd '$tmp/results'/* && ln -s no/where $what; echo ok a_good one"
		code=0
		sh tests/run.sh "$tmp/b" g_alone a_good >out 2>err || code=$?
		same "status without $what" 1 "$code"
		like "what is said" "*g_alone*, 1 failed, 0 skipped" "$(cat out)"
	done
}

test_a_suite_that_wants_to_be_alone_is() {
	all=''
	write_suites
	suite i_typed '# suite: typed' 'echo ok i_typed one'
	runner g_alone i_typed a_good c_skips
	same "the last" "g_alone begins
g_alone ends" "$(tail -n 2 order)"
	grep -q '^i_typed ends' order || fail "the one that types is left out"
}

test_patience_is_for_all_suites() {
	all=''
	write_suites
	suite i_patient '' 'echo ok i_patient one; [ "$PATIENCE $CK_TIMEOUT_MULTIPLIER" = "7 7" ]'
	export PATIENCE=7
	runner i_patient
	same "report" "1 passed, 0 failed, 0 skipped" "$(printf '%s\n' "$out" | tail -n 1)"
	export PATIENCE=0
	(. "$top/tests/lib.sh" && until_true false) >said 2>&1 && fail "false was true"
	same "until_true" "not within 0 s: false" "$(cat said)"
}

# A stand-in for qemu says what a kernel would. Nothing is downloaded or built.
test_check_kernels_tells_what_ran_and_what_did_not() {
	long
	[ "$(uname -m)" = x86_64 ] && command -v dpkg-deb apt-cache >/dev/null ||
		skip "Debian's kernels are for Debian here"
	export MAKE=true CC="$tmp/bin/cc"
	mkdir -p few bin b/tests b/kernels/apt/archives k/DEBIAN k/boot
	for name in sh dirname uname mkdir cat grep dpkg-deb; do
		ln -s "$(command -v $name)" few/
	done
	printf '#!/bin/sh\necho i586-linux-gnu\n' >bin/cc
	printf '#!/bin/sh\n[ ! -e unreachable ] || echo E: no host\n[ ! -e unreachable ]\n' >bin/apt-get
	chmod 755 bin/*
	ln -s ../bin/apt-get few/
	same "without cpio" "check-kernels: skipped: cpio isn't installed" \
		"$(PATH=$tmp/few sh "$top/tests/kernels.sh" "$tmp/b")"
	printf '#!/bin/sh\ncat >/dev/null\n' | tee bin/cpio few/cpio >/dev/null
	chmod 755 few/cpio
	same "i586" "check-kernels: skipped: no kernel for i586" \
		"$(PATH=$tmp/few sh "$top/tests/kernels.sh" "$tmp/b")"
	printf '#!/bin/sh\necho x86_64-linux-gnu\n' >bin/cc
	same "without qemu" "
Linux 1: skipped: qemu-system-x86_64 isn't installed
Linux um: skipped: linux.uml isn't installed
check-kernels: skipped: no kernel" \
		"$(KERNELS="1 um" PATH=$tmp/few sh "$top/tests/kernels.sh" "$tmp/b")"
	cat >bin/linux.uml <<-'END'
		#!/bin/sh
		printf '== Linux user-mode\n2 passed, 0 failed, 0 skipped\n== end\n'
	END
	cat >bin/qemu-system-x86_64 <<-'END'
		#!/bin/sh
		case $* in
		*vmlinuz-good*) printf '== Linux good\r\n4 passed, 0 failed, 1 skipped\r\n== end\r\n' ;;
		*vmlinuz-bad*) printf 'loading\r\n== Linux bad\r\n3 passed, 1 failed, 1 skipped\r\n== end\r\n' ;;
		*vmlinuz-half*) printf '== Linux half\r\n3 passed, 0 failed, 1 skipped\r\n== Linux half\r\n' ;;
		*vmlinuz-none*) printf '== Linux none\r\n== end\r\n' ;;
		*vmlinuz-dies*) printf 'Kernel panic\r\n' ;;
		esac
	END
	chmod 755 bin/*
	for name in good bad half none dies other; do
		rm -rf k/boot && mkdir k/boot && : >k/boot/vmlinuz-$name
		[ $name = other ] && architecture=all || architecture=amd64
		printf 'Package: k\nVersion: 1\nArchitecture: %s\nMaintainer: k\nDescription: k\n' \
			$architecture >k/DEBIAN/control
		dpkg-deb -b k $name >log 2>&1 || fail "$(cat log)"
	done
	cp good b/kernels/apt/archives/good.deb
	export PATH="$tmp/bin:$PATH" KERNEL_SECONDS=100
	KERNELS=good sh "$top/tests/kernels.sh" "$tmp/b" check_none >out 2>&1 || fail "$(cat out)"
	grep -qx '4 passed, 0 failed, 1 skipped' out || fail "what is said isn't shown: $(cat out)"
	same "the last line" "Linux good: 4 passed, 0 failed, 1 skipped" "$(tail -n 1 out)"
	! KERNELS=dies sh "$top/tests/kernels.sh" "$tmp/b" check_none >out 2>&1 ||
		fail "it died, and that is a success: $(cat out)"
	! KERNELS="good um bad half none dies 0.1 other" sh "$top/tests/kernels.sh" "$tmp/b" check_none \
		>out 2>&1 || fail "success: $(cat out)"
	grep -qx 'Kernel panic' out || fail "why it ended isn't shown: $(cat out)"
	same "lines" "
Linux good: 4 passed, 0 failed, 1 skipped
Linux user-mode: 2 passed, 0 failed, 0 skipped
Linux bad: 3 passed, 1 failed, 1 skipped
Linux half: 3 passed, 0 failed, 1 skipped
Linux half: failed: no end in N s
Linux none: failed: no end in N s
Linux dies: failed: no end in N s
Linux 0.1: skipped: apt has no linux-image-0.1.*-amd64
Linux other: skipped: other isn't for amd64" "$(tail -n 10 out | sed 's,in [0-9]* s$,in N s,')"
	: >unreachable
	same "without packages" "
Linux um: skipped: E: no host
check-kernels: skipped: no kernel" "$(KERNELS=um sh "$top/tests/kernels.sh" "$tmp/b" check_none)"
	printf '#!/bin/sh\necho aarch64-linux-gnu\n' >bin/cc
	same "another processor" "
Linux um: skipped: linux.uml isn't for arm64
check-kernels: skipped: no kernel" "$(KERNELS=um sh "$top/tests/kernels.sh" "$tmp/b" check_none)"
}

# Each waits for the other
test_suites_run_side_by_side() {
	[ "$(nproc)" -gt 1 ] || skip "one processor"
	all=''
	write_suites
	mkfifo fifo
	suite a_writer '' "timeout 100 sh -c 'echo >\"$tmp/fifo\"' && echo ok a_writer one"
	suite b_reader '' "timeout 100 cat '$tmp/fifo' && echo ok b_reader one"
	runner a_writer b_reader
	same "total" "2 passed, 0 failed, 0 skipped" "$(printf '%s\n' "$out" | tail -n 1)"
}

run_tests
