/* SPDX-License-Identifier: MIT */
#include "popened.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "plan/given.h"
#include "state.h"

/*
 * The open streams of this process and, in a fork child, of those that it comes
 * from: they are open there too. Such a child got its memory page by page, while
 * other threads wrote, and its descriptors before: what it finds here may be of
 * different moments. So places stay where they are, and their order too.
 */
#define PLACES 64

static struct popened places[PLACES];

/* Does the number still mean what it was? */
static int is_open(const struct popened *p)
{
	struct stat st;

	return fstat(p->fd, &st) == 0 && st.st_dev == p->device && st.st_ino == p->inode;
}

static void link_places(struct popened *begin)
{
	struct popened *p;

	for (p = begin; p < begin + PLACES - 1; p++)
		p->next = p + 1;
}

static struct process_state *lock_places(sigset_t *ret_mask)
{
	struct process_state *state = spu__lock_state(ret_mask);
	struct popened *p;

	if (state->has_places)
		return state;
	if (!places[0].next)
		link_places(places);
	for (p = places; p; p = p->next)
		if (p->crosses_exec && !is_open(p))
			p->crosses_exec = 0;
	state->has_places = 1;
	return state;
}

/* NULL: no memory. */
static struct popened *add_places(struct popened *last)
{
	struct popened *more = mmap(NULL, PLACES * sizeof(*more), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (more == MAP_FAILED)
		return NULL;
	link_places(more);
	last->next = more;
	return more;
}

struct popened *spu__take_place(int fd)
{
	sigset_t mask;
	struct process_state *state = lock_places(&mask);
	struct popened *p = places;
	struct stat st;

	while (p->fd && p->next)
		p = p->next;
	if (p->fd)
		p = add_places(p);
	if (p && fstat(fd, &st) == 0) {
		p->fd = fd;
		p->device = st.st_dev;
		p->inode = st.st_ino;
	} else {
		p = NULL;
	}
	spu__unlock_state(state, &mask);
	return p;
}

void spu__withdraw(struct popened *p)
{
	struct process_state *state;
	sigset_t mask;

	if (p->crosses_exec)
		fcntl(p->fd, F_SETFD, FD_CLOEXEC);
	state = lock_places(&mask);
	p->crosses_exec = 0;
	p->inode = 0;	/* the number is another's in a moment */
	p->stream = NULL;
	spu__unlock_state(state, &mask);
}

void spu__leave_place(struct popened *p)
{
	struct process_state *state;
	sigset_t mask;

	free(p->buffer);
	state = lock_places(&mask);
	*p = (struct popened){.next = p->next};
	spu__unlock_state(state, &mask);
}

/* The program may have taken close-on-exec off. */
static int is_inheritable(const struct popened *p)
{
	return p->crosses_exec || (p->fd && fcntl(p->fd, F_GETFD) == 0 && is_open(p));
}

#ifdef __GLIBC__

static int is_to_be_closed(const struct popened *p)
{
	return is_inheritable(p);
}

#else

/* After fclose() its number is anybody's. */
static int is_to_be_closed(const struct popened *p)
{
	return is_inheritable(p) && is_open(p);
}

struct popened *spu__find_popened(const FILE *stream)
{
	sigset_t mask;
	struct process_state *state = lock_places(&mask);
	struct popened *p;

	for (p = places; p && (!p->fd || p->stream != stream); p = p->next)
		;
	spu__unlock_state(state, &mask);
	return p;
}

#endif

struct spu_fd *spu__list_given(const struct spu_fd *given, struct spu_fd end, size_t room)
{
	size_t count = spu__count_entries(given);
	struct spu_fd *fds = calloc(count + 2 + room, sizeof(*fds));

	if (!fds)
		return NULL;
	if (count)
		memcpy(fds, given, count * sizeof(*fds));
	fds[count] = end;
	return fds;
}

/*
 * ---- Turns. A child closes the streams without 'e' by number, so between the look
 * at them and the clone none may become one: who wants to take close-on-exec off
 * waits until nobody is in between, and who wants to launch lets those go first.
 */

struct spu_fd *spu__begin_launch(const struct popened *own, struct spu_fd end,
				 const struct spu_fd *given)
{
	sigset_t mask;
	struct process_state *state = lock_places(&mask);
	const struct popened *p;
	struct spu_fd *fds;
	size_t count, most = 0;

	while (state->popen_publishers > 0)
		pthread_cond_wait(&state->popen_turn, &state->lock);
	for (p = places; p; p = p->next)
		most += p->fd != 0;
	fds = spu__list_given(given, end, most);
	if (fds) {
		state->popen_launches++;
		count = spu__count_entries(fds);
		for (p = places; p; p = p->next)
			/* the program may have closed one, whose number is ours then; and ours
			   before exec: else it would hold this end for a moment after we have
			   returned */
			if ((p == own || (is_to_be_closed(p) && p->fd != own->fd)) &&
			    !spu__is_given(given, p->fd))
				fds[count++] = (struct spu_fd)SPU_CLOSE(p->fd);
	}
	spu__unlock_state(state, &mask);
	return fds;
}

void spu__end_launch(void)
{
	sigset_t mask;
	struct process_state *state = lock_places(&mask);

	if (--state->popen_launches == 0)
		pthread_cond_broadcast(&state->popen_turn);
	spu__unlock_state(state, &mask);
}

void spu__publish(struct popened *own)
{
	sigset_t mask;
	struct process_state *state = lock_places(&mask);
	struct popened *p;

	state->popen_publishers++;
	while (state->popen_launches > 0)
		pthread_cond_wait(&state->popen_turn, &state->lock);
	for (p = places; p; p = p->next)
		if (p->fd == own->fd)
			p->crosses_exec = p == own;
	fcntl(own->fd, F_SETFD, 0);
	if (--state->popen_publishers == 0)
		pthread_cond_broadcast(&state->popen_turn);
	spu__unlock_state(state, &mask);
}
