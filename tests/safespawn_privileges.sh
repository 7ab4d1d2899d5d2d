#!/bin/sh
# SPDX-License-Identifier: MIT
# Ids, groups, root directory, limits, priorities: what the command sees of them.
# shellcheck disable=SC2016,SC2317,SC3045	# $ for inner shells; the tests are called by
# name, in lib.sh; ulimit has these options in dash and bash

# shellcheck source-path=SCRIPTDIR source=refusals.sh
. "$(dirname "$0")/refusals.sh"

need_root() {
	[ "$(id -u)" -eq 0 ] || skip "only root $1"
}

need_ordinary_user() {
	[ "$(id -u)" -ne 0 ] || skip "root may do it"
}

# What the command printed, on one line
words() {
	printf '%s\n' "$out" | tr -s ' \n' ' ' | sed 's/ $//'
}

# field NAME OPTION...: of the command's /proc/self/status
field() {
	name=$1
	shift
	safespawn -q "$@" sed -n "s/^$name:[[:space:]]*//p" /proc/self/status |
		tr '\t' ' ' | sed 's/ *$//'
}

test_uid_and_gid_are_all_three() {
	need_root "can change ids"
	same uid '5 5 5 5' "$(field Uid --uid=5 --gid=7 --groups=none)"
	same gid '7 7 7 7' "$(field Gid --uid=5 --gid=7 --groups=none)"
	same "uid alone" '0 0 0 0' "$(field Gid --uid=5 --groups=none)"
	same "in place" '5 5 5 5' "$(field Uid --exec --uid=5 --groups=none)"
	same "the largest" '4294967294 4294967294 4294967294 4294967294' \
		"$(field Uid --uid=4294967294 --groups=none)"
}

test_groups_as_a_list_none_and_keep() {
	need_root "can change ids"
	same none '' "$(field Groups --uid=5 --groups=none)"
	same numbers '7 27' "$(field Groups --uid=5 --groups=7,27)"
	same "names and numbers" "$(id -g "$(id -gn)") 27" \
		"$(field Groups --uid=5 --groups="$(id -gn),27")"
	same keep '11 12' "$(safespawn -q --groups=11,12 "$BUILD/safespawn" -q --uid=5 --groups=keep \
		sed -n 's/^Groups:[[:space:]]*//p' /proc/self/status | sed 's/ *$//')"
	same "groups alone" '11 12' "$(field Groups --groups=12,11)"
}

test_user_gives_uid_gid_and_groups() {
	need_root "can change ids"
	grep -q '^nobody:' /etc/passwd || skip "there is no user nobody"
	uid=$(id -u nobody) gid=$(id -g nobody)
	for name in nobody "$uid"; do
		same "uid of $name" "$uid $uid $uid $uid" "$(field Uid --user="$name")"
		same "gid of $name" "$gid $gid $gid $gid" "$(field Gid --user="$name")"
		same "groups of $name" "$(id -G nobody)" "$(field Groups --user="$name")"
	done
	same "groups of their own" 27 "$(field Groups --user=nobody --groups=27)"
}

# ids OPTION...: uid gid groups
ids() {
	safespawn -q "$@" sed -n 's/^\(Uid\|Gid\|Groups\):[[:space:]]*//p' /proc/self/status |
		tr '\t\n' '  ' | sed 's/ *$//'
}

# As USER of a container has it
test_user_with_a_group_has_that_one_alone() {
	need_root "can change ids"
	grep -q '^nobody:' /etc/passwd || skip "there is no user nobody"
	uid=$(id -u nobody) tty=$(getent group tty | cut -d : -f 3)
	same name "$uid $uid $uid $uid $tty $tty $tty $tty" "$(ids --user=nobody:tty)"
	same number "$uid $uid $uid $uid 27 27 27 27" "$(ids --user="$uid:27")"
	same "numbers without an entry" '4711 4711 4711 4711 815 815 815 815' "$(ids --user=4711:815)"
	same "groups of their own" "4711 4711 4711 4711 $tty $tty $tty $tty 6 7" \
		"$(ids --user=4711:tty --groups=6,7)"
	same "in place" '4711 4711 4711 4711 815 815 815 815' "$(ids --exec --user=4711:815)"
}

