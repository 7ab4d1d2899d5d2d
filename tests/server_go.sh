#!/bin/sh
# SPDX-License-Identifier: MIT
# The founding case: a host in C with a Go plugin whose threads work, and a spawn server.
# shellcheck disable=SC2317,SC3013	# lib.sh calls the tests; dash has -nt

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=plugin.sh
. "$(dirname "$0")/plugin.sh"

test_a_go_host_launches_by_itself_by_the_server_as_another_user_and_behind_a_filter() {
	[ -z "${SAN-}" ] || skip "Go's runtime and a sanitizer's are in each other's way"
	need_plugin
	public_child
	launches=200
	[ -z "${CHECK_ALL-}" ] || launches=2000
	status 0 timeout 300 "$HELPERS/sv_gohost" "$BUILD/spawn-server" "$plugin" "$CHILD" $launches
	{
		echo "$launches directly"
		echo "$launches by the server"
		if [ "$(id -u)" -eq 0 ]; then
			echo "$launches as another user"
			echo "ids 65534 65534 65534"
		fi
		echo "$launches behind a filter"
		echo end
	} >expected
	same "what it did" "$(cat expected)" "$out"
}

run_tests
