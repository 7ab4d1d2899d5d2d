/* SPDX-License-Identifier: MIT */
#include "pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/message.h"
#include "common/parse.h"
#include "redirect.h"

/* Is it still what lies there under that name? */
static int is_in_place(const struct pid_file *file)
{
	struct stat ours, there;

	return fstat(file->fd, &ours) == 0 && lstat(file->path, &there) == 0 &&
	       ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/*
 * What it holds, all of it: a number, 0 for nothing, -EINVAL for something else. A
 * file of figures begins like one with a pid.
 */
static long read_pid(const struct pid_file *file)
{
	char text[16];
	ssize_t size = pread(file->fd, text, sizeof(text) - 1, 0);
	struct stat status;
	size_t digits;
	long pid;

	if (size < 0 || fstat(file->fd, &status) < 0)
		return -errno;
	if (size != status.st_size)
		return -EINVAL;
	if (size == 0)
		return 0;
	text[size] = '\0';
	digits = strspn(text, "0123456789");
	if ((size_t)size != digits + (text[digits] == '\n'))
		return -EINVAL;
	text[digits] = '\0';
	return parse_long(text, 1, INT_MAX, &pid) < 0 ? -EINVAL : pid;
}

/* A zombie isn't, and in a container there may be nobody who reaps it. */
static int is_running(pid_t pid)
{
	char path[32], text[512];
	const char *end;
	ssize_t size;
	int fd;

	if (kill(pid, 0) < 0 && errno == ESRCH)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[size < 0 ? 0 : size] = '\0';
	end = strrchr(text, ')');
	return !end || strncmp(end, ") Z", 3) != 0;
}

static int lock_regular(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENXIO;
	return flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
}

/* 0, or a negative errno value: -EWOULDBLOCK while another of us holds it. */
static int open_locked(struct pid_file *file)
{
	int r;

	do {
		file->fd = redirect_open_own(file->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
					     0644);
		if (file->fd < 0)
			return file->fd;
		r = lock_regular(file->fd);
		if (r == 0 && is_in_place(file))
			return 0;
		close(file->fd);
		/* Else whoever held it has removed it meanwhile */
	} while (r == 0);
	return r;
}

static int refuse(const struct pid_file *file, const char *why)
{
	say("--pid-file=%s: %s", NAMED(file->path), why);
	return -EEXIST;
}

/* What was left there: a number, and its process gone, or nothing. */
static int examine(const struct pid_file *file)
{
	long pid = read_pid(file);

	if (pid < 0)
		return refuse(file,
			      "there is a file that holds no pid; remove it, or name another");
	if (pid == 0 || pid == getpid() || !is_running((pid_t)pid))
		return 0;
	say("--pid-file=%s: %ld is running; if it is another program, remove the file",
	    NAMED(file->path), pid);
	return -EEXIST;
}

int pid_file_claim(const char *path, struct pid_file *ret)
{
	struct pid_file file = {.path = path};
	int r = open_locked(&file);

	if (r == 0)
		r = examine(&file);
	else if (r == -EWOULDBLOCK)
		refuse(&file, "another safespawn that waits for its command holds it");
	else if (r == -ELOOP)
		refuse(&file, "a symbolic link");
	else if (r == -ENXIO)
		refuse(&file, "not a regular file");
	else
		say_errno(r, "--pid-file=%s", NAMED(path));
	if (r == 0)
		*ret = file;
	return r;
}

void pid_file_remove(const struct pid_file *file, pid_t pid)
{
	long held = file->path ? read_pid(file) : -ENOENT;

	if (held >= 0 && (pid == 0 || held == pid) && is_in_place(file))
		unlink(file->path);
}
