/* SPDX-License-Identifier: MIT */
/* The library that gives the command our system() and popen(). */
#ifndef SAFESPAWN_PRELOAD_H
#define SAFESPAWN_PRELOAD_H

#include "settings.h"

/*
 * "LD_PRELOAD=...": the library, before what the command would find there. The
 * caller's to free(). NULL after saying what is wrong.
 */
char *preload_assignment(const struct settings *settings);

#endif
