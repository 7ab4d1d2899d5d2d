/* SPDX-License-Identifier: MIT */
/* A child after its launch: what it is known by, and what has become of it. */
#ifndef LIB_WAIT_H
#define LIB_WAIT_H

#include <stdint.h>

#include "../spawnutil.h"

struct spu_child spu__new_child(pid_t pid, int pidfd, const struct spu_options *options);

/* Reaped by one of our calls, or no child at all: its number means nothing. */
int spu__is_gone(const struct spu_child *child);
/* A look has reaped it, because that was all that could be done; its status is kept. */
int spu__is_untold(const struct spu_child *child);
/* It began as the leader of a process group, and may have left that since. */
int spu__began_as_leader(const struct spu_child *child);

/*
 * Has it ended: 1, 0, or a negative errno value; its status and number stay the
 * child's for spu__reap().
 */
int spu__has_ended(struct spu_child *child);
/* Until then: 0, -ETIMEDOUT or another negative errno value. A cancellation point. */
int spu__await_end(struct spu_child *child, int64_t deadline);
/* Has it a size that some version's has? 0, -EINVAL, -E2BIG. */
int spu__check_exit(const struct spu_exit *exit);
/* Of one that has ended. 0 or a negative errno value. */
int spu__reap(struct spu_child *child, int *ret_status);

#endif
