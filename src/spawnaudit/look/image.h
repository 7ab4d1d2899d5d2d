/* SPDX-License-Identifier: MIT */
/* What a program had mapped: its stacks can be unwound by it when it has gone on. */
#ifndef SPAWNAUDIT_IMAGE_H
#define SPAWNAUDIT_IMAGE_H

#include <stdint.h>
#include <sys/types.h>

#include "machine.h"
#include "view.h"

/* What a program has mapped, for as long as the process or a launch of its needs it */
struct image {
	pid_t pid;
	int users;
	uint64_t code;		/* the process's pages of it: another number, other files */
	char *maps;
	int is_ours;		/* its root directory is ours */
	struct view *view;	/* NULL: not made yet */
};

/* The process's, if its memory still is the one that the snapshot is of; else NULL. */
struct image *image_read(pid_t pid, uint64_t code, const struct registers *registers);
struct image *image_share(struct image *image);
void image_let_go(struct image *image);

#endif
