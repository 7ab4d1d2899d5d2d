/* SPDX-License-Identifier: MIT */
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "process.h"

struct reading {
	FILE *text;
	const struct registers *registers;
	int has_code, has_stack;
};

static int take_mapping(void *context, const struct process_mapping *mapping)
{
	struct reading *reading = context;
	const struct registers *registers = reading->registers;

	reading->has_code |= mapping->is_executable && registers->pc >= mapping->start &&
			     registers->pc < mapping->end;
	reading->has_stack |= registers->sp >= mapping->start && registers->sp < mapping->end;
	fprintf(reading->text, "%lx-%lx r-%cp %lx %x:%x %lu %s\n", (unsigned long)mapping->start,
		(unsigned long)mapping->end, mapping->is_executable ? 'x' : '-',
		(unsigned long)mapping->offset, mapping->device_major, mapping->device_minor,
		(unsigned long)mapping->inode, mapping->name);
	return 0;
}

static int has_our_root(pid_t pid)
{
	struct stat ours, its;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	return stat(path, &its) == 0 && stat("/", &ours) == 0 && its.st_dev == ours.st_dev &&
	       its.st_ino == ours.st_ino;
}

/* Where both code and stack lie as they did, it has executed nothing since: addresses are random */
struct image *image_read(pid_t pid, uint64_t code, const struct registers *registers)
{
	struct image *image = calloc(1, sizeof(*image));
	struct reading reading = {.registers = registers};
	pid_t living = process_living(pid);
	size_t size;
	int r;

	if (!image)
		return NULL;
	*image = (struct image){.pid = pid, .users = 1, .code = code,
				.is_ours = has_our_root(living)};
	reading.text = open_memstream(&image->maps, &size);
	if (reading.text) {
		r = process_maps(living, take_mapping, &reading);
		if (fclose(reading.text) == 0 && r == 0 && reading.has_code && reading.has_stack)
			return image;
	}
	image_let_go(image);
	return NULL;
}

struct image *image_share(struct image *image)
{
	if (image)
		image->users++;
	return image;
}

void image_let_go(struct image *image)
{
	if (!image || --image->users > 0)
		return;
	view_let_go(image->view);
	free(image->maps);
	free(image);
}
