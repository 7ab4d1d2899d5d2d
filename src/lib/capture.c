/* SPDX-License-Identifier: MIT */
/* A child between pipes: bytes go in, bytes come out, until it ends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "error.h"
#include "run.h"
#include "spawn.h"
#include "stop.h"
#include "stream.h"
#include "wait.h"

/* For launches in other threads to let go of a pipe */
#define MOMENT_US 10000

/* The places in an array for poll. */
enum { INPUT, OUTPUT, ERRORS, CHILD, PLACES };

struct capture {
	struct spu_child child;
	struct stopping stopping;
	sigset_t mask;		/* of the thread, from before */
	struct input input;
	struct stream outputs[2];
	int pidfd;		/* to poll; -1: it can't be, we look every "pause" */
	int64_t pause_us;
	int64_t deadline;	/* of launch and child together */
	int is_complete;	/* the outputs are all that there will be */
};

static int wrote_too_much(const struct capture *capture)
{
	return spu__has_overflowed(&capture->outputs[0]) ||
	       spu__has_overflowed(&capture->outputs[1]);
}

/* Whatever poll says is there: data, the end, an error. */
static int receive(struct capture *capture, const struct pollfd polls[2])
{
	int i, r = 0;

	for (i = 0; i < 2 && r == 0; i++)
		if (polls[i].revents)
			r = spu__read_stream(&capture->outputs[i]);
	return r;
}

static int transfer(struct capture *capture, const struct pollfd polls[PLACES])
{
	int r = polls[INPUT].revents ? spu__send_input(&capture->input) : 0;

	return r == 0 ? receive(capture, &polls[OUTPUT]) : r;
}

/*
 * ---- Until it ends
 */

/* A cancellation point. */
static int await_event(struct capture *capture, struct pollfd polls[PLACES])
{
	int64_t left = capture->stopping.deadline - spu__now_us(), hour = (int64_t)3600 * 1000000;
	int64_t most = capture->pidfd < 0 ? capture->pause_us : hour;
	struct timespec timeout;
	int r;

	timeout = spu__timespec(left < most ? left : most);
	polls[INPUT] = (struct pollfd){.fd = capture->input.fd, .events = POLLOUT};
	polls[OUTPUT] = (struct pollfd){.fd = capture->outputs[0].fd, .events = POLLIN};
	polls[ERRORS] = (struct pollfd){.fd = capture->outputs[1].fd, .events = POLLIN};
	polls[CHILD] = (struct pollfd){.fd = capture->pidfd, .events = POLLIN};
	r = ppoll(polls, PLACES, &timeout, NULL);
	/* as a wait without pidfd does, beginning again with what has moved */
	if (r > 0)
		capture->pause_us = 50;
	else if (capture->pause_us < 10000)
		capture->pause_us *= 2;
	return r < 0 && errno != EINTR ? -errno : 0;
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
		timeout = spu__timespec(left);
		if (ppoll(polls, 2, &timeout, NULL) < 0 && errno != EINTR)
			return -errno;
		r = receive(capture, polls);
		if (r < 0)
			return r;
	}
}

/*
 * ---- From the launch to the end
 */

static void dispose(void *argument)
{
	struct capture *capture = argument;
	int i;

	spu__close_end(&capture->input.fd);
	for (i = 0; i < 2; i++) {
		spu__close_end(&capture->outputs[i].fd);
		free(capture->outputs[i].kept.data);
	}
	spu__end_child(&capture->child);
	pthread_sigmask(SIG_SETMASK, &capture->mask, NULL);
}

/* Our ends only: the child's are other open files. */
static int prepare_ends(struct capture *capture)
{
	const int ends[] = {capture->input.fd, capture->outputs[0].fd, capture->outputs[1].fd};
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i] >= 0 && fcntl(ends[i], F_SETFL, O_NONBLOCK) < 0)
			return -errno;
	if (capture->input.left == 0)
		spu__close_end(&capture->input.fd);
	return 0;
}

/* The child has ended. Where it was to be, what it has left behind is to end, too. */
static void end_the_rest(const struct capture *capture)
{
	if (capture->stopping.taken || wrote_too_much(capture))
		spu__end_group(&capture->stopping);
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
	r = ending == 0 && !capture->stopping.taken ? linger(capture) : 0;
	if (r < 0)
		return r;
	if (ending == 0)
		end_the_rest(capture);
	deadline = spu__now_us() + MOMENT_US;
	for (i = 0; i < 2; i++) {
		r = spu__drain(&capture->outputs[i], deadline);
		if (r < 0)
			return r;
	}
	capture->is_complete = 1;
	if (ending < 0)
		return ending;
	end_the_rest(capture);	/* what was in the pipe may have been too much */
	r = spu__take_end(&capture->stopping, ret_status);
	if (r == 0 && wrote_too_much(capture))
		return -ENOBUFS;
	return r == 0 && capture->stopping.taken ? -ETIMEDOUT : r;
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
	r = spu__refuse_closed(options, -1, ret_error);
	if (r == 0)
		r = spu__spawn(&capture->child, argv, options, ret_error);
	if (r < 0)
		spu__hide_own_entries(ret_error, count);
	free(fds);
	return r;
}

int spu_capture(char *const argv[], const struct spu_options *options, const void *input,
		size_t input_size, struct spu_output *ret_out, struct spu_output *ret_err,
		int *ret_status, struct spu_error *ret_error)
{
	struct spu_options mine;
	struct capture capture = {
		.child = SPU_CHILD_INIT, .input = {.fd = -1, .data = input, .left = input_size},
		.outputs = {{.fd = -1}, {.fd = -1}}};
	int is_merged = ret_out && ret_out == ret_err;
	const struct spu_fd in = SPU_PIPE_IN(0, &capture.input.fd),
		out = SPU_PIPE_OUT(1, &capture.outputs[0].fd),
		err = SPU_PIPE_OUT(2, &capture.outputs[1].fd), same = SPU_SAME(2, 1),
		none = {0};
	const struct spu_fd pipes[3] = {input ? in : none, ret_out ? out : none,
					is_merged ? same : ret_err ? err : none};
	int r = spu__accept_for_wait(argv, options, BY_CAPTURE, &mine, ret_error);

	if (r < 0)
		return r;
	capture.deadline = spu__deadline_of(mine.timeout_ms);
	spu__hold_sigchld(&mine, &capture.mask);
	if (!input && input_size > 0)
		r = spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1, "input is NULL");
	if (r == 0)
		r = spu__prepare_stream(&capture.outputs[0], ret_out, "ret_out", ret_error);
	if (r == 0)
		r = spu__prepare_stream(&capture.outputs[1], is_merged ? NULL : ret_err, "ret_err",
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
		spu__hand_over(&capture.outputs[0], ret_out);
		spu__hand_over(&capture.outputs[1], is_merged ? NULL : ret_err);
	}
	r = spu__wait_result(r, argv[0], wrote_too_much(&capture), &capture.stopping, &mine,
			     ret_error);
	pthread_cleanup_pop(1);
	return r;
}
