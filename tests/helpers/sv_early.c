/* SPDX-License-Identifier: MIT */
/*
 * A spawn server whose children close their socket a moment before they execute,
 * which is true, whatever they are asked for.
 */
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "arch/arch.h"
#include "kernel.h"
#include "lib/server/channel.h"
#include "lib/server/request.h"

static void say(int socket, enum word word, pid_t pid)
{
	struct answer answer = {.word = word, .pid = pid, .error.text = SERVER_VERSION};

	spu__send(socket, &answer, sizeof(answer), NULL, 0);
}

static void hear(int socket, char *bytes, size_t size, int *fds, size_t *count)
{
	struct pollfd more = {.fd = socket, .events = POLLIN};
	ssize_t r;

	while (size > 0) {
		poll(&more, 1, -1);
		r = spu__receive(socket, bytes, size, fds, count, NULL);
		if (r <= 0)
			_exit(0);
		bytes += r;
		size -= (size_t)r;
	}
}

static void serve(int socket)
{
	char head[REQUEST_HEAD], *rest;
	size_t size;

	say(socket, CHILD_HERE, 0);
	hear(socket, head, sizeof(head), NULL, NULL);
	size = spu__request_size(head) - sizeof(head);
	rest = malloc(size + 1);
	hear(socket, rest, size + 1, NULL, NULL);	/* and the word to go */
	free(rest);
	close(socket);
	usleep(100000);
	execl("/bin/true", "true", (char *)NULL);
	_exit(126);
}

int main(void)
{
	long pid;
	char byte;

	say(SERVER_SOCKET, SERVER_READY, getpid());
	for (;;) {
		size_t count = 1;
		int socket;

		hear(SERVER_SOCKET, &byte, 1, &socket, &count);
		pid = syscall6(SYS_clone, KERNEL_CLONE_PARENT, 0, 0, 0, 0, 0);
		if (pid == 0)
			serve(socket);
		say(socket, SERVER_CLONED, (pid_t)pid);
		close(socket);
	}
}
