/* SPDX-License-Identifier: MIT */
/*
 * The system calls that matter between fork and exec: name, how each argument
 * is shown, and what the call tells (WORK_ bits), whatever its arguments are. What
 * isn't here is shown by its number. The calls that newer processors do without stand
 * at the end.
 *
 * Arguments: d number, x hexadecimal, m mode, p path, D directory, o flags of
 * open, s signal, h how of sigprocmask, f operation of futex, v argv, c flags
 * of clone, k address of a socket, " bytes, whose number follows. What follows isn't shown.
 */
#ifndef SPAWNAUDIT_CALL_TABLE_H
#define SPAWNAUDIT_CALL_TABLE_H

struct call_entry {
	long number;
	const char *name;
	const char *arguments;
	unsigned work;
};

/* NULL: it isn't there. */
const struct call_entry *call_find(long number);

#endif
