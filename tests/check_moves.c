/* SPDX-License-Identifier: MIT */
/*
 * The order of moves, on a simulated table: what a list of moves makes of it
 * against what simultaneous assignment would.
 */
#include "lib/plan/given.h"
#include "support.h"

#define TABLE 64
#define MAX_GIVEN 48

/* The content of number n before is n + 1; 0 is "closed". */
struct table {
	int content[TABLE];
	int spare;
	int spares_used;
};

static void fill(struct table *table)
{
	int i;

	*table = (struct table){.spare = 0};
	for (i = 0; i < TABLE; i++)
		table->content[i] = i + 1;
}

static void apply(struct table *table, const struct move *move)
{
	switch (move->kind) {
	case MOVE_KEEP:
		ck_assert_int_eq(move->fd, move->source);
		break;
	case MOVE_DUP:
		table->content[move->fd] = table->content[move->source];
		break;
	case MOVE_SAVE:
		ck_assert_msg(table->spare == 0, "a second spare while one is in use");
		table->spare = table->content[move->source];
		table->spares_used++;
		break;
	case MOVE_RESTORE:
		ck_assert_msg(table->spare != 0, "nothing was saved");
		table->content[move->fd] = table->spare;
		break;
	case MOVE_DROP:
		ck_assert_msg(table->spare != 0, "dropped twice");
		table->spare = 0;
		break;
	}
}

/* Orders, applies, compares with the model; returns how many moves, and spares in *ret_spares. */
static int check_moves(const struct given *given, size_t count, int *ret_spares)
{
	struct move moves[3 * MAX_GIVEN];
	struct table table, model;
	int i, move_count = spu__order_moves(given, count, moves);
	size_t g;

	ck_assert_int_ge(move_count, 0);
	ck_assert_int_le(move_count, (int)(3 * count));
	fill(&table);
	for (i = 0; i < move_count; i++)
		apply(&table, &moves[i]);
	ck_assert_int_eq(table.spare, 0);
	fill(&model);
	for (g = 0; g < count; g++)
		if (given[g].kind == GIVEN_MOVE)
			model.content[given[g].fd] = given[g].source + 1;
	for (i = 0; i < TABLE; i++)
		ck_assert_msg(table.content[i] == model.content[i], "%d holds %d, not %d", i,
			      table.content[i] - 1, model.content[i] - 1);
	if (ret_spares)
		*ret_spares = table.spares_used;
	return move_count;
}

/* {target, source} pairs, ascending by target; ended by {-1} */
static int check_pairs(const int (*pairs)[2], int *ret_spares)
{
	struct given given[MAX_GIVEN];
	size_t count;

	for (count = 0; pairs[count][0] >= 0; count++)
		given[count] = (struct given){.fd = pairs[count][0], .kind = GIVEN_MOVE,
					      .source = pairs[count][1], .index = (int)count};
	return check_moves(given, count, ret_spares);
}

#define PAIRS(...) ((const int[][2]){__VA_ARGS__, {-1, -1}})

START_TEST(nothing_to_move_makes_no_move)
{
	struct given given[] = {{.fd = 0, .kind = GIVEN_INHERIT}, {.fd = 1, .kind = GIVEN_OPEN},
				{.fd = 2, .kind = GIVEN_CLOSED}, {.fd = 5, .kind = GIVEN_SAME}};

	ck_assert_int_eq(check_moves(given, 4, NULL), 0);
	ck_assert_int_eq(check_moves(given, 0, NULL), 0);
}
END_TEST

START_TEST(one_in_place_only_loses_close_on_exec)
{
	struct given given = {.fd = 7, .kind = GIVEN_MOVE, .source = 7, .index = 3};
	struct move moves[3];

	ck_assert_int_eq(spu__order_moves(&given, 1, moves), 1);
	ck_assert_int_eq(moves[0].kind, MOVE_KEEP);
	ck_assert_int_eq(moves[0].fd, 7);
	ck_assert_int_eq(moves[0].given->index, 3);
}
END_TEST

START_TEST(a_swap_goes_through_one_spare)
{
	int spares;

	ck_assert_int_eq(check_pairs(PAIRS({1, 2}, {2, 1}), &spares), 4);
	ck_assert_int_eq(spares, 1);
}
END_TEST

START_TEST(each_cycle_uses_the_spare_once)
{
	int spares;

	ck_assert_int_eq(check_pairs(PAIRS({1, 2}, {2, 3}, {3, 1}), &spares), 5);
	ck_assert_int_eq(spares, 1);
	check_pairs(PAIRS({1, 2}, {2, 1}, {4, 5}, {5, 6}, {6, 4}, {8, 9}, {9, 8}), &spares);
	ck_assert_int_eq(spares, 3);
}
END_TEST

START_TEST(interleaved_cycles_do_not_mix)
{
	int spares;

	check_pairs(PAIRS({1, 5}, {2, 6}, {3, 7}, {5, 2}, {6, 3}, {7, 1}, {10, 12}, {12, 10}),
		    &spares);
	ck_assert_int_eq(spares, 2);
	check_pairs(PAIRS({0, 3}, {1, 2}, {2, 1}, {3, 0}), &spares);
	ck_assert_int_eq(spares, 2);
}
END_TEST

START_TEST(a_chain_needs_no_spare)
{
	int spares;

	ck_assert_int_eq(check_pairs(PAIRS({3, 4}, {4, 5}, {5, 6}, {6, 7}), &spares), 4);
	ck_assert_int_eq(spares, 0);
	ck_assert_int_eq(check_pairs(PAIRS({4, 3}, {5, 4}, {6, 5}, {7, 6}), &spares), 4);
	ck_assert_int_eq(spares, 0);
}
END_TEST

