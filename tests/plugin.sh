# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034,SC3013	# for who sources this; dash has -nt
# For the suites about a host with a Go plugin: after lib.sh.
top=$(cd "$(dirname "$0")/.." && pwd)

# Go compiles its runtime for a plugin, which takes a while: its cache stays
: "${GO_CACHE=$BUILD/tests/go/cache}"

# build_plugin OUTPUT SOURCE: one at a time, for what it compiles the next one finds
build_plugin() {
	mkdir -p "$GO_CACHE"
	(
		flock 9 2>/dev/null
		env GO111MODULE=off GOTOOLCHAIN=local GOPROXY=off GOFLAGS= CGO_ENABLED=1 \
			GOCACHE="$GO_CACHE" GOPATH="${GO_CACHE%/*}/path" \
			go build -buildmode=c-shared -o "$1" "$2" 9>&-
	) 9>"${GO_CACHE%/*}/lock"
}

# Built once.
need_plugin() {
	plugin=$BUILD/tests/go/sa_plugin.so
	source=$top/tests/helpers/sa_plugin.go
	[ ! "$plugin" -nt "$source" ] || return 0
	command -v go >/dev/null || skip "Go isn't installed (golang-go)"
	mkdir -p "$BUILD/tests/go"
	build_plugin "$plugin.$$" "$source" >log 2>&1 ||
		skip "Go can't build a plugin here: $(tail -n 1 log)"
	# whole, for another suite at the same time
	mv "$plugin.$$" "$plugin"
	rm -f "$BUILD"/tests/go/*.h
}

# trace_host [OPTION...]: until its child hangs, and ends it; the report in report, its status
trace_host() {
	spawnaudit --log=report "$@" "$HELPERS/sa_gohost" "$plugin" >said 2>&1 &
	audit=$!
	for _ in $(seq 600); do
		! grep -q '^ready' said || break
		sleep 0.1
	done
	kill -TERM "$(sed -n 's/^parent //p' said)"
	wait "$audit"
}
