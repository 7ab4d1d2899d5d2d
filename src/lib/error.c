/* SPDX-License-Identifier: MIT */
/*
 * Error texts: one line that names the thing. Runs in the parent, after the
 * fact; may look at files to tell a missing program from a missing interpreter.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../names.h"
#include "../quote.h"
#include "launch.h"

const char *spu__signal_name(int number)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {
#define ENTRY(name, number) {name, number},
		SIGNAL_NAMES(ENTRY)
#undef ENTRY
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			return names[i].name;
	return "";
}

const char *spu__limit_name(int resource)
{
	static const struct {
		const char *name;
		int resource;
	} names[] = {
#define ENTRY(name, number) {name, number},
		LIMIT_NAMES(ENTRY)
#undef ENTRY
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].resource == resource)
			return names[i].name;
	return "";
}

const char *spu_step_name(unsigned step)
{
	static const struct {
		unsigned number;
		const char *name;
	} names[] = {
		{SPU_STEP_OPTIONS, "options"},
		{SPU_STEP_PREPARE, "prepare"},
		{SPU_STEP_AUDIT, "audit"},
		{SPU_STEP_CLONE, "clone"},
		{SPU_STEP_POSIX_SPAWN, "posix_spawn"},
		{SPU_STEP_WAIT, "wait"},
#define ENTRY(kind, number, name) {number, name},
		STEPS(ENTRY)
#undef ENTRY
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == step)
			return names[i].name;
	return NULL;
}

/* What comes from others may hold anything; the text is one line. */
static void replace_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

/* Returns the text's length, which may be more than there is room for. */
static int fill(struct spu_error *ret_error, int err, unsigned step, int index,
		const char *format, va_list arguments)
{
	int length;

	ret_error->err = err;
	ret_error->step = step;
	ret_error->index = index;
	length = vsnprintf(ret_error->text, sizeof(ret_error->text), format, arguments);
	replace_controls(ret_error->text);
	return length;
}

int spu__refusal(struct spu_error *ret_error, int err, unsigned step, int index,
		 const char *format, ...)
{
	va_list arguments;

	if (!ret_error)
		return -err;
	va_start(arguments, format);
	fill(ret_error, err, step, index, format, arguments);
	va_end(arguments);
	return -err;
}

int spu__error(struct spu_error *ret_error, int err, unsigned step, int index,
	       const char *format, ...)
{
	int saved = errno, length;
	va_list arguments;

	if (!ret_error)
		return -err;
	va_start(arguments, format);
	length = fill(ret_error, err, step, index, format, arguments);
	va_end(arguments);
	/* A long thing is cut so that the reason still shows. */
	if (length > (int)sizeof(ret_error->text) - 64) {
		length = (int)sizeof(ret_error->text) - 64;
		length += snprintf(ret_error->text + length, 4, "...");
	}
	errno = err;
	snprintf(ret_error->text + length, sizeof(ret_error->text) - (size_t)length, ": %m");
	errno = saved;
	return -err;
}

/*
 * ---- What a step is about
 */

static void describe_fd(char *text, size_t size, const struct spu_fd *fd)
{
	static const char *const arrows[] = {[O_RDONLY] = "<", [O_WRONLY] = ">", [O_RDWR] = "<>"};

	switch (fd->kind) {
	case SPU_FD_KEEP:
		snprintf(text, size, "keep %d", fd->fd);
		break;
	case SPU_FD_MAP:
		snprintf(text, size, "map %d from %d", fd->fd, fd->from);
		break;
	case SPU_FD_SAME:
		snprintf(text, size, "same %d as %d", fd->fd, fd->from);
		break;
	case SPU_FD_NULL:
		snprintf(text, size, "open %d<>/dev/null", fd->fd);
		break;
	case SPU_FD_OPEN:
		snprintf(text, size, "open %d%s%s", fd->fd,
			 (fd->flags & O_APPEND) ? ">>" : arrows[(fd->flags & O_ACCMODE) % 3],
			 QUOTED(fd->path, NAME_SIZE));
		break;
	default:
		snprintf(text, size, "pipe for %d", fd->fd);
	}
}

