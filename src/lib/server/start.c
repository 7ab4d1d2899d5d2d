/* SPDX-License-Identifier: MIT */
/* Spawn servers: their beginning and their end. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../arch/arch.h"
#include "../../kernel.h"
#include "../../quote.h"
#include "../clock.h"
#include "../error.h"
#include "../launch/ends.h"
#include "../spawn.h"
#include "../text.h"
#include "channel.h"
#include "given_up.h"

#define SMALLEST_SIZE (offsetof(struct spu_server_options, program) + sizeof(char *))
#define LARGEST_SIZE 4096
_Static_assert(sizeof(struct spu_server_options) == SMALLEST_SIZE, "the last member ends it");

/* As spu__check_options() does with its struct. */
static int check(const struct spu_server_options *options, struct spu_server_options *ret,
		 struct spu_error *ret_error)
{
	const unsigned char *bytes = (const unsigned char *)options;
	int r = 0;
	size_t i;

	*ret = (struct spu_server_options){.size = sizeof(*ret)};
	if (!options)
		return 0;
	if (options->size < SMALLEST_SIZE)
		r = -EINVAL;
	else if (options->size > LARGEST_SIZE)
		r = -E2BIG;
	for (i = sizeof(*ret); r == 0 && i < options->size; i++)
		if (bytes[i])
			r = -E2BIG;
	if (r < 0)
		return spu__refusal(ret_error, -r, SPU_STEP_OPTIONS, -1,
				    "options.size is %zu: it isn't this version's",
				    options->size);
	*ret = *options;
	if (ret->flags & ~SPU_SERVER_NEW_PRIVS)
		return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1,
				    "flags: unknown bits");
	if (ret->timeout_ms < 0)
		return spu__refusal(ret_error, EINVAL, SPU_STEP_OPTIONS, -1,
				    "timeout_ms: negative");
	return 0;
}

/*
 * It stays in the caller's session and group, where its children are to be, and
 * blocks what a terminal sends to them. Method vfork is asked for by its name: where it
 * isn't to be had, a server could launch nothing.
 */
static int launch(struct spu_server *server, const struct spu_server_options *options,
		  const char *program, int end, struct spu_error *ret_error)
{
	char owner[16];
	struct text text = TEXT_IN(owner);
	char *const nothing[] = {NULL};
	const struct spu_fd fds[] = {
		SPU_NULL(0), SPU_NULL(1), SPU_NULL(2), SPU_MAP(SERVER_SOCKET, end), {0}
	};
	const struct spu_options mine = {
		.size = sizeof(mine), .method = SPU_METHOD_VFORK, .env = nothing, .fds = fds,
		.flags = (options->flags & SPU_SERVER_NEW_PRIVS) ? 0 : SPU_NO_NEW_PRIVS,
		.default_signals = ~(SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP)),
		.block_signals = ~UINT64_C(0), .timeout_ms = options->timeout_ms,
	};

	spu__add_text(&text, "%d", (int)getpid());
	return spu_spawn(&server->process, SPU_ARGV(program, owner), &mine, ret_error);
}

static int await_answer(const struct spu_server *server, int64_t deadline, struct answer *ret)
{
	struct pollfd polls[] = {{.fd = server->socket, .events = POLLIN},
				 {.fd = server->process.pidfd, .events = POLLIN}};
	int r, left_ms;
	ssize_t got;

	for (;;) {
		got = spu__receive(server->socket, ret, sizeof(*ret), NULL, NULL, NULL);
		if (got != -EAGAIN)
			return got == sizeof(*ret) ? 0 : -EPIPE;
		left_ms = -1;
		if (deadline != NEVER) {
			int64_t left = deadline - spu__now_us();

			if (left <= 0)
				return -ETIMEDOUT;
			left_ms = (int)(left / 1000) + 1;
		}
		r = poll(polls, 2, left_ms);
		if (r > 0 && !polls[0].revents)
			return -EPIPE;
	}
}

