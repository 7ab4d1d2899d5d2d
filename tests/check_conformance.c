/* SPDX-License-Identifier: MIT */
/*
 * What programs rely on in system(3), popen(3) and pclose(3), observed through
 * these names. They are ours by the header, by --wrap (BY_WRAP) or, in the
 * build that has libc's (OF_LIBC), by the preload library: with an argument the
 * words must be ours. Each behaviour is put into words by a process of its own,
 * and the table at the end says which words are right, and where a libc has
 * others, and why ours are better. Needs nothing but libc, so that it runs on
 * musl too.
 */
#if !defined(OF_LIBC) && !defined(BY_WRAP)
#define SPU_REPLACE_LIBC
#include "spawnutil.h"
#endif

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

#define SUITE_NAME "check_conformance"
#include "behaviours.h"
#include "sanitizers.h"

static const char *disposition(int number)
{
	struct sigaction action;

	sigaction(number, NULL, &action);
	return action.sa_handler == SIG_IGN ? "ignored"
	     : action.sa_handler == SIG_DFL ? "default" : "caught";
}

static void do_nothing(int number)
{
	(void)number;
}

static FILE *open_or_die(const char *command, const char *mode)
{
	FILE *stream = popen(command, mode);

	if (!stream) {
		say("popen(%s): %s", mode, error_name(errno));
		_exit(0);
	}
	return stream;
}

static int count_open(void)
{
	int fd, count = 0;

	for (fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/*
 * ---- system()
 */

static void observe_null(void)
{
	say(system(NULL) ? "a shell is there" : "no shell");
}

static void observe_statuses(void)
{
	static char command[6000], huge[300000];

	say_status(system("exit 0"));
	say_status(system("exit 1"));
	say_status(system("nosuchcommand"));
	say_status(system("kill -KILL $$"));
	/* a name longer than a file's may be, and a command longer than an argument */
	memset(command, 'x', sizeof(command) - 1);
	say("long name %s", in_words(system(command)));
	memset(huge, ' ', sizeof(huge) - 1);
	say("long command %s", in_words(system(huge)));
}

/* In a mount namespace where /bin is empty. */
static void hide_the_shell(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/bin", "tmpfs", 0, NULL) < 0) {
		say(SKIPPED "no mount namespace may be made here");
		_exit(0);
	}
}

static void observe_null_without_shell(void)
{
	hide_the_shell();
	observe_null();
}

static void make_unexecutable_shell(void)
{
	int fd = open("/bin/sh", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd >= 0)
		close(fd);
}

static void observe_no_shell(void)
{
	hide_the_shell();
	say("missing %s", in_words(system("exit 3")));
	make_unexecutable_shell();
	say("not executable %s", in_words(system("exit 3")));
}

static struct rlimit process_limit;

static void forbid_processes(void)
{
	struct rlimit none;

	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0) {
		say(SKIPPED "the limit of processes is another user's to try: needs root");
		_exit(0);
	}
	getrlimit(RLIMIT_NPROC, &process_limit);
	none = process_limit;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NPROC, &none);
}

static void observe_no_process(void)
{
	forbid_processes();
	say_status(system("exit 3"));
	say("SIGINT %s", disposition(SIGINT));
	setrlimit(RLIMIT_NPROC, &process_limit);
	say("later %s", in_words(system("exit 3")));
}

/* "-c" and the like, found in PATH. */
static void observe_dashes(void)
{
	char directory[] = "/tmp/conformance.XXXXXX", path[64];
	const char *const names[] = {"-c", "+x", "--"};
	size_t i;

	if (!mkdtemp(directory))
		return;
	setenv("PATH", directory, 1);
	for (i = 0; i < 3; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		file = fopen(path, "w");
		fprintf(file, "#!/bin/sh\nexit %zu\n", 40 + i);
		fchmod(fileno(file), 0755);
		fclose(file);
		say_status(system(names[i]));
		unlink(path);
	}
	rmdir(directory);
}

/* A command that says when it runs and goes on until its end is closed. */
struct running {
	pthread_t thread;
	char command[80];
	int end;
	int blocks_afterwards;
	int status;
};

static void *run_command(void *argument)
{
	struct running *running = argument;
	sigset_t mask;

	running->status = system(running->command);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	running->blocks_afterwards = sigismember(&mask, SIGCHLD);
	return NULL;
}

