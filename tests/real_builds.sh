#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs of Debian, built from their sources as they are: with libc's functions,
# and by spawnutil-replace.h and --wrap as spu_system(3) says; the first of the three
# under the preload library, too. They find out the same and do the same.
# suite: long
# shellcheck disable=SC2086,SC2317	# lists of words; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=sources.sh
. "$(dirname "$0")/sources.sh"
top=$(cd "$(dirname "$0")/.." && pwd)
WRAP=$(sed -n 's/^wrap=//p' "$BUILD/spawnutil.pc")
HEADER="-include spawnutil-replace.h"
LATE="-Wl,--no-as-needed -lspawnutil"

# plain_source_of PACKAGE: where all is built as users build it
plain_source_of() {
	[ -z "${SAN-}${COV-}" ] || skip "the plain build shows it"
	source_of "$1"
}

# build WAY ARGUMENT...: as ./WAY, by a configure with these and by make; $make says of what
build() {
	way=$1
	shift
	cp -a source "$way"
	(cd "$way" && ./configure CC="${CC:-gcc}" CFLAGS=-O0 "$@" && sh -c "$make") >log 2>&1 ||
		fail "$way: $(tail -n 20 log)"
}

# observe_all PROGRAM: by each way in the place of libc's, what observe says is the same
observe_all() {
	nm -D "libc/$1" | grep -qE ' (system|popen|pclose)@' || fail "$1 doesn't call libc's"
	observe libc >without 2>&1
	for way in header wrap; do
		nm -D "$way/$1" | grep -E ' (system|popen|pclose)@' && fail "$way: libc's are called"
		[ ! -e libc/config.h ] || diff libc/config.h $way/config.h >&2 ||
			fail "$way: another config.h"
		observe $way >with 2>&1
		diff without with >&2 || fail "$way: something else"
	done
	LD_PRELOAD=$BUILD/libspawnutil-preload.so observe libc >with 2>&1
	diff without with >&2 || fail "preload: something else"
}

export CPATH="$top/src" LIBRARY_PATH="$BUILD" LD_LIBRARY_PATH="$BUILD"

# Its configure takes no LIBS
test_ed() {
	plain_source_of ed
	make="${MAKE:-make}"
	build libc
	build header CPPFLAGS="$HEADER" LDFLAGS="$LATE"
	build wrap LDFLAGS="$WRAP $LATE"
	cat >script <<-'END'
		H
		r !printf 'one\ntwo\n'
		,p
		r !printf 'three\n'; exit 3
		!echo shell; exit 4
		!!
		w !cat; exit 5
		r !kill -TERM $$
		w !sed 's/^/> /'
		r !i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i + 1)); done
		$p
		w !wc -l
		w !read line; echo "$line"
		!nosuchcommand 2>/dev/null
		,d
		Q
	END
	observe() {
		# not from a file, of which it reads no more after an error
		# shellcheck disable=SC2002
		cat script | "$1/ed" -ls
		echo "status $?"
		"$1/ed" -s '!echo from the command line; exit 3' <script
		echo "status $?"
		(cd "$1" && ${MAKE:-make} -s --no-print-directory check)
	}
	observe_all ed
	like "its own tests" "*tests completed successfully*" "$(cat without)"
	like "the script" "*one*two*three*shell*> one*19999*from the command line*" "$(cat without)"
}

# Its patches make make think that what configure is made of is newer
test_dc() {
	plain_source_of bc
	none="AUTOMAKE=: ACLOCAL=: AUTOCONF=: AUTOHEADER=:"
	make="${MAKE:-make} -C lib $none && ${MAKE:-make} -C dc $none dc"
	build libc
	build header CPPFLAGS="$HEADER" LIBS=-lspawnutil
	build wrap LDFLAGS="$WRAP" LIBS=-lspawnutil
	cat >script <<-'END'
		1 2 + p
		!echo one; exit 3
		!nosuchcommand 2>/dev/null; echo $?
		!kill -KILL $$
		! echo two; cat
		3 4 * p
		!(sleep 0.1; kill -CONT $$) & kill -STOP $$; echo three
		[p] p
		q
	END
	observe() {
		"$1/dc/dc" script </dev/null
		echo "status $?"
		"$1/dc/dc" <script
		echo "status $?"
	}
	observe_all dc/dc
	like "the script" "*3*one*127*two*12*three*p*status *" "$(cat without)"
}

run_tests
