/* SPDX-License-Identifier: MIT */
/* Compiled, and what the linker makes of it is what spawnaudit_view begins with. */

struct job {
	int number;
	const char *name;
};

int run(struct job *job, int count);

static int step(struct job *job, int more)
{
	job->number += more;
	return job->name[job->number & 3];
}

int run(struct job *job, int count)
{
	int sum = 0;

	while (count-- > 0)
		sum += step(job, count);
	return sum;
}
