/* SPDX-License-Identifier: MIT */
/*
 * The script: a panel for each child and axis on which the parents differ, and
 * one for each child's distribution. Ticks stand where something was measured.
 */
#include "plot_script.h"

#include <math.h>
#include <string.h>

#define WIDTH 1120
#define PANEL_HEIGHT 440
#define TITLE_HEIGHT 70
#define KEY_WIDTH 8		/* of the line before a method's name, in characters */
/* From this ratio of the largest to the smallest on, an axis is logarithmic. */
#define LOG_RATIO 12.0
/* Where 0 stands on a logarithmic axis: so many times to the left of the smallest. */
#define ZERO_STEP 4.0
#define TICKS_FLAT 9	/* more are written slantwise */
#define LOG_MARGIN 1.3
/* From this ratio on, a logarithmic axis has ticks at powers of ten only. */
#define DECADES_RATIO 1e4
#define DOUBT_LINES 8		/* more are in the tables */
#define DOUBT_WIDTH 130		/* of a line of doubts, in characters */
#define DOUBT_HEIGHT 22

/* Okabe and Ito's, which people with colour blindness can tell apart. */
static const char *const colors[] = {
	"#000000", "#D55E00", "#E69F00", "#56B4E9", "#0072B2", "#009E73", "#CC79A7", "#999999",
};
#define COLORS (sizeof(colors) / sizeof(*colors))

/* In single quotes, which gnuplot has no escape for but doubling. */
static void quote(FILE *out, const char *text)
{
	putc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			putc('\'', out);
		putc((unsigned char)*text < ' ' ? '?' : *text, out);
	}
	putc('\'', out);
}

static const char *short_name(const char *child)
{
	const char *slash = strrchr(child, '/');

	return slash ? slash + 1 : child;
}

/* The tables of one child in which everything but one axis is as in the first. */
struct panel {
	const struct table *tables;
	size_t count, first, axis;
	int number;
};

static int is_in(const struct panel *panel, size_t table)
{
	const struct table *first = &panel->tables[panel->first], *other = &panel->tables[table];

	if (strcmp(first->child, other->child) != 0)
		return 0;
	for (size_t i = 0; i < AXIS_COUNT; i++) {
		if (i != panel->axis && first->shape.values[i] != other->shape.values[i])
			return 0;
	}
	return 1;
}

static uint64_t at(const struct panel *panel, size_t table)
{
	return panel->tables[table].shape.values[panel->axis];
}

static double median(const struct table *table, size_t method)
{
	return table->figures[method].spreads[METRIC_REAPED].p50;
}

/* The smallest and largest that are greater than 0, and whether there is a 0. */
struct range {
	double low, high;
	int zero;
};

static void widen(struct range *range, double value)
{
	if (value == 0)
		range->zero = 1;
	if (!(value > 0))
		return;
	if (range->low == 0 || value < range->low)
		range->low = value;
	if (value > range->high)
		range->high = value;
}

static int is_log(const struct range *range)
{
	return range->low > 0 && range->high > LOG_RATIO * range->low;
}

static double place(const struct range *range, double value)
{
	return value == 0 && is_log(range) ? range->low / ZERO_STEP : value;
}

static void write_ticks(FILE *out, const struct panel *panel, const struct range *x)
{
	const struct axis *axis = &axis_table[panel->axis];
	char text[AXIS_TEXT_SIZE];
	size_t ticks = 0;

	for (size_t i = panel->first; i < panel->count; i++)
		ticks += (size_t)is_in(panel, i);
	fprintf(out, "set xtics %s (", ticks > TICKS_FLAT ? "rotate by -45" : "norotate");
	for (size_t i = panel->first, n = 0; i < panel->count; i++) {
		if (!is_in(panel, i))
			continue;
		fputs(n++ ? ", " : "", out);
		quote(out, axis_text(axis, at(panel, i), text));
		fprintf(out, " %g", place(x, (double)at(panel, i)));
	}
	fputs(")\n", out);
}

