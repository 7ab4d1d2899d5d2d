/* SPDX-License-Identifier: MIT */
#include "leaks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../look/announced.h"
#include "../options.h"
#include "common/message.h"
#include "names.h"
#include "spawnutil.h"

void leaks_add(struct launch *launch, const struct event_crossed *crossed)
{
	struct leak *grown = reallocarray(launch->leaks, launch->leak_count + 1, sizeof(*grown));
	char *name = name_of_file(crossed);

	if (!grown || !name)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	launch->leaks = grown;
	grown[launch->leak_count++] = (struct leak){
		.fd = crossed->file.fd, .flags = (int)crossed->file.flags & ~O_CLOEXEC,
		.name = name,
	};
}

static struct leak *find_pipe(struct launch *launch, int fd, int mode)
{
	for (size_t i = 0; i < launch->leak_count; i++)
		if (launch->leaks[i].fd == fd && (launch->leaks[i].flags & O_ACCMODE) == mode &&
		    strncmp(launch->leaks[i].name, "pipe:", 5) == 0)
			return &launch->leaks[i];
	return NULL;
}

static void forget_leak(struct launch *launch, struct leak *leak)
{
	size_t behind = (size_t)(launch->leaks + launch->leak_count - leak) - 1;

	leak_clear(leak);
	memmove(leak, leak + 1, behind * sizeof(*leak));
	launch->leak_count--;
}

void leaks_expect_jobserver(struct launch *launch, const char *makeflags)
{
	int reader, writer;

	if (!announced_jobserver(makeflags, &reader, &writer) ||
	    !find_pipe(launch, reader, O_RDONLY) || !find_pipe(launch, writer, O_WRONLY))
		return;
	forget_leak(launch, find_pipe(launch, reader, O_RDONLY));
	forget_leak(launch, find_pipe(launch, writer, O_WRONLY));
}

void leaks_name_sockets(struct launch *launch, pid_t pid)
{
	struct spu_audit *audit = NULL;

	for (size_t i = 0; i < launch->leak_count; i++) {
		struct leak *leak = &launch->leaks[i];
		size_t length = strlen(leak->name);

		if (strncmp(leak->name, "socket:", 7) != 0)
			continue;
		if (!audit && spu_audit(pid, SPU_AUDIT_NAMES, &audit) < 0)
			return;
		for (size_t j = 0; j < audit->count; j++)
			if (audit->fds[j].name &&
			    strncmp(audit->fds[j].name, leak->name, length) == 0 &&
			    audit->fds[j].name[length] == ' ') {
				free(leak->name);
				leak->name = strdup(audit->fds[j].name);
				if (!leak->name)
					die(EXIT_TROUBLE, "no memory for another descriptor");
				break;
			}
	}
	spu_audit_free(audit);
}
