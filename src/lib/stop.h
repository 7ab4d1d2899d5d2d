/* SPDX-License-Identifier: MIT */
/* Ending children whose time is over. */
#ifndef LIB_STOP_H
#define LIB_STOP_H

#include <stdint.h>

#include "../spawnutil.h"

/* What is done about one, measure by measure; each has an end. */
struct stopping {
	struct spu_child *child;
	int signal;		/* the first measure; the second is SIGKILL */
	int grace_ms;
	unsigned flags;		/* SPU_GROUP */
	int taken;		/* how many */
	int64_t deadline;	/* until when the next one waits */
	struct spu_exit *ret_exit;	/* the options' */
};

/* As options say, from the deadline on. */
struct stopping spu__stopping(struct spu_child *child, const struct spu_options *options,
			      int64_t deadline);
/*
 * The deadline is over: takes the next measure. -EPERM: the child may not be
 * signalled; -EBUSY: none is left, SIGKILL hasn't ended it; -ECHILD: it is
 * another's by now.
 */
int spu__take_measure(struct stopping *stopping);
/*
 * The child has ended: what is left of its group is killed, also where the child is
 * no more ours to reap, if a pidfd reaches the group.
 */
void spu__end_group(const struct stopping *stopping);
/* Waits for the end, however long, and reaps. */
int spu__take_end(const struct stopping *stopping, int *ret_status);
/* Waits, takes measures, reaps: 0, -ETIMEDOUT if some were taken, or another error. */
int spu__see_off(struct stopping *stopping, int *ret_status);

/* Kills, reaps and releases; what can't be killed is left. */
void spu__end_child(struct spu_child *child);

#endif
