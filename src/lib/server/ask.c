/* SPDX-License-Identifier: MIT */
/*
 * One launch by a spawn server. Until the child is told to go it hasn't executed
 * anything; whatever ends the launch before, no child stays that isn't told of.
 */
#include "ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../arch/arch.h"
#include "../../kernel.h"
#include "../clock.h"
#include "../error.h"
#include "../launch/executed.h"
#include "cargo.h"
#include "channel.h"
#include "given_up.h"

/* How long a child that is to end may take beyond the deadline, and one without a server */
#define END_US 10000
#define ORPHAN_US 1000000
/* A silent child is looked at so often: a forked copy may hold its end of the socket */
#define LOOK_US 10000

struct asking {
	const struct launch *launch;
	struct spu_server *server;
	struct cargo *cargo;
	struct given_up *entry;	/* the socket, and the child once it is known */
	int64_t deadline;
	int64_t patience;	/* with a server that has ended: to that time; else NEVER */
	size_t sent;		/* of the request */
	int pidfd;
	int is_here, may_go, is_over, is_withdrawn;
	struct answer failure;	/* its word is FAILED, if there was one */
	unsigned step;		/* that took too long; 0: not known */
};

/*
 * ---- Waiting
 */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Until one of them has something to say: 0, or -ETIMEDOUT. */
