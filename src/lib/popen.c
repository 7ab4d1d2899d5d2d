/* SPDX-License-Identifier: MIT */
/*
 * popen(3) and pclose(3): how a stream is tied to its child, and which of the
 * streams a new child must not hold.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch/ends.h"
#include "preload.h"
#include "state.h"

struct popened {
	struct popened *next;
	FILE *stream;
	int fd;
	int crosses_exec;	/* opened without 'e' */
	dev_t device;		/* these two are the pipe's */
	ino_t inode;
	struct spu_child child;	/* pid 0: none yet */
};

/*
 * ---- The open streams of this process and, in a fork child, of those that it
 * comes from: they are open there too. Each store leaves a whole list, whenever
 * the copy is made.
 */

static struct popened *streams;

/* Who launches when it is out of the list doesn't close it; so exec does. */
static void take_out(struct popened *p)
{
	struct process_state *state = spu__process_state();
	struct popened **link;

	fcntl(p->fd, F_SETFD, FD_CLOEXEC);
	pthread_mutex_lock(&state->lock);
	for (link = &streams; *link && *link != p; link = &(*link)->next)
		;
	if (*link)
		*link = p->next;
	pthread_mutex_unlock(&state->lock);
}

/* Its own end is closed, with this error or 0. The result is pclose()'s; p is gone. */
static int finish(struct popened *p, int err)
{
	int saved = errno, status = 0, r = 0;

	if (p->child.pid > 0)
		r = spu_wait(&p->child, -1, &status);
	free(p);
	/* The shell's status, but that what it could not be told is an error: as glibc has it. */
	if (r == 0 && status == 0)
		r = -err;
	errno = r < 0 ? -r : saved;
	return r < 0 ? -1 : status;
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
	take_out(p);
	if (close(p->fd) < 0) {	/* the program has closed it: glibc doesn't wait either */
		err = errno;
		p->child.pid = 0;
	}
	result = finish(p, err);
	pthread_setcancelstate(cancel_state, NULL);
	return result;
}

static FILE *make_file(struct popened *p, int is_read)
{
	const cookie_io_functions_t functions = {read_pipe, write_pipe, seek_pipe, close_pipe};
	FILE *stream = fopencookie(p, is_read ? "r" : "w", functions);

	if (stream)
		stream->_fileno = p->fd;	/* for fileno() alone */
	return stream;
}

