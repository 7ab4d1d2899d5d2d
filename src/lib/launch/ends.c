/* SPDX-License-Identifier: MIT */
#include "ends.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "../../kernel.h"
#include "../../quote.h"
#include "../error.h"
#include "landlock.h"

int spu__lift(int fd, int min)
{
	int lifted, err;

	if (fd < 0 || fd >= min)
		return fd;
	lifted = fcntl(fd, F_DUPFD_CLOEXEC, min);
	/* EINVAL: the limit leaves no number above */
	err = errno == EINVAL ? EMFILE : errno;
	close(fd);
	errno = err;
	return lifted;
}

/* Out of 0 to 2, both or none. */
static int lift_both(int ends[2], int ret[2])
{
	int i;

	for (i = 0; i < 2; i++) {
		ends[i] = spu__lift(ends[i], 3);
		if (ends[i] < 0) {
			int err = errno;

			close(ends[!i]);
			return -err;
		}
	}
	ret[0] = ends[0];
	ret[1] = ends[1];
	return 0;
}

int spu__make_pipe(int ret[2])
{
	int ends[2];

	return pipe2(ends, O_CLOEXEC) < 0 ? -errno : lift_both(ends, ret);
}

int spu__make_sockets(int type, int ret[2])
{
	int ends[2], on = 1;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	if (setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0) {
		int err = errno;

		close(ends[0]);
		close(ends[1]);
		return -err;
	}
	return lift_both(ends, ret);
}

/*
 * ---- Pseudo-terminals
 */

/* By its name only where emulators don't know how to open it without. */
static int open_slave(int master)
{
	const int flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
	int fd = ioctl(master, TIOCGPTPEER, flags);
	char name[64];

	if (fd >= 0)
		return fd;
	return ptsname_r(master, name, sizeof(name)) == 0 ? open(name, flags) : -1;
}

static int set_up(int slave, const struct spu_fd *fd, const struct spu_options *options)
{
	int r = 0;

	if ((fd->termios && tcsetattr(slave, TCSANOW, fd->termios) < 0) ||
	    (fd->winsize && ioctl(slave, TIOCSWINSZ, fd->winsize) < 0))
		return -1;
	/* Another user can open it by its name then; who may not give it away launches, too */
	if (options->uid.set)
		r = fchown(slave, (uid_t)options->uid.value, (gid_t)-1);
	(void)r;
	return 0;
}

/* The master, and the slave: close-on-exec and not below 3; 0 or a negative errno value. */
static int make_pty(const struct spu_fd *fd, const struct spu_options *options, int ret[2])
{
	int master = spu__lift(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), 3), slave, err;
	const int unlocked = 0;

	if (master < 0)
		return -errno;
	slave = ioctl(master, TIOCSPTLCK, &unlocked) == 0 ? spu__lift(open_slave(master), 3) : -1;
	if (slave >= 0 && set_up(slave, fd, options) == 0) {
		ret[0] = master;
		ret[1] = slave;
		return 0;
	}
	err = errno;
	if (slave >= 0)
		close(slave);
	close(master);
	return -err;
}

/*
 * ---- What entries ask for
 */

static int make_entry(struct ends *ends, const struct spu_options *options, size_t index,
		      struct spu_error *ret_error)
{
	const struct spu_fd *fd = &options->fds[index];
	int is_pty = fd->kind == SPU_FD_PTY, made[2] = {-1, -1};
	int r = is_pty ? make_pty(fd, options, made) : spu__make_pipe(made);
	/* of a pipe it is the one that is read or the one that is written */
	int of_child = is_pty || fd->kind == SPU_FD_PIPE_OUT;

	if (r < 0)
		return spu__error(ret_error, -r, SPU_STEP_PREPARE, (int)index, "%s for %d%s",
				  is_pty ? "pty" : "pipe", fd->fd,
				  r == -ENOSPC ? ": too many of them" : "");
	ends->of_entry[index] = made[of_child];
	ends->child_ends[ends->child_end_count++] = made[of_child];
	ends->ret_caller_ends[ends->caller_end_count] = fd->ret_fd;
	ends->caller_ends[ends->caller_end_count++] = made[!of_child];
	return 0;
}

static int allocate(struct ends *ends, size_t entries)
{
	size_t each = sizeof(*ends->ret_caller_ends) + 3 * sizeof(int);

	if (entries == 0)
		return 0;
	ends->ret_caller_ends = malloc(entries * each);
	if (!ends->ret_caller_ends)
		return -ENOMEM;
	ends->of_entry = (int *)(ends->ret_caller_ends + entries);
	ends->caller_ends = ends->of_entry + entries;
	ends->child_ends = ends->caller_ends + entries;
	return 0;
}

int spu__make_ends(const struct spu_options *options, struct ends *ret,
		   struct spu_error *ret_error)
{
	const struct spu_fd *entries = options->fds;
	size_t count = spu__count_entries(entries), i;
	int r;

	*ret = (struct ends){.program = -1, .ruleset = -1, .cgroup = -1, .error_pipe = {-1, -1}};
	r = allocate(ret, count);
	if (r < 0)
		return spu__error(ret_error, -r, SPU_STEP_PREPARE, -1, "descriptors");
	for (i = 0; i < count && r == 0; i++) {
		ret->of_entry[i] = -1;
		if (entries[i].ret_fd)
			r = make_entry(ret, options, i, ret_error);
	}
	if (r < 0)
		spu__release_ends(ret, 0);
	return r;
}

