/* SPDX-License-Identifier: MIT */
/* Runtimes told by the names of mapped files, and Go by the sections of any. */
#include "runtimes.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_file.h"
#include "process.h"

static const struct known {
	const char *pattern;	/* of the file's name without directories */
	const char *name;
	int is_program;		/* counts for the executable only */
	int has_threads;
} by_name[] = {
	{"libjvm.so", "JVM", 0, 1},
	{"libcoreclr.so", "CoreCLR", 0, 1},
	{"libpython[23]*.so*", "CPython", 0, 0},
	{"libnode.so*", "Node", 0, 1},
	{"python", "CPython", 1, 0},
	{"python[23]*", "CPython", 1, 0},
	{"node", "Node", 1, 1},
	{"nodejs", "Node", 1, 1},
};

static const struct known go = {.name = "Go", .has_threads = 1};

/* Files that have been looked into: whether they hold a Go runtime. */
static struct seen {
	struct process_mapping mapping;	/* one of them; its name is gone */
	int is_go;
} *seen;
static size_t seen_count;

struct look {
	pid_t pid;
	char program[PATH_MAX];
	struct runtimes *runtimes;
};

static int is_go(const struct look *look, const struct process_mapping *mapping)
{
	struct seen *grown;
	int fd, found;

	for (size_t i = 0; i < seen_count; i++)
		if (process_maps_same(&seen[i].mapping, mapping))
			return seen[i].is_go;
	fd = process_open_mapping(look->pid, mapping);
	if (fd < 0)
		return 0;	/* not remembered: another process may show it */
	found = elf_file_has_go(fd);
	close(fd);
	grown = reallocarray(seen, seen_count + 1, sizeof(*seen));
	if (!grown)
		return found;
	seen = grown;
	seen[seen_count++] = (struct seen){*mapping, found};
	return found;
}

static const struct known *find_known(const struct look *look,
				      const struct process_mapping *mapping)
{
	const char *slash = strrchr(mapping->name, '/');
	char name[NAME_MAX + 1];
	char *deleted;

	snprintf(name, sizeof(name), "%s", slash ? slash + 1 : mapping->name);
	deleted = strstr(name, " (deleted)");
	if (deleted)
		*deleted = '\0';
	for (size_t i = 0; i < sizeof(by_name) / sizeof(by_name[0]); i++)
		if (fnmatch(by_name[i].pattern, name, 0) == 0 &&
		    (!by_name[i].is_program || strcmp(mapping->name, look->program) == 0))
			return &by_name[i];
	return is_go(look, mapping) ? &go : NULL;
}

/* One entry for each runtime: the first file. */
static int look_at(void *context, const struct process_mapping *mapping)
{
	struct look *look = context;
	struct runtimes *runtimes = look->runtimes;
	const struct known *known;
	char *file;

	if (*mapping->name != '/' || !mapping->inode || !mapping->is_executable)
		return 0;
	known = find_known(look, mapping);
	if (!known || runtimes->count == RUNTIMES_MAX)
		return 0;
	for (size_t i = 0; i < runtimes->count; i++)
		if (strcmp(runtimes->list[i].name, known->name) == 0)
			return 0;
	file = strdup(mapping->name);
	if (!file)
		return -ENOMEM;
	runtimes->list[runtimes->count++] = (struct runtime){known->name, known->has_threads, file};
	return 0;
}

int runtimes_find(pid_t pid, struct runtimes *ret)
{
	struct look look = {.pid = pid, .runtimes = ret};
	int r;

	*ret = (struct runtimes){0};
	r = process_program(pid, look.program, sizeof(look.program));
	if (r == 0)
		r = process_maps(pid, look_at, &look);
	if (r < 0)
		runtimes_clear(ret);
	return r;
}

void runtimes_clear(struct runtimes *runtimes)
{
	for (size_t i = 0; i < runtimes->count; i++)
		free(runtimes->list[i].file);
	*runtimes = (struct runtimes){0};
}
