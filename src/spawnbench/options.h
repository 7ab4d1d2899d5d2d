/* SPDX-License-Identifier: MIT */
/* The command line. The only room that knows argp. */
#ifndef SPAWNBENCH_OPTIONS_H
#define SPAWNBENCH_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "axes.h"
#include "methods.h"
#include "output.h"
#include "outside.h"

/* Wrong usage; slower than --compare-threshold allows; other failures are EXIT_FAILURE. */
#define EXIT_USAGE 2
#define EXIT_SLOWER 3

#define LIST_MAX 64
#define SAMPLES_MAX 10000000
#define RATE_MAX 1000
#define PERCENT_MAX 1000000

#define PIN_NONE (-1)
#define PIN_HERE (-2)

struct list {
	size_t count;
	uint64_t values[LIST_MAX];
};

struct options {
	struct list axes[AXIS_COUNT];
	size_t method_count;
	const struct method *methods[LIST_MAX];
	size_t outside_count;
	struct outside outside[LIST_MAX];	/* those of them that are outside programs */
	const char *baseline_name;	/* NULL: the usual one */
	size_t baseline;		/* its place in methods */
	size_t child_count;
	const char *children[LIST_MAX];	/* none: the usual two */
	int quick, time_given, methods_given, rss_given;
	unsigned rate;		/* of the stall experiment: launches a second */
	size_t rounds, launches;
	uint64_t time, timeout;		/* nanoseconds; 0: none */
	struct output_wish output;
	const char *compare;	/* a file; NULL: none */
	long threshold;		/* percent; -1: none */
	int pin;		/* a processor, PIN_NONE or PIN_HERE */
};

/* Fills options; says what is wrong and exits. */
void options_parse(struct options *options, int argc, char **argv);

#endif
