/* SPDX-License-Identifier: MIT */
/*
 * ss_catch [LAST]: says "ready PID", once its parent sleeps, then "got N" for each
 * signal that arrives, and ends with 0 at the signal LAST (TERM). With 0 it takes
 * SIGCONT alone, and the others do what they do. Ends by itself after 20 s.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A safespawn that launched us waits uninterruptibly, runs, and then sleeps. */
static int parent_sleeps(void)
{
	char path[32], line[512] = "", *name_end;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)getppid());
	stat = fopen(path, "r");
	if (!stat)
		return 1;
	if (!fgets(line, sizeof(line), stat))
		line[0] = '\0';
	fclose(stat);
	name_end = strrchr(line, ')');
	return !name_end || (name_end[2] != 'R' && name_end[2] != 'D');
}

int main(int argc, char **argv)
{
	static const struct timespec patience = {20, 0}, moment = {0, 1000000};
	int last = argc > 1 ? atoi(argv[1]) : SIGTERM;
	int number;
	sigset_t taken;

	if (last) {
		sigfillset(&taken);
		sigdelset(&taken, SIGTSTP);
	} else {
		sigemptyset(&taken);
		sigaddset(&taken, SIGCONT);
	}
	sigprocmask(SIG_SETMASK, &taken, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int tries = 0; tries < 5000 && !parent_sleeps(); tries++)
		nanosleep(&moment, NULL);
	printf("ready %d\n", (int)getpid());
	for (;;) {
		number = sigtimedwait(&taken, NULL, &patience);
		if (number < 0 && errno == EINTR)
			continue;	/* stopped and continued */
		if (number < 0)
			return 1;
		printf("got %d\n", number);
		/* What a sanitizer does at an orderly end hangs with all signals blocked */
		if (number == last)
			_exit(0);
	}
}
