/* SPDX-License-Identifier: MIT */
/*
 * What must be done to descriptors in the parent before a plan can be made:
 * pipes, FIFOs, and the question where each of the child's numbers comes from.
 * What the child does with them is not known here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../quote.h"
#include "launch.h"

/*
 * Our own descriptors stay out of 0 to 2, which a child inherits unasked, and
 * the error pipe out of the way of the numbers that it is given.
 */
static int lift(int fd, int min)
{
	int lifted;

	if (fd < 0 || fd >= min)
		return fd;
	lifted = fcntl(fd, F_DUPFD_CLOEXEC, min);
	close(fd);
	return lifted;
}

int spu__make_pipe(int ret[2])
{
	int ends[2], i;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	for (i = 0; i < 2; i++) {
		ends[i] = lift(ends[i], 3);
		if (ends[i] < 0) {
			/* EINVAL: the limit leaves no number above 2 */
			int err = errno == EINVAL ? EMFILE : errno;

			close(ends[!i]);
			return -err;
		}
	}
	ret[0] = ends[0];
	ret[1] = ends[1];
	return 0;
}

static int compare_given(const void *a, const void *b)
{
	const struct given *left = a, *right = b;

	return (left->fd > right->fd) - (left->fd < right->fd);
}

static struct given *find_given(const struct descriptors *d, int fd)
{
	struct given key = {.fd = fd};

	return bsearch(&key, d->given, d->count, sizeof(key), compare_given);
}

/*
 * ---- FIFOs
 */

/* Would opening wait for another end? What lies below /dev and /proc isn't looked at: it
   may be another file to the child. */
static int waits_at_open(int directory, const struct given *given)
{
	struct stat st;

	if ((given->flags & O_ACCMODE) == O_RDWR || given->flags & (O_NONBLOCK | O_PATH) ||
	    strncmp(given->path, "/dev/", 5) == 0 || strncmp(given->path, "/proc/", 6) == 0)
		return 0;
	return fstatat(directory, given->path, &st, 0) == 0 && S_ISFIFO(st.st_mode);
}

static int open_fifo(struct descriptors *d, struct given *given, int directory,
		     struct spu_error *ret_error)
{
	int fd = lift(openat(directory, given->path, given->flags | O_CLOEXEC), 3);

	if (fd < 0)
		return spu__error(ret_error, errno, SPU_STEP_PREPARE, given->index,
				  "open %d: FIFO %s", given->fd, QUOTED(given->path, NAME_SIZE));
	d->child_ends[d->child_end_count++] = fd;
	given->kind = GIVEN_MOVE;
	given->source = fd;
	return 0;
}

static int open_fifos(struct descriptors *d, const struct spu_options *options,
		      struct spu_error *ret_error)
{
	int directory = AT_FDCWD, r = 0;
	size_t i;

	/* Elsewhere the path, or the right to open it, is the child's. */
	if (options->root || options->uid.set || options->gid.set || options->groups)
		return 0;
	for (i = 0; i < d->count && r == 0; i++) {
		struct given *given = &d->given[i];

		if (given->kind != GIVEN_OPEN)
			continue;
		if (options->cwd && directory == AT_FDCWD && given->path[0] != '/') {
			directory = open(options->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
			if (directory < 0)
				break;	/* the child will say so, at its step */
		}
		if (waits_at_open(directory, given))
			r = open_fifo(d, given, directory, ret_error);
	}
	if (directory >= 0)
		close(directory);
	return r;
}

/*
 * ---- Entries
 */

static int give_pipe(struct descriptors *d, struct given *given, const struct spu_fd *fd,
		     struct spu_error *ret_error)
{
	int ends[2], child_reads = fd->kind == SPU_FD_PIPE_IN;
	int r = spu__make_pipe(ends);

	if (r < 0)
		return spu__error(ret_error, -r, SPU_STEP_PREPARE, given->index, "pipe for %d",
				  fd->fd);
	given->source = ends[!child_reads];
	d->child_ends[d->child_end_count++] = ends[!child_reads];
	d->ret_caller_ends[d->caller_end_count] = fd->ret_fd;
	d->caller_ends[d->caller_end_count++] = ends[child_reads];
	return 0;
}

static int give(struct descriptors *d, const struct spu_fd *fd, int index,
		struct spu_error *ret_error)
{
	struct given *given = &d->given[d->count++];

