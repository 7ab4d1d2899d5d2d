/* SPDX-License-Identifier: MIT */
/* Pictures, drawn by gnuplot. */
#ifndef SPAWNBENCH_PLOT_H
#define SPAWNBENCH_PLOT_H

#include <stddef.h>

#include "figures.h"
#include "report.h"

/* Whether gnuplot is there and the file can be written; if not it says why. -1. */
int plot_check(const char *path);

/*
 * A picture for each child: the time over each axis on which the tables
 * differ, and the distribution in the first parent. .png or .svg. What goes
 * wrong is said; then -1.
 */
int plot_write(const char *path, const struct setting *setting, const struct table *tables,
	       size_t count);

/* Whether the name ends as it must. */
int plot_is_picture(const char *path);

#endif
