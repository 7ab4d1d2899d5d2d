/* SPDX-License-Identifier: MIT */
/* Pure: the builder that fronts add their steps with. */
#include "plan.h"

#include <sys/ioctl.h>

static const struct {
	short call;
	unsigned number;
	const char *name;
} rows[] = {
#define ROW(kind, number, name, call, posix, subject, shown) {call, number, name},
	STEPS(ROW)
#undef ROW
};

struct step *spu__add_step(struct plan *plan, enum step_kind kind, int index)
{
	struct step *step = &plan->steps[plan->count++];

	*step = (struct step){.kind = (unsigned char)kind, .number = rows[kind].call,
			      .index = index};
	return step;
}

void spu__add_step1(struct plan *plan, enum step_kind kind, int index, long a)
{
	spu__add_step(plan, kind, index)->arg[0] = a;
}

void spu__add_step3(struct plan *plan, enum step_kind kind, int index, long a, long b, long c)
{
	struct step *step = spu__add_step(plan, kind, index);

	step->arg[0] = a;
	step->arg[1] = b;
	step->arg[2] = c;
}

void spu__add_foreground(struct plan *plan, int index, int terminal)
{
	spu__add_step3(plan, STEP_FOREGROUND, index, terminal, TIOCSPGRP,
		       (long)(plan->group ? &plan->group : (const pid_t *)&plan->report.pid));
}

unsigned spu__step_number(enum step_kind kind)
{
	return rows[kind].number;
}

const char *spu__kind_name(enum step_kind kind)
{
	return rows[kind].name;
}

const char *spu_step_name(unsigned step)
{
	static const struct {
		unsigned number;
		const char *name;
	} others[] = {
		{SPU_STEP_OPTIONS, "options"},
		{SPU_STEP_PREPARE, "prepare"},
		{SPU_STEP_AUDIT, "audit"},
		{SPU_STEP_CLONE, "clone"},
		{SPU_STEP_POSIX_SPAWN, "posix_spawn"},
		{SPU_STEP_WAIT, "wait"},
		{SPU_STEP_SERVER, "server"},
	};
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].number == step)
			return others[i].name;
	for (i = 0; i < STEP_KINDS; i++)
		if (rows[i].number == step)
			return rows[i].name;
	return NULL;
}