/* Above the numbers of one digit, which are all that a shell can name. */
static void make_pipe(int ret[2])
{
	int ends[2], i;

	if (pipe(ends) < 0)
		_exit(1);
	for (i = 0; i < 2; i++) {
		ret[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, 20);
		close(ends[i]);
	}
}

static void start(struct running *running, int code)
{
	int told[2], held[2];
	char byte;

	make_pipe(told);
	make_pipe(held);
	dup2(told[1], 9);
	dup2(held[0], 8);
	snprintf(running->command, sizeof(running->command), "echo >&9; read x <&8; exit %d", code);
	if (pthread_create(&running->thread, NULL, run_command, running) != 0 ||
	    read(told[0], &byte, 1) != 1)
		_exit(1);
	close(told[0]), close(told[1]), close(held[0]);
	close(9), close(8);
	running->end = held[1];
}

static int finish(struct running *running)
{
	close(running->end);
	pthread_join(running->thread, NULL);
	return running->status;
}

static void observe_overlap(void)
{
	struct sigaction caught = {.sa_handler = do_nothing};
	struct running first, second;

	sigaction(SIGINT, &caught, NULL);
	start(&first, 1);
	start(&second, 2);
	say("both run: INT %s QUIT %s", disposition(SIGINT), disposition(SIGQUIT));
	say("%s", in_words(finish(&first)));
	say("one runs: INT %s QUIT %s", disposition(SIGINT), disposition(SIGQUIT));
	say("%s", in_words(finish(&second)));
	say("none: INT %s QUIT %s", disposition(SIGINT), disposition(SIGQUIT));
	say("SIGCHLD %s", first.blocks_afterwards || second.blocks_afterwards ? "blocked" : "free");
}

static void catch_interrupts(int number)
{
	(void)number;
	signal(SIGINT, do_nothing);
}

static void observe_interrupts_set_meanwhile(void)
{
	signal(SIGUSR1, catch_interrupts);
	say_status(system("kill -USR1 $PPID"));
	say("INT %s", disposition(SIGINT));
}

static int is_gone(pid_t pid)
{
	int tries;

	for (tries = 0; tries < patience(500) && kill(pid, 0) == 0; tries++)
		usleep(1000);
	return kill(pid, 0) < 0 && errno == ESRCH;
}

static void observe_cancellation(void)
{
	struct running running;
	int shell = 0, command = 0, ends[2];
	char text[64] = "";
	void *result;

	if (ADDRESS_SANITIZER) {
		say(SKIPPED "AddressSanitizer takes a cancelled thread's frames for live");
		return;
	}
	make_pipe(ends);
	dup2(ends[1], 9);
	strcpy(running.command, "sleep 100 & echo $$ $! >&9; wait");
	pthread_create(&running.thread, NULL, run_command, &running);
	if (read(ends[0], text, sizeof(text) - 1) <= 0 ||
	    sscanf(text, "%d %d", &shell, &command) != 2)
		_exit(1);
	pthread_cancel(running.thread);
	pthread_join(running.thread, &result);
	say("shell %s", is_gone(shell) ? "gone" : "runs");
	say("its child %s", kill(command, 0) == 0 ? "runs" : "gone");
	say("INT %s", disposition(SIGINT));
	kill(command, SIGKILL);
}

static sigjmp_buf before_call;

static void jump(int number)
{
	(void)number;
	siglongjmp(before_call, 1);
}

static void observe_jump(void)
{
	if (THREAD_SANITIZER && is_libcs) {
		say(SKIPPED "ThreadSanitizer lets no handler run in libc's");
		return;
	}
	if (sigsetjmp(before_call, 1) == 0) {
		/* libc's must be waiting: what comes before it isn't ready for */
		signal(SIGTERM, jump);
		say_status(system("n=0; until grep -q 'State:.S' /proc/$PPID/status; do "
				  "[ $((n += 1)) -lt 1000 ] || break; done; "
				  "kill -TERM $PPID; exec sleep 100"));
	}
	say("shell %s", waitpid(-1, NULL, WNOHANG) < 0 ? "gone" : "left");
	say("INT %s", disposition(SIGINT));
}

static void start_alarms(void)
{
	struct sigaction action = {.sa_handler = do_nothing};	/* no SA_RESTART */
	struct itimerval timer = {{0, 2000}, {0, 2000}};

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGPROF, &action, NULL);
	setitimer(ITIMER_PROF, &timer, NULL);
}

static void *send_signals(void *argument)
{
	int i;

	for (i = 0; i < 100; i++) {
		usleep(1000);
		pthread_kill(*(pthread_t *)argument, SIGUSR1);
	}
	return NULL;
}

