/* SPDX-License-Identifier: MIT */
#include "become.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/arch.h"
#include "kernel.h"

static int fail(struct spu_error *ret_error, int err, unsigned step, const char *what)
{
	*ret_error = (struct spu_error){.err = err, .step = step, .index = -1};
	snprintf(ret_error->text, sizeof(ret_error->text), "spawn server: %s: %s", what,
		 strerror(err));
	return -err;
}

/*
 * ---- Ids
 */

struct groups {
	gid_t *list;
	size_t count;
};

/* Of who made the socket, at that moment. The list is never freed: exec is near. */
static int read_peer_groups(int socket, struct groups *ret)
{
	socklen_t size = 0;

	*ret = (struct groups){0};
	if (getsockopt(socket, SOL_SOCKET, KERNEL_SO_PEERGROUPS, NULL, &size) < 0 &&
	    errno != ERANGE)
		return -errno;
	ret->list = malloc(size + sizeof(*ret->list));
	if (!ret->list)
		return -ENOMEM;
	if (getsockopt(socket, SOL_SOCKET, KERNEL_SO_PEERGROUPS, ret->list, &size) < 0)
		return -errno;
	ret->count = size / sizeof(*ret->list);
	return 0;
}

/* Both are sorted, as the kernel keeps them. */
static int has_groups(const struct groups *groups)
{
	int count = getgroups(0, NULL), are_same;
	gid_t *own;

	if (count < 0 || (size_t)count != groups->count || !groups->list)
		return 0;
	own = malloc((size_t)(count + 1) * sizeof(*own));
	are_same = own && getgroups(count, own) == count &&
		   memcmp(own, groups->list, groups->count * sizeof(*own)) == 0;
	free(own);
	return are_same;
}

/* The kernel does it itself only for who was root. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0, 0, 0}};

	/* before Linux 4.3 there are none */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall3(SYS_capset, (long)&head, (long)none, 0) < 0 ? -1 : 0;
}

static int take_ids(uid_t uid, gid_t gid, const struct groups *groups,
		    struct spu_error *ret_error)
{
	if (!has_groups(groups) && setgroups(groups->count, groups->list) < 0)
		return fail(ret_error, errno, SPU_STEP_GROUPS, "take the caller's groups");
	if (setresgid(gid, gid, gid) < 0)
		return fail(ret_error, errno, SPU_STEP_GID, "take the caller's gid");
	if (setresuid(uid, uid, uid) < 0)
		return fail(ret_error, errno, SPU_STEP_UID, "take the caller's uid");
	if (uid != 0 && drop_capabilities() < 0)
		return fail(ret_error, errno, SPU_STEP_UID, "give the server's capabilities up");
	return 0;
}

/*
 * Real ids are the sender's of the message to the server, effective ones the socket's
 * maker's. Where they are the server's nothing is done; others must be one for all.
 */
static int become_user(int socket, const struct sender *sender, struct spu_error *ret_error)
{
	struct groups groups;
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int r = read_peer_groups(socket, &groups);

	if (r == 0 && getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		r = -errno;
	if (r < 0)
		return fail(ret_error, -r, SPU_STEP_SERVER, "look for the caller's ids");
	if (sender->uid == getuid() && sender->gid == getgid() && peer.uid == geteuid() &&
	    peer.gid == getegid() && has_groups(&groups))
		return 0;
	if (sender->uid != peer.uid || sender->gid != peer.gid)
		return fail(ret_error, EPERM, SPU_STEP_UID,
			    "the caller's real and effective ids differ");
	return take_ids(peer.uid, peer.gid, &groups, ret_error);
}

/*
 * ---- What the request says
 */

static int become_limited(const struct standing *standing, struct spu_error *ret_error)
{
	struct kernel_rlimit64 own;
	long r;
	int i;

	for (i = 0; i < STANDING_LIMITS; i++) {
		const struct kernel_rlimit64 *wanted = &standing->limits[i];

		r = syscall4(SYS_prlimit64, 0, i, 0, (long)&own);
		if (r < 0 || (own.current == wanted->current && own.max == wanted->max))
			continue;
		r = syscall4(SYS_prlimit64, 0, i, (long)wanted, 0);
		if (r < 0)
			return fail(ret_error, (int)-r, SPU_STEP_LIMIT,
				    "take the caller's limits");
	}
	return 0;
}

static int become_as_nice(const struct standing *standing, struct spu_error *ret_error)
{
	unsigned char own[STANDING_CPU_BYTES] = {0};
	long r;

	if (standing->nice != getpriority(PRIO_PROCESS, 0) &&
	    setpriority(PRIO_PROCESS, 0, standing->nice) < 0)
		return fail(ret_error, errno, SPU_STEP_NICE, "take the caller's nice value");
	syscall3(SYS_sched_getaffinity, 0, sizeof(own), (long)own);
	if (memcmp(own, standing->cpus, sizeof(own)) == 0)
		return 0;
	r = syscall3(SYS_sched_setaffinity, 0, sizeof(standing->cpus), (long)standing->cpus);
	return r < 0 ? fail(ret_error, (int)-r, SPU_STEP_CPUS, "take the caller's processors") : 0;
}

/* Only upwards, for which nobody needs a right. The file isn't ours after a change of ids. */
static int become_as_killable(const struct standing *standing, struct spu_error *ret_error)
{
	static const char path[] = "/proc/self/oom_score_adj";
	char text[16];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return fail(ret_error, errno, SPU_STEP_OOM, path);
	got = read(fd, text, sizeof(text) - 1);
	text[got < 0 ? 0 : got] = '\0';
	if (standing->oom_score_adj > atoi(text)) {
		int length = snprintf(text, sizeof(text), "%d", standing->oom_score_adj);

		if (pwrite(fd, text, (size_t)length, 0) < 0)
			return fail(ret_error, errno, SPU_STEP_OOM, path);
	}
	close(fd);
	return 0;
}

/* The server has all signals as they are by default. */
static void become_as_deaf(const struct standing *standing)
{
	const struct kernel_sigaction ignore = {.handler = (void *)SIG_IGN};
	int signal;

	for (signal = 1; signal <= KERNEL_SIGNALS; signal++)
		if (standing->ignored & SPU_SIGNAL(signal))
			syscall4(SYS_rt_sigaction, signal, (long)&ignore, 0, KERNEL_SIGSET_SIZE);
}

/* The caller's group, where it is one of this session; else the server's. */
static int become_member(const struct standing *standing, const struct spu_options *options,
			 struct spu_error *ret_error)
{
	if (options->pgroup.set || options->flags & SPU_SETSID ||
	    standing->session != getsid(0) || standing->group == getpgrp())
		return 0;
	if (setpgid(0, standing->group) < 0)
		return fail(ret_error, errno, SPU_STEP_PGROUP, "join the caller's process group");
	return 0;
}

int spu__become(const struct standing *standing, int socket, const struct sender *sender,
		int directory, const struct spu_options *options, struct spu_error *ret_error)
{
	int r;

	/* Where the caller is, though it may have no right to go there; nor has it one to look */
	if (fchdir(directory) < 0)
		return fail(ret_error, errno, SPU_STEP_CWD,
			    "go to the caller's working directory");
	r = become_as_killable(standing, ret_error);
	if (r == 0)
		r = become_user(socket, sender, ret_error);
	if (r == 0)
		r = become_limited(standing, ret_error);
	if (r == 0)
		r = become_as_nice(standing, ret_error);
	if (r == 0)
		r = become_member(standing, options, ret_error);
	if (r < 0)
		return r;
	become_as_deaf(standing);
	umask((mode_t)standing->umask);
	return 0;
}
