/* SPDX-License-Identifier: MIT */
/* Files that the audited program has mapped, as libelf reads them. They may be crafted. */
#ifndef SPAWNAUDIT_ELF_FILE_H
#define SPAWNAUDIT_ELF_FILE_H

#include <libelf.h>

/* Mapped, for elf_end(); fd isn't needed any more. NULL: it is none, or no linker made it. */
Elf *elf_file_map(int fd);

/* Whether there is a section of Go's runtime. */
int elf_file_has_go(int fd);

#endif
