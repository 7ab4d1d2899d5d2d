/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_file.h"
#include "memory.h"
#include "process.h"
#include "shrinking.h"
#include "snapshot.h"
#include "view_libdw.h"

/* Of one process */
#define RENEWALS 4

/* libdw goes through all for each that it adds: 60 000 take minutes */
#define MODULES_MAX 8192

struct view {
	Dwfl *dwfl;
	Elf *program;
	pid_t pid;
	pid_t living;		/* what process_living() gives of it; pid, where it has ended */
	int users;
	int renewals;
	const char *maps;	/* of a process that may have gone on; NULL: it is there */
	int is_past;
	int is_elsewhere;	/* where names aren't those of our files */
	int is_broken;		/* a file that it has mapped became shorter */
	struct process_mapping *mappings;	/* of files; unless it is past */
	size_t mapping_count;
	const struct snapshot *snapshot;	/* that is being unwound */
	struct registers registers;	/* where that begins */
};

int view_guard(struct view *view, void (*function)(void *view, void *context), void *context)
{
	struct rlimit before;

	memory_bound(&before);
	if (!view->is_broken)
		view->is_broken = !shrinking_survived(function, view, context);
	memory_lift(&before);
	return !view->is_broken;
}

Dwfl *view_dwfl(const struct view *view)
{
	return view->dwfl;
}

/*
 * Files
 */

/* Closes the file: libdw would keep one open for each that each of many processes maps. */
static Elf *read_elf(int fd)
{
	Elf *elf = elf_file_map(fd);

	close(fd);
	return elf;
}

/* Of a file that is mapped in a row the first mapping will do: a module begins there. */
static int keep_mapping(void *context, const struct process_mapping *mapping)
{
	struct view *view = context;
	size_t count = view->mapping_count;
	struct process_mapping *grown = view->mappings;

	if (!mapping->inode || (count && process_maps_same(&grown[count - 1], mapping)))
		return 0;
	if (count == MODULES_MAX)
		return -1;
	if ((count & (count + 1)) == 0)
		grown = reallocarray(grown, 2 * count + 1, sizeof(*grown));
	if (!grown)
		return -1;
	view->mappings = grown;
	grown[count] = *mapping;
	grown[count].name = strdup(mapping->name);
	view->mapping_count += grown[count].name != NULL;
	return 0;
}

static int compare(const void *address, const void *mapping)
{
	const struct process_mapping *at = mapping;
	uintptr_t start = *(const uintptr_t *)address;

	return (start > at->start) - (start < at->start);
}

/* Of what has gone on only the name is known: where it is one of ours, that will do. */
static int open_module(const struct view *view, const char *name, uintptr_t start)
{
	const struct process_mapping *mapping;
	int fd;

	if (!view->is_past) {
		mapping = view->mapping_count > 0
			? bsearch(&start, view->mappings, view->mapping_count,
				  sizeof(*view->mappings), compare) : NULL;
		return mapping ? process_open_mapping(view->living, mapping) : -1;
	}
	fd = process_open_mapped(view->living, name);
	return fd < 0 && !view->is_elsewhere ? process_open_regular(name) : fd;
}

/* *userdata is the view (see own_module()). */
static int find_file(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
		     char **ret_name, Elf **ret_elf)
{
	const struct view *view = *userdata;
	int fd;

	/* what has no name is the process's memory */
	if (!view || *name != '/')
		return dwfl_linux_proc_find_elf(module, userdata, name, base, ret_name, ret_elf);
	fd = open_module(view, name, base);
	if (fd >= 0)
		*ret_elf = read_elf(fd);
	/* libdw itself opens what has a name and nothing else */
	if (*ret_elf)
		*ret_name = strdup(name);
	return -1;
}

static int own_module(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
		      void *view)
{
	(void)module, (void)name, (void)base;
	*userdata = view;
	return DWARF_CB_OK;
}

/* dwfl_addrmodule() gives the last one for what lies behind it, too. */
Dwfl_Module *view_module(const struct view *view, uint64_t address, const char **ret_name,
			 uint64_t *ret_start)
{
	Dwfl_Module *module = dwfl_addrmodule(view->dwfl, address);
	Dwarf_Addr end = 0;

	*ret_name = module ? dwfl_module_info(module, NULL, ret_start, &end, NULL, NULL, NULL, NULL)
			   : NULL;
	return *ret_name && address >= *ret_start && address < end ? module : NULL;
}

