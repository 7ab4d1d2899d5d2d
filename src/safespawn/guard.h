/* SPDX-License-Identifier: MIT */
/* A process that restores our terminal where SIGKILL has ended us: we can't then. */
#ifndef SAFESPAWN_GUARD_H
#define SAFESPAWN_GUARD_H

#include <termios.h>

/* Before the launch and before --kill-tree looks for our children. Where none is to be had we
   do without. */
void guard_start(void);

/* Standard input has these modes from us, and is to have those before. */
void guard_tell(const struct termios *before, const struct termios *raw);

#endif
