/* SPDX-License-Identifier: MIT */
#include "advice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The steps that a capability allows. Root has them all, but not in every container. */
static const struct {
	unsigned step;
	int err;
	const char *what, *capability, *otherwise;
} needs[] = {
	{SPU_STEP_ROOT, EPERM, "", "CAP_SYS_CHROOT", ""},
	{SPU_STEP_UID, EPERM, "", "CAP_SETUID", ""},
	{SPU_STEP_GID, EPERM, "", "CAP_SETGID", ""},
	{SPU_STEP_GROUPS, EPERM, "", "CAP_SETGID", "; or --groups=keep"},
	{SPU_STEP_LIMIT, EPERM, "raising a hard limit ", "CAP_SYS_RESOURCE", ""},
	{SPU_STEP_NICE, EACCES, "lowering it ", "CAP_SYS_NICE", ""},
	{SPU_STEP_SCHEDULER, EPERM, "", "CAP_SYS_NICE", ", or a limit rtprio that allows it"},
	{SPU_STEP_INHERITABLE_CAPS, EPERM, "", "those capabilities", ""},
	{SPU_STEP_AMBIENT_CAPS, EPERM, "", "that capability", ""},
	{SPU_STEP_BOUNDING_SET, EPERM, "", "CAP_SETPCAP", ""},
	{SPU_STEP_SECUREBITS, EPERM, "", "CAP_SETPCAP", ""},
	{SPU_STEP_IOPRIO, EPERM, "", "CAP_SYS_NICE", ""},
	{SPU_STEP_OOM, EACCES, "lowering it ", "CAP_SYS_RESOURCE", ""},
};

static const struct {
	unsigned step;
	int err;
	const char *text;
} causes[] = {
	{SPU_STEP_UID, EINVAL, ": this user namespace has no such id"},
	{SPU_STEP_GID, EINVAL, ": this user namespace has no such id"},
	{SPU_STEP_GROUPS, EINVAL, ": this user namespace lacks one of them"},
	{SPU_STEP_DEADLINE, ENOTSUP, ": unshare --fork makes another one its init"},
	{SPU_STEP_SECCOMP, EACCES, ": --no-new-privs"},
	{SPU_STEP_LANDLOCK, EPERM, ": --no-new-privs"},
	{SPU_STEP_CPUS, EINVAL, ": --cpu-list names no processor that we may use"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The first word of a small file, "" where there is none. */
static const char *read_word(const char *path, char word[32])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, word, 31);

	if (fd >= 0)
		close(fd);
	word[length < 0 ? 0 : length] = '\0';
	word[strcspn(word, " \n")] = '\0';
	return word;
}

static const char *need(size_t i, char *buffer)
{
	snprintf(buffer, ADVICE_SIZE,
		 geteuid() == 0 ? ": %sneeds %s, which root lacks here%s"
				: ": %sneeds root, or %s%s",
		 needs[i].what, needs[i].capability, needs[i].otherwise);
	return buffer;
}

/* What no capability helps against; NULL: there is no such thing here. */
static const char *barrier(const struct spu_error *error, const struct spu_options *options,
			   char *buffer)
{
	const struct spu_limit *limit;
	char word[32];

	if (error->step == SPU_STEP_GROUPS && error->err == EPERM &&
	    strcmp(read_word("/proc/self/setgroups", word), "deny") == 0)
		return ": this user namespace forbids it; --groups=keep does without";
	if (error->step == SPU_STEP_LIMIT && error->err == EPERM) {
		limit = &options->limits[error->index];
		if (limit->resource == RLIMIT_NOFILE && *read_word("/proc/sys/fs/nr_open", word) &&
		    limit->hard > strtoull(word, NULL, 10)) {
			snprintf(buffer, ADVICE_SIZE, ": the system allows no more than %s "
				 "(fs.nr_open)", word);
			return buffer;
		}
	}
	return NULL;
}

const char *advice(const struct spu_error *error, const struct spu_options *options,
		   char buffer[ADVICE_SIZE])
{
	const char *text = barrier(error, options, buffer);

	if (text)
		return text;
	for (size_t i = 0; i < COUNT(needs); i++)
		if (needs[i].step == error->step && needs[i].err == error->err)
			return need(i, buffer);
	for (size_t i = 0; i < COUNT(causes); i++)
		if (causes[i].step == error->step && causes[i].err == error->err)
			return causes[i].text;
	if (error->step != SPU_STEP_AUDIT || error->err != EBADFD)
		return "";
	snprintf(buffer, ADVICE_SIZE, "; --keep-fd=%d gives it, --leaks=close closes it",
		 error->index);
	return buffer;
}
