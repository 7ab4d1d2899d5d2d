/* SPDX-License-Identifier: MIT */
/*
 * What this kernel, and what stands before it (a seccomp filter, an emulator),
 * offer to launches, found by harmless calls. For people: launches don't ask,
 * they try and fall back.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../arch/arch.h"
#include "../kernel.h"
#include "../spawnutil.h"
#include "launch/knowledge.h"
#include "text.h"

/* Each returns 0 or a negative errno value. What a working call answers to nonsense is success. */

static int probe_clone3(void)
{
	long r = syscall3(SYS_clone3, 0, 0, 0);

	return r == -EINVAL ? 0 : (int)r;
}

static int probe_close_range(void)
{
	/* an empty part of the table: nothing is there to be closed */
	return (int)syscall3(SYS_close_range, ~0u, ~0u, 0);
}

static int probe_close_range_cloexec(void)
{
	return (int)syscall3(SYS_close_range, ~0u, ~0u, KERNEL_CLOSE_RANGE_CLOEXEC);
}

/* With a pidfd of our own process: what asks for it gets it, and closes it. */
static int with_own_pidfd(int (*ask)(int pidfd))
{
	long pidfd = syscall3(SYS_pidfd_open, getpid(), 0, 0);
	int r;

	if (pidfd < 0)
		return (int)pidfd;
	r = ask ? ask((int)pidfd) : 0;
	close((int)pidfd);
	return r;
}

static int ask_signal(int pidfd)
{
	return (int)syscall4(SYS_pidfd_send_signal, pidfd, 0, 0, 0);
}

static int ask_wait(int pidfd)
{
	siginfo_t info;
	long r = syscall6(SYS_waitid, KERNEL_P_PIDFD, pidfd, (long)&info, WEXITED | WNOHANG, 0, 0);

	return r == -ECHILD ? 0 : (int)r;
}

static int ask_getfd(int pidfd)
{
	long fd = syscall3(SYS_pidfd_getfd, pidfd, pidfd, 0);

	if (fd >= 0)
		close((int)fd);
	return fd < 0 ? (int)fd : 0;
}

/* 5.2's is ready at once; we haven't ended. */
static int ask_poll(int pidfd)
{
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
	int r = poll(&poll_fd, 1, 0);

	return r == 0 ? 0 : r < 0 ? -errno : -EOPNOTSUPP;
}

static int probe_pidfd(void)
{
	return with_own_pidfd(NULL);
}

static int probe_signal(void)
{
	return with_own_pidfd(ask_signal);
}

static int probe_wait(void)
{
	return with_own_pidfd(ask_wait);
}

static int probe_poll(void)
{
	return with_own_pidfd(ask_poll);
}

static int probe_getfd(void)
{
	return with_own_pidfd(ask_getfd);
}

static int probe_proc(void)
{
	return access("/proc/self/fd", R_OK) == 0 ? 0 : -errno;
}

static int probe_wipe(void)
{
	long size = sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int r;

	if (page == MAP_FAILED)
		return -errno;
	r = madvise(page, (size_t)size, MADV_WIPEONFORK) < 0 ? -errno : 0;
	munmap(page, (size_t)size);
	return r;
}

static int probe_landlock(void)
{
	long r = syscall3(SYS_landlock_create_ruleset, 0, 0, KERNEL_LANDLOCK_VERSION);

	return r < 0 ? (int)r : 0;
}

static const struct {
	const char *name;
	int (*probe)(void);
	const char *otherwise;
} features[] = {
	{"clone3", probe_clone3, "clone, and caught signals are reset one by one"},
	{"pidfd", probe_pidfd, "the child's number alone"},
	{"pidfd polled", probe_poll, "a timed wait looks again and again"},
	{"pidfd waited for", probe_wait, "waits by number"},
	{"pidfd signalled", probe_signal, "signals by number"},
	{"pidfd_getfd", probe_getfd, "pipes in a full descriptor table cost a long copy"},
	{"close_range", probe_close_range, "/proc/self/fd, else number by number"},
	{"close_range for later", probe_close_range_cloexec, "spu_exec marks one by one"},
	{"/proc", probe_proc, "numbers up to the limit are tried"},
	{"wiped on fork", probe_wipe, "the process's number is compared"},
	{"Landlock", probe_landlock, "a launch with landlock_access fails"},
};

static void show_features(struct text *text)
{
	size_t i;
	int r;

	for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		r = features[i].probe();
		if (r == 0) {
			spu__add_text(text, "%-22s yes\n", features[i].name);
			continue;
		}
		errno = -r;
		spu__add_text(text, "%-22s no (%m): %s\n", features[i].name,
			      features[i].otherwise);
	}
	r = spu__memory_is_shared();
	spu__add_text(text, "%-22s %s\n", "memory shared",
		      r > 0 ? "yes"
		      : r < 0 ? "unknown: the first launch finds out, and has an error pipe"
			      : "no: errors come through a pipe");
}

int spu_probe(char **ret_text)
{
	struct text text = {0};
	int cancel_state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	show_features(&text);
	pthread_setcancelstate(cancel_state, NULL);
	return spu__take_text(&text, ret_text);
}
