/* SPDX-License-Identifier: MIT */
/* The shared counters and the line on the terminal. */
#include "progress.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"

#define CLEAR "\r\033[K"

struct progress *progress_new(void)
{
	void *memory = mmap(NULL, sizeof(struct progress), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void progress_free(struct progress *progress)
{
	munmap(progress, sizeof(*progress));
}

void progress_count_launch(struct progress *progress)
{
	__atomic_fetch_add(&progress->launches, 1, __ATOMIC_RELAXED);
}

void ticker_begin(struct ticker *ticker, size_t shapes, uint64_t limit)
{
	memset(ticker, 0, sizeof(*ticker));
	ticker->shown = isatty(STDERR_FILENO);
	ticker->shapes = shapes;
	ticker->begin = clock_now();
	ticker->limit = limit;
}

/* In seconds: as fast as until now, but not beyond the limit. */
static double time_left(const struct ticker *ticker, double done)
{
	double elapsed = (double)(clock_now() - ticker->begin) / NANOSECONDS;
	double left = elapsed / done * (1 - done);
	double limit = (double)ticker->limit / NANOSECONDS - elapsed;

	if (ticker->limit && left > limit)
		left = limit;
	return left > 0 ? left : 0;
}

/* One write: lines of the two processes don't mix. What can't be shown isn't. */
static void show(const char *text, int length)
{
	if (write(STDERR_FILENO, text, (size_t)length) < 0)
		return;
}

void ticker_show(const struct ticker *ticker, const struct progress *progress,
		 const char *method)
{
	double steps = (double)__atomic_load_n(&progress->steps, __ATOMIC_RELAXED);
	double done = ((double)ticker->shape + steps / (double)ticker->steps) /
		(double)ticker->shapes;
	char line[160], left[32] = "";
	int length;

	if (!ticker->shown)
		return;
	if (done > 0) {
		double seconds = time_left(ticker, done);
		int whole = seconds < INT_MAX ? (int)seconds : INT_MAX;

		snprintf(left, sizeof(left), ", %d:%02d left", whole / 60, whole % 60);
	}
	length = snprintf(line, sizeof(line), CLEAR "parent %zu of %zu: %.24s (%.0f %% done%s)\r",
			  ticker->shape + 1, ticker->shapes,
			  progress->growing ? "growing" : method, done * 100, left);
	show(line, length);
}

void ticker_clear(void)
{
	if (isatty(STDERR_FILENO))
		show(CLEAR, (int)strlen(CLEAR));
}
