/* SPDX-License-Identifier: MIT */
/* The candidates that a PATH makes of a name, and what a script's first line names. */
#ifndef LIB_PATH_H
#define LIB_PATH_H

#include <stddef.h>

/* How many bytes of text the candidates need, and how many pointers. path NULL: no search. */
void spu__measure_candidates(const char *file, const char *path, size_t *ret_count,
			     size_t *ret_bytes);
/* Writes them: pointers ended by NULL to candidates, text to text. */
void spu__write_candidates(const char *file, const char *path, const char **candidates,
			   char *text);
/* The interpreter that the first line of a script names; 0, or -ENOENT if it names none. */
int spu__parse_interpreter(const char *head, size_t size, char *ret, size_t ret_size);

#endif
