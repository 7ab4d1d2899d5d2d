/* SPDX-License-Identifier: MIT */
/*
 * Makes descriptors that exec leaves open, says which number each call made ("3
 * openat by_open"), and launches a program, or becomes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Each its own function, that the report must name, and none ends in a jump. */
#define MAKER(name, call, expression) \
	static __attribute__((noinline)) int name(void) \
	{ \
		int fd = expression; \
\
		__asm__ volatile("" ::: "memory"); \
		printf("%d %s %s\n", fd, call, #name); \
		return fd; \
	}

/* the caller's own call, however it is compiled */
#define INLINE static inline __attribute__((always_inline))

static int listener, quiet;

static int first_of(int pair[2])
{
	return pair[0];
}

static int connected(void)
{
	struct sockaddr_un address = {0};
	socklen_t length = sizeof(address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	getsockname(listener, (struct sockaddr *)&address, &length);
	connect(fd, (struct sockaddr *)&address, length);
	return fd;
}

INLINE int receive(void)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control = {{0}};
	char byte = 0;
	struct iovec vector = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control),
	};
	int ends[2], fd = open("/etc/group", O_RDONLY | O_CLOEXEC);

	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
	control.aligned = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.aligned), &fd, sizeof(fd));
	sendmsg(ends[0], &message, 0);
	memset(&control, 0, sizeof(control));
	message.msg_controllen = sizeof(control);
	recvmsg(ends[1], &message, 0);
	memcpy(&fd, CMSG_DATA(&control.aligned), sizeof(fd));
	return fd;
}

INLINE int keep(int by_ioctl)
{
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	if (by_ioctl)
		ioctl(fd, FIONCLEX);
	else
		fcntl(fd, F_SETFD, 0);
	return fd;
}

static sigset_t none;

MAKER(by_open, "openat", open("/etc/passwd", O_RDONLY))
MAKER(by_socket, "socket", socket(AF_UNIX, SOCK_STREAM, 0))
MAKER(by_accept, "accept", (connected(), accept(listener, NULL, NULL)))
MAKER(by_dup, "dup", dup(quiet))
MAKER(by_dup3, "dup3", dup3(quiet, 60, 0))
MAKER(by_fcntl, "fcntl", fcntl(quiet, F_DUPFD, 70))
MAKER(by_flag, "fcntl", keep(0))
MAKER(by_ioctl, "ioctl", keep(1))
MAKER(by_message, "recvmsg", receive())
MAKER(by_epoll, "epoll_create1", epoll_create1(0))
MAKER(by_event, "eventfd2", eventfd(0, 0))
MAKER(by_signal, "signalfd4", signalfd(-1, &none, 0))
MAKER(by_timer, "timerfd_create", timerfd_create(CLOCK_MONOTONIC, 0))
MAKER(by_inotify, "inotify_init1", inotify_init1(0))
MAKER(by_memory, "memfd_create", memfd_create("memory", 0))

static __attribute__((noinline)) void by_pipe(void)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK) == 0)
		printf("%d pipe2 by_pipe\n%d pipe2 by_pipe\n", first_of(ends), ends[1]);
}

static void *work(void *unused)
{
	by_memory();
	return unused;
}

static void make_all(void)
{
	pthread_t thread;

	quiet = open("/etc/group", O_RDONLY | O_CLOEXEC);
	by_open(), by_socket(), by_accept(), by_dup(), by_dup3(), by_fcntl(), by_flag();
	by_ioctl(), by_message(), by_epoll(), by_event(), by_signal(), by_timer();
	by_inotify(), by_pipe();
	pthread_create(&thread, NULL, work, NULL);
	pthread_join(thread, NULL);
}

static void *rest(void *unused)
{
	pause();
	return unused;
}

static pthread_barrier_t barrier;

static __attribute__((noinline)) int helper(const char *path)
{
	int fd = open(path, O_RDONLY);

	__asm__ volatile("" ::: "memory");
	return fd;
}

