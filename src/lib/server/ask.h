/* SPDX-License-Identifier: MIT */
#ifndef LIB_ASK_H
#define LIB_ASK_H

#include "../launch/launch.h"

/* May the server be asked for such a launch? 0 or a negative errno value. */
int spu__accept_server(const struct spu_options *options, struct spu_error *ret_error);

/* By its options' server. *ret_pidfd is below 0 where none is to be had, or is wanted. */
int spu__ask_server(const struct launch *launch, pid_t *ret_pid, int *ret_pidfd);

#endif
