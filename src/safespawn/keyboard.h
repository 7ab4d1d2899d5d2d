/* SPDX-License-Identifier: MIT */
/*
 * Our own terminal while COMMAND has another: raw as long as what is typed is for
 * COMMAND, and as it was before whenever we stop, end or are in its background.
 */
#ifndef SAFESPAWN_KEYBOARD_H
#define SAFESPAWN_KEYBOARD_H

#include <sys/ioctl.h>
#include <termios.h>

/* What COMMAND's begins with: as ours, where we have one. 0, or a negative errno value. */
int keyboard_model(struct termios *ret_modes, struct winsize *ret_size);

/* Raw. Whether standard input may be read: also where it is no terminal. */
int keyboard_take(void);
int keyboard_is_taken(void);

/* Also by exit(). */
void keyboard_give_back(void);

/* COMMAND's becomes as large as ours; whether we have one. */
int keyboard_resize(int terminal);

#endif
