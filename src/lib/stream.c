/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../arch/arch.h"
#include "../kernel.h"
#include "clock.h"
#include "error.h"

/* A read has room for so much, at least. */
#define ROOM 16384

/* libc's, so that ThreadSanitizer sees it; but that is a cancellation point. */
void spu__close_end(int *fd)
{
	int cancel_state;

	if (*fd < 0)
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	close(*fd);
	*fd = -1;
	pthread_setcancelstate(cancel_state, NULL);
}

/*
 * write(2), and if nobody reads no SIGPIPE is left: it is the thread's own, so
 * it is blocked and taken here. One of the thread's own that was pending before
 * has become one with it, and is given back.
 */
static long write_quietly(int fd, const void *data, size_t size)
{
	const uint64_t pipe_signal = SPU_SIGNAL(SIGPIPE);
	const struct timespec at_once = {0, 0};
	uint64_t mask = 0, pending = 0;
	long r;

	syscall4(SYS_rt_sigprocmask, SIG_BLOCK, (long)&pipe_signal, (long)&mask,
		 KERNEL_SIGSET_SIZE);
	if (mask & pipe_signal)
		syscall3(SYS_rt_sigpending, (long)&pending, KERNEL_SIGSET_SIZE, 0);
	r = syscall3(SYS_write, fd, (long)data, (long)size);
	if (r == -EPIPE)	/* the thread's own is taken before the process's */
		syscall4(SYS_rt_sigtimedwait, (long)&pipe_signal, 0, (long)&at_once,
			 KERNEL_SIGSET_SIZE);
	if (r == -EPIPE && pending & pipe_signal) {
		syscall3(SYS_rt_sigpending, (long)&pending, KERNEL_SIGSET_SIZE, 0);
		if (!(pending & pipe_signal))
			syscall3(SYS_tgkill, getpid(), syscall3(SYS_gettid, 0, 0, 0), SIGPIPE);
	}
	syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, KERNEL_SIGSET_SIZE);
	return r;
}

int spu__send_input(struct input *input)
{
	long sent = write_quietly(input->fd, input->data, input->left);

	if (sent == -EAGAIN || sent == -EINTR)
		return 0;
	if (sent == -EPIPE)	/* it wants no more */
		sent = (long)input->left;
	if (sent < 0)
		return (int)sent;
	input->data += sent;
	input->left -= (size_t)sent;
	if (input->left == 0)
		spu__close_end(&input->fd);
	return 0;
}

static int make_room(struct stream *stream)
{
	size_t limit = stream->kept.limit, capacity = 2 * stream->capacity;
	char *data;

	/* one more for the NUL */
	if (stream->capacity > stream->kept.size + ROOM)
		return 0;
	if (capacity == 0)
		capacity = 2 * ROOM;
	/* What is over the limit is read too, but needs one place only. */
	if (limit && limit < capacity - ROOM - 1)
		capacity = limit + ROOM + 1;
	data = realloc(stream->kept.data, capacity);
	if (!data)
		return -ENOMEM;
	stream->kept.data = data;
	stream->capacity = capacity;
	return 0;
}

int spu__prepare_stream(struct stream *stream, const struct spu_output *output, const char *name,
			struct spu_error *ret_error)
{
	if (!output)
		return 0;
	if (output->reserved_words[0] || output->reserved_words[1] || output->reserved_words[2])
		return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1,
				    "%s: reserved is not 0: initialize it with {0}", name);
	if (output->hold_ms < 0)
		return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1,
				    "%s: hold_ms is negative", name);
	stream->kept.limit = output->limit;
	stream->kept.hold_ms = output->hold_ms;
	stream->hold_us = (int64_t)output->hold_ms * 1000;
	/* what an earlier call has said there means nothing */
	stream->kept.flags = output->flags & SPU_OUTPUT_STOP;
	if (stream->kept.flags && !output->limit)
		return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1,
				    "%s: SPU_OUTPUT_STOP without limit", name);
	if (make_room(stream) < 0)
		return spu__error(ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "%s", name);
	return 0;
}

/* Up to "most" bytes. The result is how many. */
static long receive(struct stream *stream, size_t most)
{
	struct spu_output *kept = &stream->kept;
	long got = make_room(stream);
	size_t room;

	if (got < 0)
		return got;
	room = stream->capacity - kept->size - 1;
	do
		got = syscall3(SYS_read, stream->fd, (long)(kept->data + kept->size),
			       (long)(room < most ? room : most));
	while (got == -EINTR);
	if (got < 0)
		return got == -EAGAIN ? 0 : got;
	if (got == 0)
		spu__close_end(&stream->fd);
	kept->size += (size_t)got;
	if (kept->limit && kept->size > kept->limit) {
		kept->size = kept->limit;
		kept->flags |= SPU_OUTPUT_TRUNCATED;
	}
	return got;
}

int spu__read_stream(struct stream *stream)
{
	long got = receive(stream, SIZE_MAX);

	return got < 0 ? (int)got : 0;
}

int spu__has_overflowed(const struct stream *stream)
{
	const unsigned both = SPU_OUTPUT_STOP | SPU_OUTPUT_TRUNCATED;

	return (stream->kept.flags & both) == both;
}

/*
 * Has everybody else let go of the pipe? Launches in other threads have copies
 * of the child's end until they are as far as exec, so they get a moment.
 */
static int is_let_go(const struct stream *stream, int64_t deadline)
{
	struct pollfd look = {.fd = stream->fd};	/* POLLHUP comes unasked */
	int64_t left;

	do {
		struct timespec timeout;

		left = deadline - spu__now_us();
		timeout = spu__timespec(left);
		syscall6(SYS_ppoll, (long)&look, 1, (long)&timeout, 0, 0, 0);
	} while (!look.revents && left > 0);
	return (look.revents & POLLHUP) != 0;
}

int spu__drain(struct stream *stream, int64_t deadline)
{
	int left = 0, is_over;

	if (stream->fd < 0)
		return 0;
	if (ioctl(stream->fd, FIONREAD, &left) < 0)
		return -errno;
	is_over = is_let_go(stream, deadline);
	while (stream->fd >= 0 && (is_over || left > 0)) {
		long got = receive(stream, is_over ? SIZE_MAX : (size_t)left);

		if (got < 0)
			return (int)got;
		left -= (int)got;
		if (got == 0)	/* the end, or somebody has opened it again by /proc */
			is_over = left = 0;
	}
	if (stream->fd >= 0)
		stream->kept.flags |= SPU_OUTPUT_HELD;
	spu__close_end(&stream->fd);
	return 0;
}

void spu__hand_over(struct stream *stream, struct spu_output *ret)
{
	struct spu_output *kept = &stream->kept;
	char *shrunk;

	if (!ret)
		return;
	kept->data[kept->size] = '\0';
	shrunk = realloc(kept->data, kept->size + 1);
	if (shrunk)
		kept->data = shrunk;
	*ret = *kept;
	kept->data = NULL;
}
