/* SPDX-License-Identifier: MIT */
/* For the calls that launch and wait. */
#ifndef LIB_WAIT_H
#define LIB_WAIT_H

#include <stdint.h>

#include "../spawnutil.h"

/* SPU_GROUP if the child leads its group: only then may that be signalled. */
unsigned spu__group_flag(const struct spu_options *options);
/*
 * Has it ended: 1, 0, or a negative errno value; its status and number stay the
 * child's for spu_wait().
 */
int spu__has_ended(struct spu_child *child);
/* Kills, reaps and releases. */
void spu__end_child(struct spu_child *child, unsigned flags);
int64_t spu__now_us(void);
/* Waits as options say; kills and reaps the child if the thread is cancelled. */
int spu__wait_or_stop(struct spu_child *child, const struct spu_options *options,
		      int *ret_status);

#endif
