/* SPDX-License-Identifier: MIT */
/*
 * ss_catch [LAST]: says "ready PID", then "got N" for each signal that arrives,
 * and ends with 0 at the signal LAST (TERM). Ends by itself after 20 s.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static const struct timespec patience = {20, 0};
	int last = argc > 1 ? atoi(argv[1]) : SIGTERM;
	int number;
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGTSTP);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready %d\n", (int)getpid());
	for (;;) {
		number = sigtimedwait(&all, NULL, &patience);
		if (number < 0 && errno == EINTR)
			continue;	/* stopped and continued */
		if (number < 0)
			return 1;
		printf("got %d\n", number);
		if (number == last)
			return 0;
	}
}
