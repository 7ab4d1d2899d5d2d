/* SPDX-License-Identifier: MIT */
/*
 * Calls of system(), popen(), pclose() and of posix_spawn()'s family become calls
 * of spu_system() and so on: the names stay, only the symbols that the linker
 * sees are others. For whole programs as they are, in C and C++:
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

#if defined(__cplusplus) && !defined(__clang__) && \
	(defined(_STDIO_H) || defined(_STDLIB_H) || defined(_SPAWN_H))
#error "g++ replaces only what is declared later: give spawnutil-replace.h with -include"
#endif

/* clang warns where a static one of the program's own is found, and where it stands */
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpragmas"
#endif

#pragma redefine_extname system spu_system
#pragma redefine_extname popen spu_popen
#pragma redefine_extname pclose spu_pclose
#pragma redefine_extname posix_spawn spu_posix_spawn
#pragma redefine_extname posix_spawnp spu_posix_spawnp
#pragma redefine_extname pidfd_spawn spu_pidfd_spawn
#pragma redefine_extname pidfd_spawnp spu_pidfd_spawnp
#pragma redefine_extname posix_spawn_file_actions_init spu_posix_spawn_file_actions_init
#pragma redefine_extname posix_spawn_file_actions_destroy spu_posix_spawn_file_actions_destroy
#pragma redefine_extname posix_spawn_file_actions_addopen spu_posix_spawn_file_actions_addopen
#pragma redefine_extname posix_spawn_file_actions_addclose spu_posix_spawn_file_actions_addclose
#pragma redefine_extname posix_spawn_file_actions_adddup2 spu_posix_spawn_file_actions_adddup2
#pragma redefine_extname posix_spawn_file_actions_addchdir spu_posix_spawn_file_actions_addchdir
#pragma redefine_extname posix_spawn_file_actions_addchdir_np spu_posix_spawn_file_actions_addchdir
#pragma redefine_extname posix_spawn_file_actions_addfchdir spu_posix_spawn_file_actions_addfchdir
#pragma redefine_extname posix_spawn_file_actions_addfchdir_np \
	spu_posix_spawn_file_actions_addfchdir
#pragma redefine_extname posix_spawn_file_actions_addclosefrom_np \
	spu_posix_spawn_file_actions_addclosefrom_np
#pragma redefine_extname posix_spawn_file_actions_addtcsetpgrp_np \
	spu_posix_spawn_file_actions_addtcsetpgrp_np

#endif
#endif
