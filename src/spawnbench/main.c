/* SPDX-License-Identifier: MIT */
/* spawnbench: parse, check, run, and how it ends. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "common/message.h"
#include "options.h"
#include "series.h"

/* As if the signal had not been caught, so that a calling shell knows. */
static void die_of(int signal_number)
{
	sigset_t set;

	signal(signal_number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signal_number);
	/* kill and not raise: it is blocked still, and comes with the unblocking */
	kill(getpid(), signal_number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
	struct options options;
	struct bench bench;
	int r, lost;

	setlocale(LC_CTYPE, "");
	message_set_program("spawnbench");
	options_parse(&options, argc, argv);
	r = bench_prepare(&bench, &options);
	if (r == 0)
		r = series_run(&bench);
	bench_clear(&bench);
	lost = stdout_finish();
	if (lost < 0 && r == 0)
		say_errno(lost, "stdout");
	if (r > 0)
		die_of(r);
	if (r < 0 || lost < 0)
		return EXIT_FAILURE;
	return bench.is_slower ? EXIT_SLOWER : EXIT_SUCCESS;
}
