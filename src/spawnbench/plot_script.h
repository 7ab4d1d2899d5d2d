/* SPDX-License-Identifier: MIT */
/* What gnuplot is told. Pure but for the stream that it is written to. */
#ifndef SPAWNBENCH_PLOT_SCRIPT_H
#define SPAWNBENCH_PLOT_SCRIPT_H

#include <stdio.h>

#include "figures.h"
#include "report.h"

/* terminal: "png" or "svg". */
void plot_script(FILE *out, const char *terminal, const struct setting *setting,
		 const struct table *tables, size_t count);

#endif
