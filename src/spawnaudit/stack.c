/* SPDX-License-Identifier: MIT */
/* libdw's view of a process. Reads only; what a stack means is for others to say. */
#include "stack.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

#define STOP_WITHIN_MS 2000

struct stack_reader {
	Dwfl *dwfl;
	pid_t pid;
	int is_attached;	/* libdw knows how to read its threads */
};

/* ---- the program's files ---- */

/*
 * As the process sees them: its root directory may be another, and the
 * executable may have been deleted. *userdata is the reader (see report()).
 */
static int find_file(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
		     char **ret_name, Elf **ret_elf)
{
	const struct stack_reader *reader = *userdata;
	char program[PATH_MAX], path[PATH_MAX + 64];
	int fd;

	if (!reader || *name != '/')
		return dwfl_linux_proc_find_elf(module, userdata, name, base, ret_name, ret_elf);
	if (process_program(reader->pid, program, sizeof(program)) == 0 &&
	    strcmp(name, program) == 0)
		snprintf(path, sizeof(path), "/proc/%d/exe", (int)reader->pid);
	else
		snprintf(path, sizeof(path), "/proc/%d/root%s", (int)reader->pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		*ret_name = strdup(name);
	return fd;
}

static int own_module(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
		      void *reader)
{
	(void)module, (void)name, (void)base;
	*userdata = reader;
	return DWARF_CB_OK;
}

static int report(struct stack_reader *reader)
{
	int r;

	dwfl_report_begin(reader->dwfl);
	r = dwfl_linux_proc_report(reader->dwfl, reader->pid);
	if (dwfl_report_end(reader->dwfl, NULL, NULL) != 0 || r != 0)
		return r > 0 ? -r : -EIO;
	dwfl_getmodules(reader->dwfl, own_module, reader, 0);
	return 0;
}

struct stack_reader *stack_open(pid_t pid)
{
	/*
	 * Not the standard way to find debug information: that one asks servers, while
	 * the process stands still.
	 */
	static char *no_path;
	static const Dwfl_Callbacks callbacks = {
		.find_elf = find_file,
		.find_debuginfo = dwfl_build_id_find_debuginfo,
		.debuginfo_path = &no_path,
	};
	struct stack_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->pid = pid;
	reader->dwfl = dwfl_begin(&callbacks);
	if (!reader->dwfl) {
		free(reader);
		return NULL;
	}
	stack_refresh(reader);
	return reader;
}

int stack_refresh(struct stack_reader *reader)
{
	int r = report(reader);

	/* 1: the threads stand still already, libdw needn't stop them */
	if (r == 0 && !reader->is_attached)
		reader->is_attached = dwfl_linux_proc_attach(reader->dwfl, reader->pid, 1) == 0;
	return r;
}

void stack_close(struct stack_reader *reader)
{
	if (!reader)
		return;
	dwfl_end(reader->dwfl);
	free(reader);
}

/* ---- frames ---- */

struct frames {
	Dwfl *dwfl;
	struct stack *stack;
};

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

/*
 * dwfl_module_getsrc() takes the nearest unit that has an index; Go's have none,
 * so that another's last line would be given for them: a unit must hold the
 * address itself.
 */
static Dwarf_Line *find_line(Dwfl_Module *module, Dwarf_Addr address)
{
	Dwarf_Addr bias;
	Dwarf_Die *unit = dwfl_module_addrdie(module, address, &bias);

	if (unit && dwarf_haspc(unit, address - bias) > 0)
		return dwarf_getsrc_die(unit, address - bias);
	unit = NULL;
	while ((unit = dwfl_module_nextcu(module, unit, &bias)))
		if (dwarf_haspc(unit, address - bias) > 0)
			return dwarf_getsrc_die(unit, address - bias);
	return NULL;
}

static int add_frame(Dwfl_Frame *state, void *context)
{
	struct frames *frames = context;
	struct stack *stack = frames->stack;
	struct stack_frame *frame;
	Dwfl_Module *module;
	Dwarf_Line *line;
	Dwarf_Addr pc, inside;
	bool is_activation;

	if (stack->count == STACK_FRAMES_MAX) {
		stack->ended = "more frames than are kept";
		return DWARF_CB_ABORT;
	}
	if (!dwfl_frame_pc(state, &pc, &is_activation))
		return DWARF_CB_ABORT;
	/* a return address may be that of the next line, or of the next function */
	inside = is_activation ? pc : pc - 1;
	module = dwfl_addrmodule(frames->dwfl, inside);
	frame = &stack->frames[stack->count++];
	*frame = (struct stack_frame){.pc = pc};
	if (!module)
		return DWARF_CB_OK;
	frame->module = copy(dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
	frame->function = copy(dwfl_module_addrname(module, inside));
	if (frame->function)	/* "pthread_mutex_lock@@GLIBC_2.2.5" */
		frame->function[strcspn(frame->function, "@")] = '\0';
	line = find_line(module, inside);
	if (line && dwarf_lineno(line, &frame->line) == 0)
		frame->file = copy(dwarf_linesrc(line, NULL, NULL));
	return DWARF_CB_OK;
}

int stack_read(struct stack_reader *reader, pid_t tid, struct stack *ret)
{
	struct frames frames = {reader->dwfl, ret};

	*ret = (struct stack){0};
	if (!reader->is_attached)
		return -EIO;
	if (dwfl_getthread_frames(reader->dwfl, tid, add_frame, &frames) != 0 && !ret->ended)
		ret->ended = dwfl_errmsg(-1);
	return ret->count ? 0 : -EIO;
}

void stack_clear(struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		free(stack->frames[i].function);
		free(stack->frames[i].file);
		free(stack->frames[i].module);
	}
	*stack = (struct stack){0};
}

const char *stack_symbol(struct stack_reader *reader, uintptr_t address, uintptr_t *ret_offset,
			 const char **ret_module)
{
	Dwfl_Module *module = dwfl_addrmodule(reader->dwfl, address);
	GElf_Off offset = 0;
	GElf_Sym symbol;
	const char *name;

	*ret_module = NULL;
	if (!module)
		return NULL;
	*ret_module = dwfl_module_info(module, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	name = dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
	*ret_offset = offset;
	return name;
}

/* ---- stopping ---- */

int stack_stop(pid_t tid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0)
		return -errno;
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) < 0)
		return -errno;
	for (int waited = 0; waited < STOP_WITHIN_MS; waited++) {
		pid_t got = waitpid(tid, &status, WNOHANG | __WALL);

		if (got < 0)
			return -errno;
		if (got == tid && !WIFSTOPPED(status))
			return -ESRCH;
		if (got == tid && status >> 16 == PTRACE_EVENT_STOP)
			return 0;
		/* a signal came first: it goes on to the thread */
		if (got == tid)
			ptrace(PTRACE_CONT, tid, NULL, (void *)(intptr_t)WSTOPSIG(status));
		usleep(1000);
	}
	return -ETIMEDOUT;
}

void stack_let_go(pid_t tid)
{
	ptrace(PTRACE_DETACH, tid, NULL, NULL);
}
