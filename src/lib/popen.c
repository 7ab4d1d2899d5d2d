/* SPDX-License-Identifier: MIT */
/* popen(3) and pclose(3): how a stream is tied to its child. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accept.h"
#include "error.h"
#include "launch/ends.h"
#include "plan/given.h"
#include "popened.h"
#include "preload.h"
#include "shell.h"
#include "state.h"

/* Our end is closed, with this error or 0. The result is pclose()'s. */
static int finish(struct popened *p, int err)
{
	int saved = errno, status = 0;

	if (p->shell > 0 && spu__await_shell(p->shell, &status) < 0)
		err = errno;
	/* The shell's status, but that what it could not be told is an error: as glibc has it. */
	else if (status)
		err = 0;
	spu__leave_place(p);
	errno = err ? err : saved;
	return err ? -1 : status;
}

/*
 * ---- The stream. glibc's closes itself by a function of ours, so whoever
 * closes it waits for the child: fclose(), and code that knows nothing of us. For
 * all else it is what glibc's own popen() gives.
 */
#ifdef __GLIBC__

static ssize_t read_pipe(void *cookie, char *buffer, size_t size)
{
	const struct popened *p = cookie;

	return read(p->fd, buffer, size);
}

static ssize_t write_pipe(void *cookie, const char *buffer, size_t size)
{
	const struct popened *p = cookie;
	size_t done = 0;
	ssize_t r = 0;

	while (done < size && (r = write(p->fd, buffer + done, size - done)) >= 0)
		done += (size_t)r;
	return (ssize_t)done;
}

static int seek_pipe(void *cookie, off64_t *offset, int whence)
{
	(void)cookie, (void)offset, (void)whence;
	errno = ESPIPE;
	return -1;
}

static int close_pipe(void *cookie)
{
	struct popened *p = cookie;
	int cancel_state, result, err = 0;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	spu__withdraw(p);
	if (close(p->fd) < 0) {	/* the program has closed it: glibc doesn't wait either */
		err = errno;
		p->shell = 0;
	}
	result = finish(p, err);
	pthread_setcancelstate(cancel_state, NULL);
	return result;
}

/* glibc's own has a page, and a stream like ours BUFSIZ: how much is written at once shows. */
static void set_buffer(struct popened *p)
{
	long size = sysconf(_SC_PAGESIZE);

	p->buffer = size < BUFSIZ ? malloc((size_t)size) : NULL;
	if (p->buffer)
		setvbuf(p->stream, p->buffer, _IOFBF, (size_t)size);
}

static int make_file(struct popened *p, int is_read)
{
	const cookie_io_functions_t functions = {read_pipe, write_pipe, seek_pipe, close_pipe};

	p->stream = fopencookie(p, is_read ? "r" : "w", functions);
	if (!p->stream)
		return -errno;
	p->stream->_fileno = p->fd;	/* for fileno() alone */
	set_buffer(p);
	return 0;
}

static int close_stream(struct popened *p)
{
	return fclose(p->stream);
}

int spu__pclose(FILE *stream, int (*next_pclose)(FILE *stream))
{
	return next_pclose(stream);
}

/* glibc's pclose() by its other name: who looks for that one finds it replaced. */
int spu_pclose(FILE *stream)
{
	return fclose(stream);
}

/*
 * musl's stream with functions of one's own has no number, so this one is
 * looked up. Its fclose() leaves the child, as it does that of musl's popen().
 */
#else

static int make_file(struct popened *p, int is_read)
{
	FILE *stream = fdopen(p->fd, is_read ? "r" : "w");
	struct popened *closed;

	if (!stream)
		return -errno;
	/* by fclose(): its address has come back */
	closed = spu__find_popened(stream);
	if (closed)
		spu__leave_place(closed);
	p->stream = stream;
	return 0;
}

static int close_stream(struct popened *p)
{
	FILE *stream = p->stream;
	int cancel_state, result;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	spu__withdraw(p);
	result = finish(p, fclose(stream) == 0 ? 0 : errno);
	pthread_setcancelstate(cancel_state, NULL);
	return result;
}

int spu__pclose(FILE *stream, int (*next_pclose)(FILE *stream))
{
	struct popened *p = spu__find_popened(stream);

	return p ? close_stream(p) : next_pclose(stream);
}

int spu_pclose(FILE *stream)
{
	return spu__pclose(stream, pclose);
}

#endif

/*
 * ---- Launching
 */

struct call {
	const char *command, *mode;
	struct spu_options options;
	struct spu_error *ret_error;	/* .err is 0 until it is set */
};

/* Else the child has what it is given alone, and no stream for it to close. */
static int takes_turn(const struct call *call)
{
	return call->options.leaks != SPU_LEAKS_CLOSE;
}

