/* SPDX-License-Identifier: MIT */
#include "spawn.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "accept.h"
#include "launch/failure.h"
#include "launch/posix_spawn.h"
#include "launch/retry.h"
#include "server/ask.h"
#include "wait.h"

/* Out of 0 to 2, which the next child would inherit unasked. */
static int lift_pidfd(int pidfd)
{
	int lifted = spu__lift(pidfd, 3);

	return lifted < 0 ? -1 : lifted;
}

static int launch_by_clone(struct launch *launch, struct spu_child *ret_child)
{
	int detached = (launch->options.flags & SPU_DETACH) != 0, r;
	struct flight flight;
	long paused_us = 0;
	enum next next;

	do {
		r = spu__plan_launch(launch);
		if (r < 0)
			return r;
		spu__fly(launch, &flight);
		next = spu__next_move(launch, &flight, &paused_us);
	} while (next == NEXT_ATTEMPT);
	if (next == NEXT_FAILURE)
		return spu__flight_error(launch, &flight);
	*ret_child = spu__new_child(detached ? flight.report.pid : flight.pid,
				    lift_pidfd(flight.pidfd), &launch->options);
	return 0;
}

static int launch_by_libc(struct launch *launch, struct spu_child *ret_child)
{
	struct spu_child child = {.pidfd = -1};
	int r = spu__plan_launch(launch);

	if (r == 0)
		r = spu__posix_spawn(launch, &child);
	if (r < 0)
		return r;
	*ret_child = spu__new_child(child.pid, lift_pidfd(child.pidfd), &launch->options);
	return 0;
}

static int launch_by_server(const struct launch *launch, struct spu_child *ret_child)
{
	pid_t pid;
	int pidfd, r = spu__ask_server(launch, &pid, &pidfd);

	if (r == 0)
		*ret_child = spu__new_child(pid, lift_pidfd(pidfd), &launch->options);
	return r;
}

static int launch_it(struct launch *launch, struct spu_child *ret_child)
{
	if (launch->options.server)
		return launch_by_server(launch, ret_child);
	if (launch->options.method == SPU_METHOD_POSIX_SPAWN)
		return launch_by_libc(launch, ret_child);
	return launch_by_clone(launch, ret_child);
}

static int spawn(struct launch *launch, struct spu_child *ret_child, char *const argv[],
		 const struct spu_options *options, const struct actions *actions,
		 struct arena *arena, struct spu_error *ret_error)
{
	int cancel_state, r;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	r = options->server ? spu__accept_server(options, ret_error) : 0;
	if (r == 0)
		r = spu__open_launch(launch, argv, options, actions, FOR_CHILD, arena,
				     ret_error);
	if (r == 0) {
		r = launch_it(launch, ret_child);
		spu__close_launch(launch, r == 0);
	}
	pthread_setcancelstate(cancel_state, NULL);
	return r;
}

int spu__spawn(struct spu_child *ret_child, char *const argv[], const struct spu_options *options,
	       struct spu_error *ret_error)
{
	struct launch launch;

	return spawn(&launch, ret_child, argv, options, NULL, NULL, ret_error);
}

int spu_spawn(struct spu_child *ret_child, char *const argv[], const struct spu_options *options,
	      struct spu_error *ret_error)
{
	struct spu_options accepted;
	int r = spu__accept(argv, options, BY_LAUNCH, &accepted, ret_error);

	return r < 0 ? r : spu__spawn(ret_child, argv, &accepted, ret_error);
}

/*
 * ---- In memory of its own. The library's data, for so many launches at once:
 * mapping and touching new pages would be a tenth of a launch, and what were kept
 * of them would stay when the library is unloaded. Whoever takes one has it alone.
 */

struct apart {
	struct launch launch;
	struct spu_options accepted;
	struct arena arena;
	/* more than a hundred streams' entries come from malloc */
	char rest[65536] __attribute__((aligned(16)));
};

#define OWN 8

static struct apart own[OWN];
static atomic_int is_taken[OWN];

static struct apart *open_apart(void)
{
	struct apart *apart = NULL;
	size_t i;

	for (i = 0; i < OWN && !apart; i++)
		if (!atomic_load(&is_taken[i]) && !atomic_exchange(&is_taken[i], 1))
			apart = &own[i];
	if (!apart)
		apart = mmap(NULL, sizeof(*apart), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (apart == MAP_FAILED)
		return NULL;
	apart->arena = (struct arena){apart->rest, apart->rest, apart->rest + sizeof(apart->rest)};
	return apart;
}

static void close_apart(struct apart *apart)
{
	if (apart >= own && apart < own + OWN)
		atomic_store(&is_taken[apart - own], 0);
	else
		munmap(apart, sizeof(*apart));
}

int spu__spawn_apart(struct spu_child *ret_child, char *const argv[],
		     const struct spu_options *options, struct spu_error *ret_error)
{
	struct apart *apart = open_apart();
	int r;

	if (!apart)
		return spu_spawn(ret_child, argv, options, ret_error);
	r = spu__accept(argv, options, BY_LAUNCH, &apart->accepted, ret_error);
	if (r == 0)
		r = spawn(&apart->launch, ret_child, argv, &apart->accepted, NULL, &apart->arena,
			  ret_error);
	close_apart(apart);
	return r;
}

int spu__spawn_by_actions(struct spu_child *ret_child, char *const argv[],
			  const struct spu_options *options, const struct actions *actions)
{
	struct apart *apart = open_apart();
	int r;

	if (!apart)
		return -ENOMEM;
	r = spawn(&apart->launch, ret_child, argv, options, actions, &apart->arena, NULL);
	close_apart(apart);
	return r;
}
