/* SPDX-License-Identifier: MIT */
/* spawnbench: what a figure is doubted for, what else the machine did, the texts of axes. */
#include <check.h>
#include <math.h>
#include <string.h>

#include "spawnbench/axes.h"
#include "spawnbench/doubts.h"
#include "spawnbench/machine.h"
#include "support.h"

#define METHODS 3
#define ROUNDS 15

static struct figure figures[METHODS];
static struct table table;

/* A table without a fault. */
static void make_table(void)
{
	static const char *const names[METHODS] = {"raw", "fork", "system"};

	memset(figures, 0, sizeof(figures));
	table = (struct table){.count = METHODS, .figures = figures, .rounds = ROUNDS,
			       .child = "/bin/true"};
	for (size_t i = 0; i < METHODS; i++) {
		figures[i].method = names[i];
		figures[i].launches = 3000;
		figures[i].rounds = ROUNDS;
		figures[i].spreads[METRIC_REAPED] = (struct spread){45, 50, 60, 70, 80};
		figures[i].ratio = (struct estimate){2, 1.95, 2.05};
	}
}

static const char *find(int pinned, int ended_early)
{
	doubts_find(&table, 0.2, 2, pinned, ended_early);
	return table.doubt_count ? table.doubts[table.doubt_count - 1] : "";
}

START_TEST(good_figures_are_not_doubted)
{
	ck_assert_str_eq(find(0, 0), "");
	ck_assert_uint_eq(table.doubt_count, 0);
}
END_TEST

START_TEST(what_cannot_be_known_is_not_doubted)
{
	table.conditions.steal = table.conditions.others = NAN;
	for (size_t i = 0; i < METHODS; i++)
		figures[i].ratio = (struct estimate){NAN, NAN, NAN};
	ck_assert_str_eq(find(0, 0), "");
}
END_TEST

START_TEST(steal_and_other_programs)
{
	table.conditions.steal = 0.034;
	ck_assert_str_eq(find(0, 0), "the hypervisor took 3 % of the processors' time (steal): "
			 "measure at another time or on another machine");
	table.doubt_count = 0;
	table.conditions = (struct conditions){.others = 0.43};
	ck_assert_str_eq(find(0, 0), "other programs used 43 % of the processors' time: end them, or "
			 "see with more --rounds whether it matters");
}
END_TEST

/* Both are counted in ticks, and more of these than there was time for is no more than all. */
START_TEST(parts_of_the_time_are_parts)
{
	struct conditions conditions;
	struct busy busy;
	int i;

	for (i = 0; i < 3; i++) {
		conditions_begin(&busy);
		if (isnan(busy.ticks))
			break;
		busy.ticks -= i == 0 ? 1e9 : -1e9;
		busy.steal -= i == 1 ? 1e9 : i == 2 ? -1e9 : 0;
		conditions_end(&busy, &conditions);
		ck_assert_double_ge(conditions.steal, 0);
		ck_assert_double_ge(conditions.others, 0);
		ck_assert_double_le(conditions.steal + conditions.others, 1);
	}
}
END_TEST

START_TEST(load)
{
	doubts_find(&table, 1.5, 2, 0, 0);
	ck_assert_str_eq(table.doubts[0], "the load was 1.50 on 2 processors when it began: wait "
			 "until the machine is quiet");
	table.doubt_count = 0;
	doubts_find(&table, 1.5, 4, 0, 0);
	ck_assert_uint_eq(table.doubt_count, 0);
}
END_TEST

START_TEST(rounds_that_were_left_out)
{
	figures[1].rounds = 7;
	ck_assert_str_eq(find(0, 0), "fewer rounds than 15 for want of time (fork): a longer --time, "
			 "or fewer --launches");
	table.doubt_count = 0;
	/* he who ended it knows */
	ck_assert_str_eq(find(0, 1), "");
	figures[1].rounds = 4;
	ck_assert_str_eq(find(0, 1), "too few rounds for an interval (fork): at least --rounds=5");
}
END_TEST

START_TEST(spread_names_the_option_that_helps)
{
	figures[0].spreads[METRIC_REAPED].p90 = figures[2].spreads[METRIC_REAPED].p90 = 76;
	ck_assert_str_eq(find(0, 0), "one launch in ten takes more than 1.5 times the median "
			 "(raw, system): --pin");
	table.doubt_count = 0;
	figures[1].spreads[METRIC_REAPED].p90 = 76;
	ck_assert_str_eq(find(1, 0), "one launch in ten takes more than 1.5 times the median "
			 "(all): more --rounds of fewer --launches");
}
END_TEST

