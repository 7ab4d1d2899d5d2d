/* SPDX-License-Identifier: MIT */
/* libuv: uv_spawn(), and its loop until the exit callback has come. CHILD COUNT */
#include <uv.h>

#include "peer.h"

static uint64_t reaped;

static void on_exit_of(uv_process_t *process, int64_t status, int signal_number)
{
	reaped = peer_now();
	if (status != 0 || signal_number != 0)
		errx(1, "the child: exit status %lld, signal %d", (long long)status, signal_number);
	uv_close((uv_handle_t *)process, NULL);
}

int main(int argc, char **argv)
{
	char *child_argv[] = {argv[1], NULL};
	uv_process_options_t options = {
		.file = argv[1], .args = child_argv, .exit_cb = on_exit_of,
	};
	uv_loop_t *loop = uv_default_loop();

	for (int i = argc == 3 ? atoi(argv[2]) : 0; i > 0; i--) {
		uv_process_t process;
		uint64_t start = peer_now(), returned;
		int r = uv_spawn(loop, &process, &options);

		returned = peer_now();
		if (r < 0)
			errx(1, "uv_spawn: %s", uv_strerror(r));
		uv_run(loop, UV_RUN_DEFAULT);
		peer_report(start, returned, reaped);
	}
	return 0;
}
