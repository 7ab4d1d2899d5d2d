/* SPDX-License-Identifier: MIT */
/*
 * Calls of system(), popen() and pclose() become calls of spu_system(),
 * spu_popen() and spu_pclose(): the names stay, only the symbols that the
 * linker sees are others. For whole programs as they are, in C and C++:
 *
 *	cc -include spawnutil-replace.h prog.c -lspawnutil
 *
 * It includes nothing and declares nothing, so that what a source asks of
 * libc's headers, and what a configure script finds out, is as without it.
 * Members, variables, and functions of the program's own that aren't external
 * C functions keep the names. spu_system(3) has the other ways.
 */
#ifndef SPAWNUTIL_REPLACE_H
#define SPAWNUTIL_REPLACE_H

#ifndef __ASSEMBLER__

#if defined(__cplusplus) && !defined(__clang__) && (defined(_STDIO_H) || defined(_STDLIB_H))
#error "g++ replaces only what is declared later: give spawnutil-replace.h with -include"
#endif

/* clang warns where a static one of the program's own is found, and where it stands */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpragmas"
#endif

#pragma redefine_extname system spu_system
#pragma redefine_extname popen spu_popen
#pragma redefine_extname pclose spu_pclose

#endif
#endif