static void observe_interruption(void)
{
	pthread_t self = pthread_self(), sender;
	FILE *stream;

	start_alarms();
	pthread_create(&sender, NULL, send_signals, &self);
	say_status(system("sleep 0.2; exit 4"));
	pthread_join(sender, NULL);
	stream = open_or_die("sleep 0.2; exit 5", "w");
	pthread_create(&sender, NULL, send_signals, &self);
	say_status(pclose(stream));
	pthread_join(sender, NULL);
}

static void observe_lost_status(void)
{
	FILE *stream;

	signal(SIGCHLD, SIG_IGN);
	say("system %s", in_words(system("exit 3")));
	stream = open_or_die("exit 3", "r");
	say("pclose %s", in_words(pclose(stream)));
}

static void observe_buffers(void)
{
	char name[] = "/tmp/conformance.XXXXXX", command[80], text[16] = "";
	int fd = mkstemp(name);
	FILE *file = fdopen(fd, "a");

	fputs("mine ", file);
	snprintf(command, sizeof(command), "printf 'its ' >>%s", name);
	say_status(system(command));
	pclose(open_or_die(command, "w"));
	fclose(file);
	file = fopen(name, "r");
	say("%s", fgets(text, sizeof(text), file) ? text : "nothing");
	fclose(file);
	unlink(name);
}

/*
 * ---- popen()
 */

static void observe_modes(void)
{
	static const char *const modes[] = {"r", "w", "re", "er", "we", "ew", "", "e", "rw", "r+",
					    "rb", "x"};
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		FILE *stream = popen("true", modes[i]);

		if (!stream) {
			say("\"%s\" %s", modes[i], error_name(errno));
			continue;
		}
		say("\"%s\" %s", modes[i],
		    fcntl(fileno(stream), F_GETFD) & FD_CLOEXEC ? "closed by exec" : "kept");
		pclose(stream);
	}
}

static void observe_popen_of_null(void)
{
	/* hidden from compilers, which warn of just this */
	FILE *(*volatile open_it)(const char *command, const char *mode) = popen;
	FILE *stream = open_it(NULL, "r");

	say("%s", stream ? in_words(pclose(stream)) : error_name(errno));
}

/* The first's end can't be seen by its shell as long as the second's holds it too. */
static void observe_earlier_streams(void)
{
	static const char *const modes[][2] = {{"w", "w"}, {"w", "r"}, {"r", "w"}, {"r", "r"},
					       {"we", "we"}, {"w", "we"}, {"we", "w"}};
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const char *const *mode = modes[i];
		FILE *first, *second;

		first = open_or_die(mode[0][0] == 'w' ? "read x; exit 7"
						      : "while echo y; do :; done; exit 7", mode[0]);
		second = open_or_die(mode[1][0] == 'w' ? "read x; exit 8"
						       : "while echo y; do :; done; exit 8", mode[1]);
		say("%s %s %s", mode[0], mode[1], in_words(pclose(first)));
		pclose(second);
	}
}

static void observe_close_on_exec_taken_off(void)
{
	FILE *first = open_or_die("read x; exit 7", "we"), *second;

	fcntl(fileno(first), F_SETFD, 0);
	second = open_or_die("read x; exit 8", "w");
	say_status(pclose(first));
	pclose(second);
}

static void observe_pclose(void)
{
	static const char *const commands[] = {"exit 0", "exit 7", "exit 88", "kill -TERM $$"};
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		say_status(pclose(open_or_die(commands[i], "r")));
		say_status(pclose(open_or_die(commands[i], "w")));
	}
}

static void observe_foreign_stream(void)
{
	/* hidden from compilers, which warn of just this */
	int (*volatile close_it)(FILE *stream) = pclose;
	FILE *file = fopen("/dev/null", "r");
	int fd = fileno(file), status = close_it(file);

	say("%s, %s", in_words(status), fcntl(fd, F_GETFD) >= 0 ? "still open" : "closed");
}

static void observe_replaced_number(void)
{
	FILE *stream = open_or_die("read x; exit 3", "w");
	int fd = open("/dev/null", O_WRONLY);

	dup2(fd, fileno(stream));
	close(fd);
	say_status(pclose(stream));
	say("%s", waitpid(-1, NULL, WNOHANG) < 0 ? "none left" : "a child left");
}

