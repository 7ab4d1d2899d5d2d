/* SPDX-License-Identifier: MIT */
/* What the machine says about itself, and what else it did meanwhile. Prints nothing. */
#ifndef SPAWNBENCH_MACHINE_H
#define SPAWNBENCH_MACHINE_H

#include <stdint.h>
#include <sys/utsname.h>

/* What can't be read is "" or 0, not guessed. */
struct machine {
	long processors;
	char model[128], governor[32], libc[64];
	uint64_t memory, available;		/* bytes */
	struct utsname kernel;
	uint64_t descriptors, descriptors_hard;	/* limits; UINT64_MAX: none */
	uint64_t processes, stack;
};

void machine_read(struct machine *machine);

/* Bytes; the control group's limit, where it has one, counts too. */
uint64_t machine_memory_available(void);

/*
 * How many threads and processes may be there beside those that are, at most:
 * what others use of a limit is known for some of them only. *ret_limit names it.
 */
uint64_t machine_room_for_tasks(const char **ret_limit);

/* A field of this process's smaps_rollup, in bytes. -errno. */
int machine_own_memory(const char *field, uint64_t *ret);

/* How busy the machine was with other things while something was measured. */
struct conditions {
	double load[3];		/* the load averages, at its beginning */
	double seconds;
	double steal;		/* parts of its processors' time: taken by the hypervisor, */
	double others;		/* and by processes that are not ours; NAN: unknown */
};

struct busy {
	uint64_t clock;
	double load[3];
	double ticks, steal, own;
};

void conditions_begin(struct busy *busy);
/* When the measuring process has been waited for: its time counts as ours then. */
void conditions_end(const struct busy *begin, struct conditions *ret);

#endif
