/* SPDX-License-Identifier: MIT */
/*
 * For the suites about descriptors: which file a child holds at which number.
 * Launches run twice where it is cheap: the first one in a process carries an
 * error pipe, later ones don't.
 */
#ifndef HELD_H
#define HELD_H

#include <errno.h>
#include <fcntl.h>

#include "launches.h"

struct identity {
	unsigned long long device, inode;
};

static inline struct identity identity_of(int fd)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return (struct identity){st.st_dev, st.st_ino};
}

static inline struct identity identity_of_path(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return (struct identity){st.st_dev, st.st_ino};
}

static inline int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* A new file of its own at this number, close-on-exec or not. */
static inline void open_at(int number, int cloexec)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "number.%d", number);
	fd = open(write_file(name, "content\n", 0600), O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	if (fd == number) {
		fcntl(fd, F_SETFD, cloexec ? FD_CLOEXEC : 0);
		return;
	}
	ck_assert_int_eq(dup3(fd, number, cloexec ? O_CLOEXEC : 0), number);
	close(fd);
}

/* The lowest number that is free: what a pipe of the library's would get. */
static inline int lowest_free(void)
{
	int was_open = is_open(0), fd;

	if (!was_open)
		ck_assert_int_eq(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
	fd = fcntl(0, F_DUPFD_CLOEXEC, 3);
	if (!was_open)
		close(0);
	ck_assert_int_ge(fd, 3);
	close(fd);
	return fd;
}

#define ASSERT_HOLDS(report, fd, wanted) assert_holds(report, fd, wanted, __LINE__)
static inline void assert_holds(const struct state_report *report, int fd,
				struct identity wanted, int line)
{
	const struct report_fd *held = report_find(report, fd);

	ck_assert_msg(held != NULL, "line %d: the child has no %d", line, fd);
	ck_assert_msg(held->device == wanted.device && held->inode == wanted.inode,
		      "line %d: the child's %d is another file", line, fd);
	ck_assert_msg(!held->cloexec, "line %d: the child's %d is close-on-exec", line, fd);
}

#define ASSERT_CLOSED(report, fd) \
	ck_assert_msg(!report_find(report, fd), "line %d: the child has %d", __LINE__, fd)

/* How many of 0 to 2 a child inherits. */
static inline size_t count_standard(void)
{
	size_t count = 0;
	int fd;

	for (fd = 0; fd <= 2; fd++)
		count += is_open(fd);
	return count;
}

/* Twice, with the same result; nothing is left in this process. */
static inline struct state_report *observe(const struct spu_options *options)
{
	struct state_report *first, *second;
	size_t open_before, i;

	first = run_report(options);
	open_before = count_open();
	second = run_report(options);
	assert_unchanged(open_before);
	ck_assert_uint_eq(first->fd_count, second->fd_count);
	for (i = 0; i < first->fd_count; i++) {
		const struct report_fd *other = report_find(second, first->fds[i].fd);

		ck_assert_ptr_nonnull(other);
		ck_assert_int_eq(first->fds[i].flags, other->flags);
	}
	return second;
}

/* With these entries "true" isn't launched. */
#define ASSERT_REFUSED(options, err, step, index, text) \
	ASSERT_FAILS(SPU_ARGV("true"), options, err, step, index, text)

#endif