	*given = (struct given){.fd = fd->fd, .index = index};
	switch (fd->kind) {
	case SPU_FD_KEEP:
		given->source = fd->fd;
		break;
	case SPU_FD_MAP:
		given->source = fd->from;
		break;
	case SPU_FD_SAME:
		given->kind = GIVEN_SAME;
		given->source = fd->from;
		return 0;
	case SPU_FD_OPEN:
		given->kind = GIVEN_OPEN;
		given->path = fd->path;
		given->flags = (fd->flags | O_NOCTTY) & ~O_CLOEXEC;
		given->mode = fd->mode;
		return 0;
	case SPU_FD_NULL:
		given->kind = GIVEN_OPEN;
		given->path = "/dev/null";
		given->flags = O_RDWR;
		return 0;
	case SPU_FD_CLOSE:
		given->kind = GIVEN_CLOSED;
		return 0;
	}
	given->kind = GIVEN_MOVE;
	if (fd->kind == SPU_FD_PIPE_IN || fd->kind == SPU_FD_PIPE_OUT)
		return give_pipe(d, given, fd, ret_error);
	return 0;
}

static int give_standard(struct descriptors *d, struct spu_error *ret_error)
{
	size_t listed = d->count, i;
	int fd;

	for (fd = 0; fd <= 2; fd++) {
		for (i = 0; i < listed && d->given[i].fd != fd; i++)
			;
		if (i == listed)
			d->given[d->count++] = (struct given){
				.fd = fd, .kind = GIVEN_INHERIT, .source = fd, .index = -1};
	}
	for (i = 1; i < d->count; i++)
		if (d->given[i - 1].fd > d->given[i].fd)
			break;
	if (i < d->count)
		qsort(d->given, d->count, sizeof(*d->given), compare_given);
	for (i = 1; i < d->count; i++)
		if (d->given[i - 1].fd == d->given[i].fd)
			return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, d->given[i].index,
					    "descriptor %d: given twice", d->given[i].fd);
	return 0;
}

/* SAME is what the other is: follow it until that is known. */
static int resolve_same(struct descriptors *d, struct given *given, int may_inherit,
			struct spu_error *ret_error)
{
	const struct given *other = given;
	size_t hops;

	for (hops = 0; hops < d->count && other && other->kind == GIVEN_SAME; hops++) {
		int wanted = other->source;

		other = find_given(d, wanted);
		if (!other && may_inherit) {
			given->kind = GIVEN_MOVE;
			given->source = wanted;
			return 0;
		}
	}
	if (!other || other->kind == GIVEN_SAME || other->kind == GIVEN_CLOSED)
		return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, given->index,
				    "descriptor %d: same as %d, which the child doesn't get",
				    given->fd, given->source);
	if (other->kind == GIVEN_OPEN) {
		given->source = other->fd;
		return 0;
	}
	given->kind = GIVEN_MOVE;
	given->source = other->source;
	return 0;
}

static int resolve_all_same(struct descriptors *d, const struct spu_options *options,
			    struct spu_error *ret_error)
{
	struct given *given;
	int r = 0;

	/* One that was resolved to an open stays SAME, but points at the OPEN itself. */
	for (given = d->given; given < d->given + d->count && r == 0; given++)
		if (given->kind == GIVEN_SAME)
			r = resolve_same(d, given, options->leaks == SPU_LEAKS_ALLOW, ret_error);
	return r;
}

/* The audit that SPU_LEAKS_FAIL asks for, of the caller's own table. */
static int fail_on_leaks(const struct spu_options *options, struct spu_error *ret_error)
{
	struct spu_audit *audit;
	const struct spu_fd *fd;
	size_t i, leaks = 0, first = 0;
	int r = spu_audit(0, SPU_AUDIT_NAMES, &audit);

	if (r < 0)
		return spu__error(ret_error, -r, SPU_STEP_AUDIT, -1, "audit");
	for (i = 0; i < audit->count; i++) {
		int number = audit->fds[i].fd, named = 0;

		for (fd = options->fds; fd && fd->kind; fd++)
			named |= (fd->kind == SPU_FD_MAP && fd->from == number) || fd->fd == number;
		if (!named && leaks++ == 0)
			first = i;
	}
	if (leaks > 0) {
		const char *name = audit->fds[first].name ? audit->fds[first].name : "?";

		r = spu__refusal(ret_error, EBADFD, SPU_STEP_AUDIT, audit->fds[first].fd,
				 "%zu descriptor%s would leak, the first is %d (%s): "
				 "neither close-on-exec nor given to the child", leaks,
				 leaks == 1 ? "" : "s", audit->fds[first].fd, QUOTED(name, 100));
	}
	spu_audit_free(audit);
	return r;
}

