/* SPDX-License-Identifier: MIT */
/* What fuzzers draw from the bytes that they are given; behind the end all are 0. */
#ifndef BYTES_H
#define BYTES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* libFuzzer's interface */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FAULT(...) \
	do { \
		fprintf(stderr, __VA_ARGS__); \
		abort(); \
	} while (0)

struct bytes {
	const uint8_t *at, *end;
};

static inline unsigned take(struct bytes *bytes)
{
	return bytes->at < bytes->end ? *bytes->at++ : 0;
}

static inline uint64_t take_word(struct bytes *bytes)
{
	uint64_t word = 0;
	int i;

	for (i = 0; i < 8; i++)
		word = word << 8 | take(bytes);
	return word;
}

static inline size_t bytes_left(const struct bytes *bytes)
{
	return (size_t)(bytes->end - bytes->at);
}

/* The rest, or so much of it, as a string in memory of its own, for free(). */
static inline char *take_text(struct bytes *bytes, size_t size)
{
	char *text;

	if (size > bytes_left(bytes))
		size = bytes_left(bytes);
	text = malloc(size + 1);
	memcpy(text, bytes->at, size);
	text[size] = '\0';
	bytes->at += size;
	return text;
}

/* A file that holds them, at its beginning; it has no name. */
static inline int make_file(const void *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		FAULT("no file\n");
	return fd;
}

#endif
