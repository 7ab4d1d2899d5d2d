/* SPDX-License-Identifier: MIT */
/*
 * A child between pipes: bytes go in, bytes come out, until it ends. How it is
 * launched, ended and reaped is not known here.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../arch/arch.h"
#include "../kernel.h"
#include "clock.h"
#include "error.h"
#include "run.h"
#include "spawn.h"
#include "stop.h"
#include "wait.h"

/* A read has room for so much, at least. */
#define ROOM 16384
/* For launches in other threads to let go of a pipe */
#define MOMENT_US 10000

/* The places in an array for poll. */
enum { INPUT, OUTPUT, ERRORS, CHILD, PLACES };

struct stream {
	int fd;			/* our end; -1: not captured, or over */
	int64_t hold_us;	/* how long others may hold the pipe when the child has ended */
	size_t capacity;
	struct spu_output kept;
};

struct capture {
	struct spu_child child;
	struct stopping stopping;
	sigset_t mask;		/* of the thread, from before */
	struct stream outputs[2];
	int input_fd;		/* our end; -1: not given, or over */
	const char *input;
	size_t input_left;
	int pidfd;		/* to poll; -1: it can't be, we look every "pause" */
	int64_t pause_us;
	int64_t deadline;	/* of launch and child together */
	int is_complete;	/* the outputs are all that there will be */
};

/* libc's, so that ThreadSanitizer sees it; but that is a cancellation point. */
static void close_end(int *fd)
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
 * ---- Bytes
 */

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

/* Takes what is there, up to "most" bytes. The result is how many; at the end fd is -1. */
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
		close_end(&stream->fd);
	kept->size += (size_t)got;
	if (kept->limit && kept->size > kept->limit) {
		kept->size = kept->limit;
		kept->flags |= SPU_OUTPUT_TRUNCATED;
	}
	return got;
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

static int send_input(struct capture *capture)
{
	long sent = write_quietly(capture->input_fd, capture->input, capture->input_left);

	if (sent == -EAGAIN || sent == -EINTR)
		return 0;
	if (sent == -EPIPE)	/* it wants no more */
		sent = (long)capture->input_left;
	if (sent < 0)
		return (int)sent;
	capture->input += sent;
	capture->input_left -= (size_t)sent;
	if (capture->input_left == 0)
		close_end(&capture->input_fd);
	return 0;
}

static int wrote_too_much(const struct capture *capture)
{
	const unsigned both = SPU_OUTPUT_STOP | SPU_OUTPUT_TRUNCATED;

	return (capture->outputs[0].kept.flags & both) == both ||
	       (capture->outputs[1].kept.flags & both) == both;
}

/* Whatever poll says is there: data, room, the end, an error. */
static int transfer(struct capture *capture, const struct pollfd polls[PLACES])
{
	int i, r = 0;

	if (polls[INPUT].revents)
		r = send_input(capture);
	for (i = 0; i < 2 && r >= 0; i++)
		if (polls[OUTPUT + i].revents) {
			long got = receive(&capture->outputs[i], SIZE_MAX);

			r = got < 0 ? (int)got : 0;
		}
	return r;
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
		struct timespec timeout = {0, 0};

		left = deadline - spu__now_us();
		if (left > 0)
			timeout.tv_nsec = (long)left * 1000;
		syscall6(SYS_ppoll, (long)&look, 1, (long)&timeout, 0, 0, 0);
	} while (!look.revents && left > 0);
	return (look.revents & POLLHUP) != 0;
}

/*
 * The child has ended. What is in the pipe now, and all that comes if nobody
 * holds it; who does may write for ever.
 */
static int drain(struct stream *stream, int64_t deadline)
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
	close_end(&stream->fd);
	return 0;
}

/*
 * ---- Until it ends
 */

/* The one cancellation point. */
static int await_event(struct capture *capture, struct pollfd polls[PLACES])
{
	int64_t left = capture->stopping.deadline - spu__now_us(), hour = (int64_t)3600 * 1000000;
	int64_t most = capture->pidfd < 0 ? capture->pause_us : hour;
	struct timespec timeout;
	int r;

	left = left < 0 ? 0 : left < most ? left : most;
	timeout.tv_sec = (time_t)(left / 1000000);
	timeout.tv_nsec = (long)(left % 1000000) * 1000;
	polls[INPUT] = (struct pollfd){.fd = capture->input_fd, .events = POLLOUT};
	polls[OUTPUT] = (struct pollfd){.fd = capture->outputs[0].fd, .events = POLLIN};
	polls[ERRORS] = (struct pollfd){.fd = capture->outputs[1].fd, .events = POLLIN};
	polls[CHILD] = (struct pollfd){.fd = capture->pidfd, .events = POLLIN};
	r = ppoll(polls, PLACES, &timeout, NULL);
	/* as a wait without pidfd does, beginning again with what has moved */
	if (r > 0)
		capture->pause_us = 50;
	else if (capture->pause_us < 10000)
		capture->pause_us *= 2;
	if (r >= 0)
		return 0;
	r = -errno;
	polls[INPUT].revents = polls[OUTPUT].revents = polls[ERRORS].revents = 0;
	polls[CHILD].revents = 0;
	return r == -EINTR ? 0 : r;
}

