/* SPDX-License-Identifier: MIT */
/*
 * A server's child, which is its owner's: says that it is there, reads what it is to
 * execute, becomes like who asks for it, waits for the word to go, and executes. What
 * goes wrong in it is the end of one launch.
 */
#include "served.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "arch/arch.h"
#include "become.h"
#include "kernel.h"
#include "lib/server/request.h"

struct served {
	int socket;
	const struct owner *owner;
	struct request request;
	char *bytes;
	size_t size;
	int descriptors[DESCRIPTORS_AT_ONCE];
	size_t count;
};

static _Noreturn void fail(const struct served *served, const struct spu_error *error)
{
	struct answer answer = {.word = FAILED, .error = *error};

	spu__send(served->socket, &answer, sizeof(answer), NULL, 0);
	_exit(127);
}

static _Noreturn void fail_because(const struct served *served, int err, const char *why)
{
	struct spu_error error = {.err = err, .step = SPU_STEP_SERVER, .index = -1};

	snprintf(error.text, sizeof(error.text), "spawn server: %s: %s", why, strerror(err));
	fail(served, &error);
}

/* Nobody waits for it: who has given it up, or has ended, doesn't read what it says. */
static _Noreturn void go_away(void)
{
	_exit(127);
}

/* Something to read; a forked copy of the owner may hold the other end, too. */
static void await(const struct served *served)
{
	struct pollfd polls[] = {{.fd = served->socket, .events = POLLIN},
				 {.fd = served->owner->pidfd, .events = POLLIN}};

	while (poll(polls, 2, -1) < 0)
		;
	if (polls[1].revents)
		go_away();
}

/* All of it; the descriptors come with the first byte. */
static void receive(struct served *served, char *to, size_t size)
{
	size_t came;
	ssize_t r;

	while (size > 0) {
		came = DESCRIPTORS_AT_ONCE - served->count;
		r = spu__receive(served->socket, to, size, served->descriptors + served->count,
				 &came, NULL);
		if (r == -EAGAIN) {
			await(served);
			continue;
		}
		if (r <= 0)
			go_away();
		served->count += came;
		to += r;
		size -= (size_t)r;
	}
}

static void read_request(struct served *served)
{
	char head[REQUEST_HEAD];
	void *room;

	receive(served, head, sizeof(head));
	served->size = spu__request_size(head);
	if (served->size == 0)
		fail_because(served, EPROTO, "the request");
	served->bytes = malloc(served->size);
	room = malloc(REQUEST_ROOM(served->size));
	if (!served->bytes || !room)
		fail_because(served, ENOMEM, "the request");
	memcpy(served->bytes, head, sizeof(head));
	receive(served, served->bytes + sizeof(head), served->size - sizeof(head));
	if (spu__read_request(served->bytes, served->size, &served->request, room) < 0)
		fail_because(served, EPROTO, "the request");
	/* fewer came where the limit of open files leaves no room */
	if (served->count < served->request.descriptors)
		fail_because(served, EMFILE, "descriptors");
	if (served->request.descriptors == 0)
		fail_because(served, EPROTO, "the working directory");
}

static int number_of(const struct served *served, long place)
{
	if (place >= 0 && (size_t)place < served->count)
		return served->descriptors[place];
	fail_because(served, EPROTO, "a descriptor");
}

/* From places among what came to numbers. */
static void number_descriptors(struct served *served)
{
	struct spu_fd *fd = (struct spu_fd *)(uintptr_t)served->request.options.fds;
	struct spu_value *program = &served->request.options.program_fd;

	for (; fd && fd->kind; fd++)
		if (fd->kind == SPU_FD_MAP)
			fd->from = number_of(served, fd->from);
	if (program->set)
		program->value = number_of(served, program->value);
}

static int is_target(const struct spu_options *options, int number)
{
	const struct spu_fd *fd;

	if (number <= 2)
		return 1;
	for (fd = options->fds; fd && fd->kind; fd++)
		if (fd->fd == number)
			return 1;
	return 0;
}

/* To where nothing will be put; exec closes it. */
static void move_socket(struct served *served)
{
	while (is_target(&served->request.options, served->socket)) {
		int moved = fcntl(served->socket, F_DUPFD_CLOEXEC, served->socket + 1);

		if (moved < 0)
			fail_because(served, EMFILE, "the socket");
		close(served->socket);
		served->socket = moved;
	}
}

/* As a child's without a server: exec deletes it. But it may have been on its way for long. */
static void set_deadline(const struct served *served)
{
	const int64_t us = served->request.deadline_us;
	const struct kernel_sigevent overdue = {.signal = SIGKILL};
	const struct kernel_itimerspec deadline = {.value = {us / 1000000, us % 1000000 * 1000}};
	struct spu_error error = {.step = SPU_STEP_DEADLINE, .index = -1};
	int timer;
	long r;

	if (us <= 0)
		return;
	r = syscall3(SYS_timer_create, KERNEL_CLOCK_MONOTONIC, (long)&overdue, (long)&timer);
	if (r == 0)
		r = syscall4(SYS_timer_settime, timer, TIMER_ABSTIME, (long)&deadline, 0);
	if (r == 0)
		return;
	error.err = (int)-r;
	snprintf(error.text, sizeof(error.text), "timeout_ms%s: %s",
		 r == -EAGAIN ? ": its user has too many timers and signals" : "",
		 strerror(error.err));
	fail(served, &error);
}

static void await_go(struct served *served)
{
	char byte = 0;

	receive(served, &byte, 1);
}

/*
 * From before the look at the parent on: what is set by spu_exec() is about a parent
 * that may have ended by then.
 */
static void arm(const struct served *served)
{
	const struct spu_value *signal = &served->request.options.pdeathsig;

	if (signal->set)
		prctl(PR_SET_PDEATHSIG, signal->value, 0, 0, 0);
	if (getppid() != served->owner->pid)
		go_away();
}

void spu__serve(int socket, const struct owner *owner, const struct sender *sender)
{
	const struct answer here = {.word = CHILD_HERE};
	struct served served = {.socket = socket, .owner = owner};
	struct spu_error error;

	if (spu__send(socket, &here, sizeof(here), NULL, 0) != sizeof(here))
		go_away();
	read_request(&served);
	set_deadline(&served);
	number_descriptors(&served);
	move_socket(&served);
	if (spu__become(&served.request.standing, served.socket, sender,
			served.descriptors[served.request.descriptors - 1],
			&served.request.options, &error) < 0)
		fail(&served, &error);
	await_go(&served);
	arm(&served);
	spu_exec(served.request.argv, &served.request.options, &error);
	fail(&served, &error);
}
