/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>

/* Frames further out are read from the live process: they seldom change so soon */
#define STACK_KEPT 8192
/* Code that is in no file is made by a compiler at run time, or was loaded after the view */
#define RENEWALS 4

struct snapshot {
	struct registers registers;
	size_t size;
	unsigned char stack[STACK_KEPT];
};

struct libdw_view {
	Dwfl *dwfl;
	pid_t pid;
	int renewals;
	int users;
	const struct snapshot *snapshot;	/* that is being unwound */
	struct registers registers;	/* where that begins */
};

struct snapshot *snapshot_take(pid_t tid, const struct registers *registers)
{
	struct snapshot *snapshot;

	if (registers->foreign || !registers->pc)
		return NULL;
	snapshot = malloc(sizeof(*snapshot));
	if (!snapshot)
		return NULL;
	snapshot->registers = *registers;
	snapshot->size = machine_read(tid, registers->sp, snapshot->stack, STACK_KEPT);
	return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
	free(snapshot);
}

/*
 * libdw's callbacks
 */

static pid_t next_thread(Dwfl *dwfl, void *context, void **thread_context)
{
	struct libdw_view *view = context;

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
	const struct libdw_view *view = context;
	const struct snapshot *snapshot = view->snapshot;
	uint64_t at = address - snapshot->registers.sp;

	(void)dwfl;
	if (snapshot->size >= sizeof(*ret) && at <= snapshot->size - sizeof(*ret)) {
		memcpy(ret, snapshot->stack + at, sizeof(*ret));
		return true;
	}
	return machine_read(view->pid, address, ret, sizeof(*ret)) == sizeof(*ret);
}

static bool set_registers(Dwfl_Thread *thread, void *context)
{
	const struct libdw_view *view = context;
	const struct registers *registers = &view->registers;

	dwfl_thread_state_register_pc(thread, registers->pc);
	return dwfl_thread_state_registers(thread, 0, (unsigned)machine_word_count(),
					   registers->words);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

/*
 * Views
 */

void libdw_view_let_go(struct libdw_view *view)
{
	if (!view || --view->users > 0)
		return;
	dwfl_end(view->dwfl);
	free(view);
}

static struct libdw_view *view_new(pid_t pid)
{
	/* by build id: the other ways may ask servers, while the program waits */
	static char *no_path;
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_build_id_find_debuginfo,
		.debuginfo_path = &no_path,
	};
	struct libdw_view *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	view->pid = pid;
	view->users = 1;
	view->dwfl = dwfl_begin(&callbacks);
	if (view->dwfl && dwfl_linux_proc_report(view->dwfl, pid) == 0 &&
	    dwfl_report_end(view->dwfl, NULL, NULL) == 0 &&
	    dwfl_attach_state(view->dwfl, NULL, pid, &thread_callbacks, view))
		return view;
	libdw_view_let_go(view);
	return NULL;
}

static void renew(struct libdw_view **view)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): ours is one of its users */
	int renewals = (*view)->renewals + 1;
	pid_t pid = (*view)->pid;

	libdw_view_let_go(*view);
	*view = view_new(pid);
	if (*view)
		(*view)->renewals = renewals;
}

/*
 * Places
 */

static int take_frame(Dwfl_Frame *state, void *context)
{
	struct place *place = context;
	struct frame *frame = &place->frames[place->count];
	bool is_activation;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(state, &pc, &is_activation))
		return DWARF_CB_ABORT;
	/* the call, not what it returns to: that may be another line, or function */
	frame->address = is_activation && place->count == 0 ? pc : pc - 1;
	return ++place->count < PLACE_FRAMES ? DWARF_CB_OK : DWARF_CB_ABORT;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* Gives how many frames lie in no file. */
static size_t find_modules(struct place *place, Dwfl *dwfl)
{
	size_t lost = 0;

	for (size_t i = 0; i < place->count; i++) {
		struct frame *frame = &place->frames[i];
		Dwfl_Module *module = dwfl_addrmodule(dwfl, frame->address);
		const char *name = NULL;
		Dwarf_Addr start = 0;

		if (module)
			name = dwfl_module_info(module, NULL, &start, NULL, NULL, NULL, NULL, NULL);
		lost += !name;
		frame->offset = frame->address - start;
		frame->module = name ? strdup(base_name(name)) : NULL;
	}
	return lost;
}

static int has_rules(Dwfl *dwfl, uint64_t pc)
{
	Dwfl_Module *module = dwfl_addrmodule(dwfl, pc);
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
static void step_out(struct libdw_view *view, struct place *place)
{
	struct registers registers = view->registers;

	if (!machine_return(&registers, view->snapshot->stack, view->snapshot->size) ||
	    !has_rules(view->dwfl, registers.pc))
		return;
	place->frames[place->count++].address = view->registers.pc;
	view->registers = registers;
}

static struct place *unwind(struct libdw_view *view, const struct snapshot *snapshot, size_t *lost)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return NULL;
	view->snapshot = snapshot;
	view->registers = snapshot->registers;
	if (!has_rules(view->dwfl, snapshot->registers.pc))
		step_out(view, place);
	dwfl_getthread_frames(view->dwfl, view->pid, take_frame, place);
	view->snapshot = NULL;
	*lost = find_modules(place, view->dwfl);
	place->view = view;
	view->users++;
	if (place->count > 0)
		return place;
	place_free(place);
	return NULL;
}

struct place *place_find(const struct snapshot *snapshot, pid_t pid, struct libdw_view **view)
{
	struct place *place;
	size_t lost = 0;

	if (!snapshot)
		return NULL;
	if (!*view)
		*view = view_new(pid);
	if (!*view)
		return NULL;
	place = unwind(*view, snapshot, &lost);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): ours is one of its users */
	if ((place && lost == 0) || (*view)->renewals >= RENEWALS)
		return place;
	place_free(place);
	renew(view);
	return *view ? unwind(*view, snapshot, &lost) : NULL;
}

void place_free(struct place *place)
{
	if (!place)
		return;
	for (size_t i = 0; i < place->count; i++) {
		free(place->frames[i].module);
		free(place->frames[i].function);
		free(place->frames[i].file);
	}
	libdw_view_let_go(place->view);
	free(place);
}

static void name_frame(struct frame *frame, Dwfl *dwfl)
{
	Dwfl_Module *module = dwfl_addrmodule(dwfl, frame->address);
	const char *name;
	Dwfl_Line *line;

	if (!module)
		return;
	name = dwfl_module_addrname(module, frame->address);
	frame->function = name ? strdup(name) : NULL;
	line = dwfl_module_getsrc(module, frame->address);
	name = line ? dwfl_lineinfo(line, NULL, &frame->line, NULL, NULL, NULL) : NULL;
	frame->file = name ? strdup(base_name(name)) : NULL;
}

void place_name(struct place *place)
{
	for (size_t i = 0; place && i < place->count; i++)
		if (!place->frames[i].function)
			name_frame(&place->frames[i], place->view->dwfl);
}

static int is_same_frame(const struct frame *one, const struct frame *other)
{
	if (!one->module || !other->module)
		return one->module == other->module && one->address == other->address;
	return one->offset == other->offset && strcmp(one->module, other->module) == 0;
}

int place_is_same(const struct place *one, const struct place *other)
{
	if (!one || !other)
		return one == other;
	if (one->count != other->count)
		return 0;
	for (size_t i = 0; i < one->count; i++)
		if (!is_same_frame(&one->frames[i], &other->frames[i]))
			return 0;
	return 1;
}
