/* SPDX-License-Identifier: MIT */
/*
 * report_fds FILE COUNT: writes to FILE which of the numbers below COUNT are
 * open, a struct held_fd
 * for each; of one that isn't all is 0. Quick,
 * for the tests that launch thousands; FILE is opened last.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HELD_MAX 2048

/* As check_model.c has it. */
struct held_fd {
	unsigned long long device, inode;
	long cloexec;
};

int main(int argc, char **argv)
{
	static struct held_fd held[HELD_MAX];
	int count = argc == 3 ? atoi(argv[2]) : 0, fd, out;
	struct stat st;

	if (count < 1 || count > HELD_MAX)
		return 3;
	for (fd = 0; fd < count; fd++) {
		if (fstat(fd, &st) < 0)
			continue;
		held[fd].device = st.st_dev;
		held[fd].inode = st.st_ino;
		held[fd].cloexec = (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
	}
	out = open(argv[1], O_WRONLY);
	if (out < 0)
		return 4;
	return write(out, held, (size_t)count * sizeof(*held)) ==
	       (ssize_t)((size_t)count * sizeof(*held)) ? 0 : 5;
}
