/* SPDX-License-Identifier: MIT */
#include "symbols.h"

#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "view.h"
#include "view_libdw.h"

/* As people know it, for free(): "pthread_mutex_lock@@GLIBC_2.2.5", "_ZN3Job3runEv" */
static char *readable(const char *symbol)
{
	char *plain = symbol ? strndup(symbol, strcspn(symbol, "@")) : NULL;
	char *demangled = plain ? demangle(plain) : NULL;

	if (!demangled)
		return plain;
	free(plain);
	return demangled;
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

static void name_frame(void *of, void *context)
{
	struct view *view = of;
	struct frame *frame = context;
	const char *name;
	uint64_t start;
	Dwfl_Module *module = view_module(view, frame->address, &name, &start);
	Dwarf_Line *line;

	if (!module)
		return;
	name = dwfl_module_addrname(module, frame->address);
	line = find_line(module, frame->address);
	frame->function = readable(name);
	name = line && dwarf_lineno(line, &frame->line) == 0 ? dwarf_linesrc(line, NULL, NULL)
							     : NULL;
	frame->file = name ? strdup(name) : NULL;
}

void frame_name(struct view *view, struct frame *frame)
{
	view_guard(view, name_frame, frame);
}

/* The module whose file, as its own headers have it, fills the address */
struct owner {
	uint64_t address;
	Dwfl_Module *module;
};

static int find_owner(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr start,
		      void *context)
{
	struct owner *owner = context;
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(module, &bias);
	GElf_Phdr header;
	size_t count;

	(void)userdata, (void)name, (void)start;
	if (!elf || elf_getphdrnum(elf, &count) < 0)
		return DWARF_CB_OK;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD &&
		    owner->address - bias - header.p_vaddr < header.p_memsz)
			owner->module = module;
	return owner->module ? DWARF_CB_ABORT : DWARF_CB_OK;
}

/* Also of variables that begin as 0, which may lie behind all that is mapped of the file. */
static Dwfl_Module *find_module_of_data(const struct view *view, uint64_t address,
					const char **name, uint64_t *start)
{
	Dwfl_Module *module = view_module(view, address, name, start);
	struct owner owner = {address, module};

	if (module)
		return module;
	dwfl_getmodules(view_dwfl(view), find_owner, &owner, 0);
	*name = NULL;
	if (owner.module)
		*name = dwfl_module_info(owner.module, NULL, start, NULL, NULL, NULL, NULL, NULL);
	return *name ? owner.module : NULL;
}

struct symbol {
	uint64_t address;
	char *name;
	uint64_t offset;
	const char *module;
};

static void find_symbol(void *of, void *context)
{
	struct view *view = of;
	struct symbol *symbol = context;
	uint64_t start;
	Dwfl_Module *module = find_module_of_data(view, symbol->address, &symbol->module, &start);
	GElf_Off offset = 0;
	GElf_Sym ignored;

	if (!module)
		return;
	symbol->name = readable(dwfl_module_addrinfo(module, symbol->address, &offset, &ignored,
						     NULL, NULL, NULL));
	symbol->offset = offset;
}

char *symbol_name(struct view *view, uint64_t address, uint64_t *ret_offset,
		  const char **ret_module)
{
	struct symbol symbol = {.address = address};

	if (!view_guard(view, find_symbol, &symbol))
		symbol = (struct symbol){0};
	*ret_offset = symbol.offset;
	*ret_module = symbol.module;
	return symbol.name;
}
