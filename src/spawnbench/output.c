/* SPDX-License-Identifier: MIT */
/* Which outputs there are, and their order. Formats none itself. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/message.h"
#include "plot.h"
#include "report_csv.h"
#include "report_json.h"

int output_is_stdout(const char *name)
{
	return name && strcmp(name, "-") == 0;
}

int output_has_tables(const struct output_wish *wish)
{
	return !wish->json && !output_is_stdout(wish->csv);
}

static int has_csv_file(const struct output *output)
{
	return output->csv && output->csv != stdout;
}

/*
 * What is written is there before the next is measured; what is lost ends the
 * run, and is told once. stdio writes what its buffer can't hold by itself, and
 * fflush() is silent about that: errno, 0 when the writing began, is that failure's.
 */
static int flush(FILE *out, int *is_lost, const char *option, const char *name)
{
	if (!*is_lost && (fflush(out) < 0 || ferror(out))) {
		say_errno(errno ? errno : EIO, "%s%s", option, NAMED(name));
		*is_lost = 1;
	}
	return *is_lost ? -1 : 0;
}

static int flush_stdout(struct output *output)
{
	return flush(stdout, &output->stdout_is_lost, "", "stdout");
}

static int flush_all(struct output *output)
{
	int r = flush_stdout(output);

	if (has_csv_file(output) &&
	    flush(output->csv, &output->csv_is_lost, "--csv: ", output->wish->csv) < 0)
		r = -1;
	return r;
}

/* Above 2: where stderr is closed, what is said there must not end up in the file. */
static FILE *create(const char *path)
{
	int low = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), fd;

	if (low < 0)
		return NULL;
	fd = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(low);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

static int open_csv(struct output *output, const char *path)
{
	output->csv = output_is_stdout(path) ? stdout : create(path);
	if (!output->csv) {
		say_errno(errno, "--csv: %s", NAMED(path));
		return -1;
	}
	if (output->wish->stall)
		report_csv_stall_head(output->csv);
	else
		report_csv_head(output->csv, output->wish->raw);
	return 0;
}

int output_begin(struct output *output, const struct output_wish *wish,
		 const struct setting *setting)
{
	int r;

	*output = (struct output){.wish = wish, .setting = setting, .json = {.stream = stdout}};
	if (wish->plot && plot_check(wish->plot) < 0)
		return -1;
	if (wish->csv && open_csv(output, wish->csv) < 0)
		return -1;
	errno = 0;
	if (wish->json)
		report_json_begin(&output->json, setting);
	else if (output_has_tables(wish))
		report_head(stdout, setting);
	r = flush_all(output);
	if (r < 0 && has_csv_file(output))
		fclose(output->csv);
	return r;
}

/* For the picture. -ENOMEM. */
static int keep(struct output *output, struct table *table)
{
	size_t size = (output->count + 1) * sizeof(*output->tables);
	struct table *tables = realloc(output->tables, size);

	if (!tables) {
		table_clear(table);
		say_errno(ENOMEM, "--plot");
		return -ENOMEM;
	}
	output->tables = tables;
	output->tables[output->count++] = *table;
	return 0;
}

int output_table(struct output *output, struct table *table, const struct results *results)
{
	const struct output_wish *wish = output->wish;
	const struct results *samples = wish->raw ? results : NULL;

	errno = 0;
	if (wish->json)
		report_json_table(&output->json, table, samples);
	else if (output_has_tables(wish))
		report_table(stdout, table);
	if (output->csv)
		report_csv_table(output->csv, output->setting, table, samples);
	if (keep(output, table) < 0)
		return -1;
	return flush_all(output);
}

int output_stall(struct output *output, const struct stall_table *table)
{
	errno = 0;
	if (output->wish->json)
		report_json_stall(&output->json, table);
	else if (output_has_tables(output->wish))
		stall_report(stdout, table);
	if (output->csv)
		report_csv_stall(output->csv, output->setting, table);
	return flush_all(output);
}

int output_end(struct output *output)
{
	const struct output_wish *wish = output->wish;
	int r;

	errno = 0;
	if (wish->json)
		json_finish(&output->json);
	r = flush_stdout(output);
	if (has_csv_file(output) && fclose(output->csv) < 0 && !output->csv_is_lost) {
		say_errno(errno, "--csv: %s", NAMED(wish->csv));
		r = -1;
	}
	if (wish->plot && output->count &&
	    plot_write(wish->plot, output->setting, output->tables, output->count) < 0)
		r = -1;
	for (size_t i = 0; i < output->count; i++)
		table_clear(&output->tables[i]);
	free(output->tables);
	return r;
}
