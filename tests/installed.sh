#!/bin/sh
# SPDX-License-Identifier: MIT
# make installcheck: what was installed is of one version, and the manual's
# programs, in C and C++, are built by pkg-config's words against it, with the
# shared library and with the archive. $DESTDIR, $bindir, $libdir, $libexecdir and
# $pkgconfigdir say where it is.
tests=$(cd "$(dirname "$0")" && pwd)
BUILD=$1
[ -z "$DESTDIR" ] || DESTDIR=$(cd "$DESTDIR" && pwd) || exit 1
export BUILD PKG_CONFIG_PATH="$DESTDIR$pkgconfigdir" PKG_CONFIG_SYSROOT_DIR="$DESTDIR"
# directories that the compiler knows are named, too: another spawnutil may be in the first of them
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
version=$(pkg-config --modversion spawnutil) || exit 1
failed=0

# is WHAT EXPECTED ACTUAL
is() {
	if [ "$2" = "$3" ]; then
		echo "ok installed $1"
	else
		echo "not ok installed $1: expected [$2], got [$3]"
		failed=1
	fi
}

for program in safespawn spawnbench spawnaudit; do
	# which is left out where its libraries are missing
	[ -e "$DESTDIR$bindir/$program" ] || [ $program != spawnaudit ] || continue
	is $program "$program (libspawnutil) $version" "$("$DESTDIR$bindir/$program" --version)"
done
# without it the linker takes the archive
is libspawnutil.so libspawnutil.so.$version "$(readlink -e "$DESTDIR$libdir/libspawnutil.so" | sed 's|.*/||')"
is libspawnutil.a "$DESTDIR$libdir/libspawnutil.a" "$(ls "$DESTDIR$libdir/libspawnutil.a" 2>&1)"
[ $failed -eq 0 ] || exit 1

# The loader finds it by itself where ldconfig has seen it
PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null | grep -qF " $DESTDIR$libdir/libspawnutil.so" ||
	export LD_LIBRARY_PATH="$DESTDIR$libdir"

# The library looks for it where it was installed for
export SPAWN_SERVER="$DESTDIR$libexecdir/spawnutil/spawn-server"

# examples LIBRARIES
examples() {
	echo "built with $1:"
	ONLY=test_programs_of_the_pages_compile_and_do_what_they_say \
		EXAMPLES_CFLAGS=$(pkg-config --cflags spawnutil) EXAMPLES_LIBS=$1 \
		sh "$tests/manual_examples.sh" || failed=1
}

examples "$(pkg-config --libs spawnutil)"
examples "-static $(pkg-config --static --libs spawnutil)"
exit $failed