static int meet(const struct spu_server *server, const char *program, int timeout_ms,
		int64_t deadline, struct spu_error *ret_error)
{
	struct answer answer = {0};
	int r = await_answer(server, deadline, &answer);

	if (r == -ETIMEDOUT)
		return spu__refusal(ret_error, ETIMEDOUT, SPU_STEP_SERVER, -1,
				    "spawn server %s: took longer than %d ms",
				    QUOTED(program, NAME_SIZE), timeout_ms);
	if (r < 0)
		return spu__refusal(ret_error, EPIPE, SPU_STEP_SERVER, -1,
				    "spawn server %s: it ended before it had begun",
				    QUOTED(program, NAME_SIZE));
	answer.error.text[sizeof(answer.error.text) - 1] = '\0';
	if (answer.word == FAILED) {
		if (ret_error)
			*ret_error = answer.error;
		return -answer.error.err;
	}
	if (answer.word != SERVER_READY || strcmp(answer.error.text, SERVER_VERSION) != 0)
		return spu__refusal(ret_error, EPROTO, SPU_STEP_SERVER, -1,
				    "spawn server %s: of another version than the library, "
				    SPU_VERSION, QUOTED(program, NAME_SIZE));
	return 0;
}

/* Else who gives the higher ones up would have them again by the server. */
static int has_one_identity(void)
{
	uid_t uid, euid, suid;
	gid_t gid, egid, sgid;

	return getresuid(&uid, &euid, &suid) == 0 && uid == euid && euid == suid &&
	       getresgid(&gid, &egid, &sgid) == 0 && gid == egid && egid == sgid;
}

/* What a thread makes is in its time namespace for children. Before Linux 5.6 there is none. */
static int gives_another_clock(void)
{
	struct stat own, childrens;

	return stat("/proc/thread-self/ns/time", &own) == 0 &&
	       stat("/proc/thread-self/ns/time_for_children", &childrens) == 0 &&
	       own.st_ino != childrens.st_ino;
}

static int start(struct spu_server *server, const struct spu_server_options *options,
		 struct spu_error *ret_error)
{
	const char *program = options->program ? options->program : SPAWN_SERVER;
	int64_t deadline = spu__deadline_of(options->timeout_ms);
	struct stat root;
	int sockets[2], r;	/* the first is the server's, and tells it who sends */

	if (!has_one_identity())
		return spu__refusal(ret_error, ENOTSUP, SPU_STEP_SERVER, -1,
				    "spawn server: the process's real, effective and saved ids "
				    "differ");
	spu__own_server(server);
	server->starter = (pid_t)syscall3(SYS_gettid, 0, 0, 0);
	server->session = getsid(0);
	server->has_another_clock = gives_another_clock();
	r = stat("/", &root) < 0 ? -errno : spu__make_sockets(SOCK_SEQPACKET, sockets);
	if (r < 0)
		return spu__error(ret_error, -r, SPU_STEP_PREPARE, -1, "spawn server");
	server->root_device = root.st_dev;
	server->root_inode = root.st_ino;
	server->socket = sockets[1];
	r = launch(server, options, program, sockets[0], ret_error);
	close(sockets[0]);
	return r < 0 ? r : meet(server, program, options->timeout_ms, deadline, ret_error);
}

/* Of the process that it belongs to, which may have too few rights by now to kill it. */
static void end(struct spu_server *server)
{
	if (server->process.pid > 0) {
		shutdown(server->socket, SHUT_RDWR);
		if (spu_wait(&server->process, 1000, NULL) == -ETIMEDOUT &&
		    spu_kill(&server->process, SIGKILL, 0) == 0)
			spu_wait(&server->process, 1000, NULL);
	}
	spu__sweep_out(server);
}

int spu_server_start(struct spu_server **ret_server, const struct spu_server_options *options,
		     struct spu_error *ret_error)
{
	struct spu_server_options checked;
	struct spu_server *server;
	int cancel_state, r = check(options, &checked, ret_error);

	if (r < 0)
		return r;
	server = calloc(1, sizeof(*server));
	if (!server)
		return spu__error(ret_error, ENOMEM, SPU_STEP_PREPARE, -1, "spawn server");
	server->socket = -1;
	server->process = (struct spu_child)SPU_CHILD_INIT;
	pthread_mutex_init(&server->lock, NULL);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	r = start(server, &checked, ret_error);
	pthread_setcancelstate(cancel_state, NULL);
	if (r < 0)
		spu_server_stop(server);
	else
		*ret_server = server;
	return r;
}

void spu_server_stop(struct spu_server *server)
{
	int cancel_state;

	if (!server)
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	if (spu__owns_server(server))
		end(server);
	spu__forget_given_up(server);
	if (server->socket >= 0)
		close(server->socket);
	spu_child_release(&server->process);
	pthread_mutex_destroy(&server->lock);
	free(server);
	pthread_setcancelstate(cancel_state, NULL);
}
