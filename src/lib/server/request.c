/* SPDX-License-Identifier: MIT */
/*
 * One description of what a request is, which is gone through for measuring, writing
 * and reading: what is written is what is read.
 */
#include "request.h"

#include <errno.h>
#include <string.h>

#define MAGIC 0x31757073u	/* "spu1" */
#define NONE UINT32_MAX		/* of a list that is NULL */

struct head {
	uint32_t magic;
	uint32_t options_size;	/* a newer library's struct is a larger one */
	uint32_t standing_size;
	uint32_t size;		/* of all */
};
_Static_assert(sizeof(struct head) == REQUEST_HEAD, "the head's size is known outside");

enum direction { MEASURE, WRITE, READ };

struct pass {
	enum direction direction;
	char *at, *end;		/* WRITE, READ: the bytes */
	size_t size;		/* MEASURE */
	char *room, *room_end;	/* READ */
	int failed;
};

static size_t left(const struct pass *pass)
{
	return (size_t)(pass->end - pass->at);
}

static void pass_bytes(struct pass *pass, void *bytes, size_t size)
{
	if (pass->direction == MEASURE) {
		pass->size += size;
		return;
	}
	if (pass->failed || !pass->at || size > left(pass)) {
		pass->failed = 1;
		return;
	}
	if (size == 0)
		return;
	if (pass->direction == WRITE)
		memcpy(pass->at, bytes, size);
	else
		memcpy(bytes, pass->at, size);
	pass->at += size;
}

/* Zeros. */
static void *take_room(struct pass *pass, size_t size)
{
	char *memory = pass->room;

	size = (size + 15) & ~(size_t)15;
	if (!memory || size > (size_t)(pass->room_end - memory)) {
		pass->failed = 1;
		return NULL;
	}
	pass->room += size;
	return memset(memory, 0, size);
}

static void pass_text(struct pass *pass, const char **text)
{
	const char *end;

	if (pass->direction != READ && *text) {
		pass_bytes(pass, (char *)(uintptr_t)*text, strlen(*text) + 1);
		return;
	}
	if (pass->direction != READ) {	/* its list became shorter */
		pass->failed = 1;
		return;
	}
	*text = NULL;
	end = pass->failed ? NULL : memchr(pass->at, '\0', left(pass));
	if (!end) {
		pass->failed = 1;
		return;
	}
	*text = pass->at;
	pass->at = (char *)(uintptr_t)end + 1;
}

static void pass_optional_text(struct pass *pass, const char **text)
{
	unsigned char is_given = *text != NULL;

	pass_bytes(pass, &is_given, sizeof(is_given));
	if (pass->direction == READ)
		*text = NULL;
	if (pass->failed || !is_given)
		return;
	pass_text(pass, text);
}

/* How many there are, none of them smaller than that; NONE. */
static uint32_t pass_count(struct pass *pass, uint32_t count, size_t smallest)
{
	pass_bytes(pass, &count, sizeof(count));
	if (pass->direction == READ && count != NONE && count > left(pass) / smallest)
		pass->failed = 1;
	return pass->failed ? NONE : count;
}

static void pass_texts(struct pass *pass, const char *const **list)
{
	uint32_t count = *list ? 0 : NONE, i;
	const char **texts = NULL;

	while (*list && (*list)[count])
		count++;
	if (pass->direction == READ)
		*list = NULL;
	count = pass_count(pass, count, 1);
	if (count == NONE)
		return;
	if (pass->direction == READ) {
		texts = take_room(pass, (count + (size_t)1) * sizeof(*texts));
		if (!texts)
			return;
		*list = texts;
	}
	for (i = 0; i < count && !pass->failed; i++) {
		const char *text = texts ? NULL : (*list)[i];

		pass_text(pass, &text);
		if (texts)
			texts[i] = text;
	}
}

/* A list of things of one size, behind which one of zeros stands. */
static uint32_t pass_array(struct pass *pass, const void **array, uint32_t count, size_t each)
{
	void *room = NULL;

	if (pass->direction == READ)
		*array = NULL;
	count = pass_count(pass, count, each);
	if (count == NONE)
		return 0;
	if (pass->direction == READ) {
		room = take_room(pass, (count + (size_t)1) * each);
		if (!room)
			return 0;
		*array = room;
	}
	pass_bytes(pass, room ? room : (void *)(uintptr_t)*array, count * each);
	return count;
}

static void pass_fds(struct pass *pass, const struct spu_fd **fds)
{
	const void *array = *fds;
	uint32_t count = *fds ? 0 : NONE, i;

	while (*fds && (*fds)[count].kind)
		count++;
	count = pass_array(pass, &array, count, sizeof(**fds));
	*fds = array;
	for (i = 0; *fds && i < count && !pass->failed; i++) {
		struct spu_fd *fd = (struct spu_fd *)(uintptr_t)&(*fds)[i];
		const char *path = fd->path;

		if (pass->direction == READ)
			path = NULL;
		pass_optional_text(pass, &path);
		if (pass->direction == READ) {
			fd->path = path;
			fd->ret_fd = NULL;
			fd->termios = NULL;
			fd->winsize = NULL;
		}
	}
}

