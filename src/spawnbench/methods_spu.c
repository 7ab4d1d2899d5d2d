/* SPDX-License-Identifier: MIT */
/* The methods that are functions of libspawnutil, used as a plain program uses them. */
#include "methods.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/beside.h"

static int spu_start(const struct target *target, struct launched *launched, unsigned method,
		     unsigned leaks)
{
	return spu_spawn(&launched->child, target->argv,
			 SPU_OPTIONS(.method = method, .leaks = leaks), &launched->error);
}

int spu_close_start(const struct target *target, struct launched *launched)
{
	return spu_start(target, launched, SPU_METHOD_VFORK, SPU_LEAKS_CLOSE);
}

int spu_allow_start(const struct target *target, struct launched *launched)
{
	return spu_start(target, launched, SPU_METHOD_VFORK, SPU_LEAKS_ALLOW);
}

int spu_fail_start(const struct target *target, struct launched *launched)
{
	return spu_start(target, launched, SPU_METHOD_VFORK, SPU_LEAKS_FAIL);
}

int spu_deadline_start(const struct target *target, struct launched *launched)
{
	return spu_spawn(&launched->child, target->argv, SPU_OPTIONS(.timeout_ms = 3600000),
			 &launched->error);
}

/* One for each process that launches; it ends with that. */
static int own_server(struct spu_server **ret_server, struct spu_error *ret_error)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct spu_server *server;
	static pid_t owner;
	int r = 0;

	pthread_mutex_lock(&lock);
	if (owner != getpid()) {
		char *built = path_beside_program("spawn-server");
		const char *program = built && access(built, X_OK) == 0 ? built : NULL;

		r = spu_server_start(&server, SPU_SERVER_OPTIONS(.program = program), ret_error);
		if (r == 0)
			owner = getpid();
		free(built);
	}
	*ret_server = server;
	pthread_mutex_unlock(&lock);
	return r;
}

int spu_server_start_child(const struct target *target, struct launched *launched)
{
	struct spu_server *server;
	int r = own_server(&server, &launched->error);

	return r < 0 ? r : spu_spawn(&launched->child, target->argv, SPU_OPTIONS(.server = server),
				     &launched->error);
}

int spu_posix_spawn_start(const struct target *target, struct launched *launched)
{
	return spu_start(target, launched, SPU_METHOD_POSIX_SPAWN, SPU_LEAKS_CLOSE);
}

int spu_posix_spawn_allow_start(const struct target *target, struct launched *launched)
{
	return spu_start(target, launched, SPU_METHOD_POSIX_SPAWN, SPU_LEAKS_ALLOW);
}

int spu_posix_spawn_fail_start(const struct target *target, struct launched *launched)
{
	return spu_start(target, launched, SPU_METHOD_POSIX_SPAWN, SPU_LEAKS_FAIL);
}

int spu_finish(struct launched *launched, int *ret_status)
{
	int r = spu_wait(&launched->child, -1, ret_status);

	spu_child_release(&launched->child);
	return r;
}

int spu_posix_spawn_call_start(const struct target *target, struct launched *launched)
{
	return -spu_posix_spawn(&launched->pid, target->path, NULL, NULL, target->argv, environ);
}

int spu_system_start(const struct target *target, struct launched *launched)
{
	launched->status = spu_system(target->command);
	return launched->status == -1 ? -errno : 0;
}

int spu_popen_start(const struct target *target, struct launched *launched)
{
	launched->stream = spu_popen(target->command, "we");
	return launched->stream ? 0 : -errno;
}

int spu_popen_finish(struct launched *launched, int *ret_status)
{
	*ret_status = spu_pclose(launched->stream);
	return *ret_status == -1 ? -errno : 0;
}
