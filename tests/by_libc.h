/* SPDX-License-Identifier: MIT */
/*
 * Where libc's posix_spawn is all that there is, a test that asks for more is left out
 * as soon as the library has refused that by its name. For after spawnutil.h.
 */
#ifndef BY_LIBC_H
#define BY_LIBC_H

#include <spawn.h>

#include "lib/plan/check.h"

/* The library's own word; nothing is made for it. */
static inline int is_by_libc(void)
{
	struct spu_options checked;

	return spu__check_options(SPU_ARGV("true"), SPU_OPTIONS(.method = SPU_METHOD_VFORK),
				  &checked, NULL) == -ENOTSUP;
}

#define BY_LIBC "posix_spawn is all there is here"

/* For what is not refused there, but is said of a child that the library makes itself. */
#define NEED_OWN_CHILD(suite) \
	do { \
		if (is_by_libc()) \
			SKIP(suite, BY_LIBC); \
	} while (0)

#define LEFT_OUT ENOTSUP

static pid_t runner;
static int is_own_process;	/* by in_own_process(), which looks at its status */

static inline void remove_scratch(void);

/* libcheck takes it for the test's end. */
static inline void end_left_out(void)
{
	fflush(NULL);
	if (getppid() != runner)
		_exit(LEFT_OUT);
	remove_scratch();
	_exit(0);
}

/* One of its threads says it. */
static inline void leave_out(const char *why)
{
	static int is_said;

	if (__atomic_exchange_n(&is_said, 1, __ATOMIC_RELAXED))
		for (;;)
			pause();
	if (is_own_process || getppid() == runner)
		printf("skip %s one: " BY_LIBC ": %s\n", program_invocation_short_name, why);
	end_left_out();
}

/* An emulator that copies memory in the place of sharing it, as qemu-user does, loses that. */
static inline int posix_spawn_lies(void)
{
	static char *const nowhere[] = {(char *)"/nowhere", NULL};
	pid_t pid;

	if (!is_by_libc() || posix_spawn(&pid, nowhere[0], NULL, NULL, nowhere, nowhere + 1) != 0)
		return 0;
	waitpid(pid, NULL, 0);
	return 1;
}

#define LIES_HERE "posix_spawn calls a failure success here"

static inline int or_leave_out(int r, const struct spu_options *options,
			       const struct spu_error *error)
{
	if (r != -ENOTSUP || (options && options->method == SPU_METHOD_POSIX_SPAWN) ||
	    (!ends_with(error->text, ": not with method posix_spawn") &&
	     !ends_with(error->text, ": not on this processor")))
		return r;
	leave_out(error->text);
	return r;
}

/* A call that has no room for its words is done again: nothing was made. */
#define OR_LEAVE_OUT(options, ret_error, call) \
	do { \
		struct spu_error *error = (ret_error), room; \
		int r = (call); \
		if (r != -ENOTSUP || !is_by_libc()) \
			return r; \
		if (!error) { \
			error = &room; \
			r = (call); \
		} \
		return or_leave_out(r, options, error); \
	} while (0)

static inline int spawn_or_leave_out(struct spu_child *child, char *const argv[],
				     const struct spu_options *options, struct spu_error *ret_error)
{
	OR_LEAVE_OUT(options, ret_error, spu_spawn(child, argv, options, error));
}

static inline int run_or_leave_out(char *const argv[], const struct spu_options *options,
				   int *status, struct spu_error *ret_error)
{
	OR_LEAVE_OUT(options, ret_error, spu_run(argv, options, status, error));
}

static inline int system_or_leave_out(const char *command, const struct spu_options *options,
				      int *status, struct spu_error *ret_error)
{
	OR_LEAVE_OUT(options, ret_error, spu_system_with(command, options, status, error));
}

static inline int capture_or_leave_out(char *const argv[], const struct spu_options *options,
				       const void *input, size_t input_size, struct spu_output *out,
				       struct spu_output *err, int *status,
				       struct spu_error *ret_error)
{
	OR_LEAVE_OUT(options, ret_error,
		     spu_capture(argv, options, input, input_size, out, err, status, error));
}

static inline int popen_or_leave_out(FILE **stream, const char *command, const char *mode,
				     const struct spu_options *options,
				     struct spu_error *ret_error)
{
	OR_LEAVE_OUT(options, ret_error, spu_popen_with(stream, command, mode, options, error));
}

static inline int exec_or_leave_out(char *const argv[], const struct spu_options *options,
				    struct spu_error *ret_error)
{
	OR_LEAVE_OUT(NULL, ret_error, spu_exec(argv, options, error));
}

static inline int explain_or_leave_out(char *const argv[], const struct spu_options *options,
				       char **text, struct spu_error *ret_error)
{
	OR_LEAVE_OUT(options, ret_error, spu_explain(argv, options, text, error));
}

static inline int explain_exec_or_leave_out(char *const argv[], const struct spu_options *options,
					    char **text, struct spu_error *ret_error)
{
	OR_LEAVE_OUT(NULL, ret_error, spu_explain_exec(argv, options, text, error));
}

static inline int start_server_or_leave_out(struct spu_server **server,
					    const struct spu_server_options *options,
					    struct spu_error *ret_error)
{
	OR_LEAVE_OUT(NULL, ret_error, spu_server_start(server, options, error));
}

#define spu_spawn spawn_or_leave_out
#define spu_run run_or_leave_out
#define spu_system_with system_or_leave_out
#define spu_capture capture_or_leave_out
#define spu_popen_with popen_or_leave_out
#define spu_exec exec_or_leave_out
#define spu_explain explain_or_leave_out
#define spu_explain_exec explain_exec_or_leave_out
#define spu_server_start start_server_or_leave_out

#endif
