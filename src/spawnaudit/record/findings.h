/* SPDX-License-Identifier: MIT */
/* The words for what is found: the same in all modes, in text, JSON and the manual. */
#ifndef SPAWNAUDIT_FINDINGS_H
#define SPAWNAUDIT_FINDINGS_H

enum finding {
	FINDING_LEAK,
	FINDING_UNSAFE_FORK,
	FINDING_NO_EXEC,
	FINDING_STUCK,
	FINDING_HELD_UP,
	FINDING_RACE,		/* of a place, not of a launch */
	FINDING_KINDS,
};

struct finding_words {
	const char *name;	/* as JSON and options have it */
	const char *why;	/* one line, no full stop */
	const char *mend;	/* the same: the call or the flag */
};

/* By enum finding. */
extern const struct finding_words finding_words[FINDING_KINDS];

/* All names, a space before each. */
const char *finding_names(void);

#endif
