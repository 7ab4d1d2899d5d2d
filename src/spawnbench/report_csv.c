/* SPDX-License-Identifier: MIT */
/*
 * The columns. The names in the first line come from the same functions as the
 * values, so that they can't get out of step.
 */
#include "report_csv.h"

#include <math.h>
#include <string.h>

#include "spawnutil.h"

struct row {
	FILE *out;
	int head;		/* names instead of values */
	int follows;
};

static void begin_cell(struct row *row)
{
	if (row->follows)
		putc(',', row->out);
	row->follows = 1;
}

/* In quotes when it has to be. */
static void text(struct row *row, const char *name, const char *value)
{
	const char *cell = row->head ? name : value;

	begin_cell(row);
	if (!strpbrk(cell, ",\"\r\n")) {
		fputs(cell, row->out);
		return;
	}
	putc('"', row->out);
	for (; *cell; cell++) {
		if (*cell == '"')
			putc('"', row->out);
		putc(*cell, row->out);
	}
	putc('"', row->out);
}

/* Empty: there is none. */
static void decimal(struct row *row, const char *name, double value)
{
	char number[48] = "";

	if (isfinite(value))
		snprintf(number, sizeof(number), "%.3f", value);
	text(row, name, number);
}

/* Empty: no limit. */
static void integer(struct row *row, const char *name, uint64_t value)
{
	char number[24] = "";

	if (value != UINT64_MAX)
		snprintf(number, sizeof(number), "%llu", (unsigned long long)value);
	text(row, name, number);
}

static void end_row(struct row *row)
{
	fputs("\r\n", row->out);
	row->follows = 0;
}

static void write_setting(struct row *row, const struct setting *setting)
{
	const struct machine *machine = setting->machine;
	char number[16];

	text(row, "version", spu_version());
	text(row, "date", setting->date);
	text(row, "host", machine->kernel.nodename);
	text(row, "kernel", machine->kernel.release);
	text(row, "architecture", machine->kernel.machine);
	text(row, "libc", machine->libc);
	text(row, "model", machine->model);
	text(row, "governor", machine->governor);
	integer(row, "processors", (uint64_t)machine->processors);
	integer(row, "memory", machine->memory);
	integer(row, "limit_descriptors", machine->descriptors);
	integer(row, "limit_processes", machine->processes);
	integer(row, "limit_stack", machine->stack);
	integer(row, "processor",
		setting->processor < 0 ? UINT64_MAX : (uint64_t)setting->processor);
	snprintf(number, sizeof(number), "%d", setting->nice);
	text(row, "nice", number);
}

/* What holds for a table, on each of its lines. */
static void write_table(struct row *row, const struct setting *setting,
			const struct table *table)
{
	char value[AXIS_TEXT_SIZE];

	write_setting(row, setting);
	decimal(row, "load", table->conditions.load[0]);
	decimal(row, "steal", table->conditions.steal);
	decimal(row, "others", table->conditions.others);
	for (size_t i = 0; i < AXIS_COUNT; i++) {
		if (axis_table[i].kind == KIND_YES)
			text(row, axis_table[i].name,
			     axis_text(&axis_table[i], table->shape.values[i], value));
		else
			integer(row, axis_table[i].name, table->shape.values[i]);
	}
	text(row, "child", table->child);
}

static void write_spread(struct row *row, size_t metric, const struct spread *spread)
{
	const struct {
		const char *name;
		double value;
	} quantiles[] = {
		{"p10", spread->p10}, {"p50", spread->p50}, {"p90", spread->p90},
		{"p99", spread->p99}, {"max", spread->max},
	};
	char name[32];

	for (size_t i = 0; i < sizeof(quantiles) / sizeof(*quantiles); i++) {
		snprintf(name, sizeof(name), "%s_%s", metric_table[metric].name,
			 quantiles[i].name);
		decimal(row, name, quantiles[i].value);
	}
}

static void write_figure(struct row *row, const struct table *table,
			 const struct figure *figure)
{
	text(row, "method", figure->method);
	text(row, "error", figure->reason);
	integer(row, "launches", figure->launches);
	integer(row, "rounds", figure->rounds);
	for (size_t i = 0; i < METRIC_TIMES; i++)
		write_spread(row, i, &figure->spreads[i]);
	for (size_t i = METRIC_TIMES; i < METRIC_COUNT; i++)
		decimal(row, metric_table[i].name, figure->means[i]);
	decimal(row, "per_second", figure->rate);
	text(row, "baseline", table->figures[table->baseline].method);
	decimal(row, "ratio", figure->ratio.value);
	decimal(row, "ratio_low", figure->ratio.low);
	decimal(row, "ratio_high", figure->ratio.high);
}

