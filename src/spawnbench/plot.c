/* SPDX-License-Identifier: MIT */
/* Running gnuplot: the script goes into it, the picture comes out of it into the file. */
#include "plot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/message.h"
#include "plot_script.h"
#include "spawnutil.h"

#define PROGRAM "gnuplot"

static const char *ending(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : "";
}

int plot_is_picture(const char *path)
{
	return strcmp(ending(path), "png") == 0 || strcmp(ending(path), "svg") == 0;
}

int plot_check(const char *path)
{
	struct spu_error error;
	int fd, status, r;

	r = spu_run(SPU_ARGV(PROGRAM, "--version"),
		    SPU_OPTIONS(.fds = SPU_FDS(SPU_NULL(0), SPU_NULL(1), SPU_NULL(2))), &status,
		    &error);
	if (r == -ENOENT)
		say("--plot: " PROGRAM " isn't installed (Debian: the package gnuplot-nox)");
	else if (r < 0)
		say("--plot: %s", error.text);
	else if (status != 0)
		say("--plot: " PROGRAM " --version ended with status %d", spu_exit_code(status));
	if (r < 0 || status != 0)
		return -1;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		say_errno(errno, "--plot: %s", NAMED(path));
		return -1;
	}
	close(fd);
	return 0;
}

/* The script, all of it or an error; the descriptor is closed. */
static int feed(int fd, const char *terminal, const struct setting *setting,
		const struct table *tables, size_t count)
{
	FILE *script = fdopen(fd, "w");
	int lost;

	if (!script) {
		close(fd);
		return -ENOMEM;
	}
	plot_script(script, terminal, setting, tables, count);
	lost = ferror(script);
	return fclose(script) < 0 || lost ? -EIO : 0;
}

static int draw(const char *path, const struct setting *setting, const struct table *tables,
		size_t count)
{
	struct spu_error error;
	struct spu_child child;
	int fd, status, r, fed;

	/* its numbers with points, its texts in UTF-8, whatever ours are */
	r = spu_spawn(&child, SPU_ARGV(PROGRAM, "-"),
		      SPU_OPTIONS(.default_signals = SPU_SIGNAL(SIGPIPE),
				  .env_set = (const char *const []){"LC_ALL=C.UTF-8", NULL},
				  .fds = SPU_FDS(SPU_PIPE_IN(0, &fd), SPU_OPEN(1, path,
						 O_WRONLY | O_CREAT | O_TRUNC))), &error);
	if (r < 0) {
		say("--plot: %s", error.text);
		return -1;
	}
	fed = feed(fd, ending(path), setting, tables, count);
	r = spu_wait(&child, -1, &status);
	spu_child_release(&child);
	if (r < 0)
		say_errno(r, "--plot: " PROGRAM);
	else if (status != 0)
		say("--plot: " PROGRAM " ended with status %d", spu_exit_code(status));
	else if (fed < 0)
		say_errno(fed, "--plot: " PROGRAM " didn't read all");
	return r == 0 && status == 0 && fed == 0 ? 0 : -1;
}

int plot_write(const char *path, const struct setting *setting, const struct table *tables,
	       size_t count)
{
	struct sigaction ignored = {.sa_handler = SIG_IGN}, before;
	int r;

	sigaction(SIGPIPE, &ignored, &before);
	r = draw(path, setting, tables, count);
	sigaction(SIGPIPE, &before, NULL);
	return r;
}
