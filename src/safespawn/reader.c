/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "common/message.h"
#include "deadline.h"
#include "forward.h"
#include "nonblock.h"

/* How long the slow ones have when we are to end. */
#define HURRY_MS 1000

/* A signal that is pending ends no poll(2). */
#define LOOK_MS 50

static const struct settings *asked;
static const sigset_t *signals;
static int is_hurried, is_given_up;
static struct deadline limit;

void reader_begin(const struct settings *settings, const sigset_t *waited)
{
	asked = settings;
	signals = waited;
	message_keep(nonblock_write);
	atexit(reader_finish);
}

void reader_hurry(void)
{
	is_hurried = 1;
}

static int is_time_left(void)
{
	struct timespec room;
	const struct timespec *left;

	if (is_hurried && !limit.is_set)
		deadline_set_from_now(&limit, HURRY_MS);
	left = deadline_left(&limit, &room);
	return !left || left->tv_sec > 0 || left->tv_nsec > 0;
}

static int is_told_to_end(void)
{
	static const struct timespec now;
	siginfo_t info;

	while (sigtimedwait(signals, &info, &now) > 0)
		if (asks_to_end(asked, &info))
			return 1;
	return 0;
}

/* A ^Z stops us then as it stops whoever reads: there is nobody left to stop first. */
int reader_wait(int fd)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	int is_ready = 0;
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTSTP);
	sigaddset(&stops, SIGTTIN);
	sigaddset(&stops, SIGTTOU);
	sigprocmask(SIG_UNBLOCK, &stops, NULL);
	while (!is_given_up && !is_ready) {
		is_ready = poll(&room, 1, LOOK_MS) > 0;
		is_given_up = is_told_to_end() || !is_time_left();
	}
	sigprocmask(SIG_BLOCK, &stops, NULL);
	return is_ready;
}

int reader_write(int fd, const char *text, size_t size)
{
	ssize_t gone;

	for (; size > 0; text += gone, size -= (size_t)gone) {
		gone = nonblock_write(fd, text, size);
		if (gone >= 0)
			continue;
		if (errno != EAGAIN)
			return -errno;
		if (!reader_wait(fd))
			return -EAGAIN;
		gone = 0;
	}
	return 0;
}

void reader_finish(void)
{
	int fd;

	do
		fd = message_flush();
	while (fd >= 0 && reader_wait(fd));
}