static void describe_step(char *text, size_t size, const struct launch *launch,
			  const struct step *step)
{
	switch (step->kind) {
	case STEP_CWD:
		snprintf(text, size, "chdir %s", QUOTED((const char *)step->arg[0], NAME_SIZE));
		break;
	case STEP_ROOT:
		snprintf(text, size, "chroot %s", QUOTED(launch->options.root, NAME_SIZE));
		break;
	case STEP_LIMIT:
	case STEP_LIMIT_LAST:
		snprintf(text, size, "limit %s", spu__limit_name((int)step->arg[1]));
		break;
	case STEP_NICE:
		snprintf(text, size, "nice %ld", step->arg[2]);
		break;
	case STEP_GID:
	case STEP_UID:
		snprintf(text, size, "%s %ld", step->kind == STEP_UID ? "setuid" : "setgid",
			 step->arg[0]);
		break;
	case STEP_SIGNAL:
		snprintf(text, size, "signal %s (%d)", spu__signal_name(step->index), step->index);
		break;
	case STEP_PGROUP:
		snprintf(text, size, "setpgid %ld", step->arg[1]);
		break;
	case STEP_CTTY:
	case STEP_FOREGROUND:
		snprintf(text, size, "%s %ld", step->kind == STEP_CTTY ? "ctty" : "foreground",
			 step->arg[0]);
		break;
	case STEP_MOVE:
	case STEP_FETCH:
	case STEP_OPEN:
	case STEP_SAME:
		describe_fd(text, size, &launch->options.fds[step->index]);
		break;
	case STEP_CLOSE_TAIL:
	case STEP_CLOSE_GAP:
		snprintf(text, size, "close %ld to %ld", step->arg[0], step->arg[1]);
		break;
	case STEP_EXEC:
		snprintf(text, size, "exec %s", QUOTED(launch->plan.candidates[0], NAME_SIZE));
		break;
	default: {
		static const char *const names[] = {
#define ENTRY(kind, number, name) name,
			STEPS(ENTRY)
#undef ENTRY
		};
		snprintf(text, size, "%s", names[step->kind]);
	}
	}
}

/*
 * ---- Why exec failed
 */