static int make_error_pipe(struct descriptors *d, struct spu_error *ret_error)
{
	int r = spu__make_pipe(d->error_pipe);

	/* The number that it got may be one that the child is given. */
	while (r == 0 && find_given(d, d->error_pipe[1])) {
		int above = d->error_pipe[1] + 1;

		while (find_given(d, above))
			above++;
		d->error_pipe[1] = lift(d->error_pipe[1], above);
		r = d->error_pipe[1] < 0 ? -errno : 0;
		if (r < 0) {
			close(d->error_pipe[0]);
			d->error_pipe[0] = -1;
		}
	}
	/*
	 * A full table is no reason not to launch: memory will be shared, most likely. EINVAL:
	 * "above" is at the limit.
	 */
	if (r == -EMFILE || r == -ENFILE || r == -EINVAL)
		return 0;
	if (r < 0)
		return spu__error(ret_error, -r, SPU_STEP_PREPARE, -1, "error pipe");
	return 0;
}

static int is_ours(const struct descriptors *d, int fd)
{
	size_t i;

	for (i = 0; i < d->child_end_count; i++)
		if (d->child_ends[i] == fd)
			return 1;
	for (i = 0; i < d->caller_end_count; i++)
		if (d->caller_ends[i] == fd)
			return 1;
	return d->error_pipe[0] == fd || d->error_pipe[1] == fd;
}

/*
 * A source that wasn't open is the child's to find out, unless a pipe or FIFO
 * of ours has got its number since: the child would take that for it.
 */
static int refuse_closed_sources(const struct descriptors *d, const struct spu_options *options,
				 struct spu_error *ret_error)
{
	const struct spu_fd *fd;

	for (fd = options->fds; fd && fd->kind; fd++) {
		int source = fd->kind == SPU_FD_KEEP ? fd->fd : fd->from;

		if (fd->kind != SPU_FD_KEEP && fd->kind != SPU_FD_MAP &&
		    (fd->kind != SPU_FD_SAME || find_given(d, source)))
			continue;
		if (is_ours(d, source))
			return spu__error(ret_error, EBADF, SPU_STEP_MOVE, (int)(fd - options->fds),
					  fd->kind == SPU_FD_KEEP ? "keep %d"
					  : fd->kind == SPU_FD_MAP ? "map %d from %d"
								   : "same %d as %d",
					  fd->fd, source);
	}
	return 0;
}

static int allocate(struct descriptors *d, size_t entries, struct spu_error *ret_error)
{
	size_t each = sizeof(*d->given) + sizeof(*d->ret_caller_ends) + 2 * sizeof(int);

	d->given = malloc((entries + 3) * each);
	if (!d->given)
		return spu__error(ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "descriptors");
	d->ret_caller_ends = (int **)(d->given + entries + 3);
	d->caller_ends = (int *)(d->ret_caller_ends + entries + 3);
	d->child_ends = d->caller_ends + entries + 3;
	return 0;
}

static int acquire(const struct spu_options *options, int wants_error_pipe,
		   struct descriptors *d, struct spu_error *ret_error)
{
	size_t entries = 0, i;
	int r;

	while (options->fds && options->fds[entries].kind)
		entries++;
	r = allocate(d, entries, ret_error);
	if (r == 0 && options->leaks == SPU_LEAKS_FAIL)
		r = fail_on_leaks(options, ret_error);
	for (i = 0; i < entries && r == 0; i++)
		r = give(d, &options->fds[i], (int)i, ret_error);
	if (r == 0)
		r = give_standard(d, ret_error);
	if (r == 0)
		r = resolve_all_same(d, options, ret_error);
	if (r == 0)
		r = open_fifos(d, options, ret_error);
	if (r == 0 && wants_error_pipe)
		r = make_error_pipe(d, ret_error);
	if (r == 0)
		r = refuse_closed_sources(d, options, ret_error);
	return r;
}

int spu__acquire_descriptors(const struct spu_options *options, int wants_error_pipe,
			     struct descriptors *ret, struct spu_error *ret_error)
{
	int r;

	*ret = (struct descriptors){.error_pipe = {-1, -1}};
	r = acquire(options, wants_error_pipe, ret, ret_error);
	if (r < 0)
		spu__release_descriptors(ret, 0);
	return r;
}

void spu__release_descriptors(struct descriptors *d, int succeeded)
{
	size_t i;

	for (i = 0; i < d->child_end_count; i++)
		close(d->child_ends[i]);
	for (i = 0; i < d->caller_end_count; i++) {
		if (succeeded)
			*d->ret_caller_ends[i] = d->caller_ends[i];
		else
			close(d->caller_ends[i]);
	}
	for (i = 0; i < 2; i++)
		if (d->error_pipe[i] >= 0)
			close(d->error_pipe[i]);
	free(d->given);
}