static int report_maps(struct view *view)
{
	size_t count = 0;
	FILE *maps;
	int r;

	for (const char *name = view->maps; (name = strstr(name, " /")); name++)
		count++;
	maps = count > MODULES_MAX ? NULL
		: fmemopen((char *)(uintptr_t)view->maps, strlen(view->maps), "r");
	if (!maps)
		return -1;
	r = dwfl_linux_proc_maps_report(view->dwfl, maps);
	fclose(maps);
	return r;
}

static int read_modules(struct view *view)
{
	int r;

	dwfl_report_begin(view->dwfl);
	r = view->maps ? report_maps(view) : dwfl_linux_proc_report(view->dwfl, view->living);
	if (dwfl_report_end(view->dwfl, NULL, NULL) != 0 || r != 0)
		return -1;
	dwfl_getmodules(view->dwfl, own_module, view, 0);
	return 0;
}

/*
 * libdw's callbacks for unwinding: one thread, the snapshot's
 */

static pid_t next_thread(Dwfl *dwfl, void *context, void **thread_context)
{
	struct view *view = context;

	(void)dwfl;
	if (*thread_context)
		return 0;
	*thread_context = view;
	return view->pid;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *context, void **thread_context)
{
	(void)dwfl;
	(void)tid;
	*thread_context = context;
	return true;
}

static bool read_memory(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *ret, void *context)
{
	const struct view *view = context;
	const struct snapshot *snapshot = view->snapshot;
	uint64_t at = address - snapshot->registers.sp;

	(void)dwfl;
	if (snapshot->size >= sizeof(*ret) && at <= snapshot->size - sizeof(*ret)) {
		memcpy(ret, snapshot->stack + at, sizeof(*ret));
		return true;
	}
	return !view->is_past &&
	       machine_read(view->living, address, ret, sizeof(*ret)) == sizeof(*ret);
}

