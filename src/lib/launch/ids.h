/* SPDX-License-Identifier: MIT */
/* Launches that change ids, and the dumpable flag of the memory that their children share. */
#ifndef LIB_IDS_H
#define LIB_IDS_H

#include <sys/types.h>

/*
 * Must the memory be copied for such a child? is_tellable: it can be seen for
 * sure when the child has let go of it. 1, 0, or a negative errno value.
 */
int spu__id_change_needs_copy(int is_tellable);

/*
 * Around a clone whose child changes its ids in our memory. pid: of the program
 * that runs by now; 0: there is none.
 */
void spu__enter_id_change(void);
void spu__leave_id_change(pid_t pid, int is_child);

#endif
