/* SPDX-License-Identifier: MIT */
/* From figures to lines. Knows no method by name and no axis specially. */
#include "report.h"

#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/message.h"

#define GIBIBYTE (1024.0 * 1024.0 * 1024.0)
#define NAME_WIDTH 22
#define TIMES_WIDTH (NAME_WIDTH + 3 * 10 + 10 + 17)
#define DEFAULT_WIDTH 100
#define BAR_MIN 8
#define BAR_MAX 60
/* A bar is cut when its method takes more than so many times as long as the baseline. */
#define BAR_RATIO 12.0

struct style {
	const char *bold, *dim, *bar, *warning, *end;
	const char *full, *cut;		/* a cell of a bar, and where it is cut */
	int bar_width;
};

static int has_color(FILE *out)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(out)) && !(no_color && no_color[0]) && term &&
		strcmp(term, "dumb") != 0;
}

static int terminal_width(FILE *out)
{
	struct winsize size;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	return DEFAULT_WIDTH;
}

static struct style choose_style(FILE *out)
{
	struct style style = {"", "", "", "", "", "#", ">", 0};

	style.bar_width = terminal_width(out) - TIMES_WIDTH - 2;
	if (style.bar_width < BAR_MIN)
		style.bar_width = 0;
	if (style.bar_width > BAR_MAX)
		style.bar_width = BAR_MAX;
	if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0) {
		style.full = "\u2588";
		style.cut = "\u25b6";
	}
	if (has_color(out)) {
		style.bold = "\033[1m";
		style.dim = "\033[2m";
		style.bar = "\033[36m";
		style.warning = "\033[33m";
		style.end = "\033[0m";
	}
	return style;
}

static void print_figure(FILE *out, int width, int decimals, double figure)
{
	if (isfinite(figure))
		fprintf(out, " %*.*f", width, decimals, figure);
	else
		fprintf(out, " %*s", width, "-");
}

/* With as many digits as say something: 0.05, 48.3, 10621. */
static void print_time(FILE *out, int width, double us)
{
	print_figure(out, width, us < 9.995 ? 2 : us < 9999.5 ? 1 : 0, us);
}

static double whole(const struct figure *figure)
{
	return figure->spreads[METRIC_REAPED].p50;
}

/* The time that a whole bar stands for: the longest that isn't too long for the baseline. */
static double bar_scale(const struct table *table)
{
	double most = whole(&table->figures[table->baseline]), bound = most * BAR_RATIO;

	for (size_t i = 0; i < table->count; i++) {
		double figure = whole(&table->figures[i]);

		if (figure > most && figure <= bound)
			most = figure;
	}
	return most;
}

static void print_bar(FILE *out, const struct style *style, double figure, double scale)
{
	double cells = figure / scale * style->bar_width;

	if (!isfinite(cells) || style->bar_width == 0)
		return;
	fprintf(out, "  %s", style->bar);
	for (int i = 0; i < style->bar_width && i < (int)(cells + 0.5); i++)
		fputs(i == style->bar_width - 1 && cells > style->bar_width ? style->cut :
		      style->full, out);
	fputs(style->end, out);
}

static void print_interval(FILE *out, const struct estimate *ratio)
{
	char text[40];

	print_figure(out, 9, 2, ratio->value);
	if (isfinite(ratio->low))
		snprintf(text, sizeof(text), "%.2f to %.2f", ratio->low, ratio->high);
	else
		snprintf(text, sizeof(text), "-");
	fprintf(out, " %16s", text);
}

static void print_times(FILE *out, const struct table *table, const struct style *style)
{
	double scale = bar_scale(table);
	char base[32];

	snprintf(base, sizeof(base), "x %.7s", table->figures[table->baseline].method);
	fprintf(out, "%s%-*s %9s %9s %9s %9s %16s%s\n", style->bold, NAME_WIDTH, "medians, us",
		"returned", "exec", "reaped", base, "95 % interval", style->end);
	for (size_t i = 0; i < table->count; i++) {
		const struct figure *figure = &table->figures[i];

		fprintf(out, "%-*s", NAME_WIDTH, figure->method);
		if (figure->reason[0]) {
			fprintf(out, "  %s%s%s\n", style->warning, figure->reason, style->end);
			continue;
		}
		for (size_t metric = 0; metric < METRIC_TIMES; metric++)
			print_time(out, 9, figure->spreads[metric].p50);
		print_interval(out, &figure->ratio);
		print_bar(out, style, whole(figure), scale);
		fputc('\n', out);
	}
}

