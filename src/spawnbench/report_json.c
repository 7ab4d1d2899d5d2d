/* SPDX-License-Identifier: MIT */
/* The keys and their order. How JSON is written is common/json.c's. */
#include "report_json.h"

#include <math.h>

#include "spawnutil.h"

/* Nanoseconds of a time in microseconds. */
#define DIGITS 3

static void decimal(struct json *json, const char *key, double value)
{
	json_decimal(json, key, value, DIGITS);
}

/* null: no limit. */
static void limit(struct json *json, const char *key, uint64_t value)
{
	if (value == UINT64_MAX)
		json_null(json, key);
	else
		json_unsigned(json, key, value);
}

static void text(struct json *json, const char *key, const char *value)
{
	json_string(json, key, value[0] ? value : NULL);
}

static void write_machine(struct json *json, const struct machine *machine)
{
	json_object(json, "machine");
	json_string(json, "host", machine->kernel.nodename);
	json_integer(json, "processors", machine->processors);
	text(json, "model", machine->model);
	text(json, "governor", machine->governor);
	json_unsigned(json, "memory", machine->memory);
	json_unsigned(json, "available", machine->available);
	json_string(json, "system", machine->kernel.sysname);
	json_string(json, "kernel", machine->kernel.release);
	json_string(json, "architecture", machine->kernel.machine);
	json_string(json, "libc", machine->libc);
	json_end(json);
	json_object(json, "limits");
	limit(json, "descriptors", machine->descriptors);
	limit(json, "descriptors_hard", machine->descriptors_hard);
	limit(json, "processes", machine->processes);
	limit(json, "stack", machine->stack);
	json_end(json);
}

void report_json_begin(struct json *json, const struct setting *setting)
{
	json_object(json, NULL);
	json_string(json, "program", "spawnbench");
	json_string(json, "version", spu_version());
	write_machine(json, setting->machine);
	json_object(json, "measured");
	text(json, "date", setting->date);
	json_unsigned(json, "rounds", setting->rounds);
	json_unsigned(json, "launches", setting->launches);
	if (setting->processor >= 0)
		json_integer(json, "processor", setting->processor);
	else
		json_null(json, "processor");
	json_integer(json, "nice", setting->nice);
	json_end(json);
	json_array(json, "tables");
}

static void write_shape(struct json *json, const struct shape *shape)
{
	json_object(json, "parent");
	for (size_t i = 0; i < AXIS_COUNT; i++) {
		if (axis_table[i].kind == KIND_YES)
			json_boolean(json, axis_table[i].name, shape->values[i] != 0);
		else
			json_unsigned(json, axis_table[i].name, shape->values[i]);
	}
	json_end(json);
}

static void write_conditions(struct json *json, const struct conditions *conditions)
{
	json_array(json, "load");
	for (size_t i = 0; i < 3; i++)
		decimal(json, NULL, conditions->load[i]);
	json_end(json);
	decimal(json, "seconds", conditions->seconds);
	decimal(json, "steal", conditions->steal);
	decimal(json, "others", conditions->others);
}

static void write_spread(struct json *json, const struct figure *figure, size_t metric)
{
	const struct spread *spread = &figure->spreads[metric];

	if (!isfinite(spread->p50)) {
		json_null(json, metric_table[metric].name);
		return;
	}
	json_object(json, metric_table[metric].name);
	decimal(json, "p10", spread->p10);
	decimal(json, "p50", spread->p50);
	decimal(json, "p90", spread->p90);
	decimal(json, "p99", spread->p99);
	decimal(json, "max", spread->max);
	decimal(json, "mean", figure->means[metric]);
	json_end(json);
}

static void write_sample(struct json *json, struct lane lane, const struct sample *sample)
{
	json_array(json, NULL);
	json_unsigned(json, NULL, lane.round);
	json_unsigned(json, NULL, lane.job);
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		uint64_t value = sample->values[i];

		decimal(json, NULL, value == NO_VALUE ? NAN :
			(double)value * metric_table[i].scale);
	}
	json_end(json);
}

static void write_samples(struct json *json, const struct results *results, size_t method)
{
	json_array(json, "samples");
	for (size_t round = 0; round < results->rounds; round++) {
		for (size_t job = 0; job < results->jobs; job++) {
			struct lane lane = {method, round, job};
			unsigned count = results_count(results, lane);

			for (unsigned i = 0; i < count; i++)
				write_sample(json, lane, &results_samples(results, lane)[i]);
		}
	}
	json_end(json);
}

static void write_figure(struct json *json, const struct figure *figure, size_t rounds)
{
	json_string(json, "method", figure->method);
	text(json, "error", figure->reason);
	json_unsigned(json, "launches", figure->launches);
	json_unsigned(json, "rounds", figure->rounds);
	for (size_t i = 0; i < METRIC_TIMES; i++)
		write_spread(json, figure, i);
	json_array(json, "rounds_us");
	for (size_t i = 0; i < rounds; i++)
		decimal(json, NULL, figure->medians[i]);
	json_end(json);
	for (size_t i = METRIC_TIMES; i < METRIC_COUNT; i++)
		decimal(json, metric_table[i].name, figure->means[i]);
	decimal(json, "per_second", figure->rate);
	decimal(json, "ratio", figure->ratio.value);
	decimal(json, "ratio_low", figure->ratio.low);
	decimal(json, "ratio_high", figure->ratio.high);
}

static void write_frame(struct json *json, const struct table *table)
{
	write_shape(json, &table->shape);
	json_string(json, "child", table->child);
	write_conditions(json, &table->conditions);
	json_array(json, "doubts");
	for (size_t i = 0; i < table->doubt_count; i++)
		json_string(json, NULL, table->doubts[i]);
	json_end(json);
}

void report_json_table(struct json *json, const struct table *table,
		       const struct results *results)
{
	json_object(json, NULL);
	write_frame(json, table);
	json_string(json, "baseline", table->figures[table->baseline].method);
	json_array(json, "methods");
	for (size_t i = 0; i < table->count; i++) {
		json_object(json, NULL);
		write_figure(json, &table->figures[i], table->rounds);
		if (results)
			write_samples(json, results, i);
		json_end(json);
	}
	json_end(json);
	json_end(json);
}

static void write_stall(struct json *json, const struct stall_figure *figure, int which)
{
	json_object(json, stall_names[which]);
	decimal(json, "p50_ms", figure->spreads[which].p50);
	decimal(json, "p99_ms", figure->spreads[which].p99);
	decimal(json, "max_ms", figure->spreads[which].max);
	if (which < STALL_THREADS) {
		decimal(json, "kept", figure->kept[which].value);
		decimal(json, "kept_low", figure->kept[which].low);
		decimal(json, "kept_high", figure->kept[which].high);
	}
	json_end(json);
}

void report_json_stall(struct json *json, const struct stall_table *table)
{
	const struct stall *stall = table->stall;

	json_object(json, NULL);
	write_frame(json, &table->frame);
	json_integer(json, "rate", stall->rate);
	json_array(json, "stall");
	for (size_t row = 0; row < stall->rows; row++) {
		const struct stall_figure *figure = &table->figures[row];

		json_object(json, NULL);
		json_string(json, "method", row ? figure->method : NULL);
		json_string(json, "error", figure->reason);
		json_unsigned(json, "launches", figure->launches);
		decimal(json, "per_second", figure->rate);
		for (int i = 0; i < STALL_ENTRIES; i++)
			write_stall(json, figure, i);
		json_end(json);
	}
	json_end(json);
	json_end(json);
}
