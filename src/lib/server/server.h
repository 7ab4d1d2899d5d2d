/* SPDX-License-Identifier: MIT */
/* A spawn server, as the process knows it that has started it. */
#ifndef LIB_SERVER_H
#define LIB_SERVER_H

#include <pthread.h>
#include <sys/types.h>

#include "../../spawnutil.h"

/* A launch that nobody waits for any more, whose child may still come. */
struct given_up {
	struct given_up *next;
	int socket;
	pid_t pid;	/* of its child; 0: not known yet */
	int pidfd;	/* and, where there is one: the number may be another child's by now */
};

struct spu_server {
	int socket;
	struct spu_child process;
	pid_t owner;		/* who alone may use it: the children are its own */
	unsigned owner_stamp;	/* a copy may have its number, in another pid namespace */
	pid_t starter;		/* the thread that parent-death signals are about */
	pid_t session;		/* of the server */
	dev_t root_device;	/* the root directory that it has */
	ino_t root_inode;
	int has_another_clock;	/* than its owner */
	pthread_mutex_t lock;	/* of what follows */
	struct given_up *given_up;
};

/* It is this process's from now on; is it this one's? */
void spu__own_server(struct spu_server *server);
int spu__owns_server(const struct spu_server *server);

#endif
