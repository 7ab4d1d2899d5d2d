/* SPDX-License-Identifier: MIT */
/* The stream that reports go to, and what must hold for every text and line in it. */
#include "output.h"

#include <errno.h>

#include "common/message.h"

static FILE *stream;

int output_open(const struct options *options, FILE *by_default)
{
	stream = options->log ? fopen(options->log, "we") : by_default;
	if (stream)
		return 0;
	say_errno(errno, "--log=%s", NAMED(options->log));
	return -errno;
}

static int close_log(void)
{
	int failed = ferror(stream);

	errno = 0;
	return fclose(stream) == 0 && !failed ? 0 : errno ? -errno : -EIO;
}

int output_close(void)
{
	int is_log = stream != stdout && stream != stderr;
	int r = is_log ? close_log() : stdout_finish();

	if (r < 0)
		say_errno(r, is_log ? "log" : "standard output");
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