/* Reads the first bytes of the file as the child would find it; returns how many, or -1. */
static ssize_t read_head(const struct spu_options *options, const char *path, char *head,
			 size_t size)
{
	int directory = AT_FDCWD, fd;
	struct stat st;
	ssize_t got = -1;

	if (options->cwd && path[0] != '/')
		directory = open(options->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = openat(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		got = read(fd, head, size);
	if (fd >= 0)
		close(fd);
	if (directory >= 0)
		close(directory);
	return got;
}

/* The answer may be about what the file names and not about the file; 0: it names nothing. */
static int interpreter_error(const struct launch *launch, const struct report *report, int index,
			     const char *head, size_t size)
{
	char interpreter[256];

	if (spu__parse_interpreter(head, size, interpreter, sizeof(interpreter)) < 0)
		return 0;
	return spu__error(launch->ret_error, report->err, SPU_STEP_EXEC, index,
			  "exec %s: its interpreter %s",
			  QUOTED(launch->plan.candidates[index], 90), QUOTED(interpreter, 60));
}

static int missing_interpreter(const struct launch *launch, const struct report *report)
{
	const char *const *candidates = launch->plan.candidates;
	char head[256];
	int i, r;

	for (i = 0; candidates[i]; i++) {
		ssize_t size = read_head(&launch->options, candidates[i], head, sizeof(head));

		if (size < 0)
			continue;
		r = interpreter_error(launch, report, i, head, (size_t)size);
		if (r < 0)
			return r;
		return spu__error(launch->ret_error, report->err, SPU_STEP_EXEC, i,
				  "exec %s: it exists, but its loader",
				  QUOTED(candidates[i], NAME_SIZE));
	}
	return 0;
}

/* What the kernel calls an unknown format. A shell would run the last of them itself. */
static const char *remark_on_format(const char *head, size_t size)
{
	static const struct {
		const char *start, *remark;
	} formats[] = {
		{"\177ELF", ": not for this machine, or damaged"},
		{"\357\273\277#!", ": a byte order mark before its \"#!\""},
		{"#!", ": no interpreter behind its \"#!\""},
		{"", ": no \"#!\" line"},
	};
	size_t i = 0;

	if (size == 0)
		return ": it is empty";
	while (size < strlen(formats[i].start) ||
	       memcmp(head, formats[i].start, strlen(formats[i].start)) != 0)
		i++;
	return formats[i].remark;
}

static const char *remark_on_mode(const struct spu_options *options, const char *path)
{
	struct stat st;
	int directory = AT_FDCWD, r;

	if (options->cwd && path[0] != '/')
		directory = open(options->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = fstatat(directory, path, &st, 0);
	if (directory >= 0)
		close(directory);
	if (r < 0)
		return "";
	return S_ISDIR(st.st_mode) ? ": a directory" :
	       !(st.st_mode & 0111) ? ": not executable" : "";
}

static int exec_error(const struct launch *launch, const struct report *report)
{
	const struct plan *plan = &launch->plan;
	const char *candidate = plan->candidates[report->index];
	const char *file = launch->options.file ? launch->options.file : plan->argv[0];
	/* With another root our files aren't the child's */
	int err = report->err, is_seen = !launch->options.root;
	const char *remark = "";
	char head[256];
	ssize_t size;

	if (err == ENOENT && is_seen && missing_interpreter(launch, report) < 0)
		return -ENOENT;
	if (err == ENOENT && candidate != file) {
		candidate = file;
		remark = ": not in PATH";
	}
	if (err == EACCES && is_seen)
		remark = remark_on_mode(&launch->options, candidate);
	if (err == ENOEXEC && is_seen) {
		size = read_head(&launch->options, candidate, head, sizeof(head));
		if (size >= 0 &&
		    interpreter_error(launch, report, report->index, head, (size_t)size) < 0)
			return -ENOEXEC;
		if (size >= 0)
			remark = remark_on_format(head, (size_t)size);
	}
	if (err == EAGAIN)
		remark = ": its user has too many processes";
	if (err == ETXTBSY)
		remark = ": open for writing";
	return spu__error(launch->ret_error, err, SPU_STEP_EXEC, report->index, "exec %s%s",
			  QUOTED(candidate, NAME_SIZE), remark);
}

static unsigned public_number(const struct step *step)
{
	static const unsigned numbers[] = {
#define ENTRY(kind, number, name) number,
		STEPS(ENTRY)
#undef ENTRY
	};

	return numbers[step->kind];
}

int spu__child_error(const struct launch *launch, const struct report *report, int status)
{
	const struct step *step = &launch->plan.steps[report->at < 0 ? 0 : report->at];
	unsigned number = report->at < 0 ? SPU_STEP_CLONE : public_number(step);
	char text[sizeof(launch->ret_error->text)];

	if (report->err && step->kind == STEP_EXEC)
		return launch->ret_error ? exec_error(launch, report) : -report->err;
	/* A child with a copy of our memory can't say where it was killed. */
	if (report->at < 0)
		snprintf(text, sizeof(text), "set-up");
	else
		describe_step(text, sizeof(text), launch, step);
	if (report->err && step->kind == STEP_PARENT_ALIVE)
		return spu__refusal(launch->ret_error, report->err, number, report->index,
				    "%s: the process that launches has ended", text);
	if (report->err)
		return spu__error(launch->ret_error, report->err, number, report->index, "%s%s",
				  text, report->err == EAGAIN && step->kind == STEP_DETACH ?
				  ": too many processes" : "");
	if (WIFSIGNALED(status))
		return spu__refusal(launch->ret_error, ECANCELED, number, report->index,
				    "%s: the child was killed by signal %d (%s)", text,
				    WTERMSIG(status), spu__signal_name(WTERMSIG(status)));
	return spu__refusal(launch->ret_error, ECANCELED, number, report->index,
			    "%s: the child ended", text);
}