static void observe_inherited_stream(void)
{
	FILE *stream = open_or_die("read x; exit 3", "w");
	pid_t pid = fork();

	if (pid == 0) {
		say("in a child %s", in_words(pclose(stream)));
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	say_status(pclose(stream));
}

static void observe_early_end(void)
{
	FILE *stream;
	int i, status;
	pid_t pid;

	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < 2; i++) {
		stream = open_or_die(i ? "exec 0<&-; exit 0" : "exec 0<&-; exit 3", "w");
		waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOWAIT);
		fputs("unread", stream);
		say("write %s", fflush(stream) == 0 ? "done" : error_name(errno));
		/* some keep what couldn't be written, and try once more */
		say_status(pclose(stream));
	}
	stream = open_or_die("exec 0<&-; exit 0", "w");
	waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOWAIT);
	fputs("unread", stream);
	say("unflushed %s", in_words(pclose(stream)));
	pid = fork();
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		stream = popen("exec 0<&-; exit 0", "w");
		waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOWAIT);
		fputs("unread", stream);
		fflush(stream);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	say("else %s", in_words(status));
}

#define VOLUME 100000

/* Bytes of all values there and back, in different sizes. */
static const char *carry_data(void)
{
	char name[] = "/tmp/conformance.XXXXXX", command[80];
	static unsigned char data[VOLUME], got[VOLUME + 1];
	int fd = mkstemp(name), i;
	size_t size;
	FILE *stream;

	close(fd);
	for (i = 0; i < VOLUME; i++)
		data[i] = (unsigned char)(i * 7 + i / 256);
	snprintf(command, sizeof(command), "cat >%s", name);
	stream = popen(command, "w");
	if (!stream || fwrite(data, 1, VOLUME, stream) != VOLUME || pclose(stream) != 0)
		return "not written";
	snprintf(command, sizeof(command), "cat %s", name);
	stream = popen(command, "r");
	size = stream ? fread(got, 1, sizeof(got), stream) : 0;
	unlink(name);
	if (!stream || pclose(stream) != 0)
		return "not read";
	return size == VOLUME && memcmp(data, got, size) == 0 ? "whole" : "damaged";
}

static void observe_data_without_standard_descriptors(void)
{
	int closed;

	for (closed = 0; closed < 8; closed++) {
		pid_t pid = fork();
		int fd;

		if (pid == 0) {
			for (fd = 0; fd < 3; fd++)
				if (closed & 1 << fd)
					close(fd);
			if (strcmp(carry_data(), "whole") != 0)
				say("%s with %d closed", carry_data(), closed);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	say("all tried");
}

static void observe_number_without_standard_descriptors(void)
{
	FILE *stream;

	close(0);
	stream = open_or_die("exit 3", "r");
	say("number %s", fileno(stream) > 2 ? "above 2" : "0");
	say_status(pclose(stream));
}

static void observe_full_table(void)
{
	int spare, before;
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 40;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
	for (spare = 0; spare <= 3; spare++) {
		FILE *stream;

		before = count_open();
		stream = popen("exit 6", "r");
		say("%d left: %s", spare, stream ? in_words(pclose(stream)) : error_name(errno));
		if (count_open() != before)
			say("%d open, not %d", count_open(), before);
		close(39 - spare);
	}
}

static void observe_failures(void)
{
	int before = count_open(), i;

	hide_the_shell();
	for (i = 0; i < 20; i++) {
		FILE *stream = popen("exit 3", "r");

		if (i == 10)
			make_unexecutable_shell();
		if (i == 0 || i == 19)
			say("%s %s", i ? "not executable" : "missing",
			    stream ? in_words(pclose(stream)) : error_name(errno));
		else if (stream)
			pclose(stream);
	}
	say("%s", count_open() == before ? "none more" : "more open");
}

static void observe_popen_without_process(void)
{
	FILE *stream;
	int before = count_open();

	forbid_processes();
	stream = popen("exit 3", "r");
	say("%s", stream ? "a stream" : error_name(errno));
	say("%s", count_open() == before ? "none more" : "more open");
	setrlimit(RLIMIT_NPROC, &process_limit);
	say("later %s", in_words(pclose(open_or_die("exit 3", "r"))));
}

static void *popen_for_ever(void *argument)
{
	(void)argument;
	for (;;) {
		FILE *stream = popen("exit 0", "r");

		if (stream)
			pclose(stream);
	}
	return NULL;
}

static void observe_popen_beside_fork(void)
{
	pthread_t threads[4];
	int i, status = 0;

	if (ADDRESS_SANITIZER) {
		say(SKIPPED "AddressSanitizer's own allocator may be locked in a fork child");
		return;
	}
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, popen_for_ever, NULL);
	for (i = 0; i < 200 && status == 0; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			FILE *stream;

			signal(SIGALRM, SIG_DFL);
			alarm(patience(is_libcs ? 2 : 30));	/* expected of glibc's */
			stream = popen("exit 6", "r");
			_exit(!stream ? errno : pclose(stream) == 6 << 8 ? 0 : 255);
		}
		waitpid(pid, &status, 0);
	}
	say(status == 0 ? "all children go on" : WIFSIGNALED(status) ? "a child hung"
	    : "a child failed");
	if (WIFEXITED(status) && status)
		say("%d", WEXITSTATUS(status));
	_exit(0);
}

