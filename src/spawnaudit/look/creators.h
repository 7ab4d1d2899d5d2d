/* SPDX-License-Identifier: MIT */
/*
 * The system calls that make descriptors which exec leaves open, or no longer, and the
 * filter of seccomp(2) that stops a program there and at each exec, and nowhere else.
 */
#ifndef SPAWNAUDIT_CREATORS_H
#define SPAWNAUDIT_CREATORS_H

#include <stddef.h>
#include <sys/types.h>

#include "machine.h"

/* What --provenance=CALLS may name */
#define CREATOR_GROUPS(X) \
	X(OPEN, "open", "O_CLOEXEC (\"e\" of fopen(3))") \
	X(SOCKET, "socket", "SOCK_CLOEXEC") \
	X(ACCEPT, "accept", "accept4(2) with SOCK_CLOEXEC") \
	X(PIPE, "pipe", "pipe2(2) with O_CLOEXEC") \
	X(DUP, "dup", "dup3(2) with O_CLOEXEC, or fcntl(2) with F_DUPFD_CLOEXEC") \
	X(FLAG, "flag", "leave it close-on-exec here: posix_spawn_file_actions_adddup2(3) or " \
	  "spu_spawn(3) hands it on to one child") \
	X(RECEIVE, "receive", "MSG_CMSG_CLOEXEC") \
	X(OTHER, "other", "the flag of this call that ends in CLOEXEC")

#define CREATOR_ENUM(name, text, mend) CREATE_##name,
enum creator_group { CREATOR_GROUPS(CREATOR_ENUM) CREATOR_GROUP_COUNT };
#undef CREATOR_ENUM

#define CREATOR_ALL ((1u << CREATOR_GROUP_COUNT) - 1)

/* Where the new numbers stand */
enum creator_made {
	MADE_RESULT,
	MADE_COPY,		/* the result, and it is a copy of the first argument */
	MADE_KEPT,		/* the first argument: it was there, exec leaves it open now */
	MADE_CLOSED,		/* the first argument: exec closes it now */
	MADE_PAIR,		/* two at the address that argument number .pair is */
	MADE_MESSAGE,		/* in a message, as SCM_RIGHTS */
	MADE_MESSAGES,		/* in as many as the result says */
};

/* A kind of calls that make some */
struct creator {
	long number;
	enum creator_group group;
	int operation;		/* the argument that must be .value; or CREATOR_ANY */
	unsigned value;
	int flags;		/* the argument in which .flag says close-on-exec; or ANY */
	unsigned flag;
	enum creator_made made;
	int pair;
};

#define CREATOR_ANY (-1)

/* The first that fits is the call's. */
const struct creator *creators_table(size_t *ret_count);

/* Group bits of a list of names: 0 or -EINVAL. */
int creators_parse(const char *text, unsigned *ret_groups);

/* All names of groups, a space before each. */
const char *creators_names(void);

/* What our filter says at its stops (SECCOMP_RET_DATA); a filter of the program's says another */
#define CREATORS_MARK 0x5a17

/* For this process and what it makes and executes: 0 or -errno. */
int creators_install(unsigned groups);

/* Does the call that begins make any? *ret says where the numbers will be. */
int creators_match(pid_t tid, const struct registers *entry, enum creator_made *ret);

/* By what such a call would make them close-on-exec at once */
const char *creators_mend(const struct registers *entry);

/*
 * The numbers that a call which has succeeded made; *ret is the caller's, to be
 * freed. Gives how many.
 */
size_t creators_made(pid_t tid, const struct registers *entry, long result, int **ret);

#endif
