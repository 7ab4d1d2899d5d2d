/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer (make fuzz): whatever file the audited program has mapped, reading stays
 * in it, and where functions begin is in order, each place once.
 */
#include <elf.h>
#include <stddef.h>

#include "bytes.h"
#include "common/message.h"
#include "spawnaudit/trace/starts.h"

/* What is mapped: the linker puts this in the place of the other (--wrap). */
int __wrap_process_open_mapping(pid_t pid, const struct process_mapping *mapping);

static int mapped;

int __wrap_process_open_mapping(pid_t pid, const struct process_mapping *mapping)
{
	(void)pid, (void)mapping;
	return dup(mapped);
}

static void check_starts(const struct starts *starts)
{
	size_t i;

	for (i = 0; i < starts->count; i++) {
		const struct start *start = &starts->list[i];

		if (i > 0 && start[-1].offset >= start->offset)
			FAULT("%#llx isn't behind %#llx\n", (unsigned long long)start->offset,
			      (unsigned long long)start[-1].offset);
		if (starts_before(starts, start->offset) != start)
			FAULT("%#llx isn't found\n", (unsigned long long)start->offset);
		if (start->name && strlen(start->name) > 1 << 20)
			FAULT("a name without an end\n");
	}
	if (starts_before(starts, UINT64_MAX) != (i > 0 ? &starts->list[i - 1] : NULL))
		FAULT("the last one isn't found\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct process_mapping mapping = {.name = "/lib/libc.so.6", .is_executable = 1};
	const struct starts *starts;

	mapped = make_file(data, size);
	starts = starts_find(4711, &mapping);
	if (starts) {
		check_starts(starts);
		starts_let_go(starts);
	}
	starts_forget();
	close(mapped);
	return 0;
}

/* A file that has all that is read, each once */
static const struct all {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	Elf64_Shdr sections[4];
	Elf64_Sym symbols[2];
	unsigned char rules[12 + 8 * 2];	/* .eh_frame_hdr, from 0x1000 on: 0x1010, 0x1020 */
	char names[16];
} all = {
	.header = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_phoff = offsetof(struct all, segments), .e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2, .e_shoff = offsetof(struct all, sections),
		.e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 4, .e_shstrndx = 1,
	},
	.segments = {
		{.p_type = PT_LOAD, .p_flags = PF_X, .p_vaddr = 0x1000, .p_filesz = 0x100},
		{.p_type = PT_GNU_EH_FRAME, .p_offset = offsetof(struct all, rules),
		 .p_vaddr = 0x1000, .p_filesz = sizeof(all.rules)},
	},
	.sections = {
		{.sh_type = SHT_NULL},
		{.sh_type = SHT_STRTAB, .sh_offset = offsetof(struct all, names),
		 .sh_size = sizeof(all.names)},
		{.sh_type = SHT_DYNSYM, .sh_offset = offsetof(struct all, symbols),
		 .sh_size = sizeof(all.symbols), .sh_link = 1},
		{.sh_name = 6, .sh_type = SHT_PROGBITS, .sh_addr = 0x1080, .sh_size = 0x10},
	},
	.symbols = {{.st_name = 1, .st_info = STT_FUNC, .st_shndx = 3, .st_value = 0x1010, .st_size = 4},
		    {.st_name = 1, .st_info = STT_FUNC, .st_shndx = 3, .st_value = 0x1040, .st_size = 4}},
	.rules = {1, 0x1b, 0x03, 0x3b, 0, 0, 0, 0, 2, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0x20},
	.names = "\0fork\0.plt\0",
};

/* And libFuzzer's for those: what isn't such a file is refused at once. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
	if ((size < sizeof(all) || seed % 512 == 0) && sizeof(all) <= room) {
		memcpy(data, &all, sizeof(all));
		size = sizeof(all);
	}
	return LLVMFuzzerMutate(data, size, room);
}
