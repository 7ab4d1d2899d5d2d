/* SPDX-License-Identifier: MIT */
/* The way of an option's value into the settings. */
#ifndef SAFESPAWN_VALUES_H
#define SAFESPAWN_VALUES_H

#include "settings.h"

/* 0; -ENOENT for a key that is no option; -EINVAL after saying what is wrong. */
int value_store(struct settings *settings, int key, char *text);

#endif
