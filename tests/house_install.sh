#!/bin/sh
# SPDX-License-Identifier: MIT
# What make install puts where, that it can be used there, that uninstall takes
# all of it away, and that what make dist packs builds.
# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)
version=$(sed -n 's/^#define SPU_VERSION "\(.*\)"/\1/p' "$top/src/spawnutil.h")
# 0.2 of 0.2.1, 1 of 1.2.3: versions that agree in it can stand in for each other
case $version in
0.*) abi=${version%.*} ;;
*) abi=${version%%.*} ;;
esac

# What Go has compiled for other suites
export GO_CACHE="$BUILD/tests/go/cache"

# Built once for the suite, in a directory that run_tests doesn't remove
built=${TMPDIR:-/tmp}/spawnutil.install.$$
trap 'rm -rf "$built"' EXIT
copy_build "$built" || exit 1

# What the outer make was called with is not for the scratch builds.
plain_make() {
	env -u SAN -u COV -u V -u BUILD "${MAKE:-make}" -s -j2 "$@" >log 2>&1 ||
		fail "make $*: $(cat log)"
}

# install_below_dest VARIABLE=VALUE...: builds and installs
install_below_dest() {
	plain_make -C "$top" BUILD="$built" DESTDIR="$tmp/dest" "$@" install
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
	install_below_dest prefix=/usr
	expect_files /usr/bin/safespawn /usr/bin/spawnbench /usr/include/spawnutil.h \
		/usr/include/spawnutil-replace.h \
		/usr/lib/libspawnutil.a /usr/lib/libspawnutil.so "/usr/lib/libspawnutil.so.$abi" \
		"/usr/lib/libspawnutil.so.$version" /usr/lib/libspawnutil-preload.so /usr/lib/pkgconfig/spawnutil.pc \
		/usr/libexec/spawnutil/spawn-server \
		/usr/libexec/spawnutil/spawnbench-child /usr/share/man/man1/safespawn.1 \
		/usr/share/man/man1/spawnbench.1 /usr/share/man/man3/spawnutil.3 \
		/usr/share/man/man7/spawnutil.7 \
		/usr/share/bash-completion/completions/safespawn \
		/usr/share/bash-completion/completions/spawnbench \
		/usr/share/bash-completion/completions/spawnaudit \
		/usr/share/zsh/site-functions/_safespawn \
		/usr/share/fish/vendor_completions.d/safespawn.fish \
		/usr/share/fish/vendor_completions.d/spawnbench.fish \
		/usr/share/fish/vendor_completions.d/spawnaudit.fish
	files | grep -v '^/usr/' >outside
	[ ! -s outside ] || fail "outside of /usr: $(cat outside)"
	grep -q '^prefix=/usr$' dest/usr/lib/pkgconfig/spawnutil.pc || fail "the prefix in .pc"
	find dest -type f ! -perm 644 | grep -Ev '/(bin|libexec)/|\.so' >modes
	[ ! -s modes ] || fail "not of mode 644: $(cat modes)"
}

test_the_shared_librarys_name_goes_with_what_it_may_break() {
	command -v readelf >/dev/null || skip "readelf isn't installed"
	[ -f "$BUILD/libspawnutil.so" ] || fail "no libspawnutil.so in the build directory"
	readelf -d "$BUILD/libspawnutil.so" >dynamic
	same SONAME "libspawnutil.so.$abi" "$(sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p' dynamic)"
	readelf -W --dyn-syms "$BUILD/libspawnutil.so" | grep -v ' UND ' | grep -o ' spu_[^ ]*' >symbols
	[ -s symbols ] || fail "no symbols"
	! grep -v "@@SPAWNUTIL_$abi" symbols || fail "symbols of another version"
}

