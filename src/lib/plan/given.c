/* SPDX-License-Identifier: MIT */
/* Pure: what a list of entries gives the child. */
#include "given.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "../error.h"

static int compare(const void *a, const void *b)
{
	const struct given *left = a, *right = b;

	return (left->fd > right->fd) - (left->fd < right->fd);
}

struct given *spu__find_given(struct given *given, size_t count, int fd)
{
	struct given key = {.fd = fd};

	return bsearch(&key, given, count, sizeof(key), compare);
}

const struct spu_fd *spu__find_pty(const struct spu_fd *entries)
{
	while (entries && entries->kind && entries->kind != SPU_FD_PTY)
		entries++;
	return entries && entries->kind ? entries : NULL;
}

size_t spu__count_entries(const struct spu_fd *entries)
{
	size_t count = 0;

	while (entries && entries[count].kind)
		count++;
	return count;
}

int spu__is_given(const struct spu_fd *entries, int fd)
{
	for (; entries && entries->kind; entries++)
		if (entries->fd == fd)
			return 1;
	return 0;
}

static struct given from_entry(const struct spu_fd *fd, int index, int end)
{
	struct given given = {.fd = fd->fd, .kind = GIVEN_MOVE, .source = end, .index = index,
			      .entry = fd->kind, .from = fd->from};

	switch (fd->kind) {
	case SPU_FD_KEEP:
		given.source = fd->fd;
		break;
	case SPU_FD_MAP:
		given.source = fd->from;
		break;
	case SPU_FD_SAME:
		given.kind = GIVEN_SAME;
		given.source = fd->from;
		break;
	case SPU_FD_OPEN:
		given.kind = GIVEN_OPEN;
		given.path = fd->path;
		given.flags = (fd->flags | O_NOCTTY) & ~O_CLOEXEC;
		given.mode = fd->mode;
		break;
	case SPU_FD_NULL:
		given.kind = GIVEN_OPEN;
		given.path = "/dev/null";
		given.flags = O_RDWR;
		break;
	case SPU_FD_CLOSE:
		given.kind = GIVEN_CLOSED;
		break;
	}
	return given;
}

/* 0 to 2, where they aren't listed. */
static size_t add_standard(struct given *given, size_t count)
{
	size_t listed = count, i;
	int fd;

	for (fd = 0; fd <= 2; fd++) {
		for (i = 0; i < listed && given[i].fd != fd; i++)
			;
		if (i == listed)
			given[count++] = (struct given){.fd = fd, .kind = GIVEN_INHERIT,
							.source = fd, .index = -1};
	}
	return count;
}

static int sort(struct given *given, size_t count, struct spu_error *ret_error)
{
	size_t i;

	for (i = 1; i < count; i++)
		if (given[i - 1].fd > given[i].fd)
			break;
	if (i < count)
		qsort(given, count, sizeof(*given), compare);
	for (i = 1; i < count; i++)
		if (given[i - 1].fd == given[i].fd)
			return spu__error(ret_error, EINVAL, SPU_STEP_OPTIONS, given[i].index,
					  "descriptor %d: given twice", given[i].fd);
	return 0;
}

/* What a chain of SAME ends in: NULL if that isn't listed, with its number. */
static struct given *find_end(struct given *given, size_t count, struct given *same, int *ret_fd)
{
	struct given *other = same;
	size_t hops;

	*ret_fd = same->source;
	for (hops = 0; hops <= count && other && other->kind == GIVEN_SAME; hops++) {
		*ret_fd = other->source;
		if (other->is_settled && hops > 0)
			break;
		other = spu__find_given(given, count, other->source);
	}
	return hops > count ? same : other;
}

static void settle(struct given *given, const struct given *end, int fd)
{
	given->is_settled = 1;
	if (!end || end->kind == GIVEN_INHERIT || end->kind == GIVEN_MOVE) {
		given->kind = GIVEN_MOVE;
		given->source = end ? end->source : fd;
	} else {
		given->source = end->kind == GIVEN_SAME ? end->source : end->fd;
	}
}

/* SAME is what the other is, which may be one too: all on the way are settled at once. */
static int settle_same(struct given *given, size_t count, struct given *same, int may_inherit,
		       struct spu_error *ret_error)
{
	int fd, next;
	struct given *end = find_end(given, count, same, &fd), *on_way;

	if ((!end && !may_inherit) ||
	    (end && (end->kind == GIVEN_CLOSED || (end->kind == GIVEN_SAME && !end->is_settled))))
		return spu__error(ret_error, EINVAL, SPU_STEP_OPTIONS, same->index,
				  "descriptor %d: same as %d, which the child doesn't get",
				  same->fd, same->from);
	for (on_way = same; on_way && on_way != end && on_way->kind == GIVEN_SAME &&
			    !on_way->is_settled;
	     on_way = spu__find_given(given, count, next)) {
		next = on_way->source;
		settle(on_way, end, fd);
	}
	return 0;
}

int spu__give(const struct spu_fd *entries, const int *ends, int may_inherit, struct given *ret,
	      struct spu_error *ret_error)
{
	size_t count = 0, i;
	int r;

	for (; entries && entries[count].kind; count++)
		ret[count] = from_entry(&entries[count], (int)count, ends[count]);
	count = add_standard(ret, count);
	r = sort(ret, count, ret_error);
	for (i = 0; i < count && r == 0; i++)
		if (ret[i].kind == GIVEN_SAME && !ret[i].is_settled)
			r = settle_same(ret, count, &ret[i], may_inherit, ret_error);
	return r < 0 ? r : (int)count;
}
