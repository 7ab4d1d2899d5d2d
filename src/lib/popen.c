/* SPDX-License-Identifier: MIT */
/*
 * popen(3) and pclose(3): which stream has which child behind it, and which of
 * the streams a new child must not hold. Nothing of how a shell is launched.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../arch/arch.h"
#include "kernel.h"
#include "launch/ends.h"
#include "preload.h"
#include "state.h"

struct popened {
	struct popened *next;
	FILE *stream;
	int fd;
	int crosses_exec;	/* opened without 'e' */
	int is_closing;		/* some spu_pclose()'s, and open for a while yet */
	unsigned leaks;
	dev_t device;
	ino_t inode;
	struct spu_child child;
};

/*
 * ---- The streams that are open. A fork child of the program begins with none.
 */

/* Of this process or, until its first look at the list, of the one that has forked it. */
static atomic_uint stream_count;

/*
 * Somebody's fclose() frees the FILE and its number, and both come back in the
 * next stream: only the pipe behind the number says whose it is.
 */
static int is_open(const struct popened *p)
{
	struct stat st;

	return fstat(p->fd, &st) == 0 && st.st_dev == p->device && st.st_ino == p->inode;
}

static int has_ended(const struct popened *p)
{
	return syscall4(SYS_wait4, p->child.pid, 0, WNOHANG | KERNEL_WALL, 0) != 0;
}

/*
 * Locked. The list lies outside of the state, where LeakSanitizer looks for what
 * leads to memory; in a fork child it may be torn, and is kept for that alone.
 */
static struct popened **list_of(struct process_state *state)
{
	static struct popened *volatile inherited __attribute__((unused));
	static struct popened *streams;

	if (!state->has_streams) {
		if (streams)
			inherited = streams;
		streams = NULL;
		atomic_store(&stream_count, 0);
		state->has_streams = 1;
	}
	return &streams;
}

/* Locked. What was closed by fclose() is no more ours once its child is reaped. */
static size_t forget_closed(struct process_state *state)
{
	struct popened **link = list_of(state);
	size_t count = 0;

	while (*link) {
		struct popened *p = *link;

		if (!p->is_closing && !is_open(p) && has_ended(p)) {
			*link = p->next;
			atomic_fetch_sub(&stream_count, 1);
			free(p);
			continue;
		}
		count++;
		link = &p->next;
	}
	return count;
}

/* It stays in the list: what is left in its buffer can take long to write. */
static struct popened *take(struct process_state *state, const FILE *stream)
{
	struct popened *p;

	pthread_mutex_lock(&state->lock);
	for (p = *list_of(state); p; p = p->next)
		if (p->stream == stream && !p->is_closing && is_open(p))
			break;
	if (p)
		p->is_closing = 1;
	pthread_mutex_unlock(&state->lock);
	return p;
}

static void forget(struct process_state *state, const struct popened *p)
{
	struct popened **link;

	pthread_mutex_lock(&state->lock);
	for (link = list_of(state); *link && *link != p; link = &(*link)->next)
		;
	if (*link) {
		*link = p->next;
		atomic_fetch_sub(&stream_count, 1);
	}
	pthread_mutex_unlock(&state->lock);
}

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
	size_t count;

	pthread_mutex_lock(&state->lock);
	while (state->popen_publishers > 0)
		pthread_cond_wait(&state->popen_turn, &state->lock);
	count = forget_closed(state);
	fds = calloc(count + 3, sizeof(*fds));
	if (fds) {
		state->popen_launches++;
		count = 2;
		for (p = *list_of(state); p; p = p->next)
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
	if (p->crosses_exec) {
		state->popen_publishers++;
		while (state->popen_launches > 0)
			pthread_cond_wait(&state->popen_turn, &state->lock);
		fcntl(p->fd, F_SETFD, 0);
		if (--state->popen_publishers == 0)
			pthread_cond_broadcast(&state->popen_turn);
	}
	p->next = *list_of(state);
	*list_of(state) = p;
	atomic_fetch_add(&stream_count, 1);
	pthread_mutex_unlock(&state->lock);
}

