/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/parse.h"

/* One read: what /proc gives in one is of one moment. */
static ssize_t read_file(pid_t pid, const char *what, char *ret, size_t size)
{
	char path[64];
	ssize_t length;
	int fd, err;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	length = read(fd, ret, size - 1);
	err = errno;
	close(fd);
	if (length < 0)
		return -err;
	ret[length] = '\0';
	return length;
}

int process_read(pid_t pid, struct process *ret)
{
	char line[1024], *name, *rest;
	ssize_t length = read_file(pid, "stat", line, sizeof(line));
	int parent;

	if (length < 0)
		return (int)length;
	/* the name may hold parentheses and blanks: it ends at the last one */
	name = strchr(line, '(');
	rest = strrchr(line, ')');
	if (!name || !rest)
		return -EIO;
	*rest = '\0';
	*ret = (struct process){.pid = pid};
	snprintf(ret->name, sizeof(ret->name), "%s", name + 1);
	if (sscanf(rest + 1, " %c %d %*d %*d %*d %*d %u"
		   " %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld",
		   &ret->state, &parent, &ret->flags, &ret->threads) != 4)
		return -EIO;
	ret->parent = parent;
	return 0;
}

int process_next_number(void *directory)
{
	struct dirent *entry;
	long number;

	while ((entry = readdir(directory)))
		if (parse_long(entry->d_name, 0, 0x7fffffff, &number) == 0)
			return (int)number;
	return -1;
}