static int await(struct pollfd *polls, nfds_t count, int64_t deadline)
{
	struct timespec timeout;
	int r;

	for (;;) {
		timeout = spu__timespec(deadline - spu__now_us());
		r = ppoll(polls, count, deadline == NEVER ? NULL : &timeout, NULL);
		if (r > 0)
			return 0;
		if (r == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/*
 * ---- To the server
 */

/* Its queue may be full, when it is stopped. */
static int hand_over(const struct asking *asking, int end)
{
	const struct spu_server *server = asking->server;

	for (;;) {
		struct pollfd polls[] = {
			{.fd = server->socket, .events = POLLOUT},
			{.fd = server->process.pidfd, .events = POLLIN},
		};
		ssize_t r = spu__send(server->socket, "", 1, &end, 1);

		if (r != -EAGAIN)
			return r < 0 ? (int)r : 0;
		r = await(polls, 2, asking->deadline);
		if (r < 0)
			return (int)r;
		if (polls[1].revents)
			return -EPIPE;
	}
}

/*
 * ---- With the child
 */

static void take_answer(struct asking *asking, const struct answer *answer,
			const struct sender *sender)
{
	switch (answer->word) {
	case SERVER_CLONED:
		asking->entry->pid = answer->pid;
		break;
	case CHILD_HERE:
		asking->is_here = 1;
		asking->entry->pid = sender->pid;
		break;
	case FAILED:
		asking->failure = *answer;
		break;
	}
}

static void take_pidfd(struct asking *asking, const struct answer *answer, int pidfd)
{
	if (answer->word == CHILD_HERE && asking->pidfd < 0)
		asking->pidfd = pidfd;
	else if (pidfd >= 0)
		close(pidfd);
}

/* Nothing more comes: the socket is closed, or there is a failure. */
static int has_heard_all(const struct asking *asking)
{
	return asking->is_over || asking->failure.word == FAILED;
}

/* What was said so far. */
static void listen_to(struct asking *asking)
{
	struct answer answer;
	struct sender sender;

	while (!has_heard_all(asking)) {
		ssize_t r = spu__receive(asking->entry->socket, &answer, sizeof(answer), NULL, NULL,
					 &sender);

		if (r == -EAGAIN)
			return;
		if (r != sizeof(answer)) {
			asking->is_over = 1;	/* or reset: it had something left to read */
			return;
		}
		take_pidfd(asking, &answer, sender.pidfd);
		take_answer(asking, &answer, &sender);
	}
}

/* The request, and when all of it is on its way and the child is known, the word to go. */
static int speak(struct asking *asking)
{
	const struct cargo *cargo = asking->cargo;
	int is_first;
	ssize_t r;

	if (asking->is_withdrawn)
		return 0;
	while (asking->sent < cargo->size) {
		is_first = asking->sent == 0;
		r = spu__send(asking->entry->socket, cargo->bytes + asking->sent,
			      cargo->size - asking->sent, is_first ? cargo->descriptors : NULL,
			      is_first ? cargo->count : 0);
		if (r == -EAGAIN)
			return 0;
		if (r < 0)
			/* nobody is there: what was said before comes still */
			return r == -EPIPE ? 0 : (int)r;
		asking->sent += (size_t)r;
	}
	if (!asking->is_here || asking->may_go)
		return 0;
	r = spu__send(asking->entry->socket, "", 1, NULL, 0);
	asking->may_go = r == 1;
	return r < 0 && r != -EAGAIN && r != -EPIPE ? (int)r : 0;
}

/* That the server has ended its pidfd tells: a forked copy of this process may hold its socket. */
static int await_more(struct asking *asking)
{
	int has_more = !asking->is_withdrawn &&
		       (asking->sent < asking->cargo->size || (asking->is_here && !asking->may_go));
	int is_watched = !asking->is_here && asking->patience == NEVER;
	struct pollfd polls[] = {
		{.fd = asking->entry->socket, .events = POLLIN | (has_more ? POLLOUT : 0)},
		{.fd = is_watched ? asking->server->process.pidfd : -1, .events = POLLIN},
	};
	int64_t patience = asking->is_here ? NEVER : asking->patience;
	int64_t look = asking->entry->pid ? spu__now_us() + LOOK_US : NEVER;
	int r = await(polls, 2, earlier(asking->deadline, earlier(patience, look)));

	if (r == 0 && polls[1].revents)
		asking->patience = spu__now_us() + ORPHAN_US;
	if (r != -ETIMEDOUT || asking->deadline <= earlier(patience, look))
		return r;
	if (patience <= look)
		return -EPIPE;
	if (spu__has_executed(asking->entry->pid, 1) > 0) {
		listen_to(asking);
		asking->is_over = 1;
	}
	return 0;
}

static int converse(struct asking *asking)
{
	int r;

	for (;;) {
		listen_to(asking);
		if (has_heard_all(asking))
			return 0;
		r = speak(asking);
		if (r == 0)
			r = await_more(asking);
		if (r < 0) {
			listen_to(asking);
			return has_heard_all(asking) ? 0 : r;
		}
	}
}

/*
 * ---- What came of it
 */

/* The child doesn't execute any more, or is ended; who doesn't end at once is for later. */
static int end_child(struct asking *asking, int64_t deadline)
{
	struct given_up *entry = asking->entry;
	int status = 0;

	entry->pidfd = asking->pidfd;
	asking->pidfd = -1;
	if (has_heard_all(asking) && entry->pid == 0)
		return 0;
	shutdown(entry->socket, SHUT_WR);
	if (entry->pid > 0 && spu__reap_until(entry->pid, deadline, &status)) {
		entry->pid = 0;
		return status;
	}
	asking->entry = NULL;
	spu__give_up(asking->server, entry);
	return 0;
}

static int64_t time_to_end(const struct asking *asking)
{
	int64_t soon = spu__now_us() + END_US;

	return asking->deadline > soon ? asking->deadline : soon;
}

static int tell_late(const struct asking *asking)
{
	unsigned step = asking->step ? asking->step : SPU_STEP_SERVER;

	return spu__refusal(asking->launch->ret_error, ETIMEDOUT, step, -1,
			    "spawn server: %s%sthe launch took longer than %d ms",
			    asking->step ? spu_step_name(step) : "", asking->step ? ": " : "",
			    asking->launch->options.timeout_ms);
}

static int tell_killed(struct asking *asking)
{
	struct spu_error *ret_error = asking->launch->ret_error;
	int is_late = spu__now_us() >= asking->deadline;
	int status = end_child(asking, time_to_end(asking));
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (is_late && signal == SIGKILL)	/* its timer, most likely */
		return tell_late(asking);
	if (!signal)
		return spu__refusal(ret_error, ECANCELED, SPU_STEP_SERVER, -1,
				    "spawn server: its child ended with status %d before it "
				    "executed the program", WEXITSTATUS(status));
	spu__refusal(ret_error, ECANCELED, SPU_STEP_SERVER, -1,
		     "spawn server: its child was killed by signal %d (%s)", signal,
		     spu__signal_name(signal));
	if (ret_error)
		ret_error->signal = signal;
	return -ECANCELED;
}

static int tell_failure(struct asking *asking)
{
	struct spu_error error = asking->failure.error;

	end_child(asking, time_to_end(asking));
	error.text[sizeof(error.text) - 1] = '\0';
	spu__retell(asking->cargo, &error);
	if (asking->launch->ret_error)
		*asking->launch->ret_error = error;
	return -error.err;
}

static int tell_gone(const struct asking *asking)
{
	return spu__refusal(asking->launch->ret_error, EPIPE, SPU_STEP_SERVER, -1,
			    "spawn server: it has ended");
}

static int tell_error(const struct asking *asking, int r)
{
	struct spu_error *ret_error = asking->launch->ret_error;

	if (r == -EPIPE)
		return tell_gone(asking);
	if (r == -ETIMEDOUT)
		return tell_late(asking);
	return spu__error(ret_error, -r, SPU_STEP_SERVER, -1, "spawn server%s",
			  r == -ETOOMANYREFS ? ": too many descriptors are on their way" : "");
}

/*
 * r: how the conversation ended. A server that is stopped may hold the socket, and not close
 * it. Its end says that there was no failure, and may come before the kernel tells of exec:
 * seen with Linux 6.1 on a slow machine.
 */
static int has_launched(const struct asking *asking, int r)
{
	int was_executed;

	if (!asking->may_go || (!asking->is_over && r != -ETIMEDOUT))
		return 0;
	if (asking->is_over)
		spu__await_executed(asking->entry->pid, 1, asking->deadline);
	was_executed = spu__was_executed(asking->entry->pid);
	return was_executed > 0 || (was_executed < 0 && asking->is_over);
}

/* By the calls there that may take for ever */
static unsigned step_of(pid_t pid)
{
	static const struct {
		long call;
		unsigned step;
	} slow[] = {
		{SYS_chdir, SPU_STEP_CWD}, {SYS_chroot, SPU_STEP_ROOT}, {SYS_openat, SPU_STEP_OPEN},
		{SYS_execve, SPU_STEP_EXEC}, {SYS_execveat, SPU_STEP_EXEC},
	};
	long call = spu__current_call(pid);
	size_t i;

	for (i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
		if (slow[i].call == call)
			return slow[i].step;
	return 0;
}

/* -EPERM: it has changed its ids, and isn't ours to kill. */
static int kill_child(pid_t pid)
{
	return pid && kill(pid, SIGKILL) < 0 ? -errno : 0;
}

static int conclude(struct asking *asking, int r)
{
	if (asking->failure.word == FAILED)
		return tell_failure(asking);
	if (has_launched(asking, r))
		return 0;
	if (asking->is_over)
		return asking->entry->pid ? tell_killed(asking) : tell_gone(asking);
	if (asking->may_go && r == -ETIMEDOUT)
		asking->step = step_of(asking->entry->pid);
	if (kill_child(asking->entry->pid) == -EPERM && asking->may_go && r == -ETIMEDOUT) {
		/* until its own timer ends it */
		asking->deadline += MOMENT_US + END_US;
		converse(asking);
		if (asking->failure.word == FAILED)
			return tell_failure(asking);
		if (has_launched(asking, r))
			return 0;
	}
	end_child(asking, spu__now_us() + END_US);
	return tell_error(asking, r);
}

/*
 * A child without a request goes away, once it sees that none will come. That takes as long
 * as a launch may: what is given up here stays until another launch, which may never be.
 */
static void withdraw(struct asking *asking)
{
	asking->is_withdrawn = 1;
	shutdown(asking->entry->socket, SHUT_WR);
	asking->deadline = time_to_end(asking);
	if (converse(asking) < 0) {
		kill_child(asking->entry->pid);
		asking->deadline = spu__now_us();
	}
	end_child(asking, time_to_end(asking));
}

static int ask(struct asking *asking)
{
	int sockets[2], on = 1, r = spu__make_sockets(SOCK_STREAM, sockets);

	if (r < 0)
		return spu__error(asking->launch->ret_error, -r, SPU_STEP_PREPARE, -1,
				  "sockets for the spawn server");
	if (!(asking->launch->options.flags & SPU_NO_PIDFD))
		setsockopt(sockets[0], SOL_SOCKET, KERNEL_SO_PASSPIDFD, &on, sizeof(on));
	asking->entry->socket = sockets[0];
	r = hand_over(asking, sockets[1]);
	close(sockets[1]);
	if (r < 0)
		return tell_error(asking, r);
	r = spu__pack_cargo(asking->cargo);
	if (r < 0) {
		withdraw(asking);
		return r;
	}
	return conclude(asking, converse(asking));
}

static int ask_with_entry(struct asking *asking, pid_t *ret_pid, int *ret_pidfd)
{
	int r;

	asking->entry = calloc(1, sizeof(*asking->entry));
	if (!asking->entry)
		return spu__error(asking->launch->ret_error, ENOMEM, SPU_STEP_PREPARE, -1,
				  "spawn server");
	asking->entry->socket = asking->entry->pidfd = -1;
	r = ask(asking);
	if (!asking->entry)	/* given up */
		return r;
	if (r == 0) {
		*ret_pid = asking->entry->pid;
		*ret_pidfd = asking->pidfd;
		if (*ret_pidfd < 0 && !(asking->launch->options.flags & SPU_NO_PIDFD))
			*ret_pidfd = (int)syscall3(SYS_pidfd_open, *ret_pid, 0, 0);
	}
	if (asking->entry->socket >= 0)
		close(asking->entry->socket);
	if (asking->entry->pidfd >= 0)
		close(asking->entry->pidfd);
	free(asking->entry);
	return r;
}

int spu__accept_server(const struct spu_options *options, struct spu_error *ret_error)
{
	struct spu_server *server = options->server;

	if (!spu__owns_server(server))
		return spu__refusal(ret_error, ECHILD, SPU_STEP_SERVER, -1,
				    "spawn server: process %d has started it, and it launches "
				    "for that one alone", (int)server->owner);
	spu__sweep(server);
	return spu__refuse_cargo(options, ret_error);
}

int spu__ask_server(const struct launch *launch, pid_t *ret_pid, int *ret_pidfd)
{
	struct asking asking = {.launch = launch, .server = launch->options.server,
				.deadline = launch->deadline, .patience = NEVER, .pidfd = -1};
	int r = spu__load_cargo(&asking.cargo, launch);

	if (r < 0)
		return r;
	r = ask_with_entry(&asking, ret_pid, ret_pidfd);
	spu__unload_cargo(asking.cargo);
	return r;
}
