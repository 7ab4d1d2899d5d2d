#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs suites on Debian's kernels: CC=COMPILER tests/kernels.sh BUILD SUITE... The processor is
# the compiler's. qemu-system boots each kernel without help from hardware; user-mode Linux
# boots itself. The root is memory, with what is built and programs of Debian's packages. Prints
# what tests/run.sh prints there, and one line for each run at the end.
#
#	KERNELS			versions (6.1), which apt-get downloads, or files of packages,
#				or um, which is user-mode Linux; um and all versions that apt
#				has, if that isn't given
#	KERNEL_DESCRIPTORS	limits of open descriptors; a run with each
#	KERNEL_SECONDS		how long one kernel may take
#	PATIENCE		how often as long as on an ordinary machine a test may take

top=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1/kernels" && BUILD=$(cd "$1" && pwd) || exit 1
shift
work=$BUILD/kernels
debian=$work/debian
image=$work/root
: "${KERNEL_DESCRIPTORS:=1024 20000}" "${KERNEL_SECONDS:=3600}" "${PATIENCE:=20}"

# What the suites call, what all is linked with, and what pthread_cancel() loads; apt adds what
# those need
packages="bash bsdutils coreutils dash diffutils findutils grep libc-bin mawk mount procps sed
	strace tar util-linux check libbpf-dev libc6-dev libdw-dev libgcc-s1"
# The tests of thousands are for this machine.
few="RACES_PERCENT=2 MODEL_PERCENT=1 CAPTURE_PERCENT=5 CAPTURE_MB=1 SERVER_PERCENT=5 SYSTEM_ROUNDS=50"
few="$few POPEN_ROUNDS=5 POPEN_PAIRS=50 POPEN_MEGABYTES=2 DEADLINE_ROUNDS=50 DROP_IN_ROUNDS=2"
few="$few ID_LAUNCHES=20"

leave_out() {
	echo "check-kernels: skipped: $*"
	exit 0
}

: "${CC:=cc}"
for name in "${CC%% *}" cpio apt-get dpkg-deb; do
	command -v "$name" >/dev/null || leave_out "$name isn't installed"
done
triplet=$($CC -dumpmachine)
machine=${triplet%%-*}
case $machine in
x86_64) debians=amd64 emulator=qemu-system-x86_64 board='' console=ttyS0 um=um ;;
aarch64) debians=arm64 emulator=qemu-system-aarch64 console=ttyAMA0 um=''
	board='-machine virt -cpu cortex-a72' ;;
*) leave_out "no kernel for $machine" ;;
esac

# apt COMMAND...: of the packages for that processor, by this machine's sources; to it none of
# them is installed
apt() {
	tool=$1
	shift
	"$tool" -o APT::Architecture=$debians -o APT::Architectures=$debians -o Dir::Cache="$work/apt" \
		-o Dir::State="$work/apt" -o Dir::State::status="$work/apt/status" \
		-o Acquire::Languages=none \
		-o Acquire::IndexTargets::deb-src::Sources::DefaultEnabled=false "$@"
}

# versions: of the kernels that apt has
versions() {
	apt apt-cache pkgnames linux-image- |
		sed -n "s/^linux-image-\([0-9]*\.[0-9]*\)\..*-$debians\$/\1/p" | sort -Vu
}

# get VERSION|FILE: leaves the kernel in $work/boot, or says why there is none
get() {
	package=$1 program=$emulator
	[ "$1" != um ] || program=linux.uml
	command -v $program >/dev/null || { echo "$program isn't installed"; return 1; }
	[ "$1" != um ] || [ -n "$um" ] || { echo "linux.uml isn't for $debians"; return 1; }
	[ "$1" != um ] || return 0
	if [ ! -f "$package" ]; then
		# newer ones have it in a package of its own
		for kind in binary image; do
			name=$(apt apt-cache pkgnames "linux-$kind-$1." | grep -e "-$debians\$" |
				grep -vE -e '-(cloud|rt)-|-unsigned$' | sort -V | tail -n 1)
			[ -z "$name" ] || break
		done
		[ -n "$name" ] || { echo "apt has no linux-image-$1.*-$debians"; return 1; }
		(cd "$work" && { ls "${name}"_*.deb || apt apt-get -qq download "$name"; }) >"$work/log" 2>&1 ||
			{ echo "$name: $(tail -n 1 "$work/log")"; return 1; }
		package=$(find "$work" -name "${name}_*.deb" | sort -V | tail -n 1)
	fi
	[ "$(dpkg-deb -f "$package" Architecture)" = $debians ] ||
		{ echo "$package isn't for $debians"; return 1; }
	rm -rf "${work:?}/boot"
	# newer ones have it beside its modules
	dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work" --transform='s,.*/,boot/,' \
		--wildcards '*/vmlinuz*' 2>/dev/null ||
		{ echo "$package holds no kernel"; return 1; }
}

# unpack: the packages, or says why not
unpack() {
	# shellcheck disable=SC2086
	{ apt apt-get -qq autoclean && apt apt-get -qq -y --no-install-recommends --download-only \
		install $packages; } >"$work/log" 2>&1 || { tail -n 1 "$work/log"; return 1; }
	rm -rf "${debian:?}"
	for name in bin sbin lib lib64; do
		mkdir -p "$debian/usr/$name" && ln -s "usr/$name" "$debian/$name"
	done
	for package in "$work"/apt/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$package" | tar -x -C "$debian" --keep-directory-symlink
	done
	ln -sf mawk "$debian/usr/bin/awk"
}