test_gid_by_name() {
	need_root "can change ids"
	tty=$(getent group tty | cut -d : -f 3)
	same gid "$tty $tty $tty $tty" "$(field Gid --gid=tty --groups=none)"
}

test_user_env_is_of_the_entry() {
	need_root "can change ids"
	entry=$(getent passwd nobody) || skip "there is no user nobody"
	home=$(echo "$entry" | cut -d : -f 6) shell=$(echo "$entry" | cut -d : -f 7)
	# shellcheck disable=SC2016
	set -- sh -c 'echo "$HOME $USER $LOGNAME $SHELL $OTHER"'
	HOME=old OTHER=kept status 0 safespawn -q --user=nobody --user-env "$@"
	same variables "$home nobody nobody ${shell:-/bin/sh} kept" "$out"
	status 0 safespawn -q --user="$(id -u nobody):27" --user-env HOME=/srv "$@"
	same "an assignment counts more" "/srv nobody nobody ${shell:-/bin/sh} $OTHER" "$out"
	status 0 safespawn -q -i -u USER --user=nobody --user-env env
	same "into an empty environment" "HOME LOGNAME SHELL USER" \
		"$(printf '%s\n' "$out" | sed 's/=.*//' | sort | tr '\n' ' ' | sed 's/ $//')"
	HOME=old USER=old status 0 safespawn -q --user=nobody sh -c 'echo "$HOME $USER"'
	same "without it" "old old" "$out"
}

test_an_ordinary_user_learns_what_it_needs() {
	if [ "$(id -u)" -eq 0 ]; then
		chmod 755 .
		set -- safespawn -q --uid=5 --gid=5 --groups=none "$BUILD/safespawn" -q
		"$@" true 2>/dev/null || skip "another user can't execute what is in the build directory"
	else
		set -- safespawn -q
	fi
	status 125 "$@" --uid=0 --groups=keep true
	same uid "safespawn: setuid 0: Operation not permitted: needs root, or CAP_SETUID" "$err"
	status 125 "$@" --gid=0 --groups=keep true
	same gid "safespawn: setgid 0: Operation not permitted: needs root, or CAP_SETGID" "$err"
	status 125 "$@" --uid=0 --groups=none true
	like groups "safespawn: setgroups*: Operation not permitted: needs root*--groups=keep" "$err"
	status 125 "$@" --root=/ true
	same root "safespawn: chroot /: Operation not permitted: needs root, or CAP_SYS_CHROOT" "$err"
	status 125 "$@" -n -1 true
	same nice "safespawn: nice $(($(nice) - 1)): Permission denied: lowering it needs root, or CAP_SYS_NICE" "$err"
	status 125 "$@" --rlimit=nofile=10 "$BUILD/safespawn" -q --rlimit=nofile=20 true
	same limit "safespawn: limit nofile: Operation not permitted: raising a hard limit needs root, \
or CAP_SYS_RESOURCE" "$err"
}

