/* SPDX-License-Identifier: MIT */
#include "crossing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../look/announced.h"
#include "../look/process.h"
#include "common/message.h"
#include "given.h"
#include "learning.h"
#include "spawnutil.h"

/* The parent holds it close-on-exec: who executes a program with it has taken that off. */
static int is_private_to(pid_t parent, int fd)
{
	char path[48], line[128];
	unsigned flags = 0;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)parent, fd);
	info = fopen(path, "re");
	if (!info)
		return 0;
	while (fgets(line, sizeof(line), info) && sscanf(line, "flags: %o", &flags) != 1)
		;
	fclose(info);
	return (flags & O_CLOEXEC) != 0;
}

/* By the child's own calls, or those that its kind makes */
static int is_given(const struct launch *launch, int fd)
{
	return learning_gives(launch, fd) ||
	       (learning_gives_some(launch) && is_private_to(launch->parent, fd));
}

static void add_leak(struct launch *launch, const struct spu_audit_fd *fd)
{
	struct leak *grown = reallocarray(launch->leaks, launch->leak_count + 1, sizeof(*grown));

	if (!grown)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	launch->leaks = grown;
	grown[launch->leak_count] = (struct leak){
		.fd = fd->fd,
		.flags = fd->flags,
		.name = strdup(fd->name ? fd->name : "?"),
	};
	if (!grown[launch->leak_count++].name)
		die(EXIT_TROUBLE, "no memory for another descriptor");
}

/* Once: it may be so for all launches. */
static void say_unseen(pid_t pid, int err)
{
	static int said;

	if (err != ESRCH && err != ENOENT && !said++)
		say_errno(err, "what %d was given can't be looked at, and leaks may be missing",
			  (int)pid);
}

/* Of those that its parent hadn't been given as well */
static void list_leaks(struct launch *launch, const struct tracee *tracee, const int *fresh,
		       size_t count)
{
	struct announced announced;
	struct spu_audit *audit;
	int r = spu_audit(tracee->pid, SPU_AUDIT_NAMES, &audit);

	if (r < 0) {
		say_unseen(tracee->pid, -r);
		return;
	}
	announced_read(&announced, tracee->pid);
	for (size_t i = 0; i < audit->count; i++) {
		const struct spu_audit_fd *fd = &audit->fds[i];

		while (count > 0 && *fresh < fd->fd)
			fresh++, count--;
		if (count > 0 && *fresh == fd->fd && !is_given(launch, fd->fd) &&
		    !announced_has(&announced, audit, fd))
			add_leak(launch, fd);
	}
	announced_clear(&announced);
	spu_audit_free(audit);
}

static void compare(struct launch *launch, const struct tracee *tracee,
		    const struct given *earlier, const struct options *options)
{
	const struct given *given = tracee->given;
	int *fresh = reallocarray(NULL, given->count + 1, sizeof(*fresh));
	size_t count = 0;

	if (!fresh)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	for (size_t i = 0; i < given->count; i++) {
		if (options_expect_fd(options, given->list[i].fd))
			continue;
		if (given_has(earlier, &given->list[i]))
			launch->passed_on++;
		else
			fresh[count++] = given->list[i].fd;
	}
	if (count > 0)
		list_leaks(launch, tracee, fresh, count);
	free(fresh);
}

void crossing_look(struct tracee *tracee, struct launch *launch, const struct tracee *parent,
		   const struct options *options)
{
	struct given *given = calloc(1, sizeof(*given));
	int r;

	given_let_go(tracee->given);
	tracee->given = given;
	if (!given)
		return;
	given->users = 1;
	r = given_look(given, tracee->pid);
	if (r < 0)
		say_unseen(tracee->pid, -r);
	else if (launch)
		compare(launch, tracee, parent ? parent->given : NULL, options);
}
