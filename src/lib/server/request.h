/* SPDX-License-Identifier: MIT */
/*
 * What a spawn server's child is asked for, as bytes. Pure. The two programs are of
 * one build: numbers are as this machine has them.
 */
#ifndef LIB_REQUEST_H
#define LIB_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "../../kernel.h"
#include "../../spawnutil.h"

#define STANDING_LIMITS 16
#define STANDING_CPU_BYTES 1024

/* What a child inherits, and a server's child has from the server: to be made alike. */
struct standing {
	pid_t session, group;
	unsigned umask;
	int nice;
	int oom_score_adj;
	uint64_t ignored;	/* signals */
	struct kernel_rlimit64 limits[STANDING_LIMITS];	/* by resource */
	unsigned char cpus[STANDING_CPU_BYTES];	/* as sched_setaffinity(2) has them */
};

struct request {
	char *const *argv;
	/* MAP's from and program_fd count descriptors that come with the request; no pipes, no
	   server */
	struct spu_options options;
	size_t descriptors;	/* the last one is the working directory */
	int64_t deadline_us;	/* by CLOCK_MONOTONIC, for exec; 0: none */
	struct standing standing;
};

/* Above what exec takes: 6 MiB of strings, and a pointer for each */
#define REQUEST_LIMIT (16u << 20)

/* Neither changes what it says. */
size_t spu__measure_request(struct request *request);

/*
 * 0, or -EAGAIN: it doesn't come to the size that was measured. Another thread has
 * changed the environment meanwhile.
 */
int spu__write_request(struct request *request, char *bytes, size_t size);

/* The first bytes: how many there are in all. 0: it is none that this version knows. */
#define REQUEST_HEAD 16
size_t spu__request_size(const char head[REQUEST_HEAD]);

/*
 * Strings stay in the bytes, lists are in the room, which is aligned as malloc's. 0, or
 * -EPROTO: it is no request. What it says isn't looked at; options are to be checked.
 */
#define REQUEST_ROOM(size) (8 * (size) + 512)
int spu__read_request(const char *bytes, size_t size, struct request *ret, void *room);

#endif
