/* SPDX-License-Identifier: MIT */
/*
 * A text that grows, or fills a buffer of the caller's. It remembers that memory
 * was short, so that only the end needs to ask (a libc's memory stream doesn't
 * tell).
 */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stddef.h>

struct text {
	char *data;	/* ends with a NUL once something was added */
	size_t size;	/* without it */
	size_t room;
	int is_fixed;	/* data is the caller's: what is too long is cut */
	int failed;	/* no memory: what was added since is missing */
};

#define TEXT_IN(buffer) {(buffer), 0, sizeof(buffer), 1, 0}

void spu__add_text(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Hands a growing text over: 0, or -ENOMEM when something is missing, and then it is freed. */
int spu__take_text(struct text *text, char **ret_text);

#endif
