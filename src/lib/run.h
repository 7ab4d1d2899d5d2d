/* SPDX-License-Identifier: MIT */
/* For the calls that launch and wait. */
#ifndef LIB_RUN_H
#define LIB_RUN_H

#include <signal.h>

#include "../spawnutil.h"
#include "accept.h"

struct stopping;

/*
 * Accepts the options, and gives the child a group of its own where it may have to
 * be ended.
 */
int spu__accept_for_wait(char *const argv[], const struct spu_options *options, enum acceptance by,
			 struct spu_options *ret_options, struct spu_error *ret_error);
/* Where it leads none. */
void spu__give_group(struct spu_options *options);
/*
 * Blocks SIGCHLD in the thread, as POSIX has it for system(): a handler that reaps
 * whatever has ended would take the status away. The child's mask doesn't change
 * by that.
 */
void spu__hold_sigchld(struct spu_options *options, sigset_t *ret_mask);
/*
 * What came of waiting, r, as the result; name is what was waited for. A child that
 * can't be ended is let go.
 */
int spu__wait_result(int r, const char *name, int wrote_too_much, const struct stopping *stopping,
		     const struct spu_options *options, struct spu_error *ret_error);

#endif
