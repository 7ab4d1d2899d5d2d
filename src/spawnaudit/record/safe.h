/* SPDX-License-Identifier: MIT */
/* Which functions are async-signal-safe, and which aren't: lists, looked up by name. */
#ifndef SPAWNAUDIT_SAFE_H
#define SPAWNAUDIT_SAFE_H

/* Under this name, which may be one that only compilers write ("__read_chk")? */
int function_is_safe(const char *name);

/* Of what isn't libc's: does it allocate memory, or give it back, in libc's place? */
int function_allocates(const char *name);

/* Of what isn't libc's: does it enter a runtime that never works with one thread? */
int function_enters_runtime(const char *name);

#endif
