/* SPDX-License-Identifier: MIT */
#include "stall_bench.h"

#include "common/message.h"
#include "doubts.h"
#include "stall_report.h"
#include "worker.h"

/* All that was measured is printed, however the measuring ended. */
static int report(struct bench *bench, const struct shape *shape,
		  const struct conditions *conditions, const struct stall *stalls)
{
	int r = 0;

	for (size_t i = 0; i < bench->target_count && r == 0; i++) {
		struct stall_table table;

		r = stall_table_init(&table, shape, bench->targets[i].text,
				     bench->options->methods, &stalls[i]);
		if (r < 0) {
			say_errno(r, "the tables");
			return r;
		}
		table.frame.conditions = *conditions;
		/* Without figures there are doubts about the machine only. */
		doubts_find(&table.frame, bench->load, bench->machine.processors, 0, 1);
		r = output_stall(&bench->output, &table);
		stall_table_clear(&table);
	}
	return r;
}

int stall_bench(struct bench *bench, const struct shape *shape, const struct ticker *ticker,
		uint64_t deadline)
{
	const struct options *options = bench->options;
	struct stall stalls[LIST_MAX];
	struct work work = {
		.shape = shape, .methods = options->methods, .targets = bench->targets,
		.stalls = stalls, .count = bench->target_count, .processor = -1,
		.timeout = options->timeout, .deadline = deadline, .ticker = ticker,
	};
	struct conditions conditions;
	size_t ready = 0;
	int r = 0;

	while (ready < bench->target_count && r == 0) {
		r = stall_init(&stalls[ready], options->method_count, options->rounds,
			       options->launches, options->rate);
		ready += r == 0;
	}
	if (r < 0)
		say_errno(r, "memory for the samples");
	else
		r = worker_run(&work, &conditions);
	if (ready == bench->target_count && report(bench, shape, &conditions, stalls) < 0 && r == 0)
		r = -1;
	while (ready > 0)
		stall_clear(&stalls[--ready]);
	return r;
}
