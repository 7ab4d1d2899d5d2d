/* SPDX-License-Identifier: MIT */
/* skalibs: child_spawn0() and waitpid_nointr(). CHILD COUNT */
#include <skalibs/djbunix.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"

int main(int argc, char **argv)
{
	for (int i = argc == 3 ? atoi(argv[2]) : 0; i > 0; i--) {
		char const *const child_argv[] = {argv[1], NULL};
		uint64_t start = peer_now(), returned;
		pid_t pid = child_spawn0(argv[1], child_argv, (char const *const *)environ);
		int status;

		returned = peer_now();
		if (pid == 0)
			err(1, "child_spawn0");
		if (waitpid_nointr(pid, &status, 0) < 0 || status != 0)
			errx(1, "the child: wait status %d", status);
		peer_report(start, returned, peer_now());
	}
	return 0;
}
