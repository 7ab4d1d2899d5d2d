/* SPDX-License-Identifier: MIT */
#include "script.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A script's name that ends behind these isn't told */
#define ARGUMENTS_READ 4096

#define SHELL_FLAGS "abefhiklmnprtuvxBCEHPT"

/*
 * By the name of the program; a version may follow. Options of other letters have arguments,
 * or run what is no script (sh -c): behind them nothing can be told.
 */
static const struct interpreter {
	const char *name;
	const char *flags;	/* options that have no argument, */
	const char *running;	/* and those whose argument is what runs */
} interpreters[] = {
	{"sh", SHELL_FLAGS, ""}, {"bash", SHELL_FLAGS, ""}, {"dash", SHELL_FLAGS, ""},
	{"ash", SHELL_FLAGS, ""}, {"ksh", SHELL_FLAGS, ""}, {"mksh", SHELL_FLAGS, ""},
	{"zsh", SHELL_FLAGS, ""}, {"fish", "ilnPv", ""},
	{"python", "bBdEhiIOPqRsStuvVx", "m"}, {"pypy", "bBdEhiIOPqRsStuvVx", "m"},
	{"perl", "acfnpsStTuUvwWX", ""}, {"ruby", "acdlnpsSvw", ""}, {"php", "CHnq", "f"},
	{"lua", "EivW", ""}, {"node", "ci", ""}, {"nodejs", "ci", ""}, {"tclsh", "", ""},
	{"wish", "", ""},
};

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const struct interpreter *find(const char *name)
{
	for (size_t i = 0; i < sizeof(interpreters) / sizeof(interpreters[0]); i++) {
		size_t length = strlen(interpreters[i].name);

		if (strncmp(name, interpreters[i].name, length) == 0 && name[length] != '_' &&
		    !isalpha((unsigned char)name[length]))
			return &interpreters[i];
	}
	return NULL;
}

/* The argument behind, or NULL: it is missing, or was cut. */
static const char *next_of(const char *argument, const char *end)
{
	const char *next = argument + strlen(argument) + 1;

	return next < end && memchr(next, '\0', (size_t)(end - next)) ? next : NULL;
}

static const char *find_script(const struct interpreter *interpreter, const char *argument,
			       const char *end)
{
	while ((argument = next_of(argument, end))) {
		const char *letters = argument + 1, *other = letters;

		if (*argument != '-' && *argument != '+')
			return argument;
		if (*letters == '-' && letters[1] == '\0')
			return next_of(argument, end);
		/* a long one with its own argument */
		if (*letters == '-' && strchr(letters, '='))
			continue;
		other += strspn(letters, interpreter->flags);
		if (*letters && !*other)
			continue;
		if (!*letters || !strchr(interpreter->running, *other))
			return NULL;
		return other[1] ? other + 1 : next_of(argument, end);
	}
	return NULL;
}

char *script_of(const char *program, const char *arguments, size_t size)
{
	const char *name = base_of(program), *script;
	const struct interpreter *interpreter;

	if (!memchr(arguments, '\0', size))
		return NULL;
	/* one file, and many programs */
	if (strcmp(name, "busybox") == 0)
		name = base_of(arguments);
	interpreter = find(name);
	script = interpreter ? find_script(interpreter, arguments, arguments + size) : NULL;
	return script && *script ? strdup(script) : NULL;
}

char *script_read(pid_t pid, const char *program)
{
	char path[32], arguments[ARGUMENTS_READ];
	const char *name = base_of(program);
	ssize_t length;
	int fd;

	if (!find(name) && strcmp(name, "busybox") != 0)
		return NULL;
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, arguments, sizeof(arguments));
	if (fd >= 0)
		close(fd);
	return length > 0 ? script_of(program, arguments, (size_t)length) : NULL;
}
