/* SPDX-License-Identifier: MIT */
/*
 * Options whose value is a list, or that may be given more than once. 0, or
 * what the parsers give; -ECANCELED: it is said already what is wrong.
 */
#ifndef SAFESPAWN_LISTS_H
#define SAFESPAWN_LISTS_H

#include "settings.h"

/* Added to those before. */
void list_text(struct texts *texts, const char *text);
int list_kept(struct settings *settings, const char *text);
int list_statuses(struct settings *settings, const char *text);
int list_rule(struct settings *settings, const char *text);
int list_redirection(struct settings *settings, const char *spec);

/* In place of those before. */
int list_cpus(struct settings *settings, const char *text);

/*
 * The variables in the file, as if they stood in its place on the command line. It is
 * read at once; what is wrong with it ends us, since --help is no help there.
 */
int list_env_file(struct settings *settings, const char *path);

/* Of several for one resource the last counts. */
int list_limit(struct settings *settings, const char *text);

/*
 * As in env(1): without SIG all that can be; of default and ignore the later
 * wins. set is the settings' member that key stands for.
 */
int list_signals(struct settings *settings, int key, const char *text, uint64_t *set);

/* "TERM:QUIT,HUP:0": added to those before; of two for one signal the later wins. */
int list_rewritten(struct settings *settings, const char *text);

#endif
