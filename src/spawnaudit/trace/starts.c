/* SPDX-License-Identifier: MIT */
#include "starts.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../look/libc.h"
#include "../options.h"
#include "../record/safe.h"
#include "common/message.h"

/* Files that nobody uses are kept until they are larger than that, in bytes */
#define KEPT_MAX (64u << 20)

/* A table that is larger isn't read */
#define TABLE_MAX (64u << 20)
#define HEADERS_MAX 4096
#define SEGMENTS_MAX 128
#define STUBS_MAX 8

/* What .eh_frame_hdr says of itself, where we can read it: all that linkers write */
#define TABLE_VERSION 1
#define COUNT_ENCODING 0x03	/* DW_EH_PE_udata4 */
#define TABLE_ENCODING 0x3b	/* DW_EH_PE_datarel | DW_EH_PE_sdata4 */

struct file {
	struct starts starts;	/* the first member: it stands for the file elsewhere */
	struct process_mapping mapping;	/* one of them; its name is gone */
	struct timespec changed;	/* what was read of it */
	off_t length;
	unsigned users;
	size_t size;		/* of all that is kept */
	char *names[2];		/* of its two tables of symbols */
	struct file *next;
};

/* The one that was sought last is the first. */
static struct file *files;

/* One that is being read */
struct reading {
	struct file *file;
	int fd;
	Elf64_Phdr *segments;
	size_t segment_count;
	Elf64_Shdr *sections;
	size_t section_count;
	char *section_names;
	const Elf64_Shdr *stubs[STUBS_MAX];
	size_t stub_count;
	size_t room;
};

/* A part of the file, a zero behind it, for free(); NULL where there is no such part. */
static void *read_part(int fd, uint64_t offset, uint64_t size)
{
	char *part;

	if (size == 0 || size > TABLE_MAX || offset > INT64_MAX - size)
		return NULL;
	part = malloc(size + 1);
	if (!part || pread(fd, part, size, (off_t)offset) != (ssize_t)size) {
		free(part);
		return NULL;
	}
	part[size] = '\0';
	return part;
}

static void note_stubs(struct reading *reading, const Elf64_Shdr *section, uint64_t names_size)
{
	if (section->sh_name < names_size && reading->stub_count < STUBS_MAX &&
	    strncmp(reading->section_names + section->sh_name, ".plt", 4) == 0)
		reading->stubs[reading->stub_count++] = section;
}

static int read_headers(struct reading *reading)
{
	Elf64_Ehdr *header = read_part(reading->fd, 0, sizeof(*header));
	int is_ours = header && memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
		      header->e_ident[EI_CLASS] == ELFCLASS64 &&
		      header->e_phnum <= SEGMENTS_MAX &&
		      header->e_phentsize == sizeof(*reading->segments);

	if (is_ours) {
		reading->segment_count = header->e_phnum;
		reading->segments = read_part(reading->fd, header->e_phoff,
					      header->e_phnum * sizeof(*reading->segments));
	}
	if (is_ours && header->e_shentsize == sizeof(*reading->sections) &&
	    header->e_shnum < HEADERS_MAX) {
		reading->section_count = header->e_shnum;
		reading->sections = read_part(reading->fd, header->e_shoff,
					      header->e_shnum * sizeof(*reading->sections));
	}
	if (!reading->sections)
		reading->section_count = 0;
	if (is_ours && header->e_shstrndx < reading->section_count) {
		const Elf64_Shdr *names = &reading->sections[header->e_shstrndx];

		reading->section_names = read_part(reading->fd, names->sh_offset, names->sh_size);
		if (reading->section_names)
			for (size_t i = 0; i < reading->section_count; i++)
				note_stubs(reading, &reading->sections[i], names->sh_size);
	}
	free(header);
	return reading->segments ? 0 : -1;
}

/* The linker's stubs have one rule for all of them, and return addresses of their own. */
static int is_stub(const struct reading *reading, uint64_t address)
{
	for (size_t i = 0; i < reading->stub_count; i++)
		if (address - reading->stubs[i]->sh_addr < reading->stubs[i]->sh_size)
			return 1;
	return 0;
}