test_directory_variables_are_obeyed() {
	long
	install_below_dest prefix=/opt/x bindir=/b libdir=/l libexecdir=/e includedir=/i mandir=/m \
		datarootdir=/d fishcompletiondir=/f
	expect_files /b/safespawn /l/libspawnutil.so /l/pkgconfig/spawnutil.pc /i/spawnutil.h \
		/e/spawnutil/spawnbench-child /m/man3/spu_spawn.3 \
		/d/zsh/site-functions/_safespawn /f/spawnaudit.fish
	files | grep -Ev '^/[bleimdf]/' >elsewhere
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

need_pkg_config() {
	command -v pkg-config >/dev/null || skip "pkg-config isn't installed"
}

test_the_manuals_programs_build_against_it_and_run() {
	long
	need_pkg_config
	install_below_dest prefix=/usr
	plain_make -C "$top" BUILD="$built" DESTDIR="$tmp/dest" prefix=/usr installcheck
	same "not ok" "" "$(grep '^not ok' log)"
	same "ok" 7 "$(grep -c '^ok' log)"
}

test_installcheck_finds_what_is_wrong() {
	long
	need_pkg_config
	install_below_dest prefix=/usr
	for file in lib/libspawnutil.so lib/"libspawnutil.so.$abi" lib/libspawnutil.a lib/pkgconfig/spawnutil.pc \
		bin/safespawn include/spawnutil.h; do
		mv "dest/usr/$file" away
		(plain_make -C "$top" BUILD="$built" DESTDIR="$tmp/dest" prefix=/usr installcheck) \
			>/dev/null 2>&1 && fail "$file isn't missed"
		mv away "dest/usr/$file"
	done
}

# What a user of pkg-config types into a shell, with paths that it has quoted
build_program() {
	cat >program.c <<-'END'
		#include <spawnutil.h>
		#include <stdio.h>

		int main(void)
		{
			printf("%s\n", spu_version());
			return spu_run(SPU_ARGV("true"), NULL, NULL, NULL) != 0;
		}
	END
	PKG_CONFIG_PATH=$1 PKG_CONFIG_SYSROOT_DIR=$tmp/dest
	PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
	export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
	export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS PKG_CONFIG_ALLOW_SYSTEM_LIBS
	same "the version of .pc" "$version" "$(pkg-config --modversion spawnutil)"
	eval "${CC:-cc} program.c -o shared $(pkg-config --cflags --libs spawnutil)" || fail "shared"
	eval "${CC:-cc} program.c -o static -static \
		$(pkg-config --static --cflags --libs spawnutil)" || fail "static"
	same "linked with the shared library" "$version" "$(LD_LIBRARY_PATH=${1%/*} ./shared)"
	same "linked with the archive" "$version" "$(./static)"
}

test_a_program_builds_against_it_and_runs() {
	need_pkg_config
	install_below_dest prefix=/usr
	build_program "$tmp/dest/usr/lib/pkgconfig"
	same "safespawn" hello "$(dest/usr/bin/safespawn -- echo hello)"
}

test_the_archive_can_be_linked_into_a_plugin() {
	cat >plugin.c <<-'END'
		#include <spawnutil.h>

		int launch(void);
		int launch(void)
		{
			return spu_run(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/"), NULL, NULL);
		}
	END
	cat >host.c <<-'END'
		#include <dlfcn.h>

		int main(void)
		{
			void *plugin = dlopen("./plugin.so", RTLD_NOW);
			int (*launch)(void) = plugin ? (int (*)(void))dlsym(plugin, "launch") : 0;

			return launch ? launch() : 99;
		}
	END
	${CC:-cc} -shared -fPIC -Wl,-z,text -Wl,-z,defs -I"$top/src" -o plugin.so plugin.c \
		"$BUILD/libspawnutil.a" -pthread ${SAN:+-fsanitize=$SAN} ${COV:+--coverage} || fail "no plugin"
	${CC:-cc} -o host host.c -ldl ${SAN:+-fsanitize=$SAN} || fail "no host"
	status 0 ./host
}

test_stripped_programs_and_archives_work() {
	command -v readelf >/dev/null || skip "readelf isn't installed"
	plain_make -C "$top" BUILD="$built" DESTDIR="$tmp/dest" prefix=/usr install
	readelf -S dest/usr/bin/safespawn dest/usr/lib/libspawnutil.a | grep -q '\.debug_info' ||
		fail "there is nothing to strip"
	plain_make -C "$top" BUILD="$built" DESTDIR="$tmp/dest" prefix=/usr install-strip
	for file in $(files | grep -E '/bin/|/libexec/|\.(a|so)$'); do
		! readelf -S "dest$file" | grep -q '\.debug_info' || echo "$file"
	done >found
	[ ! -s found ] || fail "not stripped: $(cat found)"
	build_program "$tmp/dest/usr/lib/pkgconfig"
}

# The programs that install would change the machine with
write_programs() {
	mkdir bin
	printf '#!/bin/sh\necho "$*" >>%s/calls\n%s\n' "$tmp" "$1" >bin/ldconfig
	printf '#!/bin/sh\necho %s\n' "$2" >bin/id
	chmod 755 bin/*
	PATH=$tmp/bin:$PATH
}

# goal NAME WORDS: that make says
goal() {
	plain_make -C "$top" BUILD="$built" prefix="$tmp/here" "$1"
	same "make's words" "$2" "$(cat log)"
}

test_root_refreshes_the_loaders_cache() {
	write_programs '[ -z "$1" ]'" || echo '	so (libc6) => $tmp/here/lib/libspawnutil.so.$abi'" 0
	goal install ""
	same "ldconfig" "$(printf '\n-p')" "$(cat calls)"
	goal uninstall ""
	same "ldconfig" "$(printf '\n-p\n\n.')" "$(cat calls; echo .)"
	same "what is left" "" "$(find here 2>/dev/null)"
}

test_it_is_said_when_the_loader_does_not_find_the_library() {
	write_programs "" 1000
	goal install "make: the loader doesn't find $tmp/here/lib/libspawnutil.so.$abi: \
run ldconfig as root, or link programs with -Wl,-rpath"
	same "ldconfig" "-p" "$(cat calls)"
	install_below_dest
	same "make's words" "make: ldconfig is to be run where this will be installed" "$(cat log)"
	same "ldconfig" "-p" "$(cat calls)"
}

test_uninstall_leaves_nothing() {
	mkdir -p dest/usr/lib dest/usr/share/man/man7
	echo theirs >dest/usr/lib/other
	find dest | sort >before
	install_below_dest prefix=/usr
	plain_make -C "$top" BUILD="$built" DESTDIR="$tmp/dest" prefix=/usr uninstall
	find dest | sort >after
	diff before after >&2 || fail "not as it was before"
}

# Who has no record of what was there before leaves no file, and no directory that is ours
test_another_tree_can_uninstall() {
	long
	install_below_dest prefix=/usr
	plain_make -C "$top" BUILD="$tmp/other" DESTDIR="$tmp/dest" prefix=/usr uninstall
	same "what is left" "" "$(files; find dest -name '*spawn*')"
}

test_all_but_spawnaudit_is_built_without_its_library() {
	long
	mkdir -p without/elfutils
	echo '#error not here' >without/elfutils/libdwfl.h
	copy_build b
	rm -f b/audit.mk b/spawnaudit
	# not by CPPFLAGS, with which all would be compiled again
	C_INCLUDE_PATH=$tmp/without plain_make -C "$top" BUILD="$tmp/b" DESTDIR="$tmp/dest" install
	same "make's words" "make: spawnaudit is left out: it needs libdw (Debian: libdw-dev)" "$(grep 'left out' log)"
	expect_files /usr/local/bin/safespawn /usr/local/bin/spawnbench
	[ ! -e dest/usr/local/bin/spawnaudit ] || fail "spawnaudit was installed"
	# tried again each time, so that nothing needs cleaning once it is there
	[ ! -e b/audit.mk ] || fail "it is remembered that it is missing"
}

unpack() {
	tar -xzf "$1/spawnutil-$version.tar.gz" || fail "no tarball"
}

test_the_packed_source_is_this_tree() {
	plain_make -C "$top" BUILD="$tmp/b" dist
	unpack b
	for entry in src man tests Makefile README COPYING; do
		[ ! -e "$top/$entry" ] || diff -r "$top/$entry" "spawnutil-$version/$entry" >&2 ||
			fail "$entry isn't packed as it is"
	done
	plain_make -C "spawnutil-$version" BUILD="$tmp/b2" dist
	same "packed again" "$(tar -tf b/*.tar.gz)" "$(tar -tf b2/*.tar.gz)"
}

# It, what it is built in, where it is installed, and where it will be
test_the_packed_source_builds_and_checks_at_paths_with_spaces() {
	long
	need_pkg_config
	plain_make -C "$top" BUILD="$tmp/b" dist
	unpack b
	mv "spawnutil-$version" "the source"
	mkdir dest
	for goal in install check uninstall; do
		plain_make -C "the source" BUILD="$tmp/a build" DESTDIR="$tmp/dest/a  root" prefix="/it's a prefix" \
			CFLAGS=-O0 TESTS="check_plan house_text house_rooms safespawn_launch" $goal
		case $goal in
		check)
			like "check" "*[0-9] passed, 0 failed, *" "$(tail -n 1 log)"
			;;
		install)
			mv "dest/a  root/it's a prefix" dest/
			build_program "$tmp/dest/it's a prefix/lib/pkgconfig"
			same "safespawn" hello "$("dest/it's a prefix/bin/safespawn" -- echo hello)"
			mv "dest/it's a prefix" "dest/a  root/"
			;;
		esac
	done
	same "what is left" "" "$(find dest -mindepth 1)"
	plain_make -C "the source" BUILD="$tmp/a build" clean
	same "what clean leaves" "" "$(ls -d "a build" "the source"/.build* 2>/dev/null)"
}

test_only_tracked_files_are_packed() {
	command -v git >/dev/null || skip "git isn't installed"
	cp -a "$top/src" "$top/Makefile" .
	rm -rf src/spawn*/
	git init -q . && git add src/spawnutil.h src/lib Makefile || fail "no repository"
	echo 'int junk;' >src/lib/junk.c
	plain_make BUILD="$tmp/b" dist
	unpack b
	same "packed" "$(git ls-files)" "$(cd "spawnutil-$version" && find . -type f | sed 's|./||' | LC_ALL=C sort)"
}

test_help_names_every_goal() {
	plain_make -C "$top" help
	sed -n '/^\.PHONY/,/[^\\]$/p' "$top/Makefile" | tr -d '\\:' | xargs -n 1 |
		grep -Ev 'PHONY|^(always|all|check-programs|lint|needed)$' | while read -r name; do
		grep -qw -- "$name" log || echo "$name"
	done >missing
	[ ! -s missing ] || fail "make help doesn't name: $(cat missing)"
}

run_tests
