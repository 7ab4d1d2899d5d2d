/* SPDX-License-Identifier: MIT */
/*
 * Files that become shorter while they are mapped: what is behind their end is SIGBUS. The
 * audited program may do that on purpose.
 */
#ifndef SPAWNAUDIT_SHRINKING_H
#define SPAWNAUDIT_SHRINKING_H

/*
 * Calls it. 0: it was left in the middle by such a fault; what it was about isn't to be
 * used, nor given back.
 */
int shrinking_survived(void (*function)(void *a, void *b), void *a, void *b);

#endif
