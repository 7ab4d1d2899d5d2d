# SPDX-License-Identifier: MIT
# Sourced by the shell suites that build what Debian has in source.
# shellcheck shell=sh disable=SC2086	# lists of words

# fetch PACKAGE: its source, by the lists in $lists
lists=
fetch() {
	timeout 100 apt-get -qq $lists source "$1"
}

# The machine's lists, asked for sources, in a place of our own: nothing of the machine's changes
own_lists() {
	mkdir -p apt/parts apt/lists/partial apt/cache/archives/partial
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
		sed -n 's/^deb /deb-src /p' >apt/sources.list
	for file in /etc/apt/sources.list.d/*.sources; do
		[ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"apt/parts/${file##*/}"
	done
	lists="-o Dir::Etc::sourcelist=$PWD/apt/sources.list -o Dir::Etc::sourceparts=$PWD/apt/parts
		-o Dir::State::lists=$PWD/apt/lists -o Dir::Cache=$PWD/apt/cache -o APT::Sandbox::User=root"
	timeout 100 apt-get -qq $lists update
}

# source_of PACKAGE: unpacked, as ./source
source_of() {
	for tool in apt-get dpkg-source; do
		command -v $tool >/dev/null || skip "$tool isn't installed"
	done
	fetch "$1" >log 2>&1 || { own_lists && fetch "$1"; } >>log 2>&1 ||
		skip "no source of $1: $(grep -m 1 '^[EW]: .*Failed' log || grep '^E:' log)"
	mv "$1"-*/ source
}
