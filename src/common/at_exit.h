/* SPDX-License-Identifier: MIT */
/* The end of stdout, whichever way the program exits. */
#ifndef COMMON_AT_EXIT_H
#define COMMON_AT_EXIT_H

/*
 * From here on exit() closes stdout. If anything that was printed is lost it says so, and
 * the exit status is this one, that of the first call.
 */
void finish_stdout_at_exit(int status);

#endif