static int serve(struct capture *capture)
{
	struct pollfd polls[PLACES];
	int r;

	for (;;) {
		r = await_event(capture, polls);
		if (r == 0)
			r = transfer(capture, polls);
		if (r < 0)
			return r;
		if (capture->pidfd < 0 || polls[CHILD].revents) {
			/* if it is not ours any more reaping says so */
			if (spu__has_ended(&capture->child) != 0)
				return 0;
			capture->pidfd = -1;	/* Linux 5.2 has pidfds, but they tell nothing */
		}
		if (spu__now_us() < capture->stopping.deadline &&
		    (capture->stopping.taken || !wrote_too_much(capture)))
			continue;
		r = spu__take_measure(&capture->stopping);
		/* it has ended, and reaping says so */
		if (r < 0 && r != -ECHILD)
			return r;
	}
}

/*
 * The child has ended, and what it has left behind may write for as long as that is
 * waited for, and the time isn't over. A cancellation point.
 */
static int linger(struct capture *capture)
{
	int64_t began = spu__now_us(), most = capture->deadline, left;
	struct pollfd polls[2];
	struct timespec timeout;
	int i, r;

	for (;;) {
		int64_t now = spu__now_us(), last = now;

		for (i = 0; i < 2; i++) {
			struct stream *stream = &capture->outputs[i];
			int64_t end = began + stream->hold_us;
			int is_waited_for;

			end = end < most ? end : most;
			is_waited_for = stream->fd >= 0 && now < end;
			polls[i] = (struct pollfd){is_waited_for ? stream->fd : -1, POLLIN, 0};
			last = is_waited_for && end > last ? end : last;
		}
		left = last - now;
		if (left == 0 || wrote_too_much(capture))
			return 0;
		timeout.tv_sec = (time_t)(left / 1000000);
		timeout.tv_nsec = (long)(left % 1000000) * 1000;
		r = ppoll(polls, 2, &timeout, NULL);
		if (r < 0 && errno != EINTR)
			return -errno;
		for (i = 0; i < 2 && r > 0; i++)
			if (polls[i].revents) {
				long got = receive(&capture->outputs[i], SIZE_MAX);

				if (got < 0)
					return (int)got;
			}
	}
}

/*
 * ---- From the launch to the end
 */

static void dispose(void *argument)
{
	struct capture *capture = argument;
	int i;

	close_end(&capture->input_fd);
	for (i = 0; i < 2; i++) {
		close_end(&capture->outputs[i].fd);
		free(capture->outputs[i].kept.data);
	}
	spu__end_child(&capture->child);
	pthread_sigmask(SIG_SETMASK, &capture->mask, NULL);
}

/* Our ends only: the child's are other open files. */
static int prepare_ends(struct capture *capture)
{
	const int ends[] = {capture->input_fd, capture->outputs[0].fd, capture->outputs[1].fd};
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i] >= 0 && fcntl(ends[i], F_SETFL, O_NONBLOCK) < 0)
			return -errno;
	if (capture->input_left == 0)
		close_end(&capture->input_fd);
	return 0;
}

/* From the launch to the reaped child, or to one that is let go. */
static int follow(struct capture *capture, int *ret_status)
{
	int i, r = prepare_ends(capture), ending;
	int64_t deadline;

	capture->pidfd = capture->child.pidfd;
	capture->pause_us = 50;
	if (r == 0)
		r = serve(capture);
	if (r < 0 && r != -EPERM && r != -EBUSY)
		return r;
	ending = r;
	if (ending == 0 && spu__has_ended(&capture->child) > 0)
		spu__end_group(&capture->stopping);
	r = ending == 0 && !capture->stopping.taken ? linger(capture) : 0;
	if (r < 0)
		return r;
	deadline = spu__now_us() + MOMENT_US;
	for (i = 0; i < 2; i++) {
		r = drain(&capture->outputs[i], deadline);
		if (r < 0)
			return r;
	}
	capture->is_complete = 1;
	if (ending < 0)
		return ending;
	r = spu__take_end(&capture->stopping, ret_status);
	if (r == 0 && wrote_too_much(capture))
		return -ENOBUFS;
	return r == 0 && capture->stopping.taken ? -ETIMEDOUT : r;
}

