/* SPDX-License-Identifier: MIT */
/* The stream that reports go to, and what must hold for every text and line in it. */
#include "output.h"

#include <errno.h>

#include "common/message.h"

static FILE *stream;

int output_open(const struct options *options, FILE *by_default)
{
	stream = by_default;
	if (options->log) {
		stream = fopen(options->log, "we");
		if (!stream) {
			say_errno(errno, "--log=%s", NAMED(options->log));
			return -errno;
		}
	}
	/* a write for each line: others write there too */
	if (stream == stderr)
		setvbuf(stream, NULL, _IOLBF, 0);
	return 0;
}

/* A stderr stays open: what is wrong is still to be said there. */
static int finish(void)
{
	int failed = ferror(stream);

	errno = 0;
	if ((stream == stderr ? fflush(stream) : fclose(stream)) == 0 && !failed)
		return 0;
	return errno ? -errno : -EIO;
}

int output_close(void)
{
	int r = stream == stdout ? stdout_finish() : finish();

	if (r < 0)
		say_errno(r, stream == stdout ? "standard output"
			     : stream == stderr ? "standard error" : "log");
	return r;
}

FILE *output_stream(void)
{
	return stream;
}

void output_text(const char *text)
{
	put_visible(text, stream);
}

struct json *output_begin(const char *type)
{
	static struct json json;

	json = (struct json){.stream = stream};
	json_object(&json, NULL);
	json_integer(&json, "schema", OUTPUT_SCHEMA);
	json_string(&json, "type", type);
	return &json;
}
