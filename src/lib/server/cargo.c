/* SPDX-License-Identifier: MIT */
#include "cargo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../arch/arch.h"
#include "../../quote.h"
#include "../clock.h"
#include "../error.h"
#include "../plan/shown.h"
#include "server.h"
#include "standing.h"

extern char **environ;

/*
 * ---- What can't be carried
 */

static int has_another_root(const struct spu_server *server)
{
	struct stat st;

	return stat("/", &st) < 0 || st.st_dev != server->root_device ||
	       st.st_ino != server->root_inode;
}

/* Of a group that isn't there any more the child will say so. */
static int is_in_another_session(const struct spu_server *server, const struct spu_value *group)
{
	pid_t session = group->set && group->value ? getsid((pid_t)group->value) : -1;

	return session >= 0 && session != server->session;
}

int spu__refuse_cargo(const struct spu_options *options, struct spu_error *ret_error)
{
	const struct spu_server *server = options->server;
	const struct {
		int applies;
		const char *what;
	} refused[] = {
		{options->method != SPU_METHOD_VFORK, "method: a spawn server has its own"},
		{(options->flags & SPU_DETACH) != 0,
		 "flags: what a spawn server launches is the caller's child, and not detached"},
		{options->leaks == SPU_LEAKS_ALLOW,
		 "leaks: a spawn server's child gets the descriptors that fds names, no others"},
		{is_in_another_session(server, &options->pgroup),
		 "pgroup: the group isn't in the spawn server's session"},
		{options->foreground.set && !(options->flags & SPU_SETSID) &&
		 getsid(0) != server->session,
		 "foreground: the spawn server is in another session"},
		{options->pdeathsig.set && syscall3(SYS_gettid, 0, 0, 0) != server->starter,
		 "pdeathsig: it would be sent when the thread ends that has started the spawn "
		 "server, and this is another one"},
		{options->timeout_ms && server->has_another_clock,
		 "timeout_ms: the spawn server is in another time namespace, with its own clock"},
		{options->sched_priority.set && !options->scheduler.set,
		 "sched_priority: without scheduler it is about the policy, and a spawn server's "
		 "child has that of the server"},
		{has_another_root(server),
		 "root: the process has another root directory than its spawn server"},
	};
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (refused[i].applies)
			return spu__refusal(ret_error, ENOTSUP, SPU_STEP_OPTIONS, -1, "%s",
					    refused[i].what);
	return 0;
}

/*
 * ---- Descriptors
 */

static int given_error(const struct given *given, int err, struct spu_error *ret_error)
{
	char what[NAME_SIZE + 40];
	struct text text = TEXT_IN(what);

	spu__show_given(&text, given);
	return spu__error(ret_error, err, SPU_STEP_MOVE, given->index, "%s", what);
}

void spu__retell(const struct cargo *cargo, struct spu_error *error)
{
	int index = error->index;

	if (index < 0 || (error->step != SPU_STEP_MOVE && error->step != SPU_STEP_OPEN) ||
	    (size_t)index >= cargo->launch->given_count)
		return;
	error->index = cargo->launch->given[index].index;
	if (error->step == SPU_STEP_MOVE)
		given_error(&cargo->launch->given[index], error->err, error);
}

/* Which one it is, among all that are sent. */
static int add_descriptor(struct cargo *cargo, int fd)
{
	size_t i;

	for (i = 0; i < cargo->count; i++)
		if (cargo->descriptors[i] == fd)
			return (int)i;
	if (cargo->count == DESCRIPTORS_AT_ONCE)
		return spu__refusal(cargo->launch->ret_error, ENOTSUP, SPU_STEP_OPTIONS, -1,
				    "fds: a spawn server's child gets up to %d of the caller's "
				    "descriptors", DESCRIPTORS_AT_ONCE - 1);
	cargo->descriptors[cargo->count] = fd;
	return (int)cargo->count++;
}

static int load_source(struct cargo *cargo, int source, struct spu_fd *to)
{
	to->from = add_descriptor(cargo, source);
	return to->from < 0 ? to->from : 0;
}

/*
 * As the child can carry it out. What it would inherit from the caller, it is given;
 * what is close-on-exec there, is closed.
 */
static int load_given(struct cargo *cargo, const struct given *given, struct spu_fd *to)
{
	static const int kinds[] = {
		[GIVEN_INHERIT] = SPU_FD_MAP, [GIVEN_MOVE] = SPU_FD_MAP, [GIVEN_OPEN] = SPU_FD_OPEN,
		[GIVEN_SAME] = SPU_FD_SAME, [GIVEN_CLOSED] = SPU_FD_CLOSE,
	};
	int flags;

	*to = (struct spu_fd){.kind = kinds[given->kind], .fd = given->fd};
	switch (given->kind) {
	case GIVEN_OPEN:
		to->flags = given->flags;
		to->mode = given->mode;
		to->path = given->path;
		return 0;
	case GIVEN_SAME:
		to->from = given->source;
		return 0;
	case GIVEN_INHERIT:
		flags = fcntl(given->fd, F_GETFD);
		if (flags < 0 || flags & FD_CLOEXEC) {
			to->kind = SPU_FD_CLOSE;
			return 0;
		}
		return load_source(cargo, given->fd, to);
	case GIVEN_MOVE:
		if (fcntl(given->source, F_GETFD) < 0)
			return given_error(given, EBADF, cargo->launch->ret_error);
		return load_source(cargo, given->source, to);
	default:
		return 0;
	}
}

