/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that the parent makes for one launch: pipes, a pseudo-terminal and
 * FIFOs, acquired once and kept over all its attempts, delivered or closed once; and
 * an error pipe for each attempt that needs one.
 */
#ifndef LIB_ENDS_H
#define LIB_ENDS_H

#include "../plan/given.h"

struct ends {
	int *of_entry;		/* for spu__give(): the child's end of what is made, or -1 */
	int *child_ends;	/* closed when the launch is over, however it ends */
	size_t child_end_count;
	int *caller_ends;	/* given to the caller on success, closed on failure */
	int **ret_caller_ends;
	size_t caller_end_count;
	int program;		/* program_fd's, at a number of its own; or -1 */
	int ruleset;		/* Landlock's, or -1 */
	int cgroup;		/* the directory of one that the child is born into, or -1 */
	int error_pipe[2];	/* or -1 */
};

/* All but FIFOs. Nothing stays open on failure, and spu__release_ends() is not to be called. */
int spu__make_ends(const struct spu_options *options, struct ends *ret,
		   struct spu_error *ret_error);

/* Opens what would wait for another end: those given become moves of what is open by then. */
int spu__open_fifos(struct ends *ends, struct given *given, size_t count,
		    const struct spu_options *options, struct spu_error *ret_error);

/* Where it is a control group of version 2. Else the child says what is wrong with it. */
void spu__open_cgroup(struct ends *ends, const char *path);
void spu__close_cgroup(struct ends *ends);

/* Program and ruleset: out of the way of all that is given, and close-on-exec. */
int spu__hold_for_exec(struct ends *ends, struct given *given, size_t count,
		       const struct spu_options *options, struct spu_error *ret_error);

/*
 * Out of the way of all that is given. -EMFILE, -ENFILE where there is no room
 * for it; error_pipe is -1 then.
 */
int spu__make_error_pipe(struct ends *ends, struct given *given, size_t count);
void spu__close_error_pipe(struct ends *ends);

/* Closes what the child has by now; on success stores the caller's ends, else closes them. */
void spu__release_ends(struct ends *ends, int succeeded);

/* A pipe, and a pair of sockets: close-on-exec and not below 3; 0 or a negative errno value. */
int spu__make_pipe(int ret[2]);
/* What comes at the first socket says by whom it was sent. */
int spu__make_sockets(int type, int ret[2]);

/* Out of the numbers below min, at which it isn't to be; -1 with errno, and fd is closed. */
int spu__lift(int fd, int min);

#endif
