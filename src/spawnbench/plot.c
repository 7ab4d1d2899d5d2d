/* SPDX-License-Identifier: MIT */
/* Running gnuplot: the script goes into it, the picture comes out of it into the file. */
#include "plot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/draft.h"
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

/* gnuplot's own writes fail without a word, so it writes to us. */
static int draw(const char *script, size_t size, struct spu_output *picture)
{
	struct spu_error error;
	int status, r;

	/* its numbers with points, its texts in UTF-8, whatever ours are */
	r = spu_capture(SPU_ARGV(PROGRAM, "-"),
			SPU_OPTIONS(.default_signals = SPU_SIGNAL(SIGPIPE),
				    .env_set = (const char *const []){"LC_ALL=C.UTF-8", NULL}),
			script, size, picture, NULL, &status, &error);
	if (r < 0)
		say("--plot: %s", error.text);
	else if (status != 0)
		say("--plot: " PROGRAM " ended with status %d", spu_exit_code(status));
	return r < 0 || status != 0 ? -1 : 0;
}

static int write_file(const char *path, const struct spu_output *picture)
{
	FILE *file = fopen(path, "we");
	int r = file ? 0 : -errno;

	if (r == 0 && fwrite(picture->data, 1, picture->size, file) < picture->size)
		r = -errno;
	if (file && fclose(file) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		say_errno(r, "--plot: %s", NAMED(path));
	return r;
}

int plot_write(const char *path, const struct setting *setting, const struct table *tables,
	       size_t count)
{
	struct spu_output picture = {0};
	struct draft draft;
	char *script;
	size_t size;
	int r = draft_begin(&draft);

	if (r == 0) {
		plot_script(draft.stream, ending(path), setting, tables, count);
		r = draft_end(&draft, &script, &size);
	}
	if (r < 0) {
		say_errno(r, "--plot");
		return -1;
	}
	r = draw(script, size, &picture);
	if (r == 0)
		r = write_file(path, &picture);
	free(picture.data);
	free(script);
	return r < 0 ? -1 : 0;
}
