/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "redirect.h"

struct told {
	struct termios before, raw;
};

static int pipe_to_guard = -1;

/* Nothing of the caller's but the terminal: others would wait for its end. */
static void close_others(int kept)
{
	long limit = sysconf(_SC_OPEN_MAX);

	dup2(kept, STDOUT_FILENO);
#ifdef SYS_close_range
	if (syscall(SYS_close_range, STDERR_FILENO, ~0u, 0) == 0)
		return;
#endif
	for (int fd = STDERR_FILENO; fd < limit; fd++)
		close(fd);
}

static int is_same(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag &&
	       a->c_cflag == b->c_cflag && a->c_lflag == b->c_lflag &&
	       memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

/*
 * Until we have ended, however. Whoever has changed the modes since, we or a shell,
 * has set them right. In a session of its own it isn't meant by what ends our group,
 * and sets them also behind a shell that has the terminal.
 */
static _Noreturn void watch(int fd)
{
	struct told told = {.raw = {0}};
	struct termios now;
	int is_told = 0;

	setsid();
	close_others(fd);
	while (read(STDOUT_FILENO, &told, sizeof(told)) == (ssize_t)sizeof(told))
		is_told = 1;
	if (is_told && tcgetattr(STDIN_FILENO, &now) == 0 && is_same(&now, &told.raw))
		tcsetattr(STDIN_FILENO, TCSANOW, &told.before);
	_exit(0);
}

void guard_start(void)
{
	sigset_t all, before;
	int ends[2];
	pid_t pid;

	if (!isatty(STDIN_FILENO) || pipe2(ends, O_CLOEXEC) < 0)
		return;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = fork();
	if (pid == 0)
		watch(ends[0]);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[0]);
	if (pid < 0)
		close(ends[1]);
	else
		pipe_to_guard = redirect_lift(ends[1]);
}

void guard_tell(const struct termios *before, const struct termios *raw)
{
	const struct told told = {*before, *raw};

	if (pipe_to_guard >= 0 && write(pipe_to_guard, &told, sizeof(told)) < 0)
		pipe_to_guard = -1;
}