START_TEST(wide_interval)
{
	figures[2].ratio = (struct estimate){2, 1.9, 2.11};
	ck_assert_str_eq(find(0, 0), "the interval is wider than 10 % of the ratio (system): more "
			 "--rounds");
}
END_TEST

START_TEST(method_that_cannot_launch_is_not_doubted)
{
	strcpy(figures[1].reason, "no memory");
	figures[1].rounds = 0;
	figures[1].ratio = (struct estimate){2, 1, 9};
	ck_assert_str_eq(find(0, 0), "");
}
END_TEST

/* Names that don't fit are left out, and nothing is written behind them. */
START_TEST(many_methods)
{
	static struct figure many[200];

	for (size_t i = 0; i < 200; i++) {
		many[i] = figures[0];
		many[i].method = "spu-posix_spawn-allow";
	}
	many[0].rounds = 1;
	for (size_t i = 1; i < 199; i++)
		many[i].rounds = 2;
	table.figures = many;
	table.count = 200;
	ck_assert_uint_lt(strlen(find(0, 1)), DOUBT_SIZE);
	ck_assert_ptr_nonnull(strstr(table.doubts[0], "): at least --rounds=5"));
}
END_TEST

START_TEST(axis_values)
{
	static const struct {
		size_t axis;
		const char *text;
		uint64_t value;
	} known[] = {
		{AXIS_RSS, "0", 0}, {AXIS_RSS, "512M", 512u << 20}, {AXIS_RSS, "1G", 1u << 30},
		{AXIS_RSS, "1000", 1000}, {AXIS_RSS, "1025K", 1025u << 10},
		{AXIS_THP, "yes", 1}, {AXIS_CLOEXEC, "no", 0}, {AXIS_JOBS, "1024", 1024},
		{AXIS_FDS, "19000", 19000},
	};
	char text[AXIS_TEXT_SIZE];
	uint64_t value;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		const struct axis *axis = &axis_table[known[i].axis];

		ck_assert_int_eq(axis_parse(axis, known[i].text, &value), 0);
		ck_assert_uint_eq(value, known[i].value);
		ck_assert_str_eq(axis_text(axis, value, text), known[i].text);
	}
	ck_assert_str_eq(axis_text(&axis_table[AXIS_RSS], 2048u << 10, text), "2M");
}
END_TEST

START_TEST(axis_values_that_are_none)
{
	static const struct {
		size_t axis;
		const char *text;
	} wrong[] = {
		{AXIS_RSS, "2048T"}, {AXIS_RSS, "-1"}, {AXIS_THP, "y"}, {AXIS_THP, ""},
		{AXIS_JOBS, "0"}, {AXIS_JOBS, "1025"}, {AXIS_FDS, "1K"}, {AXIS_THREADS, "4294967296"},
	};
	uint64_t value = 77;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ck_assert_int_lt(axis_parse(&axis_table[wrong[i].axis], wrong[i].text, &value), 0);
	ck_assert_uint_eq(value, 77);
}
END_TEST

START_TEST(shape_of_the_longest_values)
{
	struct shape shape;
	char text[SHAPE_TEXT_SIZE];

	for (size_t i = 0; i < AXIS_COUNT; i++)
		shape.values[i] = UINT64_MAX;
	ck_assert_uint_lt(strlen(shape_text(&shape, text)), SHAPE_TEXT_SIZE);
	for (size_t i = 0; i < AXIS_COUNT; i++)
		shape.values[i] = axis_table[i].usual;
	ck_assert_str_eq(shape_text(&shape, text),
			 "rss 0, thp no, threads 0, fds 0, cloexec yes, env 0, jobs 1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("doubts");
	TCase *doubts = tcase_create("doubts"), *axes = tcase_create("axes");

	tcase_add_checked_fixture(doubts, make_table, NULL);
	tcase_add_test(doubts, good_figures_are_not_doubted);
	tcase_add_test(doubts, what_cannot_be_known_is_not_doubted);
	tcase_add_test(doubts, steal_and_other_programs);
	tcase_add_test(doubts, parts_of_the_time_are_parts);
	tcase_add_test(doubts, load);
	tcase_add_test(doubts, rounds_that_were_left_out);
	tcase_add_test(doubts, spread_names_the_option_that_helps);
	tcase_add_test(doubts, wide_interval);
	tcase_add_test(doubts, method_that_cannot_launch_is_not_doubted);
	tcase_add_test(doubts, many_methods);
	tcase_add_test(axes, axis_values);
	tcase_add_test(axes, axis_values_that_are_none);
	tcase_add_test(axes, shape_of_the_longest_values);
	suite_add_tcase(suite, doubts);
	suite_add_tcase(suite, axes);
	return run_suite(suite);
}
