/* SPDX-License-Identifier: MIT */
/*
 * The samples of one table. They lie in memory that the measuring process and
 * the one that prints share, and a sample is counted only after it is written:
 * what is there is good even if the measuring process is killed.
 */
#ifndef SPAWNBENCH_RESULTS_H
#define SPAWNBENCH_RESULTS_H

#include <stddef.h>
#include <stdint.h>

/* What is measured of each launch. Times count from just before the call. */
enum metric {
	METRIC_RETURNED,	/* until the call returned */
	METRIC_EXEC,		/* until the child ran */
	METRIC_REAPED,		/* until the child was waited for */
	METRIC_USER,		/* the launching thread's own time */
	METRIC_SYSTEM,
	METRIC_FAULTS,		/* its page faults */
	METRIC_COUNT
};
#define METRIC_TIMES 3		/* the first are times that it took */

struct metric_name {
	const char *name;	/* for JSON and CSV, with the unit */
	double scale;		/* of that unit in one of what a sample holds */
};
extern const struct metric_name metric_table[METRIC_COUNT];

#define NO_VALUE UINT64_MAX
#define REASON_SIZE 256		/* the library's longest text is shorter */

/* Nanoseconds, or a number of faults; NO_VALUE where there is none. */
struct sample {
	uint64_t values[METRIC_COUNT];
};

struct results {
	size_t methods, rounds, jobs, launches;	/* launches: of a job, in a turn */
	char (*reasons)[REASON_SIZE];	/* by method: "", or why it can't launch */
	uint64_t *walls;	/* by turn: nanoseconds that all jobs together took */
	unsigned *counts;	/* by turn and job: how many samples are there */
	struct sample *samples;	/* by turn, job and launch */
	size_t size;
};

/* A method's turn in a round, and which of the threads that launch at once. */
struct lane {
	size_t method, round, job;
};

int results_init(struct results *results, size_t methods, size_t rounds, size_t jobs,
		 size_t launches);
void results_clear(struct results *results);

/* Nothing was measured and no method was found wanting. */
int results_empty(const struct results *results);

/* NULL: the method launches. */
const char *results_reason(const struct results *results, size_t method);
void results_refuse(struct results *results, size_t method, const char *reason);

void results_add(struct results *results, struct lane lane, const struct sample *sample);
void results_set_wall(struct results *results, size_t method, size_t round, uint64_t wall);

unsigned results_count(const struct results *results, struct lane lane);
const struct sample *results_samples(const struct results *results, struct lane lane);

/* How many launches of a method there are, and of how many rounds. */
size_t results_total(const struct results *results, size_t method, size_t *ret_rounds);

/* Launches in each second of the turns that are complete; NAN when none is. */
double results_rate(const struct results *results, size_t method);

/*
 * Appends the values of a method's turn, in the metric's unit, to ret, which
 * has room for jobs * launches. How many there are.
 */
size_t results_take(const struct results *results, size_t method, size_t round,
		    enum metric metric, double *ret);

#endif