static void observe_stream(void)
{
	FILE *stream = open_or_die("printf 'one\\ntwo\\nthree'; exit 9", "r");
	char line[16], *more = NULL, buffer[64];
	size_t size = 0;
	int byte;

	setvbuf(stream, buffer, _IOFBF, sizeof(buffer));
	say("number %s", fileno(stream) >= 0 ? "given" : "missing");
	say("fgets %s", fgets(line, sizeof(line), stream) ? strtok(line, "\n") : "nothing");
	byte = getc(stream);
	ungetc(byte, stream);
	say("getline %zd", getline(&more, &size, stream));
	say("fread %zu", fread(line, 1, sizeof(line), stream));
	say("feof %s", feof(stream) && !ferror(stream) ? "yes" : "no");
	free(more);
	say_status(pclose(stream));
}

static void observe_orientation(void)
{
	FILE *stream = open_or_die("exit 3", "r");
	int orientation = fwide(stream, 0);

	say("%s", orientation < 0 ? "bytes" : orientation > 0 ? "characters" : "open");
	pclose(stream);
}

static void observe_fclose(void)
{
	int (*volatile close_it)(FILE *stream) = fclose;
	FILE *stream = open_or_die("exec >&-; sleep 0.2; exit 3", "r");
	int result = close_it(stream);

	say("fclose %s", result == 3 << 8 ? "waited" : result == 0 ? "closed" : "failed");
	say("child %s", waitpid(-1, NULL, WNOHANG) < 0 ? "reaped" : "not reaped");
	say_status(pclose(open_or_die("exit 4", "r")));
}

/*
 * ---- What is right
 */

