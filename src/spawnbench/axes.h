/* SPDX-License-Identifier: MIT */
/*
 * What a launching process can be made of: one table, which the command line,
 * the tables, JSON, CSV and plots all go by. Pure.
 */
#ifndef SPAWNBENCH_AXES_H
#define SPAWNBENCH_AXES_H

#include <stddef.h>
#include <stdint.h>

enum axis_id {
	AXIS_RSS, AXIS_THP, AXIS_THREADS, AXIS_FDS, AXIS_CLOEXEC, AXIS_ENV, AXIS_JOBS,
	AXIS_COUNT
};

/* A parent: a value on each axis. */
struct shape {
	uint64_t values[AXIS_COUNT];
};

enum axis_kind { KIND_SIZE, KIND_NUMBER, KIND_YES };

struct axis {
	const char *name;	/* of the option, without its dashes */
	const char *label;	/* in plots, with the unit */
	const char *expected;	/* what a value may be, for messages */
	enum axis_kind kind;
	uint64_t min, max, usual;
};

extern const struct axis axis_table[AXIS_COUNT];

/* 0 or -EINVAL, -ERANGE. */
int axis_parse(const struct axis *axis, const char *text, uint64_t *ret);

/* A value as the option takes it: "512M", "no", "64". */
#define AXIS_TEXT_SIZE 32
const char *axis_text(const struct axis *axis, uint64_t value, char buffer[AXIS_TEXT_SIZE]);

/* "rss 0, thp no, threads 0, ..." */
#define SHAPE_TEXT_SIZE 256
const char *shape_text(const struct shape *shape, char buffer[SHAPE_TEXT_SIZE]);

#endif
