/* SPDX-License-Identifier: MIT */
/* What the command lines of all programs have in common: -h, --usage and -V. */
#ifndef COMMON_ARGUMENTS_H
#define COMMON_ARGUMENTS_H

#include <argp.h>

/* The .children of a program's struct argp. */
extern const struct argp_child arguments_children[];

/*
 * argp_parse() that says nothing of its own but what getopt says, in the name
 * that messages have, and where there is no memory; and returns where it fails: 0
 * or an errno value. Where help is asked for, and lost, the program ends with the
 * failure status.
 */
error_t arguments_parse(const struct argp *argp, int argc, char **argv, unsigned flags,
			void *input, int failure_status);

#endif
