/* SPDX-License-Identifier: MIT */
/* Which functions a child entered before its exec, each once, in the order of the first time. */
#ifndef SPAWNAUDIT_FUNCTIONS_H
#define SPAWNAUDIT_FUNCTIONS_H

#include <stddef.h>
#include <stdint.h>

enum function_kind {
	FUNCTION_OWN,		/* of the program, or of a library that isn't libc */
	FUNCTION_SAFE,		/* of libc, called from elsewhere: async-signal-safe */
	FUNCTION_UNSAFE,	/* the same: not; an allocator, a runtime that needs its threads */
	FUNCTION_INSIDE,	/* of libc, called by libc: the one that was called counts */
	FUNCTION_FORKS,		/* of fork's own handlers */
};

struct function_name {
	const char *name;	/* NULL: unknown */
	const char *module;	/* path; NULL: in no file */
	uint64_t offset;	/* in the module, of its beginning */
};

struct function {
	struct function_name is;
	struct function_name caller;	/* the first one */
	enum function_kind kind;
};

struct functions {
	int users;
	int is_complete;	/* from birth to exec, or to the end */
	size_t unsafe_count;
	unsigned work;		/* WORK_ bits of the launch that they are of */
	size_t count;
	struct function *list;
	size_t module_count;
	char **modules;
};

struct functions *functions_new(void);
struct functions *functions_share(struct functions *functions);
void functions_let_go(struct functions *functions);

/* Keeps copies of the names. */
void functions_add(struct functions *functions, const struct function *function);

/* The first one that is to be blamed; NULL: none is. */
const struct function *functions_blamed(const struct functions *functions);

/* Both of the same list. */
int function_name_is_same(const struct function_name *one, const struct function_name *other);

#endif
