/* SPDX-License-Identifier: MIT */
/*
 * Pure: capabilities as steps. The permitted set stays what it is until exec: the child
 * may share the caller's memory, and who has less than the caller isn't to get at it.
 */
#include "capabilities.h"

#include <sys/prctl.h>

#define CAPABILITIES 63	/* as many as a set has bits for, but the sign */

int spu__sets_capabilities(const struct spu_options *options)
{
	return options->inheritable_caps.set || options->ambient_caps.set ||
	       options->bounding_set.set || options->securebits.set;
}

/* What is ambient is inheritable, too, or the kernel doesn't take it. */
static uint64_t find_inheritable(const struct spu_options *options,
				 const struct capabilities *own)
{
	if (options->inheritable_caps.set)
		return (uint64_t)options->inheritable_caps.value;
	return own->inheritable | (uint64_t)options->ambient_caps.value;
}

static void add_capset(struct plan *plan, enum step_kind kind, struct kernel_cap_sets sets[2],
		       uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	int i;

	for (i = 0; i < 2; i++)
		sets[i] = (struct kernel_cap_sets){(uint32_t)(effective >> 32 * i),
						   (uint32_t)(permitted >> 32 * i),
						   (uint32_t)(inheritable >> 32 * i)};
	plan->cap_head = (struct kernel_cap_head){KERNEL_CAP_VERSION_3, 0};
	spu__add_step3(plan, kind, -1, (long)&plan->cap_head, (long)sets, 0);
}

/*
 * Inheritable ones first: what isn't bounding any more can't be made inheritable. A
 * change of ids clears the permitted set else, and ambient ones come of that.
 */
void spu__add_capabilities_before_ids(struct plan *plan, const struct spu_options *options,
				      const struct capabilities *own)
{
	uint64_t inheritable = find_inheritable(options, own), dropped = 0;
	int number;

	if (options->inheritable_caps.set || inheritable != own->inheritable)
		add_capset(plan, STEP_INHERITABLE, plan->inheritable, own->effective,
			   own->permitted, inheritable);
	if (options->bounding_set.set)
		dropped = own->bounding & ~(uint64_t)options->bounding_set.value;
	for (number = 0; number < CAPABILITIES; number++)
		if (dropped >> number & 1)
			spu__add_step3(plan, STEP_BOUNDING, number, PR_CAPBSET_DROP, number, 0);
	if (options->uid.set && (options->ambient_caps.value || options->securebits.set))
		spu__add_step3(plan, STEP_KEEP_CAPS, -1, PR_SET_KEEPCAPS, 1, 0);
}

void spu__add_ambient(struct plan *plan, const struct spu_options *options)
{
	int number;

	if (options->ambient_caps.set)
		spu__add_step3(plan, STEP_AMBIENT_CLEAR, -1, PR_CAP_AMBIENT,
			       PR_CAP_AMBIENT_CLEAR_ALL, 0);
	for (number = 0; number < CAPABILITIES; number++)
		if (options->ambient_caps.value >> number & 1)
			spu__add_step3(plan, STEP_AMBIENT, number, PR_CAP_AMBIENT,
				       PR_CAP_AMBIENT_RAISE, number);
}

/*
 * Last of all, since they may forbid what comes before. The right to it is no longer in
 * effect where ids were changed; it alone comes back.
 */
void spu__add_securebits(struct plan *plan, const struct spu_options *options,
			 const struct capabilities *own)
{
	if (!options->securebits.set)
		return;
	if (options->uid.set)
		add_capset(plan, STEP_SECUREBITS_RIGHT, plan->securebits_right,
			   UINT64_C(1) << KERNEL_CAP_SETPCAP, own->permitted,
			   find_inheritable(options, own));
	spu__add_step3(plan, STEP_SECUREBITS, -1, PR_SET_SECUREBITS, options->securebits.value, 0);
}

size_t spu__bound_capabilities(const struct spu_options *options)
{
	return (options->bounding_set.set ? CAPABILITIES : 0) +
	       (size_t)__builtin_popcountll((uint64_t)options->ambient_caps.value);
}