static void write_sample(struct row *row, const char *method, struct lane lane, size_t number,
			 const struct sample *sample)
{
	text(row, "method", method);
	integer(row, "round", lane.round);
	integer(row, "job", lane.job);
	integer(row, "launch", number);
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		uint64_t value = sample->values[i];

		decimal(row, metric_table[i].name,
			value == NO_VALUE ? NAN : (double)value * metric_table[i].scale);
	}
}

void report_csv_head(FILE *out, int raw)
{
	static const struct machine machine;
	static const struct setting setting = {.machine = &machine};
	static const struct sample sample;
	static struct figure figure = {.method = ""};
	static const struct table table = {.child = "", .figures = &figure};
	struct row row = {out, 1, 0};

	write_table(&row, &setting, &table);
	if (raw)
		write_sample(&row, "", (struct lane){0, 0, 0}, 0, &sample);
	else
		write_figure(&row, &table, &figure);
	end_row(&row);
}

static void write_samples(struct row *row, const struct setting *setting,
			  const struct table *table, const struct results *results,
			  size_t method, size_t round)
{
	for (size_t job = 0; job < results->jobs; job++) {
		struct lane lane = {method, round, job};
		unsigned count = results_count(results, lane);

		for (unsigned i = 0; i < count; i++) {
			write_table(row, setting, table);
			write_sample(row, table->figures[method].method, lane, i,
				     &results_samples(results, lane)[i]);
			end_row(row);
		}
	}
}

void report_csv_table(FILE *out, const struct setting *setting, const struct table *table,
		      const struct results *results)
{
	struct row row = {out, 0, 0};

	for (size_t method = 0; method < table->count; method++) {
		for (size_t round = 0; results && round < results->rounds; round++)
			write_samples(&row, setting, table, results, method, round);
		if (results)
			continue;
		write_table(&row, setting, table);
		write_figure(&row, table, &table->figures[method]);
		end_row(&row);
	}
}

static void write_stall(struct row *row, const struct stall_figure *figure, int which)
{
	const struct stall_spread *spread = &figure->spreads[which];
	const struct estimate *kept = &figure->kept[which % STALL_THREADS];
	const struct {
		const char *name;
		double value;
	} cells[] = {
		{"p50_ms", spread->p50}, {"p99_ms", spread->p99}, {"max_ms", spread->max},
		{"kept", kept->value}, {"kept_low", kept->low}, {"kept_high", kept->high},
	};
	char name[32];

	/* What is kept is of the threads. */
	for (size_t i = 0; i < (which < STALL_THREADS ? 6 : 3); i++) {
		snprintf(name, sizeof(name), "%s_%s", stall_names[which], cells[i].name);
		decimal(row, name, cells[i].value);
	}
}

static void write_stall_row(struct row *row, const struct setting *setting,
			    const struct stall_table *table, size_t i)
{
	const struct stall_figure *figure = &table->figures[i];

	write_table(row, setting, &table->frame);
	integer(row, "rate", table->stall->rate);
	text(row, "method", figure->method);
	text(row, "error", figure->reason ? figure->reason : "");
	integer(row, "launches", figure->launches);
	decimal(row, "per_second", figure->rate);
	for (int which = 0; which < STALL_ENTRIES; which++)
		write_stall(row, figure, which);
	end_row(row);
}

void report_csv_stall_head(FILE *out)
{
	static const struct machine machine;
	static const struct setting setting = {.machine = &machine};
	static const struct stall stall;
	static struct stall_figure figure = {.method = ""};
	static const struct stall_table table = {
		.frame = {.child = ""}, .stall = &stall, .figures = &figure,
	};
	struct row row = {out, 1, 0};

	write_stall_row(&row, &setting, &table, 0);
}

void report_csv_stall(FILE *out, const struct setting *setting, const struct stall_table *table)
{
	struct row row = {out, 0, 0};

	for (size_t i = 0; i < table->stall->rows; i++)
		write_stall_row(&row, setting, table, i);
}
