#!/bin/sh
# SPDX-License-Identifier: MIT
# static_argp.sh DIR: puts an argp.h and a libargp.a for $CC into DIR. Takes an
# installed argp-standalone, else builds gnulib's argp module.
dir=$1
program='#include <argp.h>
int main(int c, char **v) { return argp_parse(0, c, v, 0, 0, 0); }'

die() {
	echo "make STATIC=musl: $*" >&2
	exit 1
}

command -v "${CC%% *}" >/dev/null || die "${CC%% *} is missing (Debian: musl-tools)"
echo "$program" >"$dir/test.c" || exit 1
# shellcheck disable=SC2086
if $CC -static -o "$dir/test" "$dir/test.c" -largp 2>/dev/null; then
	echo 'INPUT(-largp)' >"$dir/libargp.a"
	exit 0
fi
for tool in gnulib-tool autoreconf automake; do
	command -v $tool >/dev/null ||
		die "no argp for $CC: install argp-standalone, or (Debian) gnulib autoconf automake"
done
mkdir -p "$dir/gnulib" && cd "$dir/gnulib" || exit 1
cat >configure.ac <<'END'
AC_INIT([argp], [0])
AC_CONFIG_AUX_DIR([build-aux])
AM_INIT_AUTOMAKE([foreign])
AC_PROG_CC
AM_PROG_AR
gl_EARLY
gl_INIT
AC_CONFIG_HEADERS([config.h])
AC_CONFIG_FILES([Makefile lib/Makefile])
AC_OUTPUT
END
printf 'SUBDIRS = lib\nACLOCAL_AMFLAGS = -I m4\n' >Makefile.am
unset MAKEFLAGS MFLAGS MAKELEVEL
{
	gnulib-tool --import --lib=libargp --source-base=lib --m4-base=m4 argp &&
		autoreconf -fi &&
		./configure CC="$CC" CFLAGS="${CFLAGS:--Os}" LDFLAGS=-static &&
		make
} >log 2>&1 </dev/null || die "gnulib's argp doesn't build, see $PWD/log"
# argp.h wants to see gnulib's configuration first, and nobody else does
cp config.h ../argp_config.h
cp lib/argp.h ../argp_gnulib.h
printf '#include "argp_config.h"\n#include "argp_gnulib.h"\n' >../argp.h
cp lib/libargp.a ../libargp.a
