/* SPDX-License-Identifier: MIT */
/*
 * A child that moves bytes which can be recognized: the byte at place i is
 * i % 251 ^ i / 65521 % 256, so that nothing lost, doubled or moved goes unseen.
 *
 *	report_bytes make OUT ERR	writes so many to 1 and to 2, in turns
 *	report_bytes check		reads 0, prints how many were right, or "wrong at N"
 *	report_bytes echo		copies 0 to 1
 *	report_bytes close SECONDS	closes 1 and 2, waits, ends with 4
 *	report_bytes hold FD		leaves a process that holds FD and not the others
 *					of 0 to 2; prints its pid
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char block[65536];

static unsigned char byte_at(unsigned long long i)
{
	return (unsigned char)(i % 251 ^ i / 65521 % 256);
}

static unsigned long long put(int fd, unsigned long long from, unsigned long long to)
{
	size_t size = to - from < sizeof(block) ? (size_t)(to - from) : sizeof(block), i;
	ssize_t written = 0;

	for (i = 0; i < size; i++)
		block[i] = (char)byte_at(from + i);
	if (size > 0)
		written = write(fd, block, size);
	if (written < 0)
		exit(5);
	return from + (unsigned long long)written;
}

static int make(unsigned long long out, unsigned long long err)
{
	unsigned long long out_at = 0, err_at = 0;

	while (out_at < out || err_at < err) {
		out_at = put(1, out_at, out);
		err_at = put(2, err_at, err);
	}
	return 0;
}

static int check(void)
{
	unsigned long long at = 0;
	ssize_t got, i;

	while ((got = read(0, block, sizeof(block))) > 0)
		for (i = 0; i < got; i++, at++)
			if ((unsigned char)block[i] != byte_at(at))
				return printf("wrong at %llu\n", at) < 0;
	return printf("%llu\n", at) < 0 || got < 0;
}

static int echo(void)
{
	ssize_t got, written, at;

	while ((got = read(0, block, sizeof(block))) > 0)
		for (at = 0; at < got; at += written) {
			written = write(1, block + at, (size_t)(got - at));
			if (written < 0)
				return 5;
		}
	return got < 0;
}

static int hold(int held)
{
	int ready[2], fd;
	pid_t pid;
	char c;

	if (pipe(ready) < 0)
		return 3;
	pid = fork();
	if (pid == 0) {
		for (fd = 0; fd <= 2; fd++)
			if (fd != held)
				close(fd);
		close(ready[0]);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	return read(ready[0], &c, 1) < 0 || printf("%d\n", (int)pid) < 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "make") == 0)
		return make(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
	if (argc == 2 && strcmp(argv[1], "check") == 0)
		return check();
	if (argc == 2 && strcmp(argv[1], "echo") == 0)
		return echo();
	if (argc == 3 && strcmp(argv[1], "hold") == 0)
		return hold(atoi(argv[2]));
	if (argc == 3 && strcmp(argv[1], "close") == 0) {
		close(1);
		close(2);
		usleep((useconds_t)(atof(argv[2]) * 1e6));
		return 4;
	}
	return 2;
}
