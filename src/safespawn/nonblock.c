/* SPDX-License-Identifier: MIT */
#include "nonblock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "redirect.h"

/* How long what can't be asked not to wait may wait. */
#define MOMENT_MS 10

/* ---- a file of our own ---- */

static int may_be_opened(int fd, int flags)
{
	int mode = fcntl(fd, F_GETFL) & O_ACCMODE;

	return mode == flags || mode == O_RDWR;
}

/* /dev/ptmx opened again is a terminal of its own, and /dev/tty may be another one by now. */
static int is_same_terminal(int fd, int own)
{
	unsigned number, device, own_device;

	return ioctl(fd, TIOCGPTN, &number) < 0 && ioctl(fd, TIOCGDEV, &device) == 0 &&
	       ioctl(own, TIOCGDEV, &own_device) == 0 && device == own_device;
}

int nonblock_open(int fd, int flags)
{
	char path[32];
	struct stat st;
	int own;

	if (fstat(fd, &st) < 0 || (!S_ISFIFO(st.st_mode) && !isatty(fd)) ||
	    !may_be_opened(fd, flags))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = redirect_open_own(path, flags | O_NONBLOCK, 0);
	if (own < 0)
		return fd;
	if (S_ISFIFO(st.st_mode) || is_same_terminal(fd, own))
		return own;
	close(own);
	return fd;
}

/* ---- for a moment ---- */

static siginfo_t others;
static volatile sig_atomic_t has_others;

/* Who else has sent one is to find it pending afterwards. */
static void cut_short(int number, siginfo_t *info, void *context)
{
	(void)number, (void)context;
	if (info->si_code == SI_TIMER)
		return;
	others = *info;
	has_others = 1;
}

static timer_t *find_timer(void)
{
	static timer_t timer;
	static int is_made;
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};

	is_made = is_made || timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
	return is_made ? &timer : NULL;
}

/* Again and again: the first may come before write() has begun. */
static void set_timer(timer_t timer, long ms)
{
	const struct itimerspec moments = {{0, ms * 1000000}, {0, ms * 1000000}};

	timer_settime(timer, 0, &moments, NULL);
}

/* As write(2), cut short by a signal. All are blocked else, so that nobody has a handler. */
static ssize_t write_for_a_moment(int fd, const char *text, size_t size)
{
	timer_t *timer = find_timer();
	struct sigaction cut = {.sa_sigaction = cut_short, .sa_flags = SA_SIGINFO}, before;
	sigset_t alarm, mask;
	ssize_t gone;
	int saved;

	if (!timer)
		return write(fd, text, size);
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigaction(SIGALRM, &cut, &before);
	sigprocmask(SIG_UNBLOCK, &alarm, &mask);
	set_timer(*timer, MOMENT_MS);
	gone = write(fd, text, size);
	saved = errno == EINTR ? EAGAIN : errno;
	set_timer(*timer, 0);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGALRM, &before, NULL);
	if (has_others)
		syscall(SYS_rt_sigqueueinfo, getpid(), SIGALRM, &others);
	has_others = 0;
	errno = saved;
	return gone;
}

/*
 * A terminal that is ready has room for a byte, and a newline may take two: who asks
 * it again at once gets nothing done.
 */
static ssize_t write_now(int fd, const char *text, size_t size)
{
	ssize_t gone = write(fd, text, size);

	if (gone < 0 && errno == EAGAIN) {
		poll(NULL, 0, MOMENT_MS);
		errno = EAGAIN;
	}
	return gone;
}

ssize_t nonblock_write(int fd, const char *text, size_t size)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	ssize_t gone = send(fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	int own, saved;

	if (gone >= 0 || errno != ENOTSOCK)
		return gone;
	if (poll(&room, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (fcntl(fd, F_GETFL) & O_NONBLOCK)
		return write_now(fd, text, size);
	own = nonblock_open(fd, O_WRONLY);
	if (own == fd)
		return write_for_a_moment(fd, text, size < PIPE_BUF ? size : PIPE_BUF);
	gone = write_now(own, text, size);
	saved = errno;
	close(own);
	errno = saved;
	return gone;
}
