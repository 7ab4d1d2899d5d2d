/* SPDX-License-Identifier: MIT */
/* What lies at an address, by name: symbols, and lines of sources. */
#ifndef SPAWNAUDIT_SYMBOLS_H
#define SPAWNAUDIT_SYMBOLS_H

#include <stdint.h>

struct frame;
struct view;

/* Function, file and line. Reads files and is slow: not while a program waits for us. */
void frame_name(struct view *view, struct frame *frame);

/*
 * The variable or function at an address, for free(), how far behind its beginning
 * that lies, and the path of the file, which is the view's; NULL where unknown.
 */
char *symbol_name(struct view *view, uint64_t address, uint64_t *ret_offset,
		  const char **ret_module);

#endif