# build: the suites, for another processor with the packages' libraries
build() {
	[ "$machine" = "$(uname -m)" ] ||
		set -- CC="$CC --sysroot=$debian" AR="$($CC -print-prog-name=ar)"
	${MAKE:-make} --no-print-directory -C "$top" -j"$(nproc)" BUILD="$BUILD" CC="$CC" "$@" check-programs
}

# pack SUITE...: the image
pack() {
	rm -rf "${image:?}"
	built=$image/spawnutil/build
	mkdir -p "$built/tests" && cd "$image" || exit 1
	# without a third, which isn't called there
	tar -c -C "$debian" --exclude='perl*' --exclude=gconv --exclude='*.a' \
		bin sbin lib lib64 usr/bin usr/sbin usr/lib usr/lib64 | tar -x
	mkdir dev etc mnt proc root run sys tmp var var/tmp && chmod 1777 tmp var/tmp
	cp /etc/passwd /etc/group /etc/nsswitch.conf etc/
	for name in Makefile README man src tests; do
		cp -r "$top/$name" spawnutil/
	done
	for name in libspawnutil.so libspawnutil-preload.so safespawn spawn-server spawnaudit spawnbench \
		spawnbench-child spawnutil.pc; do
		[ ! -e "$BUILD/$name" ] || cp "$BUILD/$name" "$built/"
	done
	for name in helpers "$@"; do
		[ ! -e "$BUILD/tests/$name" ] || cp -r "$BUILD/tests/$name" "$built/tests/"
	done
	find "$built" -name '*.[od]' -exec rm {} +
	init "$@" >./init && chmod 755 ./init
	find . | cpio -o -H newc --quiet -R 0:0 >"$work/initrd"
}

# init SUITE...: the first process there. What it says of itself begins with "== ".
init() {
	cat <<-END
		#!/bin/sh
		set -e
		export PATH=/usr/sbin:/usr/bin HOME=/root PATIENCE=$PATIENCE $few
		export TOLD=/dev/console
		mount -t proc proc /proc
		mount -t sysfs sys /sys
		mount -t devtmpfs dev /dev
		mkdir /dev/pts /dev/shm
		mount -t devpts pts /dev/pts
		mount -t tmpfs shm /dev/shm
		mount -t cgroup2 cgroup /sys/fs/cgroup
		for descriptors in $KERNEL_DESCRIPTORS; do
			echo "== Linux \$(uname -r), \$(sed -n 's/^.*: User Mode Linux/user-mode, /p' \
				/proc/cpuinfo)$machine, \$(getconf GNU_LIBC_VERSION), \$descriptors descriptors"
			(ulimit -n \$descriptors && sh /spawnutil/tests/run.sh /spawnutil/build $*) || :
		done
		echo "== end"
		echo o >/proc/sysrq-trigger
		sleep 20
	END
}

# boot VERSION|FILE: what is said there
boot() {
	case $1 in
	um) set -- linux.uml mem=1024M con=null con0=null,fd:1 "initrd=$work/initrd" ;;
	*) # shellcheck disable=SC2086	# words, or nothing
		set -- $emulator $board -accel tcg -smp 2 -m 1024 -display none -monitor none -serial stdio \
		-nic none -no-reboot -kernel "$work"/boot/vmlinuz* -initrd "$work/initrd" \
		-append "console=$console quiet mitigations=off panic=-1" ;;
	esac
	timeout --kill-after=5 "$KERNEL_SECONDS" "$@" </dev/null 2>&1 | sed -u 's,\r,,g'
}

mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial" && : >"$work/apt/status" || exit 1
apt apt-get -qq update >"$work/log" 2>&1 || :
ready=
: >"$work/runs"
for kernel in ${KERNELS-$um $(versions)}; do
	if ! why=$(get "$kernel" && { [ -n "$ready" ] || unpack; }); then
		echo "Linux $kernel: skipped: $why" >>"$work/runs"
		continue
	fi
	[ -n "$ready" ] || (build && pack "$@") || exit 1
	ready=1
	begun=$(date +%s)
	boot "$kernel" | tee "$work/said" | sed -un '/^== \(begins\|ends\) /d; /^== /,/^== end$/p'
	grep -q '^== ' "$work/said" || tail -n 5 "$work/said"
	took=$(($(date +%s) - begun))
	if grep -q 'ptrace set fp regs failed' "$work/said"; then
		echo "Linux $kernel: skipped: it can't set all registers of this processor (AMX)" >>"$work/runs"
		continue
	fi
	awk -v "kernel=$kernel" -v "seconds=$took" '
		/^== end$/ { ended = 1 }
		/^== begins/ { running[$3] = 1 }
		/^== ends/ { delete running[$3] }
		/^== Linux/ { run = substr($0, 4); runs++ }
		/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { print run ": " $0; totals++ }
		END {
			for (suite in running)
				names = names " " suite
			if (!ended || totals != runs)
				print run (run ? "" : "Linux " kernel) ": failed: no end in " seconds " s" \
					(names ? ", still running:" names : "")
		}' "$work/said" >>"$work/runs"
	echo "Linux $kernel: $took s"
done
echo
cat "$work/runs"
grep -qv ': skipped: ' "$work/runs" || leave_out "no kernel"
! grep -qE ': failed: |: 0 passed|[1-9][0-9]* failed' "$work/runs"
