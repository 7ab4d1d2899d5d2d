/* SPDX-License-Identifier: MIT */
/*
 * C++ names as the source has them, by binutils' libiberty where it was there to link
 * with. libstdc++'s __cxa_demangle() won't do: programs choose their symbols, and one of
 * some hundred bytes can make it use all memory.
 */
#ifndef SPAWNAUDIT_DEMANGLE_H
#define SPAWNAUDIT_DEMANGLE_H

/* For free(); NULL: it is no such name, it would be very long, or nobody knows how. */
char *demangle(const char *symbol);

#endif
