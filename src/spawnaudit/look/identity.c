/* SPDX-License-Identifier: MIT */
#include "identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The attributes that are known already: a file server that hangs isn't asked. */
static int look(int directory, const char *name, int flags, struct statx *ret)
{
	return statx(directory, name, flags | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		     STATX_TYPE | STATX_MODE | STATX_INO, ret);
}

/* All descriptors without a file share an inode: what the link says tells kinds apart. */
static unsigned hash(const char *text)
{
	unsigned sum = 2166136261u;

	while (*text)
		sum = (sum ^ (unsigned char)*text++) * 16777619u;
	return sum;
}

static void read_below(int directory, const char *name, struct identity *ret)
{
	struct statx file, link;
	char target[64] = "";

	*ret = (struct identity){0};
	if (look(directory, name, 0, &file) < 0 ||
	    look(directory, name, AT_SYMLINK_NOFOLLOW, &link) < 0)
		return;
	ret->device = (uint64_t)file.stx_dev_major << 32 | file.stx_dev_minor;
	ret->inode = file.stx_ino;
	/* the rights of the link are those with which the file was opened */
	ret->mode = (unsigned)(file.stx_mode & S_IFMT) | (link.stx_mode & 0700u) >> 6;
	if (readlinkat(directory, name, target, sizeof(target) - 1) > 0 &&
	    strncmp(target, "anon_inode:", 11) == 0)
		ret->mode ^= hash(target) << 16;
}

void identity_read(int directory, int fd, struct identity *ret)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", fd);
	read_below(directory, name, ret);
}

void identity_of(pid_t tid, int fd, struct identity *ret)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)tid, fd);
	read_below(AT_FDCWD, path, ret);
}

int identity_is_same(const struct identity *one, const struct identity *other)
{
	return one->inode && one->device == other->device && one->inode == other->inode &&
	       one->mode == other->mode;
}

int descriptor_flags(pid_t tid, int fd)
{
	char path[48], text[128] = "";
	const char *at;
	unsigned flags;
	int info;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)tid, fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return -1;
	if (read(info, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(info);
	at = strstr(text, "flags:");
	return at && sscanf(at, "flags: %o", &flags) == 1 ? (int)flags : -1;
}
