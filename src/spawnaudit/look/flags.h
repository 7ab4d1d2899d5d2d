/* SPDX-License-Identifier: MIT */
/* The flags of open and clone by name, as strace shows them: O_RDONLY|O_CLOEXEC. */
#ifndef SPAWNAUDIT_FLAGS_H
#define SPAWNAUDIT_FLAGS_H

#include <stdint.h>

/* All of their names fit in. */
#define FLAGS_SIZE 512

void open_flags_text(uint64_t flags, char ret[FLAGS_SIZE]);

/* With the signal at the end. */
void clone_flags_text(uint64_t flags, char ret[FLAGS_SIZE]);

#endif
