/* SPDX-License-Identifier: MIT */
#include "elf_file.h"

#include <gelf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shrinking.h"

/* More than most programs have, and 2 MB can stand for that; debug information packs 1 to 5 */
#define UNPACKED_MAX (2048u << 20)
#define PACKED_TIMES 16

/* Sections that only Go's linker makes; they stay in stripped files. */
static const char *const go_sections[] = {
	".go.buildinfo", ".note.go.buildid", ".gopclntab", ".data.rel.ro.gopclntab",
};

/*
 * More than 65279 sections are counted elsewhere. No program has so many; a file that
 * has them, with a hole for their headers, makes libelf fill all memory.
 */
static int has_many_sections(int fd)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr small;
		Elf64_Ehdr large;
	} header = {{0}};

	if (pread(fd, &header, sizeof(header), 0) < (ssize_t)sizeof(header.small))
		return 0;	/* nor is it a file of libelf's */
	if (header.ident[EI_CLASS] == ELFCLASS32)
		return header.small.e_shoff && !header.small.e_shnum;
	return header.large.e_shoff && !header.large.e_shnum;
}

/* Bytes of what is compressed in it, as GNU's tools did that at first: behind "ZLIB". */
static uint64_t size_of_old(Elf_Scn *section)
{
	const Elf_Data *data = elf_rawdata(section, NULL);
	const unsigned char *bytes = data ? data->d_buf : NULL;
	uint64_t size = 0;

	if (!bytes || data->d_size < 12 || memcmp(bytes, "ZLIB", 4) != 0)
		return 0;
	for (size_t i = 4; i < 12; i++)
		size = size << 8 | bytes[i];
	return size;
}

static int unpacks_to_much(Elf *elf, int fd)
{
	Elf_Scn *section = NULL;
	uint64_t left = UNPACKED_MAX, size;
	struct stat file;
	GElf_Shdr header;
	GElf_Chdr packed;

	/* what lies on the disk, since a hole is no size */
	if (fstat(fd, &file) == 0 && (uint64_t)file.st_blocks * 512 > left / PACKED_TIMES)
		left = (uint64_t)file.st_blocks * 512 * PACKED_TIMES;
	while ((section = elf_nextscn(elf, section))) {
		/* libelf unpacks nothing of what is mapped; to look there costs reading it */
		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS ||
		    header.sh_flags & SHF_ALLOC)
			continue;
		size = (header.sh_flags & SHF_COMPRESSED)
		     ? gelf_getchdr(section, &packed) ? packed.ch_size : 0
		     : size_of_old(section);
		if (size > left)
			return 1;
		left -= size;
	}
	return 0;
}

/* libdw asks for where the sections of others lie, by a callback that we do not have. */
static int is_linked(Elf *elf)
{
	GElf_Ehdr header;

	return gelf_getehdr(elf, &header) && header.e_type != ET_REL;
}

Elf *elf_file_map(int fd)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	/* not to be written: else the whole file counts as memory of ours */
	elf = has_many_sections(fd) ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (elf && (elf_cntl(elf, ELF_C_FDREAD) < 0 || !is_linked(elf) ||
		    unpacks_to_much(elf, fd))) {
		elf_end(elf);
		elf = NULL;
	}
	return elf;
}

static int is_of_go(const char *name)
{
	for (size_t i = 0; i < sizeof(go_sections) / sizeof(go_sections[0]); i++)
		if (strcmp(name, go_sections[i]) == 0)
			return 1;
	return 0;
}

static void find_go_section(void *fd, void *ret_found)
{
	Elf *elf = elf_file_map(*(int *)fd);
	Elf_Scn *section = NULL;
	int *found = ret_found;
	const char *name;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) == 0)
		while (!*found && (section = elf_nextscn(elf, section))) {
			name = gelf_getshdr(section, &header)
			     ? elf_strptr(elf, names, header.sh_name) : NULL;
			*found = name && is_of_go(name);
		}
	elf_end(elf);
}

int elf_file_has_go(int fd)
{
	int found = 0;

	return shrinking_survived(find_go_section, &fd, &found) && found;
}
