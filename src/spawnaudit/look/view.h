/* SPDX-License-Identifier: MIT */
/*
 * A process as elfutils' libdw sees it: the files that it has mapped, and how its
 * stacks unwind. What has been read of the files is kept, for as long as somebody
 * uses the view. Only files of this machine are read: no debug server is asked,
 * while a program may wait for us.
 */
#ifndef SPAWNAUDIT_VIEW_H
#define SPAWNAUDIT_VIEW_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct snapshot;
struct view;

struct frame {
	uint64_t address;	/* of the call; of the innermost frame, where it is */
	char *module;		/* path of the file; NULL: code that lies in none */
	uint64_t offset;	/* in the module */
	char *function;		/* frame_name()'s, as what follows; NULL: no symbol */
	char *file;		/* of the source, NULL: no debug information */
	int line;
};

/* The process must be alive. For view_let_go(); NULL: it can't be read. */
struct view *view_new(pid_t pid);

/*
 * The same from the text of /proc/PID/maps, for a process that may have gone on: of its
 * memory only the snapshot is read. Without is_ours the files' names are those of
 * another root directory, and are looked for there alone, while the process lives.
 */
struct view *view_of_maps(pid_t pid, const char *maps, int is_ours);
struct view *view_share(struct view *view);
void view_let_go(struct view *view);

/*
 * Another in its place, because the process may have mapped other files since: code
 * lies in none. Gives 0 where that won't help: programs compile code as they run.
 */
int view_renew(struct view **view);

/*
 * The frames of a snapshot of one of the process's threads, the innermost first:
 * addresses, modules and offsets. The process must be alive still. Gives their
 * number; *ended is why there are no more, or NULL.
 */
size_t view_unwind(struct view *view, const struct snapshot *snapshot, struct frame *frames,
		   size_t size, const char **ended);

void frame_clear(struct frame *frame);

#endif
