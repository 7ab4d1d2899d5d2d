/* SPDX-License-Identifier: MIT */
/*
 * ss_pty COMMAND [ARG...]: runs COMMAND in a session on a terminal of its own,
 * and plays the person in front of it, as stdin says line by line:
 *
 *	expect TEXT	wait until the terminal shows it (behind what was expected last)
 *	line TEXT	and the rest of its line, which the terminal's ^C would drop
 *	refuse TEXT	fail if it was shown since then
 *	send TEXT	type it; \n and \xHH
 *	make FILE	an empty one, for who waits for that
 *	size ROWS COLS	make the terminal so large
 *	run COMMAND	in a shell of one's own, beside the terminal; for a minute at most
 *	hangup		close the terminal
 *
 * At the end of stdin it waits for COMMAND; the exit status is COMMAND's, or
 * 99 with the transcript on stderr.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 60000

static char shown[1 << 18];
static size_t shown_length, expected;
static int master;
static pid_t child;

static void fail(const char *what, const char *text)
{
	fprintf(stderr, "%s %s; the terminal shows:\n%s\n", what, text, shown);
	kill(-child, SIGKILL);
	kill(child, SIGKILL);
	exit(99);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 1: something came; 0: nothing in that time; -1: the terminal is gone */
static int take(int timeout_ms)
{
	struct pollfd ready = {.fd = master, .events = POLLIN};
	ssize_t n;

	if (poll(&ready, 1, timeout_ms) <= 0)
		return 0;
	n = read(master, shown + shown_length, sizeof(shown) - shown_length - 1);
	if (n <= 0)
		return -1;
	shown_length += (size_t)n;
	shown[shown_length] = '\0';
	return 1;
}

static void expect(const char *text)
{
	long deadline = now_ms() + PATIENCE_MS;
	char *found;

	while (!(found = strstr(shown + expected, text))) {
		long left = deadline - now_ms();

		if (left <= 0 || take((int)left) < 0)
			fail("expected", text);
	}
	expected = (size_t)(found - shown) + strlen(text);
}

static void type(const char *text)
{
	char bytes[1024];
	size_t length = 0;
	unsigned byte;

	if (master < 0)
		return;	/* hung up */
	for (; *text && length < sizeof(bytes); text++) {
		if (text[0] == '\\' && text[1] == 'n') {
			bytes[length++] = '\n';
			text++;
		} else if (text[0] == '\\' && sscanf(text, "\\x%2x", &byte) == 1) {
			bytes[length++] = (char)byte;
			text += 3;
		} else {
			bytes[length++] = *text;
		}
	}
	if (write(master, bytes, length) < 0)
		fail("could not type", text);
}

static void make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		fail("could not make", path);
	close(fd);
}

static void resize(const char *text)
{
	struct winsize size = {0};

	if (sscanf(text, "%hu %hu", &size.ws_row, &size.ws_col) != 2 ||
	    ioctl(master, TIOCSWINSZ, &size) < 0)
		fail("could not resize to", text);
}

static void run(const char *command)
{
	setenv("SS_PTY_RUN", command, 1);
	if (system("exec timeout 60 sh -c \"$SS_PTY_RUN\"") != 0)
		fail("failed:", command);
}

static void hang_up(void)
{
	close(master);
	master = -1;	/* poll() then only waits */
}

static void play(char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "expect ", 7) == 0) {
		expect(line + 7);
	} else if (strncmp(line, "line ", 5) == 0) {
		expect(line + 5);
		expect("\n");
	}
	if (strncmp(line, "send ", 5) == 0)
		type(line + 5);
	else if (strncmp(line, "refuse ", 7) == 0 && strstr(shown + expected, line + 7))
		fail("refused", line + 7);
	else if (strncmp(line, "make ", 5) == 0)
		make(line + 5);
	else if (strncmp(line, "size ", 5) == 0)
		resize(line + 5);
	else if (strncmp(line, "run ", 4) == 0)
		run(line + 4);
	else if (strcmp(line, "hangup") == 0)
		hang_up();
}

static void begin(char **argv)
{
	int slave;

	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0) {
		perror("pty");
		exit(98);
	}
	child = fork();
	if (child != 0)
		return;
	setsid();
	slave = open(ptsname(master), O_RDWR);
	ioctl(slave, TIOCSCTTY, 0);
	for (int fd = 0; fd <= 2; fd++)
		dup2(slave, fd);
	if (slave > 2)
		close(slave);
	for (int number = 1; number < 32; number++)
		signal(number, SIG_DFL);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(97);
}

int main(int argc, char **argv)
{
	long deadline;
	char line[1024];
	int status;

	if (argc < 2)
		return 98;
	begin(argv + 1);
	while (fgets(line, sizeof(line), stdin))
		play(line);
	deadline = now_ms() + PATIENCE_MS;
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (now_ms() > deadline)
			fail("the command", "didn't end");
		if (take(20) < 0)
			poll(NULL, 0, 10);
	}
	while (take(0) > 0)
		;
	fputs(shown, stdout);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
