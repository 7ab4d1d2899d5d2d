/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <stdio.h>
#include <unistd.h>

/* Debug information that lies in a file apart counts: libdw maps it to be written */
#define ROOM ((rlim_t)4 << 30)

/* What there is already, which under sanitizers is much; it counts, too. */
static rlim_t bytes_of_data(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*u %*u %*u %*u %*u %lu", &pages) != 1)
		pages = 0;
	fclose(file);
	return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

void memory_bound(struct rlimit *ret_before)
{
	static rlim_t most;
	struct rlimit bound;

	if (!most)
		most = bytes_of_data() + ROOM;
	if (getrlimit(RLIMIT_DATA, ret_before) < 0)
		*ret_before = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	bound = *ret_before;
	if (bound.rlim_cur > most)
		bound.rlim_cur = most;
	setrlimit(RLIMIT_DATA, &bound);
}

void memory_lift(const struct rlimit *before)
{
	setrlimit(RLIMIT_DATA, before);
}
