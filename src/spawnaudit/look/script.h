/* SPDX-License-Identifier: MIT */
/* What an interpreter runs, by its arguments: python3 -u build.py is build.py. */
#ifndef SPAWNAUDIT_SCRIPT_H
#define SPAWNAUDIT_SCRIPT_H

#include <stddef.h>
#include <sys/types.h>

/*
 * The file or module that the program was told to run, from its arguments, each with its 0.
 * NULL: it is no interpreter, or that can't be told. For free().
 */
char *script_of(const char *program, const char *arguments, size_t size);

/* The same of a process that executes the program. It may have changed its arguments. */
char *script_read(pid_t pid, const char *program);

#endif
