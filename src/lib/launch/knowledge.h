/* SPDX-License-Identifier: MIT */
/*
 * What launches in this process have taught. Who reads late only takes the
 * slower way once more.
 */
#ifndef LIB_KNOWLEDGE_H
#define LIB_KNOWLEDGE_H

/* Of launches so far: 1, they shared memory; 0, they didn't; -1, there were none. */
int spu__memory_is_shared(void);
void spu__learn_memory(int is_shared);

/* Which of the ways to call clone (flight.c) works: an index. */
unsigned spu__known_way(void);
void spu__learn_way(unsigned way);

enum feature {
	FEATURE_UNSHARE,	/* close_range with CLOSE_RANGE_UNSHARE */
	FEATURE_FETCH,		/* pidfd_open, pidfd_getfd */
	FEATURE_CLOSE_RANGE,
	FEATURE_BIRTH,		/* CLONE_INTO_CGROUP */
	FEATURES
};

int spu__may_use(enum feature feature);

/*
 * It was refused with err. A right that is missing (EPERM: the dumpable flag is
 * cleared for a moment, say) may come back, so that it is tried again after some
 * launches that spu__skip() says would have used it.
 */
void spu__learn_refusal(enum feature feature, int err);
void spu__skip(enum feature feature);

#endif
