#!/bin/sh
# SPDX-License-Identifier: MIT
# Other people's launchers beside ours: builds those that can be built here, into
# BUILD/peers, and runs spawnbench with each as an outside method. What lacks is
# named and left out.
#	run.sh BUILD [OPTION...]
# shellcheck disable=SC2016	# what is in single quotes is for the shell that spawnbench calls

build=$1
shift
PEERS=$build/peers
SOURCES=$(cd "$(dirname "$0")" && pwd)
# The python3 of PATH may be a script that looks for the real one
PYTHON=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null)
export PEERS SOURCES PYTHON
mkdir -p "$PEERS" || exit 1

# Each of the builders makes $out of $source, or fails

# build_c LIBRARY: a name that pkg-config knows, or -lNAME
build_c() {
	case $1 in
	-l*) flags=$1 ;;
	*) flags=$(pkg-config --cflags --libs "$1") || return ;;
	esac
	# shellcheck disable=SC2086
	${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -o "$out" "$source" $flags
}

build_go() {
	GOCACHE=$PEERS/cache go build -o "$out" "$source"
}

build_java() {
	javac -d "$out" "$source"
}

build_rust() {
	rustc -O -o "$out" "$source"
}

build_python() {
	[ -n "$PYTHON" ] && ln -s "$PYTHON" "$out"
}

# peer FILE PACKAGE BUILDER...: whether it can be had
peer() {
	source=$SOURCES/$1 out=$PEERS/${1%.*} package=$2
	shift 2
	rm -rf "$out"
	"$@" >"$out.log" 2>&1 && return
	echo "${source##*/} is left out: it needs ${package} of Debian (what was said: $out.log)" >&2
	return 1
}

peer apr.c libapr1-dev build_c apr-1 &&
	set -- "$@" --exec-method='apr="$PEERS"/apr'
peer glib.c libglib2.0-dev build_c glib-2.0 &&
	set -- "$@" --exec-method='glib="$PEERS"/glib fork' \
		--exec-method='glib-posix_spawn="$PEERS"/glib posix_spawn'
peer go.go golang-go build_go &&
	set -- "$@" --exec-method='go="$PEERS"/go start' --exec-method='go-exec="$PEERS"/go exec'
peer java.java default-jdk-headless build_java &&
	set -- "$@" --exec-method='java=java -cp "$PEERS"/java Peer'
peer libuv.c libuv1-dev build_c libuv &&
	set -- "$@" --exec-method='libuv="$PEERS"/libuv'
peer python.py python3 build_python &&
	set -- "$@" --exec-method='python="$PYTHON" "$SOURCES"/python.py posix_spawn' \
		--exec-method='python-Popen="$PYTHON" "$SOURCES"/python.py popen'
peer rust.rs rustc build_rust &&
	set -- "$@" --exec-method='rust="$PEERS"/rust'
peer skalibs.c skalibs-dev build_c -lskarnet &&
	set -- "$@" --exec-method='skalibs="$PEERS"/skalibs'
exec "$build/spawnbench" --methods=raw,posix_spawn,spu --child="$build/spawnbench-child" "$@"