static int launch(struct popened *p, const struct call *call, int target, int child_end)
{
	const struct spu_fd end = SPU_MAP(target, child_end), *given = call->options.fds;
	struct spu_fd *fds = takes_turn(call) ? spu__begin_launch(p, end, given)
					      : spu__list_given(given, end, 0);
	struct spu_options options = call->options;
	int r;

	if (!fds)
		return -ENOMEM;
	options.fds = fds;
	r = spu__launch_shell(&p->shell, call->command, &options, call->ret_error);
	if (takes_turn(call))
		spu__end_launch();
	if (r < 0)
		spu__hide_own_entries(call->ret_error, spu__count_entries(given));
	free(fds);
	return r;
}

/* The pipe's ends, the caller's and the child's, are this one's to close. */
static int open_between(int end, int child_end, const struct call *call, FILE **ret)
{
	int is_read = strchr(call->mode, 'r') != NULL, r = -ENOMEM;
	struct popened *p = spu__take_place(end);

	/* All that can fail but the launch is done before it: what runs can't be taken back. */
	if (p) {
		r = make_file(p, is_read);
		if (r < 0)
			spu__leave_place(p);
	}
	if (r < 0) {
		close(end);
		close(child_end);
		return r;
	}
	r = launch(p, call, is_read, child_end);
	close(child_end);
	if (r < 0) {
		close_stream(p);
		return r;
	}
	*ret = p->stream;
	if (!strchr(call->mode, 'e'))
		spu__publish(p);
	return 0;
}

static int open_stream(const struct call *call, FILE **ret)
{
	int is_write = strchr(call->mode, 'w') != NULL, ends[2];
	int r = spu__make_pipe(ends);

	return r < 0 ? r : open_between(ends[is_write], ends[!is_write], call, ret);
}

static int is_mode(const char *mode)
{
	return mode && !mode[strspn(mode, "rwe")] && !strchr(mode, 'r') != !strchr(mode, 'w');
}

static int open_with_signals_held(struct call *call, FILE **ret)
{
	uint64_t blocked;
	sigset_t mask;
	int r;

	/* a handler that calls popen() would wait for this launch to end */
	spu__hold_signals(&mask);
	memcpy(&blocked, &mask, sizeof(blocked));
	if (call->options.flags & SPU_KEEP_MASK)
		call->options.block_signals |= blocked;
	call->options.flags &= ~SPU_KEEP_MASK;
	r = open_stream(call, ret);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return r;
}

static int open_uncancelled(struct call *call, FILE **ret, int holds_signals)
{
	int cancel_state, r;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	r = holds_signals ? open_with_signals_held(call, ret) : open_stream(call, ret);
	pthread_setcancelstate(cancel_state, NULL);
	return r;
}

FILE *spu__popen(const char *command, const char *mode, unsigned leaks)
{
	struct call call = {.command = command, .mode = mode, .options = SPU_OPTIONS_INIT};
	int before = errno, r = -EINVAL;
	FILE *stream = NULL;

	call.options.flags = SPU_KEEP_MASK;
	call.options.leaks = leaks;
	if (command && is_mode(mode))
		r = open_uncancelled(&call, &stream, 1);
	errno = r < 0 ? -r : before;
	return r < 0 ? NULL : stream;
}

FILE *spu_popen(const char *command, const char *mode)
{
	return spu__popen(command, mode, SPU_LEAKS_ALLOW);
}

static int refuse(struct spu_error *ret_error, const char *what)
{
	return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1, "%s", what);
}

int spu_popen_with(FILE **ret_stream, const char *command, const char *mode,
		   const struct spu_options *options, struct spu_error *ret_error)
{
	struct spu_error error = {0};
	struct call call = {.command = command, .mode = mode, .ret_error = &error};
	int before = errno, r;

	r = spu__accept(SPU_ARGV("sh", "-c", "--", command), options, BY_STREAM, &call.options,
			ret_error);
	if (r < 0)
		return r;
	if (!command)
		return refuse(ret_error, "command is NULL");
	if (!is_mode(mode))
		return refuse(ret_error, "mode is neither r nor w, with or without e");
	if (call.options.flags & SPU_DETACH)
		return refuse(ret_error, "flags: spu_pclose can't wait for a detached child");
	if (spu__is_given(call.options.fds, strchr(mode, 'r') != NULL))
		return refuse(ret_error, "fds: the stream's other end is there");
	r = spu__refuse_closed(&call.options, strchr(mode, 'r') != NULL, ret_error);
	if (r < 0)
		return r;
	r = open_uncancelled(&call, ret_stream, takes_turn(&call));
	errno = before;
	if (r == 0)
		return 0;
	if (!error.err)
		return spu__error(ret_error, -r, SPU_STEP_PREPARE, -1, "stream");
	if (ret_error)
		*ret_error = error;
	return r;
}

/* For the linker's --wrap; weak, since a program may have one of its own. */
__typeof__(spu_popen) __wrap_popen __attribute__((weak, alias("spu_popen")));