static void print_rest(FILE *out, const struct table *table, const struct style *style)
{
	static const enum metric own[] = {METRIC_USER, METRIC_SYSTEM, METRIC_FAULTS};

	fprintf(out, "\n%s%-*s %7s %7s %7s %8s %7s %7s %6s %7s %8s%s\n", style->bold, NAME_WIDTH,
		"reaped, us; a launch", "p10", "p90", "p99", "max", "user us", "sys us", "faults",
		"per s", "launches", style->end);
	for (size_t i = 0; i < table->count; i++) {
		const struct figure *figure = &table->figures[i];
		const struct spread *spread = &figure->spreads[METRIC_REAPED];

		if (figure->reason[0])
			continue;
		fprintf(out, "%-*s", NAME_WIDTH, figure->method);
		print_time(out, 7, spread->p10);
		print_time(out, 7, spread->p90);
		print_time(out, 7, spread->p99);
		print_time(out, 8, spread->max);
		for (size_t j = 0; j < sizeof(own) / sizeof(*own); j++)
			print_figure(out, own[j] == METRIC_FAULTS ? 6 : 7, 1,
				     figure->means[own[j]]);
		print_figure(out, 7, 0, figure->rate);
		fprintf(out, " %8zu\n", figure->launches);
	}
}

/* The child's name others chose, and it goes to a terminal. */
void report_frame(FILE *out, const struct table *table)
{
	const struct conditions *conditions = &table->conditions;
	char shape[SHAPE_TEXT_SIZE];

	fprintf(out, "\nparent    %s\nchild     ", shape_text(&table->shape, shape));
	put_visible(table->child, out);
	fprintf(out, "\nmeanwhile %.1f s, load %.2f at the beginning", conditions->seconds,
		conditions->load[0]);
	if (isfinite(conditions->others))
		fprintf(out, ", other programs %.1f %%, steal %.1f %%", conditions->others * 100,
			conditions->steal * 100);
	fputc('\n', out);
}

static void print_change(FILE *out, const struct table *table, const struct style *style)
{
	if (!table->old)
		return;
	fprintf(out, "\n%s%-*s %9s %16s%s\n", style->bold, NAME_WIDTH, "reaped, x old", "ratio",
		"95 % interval", style->end);
	for (size_t i = 0; i < table->count; i++) {
		fprintf(out, "%-*s", NAME_WIDTH, table->figures[i].method);
		print_interval(out, &table->figures[i].change);
		putc('\n', out);
	}
}

void report_table(FILE *out, const struct table *table)
{
	struct style style = choose_style(out);

	report_frame(out, table);
	fputc('\n', out);
	print_times(out, table, &style);
	print_rest(out, table, &style);
	print_change(out, table, &style);
	for (size_t i = 0; i < table->doubt_count; i++)
		fprintf(out, "%s%s%s%s\n", i ? "" : "\n", style.warning, table->doubts[i],
			style.end);
}

static const char *limit_text(uint64_t limit, char buffer[32])
{
	if (limit == UINT64_MAX)
		return "unlimited";
	snprintf(buffer, 32, "%llu", (unsigned long long)limit);
	return buffer;
}

void report_head(FILE *out, const struct setting *setting)
{
	const struct machine *machine = setting->machine;
	char text[3][32];

	fprintf(out, "machine   %ld processor%s", machine->processors,
		machine->processors == 1 ? "" : "s");
	if (machine->model[0])
		fprintf(out, ", %s", machine->model);
	if (machine->governor[0])
		fprintf(out, ", governor %s", machine->governor);
	fprintf(out, "\nmemory    %.1f GiB, %.1f available\n", (double)machine->memory / GIBIBYTE,
		(double)machine->available / GIBIBYTE);
	fprintf(out, "kernel    %s %s %s, %s\n", machine->kernel.sysname,
		machine->kernel.release, machine->kernel.machine, machine->libc);
	fprintf(out, "limits    descriptors %s (hard %s), processes %s\n",
		limit_text(machine->descriptors, text[0]),
		limit_text(machine->descriptors_hard, text[1]),
		limit_text(machine->processes, text[2]));
	fprintf(out, "measured  %zu rounds of %zu launches, ", setting->rounds,
		setting->launches);
	if (setting->processor >= 0)
		fprintf(out, "pinned to processor %d", setting->processor);
	else
		fprintf(out, "not pinned");
	fprintf(out, ", nice %d\n", setting->nice);
}