static void add(struct reading *reading, uint64_t address, const char *name, int is_exported)
{
	struct starts *starts = &reading->file->starts;
	const Elf64_Phdr *in = NULL;

	for (size_t i = 0; !in && i < reading->segment_count; i++)
		if (reading->segments[i].p_type == PT_LOAD && reading->segments[i].p_flags & PF_X &&
		    address - reading->segments[i].p_vaddr < reading->segments[i].p_filesz)
			in = &reading->segments[i];
	if (!in)
		return;
	if (starts->count == reading->room) {
		reading->room = reading->room ? 2 * reading->room : 1024;
		starts->list = reallocarray(starts->list, reading->room, sizeof(*starts->list));
		if (!starts->list)
			die(EXIT_TROUBLE, "no memory for another function");
	}
	starts->list[starts->count++] = (struct start){
		.offset = address - in->p_vaddr + in->p_offset,
		.name = name,
		.is_exported = is_exported,
		.is_safe = is_exported && starts->is_libc && function_is_safe(name),
		.is_allocator = is_exported && !starts->is_libc && function_allocates(name),
	};
}

static void add_rules(struct reading *reading, const Elf64_Phdr *segment)
{
	unsigned char *table = read_part(reading->fd, segment->p_offset, segment->p_filesz);
	uint32_t count = 0;
	int32_t distance;

	if (table && segment->p_filesz >= 12 && table[0] == TABLE_VERSION &&
	    table[2] == COUNT_ENCODING && table[3] == TABLE_ENCODING)
		memcpy(&count, table + 8, sizeof(count));
	if (count > segment->p_filesz / 8)
		count = 0;
	for (size_t i = 0; i < count && 12 + 8 * i + 8 <= segment->p_filesz; i++) {
		memcpy(&distance, table + 12 + 8 * i, sizeof(distance));
		if (!is_stub(reading, segment->p_vaddr + (uint64_t)(int64_t)distance))
			add(reading, segment->p_vaddr + (uint64_t)(int64_t)distance, NULL, 0);
	}
	free(table);
}

/* What a function seldom does lies elsewhere: jumped to, not called. */
static int is_part(const char *name)
{
	const char *cold = strstr(name, ".cold");

	return cold && (!cold[5] || cold[5] == '.');
}

static void add_symbols(struct reading *reading, const Elf64_Shdr *section, char **ret_names)
{
	const Elf64_Shdr *strings;
	Elf64_Sym *symbols;
	size_t length, left;
	char *names;

	if (section->sh_link >= reading->section_count)
		return;
	strings = &reading->sections[section->sh_link];
	symbols = read_part(reading->fd, section->sh_offset, section->sh_size);
	names = read_part(reading->fd, strings->sh_offset, strings->sh_size);
	/* names may share their ends, but a file in which millions share a long one is crafted */
	left = 16 * strings->sh_size;
	for (size_t i = 0; symbols && names && i < section->sh_size / sizeof(*symbols); i++) {
		const Elf64_Sym *symbol = &symbols[i];

		if (symbol->st_name >= strings->sh_size)
			continue;
		length = strlen(names + symbol->st_name);
		if (length > left)
			break;
		left -= length;
		if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && symbol->st_shndx != SHN_UNDEF &&
		    symbol->st_size > 0 && !is_part(names + symbol->st_name))
			add(reading, symbol->st_value, names + symbol->st_name,
			    section->sh_type == SHT_DYNSYM);
	}
	free(symbols);
	*ret_names = names;
	reading->file->size += names ? strings->sh_size : 0;
}

static size_t underscores(const char *name)
{
	return strspn(name, "_");
}