test_root_learns_which_capability_it_lacks() {
	need_root "may have some and lack others"
	knows setpriv bounding-set
	for try in 'chroot /: sys_chroot --root=/' 'setuid 5: setuid --uid=5 --groups=keep' \
		'setgid 5: setgid --gid=5 --groups=keep' 'setgroups: setgid --groups=5' \
		"nice $(($(nice) - 1)): sys_nice -n -1" 'limit core: sys_resource --rlimit=core=20K'; do
		what=${try%%: *} rest=${try#*: }
		capability=${rest%% *}
		# shellcheck disable=SC2086
		(
			ulimit -c 10
			status 125 setpriv --bounding-set="-$capability" --inh-caps="-$capability" \
				"$BUILD/safespawn" -q ${rest#* } true
			like "$what" "safespawn: $what: *denied*needs CAP_*, which root lacks here*" \
				"$(echo "$err" | sed 's/not permitted/denied/')"
			like "$what" "*CAP_$(echo "$capability" | tr a-z A-Z), *" "$err"
		) || exit
	done
}

test_a_user_namespace_that_forbids_setgroups() {
	unshare --user --map-root-user true 2>/dev/null || skip "no user namespaces here"
	status 125 unshare --user --map-root-user "$BUILD/safespawn" -q --user=root true
	same denied "safespawn: setgroups: Operation not permitted: this user namespace forbids it; \
--groups=keep does without" "$err"
	status 0 unshare --user --map-root-user "$BUILD/safespawn" -q --user=root --groups=keep true
	for id in uid gid; do
		status 125 unshare --user --map-root-user "$BUILD/safespawn" -q --$id=1234 --groups=keep true
		same "no such $id" \
			"safespawn: set$id 1234: Invalid argument: this user namespace has no such id" "$err"
	done
}

test_no_more_descriptors_than_the_system_allows() {
	need_root "comes as far as that"
	most=$(cat /proc/sys/fs/nr_open)
	refuses "limit nofile: Operation not permitted: the system allows no more than $most (fs.nr_open)" \
		--rlimit=nofile=$((most + 1))
}

test_ids_that_make_no_sense() {
	misused '--uid needs --groups: a list, none, or keep; or --user=USER*' --uid=5
	misused '--gid needs --groups: a list, none, or keep' --gid=5
	misused '--user and --uid exclude each other*' --user=root --uid=5
	misused '--user and --gid exclude each other*' --user=root --gid=5
	misused '--uid=root: not a number; for a name: --user' --uid=root --groups=none
	misused '--uid=4294967295: out of range (0 to 4294967294)' --uid=4294967295 --groups=none
	misused '--user-env needs --user' --user-env --uid=5 --groups=none
	refuses '--gid=-1: out of range (0 to 4294967294)' --gid=-1 --groups=none
	refuses '--gid=no-such-one: no*' --gid=no-such-one --groups=none
	refuses '--gid="": no*' --gid= --groups=none
	refuses '--user=root:no-such-one: no-such-one: no*' --user=root:no-such-one
	refuses '--user=no-such-one:5: no*' --user=no-such-one:5
	refuses '--user=4711:4294967295: 4294967295: out of range*' --user=4711:4294967295
	refuses '--user=:5: no user before the colon; for a group alone: --gid' --user=:5
	refuses '--user=root:: no group behind the colon' --user=root:
	refuses '--user-env: 4000000001:5 has no entry, and so no home; write HOME=DIR' \
		--user=4000000001:5 --user-env
	refuses '--user=no-such-one: no*' --user=no-such-one
	refuses '--user="": no*' --user=
	refuses '--user=4000000001: no*, and so no group; write USER:GROUP' --user=4000000001
	refuses '--groups=1,no-such-one: no-such-one: no*' --groups=1,no-such-one
	refuses '--groups=1,,2: not a list of groups (27,audio; or none, or keep)' --groups=1,,2
	refuses '--groups="": not a list of groups*' --groups=
}

test_nothing_is_opened_before_the_names_are_known() {
	status 125 safespawn -q --user=no-such-one -r '1>made' true
	[ ! -e made ] || fail "the redirection's file was made"
}

test_redirections_are_opened_with_the_callers_ids() {
	need_root "can change ids"
	mkdir closed
	chmod 700 . closed
	status 0 safespawn -q --uid=5 --groups=none -r '1>closed/file' id -u
	same file 5 "$(cat closed/file)"
}

test_no_new_privs() {
	same "by default" 0 "$(field NoNewPrivs)"
	same given 1 "$(field NoNewPrivs --no-new-privs)"
	same "in place" 1 "$(field NoNewPrivs --exec --no-new-privs)"
}

test_root() {
	need_root "can change the root directory"
	mkdir -p tree/bin tree/sub
	cp "$BUILD/spawnbench-child" tree/bin/child
	cp "$BUILD/spawnbench-child" tree/sub/there
	status 0 safespawn -q --root=tree /bin/child
	status 0 safespawn -q --root=tree PATH=/nowhere:/bin child
	status 127 safespawn -q --root=tree sh
	status 0 safespawn -q --root=tree -C /sub ./there
	status 127 safespawn -q --root=tree ./there
	status 0 safespawn -q --exec --root=tree /bin/child
	status 0 safespawn -q --root=tree --uid=5 --groups=none /bin/child
	status 0 safespawn -q --explain --root=tree PATH=/nowhere:/bin child
	like plan '*chroot("tree")*chdir("/")*' "$out"
	like look-up '*#	/nowhere/child: No such file or directory
#	/bin/child: found*' "$out"
	status 0 safespawn -q --explain --root=tree -C /sub ./there
	like look-up '*#	./there: found*' "$out"
	refuses 'chroot nowhere: No such file or directory' --root=nowhere
	refuses 'chdir /no: No such file or directory' --root=tree -C /no
}

test_root_needs_an_absolute_directory() {
	misused '--root needs --chdir to begin with /*' --root=tree -C sub
}

test_limits() {
	status 0 safespawn -q --rlimit=nofile=37 sh -c 'ulimit -Sn; ulimit -Hn'
	same "one value" "37 37" "$(words)"
	status 0 safespawn -q --rlimit=nofile=17:37 sh -c 'ulimit -Sn; ulimit -Hn'
	same "two values" "17 37" "$(words)"
	status 0 safespawn -q --rlimit=core=0: sh -c 'ulimit -Sc; ulimit -Hc'
	same "hard kept" "0 $(ulimit -Hc)" "$(words)"
	(ulimit -Sn 20; status 0 safespawn -q --rlimit=nofile=:30 sh -c 'ulimit -Sn; ulimit -Hn'
	same "soft kept" "20 30" "$(words)") || exit
	status 0 safespawn -q --rlimit=fsize=8K:1M --rlimit=cpu=100 --rlimit=core=unlimited: \
		--rlimit=fsize=4K:1M sh -c 'sed -n "s/^Max \(file size\|cpu time\) *//p" /proc/self/limits'
	same "several; the last counts" "100 100 seconds 4096 1048576 bytes" "$(words)"
}

test_limits_that_make_no_sense() {
	misused '--rlimit=nofile: write LIMIT=SOFT:HARD, or LIMIT=VALUE for both' --rlimit=nofile
	misused '--rlimit=files=3: no such limit; there are: as *nofile*' --rlimit=files=3
	misused '--rlimit=no=3: no such limit*' --rlimit=no=3
	misused '--rlimit==3: no such limit*' --rlimit==3
	misused '--rlimit=nofile=: neither *' --rlimit=nofile=
	misused '--rlimit=nofile=:: neither *' --rlimit=nofile=:
	misused '--rlimit=nofile=3x: a limit is a number or "unlimited"' --rlimit=nofile=3x
	misused '--rlimit=nofile=-1: a limit is a number or "unlimited"' --rlimit=nofile=-1
	misused '--rlimit=nofile=3:4:5: a limit is a number*' --rlimit=nofile=3:4:5
	misused '--rlimit=nofile=1K: *no size' --rlimit=nofile=1K
	misused '--rlimit=as=99999999999999999999: out of range*' --rlimit=as=99999999999999999999
	misused '--rlimit=as=17179869184G: out of range*' --rlimit=as=17179869184G
	refuses '--rlimit=nofile: the soft limit 9 is above the hard limit 8; *nofile=SOFT:HARD' \
		--rlimit=nofile=9:8
	(ulimit -Sn 20; refuses '--rlimit=nofile: the soft limit 20 is above the hard limit 10;*' \
		--rlimit=nofile=:10)
}

test_nice_adds() {
	now=$(nice)
	[ "$now" -le 10 ] || skip "the niceness is $now already"
	status 0 safespawn -q -n 3 nice
	same once $((now + 3)) "$out"
	status 0 safespawn -q --nice=3 safespawn -q -n 4 nice
	same twice $((now + 7)) "$out"
	status 0 safespawn -q -n 40 nice
	same "as far as it goes" 19 "$out"
	misused '--nice=41: out of range (-40 to 40)' -n 41
	misused '--nice=-41: out of range (-40 to 40)' -n -41
	misused '--nice=x: not a number' --nice=x
}

test_oom_score_adj() {
	own=$(cat /proc/self/oom_score_adj)
	status 0 safespawn -q --oom-score-adj=700 sh -c 'cat /proc/self/oom_score_adj /proc/$PPID/oom_score_adj'
	same "the command's and safespawn's" "700
$own" "$out"
	knows setpriv bounding-set
	status 0 setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource \
		safespawn -q --oom-score-adj=1000 cat /proc/self/oom_score_adj
	same "raised by somebody without the right to lower it" 1000 "$out"
	status 125 setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource \
		safespawn --oom-score-adj=-1000 true
	like "lowered" "safespawn: oom_score_adj -1000: Permission denied: *CAP_SYS_RESOURCE*" "$err"
	misused '--oom-score-adj=1001: out of range (-1000 to 1000)*' --oom-score-adj=1001
	misused '--oom-score-adj=x: not a number*' --oom-score-adj=x
}

test_cpu_list() {
	allowed=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
	one=${allowed%%[-,]*}
	same one "$one" "$(field Cpus_allowed_list --cpu-list="$one")"
	same "those that aren't there don't count" "$one" \
		"$(field Cpus_allowed_list --cpu-list="$one,8000-8191")"
	same all "$allowed" "$(field Cpus_allowed_list --cpu-list=0-8191)"
	same "every third" "$(taskset -c 0-8191:3 sed -n "s/^Cpus_allowed_list:[[:space:]]*//p" /proc/self/status)" \
		"$(field Cpus_allowed_list --cpu-list=0-8191:3)"
	same "the last list counts" "$one" "$(field Cpus_allowed_list --cpu-list=8000 --cpu-list="$one")"
	refuses 'cpus: Invalid argument: --cpu-list names no processor that we may use' \
		--cpu-list=8191
	misused '--cpu-list=8192: out of range (0 to 8191*' --cpu-list=8192
	misused '--cpu-list=3-1: out of range*' --cpu-list=3-1
	misused '--cpu-list=1,: not a list of processors (1,3-5,8-30:2)' --cpu-list=1,
	misused '--cpu-list=a: not a list of processors*' --cpu-list=a
}

# Of /proc/PID/stat: the real-time priority and the policy
scheduling() {
	safespawn -q "$@" cut -d' ' -f40,41 /proc/self/stat
}

test_scheduler() {
	[ "$(cut -d' ' -f41 /proc/self/stat)" = 0 ] || skip "this shell has a policy of its own"
	same batch '0 3' "$(scheduling --scheduler=batch)"
	same idle '0 5' "$(scheduling --scheduler=idle)"
	same "the last counts" '0 0' "$(scheduling --scheduler=rr:5 --scheduler=other)"
	misused '--reset-on-fork needs --scheduler' --reset-on-fork
	misused '--scheduler=deadline: not a scheduling policy*there are: other *' --scheduler=deadline
	misused '--scheduler=rr:x: not a scheduling policy*' --scheduler=rr:x
	misused '--scheduler=rr:100: the priority is out of range (1 to 99)' --scheduler=rr:100
	misused 'scheduler: SCHED_FIFO and SCHED_RR need a sched_priority, 1 to 99' --scheduler=rr
	misused 'sched_priority: only SCHED_FIFO and SCHED_RR have one' --scheduler=idle:3
}

test_scheduler_with_a_priority() {
	need_root "has the right to one"
	chrt -f 1 true || skip "no real-time policy is to be had"
	same rr '7 2' "$(scheduling --scheduler=rr:7)"
	same fifo '99 1' "$(scheduling --scheduler=fifo:99)"
	status 0 safespawn -q --scheduler=rr:8 --reset-on-fork sh -c 'cut -d" " -f41 /proc/$$/stat
		(cut -d" " -f41 /proc/self/stat); true'
	same "reset on fork" '2 0' "$(words)"
	knows setpriv bounding-set
	status 125 setpriv --bounding-set=-sys_nice --inh-caps=-sys_nice \
		safespawn --scheduler=fifo:3 true
	like "without the right" "safespawn: scheduler fifo 3: Operation not permitted: *CAP_SYS_NICE*" "$err"
}

test_ionice() {
	command -v ionice >/dev/null || skip "there is no ionice(1)"
	for priority in 'idle=idle' 'best-effort: prio 7=best-effort:7' 'best-effort: prio 4=best-effort'; do
		status 0 safespawn -q --ionice="${priority#*=}" sh -c 'ionice -p $$'
		same "$priority" "${priority%=*}" "$out"
	done
	misused '--ionice=lazy: not a class of I/O*there are: none realtime best-effort idle' --ionice=lazy
	misused '--ionice=best-effort:8: the number is out of range (0 to 7)' --ionice=best-effort:8
	misused 'ioprio: the class none has no level' --ionice=none:3
	misused 'ioprio: the class idle has no level' --ionice=idle:3
	knows setpriv bounding-set
	status 125 setpriv --bounding-set=-sys_nice,-sys_admin --inh-caps=-sys_nice,-sys_admin \
		safespawn --ionice=realtime true
	like "without the right" "safespawn: ioprio realtime 4: Operation not permitted: *CAP_SYS_NICE*" "$err"
}

test_ambient_capabilities_of_an_ordinary_user() {
	need_root "has any to give"
	setpriv --ambient-caps=+net_bind_service --inh-caps=+net_bind_service true ||
		skip "there are none to give"
	same ambient 0000000000000400 "$(field CapAmb --user=nobody --ambient-caps=+net_bind_service)"
	same effective 0000000000000400 "$(field CapEff --uid=5 --groups=none --ambient-caps=CAP_NET_BIND_SERVICE)"
	same inheritable 0000000000000401 \
		"$(field CapInh --uid=5 --groups=none --inh-caps=+net_bind_service,+chown)"
	same "taken back" 0000000000000000 "$(field CapAmb --ambient-caps=+net_bind_service,-all)"
	same "to those that are there" 0000000000000401 "$(safespawn -q --ambient-caps=+chown \
		"$BUILD/safespawn" -q --ambient-caps=+net_bind_service sed -n 's/^CapAmb:.//p' /proc/self/status)"
}

test_bounding_set_and_securebits() {
	need_root "has anything to drop"
	setpriv --bounding-set=-all true || skip "nothing may be dropped"
	for caps in -all -sys_admin,-net_raw -all,+chown; do
		same "$caps" "$(setpriv --bounding-set=$caps sed -n 's/^CapBnd:.//p' /proc/self/status)" \
			"$(field CapBnd --bounding-set=$caps)"
	done
	same "nothing is left" 0000000000000000 "$(field CapEff --bounding-set=-all)"
	same noroot 0000000000000000 "$(field CapEff --securebits=+noroot,+noroot_locked)"
	status 0 safespawn -q --securebits=+noroot,noroot_locked,-noroot_locked setpriv -d
	like securebits '*Securebits: noroot
*' "$out
"
	status 125 setpriv --bounding-set=-setpcap --inh-caps=-setpcap \
		safespawn --bounding-set=-all true
	like "without the right" \
		"safespawn: bounding_set: drop chown: Operation not permitted: needs CAP_SETPCAP, which root lacks here" "$err"
}

test_capabilities_that_make_no_sense() {
	misused '--ambient-caps=+nonsense: not a list of capabilities*--help has their names' --ambient-caps=+nonsense
	misused '--inh-caps="": not a list*' --inh-caps=
	misused '--inh-caps=+chown,: not a list*' --inh-caps=+chown,
	misused '--bounding-set=+-chown: not a list*' --bounding-set=+-chown
	misused '--securebits=+all: not a list of securebits*' --securebits=+all
	misused "ambient_caps: one that isn't in inheritable_caps" --ambient-caps=+chown --inh-caps=-all
}

test_seccomp() {
	# BPF_RET: everything passes; nothing does but by its death
	printf '\006\000\000\000\000\000\377\177' >pass
	printf '\006\000\000\000\000\000\000\200' >kill
	same filter 2 "$(field Seccomp --no-new-privs --seccomp=pass)"
	status 159 sh -c 'safespawn --no-new-privs --seccomp=kill true'
	like killed 'safespawn: mask: the child was killed by signal 31 (SYS)*' "$err"
	refuses '--seccomp=nowhere: No such file or directory' --seccomp=nowhere
	: >empty
	refuses '--seccomp=empty: not a filter: that is 1 to 4096 instructions of 8 bytes' --seccomp=empty
	echo 1234 >odd
	refuses '--seccomp=odd: not a filter: *' --seccomp=odd
	head -c 32769 /dev/zero >long
	refuses '--seccomp=long: not a filter: *' --seccomp=long
	head -c 32768 /dev/zero >zeros
	refuses 'seccomp: the kernel takes no such filter' --no-new-privs --seccomp=zeros
	[ "$(id -u)" -ne 0 ] ||
		refuses 'seccomp: it needs no_new_privs, or CAP_SYS_ADMIN: --no-new-privs' \
			--seccomp=pass --user=nobody
}

test_landlock() {
	mkdir tree
	status 0 safespawn -q --no-new-privs --landlock-access=fs:make-reg,write-file \
		--landlock-rule=path-beneath:make-reg,write-file:tree \
		--landlock-rule=path-beneath:write-file:/dev/null \
		sh -c 'echo >tree/file && { ! echo >file; } 2>/dev/null' ||
		skip "no Landlock here"
	like "nothing at all" 'safespawn: exec /bin/true: the Landlock rules may forbid it: Permission denied' \
		"$(safespawn -q --no-new-privs --landlock-access=fs /bin/true 2>&1)"
	status 0 safespawn -q --no-new-privs --landlock-access=fs \
		--landlock-rule=path-beneath:execute,read-file,read-dir:/ \
		--landlock-rule=path-beneath:write-file,truncate:/dev/null true
	for option in --timeout=600 --launch-timeout=600; do
		status 2 safespawn -q $option --no-new-privs --landlock-access=fs:make-reg \
			sh -c '{ echo >new; } 2>/dev/null || exit 2'
	done
	refuses 'landlock rule nowhere: No such file or directory' --landlock-access=fs \
		--landlock-rule=path-beneath:execute:nowhere
	misused '--landlock-rule needs --landlock-access' --landlock-rule=path-beneath:execute:/
	misused '--landlock-access=net: not fs, nor *there are: execute *' --landlock-access=net
	misused '--landlock-access=fs:: not fs, nor *' --landlock-access=fs:
	for rule in path-beneath:execute path-beneath:execute: path-beneath:all:/ path-beneath::/ net:execute:/; do
		misused "--landlock-rule=$rule: not a rule: path-beneath:ACCESS,ACCESS:PATH" \
			--landlock-access=fs --landlock-rule=$rule
	done
	[ "$(id -u)" -ne 0 ] ||
		refuses 'landlock: it needs no_new_privs, or CAP_SYS_ADMIN: --no-new-privs' \
			--landlock-access=fs:make-reg --user=nobody
}

test_pdeathsig_ends_the_command_with_safespawn() {
	safespawn -q --pdeathsig=TERM sh -c 'trap "echo told >told; mv told done; exit" TERM
		: >ready; while :; do sleep 0.05; done' &
	for _ in $(seq 200); do
		[ ! -e ready ] || break
		sleep 0.05
	done
	kill -KILL $!
	for _ in $(seq 200); do
		[ ! -e "done" ] || break
		sleep 0.05
	done
	same signal told "$(cat "done")"
	misused '--pdeathsig=NONE: not a signal' --pdeathsig=NONE
	misused '--background and --pdeathsig exclude each other*' -b --pdeathsig=TERM
}

test_the_order_of_the_plan() {
	status 0 safespawn -q --explain --root=/ -C /tmp --uid=1 --gid=2 --groups=3 --no-new-privs \
		--rlimit=nofile=100 --rlimit=core=0 -n 1 --oom-score-adj=7 --cpu-list=0 --scheduler=batch --ionice=idle --umask=022 --pdeathsig=HUP true
	same steps 'nice oom oom oom cpus scheduler ioprio limit umask chroot chdir setgroups setgid setuid no-new-privs pdeathsig parent-alive limit' \
		"$(printf '%s\n' "$out" | sed -n 's/^ *[0-9][0-9]* \([a-z-]*\) .*/\1/p' |
			grep -vxE 'close|stop-pending|mask|ready|exec|move|open' | tr '\n' ' ' | sed 's/ $//')"
}

test_method_posix_spawn_refuses_them() {
	for option in --no-new-privs '--uid=0 --groups=keep' '--gid=0 --groups=keep' '--groups=none' \
		'-n 1' '--cpu-list=0' '--rlimit=core=0:' '--pdeathsig=HUP' '--root=/'; do
		# shellcheck disable=SC2086
		refuses '*: not with method posix_spawn*' -m posix_spawn $option
	done
}

run_tests