/* At 1, 2 and 5 times the powers of ten: gnuplot's own leave a decade with a single one. */
static void write_log_ticks(FILE *out, char axis, const struct range *range)
{
	static const double steps[] = {1, 2, 5};
	size_t count = range->high > DECADES_RATIO * range->low ? 1 : 3;
	const char *before = "";
	double power = 1;

	while (power > range->low)
		power /= 10;
	while (power * 10 <= range->low)
		power *= 10;
	fprintf(out, "set %ctics norotate (", axis);
	while (power <= range->high) {
		for (size_t i = 0; i < count; i++) {
			fprintf(out, "%s'%g' %g", before, steps[i] * power, steps[i] * power);
			before = ", ";
		}
		power *= 10;
	}
	fputs(")\n", out);
}

/* The time, and the interval that its ratio has, about it. */
struct bar {
	double low, median, high;
};

static struct bar bar_of(const struct table *table, size_t method)
{
	const struct estimate *ratio = &table->figures[method].ratio;
	double y = median(table, method);
	struct bar bar = {y * ratio->low / ratio->value, y, y * ratio->high / ratio->value};

	return isfinite(bar.low) && isfinite(bar.high) ? bar : (struct bar){y, y, y};
}

/* A block of data for each method; there is none where nothing was measured. */
static void write_data(FILE *out, const struct panel *panel, size_t method,
		       const struct range *x)
{
	fprintf(out, "$p%dm%zu << EOD\n", panel->number, method);
	for (size_t i = panel->first; i < panel->count; i++) {
		struct bar y = bar_of(&panel->tables[i], method);

		if (is_in(panel, i) && isfinite(y.median))
			fprintf(out, "%g %g %g %g\n", place(x, (double)at(panel, i)), y.median,
				y.low, y.high);
	}
	fputs("EOD\n", out);
}

static void write_style(FILE *out, int points, const char *method, size_t number)
{
	if (points)
		fprintf(out, " with yerrorlines pt %zu ps 0.9", number + 4);
	else
		fputs(" with lines", out);
	fprintf(out, " lw 2 dt %zu lc rgb '%s' title ", number / COLORS + 1,
		colors[number % COLORS]);
	quote(out, method);
}

static int is_measured(const struct panel *panel, size_t method)
{
	for (size_t i = panel->first; i < panel->count; i++) {
		if (is_in(panel, i) && isfinite(median(&panel->tables[i], method)))
			return 1;
	}
	return 0;
}

static void write_plots(FILE *out, const struct panel *panel, int points)
{
	const struct table *table = &panel->tables[panel->first];
	const char *next = "plot";

	for (size_t i = 0; i < table->count; i++) {
		if (!is_measured(panel, i))
			continue;
		fprintf(out, "%s $p%dm%zu", next, panel->number, i);
		write_style(out, points, table->figures[i].method, i);
		next = ", \\\n";
	}
	putc('\n', out);
}

/* Which child and parent of all those that are drawn, but for one axis: "true, fds 5". */
#define WHICH_SIZE 512
static const char *which(const struct panel *panel, size_t table, const char *what,
			 char text[WHICH_SIZE])
{
	const struct table *it = &panel->tables[table];
	char value[AXIS_TEXT_SIZE];
	size_t used;

	used = (size_t)snprintf(text, WHICH_SIZE, "%s%s", short_name(it->child), what);
	for (size_t i = 0; i < AXIS_COUNT && used < WHICH_SIZE; i++) {
		int differs = 0;

		for (size_t j = 0; j < panel->count; j++)
			differs |= panel->tables[j].shape.values[i] != it->shape.values[i];
		if (i != panel->axis && differs)
			used += (size_t)snprintf(text + used, WHICH_SIZE - used, ", %s %s",
						 axis_table[i].name,
						 axis_text(&axis_table[i], it->shape.values[i],
							   value));
	}
	return text;
}

static void write_title(FILE *out, const struct panel *panel, const char *what)
{
	char title[WHICH_SIZE];

	fputs("set title ", out);
	quote(out, which(panel, panel->first, what, title));
	putc('\n', out);
}

