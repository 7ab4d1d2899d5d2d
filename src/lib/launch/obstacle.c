/* SPDX-License-Identifier: MIT */
/* Looks at what exec would read: "#!" lines, and the loader that a program names. */
#include "obstacle.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "../plan/path.h"

/* How many "#!" lines exec follows; and of how many headers a loader is looked for in. */
enum { INTERPRETERS = 5, HEADERS = 64 };

struct file {
	int err;		/* why it can't be looked at */
	mode_t mode;
	int is_noexec;		/* where it lies, nothing is executed */
	int fd;			/* -1: it can't be read */
	char head[256];
	size_t size;		/* of head */
};

static void look(int directory, const char *path, struct file *ret)
{
	int fd = openat(directory, path, O_PATH | O_CLOEXEC);
	struct statvfs system;
	struct stat st;
	ssize_t got;

	ret->fd = -1;
	ret->err = 0;
	ret->size = 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		ret->err = errno;
	ret->mode = ret->err ? 0 : st.st_mode;
	ret->is_noexec = !ret->err && fstatvfs(fd, &system) == 0 && system.f_flag & ST_NOEXEC;
	if (fd >= 0)
		close(fd);
	if (!S_ISREG(ret->mode))
		return;
	ret->fd = openat(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	got = ret->fd < 0 ? -1 : read(ret->fd, ret->head, sizeof(ret->head));
	ret->size = got > 0 ? (size_t)got : 0;
}

static void end_look(struct file *file)
{
	if (file->fd >= 0)
		close(file->fd);
}

static int starts_with(const struct file *file, const char *start)
{
	size_t length = strlen(start);

	return file->size >= length && memcmp(file->head, start, length) == 0;
}

/* What the kernel calls an unknown format. A shell would run the last of them itself. */
static const char *remark_on_format(const struct file *file)
{
	static const struct {
		const char *start, *remark;
	} formats[] = {
		{"\177ELF", ": not for this machine, or damaged"},
		{"\357\273\277#!", ": a byte order mark before its \"#!\""},
		{"#!", ": no interpreter behind its \"#!\""},
		{"", ": no \"#!\" line"},
	};
	size_t i = 0;

	if (file->size == 0)
		return ": it is empty";
	while (!starts_with(file, formats[i].start))
		i++;
	return formats[i].remark;
}

static const char *remark_on_mode(const struct file *file)
{
	return S_ISDIR(file->mode) ? ": a directory" :
	       !(file->mode & 0111) ? ": not executable" :
	       file->is_noexec ? ": on a file system mounted noexec" : NULL;
}

/* NULL: err isn't about this file. */
static const char *remark_on(const struct file *file, int err, int names_another)
{
	if (file->err)
		return file->err == err || err == ENOENT ? "" : NULL;
	if (err == EACCES)
		return remark_on_mode(file);
	return err == ENOEXEC && file->fd >= 0 && !names_another ? remark_on_format(file) : NULL;
}

/* The loader's path, of a program for 32 or 64 bits. */
#define DEFINE_READ_LOADER(bits) \
	static int read_loader_##bits(const struct file *file, char *ret, size_t size) \
	{ \
		Elf##bits##_Ehdr elf; \
		Elf##bits##_Phdr header; \
		off_t at; \
		int i; \
\
		memcpy(&elf, file->head, sizeof(elf)); \
		for (i = 0, at = (off_t)elf.e_phoff; \
		     i < elf.e_phnum && i < HEADERS && \
		     pread(file->fd, &header, sizeof(header), at) == sizeof(header); \
		     i++, at += (off_t)sizeof(header)) \
			if (header.p_type == PT_INTERP && header.p_filesz <= size) \
				return pread(file->fd, ret, header.p_filesz, \
					     (off_t)header.p_offset) > 0; \
		return 0; \
	}
DEFINE_READ_LOADER(32)
DEFINE_READ_LOADER(64)

static int read_loader(const struct file *file, char *ret, size_t size)
{
	memset(ret, 0, size);
	if (file->fd < 0 || file->size < sizeof(Elf64_Ehdr) || !starts_with(file, ELFMAG))
		return 0;
	return file->head[EI_CLASS] == ELFCLASS32 ? read_loader_32(file, ret, size - 1)
						  : read_loader_64(file, ret, size - 1);
}

static int lacks_loader(int directory, const struct file *file, struct obstacle *ret)
{
	struct stat st;

	return read_loader(file, ret->path, sizeof(ret->path)) &&
	       fstatat(directory, ret->path, &st, 0) < 0 && errno == ENOENT;
}

int spu__find_obstacle(const char *cwd, const char *program, int err, struct obstacle *ret)
{
	int directory = cwd ? open(cwd, O_PATH | O_DIRECTORY | O_CLOEXEC) : AT_FDCWD;
	const char *path = program;
	char next[sizeof(ret->path)];
	struct file file;
	int names_another;

	memset(ret, 0, sizeof(*ret));
	for (;;) {
		look(directory, path, &file);
		names_another = !spu__parse_interpreter(file.head, file.size, next, sizeof(next));
		ret->remark = remark_on(&file, err, names_another);
		if (ret->remark || !names_another || ret->interpreters == INTERPRETERS)
			break;
		end_look(&file);
		path = memcpy(ret->path, next, sizeof(next));
		ret->interpreters++;
	}
	if (!ret->remark && err == ENOEXEC && ret->interpreters > 0)
		ret->remark = "";	/* it can't be read */
	if (!ret->remark && err == ELOOP && names_another) {
		ret->interpreters = 0;
		ret->remark = ": too many interpreters that are scripts";
	}
	if (!ret->remark && err == ENOENT && lacks_loader(directory, &file, ret)) {
		ret->is_loader = 1;
		ret->remark = "";
	}
	end_look(&file);
	if (directory >= 0)
		close(directory);
	return ret->remark ? 0 : -ENOENT;
}