/* It leaves the list when it is closed. */
static int is_open(const struct popened *p)
{
	(void)p;
	return 1;
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

static struct popened *find(const FILE *stream)
{
	struct process_state *state = spu__process_state();
	struct popened *p;

	pthread_mutex_lock(&state->lock);
	for (p = streams; p && p->stream != stream; p = p->next)
		;
	pthread_mutex_unlock(&state->lock);
	return p;
}

static FILE *make_file(struct popened *p, int is_read)
{
	FILE *stream = fdopen(p->fd, is_read ? "r" : "w");
	struct popened *closed = find(stream);
	struct stat st;

	/* by fclose(): its address has come back */
	if (closed) {
		take_out(closed);
		free(closed);
	}
	if (fstat(p->fd, &st) == 0) {
		p->device = st.st_dev;
		p->inode = st.st_ino;
	}
	return stream;
}

/* After fclose() its number is anybody's. */
static int is_open(const struct popened *p)
{
	struct stat st;

	return fstat(p->fd, &st) == 0 && st.st_dev == p->device && st.st_ino == p->inode;
}

static int close_stream(struct popened *p)
{
	int cancel_state, result;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	take_out(p);
	result = finish(p, fclose(p->stream) == 0 ? 0 : errno);
	pthread_setcancelstate(cancel_state, NULL);
	return result;
}

int spu__pclose(FILE *stream, int (*next_pclose)(FILE *stream))
{
	struct popened *p = find(stream);

	return p ? close_stream(p) : next_pclose(stream);
}

int spu_pclose(FILE *stream)
{
	return spu__pclose(stream, pclose);
}

#endif

/*
 * ---- Launching
 *
 * POSIX: a child doesn't hold the streams of earlier calls. Those without 'e'
 * must be closed in it by number, so between the look at them and the clone
 * none may become one: who wants to take close-on-exec off waits until nobody
 * is in between, and who wants to launch lets those go first.
 */

/* The child's descriptors: two of its own, and those that are closed in it. NULL: no memory. */
static struct spu_fd *begin_launch(struct process_state *state)
{
	struct spu_fd *fds;
	const struct popened *p;
	size_t count = 0;

	pthread_mutex_lock(&state->lock);
	while (state->popen_publishers > 0)
		pthread_cond_wait(&state->popen_turn, &state->lock);
	for (p = streams; p; p = p->next)
		count++;
	fds = calloc(count + 3, sizeof(*fds));
	if (fds) {
		state->popen_launches++;
		count = 2;
		for (p = streams; p; p = p->next)
			if (p->crosses_exec && is_open(p))
				fds[count++] = (struct spu_fd)SPU_CLOSE(p->fd);
	}
	pthread_mutex_unlock(&state->lock);
	return fds;
}

static void end_launch(struct process_state *state)
{
	pthread_mutex_lock(&state->lock);
	if (--state->popen_launches == 0)
		pthread_cond_broadcast(&state->popen_turn);
	pthread_mutex_unlock(&state->lock);
}

static void publish(struct process_state *state, struct popened *p)
{
	pthread_mutex_lock(&state->lock);
	state->popen_publishers++;
	while (p->crosses_exec && state->popen_launches > 0)
		pthread_cond_wait(&state->popen_turn, &state->lock);
	/* in this order, for a fork child that gets the one without the other */
	p->next = streams;
	streams = p;
	if (p->crosses_exec)
		fcntl(p->fd, F_SETFD, 0);
	if (--state->popen_publishers == 0)
		pthread_cond_broadcast(&state->popen_turn);
	pthread_mutex_unlock(&state->lock);
}

static int launch(struct process_state *state, struct popened *p, const char *command,
		  unsigned leaks, int target, int child_end)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	struct spu_fd *fds = begin_launch(state);
	int r;

	if (!fds)
		return -ENOMEM;
	fds[0] = (struct spu_fd)SPU_MAP(target, child_end);
	/* before exec: else it would hold this end for a moment after we have returned */
	fds[1] = (struct spu_fd)SPU_CLOSE(p->fd);
	options.file = "/bin/sh";
	/* a stream costs one descriptor, as libc's does */
	options.flags = SPU_KEEP_MASK | SPU_NO_PIDFD;
	options.leaks = leaks;
	options.fds = fds;
	r = spu_spawn(&p->child, SPU_ARGV("sh", "-c", "--", command), &options, NULL);
	end_launch(state);
	free(fds);
	return r;
}

/* All that can fail but the launch is done before it: what runs can't be taken back. */
static int make_stream(struct popened *p, int is_read, int *ret_child_end)
{
	int ends[2], r = spu__make_pipe(ends);

	if (r < 0)
		return r;
	p->fd = ends[!is_read];
	p->stream = make_file(p, is_read);
	if (!p->stream) {
		r = -errno;
		close(ends[0]);
		close(ends[1]);
		return r;
	}
	*ret_child_end = ends[is_read];
	return 0;
}

static int open_stream(struct popened *p, const char *command, const char *mode, unsigned leaks)
{
	struct process_state *state = spu__process_state();
	int is_read = strchr(mode, 'r') != NULL, child_end = -1;
	int r = make_stream(p, is_read, &child_end);

	if (r < 0) {
		free(p);
		return r;
	}
	p->crosses_exec = !strchr(mode, 'e');
	r = launch(state, p, command, leaks, is_read, child_end);
	close(child_end);
	if (r == 0)
		publish(state, p);
	else
		close_stream(p);
	return r;
}

static int is_mode(const char *mode)
{
	return mode && !mode[strspn(mode, "rwe")] && !strchr(mode, 'r') != !strchr(mode, 'w');
}

FILE *spu__popen(const char *command, const char *mode, unsigned leaks)
{
	struct popened *p = NULL;
	int cancel_state, r = -EINVAL;

	if (command && is_mode(mode)) {
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
		p = calloc(1, sizeof(*p));
		r = p ? open_stream(p, command, mode, leaks) : -ENOMEM;
		pthread_setcancelstate(cancel_state, NULL);
	}
	if (r == 0)
		return p->stream;
	errno = -r;
	return NULL;
}

FILE *spu_popen(const char *command, const char *mode)
{
	return spu__popen(command, mode, SPU_LEAKS_ALLOW);
}

/* For the linker's --wrap; weak, since a program may have one of its own. */
__typeof__(spu_popen) __wrap_popen __attribute__((weak, alias("spu_popen")));
