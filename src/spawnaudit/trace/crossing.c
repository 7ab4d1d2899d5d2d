/* SPDX-License-Identifier: MIT */
#include "crossing.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../look/announced.h"
#include "../record/descriptors.h"
#include "common/message.h"
#include "given.h"

/* Each takes some microseconds */
#define MANY_HELD 256
#include "spawnutil.h"

static void add(struct leak **list, size_t *count, const struct spu_audit_fd *fd)
{
	struct leak *grown = reallocarray(*list, *count + 1, sizeof(*grown));

	if (!grown)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	*list = grown;
	grown[*count] = (struct leak){
		.fd = fd->fd,
		.flags = fd->flags,
		.name = strdup(fd->name ? fd->name : "?"),
	};
	if (!grown[(*count)++].name)
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

/* What crossed, and is to be told */
struct crossed {
	int fd;
	int is_passed;		/* its parent had been given it as well */
};

static void list_crossed(struct launch *launch, const struct tracee *tracee,
			 const struct crossed *crossed, size_t count)
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

		while (count > 0 && crossed->fd < fd->fd)
			crossed++, count--;
		if (count == 0 || crossed->fd != fd->fd || announced_has(&announced, audit, fd))
			continue;
		if (crossed->is_passed)
			add(&launch->passed, &launch->passed_count, fd);
		else
			add(&launch->leaks, &launch->leak_count, fd);
	}
	announced_clear(&announced);
	spu_audit_free(audit);
}

/* What the command was given: who made that nobody can know. */
static const struct given *at_start;

static int is_of_start(const struct tracee *tracee, const struct holding *holding)
{
	return given_has(at_start, holding) &&
	       !descriptors_find(tracee->descriptors, holding->fd);
}

/* The same file under the same number may have been opened anew: if that is known. */
static int was_made_anew(const struct tracee *tracee, const struct holding *holding)
{
	const struct descriptor *known = descriptors_find(tracee->descriptors, holding->fd);

	return known && known->execs < 2;
}

/*
 * It came by itself: the parent would have handed it on at the birth as well. What the
 * child has from elsewhere it got on purpose.
 */
static int came_by_itself(const struct launch *launch, const struct tracee *tracee,
			  const struct holding *holding)
{
	return tracee->inherited ? given_has(tracee->inherited, holding)
				 : given_would_be(launch->thread, holding);
}

static void compare(struct launch *launch, const struct tracee *tracee,
		    const struct given *earlier, const struct options *options)
{
	const struct given *given = tracee->given;
	struct crossed *crossed = reallocarray(NULL, given->count + 1, sizeof(*crossed));
	size_t count = 0;

	if (!crossed)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	for (size_t i = 0; i < given->count; i++) {
		const struct holding *holding = &given->list[i];
		int is_new = was_made_anew(tracee, holding);
		int is_passed = !is_new && given_has(earlier, holding);

		/* nobody can be blamed where the parent may have been given it */
		if (options_expect_fd(options, holding->fd) ||
		    (!is_new && (!earlier || earlier->is_unseen)) ||
		    !came_by_itself(launch, tracee, holding))
			continue;
		launch->passed_on += is_passed != 0;
		if (!is_passed || (options->provenance && !is_of_start(tracee, holding)))
			crossed[count++] = (struct crossed){holding->fd, is_passed};
	}
	if (count > 0)
		list_crossed(launch, tracee, crossed, count);
	free(crossed);
}

/*
 * What its creator's table has is asked for at the exec, unless they share it: of one
 * that is suspended until then, and where a look at so many would take long. What that
 * one has closed meanwhile may have been given on purpose.
 */
void crossing_birth(struct tracee *tracee)
{
	int shares = (tracee->window->flags & CLONE_FILES) != 0, r;

	if (tracee->window->flags & CLONE_VFORK && !shares)
		return;
	tracee->inherited = given_new();
	r = given_look_ahead(tracee->inherited, tracee->pid, shares ? SIZE_MAX : MANY_HELD);
	if (r == -E2BIG) {
		given_let_go(tracee->inherited);
		tracee->inherited = NULL;
	} else if (r < 0) {
		say_unseen(tracee->pid, -r);
	}
}

void crossing_look(struct tracee *tracee, struct launch *launch, const struct options *options)
{
	/* as it was at the birth: the parent may have ended, or execute another program now */
	struct given *earlier = tracee->given;
	int r;

	tracee->given = given_new();
	r = given_look(tracee->given, tracee->pid);
	if (r < 0)
		say_unseen(tracee->pid, -r);
	else if (launch)
		compare(launch, tracee, earlier, options);
	else if (options->provenance && !at_start)
		at_start = given_share(tracee->given);
	given_let_go(earlier);
}
