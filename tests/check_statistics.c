/* SPDX-License-Identifier: MIT */
/*
 * Order statistics, against values computed elsewhere:
 *
 *	cars	R 4, quantile(mtcars$mpg) and quantile(mtcars$mpg, c(.1, .9)), and
 *		the same with Python 3.11, statistics.quantiles(method="inclusive")
 *	pi	Python 3.11, statistics.quantiles([3,1,4,1,5,9,2,6,5,3], n=10,
 *		method="inclusive") and statistics.median()
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

START_TEST(median_leaves_out_empty_rounds)
{
	const double rounds[] = {5, NAN, 1, 3, NAN, 4};
	const double none[] = {NAN, NAN};
	double median;

	ck_assert_int_eq(median_over_rounds(rounds, COUNT(rounds), &median), 0);
	ck_assert_double_eq(median, 3.5);
	ck_assert_double_eq(rounds[0], 5);
	ck_assert_int_eq(median_over_rounds(none, COUNT(none), &median), 0);
	ck_assert(isnan(median));
	ck_assert_int_eq(median_over_rounds(NULL, 0, &median), 0);
	ck_assert(isnan(median));
}
END_TEST

START_TEST(ratio_is_taken_within_a_round)
{
	/* The machine becomes three times slower: each round's ratio is 2 still. */
	const double base[] = {10, 10, 30, 30, 30};
	const double value[] = {20, 20, 60, 60, 60};
	double ratio;

	ck_assert_int_eq(ratio_over_rounds(value, base, COUNT(base), &ratio), 0);
	ck_assert_double_eq(ratio, 2);
	ck_assert_int_eq(ratio_over_rounds(base, base, COUNT(base), &ratio), 0);
	ck_assert_double_eq(ratio, 1);
}
END_TEST

START_TEST(ratio_needs_both_of_a_round)
{
	const double base[] = {10, NAN, 10, 0};
	const double value[] = {NAN, 20, 40, 50};
	double ratio;

	ck_assert_int_eq(ratio_over_rounds(value, base, COUNT(base), &ratio), 0);
	ck_assert_double_eq(ratio, 4);
	ck_assert_int_eq(ratio_over_rounds(value, base, 2, &ratio), 0);
	ck_assert(isnan(ratio));
}
END_TEST

static Suite *statistics_suite(void)
{
	Suite *suite = suite_create("statistics");
	TCase *all = tcase_create("all");

	tcase_add_test(all, sorts_with_duplicates);
	tcase_add_test(all, quantiles_are_those_of_R);
	tcase_add_test(all, deciles_are_those_of_python);
	tcase_add_test(all, few_values);
	tcase_add_test(all, median_leaves_out_empty_rounds);
	tcase_add_test(all, ratio_is_taken_within_a_round);
	tcase_add_test(all, ratio_needs_both_of_a_round);
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