/* By offset; of those at one place, the first is the one that people know. */
static int compare(const void *one, const void *other)
{
	const struct start *a = one, *b = other;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	if (a->is_exported != b->is_exported)
		return b->is_exported - a->is_exported;
	if (a->is_safe != b->is_safe)
		return b->is_safe - a->is_safe;
	if (a->is_allocator != b->is_allocator)
		return b->is_allocator - a->is_allocator;
	if (!a->name || !b->name)
		return !a->name - !b->name;
	if (underscores(a->name) != underscores(b->name))
		return underscores(a->name) < underscores(b->name) ? -1 : 1;
	if (strlen(a->name) != strlen(b->name))
		return strlen(a->name) < strlen(b->name) ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void sort(struct starts *starts)
{
	size_t kept = 0;

	if (starts->count == 0)
		return;
	qsort(starts->list, starts->count, sizeof(*starts->list), compare);
	for (size_t i = 1; i < starts->count; i++)
		if (starts->list[i].offset != starts->list[kept].offset)
			starts->list[++kept] = starts->list[i];
	starts->count = kept + 1;
}

static void read_file(struct file *file, int fd)
{
	struct reading reading = {.file = file, .fd = fd};

	if (read_headers(&reading) == 0) {
		for (size_t i = 0; i < reading.segment_count; i++)
			if (reading.segments[i].p_type == PT_GNU_EH_FRAME) {
				add_rules(&reading, &reading.segments[i]);
				break;
			}
		for (size_t i = 0; i < reading.section_count; i++) {
			Elf64_Word type = reading.sections[i].sh_type;

			if (type != SHT_DYNSYM && type != SHT_SYMTAB)
				continue;
			if (!file->names[type == SHT_SYMTAB])
				add_symbols(&reading, &reading.sections[i],
					    &file->names[type == SHT_SYMTAB]);
		}
	}
	sort(&file->starts);
	file->size += reading.room * sizeof(*file->starts.list);
	free(reading.segments);
	free(reading.sections);
	free(reading.section_names);
}

static struct file *new_file(const struct process_mapping *mapping, const struct stat *stat,
			     int fd)
{
	struct file *file = calloc(1, sizeof(*file));

	if (!file || !(file->starts.path = strdup(mapping->name)))
		die(EXIT_TROUBLE, "no memory for another file");
	file->mapping = *mapping;
	file->changed = stat->st_ctim;
	file->length = stat->st_size;
	file->starts.is_libc = file_is_libc(mapping->name);
	read_file(file, fd);
	return file;
}

static void free_file(struct file *file)
{
	free(file->names[0]);
	free(file->names[1]);
	free(file->starts.list);
	free(file->starts.path);
	free(file);
}

/* One whose text was written anew has other functions, and so has a number that came round. */
static int is_it(const struct file *file, const struct process_mapping *mapping,
		 const struct stat *stat)
{
	return process_maps_same(&file->mapping, mapping) && file->length == stat->st_size &&
	       file->changed.tv_sec == stat->st_ctim.tv_sec &&
	       file->changed.tv_nsec == stat->st_ctim.tv_nsec;
}

static struct file *take_out(const struct process_mapping *mapping, const struct stat *stat)
{
	struct file **link = &files, *file;

	while (*link && !is_it(*link, mapping, stat))
		link = &(*link)->next;
	file = *link;
	if (file)
		*link = file->next;
	return file;
}

static void trim(void)
{
	struct file **link = &files, *file;
	size_t size = 0;

	while ((file = *link)) {
		size += file->size + sizeof(*file);
		if (size > KEPT_MAX && file->users == 0) {
			*link = file->next;
			size -= file->size + sizeof(*file);
			free_file(file);
		} else {
			link = &file->next;
		}
	}
}

const struct starts *starts_find(pid_t pid, const struct process_mapping *mapping)
{
	int fd = process_open_mapping(pid, mapping);
	struct file *file = NULL;
	struct stat stat;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &stat) == 0) {
		file = take_out(mapping, &stat);
		if (!file)
			file = new_file(mapping, &stat, fd);
		trim();
		file->next = files;
		files = file;
		file->users++;
	}
	close(fd);
	return file ? &file->starts : NULL;
}

void starts_let_go(const struct starts *starts)
{
	struct file *file = (struct file *)starts;

	if (file)
		file->users--;
}

void starts_forget(void)
{
	struct file *file;

	while ((file = files)) {
		files = file->next;
		free_file(file);
	}
}

const struct start *starts_before(const struct starts *starts, uint64_t offset)
{
	size_t low = 0, high = starts->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (starts->list[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &starts->list[low - 1] : NULL;
}
