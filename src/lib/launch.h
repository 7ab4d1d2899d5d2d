/* SPDX-License-Identifier: MIT */
/*
 * A launch on its way: from the caller's options to a child or an error. The
 * files that touch the kernel on the parent's side share this.
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <stdatomic.h>
#include <stdio.h>

#include "plan.h"

enum purpose {
	FOR_SPAWN,
	FOR_SPAWN_AGAIN,	/* after a shared descriptor table was no good */
	FOR_EXPLAIN,
	FOR_EXEC	/* in place: no child */
};

/* Descriptors that the parent made for one launch. */
struct descriptors {
	struct given *given;	/* sorted; allocated */
	size_t count;
	int *child_ends;	/* closed when the launch is over, however it ends */
	size_t child_end_count;
	int *caller_ends;	/* given to the caller on success, closed on failure */
	int **ret_caller_ends;
	size_t caller_end_count;
	int error_pipe[2];	/* or -1 */
};

struct launch {
	struct spu_options options;	/* checked, defaults filled in */
	struct descriptors descriptors;
	struct plan plan;
	void *plan_block;
	int changes_ids;
	int copies_memory;	/* the child may not share ours */
	char *path;		/* a copy of PATH: another thread may change the environment */
	struct spu_error *ret_error;
};

/*
 * options.c: copies the caller's options into today's struct and checks all
 * that can be checked without asking the kernel.
 */
int spu__check_options(char *const argv[], const struct spu_options *options,
		       struct spu_options *ret_options, struct spu_error *ret_error);

/*
 * descriptors.c: makes pipes, opens FIFOs, finds out where each of the child's
 * descriptors comes from. Nothing stays open on failure.
 */
int spu__acquire_descriptors(const struct spu_options *options, int wants_error_pipe,
			     struct descriptors *ret, struct spu_error *ret_error);
/* Closes what the child has by now; on success stores the caller's ends, else closes them. */
void spu__release_descriptors(struct descriptors *descriptors, int succeeded);

/* A pipe, close-on-exec and not below 3; 0 or a negative errno value. */
int spu__make_pipe(int ret[2]);

/* prepare.c: everything up to the clone, and its undoing. */
int spu__prepare(struct launch *launch, char *const argv[], const struct spu_options *options,
		 enum purpose purpose, struct spu_error *ret_error);
void spu__dispose(struct launch *launch, int succeeded);
/* The flags and exit signal that its clone will begin with; 0 or 1: is it clone3? */
int spu__clone_flags(const struct launch *launch, uint64_t *ret_flags, int *ret_exit_signal);

/*
 * ETXTBSY: somebody's child holds the program open for writing for a moment,
 * because it was cloned while one of our threads wrote it (golang/go#22315).
 * Pauses, or returns 0 when that has gone on for 100 ms; *paused_us begins at 0.
 */
int spu__pause_while_busy(long *paused_us);

/*
 * ids.c: around a clone whose child changes its ids. 0 or a negative errno
 * value. pid: of the program that runs by now; 0: there is none.
 */
int spu__enter_id_change(void);
void spu__leave_id_change(pid_t pid);
/* Would such a child be open to the new user if it shared our memory? */
int spu__id_change_needs_copy(void);

/*
 * What launches in this process have taught; launch.c learns. Relaxed, since
 * who reads late only takes the slower way once more. What a shared descriptor
 * table needs is rarely refused (a filter, an old kernel, Yama), so it isn't
 * tried again.
 */
extern struct knowledge {
	atomic_uint best_way;		/* to call clone: an index */
	atomic_int memory_is_shared;	/* 1, 0; -1 before the first launch */
	atomic_int cant_unshare;
	atomic_int cant_fetch;
} spu__knowledge;

/* Of launches so far: 1, they shared memory; 0, they didn't; -1, there were none. */
int spu__memory_is_shared(void);

/* posix_spawn.c: the same plan by libc's function; refuses what it can't express. */
int spu__posix_spawn(const struct launch *launch, struct spu_child *ret_child);
/* Prints its attributes and file actions, launches nothing. */
int spu__explain_posix_spawn(const struct launch *launch, FILE *out);

/*
 * wait.c. SPU_GROUP if the child leads its group: only then may that be
 * signalled. Has it ended: 1, 0, or a negative errno value; its status and number
 * stay the child's for spu_wait().
 */
unsigned spu__group_flag(const struct spu_options *options);
int spu__has_ended(struct spu_child *child);
/* Kills, reaps and releases. */
void spu__end_child(struct spu_child *child, unsigned flags);
int64_t spu__now_us(void);
/* Waits as options say; kills and reaps the child if the thread is cancelled. */
int spu__wait_or_stop(struct spu_child *child, const struct spu_options *options,
		      int *ret_status);

/*
 * run.c, for the calls that launch and wait. Checks the options, and gives the
 * child a group of its own where it may have to be ended.
 */
int spu__check_for_wait(char *const argv[], const struct spu_options *options,
			struct spu_options *ret_options, struct spu_error *ret_error);
/* What came of waiting, r, as the result; name is what was waited for. */
int spu__wait_result(int r, const char *name, const struct spu_options *options,
		     struct spu_error *ret_error);

/*
 * error.c: fills *ret_error (which may be NULL) and returns -err. The text is
 * the format's, a colon and what err means.
 */
int spu__error(struct spu_error *ret_error, int err, unsigned step, int index,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Where the library is who says no: the text is the format's, err's meaning adds nothing. */
int spu__refusal(struct spu_error *ret_error, int err, unsigned step, int index,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Of a name in such a text: behind it a remark and the reason have room. */
#define NAME_SIZE 140
/* What the child reported; status is its wait status where it was killed. */
int spu__child_error(const struct launch *launch, const struct report *report, int status);
/* "HUP" for 1, "" for a number without a name. */
const char *spu__signal_name(int number);
/* "nofile" for RLIMIT_NOFILE, "" for a number without a name. */
const char *spu__limit_name(int resource);

#endif
