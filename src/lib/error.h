/* SPDX-License-Identifier: MIT */
/* Error texts, and the names of what they speak of. */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

#include "../spawnutil.h"

/*
 * Fills *ret_error (which may be NULL) and returns -err. The text is the
 * format's, a colon and what err means.
 */
int spu__error(struct spu_error *ret_error, int err, unsigned step, int index,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Where the library is who says no: the text is the format's, err's meaning adds nothing. */
int spu__refusal(struct spu_error *ret_error, int err, unsigned step, int index,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The entries of fds from there on are the library's own, and the caller can't look them up. */
void spu__hide_own_entries(struct spu_error *ret_error, size_t from);
/* Of a name in such a text: behind it a remark and the reason have room. */
#define NAME_SIZE 140

/* "HUP" for 1, "" for a number without a name. */
const char *spu__signal_name(int number);
/* "nofile" for RLIMIT_NOFILE, "" for a number without a name. */
const char *spu__limit_name(int resource);
/* "net_raw" for CAP_NET_RAW, "" for a number without a name. */
const char *spu__capability_name(int capability);
/* "rr" for SCHED_RR, with SCHED_RESET_ON_FORK or without; "" for a number without a name. */
const char *spu__scheduler_name(int policy);

#endif
