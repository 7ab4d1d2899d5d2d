/* SPDX-License-Identifier: MIT */
/* Mapping, touching and looking at memory. */
#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/message.h"
#include "machine.h"

#define MEBIBYTE (1024.0 * 1024.0)
#define HUGE_PAGE ((uint64_t)2 << 20)
/* Page tables of the parent and of a fork child, 8 bytes a page each, and some to live on. */
#define MEMORY_OVERHEAD(size) ((size) / 256 + (64u << 20))
#define THP_FILE "/sys/kernel/mm/transparent_hugepage/enabled"

static volatile char *held;
static uint64_t held_size;

static int check_huge_pages(void)
{
	FILE *file = fopen(THP_FILE, "re");
	char line[128] = "";
	int there = file && fgets(line, sizeof(line), file) && !strstr(line, "[never]");

	if (file)
		fclose(file);
	if (there)
		return 0;
	say("--thp: no huge pages here: " THP_FILE " is %s", file ? "'never'" : "missing");
	return -ENOTSUP;
}

int memory_check(uint64_t size, int huge)
{
	uint64_t available = machine_memory_available();

	if (size == 0)
		return 0;
	if (huge && check_huge_pages() < 0)
		return -ENOTSUP;
	if (size <= available && MEMORY_OVERHEAD(size) <= available - size)
		return 0;
	say("--rss: %.0f MiB and their page tables don't fit: %.0f MiB are available",
	    (double)size / MEBIBYTE, (double)available / MEBIBYTE);
	return -ENOMEM;
}

/* From a multiple of the size of a huge page on, or the first would be small ones. */
static volatile char *map(uint64_t size, int huge)
{
	uint64_t before = huge ? HUGE_PAGE : 0;
	char *memory = mmap(NULL, size + before, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (huge)
		memory += HUGE_PAGE - (uintptr_t)memory % HUGE_PAGE;
	/* EINVAL: a kernel without huge pages, which is as well; or the look below finds it. */
	madvise(memory, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return memory;
}

/* A little may have gone to swap, and huge pages are not to be had for the last bytes. */
static int look(const char *field, uint64_t size, const char *what)
{
	uint64_t there;

	if (machine_own_memory(field, &there) < 0) {
		say("--rss: /proc/self/smaps_rollup, to see that it is there: not readable");
		return -1;
	}
	if (there >= size - size / 20)
		return 0;
	say("--rss: of %.0f MiB only %.0f are %s", (double)size / MEBIBYTE,
	    (double)there / MEBIBYTE, what);
	return -1;
}

int memory_hold(uint64_t size, int huge)
{
	long page = sysconf(_SC_PAGESIZE);
	volatile char *memory;

	if (size == 0)
		return 0;
	memory = map(size, huge);
	if (!memory) {
		say_errno(errno, "--rss: %.0f MiB", (double)size / MEBIBYTE);
		return -1;
	}
	for (uint64_t i = 0; i < size; i += (uint64_t)page)
		memory[i] = 1;
	held = memory;
	held_size = size;
	if (look("Anonymous", size, "resident: is it swapping?") < 0)
		return -1;
	return huge ? look("AnonHugePages", size / HUGE_PAGE * HUGE_PAGE, "in huge pages") : 0;
}

volatile char *memory_held(uint64_t *ret_size)
{
	*ret_size = held_size;
	return held;
}