static void pass_rules(struct pass *pass, const struct spu_landlock **rules)
{
	const void *array = *rules;
	uint32_t count = *rules ? 0 : NONE, i;

	while (*rules && (*rules)[count].kind)
		count++;
	count = pass_array(pass, &array, count, sizeof(**rules));
	*rules = array;
	for (i = 0; *rules && i < count && !pass->failed; i++) {
		const char *path = pass->direction == READ ? NULL : (*rules)[i].path;

		pass_optional_text(pass, &path);
		if (pass->direction == READ)
			((struct spu_landlock *)(uintptr_t)*rules)[i].path = path;
	}
}

static void pass_limits(struct pass *pass, const struct spu_limit **limits)
{
	const void *array = *limits;
	uint32_t count = *limits ? 0 : NONE;

	while (*limits && (*limits)[count].kind)
		count++;
	pass_array(pass, &array, count, sizeof(**limits));
	*limits = array;
}

/* The members that point somewhere; what they hold was read as numbers. */
static void pass_pointers(struct pass *pass, struct spu_options *options)
{
	const char **const texts[] = {&options->file, &options->path, &options->root,
				      &options->cwd, &options->cgroup, &options->pid_variable,
				      &options->pid_file};
	const void *array;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (pass->direction == READ)
			*texts[i] = NULL;
		pass_optional_text(pass, texts[i]);
	}
	if (pass->direction == READ) {
		options->env = NULL;
		options->env_set = options->env_unset = NULL;
		options->fds = NULL;
		options->limits = NULL;
		options->landlock_rules = NULL;
		options->server = NULL;
		options->ret_exit = NULL;
	}
	pass_texts(pass, (const char *const **)(void *)&options->env);
	pass_texts(pass, &options->env_set);
	pass_texts(pass, &options->env_unset);
	pass_fds(pass, &options->fds);
	pass_limits(pass, &options->limits);
	pass_rules(pass, &options->landlock_rules);
	array = options->groups;
	options->group_count = pass_array(pass, &array, array ? (uint32_t)options->group_count
							       : NONE, sizeof(*options->groups));
	options->groups = array;
	array = options->cpus;
	options->cpu_count = pass_array(pass, &array, array ? (uint32_t)options->cpu_count
							     : NONE, sizeof(*options->cpus));
	options->cpus = array;
	array = options->seccomp;
	options->seccomp_count = pass_array(pass, &array, array ? (uint32_t)options->seccomp_count
								 : NONE, sizeof(uint64_t));
	options->seccomp = array;
}

static void pass_request(struct pass *pass, struct request *request)
{
	if (pass->direction == READ)
		request->argv = NULL;
	pass_texts(pass, (const char *const **)(void *)&request->argv);
	pass_bytes(pass, &request->options, sizeof(request->options));
	pass_pointers(pass, &request->options);
	pass_bytes(pass, &request->descriptors, sizeof(request->descriptors));
	pass_bytes(pass, &request->deadline_us, sizeof(request->deadline_us));
	pass_bytes(pass, &request->standing, sizeof(request->standing));
}

size_t spu__measure_request(struct request *request)
{
	struct pass pass = {.direction = MEASURE, .size = sizeof(struct head)};

	pass_request(&pass, request);
	return pass.size;
}

int spu__write_request(struct request *request, char *bytes, size_t size)
{
	struct pass pass = {.direction = WRITE, .at = bytes, .end = bytes + size};
	struct head head = {MAGIC, sizeof(request->options), sizeof(request->standing),
			    (uint32_t)size};

	pass_bytes(&pass, &head, sizeof(head));
	pass_request(&pass, request);
	return pass.failed || left(&pass) > 0 ? -EAGAIN : 0;
}

size_t spu__request_size(const char bytes[REQUEST_HEAD])
{
	struct head head;

	memcpy(&head, bytes, sizeof(head));
	return head.magic == MAGIC && head.options_size == sizeof(struct spu_options) &&
	       head.standing_size == sizeof(struct standing) && head.size <= REQUEST_LIMIT &&
	       head.size > sizeof(head) ? head.size : 0;
}

int spu__read_request(const char *bytes, size_t size, struct request *ret, void *room)
{
	struct pass pass = {.direction = READ, .at = (char *)(uintptr_t)bytes + REQUEST_HEAD,
			    .end = (char *)(uintptr_t)bytes + size, .room = room};

	pass.room_end = pass.room + REQUEST_ROOM(size);
	if (size < REQUEST_HEAD || spu__request_size(bytes) != size)
		return -EPROTO;
	memset(ret, 0, sizeof(*ret));
	pass_request(&pass, ret);
	return pass.failed || left(&pass) > 0 || !ret->argv || !ret->argv[0] ? -EPROTO : 0;
}
