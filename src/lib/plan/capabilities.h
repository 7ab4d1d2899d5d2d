/* SPDX-License-Identifier: MIT */
/* The steps of inheritable_caps, ambient_caps, bounding_set and securebits. */
#ifndef LIB_CAPABILITIES_H
#define LIB_CAPABILITIES_H

#include "plan.h"

/* The calling thread's, as far as the options need them. */
struct capabilities {
	uint64_t effective, permitted, inheritable, bounding;
};

/* Do the options say anything about them? */
int spu__sets_capabilities(const struct spu_options *options);

/* In this order; the ids lie between the first two. */
void spu__add_capabilities_before_ids(struct plan *plan, const struct spu_options *options,
				      const struct capabilities *own);
void spu__add_ambient(struct plan *plan, const struct spu_options *options);
void spu__add_securebits(struct plan *plan, const struct spu_options *options,
			 const struct capabilities *own);

/* An upper bound for the number of steps, beside one of each kind. */
size_t spu__bound_capabilities(const struct spu_options *options);

#endif
