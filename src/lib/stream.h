/* SPDX-License-Identifier: MIT */
/* Our ends of a child's pipes, and the bytes that go through. Nothing waits, but a drain. */
#ifndef LIB_STREAM_H
#define LIB_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "../spawnutil.h"

/* What the child reads */
struct input {
	int fd;			/* our end; -1: not given, or over */
	const char *data;
	size_t left;
};

/* What it writes */
struct stream {
	int fd;			/* our end; -1: not captured, or over */
	int64_t hold_us;	/* how long others may hold the pipe when the child has ended */
	size_t capacity;
	struct spu_output kept;
};

void spu__close_end(int *fd);

/* As much as there is room for; when all is sent, or wanted no more, fd is closed. */
int spu__send_input(struct input *input);

/* As the caller has it, NULL is none. The first memory is had here, before there is a child. */
int spu__prepare_stream(struct stream *stream, const struct spu_output *output, const char *name,
			struct spu_error *ret_error);
/* What is there; at the end fd is closed. */
int spu__read_stream(struct stream *stream);
/* The child is to be ended because of it. */
int spu__has_overflowed(const struct stream *stream);
/*
 * The child has ended. What is in the pipe now, and all that comes if nobody holds
 * it by the deadline; who does may write for ever.
 */
int spu__drain(struct stream *stream, int64_t deadline);
/* Gives the memory to the caller, who may not want it: NULL. */
void spu__hand_over(struct stream *stream, struct spu_output *ret);

#endif