static int launch(struct process_state *state, struct popened *p, const char *command,
		  int target, int child_end)
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
	options.leaks = p->leaks;
	options.fds = fds;
	r = spu_spawn(&p->child, SPU_ARGV("sh", "-c", "--", command), &options, NULL);
	end_launch(state);
	free(fds);
	return r;
}

/* All that can fail but the launch is done before it: what runs can't be taken back. */
static int make_stream(struct popened *p, int is_read, int *ret_child_end)
{
	struct stat st;
	int ends[2], r = spu__make_pipe(ends);

	if (r < 0)
		return r;
	p->fd = ends[!is_read];
	p->stream = fstat(p->fd, &st) == 0 ? fdopen(p->fd, is_read ? "r" : "w") : NULL;
	if (!p->stream) {
		r = -errno;
		close(ends[0]);
		close(ends[1]);
		return r;
	}
	p->device = st.st_dev;
	p->inode = st.st_ino;
	*ret_child_end = ends[is_read];
	return 0;
}

static int open_stream(struct process_state *state, struct popened *p, const char *command,
		       const char *mode)
{
	int is_read = strchr(mode, 'r') != NULL, child_end = -1;
	int r = make_stream(p, is_read, &child_end);

	if (r < 0)
		return r;
	p->crosses_exec = !strchr(mode, 'e');
	p->is_closing = 0;
	r = launch(state, p, command, is_read, child_end);
	close(child_end);
	if (r == 0)
		publish(state, p);
	else
		fclose(p->stream);
	return r;
}

static int is_mode(const char *mode)
{
	return mode && !mode[strspn(mode, "rwe")] && !strchr(mode, 'r') != !strchr(mode, 'w');
}

FILE *spu__popen(const char *command, const char *mode, unsigned leaks)
{
	struct process_state *state;
	struct popened *p = NULL;
	int cancel_state, r = -EINVAL;

	if (command && is_mode(mode)) {
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
		state = spu__process_state();
		p = state ? malloc(sizeof(*p)) : NULL;
		if (p)
			p->leaks = leaks;
		r = p ? open_stream(state, p, command, mode) : -ENOMEM;
		pthread_setcancelstate(cancel_state, NULL);
	}
	if (r == 0)
		return p->stream;
	free(p);
	errno = -r;
	return NULL;
}

FILE *spu_popen(const char *command, const char *mode)
{
	return spu__popen(command, mode, SPU_LEAKS_ALLOW);
}

/*
 * ---- Closing
 */

/* The shell's status, but that what it could not be told is an error: as glibc has it. */
static int close_and_wait(struct process_state *state, struct popened *p,
			  int (*close_stream)(FILE *stream))
{
	int err = close_stream(p->stream) == 0 ? 0 : errno, status = 0, r;

	forget(state, p);
	r = spu_wait(&p->child, -1, &status);
	if (r == 0 && (status || !err))
		return status;
	errno = r < 0 ? -r : err;
	return -1;
}

int spu__pclose(FILE *stream, int (*close_stream)(FILE *stream), int *ret_result)
{
	struct process_state *state;
	struct popened *p;
	int cancel_state;

	if (atomic_load(&stream_count) == 0)
		return 0;
	state = spu__process_state();
	p = state ? take(state, stream) : NULL;
	if (!p)
		return 0;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	*ret_result = close_and_wait(state, p, close_stream);
	pthread_setcancelstate(cancel_state, NULL);
	free(p);
	return 1;
}

int spu_pclose(FILE *stream)
{
	int result;

	if (spu__pclose(stream, fclose, &result))
		return result;
	errno = EINVAL;
	return -1;
}

/* For the linker's --wrap */
__typeof__(spu_popen) __wrap_popen __attribute__((alias("spu_popen")));
__typeof__(spu_pclose) __wrap_pclose __attribute__((alias("spu_pclose")));
