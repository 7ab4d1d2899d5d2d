/* SPDX-License-Identifier: MIT */
/* The stream that reports go to, and what must hold for every text and line in it. */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

static __attribute__((noreturn)) void die_of_memory(void)
{
	die_errno(EXIT_TROUBLE, ENOMEM, "report");
}

json_t *output_begin(const char *type)
{
	json_t *line = json_object();

	if (!line || json_object_set_new(line, "schema", json_integer(OUTPUT_SCHEMA)) < 0 ||
	    json_object_set_new(line, "type", json_string(type)) < 0)
		die_of_memory();
	return line;
}

void output_end(json_t *line)
{
	if (json_dumpf(line, stream, 0) < 0 && !ferror(stream))
		die_of_memory();
	putc('\n', stream);
	json_decref(line);
}

json_t *output_string(const char *text)
{
	json_t *value;
	char *mended, *to;
	size_t length;

	if (!text)
		return json_null();
	value = json_string(text);
	if (value)
		return value;
	/* jansson takes UTF-8 only, and doesn't say where it isn't: byte by byte */
	length = strlen(text);
	mended = to = malloc(3 * length + 1);
	if (!mended)
		die_of_memory();
	for (; *text; text++)
		to = (unsigned char)*text < 0x80 ? mempcpy(to, text, 1)
						 : mempcpy(to, "\357\277\275", 3);
	*to = '\0';
	value = json_string(mended);
	free(mended);
	if (!value)
		die_of_memory();
	return value;
}