static void hand_over(struct stream *stream, struct spu_output *ret)
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

/* The caller's entries and then the pipes, by their numbers; a kind of 0: none. */
static int add_pipes(const struct spu_fd *fds, const struct spu_fd pipes[3],
		     struct spu_fd **ret_fds, size_t *ret_count, struct spu_error *ret_error)
{
	struct spu_fd *all;
	size_t count = 0, i;

	for (; fds && fds[count].kind; count++)
		if (fds[count].fd <= 2 && pipes[fds[count].fd].kind)
			return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, (int)count,
					    "descriptor %d: given, and %s", fds[count].fd,
					    fds[count].fd ? "captured" : "input too");
	all = calloc(count + 4, sizeof(*all));
	if (!all)
		return spu__error(ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "descriptors");
	*ret_fds = all;
	*ret_count = count;
	if (count)
		memcpy(all, fds, count * sizeof(*all));
	for (i = 0; i < 3; i++)
		if (pipes[i].kind)
			all[count++] = pipes[i];
	return 0;
}

static int launch(struct capture *capture, char *const argv[], struct spu_options *options,
		  const struct spu_fd pipes[3], struct spu_error *ret_error)
{
	struct spu_fd *fds = NULL;
	size_t count = 0;
	int r = add_pipes(options->fds, pipes, &fds, &count, ret_error);

	if (r < 0)
		return r;
	options->fds = fds;
	r = spu__spawn(&capture->child, argv, options, ret_error);
	/* The caller can't look our entries up. */
	if (r < 0 && ret_error && ret_error->index >= (int)count &&
	    (ret_error->step == SPU_STEP_PREPARE || ret_error->step == SPU_STEP_MOVE))
		ret_error->index = -1;
	free(fds);
	return r;
}

/* The first of its memory is had before there is a child. */
static int prepare_output(struct stream *stream, const struct spu_output *output,
			  const char *name, struct spu_error *ret_error)
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

int spu_capture(char *const argv[], const struct spu_options *options, const void *input,
		size_t input_size, struct spu_output *ret_out, struct spu_output *ret_err,
		int *ret_status, struct spu_error *ret_error)
{
	struct spu_options mine;
	struct capture capture = {
		.child = SPU_CHILD_INIT, .outputs = {{.fd = -1}, {.fd = -1}},
		.input_fd = -1, .input = input, .input_left = input_size};
	int is_merged = ret_out && ret_out == ret_err;
	const struct spu_fd in = SPU_PIPE_IN(0, &capture.input_fd),
		out = SPU_PIPE_OUT(1, &capture.outputs[0].fd),
		err = SPU_PIPE_OUT(2, &capture.outputs[1].fd), same = SPU_SAME(2, 1),
		none = {0};
	const struct spu_fd pipes[3] = {input ? in : none, ret_out ? out : none,
					is_merged ? same : ret_err ? err : none};
	int r = spu__accept_for_wait(argv, options, &mine, ret_error);

	if (r < 0)
		return r;
	capture.deadline = spu__deadline_of(mine.timeout_ms);
	spu__hold_sigchld(&mine, &capture.mask);
	if (!input && input_size > 0)
		r = spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1, "input is NULL");
	if (r == 0)
		r = prepare_output(&capture.outputs[0], ret_out, "ret_out", ret_error);
	if (r == 0)
		r = prepare_output(&capture.outputs[1], is_merged ? NULL : ret_err, "ret_err",
				   ret_error);
	if ((capture.outputs[0].kept.flags | capture.outputs[1].kept.flags) & SPU_OUTPUT_STOP)
		spu__give_group(&mine);
	if (r == 0)
		r = launch(&capture, argv, &mine, pipes, ret_error);
	if (r < 0) {
		dispose(&capture);
		return r;
	}
	capture.stopping = spu__stopping(&capture.child, &mine, capture.deadline);
	pthread_cleanup_push(dispose, &capture);
	r = follow(&capture, ret_status);
	if (capture.is_complete) {
		hand_over(&capture.outputs[0], ret_out);
		hand_over(&capture.outputs[1], is_merged ? NULL : ret_err);
	}
	r = spu__wait_result(r, argv[0], wrote_too_much(&capture), &capture.child, &mine,
			     ret_error);
	pthread_cleanup_pop(1);
	return r;
}