/* As one more line of a title, or several, broken at spaces. How many. */
static int write_lines(FILE *out, const char *text)
{
	int lines = 0;

	while (*text) {
		char line[DOUBT_WIDTH + 1];
		size_t length = strlen(text);

		if (length > DOUBT_WIDTH) {
			for (length = DOUBT_WIDTH; length > 1 && text[length] != ' '; length--)
				;
		}
		snprintf(line, sizeof(line), "%.*s", (int)length, text);
		text += length + strspn(text + length, " ");
		if (out) {
			fputs(".\"\\n\".", out);
			quote(out, line);
		}
		lines++;
	}
	return lines;
}

/* How many lines they are; out NULL: they are counted only. */
static int write_doubts(FILE *out, const struct table *tables, size_t count)
{
	struct panel all = {tables, count, 0, AXIS_COUNT, 0};
	char line[WHICH_SIZE + DOUBT_SIZE], it[WHICH_SIZE];
	int lines = 0;
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < tables[i].doubt_count; j++) {
			snprintf(line, sizeof(line), "%s: %s", which(&all, i, "", it),
				 tables[i].doubts[j]);
			if (lines >= DOUBT_LINES)
				left++;
			else
				lines += write_lines(out, line);
		}
	}
	if (left) {
		snprintf(line, sizeof(line), "more doubts, in the tables: %zu", left);
		lines += write_lines(out, line);
	}
	return lines;
}

static void set_log(FILE *out, char axis, int is)
{
	fprintf(out, is ? "set logscale %c\n" : "unset logscale %c\n", axis);
}

#define TIME_LABEL "'time until reaped [µs]'"

/* What is added to a label. */
static const char *log_label(const struct range *range)
{
	return is_log(range) ? ".', logarithmic'" : "";
}

static void write_axis_panel(FILE *out, const struct panel *panel)
{
	const struct table *first = &panel->tables[panel->first];
	struct range x = {0, 0, 0}, y = {0, 0, 0};

	for (size_t i = panel->first; i < panel->count; i++) {
		if (!is_in(panel, i))
			continue;
		widen(&x, (double)at(panel, i));
		for (size_t j = 0; j < first->count; j++) {
			struct bar bar = bar_of(&panel->tables[i], j);

			widen(&y, bar.low);
			widen(&y, bar.high);
		}
	}
	for (size_t i = 0; i < first->count; i++)
		write_data(out, panel, i, &x);
	write_title(out, panel, ": median time until reaped, and its ratio's 95 % interval");
	fputs("set xlabel ", out);
	quote(out, axis_table[panel->axis].label);
	fprintf(out, "%s\nset ylabel " TIME_LABEL "%s\nset autoscale xfix\nset offsets graph 0.03, "
		"graph 0.03, 0, 0\n", log_label(&x), log_label(&y));
	set_log(out, 'x', is_log(&x));
	/* a logarithmic axis has no 0, not even between two commands */
	if (is_log(&y)) {
		fprintf(out, "set yrange [%g:%g]\n", y.low / LOG_MARGIN, y.high * LOG_MARGIN);
		set_log(out, 'y', 1);
		write_log_ticks(out, 'y', &y);
	} else {
		set_log(out, 'y', 0);
		fputs("set yrange [0:*]\nset ytics autofreq\n", out);
	}
	write_ticks(out, panel, &x);
	write_plots(out, panel, 1);
}

