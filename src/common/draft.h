/* SPDX-License-Identifier: MIT */
/*
 * A text that is made in memory, through a stream. When memory was short no text comes
 * out, where open_memstream() gives one with holes.
 */
#ifndef COMMON_DRAFT_H
#define COMMON_DRAFT_H

#include <stddef.h>
#include <stdio.h>

/* Stays where it is from draft_begin() to draft_end(). */
struct draft {
	FILE *stream;
	/* draft.c's own */
	char *text;
	size_t size, room;
	int is_short;		/* of memory: something is missing in the text */
};

/* 0, for draft_end(), or -ENOMEM. */
int draft_begin(struct draft *draft);

/* Closes the stream. The text is for free(), and ret_size may be NULL: 0, or -ENOMEM. */
int draft_end(struct draft *draft, char **ret_text, size_t *ret_size);

#endif