static bool set_registers(Dwfl_Thread *thread, void *context)
{
	const struct view *view = context;
	const struct registers *registers = &view->registers;

	dwfl_thread_state_register_pc(thread, registers->pc);
	return dwfl_thread_state_registers(thread, 0, (unsigned)registers->word_count,
					   registers->words);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

/*
 * The view
 */

/* It tells the machine: libdw won't ask files that have been deleted. NULL: others may tell. */
static Elf *read_program(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = process_open_regular(path);
	return fd < 0 ? NULL : read_elf(fd);
}

static void open_view(void *of, void *ret_is_open)
{
	struct view *view = of;
	/* by build id: the standard way may ask servers */
	static char *no_path;
	static const Dwfl_Callbacks callbacks = {
		.find_elf = find_file,
		.find_debuginfo = dwfl_build_id_find_debuginfo,
		.debuginfo_path = &no_path,
	};
	if (!view->is_past) {
		view->program = read_program(view->living);
		if (process_maps(view->living, keep_mapping, view) < 0)
			return;
	}
	view->dwfl = dwfl_begin(&callbacks);
	*(int *)ret_is_open = view->dwfl && read_modules(view) == 0 &&
			      dwfl_attach_state(view->dwfl, view->program, view->pid,
						&thread_callbacks, view);
}

/* Threads end, the first one as others. */
static void find_living(struct view *view)
{
	pid_t living = process_living(view->pid);

	view->living = living ? living : view->pid;
}

static struct view *make_view(struct view from)
{
	struct view *view = malloc(sizeof(*view));
	int is_open = 0;

	if (!view)
		return NULL;
	*view = from;
	find_living(view);
	view->users = 1;
	if (view_guard(view, open_view, &is_open) && is_open)
		return view;
	view_let_go(view);
	return NULL;
}

struct view *view_new(pid_t pid)
{
	return make_view((struct view){.pid = pid});
}

struct view *view_of_maps(pid_t pid, const char *maps, int is_ours)
{
	struct view *view = make_view((struct view){.pid = pid, .maps = maps, .is_past = 1,
						    .is_elsewhere = !is_ours});

	if (view)
		view->maps = NULL;
	return view;
}

struct view *view_share(struct view *view)
{
	view->users++;
	return view;
}

static void close_view(void *of, void *context)
{
	struct view *view = of;
	(void)context;
	dwfl_end(view->dwfl);
	elf_end(view->program);
}

void view_let_go(struct view *view)
{
	if (!view || --view->users > 0)
		return;
	view_guard(view, close_view, NULL);
	for (size_t i = 0; i < view->mapping_count; i++)
		free((char *)(uintptr_t)view->mappings[i].name);
	free(view->mappings);
	free(view);
}

int view_renew(struct view **view)
{
	int renewals = (*view)->renewals + 1, helps = renewals <= RENEWALS && !(*view)->is_past;
	struct view *fresh = helps ? view_new((*view)->pid) : NULL;

	if (!fresh)
		return 0;
	fresh->renewals = renewals;
	view_let_go(*view);
	*view = fresh;
	return 1;
}

/*
 * Unwinding
 */

struct frames {
	struct view *view;
	struct frame *list;
	size_t count, size;
	int returned;		/* the next one isn't where the thread stands */
	const char *ended;
};

static int add_frame(struct frames *frames, uint64_t address)
{
	struct frame *frame = &frames->list[frames->count];
	const char *name;
	uint64_t start;

	if (frames->count == frames->size)
		return 0;
	*frame = (struct frame){.address = address};
	if (view_module(frames->view, address, &name, &start)) {
		frame->module = strdup(name);
		frame->offset = address - start;
	}
	frames->count++;
	return 1;
}

static int take_frame(Dwfl_Frame *state, void *context)
{
	struct frames *frames = context;
	bool is_activation;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(state, &pc, &is_activation))
		return DWARF_CB_ABORT;
	/* the call, not what it returns to: that may be another line, or function */
	if (!is_activation || frames->returned)
		pc--;
	frames->returned = 0;
	return add_frame(frames, pc) ? DWARF_CB_OK : DWARF_CB_ABORT;
}

static int has_rules(const struct view *view, uint64_t pc)
{
	const char *name;
	uint64_t start;
	Dwfl_Module *module = view_module(view, pc, &name, &start);
	Dwarf_Frame *frame = NULL;
	Dwarf_Addr bias = 0;
	Dwarf_CFI *cfi = module ? dwfl_module_eh_cfi(module, &bias) : NULL;
	int found = cfi && dwarf_cfi_addrframe(cfi, pc - bias, &frame) == 0;

	free(frame);
	return found;
}

/*
 * libc's clone() has no unwinding rules at its system call, since they would be
 * wrong in the child. It keeps no frame, so that leaving it is a plain return.
 */
static void step_out(struct frames *frames)
{
	struct view *view = frames->view;
	struct registers registers = view->registers;

	if (!machine_return(&registers, view->snapshot->stack, view->snapshot->size) ||
	    !has_rules(view, registers.pc))
		return;
	add_frame(frames, view->registers.pc);
	view->registers = registers;
	frames->returned = 1;
}

static void unwind(void *of, void *context)
{
	struct view *view = of;
	struct frames *frames = context;

	if (!has_rules(view, view->registers.pc))
		step_out(frames);
	if (dwfl_getthread_frames(view->dwfl, view->pid, take_frame, frames) != 0)
		frames->ended = frames->count == frames->size ? "more frames than are kept"
							      : dwfl_errmsg(-1);
}

size_t view_unwind(struct view *view, const struct snapshot *snapshot, struct frame *list,
		   size_t size, const char **ended)
{
	struct frames frames = {.view = view, .list = list, .size = size};

	if (!view->is_past)
		find_living(view);
	view->snapshot = snapshot;
	view->registers = snapshot->registers;
	if (!view_guard(view, unwind, &frames))
		frames.ended = "a file became shorter meanwhile";
	*ended = frames.ended;
	view->snapshot = NULL;
	return frames.count;
}

void frame_clear(struct frame *frame)
{
	free(frame->module);
	free(frame->function);
	free(frame->file);
	*frame = (struct frame){0};
}
