/* SPDX-License-Identifier: MIT */
/*
 * Order statistics, against values computed elsewhere:
 *
 *	cars	R 4, quantile(mtcars$mpg) and quantile(mtcars$mpg, c(.1, .9)), and
 *		the same with Python 3.11, statistics.quantiles(method="inclusive")
 *	pi	Python 3.11, statistics.quantiles([3,1,4,1,5,9,2,6,5,3], n=10,
 *		method="inclusive") and statistics.median()
 *	slow	Python 3.11: the ratios of the two lists, sorted; 2000 times
 *		statistics.median() of as many drawn from them, by xorshift64
 *		written there again; of these quantiles(n=40, "inclusive"), the
 *		first and the last
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "spawnbench/statistics.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TOLERANCE 1e-12

static double cars[] = {
	21.0, 21.0, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8,
	16.4, 17.3, 15.2, 10.4, 10.4, 14.7, 32.4, 30.4, 33.9, 21.5, 15.5,
	15.2, 13.3, 19.2, 27.3, 26.0, 30.4, 15.8, 19.7, 15.0, 21.4,
};
static double pi[] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3};

static const double slow[] = {
	71.0, 72.5, 73.1, 77.7, 80.4, 70.2, 69.9, 75.3, 74.4, 71.8, 90.6,
};
static const double base_times[] = {
	48.1, 47.7, 50.2, 49.9, 61.3, 47.5, 47.9, 48.8, 52.0, 47.6, 48.3,
};
#define SLOW_RATIO 1.4778947368421054
#define SLOW_LOW 1.4561752988047807
#define SLOW_HIGH 1.543032786885246
#define RANDOM_FIRST 8748534153485358512u
#define RANDOM_SECOND 3040900993826735515u

START_TEST(sorts_with_duplicates)
{
	static const double expected[] = {1, 1, 2, 3, 3, 4, 5, 5, 6, 9};

	sort_values(pi, COUNT(pi));
	for (size_t i = 0; i < COUNT(pi); i++)
		ck_assert_double_eq(pi[i], expected[i]);
	sort_values(pi, 0);
	sort_values(NULL, 0);
}
END_TEST

START_TEST(quantiles_are_those_of_R)
{
	static const struct {
		double p, expected;
	} known[] = {
		{0, 10.4}, {0.1, 14.34}, {0.25, 15.425}, {0.5, 19.2}, {0.75, 22.8},
		{0.9, 30.09}, {0.99, 33.435}, {1, 33.9},
	};

	sort_values(cars, COUNT(cars));
	for (size_t i = 0; i < COUNT(known); i++)
		ck_assert_double_eq_tol(quantile(cars, COUNT(cars), known[i].p),
					known[i].expected, TOLERANCE);
}
END_TEST

START_TEST(deciles_are_those_of_python)
{
	static const double expected[] = {1, 1.8, 2.7, 3, 3.5, 4.4, 5, 5.2, 6.3};

	sort_values(pi, COUNT(pi));
	for (size_t i = 0; i < COUNT(expected); i++)
		ck_assert_double_eq_tol(quantile(pi, COUNT(pi), (double)(i + 1) / 10),
					expected[i], TOLERANCE);
}
END_TEST

START_TEST(few_values)
{
	static const double two[] = {1, 2};

	ck_assert(isnan(quantile(two, 0, 0.5)));
	ck_assert(isnan(quantile(NULL, 0, 0.5)));
	ck_assert_double_eq(quantile(two, 1, 0), 1);
	ck_assert_double_eq(quantile(two, 1, 0.9), 1);
	ck_assert_double_eq(quantile(two, 2, 0.5), 1.5);
	ck_assert_double_eq_tol(quantile(two, 2, 0.9), 1.9, TOLERANCE);
	ck_assert_double_eq(quantile(two, 2, 1), 2);
}
END_TEST

START_TEST(mean_of_few)
{
	static const double values[] = {1, 2, 6};

	ck_assert_double_eq(mean(values, COUNT(values)), 3);
	ck_assert_double_eq(mean(values, 1), 1);
	ck_assert(isnan(mean(values, 0)));
}
END_TEST

START_TEST(ratio_is_taken_within_a_round)
{
	/* The machine becomes three times slower: each round's ratio is 2 still. */
	const double base[] = {10, 10, 30, 30, 30};
	const double value[] = {20, 20, 60, 60, 60};
	struct estimate ratio;

	ck_assert_int_eq(ratio_over_rounds(value, base, COUNT(base), RANDOM_SEED, &ratio), 0);
	ck_assert_double_eq(ratio.value, 2);
	ck_assert_double_eq(ratio.low, 2);
	ck_assert_double_eq(ratio.high, 2);
	ck_assert_int_eq(ratio_over_rounds(base, base, COUNT(base), RANDOM_SEED, &ratio), 0);
	ck_assert_double_eq(ratio.value, 1);
	ck_assert_double_eq(ratio.low, 1);
	ck_assert_double_eq(ratio.high, 1);
}
END_TEST

START_TEST(ratio_needs_both_of_a_round)
{
	const double base[] = {10, NAN, 10, 0};
	const double value[] = {NAN, 20, 40, 50};
	struct estimate ratio;

	ck_assert_int_eq(ratio_over_rounds(value, base, COUNT(base), RANDOM_SEED, &ratio), 0);
	ck_assert_double_eq(ratio.value, 4);
	ck_assert(isnan(ratio.low));
	ck_assert_int_eq(ratio_over_rounds(value, base, 2, RANDOM_SEED, &ratio), 0);
	ck_assert(isnan(ratio.value));
	ck_assert_int_eq(ratio_over_rounds(NULL, NULL, 0, RANDOM_SEED, &ratio), 0);
	ck_assert(isnan(ratio.value));
}
END_TEST

