/* SPDX-License-Identifier: MIT */
/*
 * A child that isn't easily ended: report_evade HOW [GROUP]. It says "ready", and
 * lives until a signal ends it or, where that can't, until its input is over.
 *
 *	group	goes into GROUP; another process stays in the group that it began with
 *	alone	goes into GROUP; nobody stays
 *	ids	takes other ids when SIGTERM comes
 *	traced	by a process that doesn't wait for it, whose pid is said in place of
 *		"ready"; "0" where nobody may trace it
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <unistd.h>

static void say(int number)
{
	if (number < 0)
		puts("ready");
	else
		printf("%d\n", number);
	fflush(stdout);
}

/* Whoever forgets it has it for a minute */
static void stay(void)
{
	alarm(60);
	for (;;)
		pause();
}

static void leave_group(const char *group, int alone)
{
	if (!alone && fork() == 0)
		stay();
	if (setpgid(0, atoi(group)) < 0)
		exit(3);
	say(-1);
	stay();
}

static void take_other_ids(int number)
{
	(void)number;
	if (setresuid(65534, 65534, 65534) < 0)
		_exit(3);
}

static void evade_by_ids(void)
{
	char c;

	signal(SIGTERM, take_other_ids);
	say(-1);
	while (read(0, &c, 1) != 0)
		;
}

static void be_traced(void)
{
	pid_t tracee = getpid();

	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	if (fork() == 0) {
		setsid();
		say(ptrace(PTRACE_SEIZE, tracee, NULL, NULL) == 0 ? getpid() : 0);
		close(1);
		stay();
	}
	stay();
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "group") == 0)
		leave_group(argv[2], 0);
	else if (argc == 3 && strcmp(argv[1], "alone") == 0)
		leave_group(argv[2], 1);
	else if (argc == 2 && strcmp(argv[1], "ids") == 0)
		evade_by_ids();
	else if (argc == 2 && strcmp(argv[1], "traced") == 0)
		be_traced();
	else
		return 2;
	return 0;
}
