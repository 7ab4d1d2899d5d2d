/* SPDX-License-Identifier: MIT */
/*
 * A child that leaves its process group: report_regroup GROUP. It goes into
 * that group, reports "ready" and waits for its end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 2 || setpgid(0, atoi(argv[1])) < 0)
		return 3;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