static void *open_in_own_table(void *ret)
{
	if (unshare(CLONE_FILES) < 0)
		exit(3);
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	*(int *)ret = helper("/etc/group");
	return NULL;
}

/* The same number, in a table of their own for each of two threads */
static void make_unshared(void)
{
	pthread_t thread;
	int other = -1;

	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, open_in_own_table, &other);
	pthread_barrier_wait(&barrier);
	if (by_open() < 0)
		exit(4);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	if (other < 0)
		exit(5);
}

/* With a second thread; none of them is open at the launch. */
static void make_raced(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, rest, NULL);
	make_all();
	for (int fd = 3; fd < 100; fd++)
		close(fd);
}

static void make_same(void)
{
	helper("/etc/passwd");
	helper("/etc/group");
	/* else the last one is a jump, and leaves no frame */
	__asm__ volatile("" ::: "memory");
}

/* One number, opened twice. */
static void make_reused(void)
{
	close(open("/etc/passwd", O_RDONLY));
	socket(AF_UNIX, SOCK_STREAM, 0);
}

/* One descriptor, kept open again and again */
static void make_kept(void)
{
	int fd = open("/etc/passwd", O_RDONLY);

	for (int i = 0; i < 100; i++)
		fcntl(fd, F_SETFD, 0);
}

/* The second message overwrites what the kernel said of the first: rights to nothing, twice. */
static void make_forged(void)
{
	struct cmsghdr rights = {CMSG_LEN(0), SOL_SOCKET, SCM_RIGHTS}, forged[] = {rights, rights};
	struct msghdr lie = {.msg_control = forged, .msg_controllen = sizeof(forged)};
	struct mmsghdr messages[2] = {0};
	struct iovec parts[] = {{&quiet, 1}, {&messages[0].msg_hdr, sizeof(lie)}};
	int pair[2];

	for (int i = 0; i < 2; i++) {
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0 ||
	    write(pair[0], "", 1) != 1 || write(pair[0], &lie, sizeof(lie)) != sizeof(lie) ||
	    recvmmsg(pair[1], messages, 2, 0, NULL) != 2 ||
	    messages[0].msg_hdr.msg_control != forged)
		exit(3);
}

/* A program with a filter of its own, which denies what no tracer allows: with none, all */
static void make_filtered(void)
{
	struct sock_filter code[] = {
		{BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
		{BPF_JMP | BPF_JEQ | BPF_K, 2, 0, SYS_getppid},
		{BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_dup},
		{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
		{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRACE | 77},
	};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)
		exit(3);
	if (syscall(SYS_getppid) != -1 || errno != ENOSYS || dup(0) != -1 || errno != ENOSYS)
		exit(4);
	by_open();
}

/* Leaves a process that opens a file when the command has ended. */
static void make_behind(void)
{
	pid_t parent = getpid();

	if (fork() != 0)
		_exit(0);
	while (getppid() == parent)
		usleep(1000);
	_exit(open("/etc/passwd", O_RDONLY) >= 0 && write(STDOUT_FILENO, "opened\n", 7) ? 0 : 1);
}

extern char **environ;

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*make)(void);
	} ways[] = {
		{"all", make_all}, {"same", make_same}, {"reused", make_reused},
		{"filtered", make_filtered}, {"behind", make_behind},
		{"kept", make_kept}, {"forged", make_forged}, {"become", make_all},
		{"raced", make_raced}, {"unshared", make_unshared},
	};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	pid_t pid;

	if (argc < 3)
		return 2;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t));
	listen(listener, 5);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(argv[1], ways[i].name) == 0)
			ways[i].make();
	fflush(stdout);
	if (strcmp(argv[1], "become") == 0)
		execv(argv[2], argv + 2);
	if (posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ) != 0)
		return 1;
	waitpid(pid, NULL, 0);
	return 0;
}