static const struct behaviour behaviours[] = {
	{1, "system of NULL", observe_null, "a shell is there", NULL, NULL, NULL},
	{1, "system of NULL without a shell", observe_null_without_shell, "no shell", NULL,
	 "a shell is there", "ISO C: only where there is a command processor"},
	{2, "statuses of system", observe_statuses,
	 "exit 0, exit 1, exit 127, signal 9, long name exit 12[67], long command exit 127",
	 NULL, "exit 0, exit 1, exit 127, signal 9, long name exit 12[67], long command -1 *",
	 "POSIX: as if the shell had exited with 127"},
	{3, "system without a shell", observe_no_shell,
	 "missing exit 127, not executable exit 127",
	 NULL, "missing -1 ENOENT, not executable -1 *",
	 "POSIX: as if the shell had exited with 127"},
	{4, "system without processes", observe_no_process,
	 "-1 EAGAIN, SIGINT default, later exit 3",
	 "exit 127, SIGINT default, later exit 3", NULL,
	 "no command has run, which 127 doesn't say"},
	{5, "commands that look like options", observe_dashes, "exit 40, exit 41, exit 42",
	 "exit 2, exit 2, exit 2", "exit 2, exit 2, exit 2", "a command is a command: sh -c -- (POSIX.1-2024)"},
	{6, "overlapping calls of system", observe_overlap,
	 "both run: INT ignored QUIT ignored, exit 1, one runs: INT ignored QUIT ignored, "
	 "exit 2, none: INT caught QUIT default, SIGCHLD free", NULL,
	 "both run: INT ignored QUIT ignored, exit 1, one runs: INT caught QUIT default, "
	 "exit 2, none: INT ignored QUIT ignored, SIGCHLD free",
	 "the calls are counted: else SIGINT stays ignored for ever"},
	{6, "SIGINT set while a call runs", observe_interrupts_set_meanwhile, "exit 0, INT caught",
	 "exit 0, INT default", "exit 0, INT default", "what the program has set is its own"},
	{7, "a cancelled system", observe_cancellation,
	 "shell gone, its child runs, INT default", NULL,
	 "shell runs, its child runs, INT ignored",
	 "nobody would wait for the shell, and SIGINT stays ignored for ever"},
	{7, "a system that a handler jumps out of", observe_jump, "shell gone, INT default", NULL,
	 "shell left, INT ignored", NULL},
	{8, "interrupted waits", observe_interruption, "exit 4, exit 5", NULL, NULL, NULL},
	{8, "SIGCHLD ignored", observe_lost_status, "system -1 ECHILD, pclose -1 ECHILD", NULL, NULL,
	 NULL},
	{9, "what the parent has buffered", observe_buffers, "exit 0, its its mine ", NULL, NULL,
	 NULL},
	{10, "modes of popen", observe_modes,
	 "\"r\" kept, \"w\" kept, \"re\" closed by exec, \"er\" closed by exec, "
	 "\"we\" closed by exec, \"ew\" closed by exec, \"\" EINVAL, \"e\" EINVAL, "
	 "\"rw\" EINVAL, \"r+\" EINVAL, \"rb\" EINVAL, \"x\" EINVAL", NULL,
	 "*\"er\" EINVAL*\"ew\" EINVAL*\"rw\" kept*",
	 "glibc's: e in any place, no other letter"},
	{10, "popen of NULL", observe_popen_of_null, "EINVAL", "exit 2", "exit 2",
	 "a program's fault is told to the program"},
	{11, "streams of earlier calls", observe_earlier_streams,
	 "w w exit 7, w r exit 7, r w signal 13, r r signal 13, we we exit 7, w we exit 7, we w exit 7",
	 NULL, NULL, NULL},
	{11, "an earlier stream, close-on-exec taken off", observe_close_on_exec_taken_off,
	 "exit 7", NULL, NULL, NULL},
	{12, "statuses of pclose", observe_pclose,
	 "exit 0, exit 0, exit 7, exit 7, exit 88, exit 88, signal 15, signal 15", NULL, NULL, NULL},
	{12, "pclose of another stream", observe_foreign_stream, "exit 0, closed", NULL,
	 "-1 *, closed", NULL},
	{12, "a stream whose number is another file's", observe_replaced_number,
	 "exit 3, none left", NULL, NULL, NULL},
	{12, "a stream in a fork child", observe_inherited_stream, "in a child -1 ECHILD, exit 3",
	 NULL, NULL, NULL},
	{13, "a reader that has ended", observe_early_end,
	 "write EPIPE, exit 3, write EPIPE, exit 0, unflushed -1 EPIPE, else signal 13", NULL,
	 "write EPIPE, exit 3, write EPIPE, exit 0, unflushed exit 0, else signal 13",
	 "glibc's: what could not be written is an error"},
	{14, "data, with 0 to 2 closed", observe_data_without_standard_descriptors, "all tried",
	 NULL, NULL, NULL},
	{14, "the stream's number, with 0 closed", observe_number_without_standard_descriptors,
	 "number above 2, exit 3", "number 0, exit 3", "number 0, exit 3",
	 "0 to 2 mean something to whatever runs"},
	{16, "a full table", observe_full_table,
	 "0 left: EMFILE, 1 left: EMFILE, 2 left: exit 6, 3 left: exit 6", NULL,
	 "0 left: EMFILE, 1 left: EMFILE, 2 left: EMFILE, 3 left: EMFILE",
	 "a pipe's two numbers are enough"},
	{16, "failures of popen", observe_failures,
	 "missing ENOENT, not executable EACCES, none more",
	 "missing ENOMEM, not executable ENOMEM, none more", NULL, "the errno is the true one"},
	{16, "popen without processes", observe_popen_without_process,
	 "EAGAIN, none more, later exit 3", "ENOMEM, none more, later exit 3", NULL,
	 "the errno is the true one"},
	{17, "popen beside fork", observe_popen_beside_fork, "all children go on", "a child hung",
	 "a child failed, 9", "a fork child begins with no lock held and no streams"},
	{18, "the stream", observe_stream,
	 "number given, fgets one, getline 4, fread 5, feof yes, exit 9", NULL, NULL, NULL},
	{18, "what the stream is made of", observe_orientation, "bytes", NULL, "open", NULL},
	{18, "fclose of the stream", observe_fclose, "fclose waited, child reaped, exit 4", NULL,
	 "fclose closed, child not reaped, exit 4", NULL},
};

int main(int argc, char **argv)
{
	(void)argv;
	return judge_all(behaviours, sizeof(behaviours) / sizeof(behaviours[0]), argc > 1);
}
