/* SPDX-License-Identifier: MIT */
/*
 * GLib: g_spawn_async(), and the main loop until the child watch has come.
 * fork|posix_spawn CHILD COUNT: without flags it forks; with descriptors left
 * open it calls posix_spawn().
 */
#include <glib.h>
#include <string.h>

#include "peer.h"

static GMainLoop *loop;
static uint64_t reaped;

static void on_exit_of(GPid pid, gint status, gpointer unused)
{
	GError *error = NULL;

	(void)unused;
	reaped = peer_now();
	if (!g_spawn_check_wait_status(status, &error))
		errx(1, "the child: %s", error->message);
	g_spawn_close_pid(pid);
	g_main_loop_quit(loop);
}

int main(int argc, char **argv)
{
	GSpawnFlags flags = G_SPAWN_DO_NOT_REAP_CHILD;

	if (argc == 4 && strcmp(argv[1], "posix_spawn") == 0)
		flags |= G_SPAWN_LEAVE_DESCRIPTORS_OPEN;
	loop = g_main_loop_new(NULL, FALSE);
	for (int i = argc == 4 ? atoi(argv[3]) : 0; i > 0; i--) {
		char *child_argv[] = {argv[2], NULL};
		GError *error = NULL;
		uint64_t start = peer_now(), returned;
		GPid pid;

		if (!g_spawn_async(NULL, child_argv, NULL, flags, NULL, NULL, &pid, &error))
			errx(1, "g_spawn_async: %s", error->message);
		returned = peer_now();
		g_child_watch_add(pid, on_exit_of, NULL);
		g_main_loop_run(loop);
		peer_report(start, returned, reaped);
	}
	return 0;
}
