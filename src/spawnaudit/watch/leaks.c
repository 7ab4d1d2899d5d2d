/* SPDX-License-Identifier: MIT */
#include "leaks.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "../options.h"
#include "common/message.h"
#include "names.h"
#include "spawnutil.h"

struct leak *leaks_add(struct leak **list, size_t *count, const struct event_crossed *crossed)
{
	struct leak *grown = reallocarray(*list, *count + 1, sizeof(*grown));
	char *name = name_of_file(crossed);

	if (!grown || !name)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	*list = grown;
	grown[*count] = (struct leak){
		.fd = crossed->file.fd, .flags = (int)crossed->file.flags & ~O_CLOEXEC,
		.name = name,
	};
	return &grown[(*count)++];
}

void leaks_forget_announced(struct leak *list, size_t *ret_count,
			    const struct announced *announced)
{
	size_t count = *ret_count, kept = 0;
	struct spu_audit_fd *fds = calloc(count + 1, sizeof(*fds));
	struct leak *leaks = calloc(count + 1, sizeof(*leaks));
	const struct spu_audit audit = {.count = count, .fds = fds};

	if (!fds || !leaks)
		die(EXIT_TROUBLE, "no memory for another descriptor");
	for (size_t i = 0; i < count; i++) {
		leaks[i] = list[i];
		fds[i] = (struct spu_audit_fd){
			.fd = leaks[i].fd, .flags = leaks[i].flags, .name = leaks[i].name,
		};
	}
	/* some are known by others, so that none is forgotten before all have been asked for */
	for (size_t i = 0; i < count; i++)
		if (!announced_has(announced, &audit, &fds[i])) {
			list[kept++] = leaks[i];
			leaks[i] = (struct leak){0};
		}
	*ret_count = kept;
	leaks_free(leaks, count);
	free(fds);
}

void leaks_name_sockets(struct leak *list, size_t count, pid_t pid)
{
	struct spu_audit *audit = NULL;

	for (size_t i = 0; i < count; i++) {
		struct leak *leak = &list[i];
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
