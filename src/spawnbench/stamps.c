/* SPDX-License-Identifier: MIT */
/* The file that children leave their time in. child_exit.c writes to it. */
#include "stamps.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* A cache line each, so that lanes don't slow each other down. As in child_exit.c. */
#define STAMP_STRIDE 64

static volatile char *stamps;
static size_t stamps_size;

static int replace_output(int fd)
{
	int r = dup2(fd, STDOUT_FILENO) < 0 ? -errno : 0;

	if (fd != STDOUT_FILENO)
		close(fd);
	return r;
}

int stamps_open(size_t lanes)
{
	size_t size = lanes * STAMP_STRIDE;
	int fd = memfd_create("spawnbench-stamps", MFD_CLOEXEC), r;
	void *memory;

	if (fd < 0)
		return -errno;
	memory = ftruncate(fd, (off_t)size) < 0 ? MAP_FAILED :
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		r = -errno;
		close(fd);
		return r;
	}
	stamps = memory;
	stamps_size = size;
	return replace_output(fd);
}

int stamps_close(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (stamps)
		munmap((void *)stamps, stamps_size);
	stamps = NULL;
	return replace_output(fd);
}

static volatile uint64_t *entry(size_t lane)
{
	return (volatile uint64_t *)(stamps + lane * STAMP_STRIDE);
}

void stamps_reset(size_t lane)
{
	if (stamps)
		*entry(lane) = 0;
}

uint64_t stamps_take(size_t lane)
{
	return stamps ? *entry(lane) : 0;
}
