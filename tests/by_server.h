/* SPDX-License-Identifier: MIT */
/*
 * A suite with BY_SERVER: its launches are made by a spawn server, but for what such a
 * one refuses. For after spawnutil.h.
 */
#ifndef BY_SERVER_H
#define BY_SERVER_H

#include "lib/server/server.h"
#include "served.h"

/* This process's. */
static inline struct spu_server *own_server(void)
{
	static struct spu_server *server;
	static pid_t owner;

	if (owner != getpid()) {
		owner = getpid();
		server = start_server(SPU_SERVER_NEW_PRIVS);
	}
	return server;
}

static inline const struct spu_options *by_server(const struct spu_options *options,
						  struct spu_options *room)
{
	static const struct spu_options none = SPU_OPTIONS_INIT;

	if (!options)
		options = &none;
	/* a time that is enough for a launch without one, on a busy machine, may not be for this */
	if (options->size != sizeof(*options) || options->timeout_ms || options->method == SPU_METHOD_POSIX_SPAWN ||
	    options->flags & SPU_DETACH || options->leaks == SPU_LEAKS_ALLOW)
		return options;
	*room = *options;
	room->server = own_server();
	return room;
}

static inline int served_spawn(struct spu_child *child, char *const argv[],
			       const struct spu_options *options, struct spu_error *error)
{
	struct spu_options room;

	return spu_spawn(child, argv, by_server(options, &room), error);
}

static inline int served_run(char *const argv[], const struct spu_options *options, int *status,
			     struct spu_error *error)
{
	struct spu_options room;

	return spu_run(argv, by_server(options, &room), status, error);
}

static inline int served_system_with(const char *command, const struct spu_options *options,
				     int *status, struct spu_error *error)
{
	struct spu_options room;

	return spu_system_with(command, by_server(options, &room), status, error);
}

static inline int served_capture(char *const argv[], const struct spu_options *options,
				 const void *input, size_t input_size, struct spu_output *out,
				 struct spu_output *err, int *status, struct spu_error *error)
{
	struct spu_options room;

	return spu_capture(argv, by_server(options, &room), input, input_size, out, err, status,
			   error);
}

#undef spu_spawn
#undef spu_run
#undef spu_capture
#undef spu_system_with
#define spu_spawn served_spawn
#define spu_run served_run
#define spu_capture served_capture
#define spu_system_with served_system_with

#endif
