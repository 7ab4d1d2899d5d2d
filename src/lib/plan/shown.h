/* SPDX-License-Identifier: MIT */
/* Steps in words: as a subject of an error, and as the system call in strace's notation. */
#ifndef LIB_SHOWN_H
#define LIB_SHOWN_H

#include "../text.h"
#include "plan.h"

/* "chdir /srv": what the step was about to do. */
void spu__show_subject(struct text *text, const struct step *step);

/* "open 0</srv/in": the entry that made it. */
void spu__show_given(struct text *text, const struct given *given);

/* "chdir("/srv")" */
void spu__show_call(struct text *text, const struct step *step);

/* A line a step, numbered from 1; and, of its last one, a line a candidate. */
void spu__show_plan(struct text *text, const struct plan *plan);

/* Names of flags, with "|" between; what isn't named is a number. */
struct flag_name {
	const char *name;
	uint64_t bit;
};
void spu__show_flags(struct text *text, uint64_t flags, const struct flag_name *names,
		     size_t count, const char *separator);

#endif
