/* SPDX-License-Identifier: MIT */
#include "futex.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>

/* glibc's kinds (sysdeps/nptl/bits/struct_mutex.h, nptl/pthreadP.h) */
#define KIND_TYPE 3u
#define KIND_ROBUST 16u
#define KIND_SHARED 128u
#define KIND_ELISION (256u | 512u)

/* The operations that wait; all have a limit in the fourth argument, or NULL there. */
int futex_waits(unsigned operation)
{
	operation &= (unsigned)FUTEX_CMD_MASK;
	return operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET ||
	       operation == FUTEX_WAIT_REQUEUE_PI || operation == FUTEX_LOCK_PI ||
	       operation == 13;	/* FUTEX_LOCK_PI2, since Linux 5.14 */
}

int futex_decode(const struct process_call *call, struct futex *ret)
{
	unsigned operation = (unsigned)call->arguments[1];

	if (call->number != SYS_futex || !futex_waits(operation))
		return 0;
	*ret = (struct futex){
		.address = call->arguments[0],
		.operation = operation & (unsigned)FUTEX_CMD_MASK,
		.expected = (uint32_t)call->arguments[2],
		.is_private = (operation & FUTEX_PRIVATE_FLAG) != 0,
		.has_limit = call->arguments[3] != 0,
	};
	return 1;
}

/* The word of a robust mutex holds its owner: by the kernel's rules, not glibc's alone. */
static pid_t owner_in_word(uint32_t word, uint32_t owner)
{
	return (word & FUTEX_TID_MASK) == owner ? (pid_t)owner : 0;
}

static pid_t owner_beside(const struct futex *futex, const uint32_t *words, int is_recursive)
{
	int is_locked = words[0] == 1 || words[0] == 2;
	int has_count = words[1] != 0;

	if (futex->operation != FUTEX_WAIT && futex->operation != FUTEX_WAIT_BITSET)
		return 0;
	/* who waits for such a mutex waits until its word isn't 2 */
	return is_locked && futex->expected == 2 && has_count == is_recursive ? (pid_t)words[2] : 0;
}

const char *mutex_decode(const struct futex *futex, const uint32_t words[MUTEX_WORDS],
			 pid_t *ret_owner)
{
	static const char *const types[] = {"normal", "recursive", "error-checking", "adaptive"};
	uint32_t kind = words[4], type = kind & KIND_TYPE;
	pid_t owner;

	if (kind & ~(KIND_TYPE | KIND_ROBUST | KIND_SHARED | KIND_ELISION))
		return NULL;	/* no mutex, or one with a priority protocol: not for us */
	if ((int32_t)words[2] <= 0 || words[3] == 0)
		return NULL;
	if (kind & KIND_ROBUST)
		owner = owner_in_word(words[0], words[2]);
	else
		owner = owner_beside(futex, words, type == 1);
	if (owner <= 0)
		return NULL;
	*ret_owner = owner;
	return types[type];
}