void spu__release_ends(struct ends *ends, int succeeded)
{
	size_t i;

	spu__close_error_pipe(ends);
	spu__close_cgroup(ends);
	if (ends->program >= 0)
		close(ends->program);
	if (ends->ruleset >= 0)
		close(ends->ruleset);
	for (i = 0; i < ends->child_end_count; i++)
		close(ends->child_ends[i]);
	for (i = 0; i < ends->caller_end_count; i++) {
		if (succeeded)
			*ends->ret_caller_ends[i] = ends->caller_ends[i];
		else
			close(ends->caller_ends[i]);
	}
	free(ends->ret_caller_ends);
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

static int open_fifo(struct ends *ends, struct given *given, int directory,
		     struct spu_error *ret_error)
{
	int fd = spu__lift(openat(directory, given->path, given->flags | O_CLOEXEC), 3);

	if (fd < 0)
		return spu__error(ret_error, errno, SPU_STEP_PREPARE, given->index,
				  "open %d: FIFO %s", given->fd, QUOTED(given->path, NAME_SIZE));
	ends->child_ends[ends->child_end_count++] = fd;
	given->kind = GIVEN_MOVE;
	given->source = fd;
	return 0;
}

int spu__open_fifos(struct ends *ends, struct given *given, size_t count,
		    const struct spu_options *options, struct spu_error *ret_error)
{
	int directory = AT_FDCWD, r = 0;
	size_t i;

	/* Elsewhere the path, or the right to open it, is the child's. */
	if (options->root || options->uid.set || options->gid.set || options->groups)
		return 0;
	for (i = 0; i < count && r == 0; i++) {
		if (given[i].kind != GIVEN_OPEN)
			continue;
		if (options->cwd && directory == AT_FDCWD && given[i].path[0] != '/') {
			directory = open(options->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
			if (directory < 0)
				break;	/* the child will say so, at its step */
		}
		if (waits_at_open(directory, &given[i]))
			r = open_fifo(ends, &given[i], directory, ret_error);
	}
	if (directory >= 0)
		close(directory);
	return r;
}

/*
 * ---- The control group
 */

void spu__open_cgroup(struct ends *ends, const char *path)
{
	int fd = spu__lift(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), 3);
	struct statfs system;

	ends->cgroup = fd;
	if (fd >= 0 && (fstatfs(fd, &system) < 0 || system.f_type != KERNEL_CGROUP2_MAGIC))
		spu__close_cgroup(ends);
}

void spu__close_cgroup(struct ends *ends)
{
	if (ends->cgroup >= 0)
		close(ends->cgroup);
	ends->cgroup = -1;
}

/*
 * ---- What the child has until exec
 */

/* A number that the child is given, or looks for, is not for it. */
static int is_taken(struct given *given, size_t count, int fd)
{
	size_t i;

	if (spu__find_given(given, count, fd))
		return 1;
	for (i = 0; i < count; i++)
		if (given[i].kind == GIVEN_MOVE && given[i].source == fd)
			return 1;
	return 0;
}

/* To a number that isn't taken; -1 with errno, and it is closed. */
static int move_away(struct given *given, size_t count, int fd)
{
	while (fd >= 0 && is_taken(given, count, fd)) {
		int above = fd + 1;

		while (is_taken(given, count, above))
			above++;
		fd = spu__lift(fd, above);
	}
	return fd;
}

static int hold_program(struct ends *ends, struct given *given, size_t count, long number,
			struct spu_error *ret_error)
{
	int fd = fcntl((int)number, F_DUPFD_CLOEXEC, 3);

	ends->program = move_away(given, count, fd);
	return ends->program >= 0 ? 0 : spu__error(ret_error, errno, SPU_STEP_PREPARE, -1,
						   "program_fd %ld", number);
}

static int hold_ruleset(struct ends *ends, struct given *given, size_t count,
			const struct spu_options *options, struct spu_error *ret_error)
{
	int fd = spu__make_ruleset(options, ret_error);

	if (fd < 0)
		return fd;
	ends->ruleset = move_away(given, count, spu__lift(fd, 3));
	return ends->ruleset >= 0 ? 0 : spu__error(ret_error, errno, SPU_STEP_PREPARE, -1,
						   "landlock");
}

int spu__hold_for_exec(struct ends *ends, struct given *given, size_t count,
		       const struct spu_options *options, struct spu_error *ret_error)
{
	int r = 0;

	if (options->program_fd.set)
		r = hold_program(ends, given, count, options->program_fd.value, ret_error);
	if (r == 0 && options->landlock_access)
		r = hold_ruleset(ends, given, count, options, ret_error);
	return r;
}

int spu__make_error_pipe(struct ends *ends, struct given *given, size_t count)
{
	int i, r = spu__make_pipe(ends->error_pipe);

	for (i = 0; i < 2 && r == 0; i++) {
		ends->error_pipe[i] = move_away(given, count, ends->error_pipe[i]);
		r = ends->error_pipe[i] < 0 ? -errno : 0;
	}
	if (r < 0)
		spu__close_error_pipe(ends);
	return r;
}

void spu__close_error_pipe(struct ends *ends)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (ends->error_pipe[i] >= 0)
			close(ends->error_pipe[i]);
		ends->error_pipe[i] = -1;
	}
}
