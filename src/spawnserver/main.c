/* SPDX-License-Identifier: MIT */
/*
 * The spawn server: a process that launches for the one that has started it, so that
 * what it launches is that one's child. It receives and clones; all else is done in
 * what it has cloned (served.c). Started by spu_server_start(): spawn-server OWNER.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "kernel.h"
#include "lib/server/channel.h"
#include "served.h"

/* Without a pidfd (before Linux 5.3) it looks whether its owner is there still. */
#define LOOK_MS 1000

static void say(int socket, enum word word, pid_t pid)
{
	struct answer answer = {.word = word, .pid = pid};

	if (word == SERVER_READY)
		memcpy(answer.error.text, SERVER_VERSION, sizeof(SERVER_VERSION));
	spu__send(socket, &answer, sizeof(answer), NULL, 0);
}

static void refuse(int socket, int err, unsigned step, const char *text)
{
	struct answer answer = {.word = FAILED, .error = {.err = err, .step = step, .index = -1}};

	snprintf(answer.error.text, sizeof(answer.error.text), "%s", text);
	spu__send(socket, &answer, sizeof(answer), NULL, 0);
}

/* As fork does, but the child is the owner's. No atfork handler, and nothing is shared. */
static long clone_for_owner(void)
{
	return syscall6(SYS_clone, KERNEL_CLONE_PARENT, 0, 0, 0, 0, 0);
}

static void launch(int socket, const struct owner *owner, const struct sender *sender)
{
	char text[64];
	long pid;

	if (sender->pid != owner->pid) {
		snprintf(text, sizeof(text), "spawn server: it belongs to process %d",
			 (int)owner->pid);
		refuse(socket, ECHILD, SPU_STEP_SERVER, text);
		return;
	}
	pid = clone_for_owner();
	if (pid == 0) {
		close(SERVER_SOCKET);
		spu__serve(socket, owner, sender);
	}
	if (pid > 0) {
		say(socket, SERVER_CLONED, (pid_t)pid);
		return;
	}
	snprintf(text, sizeof(text), "clone: %s", strerror((int)-pid));
	refuse(socket, (int)-pid, SPU_STEP_CLONE, text);
}

static void serve(const struct owner *owner)
{
	struct pollfd polls[] = {{.fd = SERVER_SOCKET, .events = POLLIN},
				 {.fd = owner->pidfd, .events = POLLIN}};
	struct sender sender;
	size_t count;
	ssize_t r;
	int socket;
	char byte = 0;

	for (;;) {
		poll(polls, 2, owner->pidfd < 0 ? LOOK_MS : -1);
		if (polls[1].revents || getppid() != owner->pid)
			return;
		count = 1;
		r = spu__receive(SERVER_SOCKET, &byte, 1, &socket, &count, &sender);
		if (r == -EAGAIN)
			continue;
		if (r <= 0)	/* no owner has the other end any more */
			return;
		if (count == 0)
			continue;
		launch(socket, owner, &sender);
		close(socket);
	}
}

/* Each launch comes with a socket: without a number for it there is no way to answer. */
static int has_room(void)
{
	int fd = fcntl(SERVER_SOCKET, F_DUPFD_CLOEXEC, 0);

	return fd >= 0 && close(fd) == 0;
}

int main(int argc, char *argv[])
{
	struct owner owner = {.pid = argc == 2 ? atoi(argv[1]) : 0};

	if (owner.pid <= 0) {
		fprintf(stderr, "spawn-server: spu_server_start(3) starts it\n");
		return 125;
	}
	/* no mount is held by it; its children are told where to be */
	if (chdir("/") < 0)
		return 125;
	owner.pidfd = (int)syscall3(SYS_pidfd_open, owner.pid, 0, 0);
	/* its children would be nobody's that the owner can wait for */
	if (getppid() == 0) {
		refuse(SERVER_SOCKET, ENOTSUP, SPU_STEP_SERVER, "spawn server: the process has "
		       "unshared its pid namespace, and a server outside of it can't be had");
		return 125;
	}
	if (getppid() != owner.pid)
		return 125;
	if (!has_room()) {
		refuse(SERVER_SOCKET, EMFILE, SPU_STEP_SERVER,
		       "spawn server: its limit of open files leaves no number for a launch");
		return 125;
	}
	say(SERVER_SOCKET, SERVER_READY, getpid());
	serve(&owner);
	return 0;
}
