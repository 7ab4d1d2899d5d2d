/* SPDX-License-Identifier: MIT */
/* A view from inside, for who asks libdw about it: nothing of libdw's without the guard. */
#ifndef SPAWNAUDIT_VIEW_LIBDW_H
#define SPAWNAUDIT_VIEW_LIBDW_H

#include <elfutils/libdwfl.h>
#include <stdint.h>

struct view;

/* Whether the function, which uses libdw, came to its end; a view where one didn't is done with. */
int view_guard(struct view *view, void (*function)(void *view, void *context), void *context);

Dwfl *view_dwfl(const struct view *view);

/* The one that is mapped there, its path and where it begins; NULL: none. */
Dwfl_Module *view_module(const struct view *view, uint64_t address, const char **ret_name,
			 uint64_t *ret_start);

#endif