START_TEST(a_fan_reads_its_source_before_it_is_overwritten)
{
	int spares;

	check_pairs(PAIRS({3, 9}, {4, 3}, {5, 3}, {6, 3}, {7, 3}), &spares);
	ck_assert_int_eq(spares, 0);
}
END_TEST

START_TEST(a_fan_out_of_a_cycle_breaks_nothing)
{
	int spares;

	check_pairs(PAIRS({1, 2}, {2, 1}, {10, 1}, {11, 2}, {12, 10}), &spares);
	/* 10 holds a copy, but which one need not be known: no more than one spare */
	ck_assert_int_le(spares, 1);
}
END_TEST

START_TEST(every_move_says_which_entry_it_is_for)
{
	struct given given[] = {
		{.fd = 1, .kind = GIVEN_MOVE, .source = 2, .index = 10},
		{.fd = 2, .kind = GIVEN_MOVE, .source = 1, .index = 11},
		{.fd = 5, .kind = GIVEN_MOVE, .source = 6, .index = 12},
		{.fd = 9, .kind = GIVEN_MOVE, .source = 9, .index = 13},
	};
	struct move moves[12];
	int count = spu__order_moves(given, 4, moves), i, g;

	for (i = 0; i < count; i++) {
		for (g = 0; g < 4 && given[g].index != moves[i].given->index; g++)
			;
		ck_assert_int_lt(g, 4);
		if (moves[i].kind == MOVE_SAVE)
			ck_assert_int_eq(moves[i].source, given[g].fd);
		else
			ck_assert_int_eq(moves[i].fd, given[g].fd);
	}
}
END_TEST

START_TEST(a_ring_of_thousands_is_ordered)
{
	enum { COUNT = 20000 };
	struct given *given = calloc(COUNT, sizeof(*given));
	struct move *moves = calloc(3 * COUNT, sizeof(*moves));
	int i;

	for (i = 0; i < COUNT; i++)
		given[i] = (struct given){.fd = i, .kind = GIVEN_MOVE, .source = (i + 1) % COUNT};
	ck_assert_int_eq(spu__order_moves(given, COUNT, moves), COUNT + 2);
	free(given);
	free(moves);
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Small numbers make many cycles, large ones many chains; sources need not be targets. */
START_TEST(random_sets_equal_simultaneous_assignment)
{
	uint32_t state = 2463534242u;
	int round, cyclic = 0, spares;

	for (round = 0; round < 20000; round++) {
		struct given given[MAX_GIVEN];
		int span = 2 + (int)(next_random(&state) % (TABLE - 2)), fd;
		size_t count = 0;

		for (fd = 0; fd < span && count < MAX_GIVEN; fd++) {
			uint32_t dice = next_random(&state) % 8;

			if (dice == 0)
				continue;
			given[count] = (struct given){
				.fd = fd, .kind = dice == 1 ? GIVEN_OPEN : GIVEN_MOVE,
				.source = (int)(next_random(&state) % (uint32_t)span),
				.index = (int)count};
			count++;
		}
		check_moves(given, count, &spares);
		cyclic += spares > 0;
	}
	/* the sets are worth something: many of them had cycles */
	ck_assert_int_gt(cyclic, 2000);
}
END_TEST

/* A permutation is nothing but cycles: as many spares as cycles longer than one. */
START_TEST(random_permutations_use_a_spare_a_cycle)
{
	uint32_t state = 88172645u;
	int round;

	for (round = 0; round < 3000; round++) {
		struct given given[MAX_GIVEN];
		int size = 2 + (int)(next_random(&state) % (MAX_GIVEN - 2)), i, spares, cycles = 0;
		int seen[MAX_GIVEN] = {0};

		for (i = 0; i < size; i++)
			given[i] = (struct given){.fd = i, .kind = GIVEN_MOVE, .source = i};
		for (i = size - 1; i > 0; i--) {
			int j = (int)(next_random(&state) % (uint32_t)(i + 1));
			int source = given[i].source;

			given[i].source = given[j].source;
			given[j].source = source;
		}
		for (i = 0; i < size; i++) {
			int at = i, length = 0;

			for (; !seen[at]; at = given[at].source, length++)
				seen[at] = 1;
			cycles += length > 1;
		}
		check_moves(given, (size_t)size, &spares);
		ck_assert_int_eq(spares, cycles);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("moves");
	TCase *tests = tcase_create("order");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, nothing_to_move_makes_no_move);
	tcase_add_test(tests, one_in_place_only_loses_close_on_exec);
	tcase_add_test(tests, a_swap_goes_through_one_spare);
	tcase_add_test(tests, each_cycle_uses_the_spare_once);
	tcase_add_test(tests, interleaved_cycles_do_not_mix);
	tcase_add_test(tests, a_chain_needs_no_spare);
	tcase_add_test(tests, a_fan_reads_its_source_before_it_is_overwritten);
	tcase_add_test(tests, a_fan_out_of_a_cycle_breaks_nothing);
	tcase_add_test(tests, every_move_says_which_entry_it_is_for);
	tcase_add_test(tests, a_ring_of_thousands_is_ordered);
	tcase_add_test(tests, random_sets_equal_simultaneous_assignment);
	tcase_add_test(tests, random_permutations_use_a_spare_a_cycle);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
