/* SPDX-License-Identifier: MIT */
#include "given_up.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../arch/arch.h"
#include "../../kernel.h"
#include "../clock.h"
#include "channel.h"

int spu__reap_until(pid_t pid, int64_t deadline, int *ret_status)
{
	struct timespec pause = {0, 50000};
	long r;

	*ret_status = 0;
	for (;;) {
		r = syscall4(SYS_wait4, pid, (long)ret_status,
			     KERNEL_WALL | (deadline == NEVER ? 0 : WNOHANG), 0);
		if (r != 0 && r != -EINTR)
			return 1;
		if (r == 0 && (deadline == 0 || spu__now_us() >= deadline))
			return 0;
		if (r == 0)
			nanosleep(&pause, NULL);
	}
}

/* Before Linux 6.5, or where the launch asked for none, no pidfd has come with the child's word. */
static void know_child(struct given_up *entry)
{
	if (entry->pid > 0 && entry->pidfd < 0)
		entry->pidfd = (int)syscall3(SYS_pidfd_open, entry->pid, 0, 0);
}

void spu__give_up(struct spu_server *server, struct given_up *entry)
{
	const int on = 1;

	/* a word that comes late has one, whatever the launch asked for */
	setsockopt(entry->socket, SOL_SOCKET, KERNEL_SO_PASSPIDFD, &on, sizeof(on));
	know_child(entry);
	pthread_mutex_lock(&server->lock);
	entry->next = server->given_up;
	server->given_up = entry;
	pthread_mutex_unlock(&server->lock);
}

/* By us or, as well as us, by somebody else. */
static int is_reaped(int pidfd)
{
	siginfo_t info;

	info.si_pid = 0;
	return syscall6(SYS_waitid, KERNEL_P_PIDFD, pidfd, (long)&info,
			WEXITED | WNOHANG | KERNEL_WALL, 0, 0) != 0 || info.si_pid != 0;
}

/* Whether it was gone at once. */
static int kill_it(int pidfd)
{
	syscall4(SYS_pidfd_send_signal, pidfd, SIGKILL, 0, 0);
	return is_reaped(pidfd);
}

static void forget(struct given_up *entry)
{
	close(entry->socket);
	if (entry->pidfd >= 0)
		close(entry->pidfd);
	free(entry);
}

/* Is there nothing that it stands for any more? */
static int is_settled(struct given_up *entry)
{
	struct answer answer = {0};
	struct sender sender;
	int status;
	ssize_t r;

	while ((r = spu__receive(entry->socket, &answer, sizeof(answer), NULL, NULL,
				 &sender)) == sizeof(answer)) {
		if (answer.word == CHILD_HERE && entry->pidfd < 0)
			entry->pidfd = sender.pidfd;
		else if (sender.pidfd >= 0)
			close(sender.pidfd);
		if (answer.word == SERVER_CLONED)
			entry->pid = answer.pid;
		if (answer.word == CHILD_HERE)
			entry->pid = sender.pid;
	}
	know_child(entry);
	if (entry->pid == 0)
		return r != -EAGAIN;
	if (entry->pidfd >= 0)
		return is_reaped(entry->pidfd) || kill_it(entry->pidfd);
	/* If it is no child of ours, its number is somebody else's by now */
	if (spu__reap_until(entry->pid, 0, &status))
		return 1;
	kill(entry->pid, SIGKILL);
	return spu__reap_until(entry->pid, 0, &status);
}

size_t spu__sweep(struct spu_server *server)
{
	struct given_up **at = &server->given_up;
	size_t left = 0;

	pthread_mutex_lock(&server->lock);
	while (*at) {
		struct given_up *entry = *at;

		if (!is_settled(entry)) {
			at = &entry->next;
			left++;
			continue;
		}
		*at = entry->next;
		forget(entry);
	}
	pthread_mutex_unlock(&server->lock);
	return left;
}

/* A child that SIGKILL doesn't end stays, and is whoever's that waits for all. */
void spu__sweep_out(struct spu_server *server)
{
	const struct timespec pause = {0, 200000};
	int64_t deadline = spu__deadline_in(1000);

	while (spu__sweep(server) > 0 && spu__now_us() < deadline)
		nanosleep(&pause, NULL);
}

void spu__forget_given_up(struct spu_server *server)
{
	while (server->given_up) {
		struct given_up *entry = server->given_up;

		server->given_up = entry->next;
		forget(entry);
	}
}
