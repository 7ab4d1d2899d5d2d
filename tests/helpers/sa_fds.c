/* SPDX-License-Identifier: MIT */
/*
 * Holds one descriptor of each kind and nothing else above 2, says on stdout
 * where they are ("ready"), and waits until it is killed. An argument is one
 * more: a file that is opened without close-on-exec. With a second one the first
 * thread ends, and another holds them.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

/* what: the word for the test; fd: -1 failed */
static void hold(const char *what, int fd)
{
	if (fd < 0)
		err(1, "%s", what);
	printf("%s %d\n", what, fd);
}

static void hold_pipe(void)
{
	int ends[2];

	if (pipe(ends) < 0)
		err(1, "pipe");
	hold("reader", ends[0]);
	hold("writer", ends[1]);
}

static void hold_sockets(void)
{
	struct sockaddr_in loopback = {.sin_family = AF_INET};
	struct sockaddr_un local = {.sun_family = AF_UNIX, .sun_path = "listener"};
	socklen_t length = sizeof(loopback);
	int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);
	int unix_fd = socket(AF_UNIX, SOCK_STREAM, 0);

	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(tcp, (struct sockaddr *)&loopback, length) < 0 || listen(tcp, 1) < 0 ||
	    getsockname(tcp, (struct sockaddr *)&loopback, &length) < 0)
		err(1, "tcp");
	printf("port %d\n", ntohs(loopback.sin_port));
	if (bind(unix_fd, (struct sockaddr *)&local, sizeof(local)) < 0 || listen(unix_fd, 1) < 0)
		err(1, "unix");
	hold("tcp", tcp);
	hold("udp", udp);
	hold("unix", unix_fd);
}

static void hold_files(void)
{
	hold("deleted", open("deleted", O_WRONLY | O_CREAT, 0600));
	unlink("deleted");
	hold("directory", open("/", O_RDONLY | O_DIRECTORY));
	hold("opath", open("/", O_PATH));
	if (mkfifo("fifo", 0600) < 0)
		err(1, "fifo");
	hold("fifo", open("fifo", O_RDWR));
	hold("device", open("/dev/null", O_RDWR));
	hold("closes", open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static void hold_events(void)
{
	sigset_t none;

	sigemptyset(&none);
	hold("eventfd", eventfd(0, 0));
	hold("epoll", epoll_create1(0));
	hold("timerfd", timerfd_create(CLOCK_MONOTONIC, 0));
	hold("signalfd", signalfd(-1, &none, 0));
	hold("inotify", inotify_init1(0));
	hold("memfd", memfd_create("memory", 0));
}

static void *idle(void *argument)
{
	pause();
	return argument;
}

int main(int argc, char **argv)
{
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	if (argc > 1 && strcmp(argv[1], "none") != 0)
		hold("file", open(argv[1], O_RDONLY));
	if (argc == 1) {
		hold_pipe();
		hold_sockets();
		hold_files();
		hold_events();
	}
	if (argc > 2 && pthread_create(&(pthread_t){0}, NULL, idle, NULL) != 0)
		errx(1, "no thread");
	printf("ready\n");
	fflush(stdout);
	if (argc > 2)
		pthread_exit(NULL);
	pause();
	return 0;
}