/* By the first name the kernel asks neither for rights nor its file system. */
static int open_working_directory(void)
{
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	int fd = open("/proc/thread-self/cwd", flags);

	return spu__lift(fd < 0 ? open(".", flags) : fd, 3);
}

static int load_descriptors(struct cargo *cargo)
{
	const struct launch *launch = cargo->launch;
	size_t i;
	int r = 0;

	cargo->fds = calloc(launch->given_count + 1, sizeof(*cargo->fds));
	if (!cargo->fds)
		return spu__error(launch->ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "descriptors");
	for (i = 0; i < launch->given_count && r == 0; i++)
		r = load_given(cargo, &launch->given[i], &cargo->fds[i]);
	if (r < 0)
		return r;
	if (launch->ends.program >= 0)
		r = cargo->program = add_descriptor(cargo, launch->ends.program);
	if (r < 0)
		return r;
	cargo->directory = open_working_directory();
	if (cargo->directory < 0)
		return spu__error(launch->ret_error, errno, SPU_STEP_PREPARE, -1,
				  "open the working directory for the spawn server's child");
	r = add_descriptor(cargo, cargo->directory);
	return r < 0 ? r : 0;
}

/*
 * ---- The request
 */

static uint64_t current_mask(void)
{
	uint64_t mask = 0;

	syscall4(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, KERNEL_SIGSET_SIZE);
	return mask;
}

/* As spu_exec() carries them out, in a process that has nothing of the caller's. */
static void translate(const struct launch *launch, const struct spu_fd *fds,
		      struct spu_options *ret)
{
	static char *const nothing[] = {NULL};

	*ret = launch->options;
	if (ret->flags & SPU_KEEP_MASK)
		ret->block_signals |= current_mask();
	ret->flags &= ~(SPU_KEEP_MASK | SPU_NO_PIDFD);
	ret->server = NULL;
	ret->ret_exit = NULL;
	ret->leaks = SPU_LEAKS_CLOSE;
	ret->fds = fds;
	if (!ret->env)
		ret->env = environ ? environ : nothing;
	if (!ret->path)
		ret->path = launch->path;
	ret->timeout_ms = ret->grace_ms = ret->stop_signal = 0;
}

static int is_too_much(const struct launch *launch)
{
	const char *file = launch->options.file ? launch->options.file : launch->argv[0];

	return spu__error(launch->ret_error, E2BIG, SPU_STEP_EXEC, 0, "exec %s",
			  QUOTED(file, NAME_SIZE));
}

/* Another thread may lengthen the environment between the two looks at it. */
static int write_request(struct cargo *cargo)
{
	struct request *request = &cargo->request;
	int tries, r = -EAGAIN;

	for (tries = 0; tries < 10 && r == -EAGAIN; tries++) {
		free(cargo->bytes);
		cargo->bytes = NULL;
		cargo->size = spu__measure_request(request);
		if (cargo->size > REQUEST_LIMIT)
			return is_too_much(cargo->launch);
		cargo->bytes = malloc(cargo->size);
		r = cargo->bytes ? spu__write_request(request, cargo->bytes, cargo->size) : -ENOMEM;
	}
	if (r < 0)
		return spu__error(cargo->launch->ret_error, -r, SPU_STEP_PREPARE, -1, "request");
	return 0;
}

int spu__pack_cargo(struct cargo *cargo)
{
	const struct launch *launch = cargo->launch;
	struct request *request = &cargo->request;
	int r = spu__read_standing(&request->standing, launch->ret_error);

	if (r < 0)
		return r;
	request->argv = launch->argv;
	request->deadline_us = launch->deadline == NEVER ? 0 : launch->deadline + MOMENT_US;
	request->descriptors = cargo->count;
	translate(launch, cargo->fds, &request->options);
	if (request->options.program_fd.set)
		request->options.program_fd.value = cargo->program;
	return write_request(cargo);
}

int spu__load_cargo(struct cargo **ret, const struct launch *launch)
{
	struct cargo *cargo = calloc(1, sizeof(*cargo));
	int r;

	if (!cargo)
		return spu__error(launch->ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "spawn server");
	cargo->launch = launch;
	cargo->directory = -1;
	r = load_descriptors(cargo);
	if (r < 0)
		spu__unload_cargo(cargo);
	else
		*ret = cargo;
	return r;
}

void spu__unload_cargo(struct cargo *cargo)
{
	if (cargo->directory >= 0)
		close(cargo->directory);
	free(cargo->fds);
	free(cargo->bytes);
	free(cargo);
}
