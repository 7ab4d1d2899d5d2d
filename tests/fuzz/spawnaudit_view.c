/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer (make fuzz): whatever file the audited program has mapped, stacks are
 * unwound through it, and what lies in it has a name, or hasn't: libdw reads it, and what
 * it says ends and is of this file.
 */
#include "bytes.h"
#include "spawnaudit/look/elf_file.h"
#include "spawnaudit/look/process.h"
#include "spawnaudit/look/snapshot.h"
#include "spawnaudit/look/symbols.h"
#include "spawnaudit/look/view.h"

#define PID 4711
#define BEGIN 0x400000ul
#define END 0x500000ul
#define STACK 0x7ffd00000000ul
#define FRAMES 64

static const char maps[] = "00400000-00500000 r-xp 00000000 08:01 77 /file\n";

/* What is mapped: the linker puts these in the place of the others (--wrap). */
int __wrap_process_open_mapped(pid_t pid, const char *name);
int __wrap_process_open_regular(const char *path);

static int mapped;

int __wrap_process_open_mapped(pid_t pid, const char *name)
{
	(void)pid, (void)name;
	return dup(mapped);
}

int __wrap_process_open_regular(const char *path)
{
	(void)path;
	return -1;
}

static void check_frame(struct view *view, struct frame *frame)
{
	int is_inside = frame->address >= BEGIN && frame->address < END;

	if (is_inside != (frame->module != NULL) ||
	    (is_inside && frame->offset != frame->address - BEGIN))
		FAULT("%#lx is in %s, %#lx\n", (unsigned long)frame->address, frame->module,
		      (unsigned long)frame->offset);
	frame_name(view, frame);
	if (!is_inside && (frame->function || frame->file))
		FAULT("%#lx lies nowhere, and has a name\n", (unsigned long)frame->address);
	frame_clear(frame);
}

/* A thread that is anywhere in it, and whose stack leads to anywhere in it */
static void unwind(struct view *view, uint64_t pc)
{
	struct frame frames[FRAMES];
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot) + 64 * sizeof(uint64_t));
	const char *ended;
	size_t count, i;

	snapshot->registers = (struct registers){.pc = pc, .sp = STACK, .word_count = 17};
	for (i = 0; i < 17; i++)
		snapshot->registers.words[i] = STACK + 8 * i;
	snapshot->registers.words[16] = pc;
	snapshot->size = 64 * sizeof(uint64_t);
	for (i = 0; i < 64; i++) {
		uint64_t word = i % 2 ? pc + i : STACK + 8 * (i + 2);

		memcpy(snapshot->stack + 8 * i, &word, sizeof(word));
	}
	count = view_unwind(view, snapshot, frames, FRAMES, &ended);
	if (count > FRAMES)
		FAULT("%zu frames\n", count);
	for (i = 0; i < count; i++)
		check_frame(view, &frames[i]);
	free(snapshot);
}

static void look(struct view *view, uint64_t address)
{
	const char *module;
	uint64_t offset;
	char *name = symbol_name(view, address, &offset, &module);

	if (name && !module)
		FAULT("%s is nowhere\n", name);
	if (module && strcmp(module, "/file") != 0)
		FAULT("another file: %s\n", module);
	free(name);
	unwind(view, address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view *view;
	uint64_t address;

	mapped = make_file(data, size);
	(void)elf_file_has_go(mapped);
	view = view_of_maps(PID, maps, 1);
	for (address = BEGIN - 0x20; view && address < BEGIN + 0x400; address += 0x40)
		look(view, address);
	if (view)
		look(view, END + 0x20);
	view_let_go(view);
	close(mapped);
	return 0;
}
