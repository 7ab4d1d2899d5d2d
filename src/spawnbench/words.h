/* SPDX-License-Identifier: MIT */
/* A command as people write it, cut into words. Pure. */
#ifndef SPAWNBENCH_WORDS_H
#define SPAWNBENCH_WORDS_H

/*
 * Cuts as a shell does: at blanks, but for those in quotes or behind a backslash.
 * Nothing is expanded. The words end with NULL, and all of it is one free(). -EINVAL:
 * there is no word, or a quote or a backslash has nothing behind it; -ENOMEM.
 */
int words_split(const char *text, char ***ret_words);

#endif
