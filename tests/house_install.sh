#!/bin/sh
# SPDX-License-Identifier: MIT
# What make install puts where, that it can be used there, that uninstall takes
# all of it away, and that what make dist packs builds.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's/^#define SPU_VERSION "\(.*\)"/\1/p' "$top/src/spawnutil.h")

# What the outer make was called with is not for the scratch builds.
plain_make() {
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u SAN -u COV -u V -u BUILD \
		"${MAKE:-make}" -s -j2 CFLAGS=-O0 "$@" >log 2>&1 || fail "make $*: $(cat log)"
}

# install_below_dest VARIABLE=VALUE...: builds and installs
install_below_dest() {
	plain_make -C "$top" BUILD="$tmp/b" DESTDIR="$tmp/dest" "$@" install
}

files() {
	(cd dest && find . -type f -o -type l) | sed 's|^\.||' | sort
}

expect_files() {
	for file in "$@"; do
		[ -e "dest$file" ] || echo "$file"
	done >missing
	[ ! -s missing ] || fail "not installed: $(cat missing)"
}

test_files_lie_below_the_prefix() {
	long
	install_below_dest prefix=/usr
	expect_files /usr/bin/safespawn /usr/bin/spawnbench /usr/include/spawnutil.h \
		/usr/lib/libspawnutil.a /usr/lib/libspawnutil.so /usr/lib/libspawnutil.so.0 \
		"/usr/lib/libspawnutil.so.$version" /usr/lib/libspawnutil-preload.so /usr/lib/pkgconfig/spawnutil.pc \
		/usr/libexec/spawnutil/spawnbench-child /usr/share/man/man1/safespawn.1 \
		/usr/share/man/man1/spawnbench.1 /usr/share/man/man3/spawnutil.3 \
		/usr/share/man/man7/spawnutil.7
	files | grep -v '^/usr/' >outside
	[ ! -s outside ] || fail "outside of /usr: $(cat outside)"
	grep -q '^prefix=/usr$' dest/usr/lib/pkgconfig/spawnutil.pc || fail "the prefix in .pc"
}

test_directory_variables_are_obeyed() {
	long
	install_below_dest prefix=/opt/x bindir=/b libdir=/l libexecdir=/e includedir=/i mandir=/m
	expect_files /b/safespawn /l/libspawnutil.so /l/pkgconfig/spawnutil.pc /i/spawnutil.h \
		/e/spawnutil/spawnbench-child /m/man3/spu_spawn.3
	files | grep -Ev '^/[bleim]/' >elsewhere
	[ ! -s elsewhere ] || fail "elsewhere: $(cat elsewhere)"
	grep -q '^libdir=/l$' dest/l/pkgconfig/spawnutil.pc || fail "libdir in .pc"
	grep -q '^includedir=/i$' dest/l/pkgconfig/spawnutil.pc || fail "includedir in .pc"
}

test_every_name_of_a_page_finds_it() {
	long
	install_below_dest prefix=/usr
	for page in "$top"/man/*.3; do
		awk '/^\.Sh/ { inside = $2 == "NAME" } inside && $1 == ".Nm" { print $2 }' "$page"
	done | while read -r name; do
		[ -s "dest/usr/share/man/man3/$name.3" ] || echo "$name"
	done >missing
	[ ! -s missing ] || fail "man 3 finds nothing for: $(cat missing)"
}

write_program() {
	cat >program.c <<-'END'
		#include <spawnutil.h>
		#include <stdio.h>

		int main(void)
		{
			printf("%s\n", spu_version());
			return spu_run(SPU_ARGV("true"), NULL, NULL, NULL) != 0;
		}
	END
}

test_a_program_builds_against_it_and_runs() {
	command -v pkg-config >/dev/null || skip "pkg-config isn't installed"
	install_below_dest prefix=/usr
	write_program
	PKG_CONFIG_PATH=$tmp/dest/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$tmp/dest
	PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
	export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
	export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS PKG_CONFIG_ALLOW_SYSTEM_LIBS
	same "the version of .pc" "$version" "$(pkg-config --modversion spawnutil)"
	# shellcheck disable=SC2046
	${CC:-cc} program.c -o shared $(pkg-config --cflags --libs spawnutil) || fail "shared"
	# shellcheck disable=SC2046
	${CC:-cc} program.c -o static $(pkg-config --cflags spawnutil) \
		dest/usr/lib/libspawnutil.a -pthread || fail "static"
	same "linked with the shared library" "$version" \
		"$(LD_LIBRARY_PATH=$tmp/dest/usr/lib ./shared)"
	same "linked with the archive" "$version" "$(./static)"
	same "safespawn" hello "$(dest/usr/bin/safespawn -- echo hello)"
}

test_uninstall_leaves_no_file() {
	install_below_dest prefix=/usr
	plain_make -C "$top" BUILD="$tmp/b" DESTDIR="$tmp/dest" prefix=/usr uninstall
	files >left
	[ ! -s left ] || fail "left: $(cat left)"
}

test_all_but_spawnaudit_is_built_without_its_libraries() {
	long
	mkdir without
	echo '#error not here' >without/jansson.h
	plain_make -C "$top" BUILD="$tmp/b" DESTDIR="$tmp/dest" CPPFLAGS="-I$tmp/without" install
	same "make's words" "make: spawnaudit is left out: it needs libdw and jansson \
(Debian: libdw-dev libjansson-dev)" "$(grep '^make: ' log)"
	expect_files /usr/local/bin/safespawn /usr/local/bin/spawnbench
	[ ! -e dest/usr/local/bin/spawnaudit ] || fail "spawnaudit was installed"
	# tried again each time, so that nothing needs cleaning once they are there
	[ ! -e b/audit.mk ] || fail "it is remembered that they are missing"
}

test_the_packed_source_builds() {
	long
	plain_make -C "$top" BUILD="$tmp/b" dist
	tar -xzf b/spawnutil-"$version".tar.gz || fail "no tarball"
	for entry in src man tests Makefile README COPYING; do
		[ ! -e "$top/$entry" ] || diff -r "$top/$entry" "spawnutil-$version/$entry" >&2 ||
			fail "$entry isn't packed as it is"
	done
	plain_make -C "spawnutil-$version" BUILD="$tmp/b2" all
	status 0 b2/safespawn -- true
}

run_tests
