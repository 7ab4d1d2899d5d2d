/* SPDX-License-Identifier: MIT */
#include "redirect.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/message.h"
#include "common/parse.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The longer operator stands first. */
static const struct operator {
	const char *text;
	int kind;		/* 0: refused */
	int fd;			/* when none is written */
	int flags;
	const char *why;
} operators[] = {
	{"<<", 0, 0, 0, "here-documents are for the shell"},
	{"<&", REDIRECT_COPY, 0, 0, NULL},
	{"<>", REDIRECT_FILE, 0, O_RDWR | O_CREAT, NULL},
	{"<", REDIRECT_FILE, 0, O_RDONLY, NULL},
	{">>", REDIRECT_FILE, 1, O_WRONLY | O_CREAT | O_APPEND, NULL},
	{">&", REDIRECT_COPY, 1, 0, NULL},
	{">|", 0, 1, 0, "write > for >|"},
	{">", REDIRECT_FILE, 1, O_WRONLY | O_CREAT | O_TRUNC, NULL},
};

static const struct operator *find_operator(const char *text)
{
	for (size_t i = 0; i < COUNT(operators); i++)
		if (strncmp(text, operators[i].text, strlen(operators[i].text)) == 0)
			return &operators[i];
	return NULL;
}

static int parse_fd(const char *text, size_t length, int *ret, const char **ret_why)
{
	char number[16];
	long value;

	*ret_why = "a descriptor is a number";
	if (length == 0 || strspn(text, "0123456789") < length)
		return -EINVAL;
	*ret_why = "descriptor out of range";
	if (length >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, length);
	number[length] = '\0';
	if (parse_long(number, 0, INT_MAX, &value) < 0)
		return -EINVAL;
	*ret = (int)value;
	return 0;
}

int redirection_parse(const char *spec, struct redirection *ret, const char **ret_why)
{
	const char *at = strpbrk(spec, "<>");
	const struct operator *operator;
	struct redirection redirection = {.spec = spec};

	*ret_why = "has neither < nor >; quote it for the shell, as in -r '2>&1'";
	if (!at)
		return -EINVAL;
	operator = find_operator(at);
	redirection.kind = operator->kind;
	redirection.fd = operator->fd;
	redirection.flags = operator->flags;
	if (at > spec && parse_fd(spec, (size_t)(at - spec), &redirection.fd, ret_why) < 0)
		return -EINVAL;
	*ret_why = operator->why;
	if (!operator->kind)
		return -EINVAL;

	at += strlen(operator->text);
	at += strspn(at, " \t");
	*ret_why = "nothing behind it";
	if (!*at)
		return -EINVAL;
	*ret_why = "no shell takes such a name; write ./ before it";
	if (redirection.kind == REDIRECT_FILE && strchr("&|<>", *at))
		return -EINVAL;
	if (redirection.kind == REDIRECT_FILE)
		redirection.file = at;
	else if (strcmp(at, "-") == 0)
		redirection.kind = REDIRECT_CLOSE;
	else if (parse_fd(at, strlen(at), &redirection.from, ret_why) < 0)
		return -EINVAL;
	*ret = redirection;
	return 0;
}

/*
 * Above 9 as shells do, so that a file never lands on 0, 1 or 2 when they are
 * closed and receives what we say on stderr.
 */
int redirect_lift(int fd)
{
	int lifted = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 10);
	int saved;

	if (fd < 0)
		return fd;
	if (lifted < 0 && errno == EINVAL)
		lifted = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	saved = errno;
	close(fd);
	errno = saved;
	return lifted;
}

int redirect_open_own(const char *file, int flags, mode_t mode)
{
	int fd = open(file, flags | O_CLOEXEC | O_NOCTTY | O_LARGEFILE, mode);

	if (fd >= 0)
		fd = redirect_lift(fd);
	return fd < 0 ? -errno : fd;
}

/* n>&m: where m leads by now. */
static int copy(const struct redirection *redirection, struct fd_list *fds)
{
	const struct spu_fd *entry = fd_list_find(fds, redirection->from);

	if (entry && entry->kind == SPU_FD_CLOSE)
		return -EBADF;
	if (entry) {
		fd_list_set(fds, entry->kind == SPU_FD_KEEP ? SPU_FD_MAP : entry->kind,
			    redirection->fd,
			    entry->kind == SPU_FD_MAP ? entry->from : redirection->from);
		return 0;
	}
	if (!fd_was_inherited(redirection->from))
		return -EBADF;
	fd_list_set(fds, SPU_FD_MAP, redirection->fd, redirection->from);
	return 0;
}

static int open_one(const struct redirection *redirection, int explain, struct fd_list *fds)
{
	struct rlimit limit;
	int fd, r = 0;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && (rlim_t)redirection->fd >= limit.rlim_cur) {
		say("redirect %s: descriptor out of range (0 to %ld)", NAMED(redirection->spec),
		    (long)limit.rlim_cur - 1);
		return -EBADF;
	}
	switch (redirection->kind) {
	case REDIRECT_CLOSE:
		fd_list_set(fds, SPU_FD_CLOSE, redirection->fd, 0);
		break;
	case REDIRECT_COPY:
		r = copy(redirection, fds);
		break;
	case REDIRECT_FILE:
		fd = explain ? redirect_open_own("/dev/null", O_RDWR, 0)
			     : redirect_open_own(redirection->file, redirection->flags, 0666);
		if (fd < 0)
			r = fd;
		else
			fd_list_set(fds, SPU_FD_MAP, redirection->fd, fd);
		break;
	}
	if (r < 0 && redirection->kind == REDIRECT_COPY)
		say("redirect %s: %d isn't open", NAMED(redirection->spec), redirection->from);
	else if (r < 0)
		say_errno(r, "redirect %s", NAMED(redirection->spec));
	return r;
}

int redirections_open(const struct redirection *redirections, size_t count, int explain,
		      struct fd_list *fds)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = open_one(&redirections[i], explain, fds);
	return r;
}
