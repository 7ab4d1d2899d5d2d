/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer (make fuzz): whatever stands in the files of /proc, as which another
 * process's names do, reading stays in them; and a process is what the kernel says it is,
 * whatever it is called.
 */
#include <fcntl.h>
#include <stdarg.h>

#include "bytes.h"
#include "lib/sockets.h"
#include "spawnaudit/look/announced.h"
#include "spawnaudit/look/process.h"

#define PID 4711

/* Below /proc/4711, and in the tables of sockets, is what was drawn: --wrap. */
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

static struct bytes drawn;

static int is_drawn(const char *path)
{
	return strncmp(path, "/proc/4711/", 11) == 0 || strncmp(path, "/proc/self/net/", 15) == 0;
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list arguments;
	int fd;

	va_start(arguments, flags);
	fd = is_drawn(path) ? make_file(drawn.at, bytes_left(&drawn))
			    : __real_open(path, flags, va_arg(arguments, int));
	va_end(arguments);
	return fd;
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
	char name[32];
	FILE *stream;
	int fd;

	if (!is_drawn(path))
		return __real_fopen(path, mode);
	fd = make_file(drawn.at, bytes_left(&drawn));
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	stream = __real_fopen(name, mode);
	close(fd);
	return stream;
}

static int check_mapping(void *context, const struct process_mapping *mapping)
{
	size_t *left = context;

	/* each has a line, and its name is part of that */
	if (strlen(mapping->name) >= *left || strchr(mapping->name, '\n'))
		FAULT("a mapping's name: %s\n", mapping->name);
	return 0;
}

static void check_socket(void *context, size_t index, const char *text)
{
	if (index >= *(size_t *)context || strlen(text) > 255)
		FAULT("a socket: %s\n", text);
}

static void read_all(void)
{
	static const struct spu_audit none;
	struct spu_audit_fd fd = {.fd = 5};
	struct spu__socket sockets[] = {{.inode = 1}, {.inode = 22, .index = 1}, {.inode = 22}};
	char wchan[PROCESS_WCHAN_SIZE];
	struct process_status status;
	struct announced announced;
	struct process process;
	struct process_call call;
	size_t left = bytes_left(&drawn) + 1, count = 3;

	if (process_read(PID, &process) == 0 && strlen(process.name) >= PROCESS_NAME_SIZE)
		FAULT("a long name\n");
	(void)process_status(PID, 0, &status);
	(void)process_call(PID, PID, &call);
	if (process_wchan(PID, PID, wchan) == 0 && strlen(wchan) >= PROCESS_WCHAN_SIZE)
		FAULT("a long place\n");
	(void)process_maps(PID, check_mapping, &left);
	announced_read(&announced, PID);
	(void)announced_has(&announced, &none, &fd);
	announced_clear(&announced);
	spu__describe_sockets("self", sockets, count, check_socket, &count);
}

/* The kernel cuts a name to 15 bytes and has any but 0 in it. */
static void check_named(struct bytes *bytes)
{
	char *name = take_text(bytes, 15), line[256];
	struct process process;
	int length = snprintf(line, sizeof(line), "%d (%s) S 77 1 1 0 -1 4194368 1 1 1 1 1 1 1 1 20 "
			      "0 3 0 1 1 1\n", PID, name);

	drawn = (struct bytes){(const uint8_t *)line, (const uint8_t *)line + length};
	if (process_read(PID, &process) < 0 || strcmp(process.name, name) != 0 ||
	    process.state != 'S' || process.parent != 77 || process.threads != 3 ||
	    !(process.flags & PROCESS_FORKED_NO_EXEC))
		FAULT("[%s] is [%s], %c, of %d, with %ld threads\n", name, process.name,
		      process.state, (int)process.parent, process.threads);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, data + size};

	if (take(&bytes) % 2) {
		check_named(&bytes);
	} else {
		drawn = bytes;
		read_all();
	}
	return 0;
}