START_TEST(random_numbers_are_those_of_python)
{
	uint64_t state = RANDOM_SEED;

	ck_assert_uint_eq(next_random(&state), RANDOM_FIRST);
	ck_assert_uint_eq(next_random(&state), RANDOM_SECOND);
}
END_TEST

START_TEST(interval_is_that_of_python)
{
	struct estimate ratio;

	ck_assert_int_eq(ratio_over_rounds(slow, base_times, COUNT(slow), RANDOM_SEED, &ratio), 0);
	ck_assert_double_eq_tol(ratio.value, SLOW_RATIO, TOLERANCE);
	ck_assert_double_eq_tol(ratio.low, SLOW_LOW, TOLERANCE);
	ck_assert_double_eq_tol(ratio.high, SLOW_HIGH, TOLERANCE);
}
END_TEST

START_TEST(ratio_of_medians_of_two_runs)
{
	const double value[] = {NAN, 30, 10, 20, 20, 20}, base[] = {5, 5, 5, NAN, 5, 5, 5};
	struct estimate ratio;

	ck_assert_int_eq(ratio_of_medians(value, COUNT(value), base, COUNT(base), RANDOM_SEED,
					  &ratio), 0);
	ck_assert_double_eq(ratio.value, 4);
	ck_assert(ratio.low < 4 && ratio.low >= 2 && ratio.high > 4 && ratio.high <= 6);
	ck_assert_int_eq(ratio_of_medians(value, 3, base, COUNT(base), RANDOM_SEED, &ratio), 0);
	ck_assert_double_eq(ratio.value, 4);
	ck_assert(isnan(ratio.low) && isnan(ratio.high));
	ck_assert_int_eq(ratio_of_medians(value, 1, base, COUNT(base), RANDOM_SEED, &ratio), 0);
	ck_assert(isnan(ratio.value));
}
END_TEST

/* A number between 0 and 1. */
static double draw(uint64_t *state)
{
	return (double)(next_random(state) >> 11) / (double)((uint64_t)1 << 53);
}

#define TRIALS 100
#define TRIAL_ROUNDS 15

/*
 * A method against itself, many times: two rows of the same noise, to the same
 * drift. 95 in 100 intervals should hold 1; a percentile bootstrap of 15
 * rounds is known to hold a little less, and far more or less is a mistake.
 */
START_TEST(interval_of_the_same_holds_1)
{
	uint64_t state = RANDOM_SEED;
	double value[TRIAL_ROUNDS], base[TRIAL_ROUNDS];
	struct estimate ratio;
	int held = 0;

	for (int trial = 0; trial < TRIALS; trial++) {
		for (int i = 0; i < TRIAL_ROUNDS; i++) {
			value[i] = (50 + i) * (1 + 0.1 * draw(&state));
			base[i] = (50 + i) * (1 + 0.1 * draw(&state));
		}
		ck_assert_int_eq(ratio_over_rounds(value, base, TRIAL_ROUNDS, next_random(&state),
						   &ratio), 0);
		held += ratio.low <= 1 && 1 <= ratio.high;
	}
	ck_assert_int_ge(held, 88);
	ck_assert_int_lt(held, TRIALS);
}
END_TEST

/* One that is 5 % slower, in noise of 3 %: it holds 1.05, and not 1. */
START_TEST(interval_tells_what_differs)
{
	uint64_t state = RANDOM_SEED;
	double value[2 * TRIAL_ROUNDS], base[2 * TRIAL_ROUNDS];
	struct estimate ratio;

	for (int i = 0; i < 2 * TRIAL_ROUNDS; i++) {
		value[i] = 1.05 * (1 + 0.03 * draw(&state));
		base[i] = 1 + 0.03 * draw(&state);
	}
	ck_assert_int_eq(ratio_over_rounds(value, base, 2 * TRIAL_ROUNDS, RANDOM_SEED, &ratio), 0);
	ck_assert_double_gt(ratio.low, 1.02);
	ck_assert_double_lt(ratio.low, 1.05);
	ck_assert_double_gt(ratio.high, 1.05);
	ck_assert_double_lt(ratio.high, 1.08);
}
END_TEST

static Suite *statistics_suite(void)
{
	Suite *suite = suite_create("statistics");
	TCase *all = tcase_create("all");

	/* sanitizers on a busy machine */
	tcase_set_timeout(all, 60);
	tcase_add_test(all, sorts_with_duplicates);
	tcase_add_test(all, quantiles_are_those_of_R);
	tcase_add_test(all, deciles_are_those_of_python);
	tcase_add_test(all, few_values);
	tcase_add_test(all, mean_of_few);
	tcase_add_test(all, ratio_is_taken_within_a_round);
	tcase_add_test(all, ratio_needs_both_of_a_round);
	tcase_add_test(all, ratio_of_medians_of_two_runs);
	tcase_add_test(all, random_numbers_are_those_of_python);
	tcase_add_test(all, interval_is_that_of_python);
	tcase_add_test(all, interval_of_the_same_holds_1);
	tcase_add_test(all, interval_tells_what_differs);
	suite_add_tcase(suite, all);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(statistics_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