/* The part of the launches that took no longer, over time. */
static void write_distribution(FILE *out, const struct panel *panel)
{
	const struct table *table = &panel->tables[panel->first];
	struct range x = {0, 0, 0};

	for (size_t i = 0; i < table->count; i++) {
		fprintf(out, "$p%dm%zu << EOD\n", panel->number, i);
		for (size_t j = 0; j < CURVE_POINTS && isfinite(table->figures[i].curve[j]); j++) {
			widen(&x, table->figures[i].curve[j]);
			fprintf(out, "%g %g\n", table->figures[i].curve[j],
				(double)j * 100 / (CURVE_POINTS - 1));
		}
		fputs("EOD\n", out);
	}
	write_title(out, panel, ": distribution of the time until reaped");
	set_log(out, 'y', 0);
	fprintf(out, "set xlabel " TIME_LABEL "%s\n"
		"set ylabel 'launches that took no longer [%%]'\n"
		"set autoscale xfix\nset offsets 0, 0, 0, 0\nset yrange [0:100]\n"
		"set xtics norotate autofreq\nset ytics 0, 25, 100\n", log_label(&x));
	if (is_log(&x))
		write_log_ticks(out, 'x', &x);
	set_log(out, 'x', is_log(&x));
	write_plots(out, panel, 0);
}

/* How many panels there are; out NULL: they are counted only. */
static int write_panels(FILE *out, const struct table *tables, size_t count)
{
	int panels = 0;

	for (size_t first = 0; first < count; first++) {
		struct panel panel = {tables, count, first, AXIS_COUNT, 0};
		size_t before = 0;

		while (before < first && strcmp(tables[before].child, tables[first].child) != 0)
			before++;
		if (before < first)
			continue;
		for (panel.axis = 0; panel.axis < AXIS_COUNT; panel.axis++) {
			size_t others = first + 1;

			while (others < count && !is_in(&panel, others))
				others++;
			panel.number = panels;
			if (others < count && out)
				write_axis_panel(out, &panel);
			panels += others < count;
		}
		panel.number = panels++;
		if (out)
			write_distribution(out, &panel);
	}
	return panels;
}

static void write_terminal(FILE *out, const char *terminal, int height)
{
	if (strcmp(terminal, "svg") == 0) {
		fprintf(out, "set terminal svg noenhanced size %d,%d font 'sans-serif,14' "
			"background 'white'\n", WIDTH, height);
		return;
	}
	/* gnuplot may be built without cairo */
	fprintf(out, "if (strstrt(GPVAL_TERMINALS, 'pngcairo')) {\n"
		"set terminal pngcairo noenhanced size %d,%d font 'sans,11'\n} else {\n"
		"set terminal png noenhanced size %d,%d\n}\n", WIDTH, height, WIDTH, height);
}

static size_t longest_name(const struct table *tables, size_t count)
{
	size_t longest = 0;

	for (size_t i = 0; count && i < tables->count; i++) {
		size_t length = strlen(tables->figures[i].method);

		longest = length > longest ? length : longest;
	}
	return longest;
}

void plot_script(FILE *out, const char *terminal, const struct setting *setting,
		 const struct table *tables, size_t count)
{
	const struct machine *machine = setting->machine;
	int panels = write_panels(NULL, tables, count);
	char title[512], pinned[48] = "not pinned";

	fputs("set encoding utf8\n", out);
	write_terminal(out, terminal, TITLE_HEIGHT + panels * PANEL_HEIGHT +
		       DOUBT_HEIGHT * write_doubts(NULL, tables, count));
	if (setting->processor >= 0)
		snprintf(pinned, sizeof(pinned), "pinned to processor %d", setting->processor);
	snprintf(title, sizeof(title), "%s %s %s, %s, %ld × %s; load %.2f, %s",
		 machine->kernel.sysname, machine->kernel.release,
		 machine->kernel.machine, machine->libc, machine->processors,
		 machine->model[0] ? machine->model : "processor",
		 count ? tables[0].conditions.load[0] : 0.0, pinned);
	fprintf(out, "set multiplot layout %d,1 title ", panels);
	quote(out, title);
	write_doubts(out, tables, count);
	fputs("\nset grid xtics ytics lt 1 lw 1 lc rgb '#d0d0d0'\nset border 3\n"
	      "set tics nomirror\nset lmargin 13\n"
	      "set key outside right top vertical reverse Left samplen 2\n", out);
	fprintf(out, "set rmargin %zu\n", KEY_WIDTH + longest_name(tables, count));
	write_panels(out, tables, count);
	fputs("unset multiplot\n", out);
}
