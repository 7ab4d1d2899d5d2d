/* SPDX-License-Identifier: MIT */
#include "fdlist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "common/message.h"
#include "exit_status.h"

static void *grow(void *array, size_t count, size_t size)
{
	void *grown = reallocarray(array, count, size);

	if (!grown)
		die_errno(EXIT_SETUP, ENOMEM, "list of descriptors");
	return grown;
}

const struct spu_fd *fd_list_find(const struct fd_list *list, int fd)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].fd == fd)
			return &list->entries[i];
	return NULL;
}

static int is_source(const struct fd_list *list, int fd)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].kind == SPU_FD_MAP && list->entries[i].from == fd)
			return 1;
	return 0;
}

void fd_list_set(struct fd_list *list, int kind, int fd, int from)
{
	struct spu_fd *entry = (struct spu_fd *)fd_list_find(list, fd);

	if (!entry) {
		list->entries = grow(list->entries, list->count + 2, sizeof(*entry));
		entry = &list->entries[list->count++];
		entry[1] = (struct spu_fd){0};
	}
	if (kind == SPU_FD_MAP && fd == from)
		kind = SPU_FD_KEEP;
	*entry = (struct spu_fd){.kind = kind, .fd = fd, .from = kind == SPU_FD_MAP ? from : 0};
}

void fd_list_name(struct fd_list *list, int fd)
{
	list->named = grow(list->named, list->named_count + 1, sizeof(*list->named));
	list->named[list->named_count++] = fd;
}

int fd_list_mentions(const struct fd_list *list, int fd)
{
	for (size_t i = 0; i < list->named_count; i++)
		if (list->named[i] == fd)
			return 1;
	return fd_list_find(list, fd) || is_source(list, fd);
}

int fd_was_inherited(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags >= 0 && !(flags & FD_CLOEXEC);
}
