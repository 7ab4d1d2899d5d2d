# SPDX-License-Identifier: MIT
# Sourced by the suites of spawnaudit, behind lib.sh.
# shellcheck shell=sh disable=SC2034,SC2154

need() {
	[ -x "$BUILD/spawnaudit" ] || skip "spawnaudit wasn't built: libdw is missing"
}

# commit WAY [PROGRAM]: sa_stuck in the background until its child waits; $child, $parent, $owner
commit() {
	rm -f held zone
	"${2:-$HELPERS/sa_stuck}" "$1" >held 2>&1 </dev/null &
	sinner=$!
	trap 'kill $sinner $child 2>/dev/null' EXIT
	for _ in $(seq 600); do
		# one that ends when it has said so is gone, and did say so
		kill -0 $sinner 2>/dev/null && runs=1 || runs=0
		! grep -q '^ready' held || break
		[ $runs -eq 1 ] || fail "sa_stuck $1: $(cat held)"
		sleep 0.1
	done
	child=$(sed -n 's/^child //p' held)
	parent=$(sed -n 's/^parent //p' held)
	owner=$(sed -n 's/^owner //p' held)
	[ -n "$child" ] || fail "sa_stuck $1: $(cat held)"
}

end() {
	kill "$sinner" "$child" 2>/dev/null
	wait "$sinner" 2>/dev/null || :
}

# Is spawnaudit --watch, $watcher, at it? The iterator comes first, and goes when it has been read.
is_watching() {
	case $(sed -n 's/^link_type://p' /proc/"$watcher"/fdinfo/* 2>/dev/null) in
	*iter* | '') return 1 ;;
	esac
}

# refused PATTERN PID: one line, and the status says that nothing is known
refused() {
	status 125 spawnaudit --stuck "$2"
	like "$2" "spawnaudit: $2$1" "$err"
	same "$2: lines" 1 "$(printf '%s\n' "$err" | grep -c .)"
}

# write_told: launches of programs that are told of what they get, or not: the lines of
# ./told are the leaks that these are, and the command
write_told() {
	cat >variables <<-'END'
		exec 7</etc/passwd
		NODE_CHANNEL_FD=7 /bin/true; WAYLAND_SOCKET=7 /bin/true
		/bin/cat /dev/fd/7 >/dev/null; /bin/true --from=/proc/self/fd/7
	END
	cat >others <<-'END'
		exec 7</etc/passwd
		NODE_CHANNEL_FD=8 /bin/true; /bin/true /dev/fd/77; /bin/true
		NODE_CHANNEL_FD=99999999999999999999 /bin/true; NODE_CHANNEL_FD=7x /bin/true
		exit 0
	END
	cat >helper <<-'END'
		exec 7< <(exit); ./jspawnhelper; exec 8</etc/passwd; ./jspawnhelper; exit 0
	END
	sed 's/^| //' >listens <<-'END'
		| import os
		| for n in range(2):
		|     os.set_inheritable(os.open("/etc/passwd", os.O_RDONLY), True)
		| for told, count in (os.getpid, "2"), (os.getppid, "2"), (os.getpid, "99999999999"):
		|     pid = os.fork()
		|     if pid == 0:
		|         os.execve("/bin/true", ["true"], {"LISTEN_FDS": count, "LISTEN_PID": str(told())})
		|     os.waitpid(pid, 0)
	END
	ln -s /bin/true jspawnhelper
	printf '%s\n' 'none|sh variables' '5 leak|sh others' >told
	! command -v bash >/dev/null || echo '1 leak|bash helper' >>told
	! command -v python3 >/dev/null || echo '2 leak|python3 listens' >>told
}

# origin_of FD: the lines below that of a descriptor
origin_of() {
	awk -v fd="$1" '
		/^(  what|  passed| {8}) +[0-9]+ +(r|w|rw|path) / {
			sub(/^  [a-z]+/, "")
			on = $1 == fd
			next
		}
		/^  where/ { on = 0 }
		on' report
}

# all_are_named HOW: each that the helper made is in the report
all_are_named() {
	[ "$(wc -l <made)" -ge 17 ] || fail "the helper made only: $(cat made)"
	while read -r fd call function; do
		origin_of "$fd" >origin
		grep -q "by sa_origins ([0-9]*)$1: $call(" origin ||
			fail "$fd isn't by $call: $(cat origin report)"
		grep -q " $function[.a-z0-9]* at sa_origins.c:[0-9]" origin ||
			fail "$fd isn't by $function: $(cat origin)"
	done <made
	! grep 'opened  unknown' report || fail "unknown"
}
