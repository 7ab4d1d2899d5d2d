/* SPDX-License-Identifier: MIT */
/*
 * Why a launch failed, in a text that names the thing. Runs in the parent, after
 * the fact; may look at files to tell a missing program from a missing
 * interpreter.
 */
#include "failure.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../quote.h"
#include "../error.h"
#include "../plan/path.h"
#include "../plan/shown.h"

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

/* A child with a copy of our memory can't say where it was killed. */
static void describe(struct text *text, const struct launch *launch, int at)
{
	const struct step *step = &launch->plan.steps[at];

	if (at < 0)
		spu__add_text(text, "set-up");
	else if (step->kind == STEP_EXEC)
		spu__add_text(text, "exec %s", QUOTED(launch->plan.candidates[0], NAME_SIZE));
	else
		spu__show_subject(text, step);
}

static int killed_error(const struct launch *launch, const struct flight *flight, unsigned number,
			const char *subject)
{
	int status = flight->status, index = flight->report.index;
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (!signal)
		return spu__refusal(launch->ret_error, ECANCELED, number, index,
				    "%s: the child ended", subject);
	spu__refusal(launch->ret_error, ECANCELED, number, index,
		     "%s: the child was killed by signal %d (%s)", subject, signal,
		     spu__signal_name(signal));
	launch->ret_error->signal = signal;
	return -ECANCELED;
}

/* Behind the subject of some steps: what errno means there. NULL: what it always does. */
static const char *meaning(enum step_kind kind, int err)
{
	if (kind == STEP_PARENT_ALIVE || kind == STEP_DETACH_HERE || kind == STEP_FETCH_HERE)
		return err == ESRCH ? "the process that launches has ended"
				    : "the child is in another pid namespace";
	return NULL;
}

int spu__flight_error(const struct launch *launch, const struct flight *flight)
{
	const struct report *report = &flight->report;
	enum step_kind kind = STEP_HANDLERS;
	unsigned number = SPU_STEP_CLONE;
	char buffer[sizeof(launch->ret_error->text)];
	struct text text = TEXT_IN(buffer);

	if (flight->refusal < 0)
		return spu__error(launch->ret_error, -flight->refusal, SPU_STEP_CLONE, -1,
				  flight->refusal == -EAGAIN ? "clone: too many processes"
							     : "clone");
	if (flight->is_mute)
		return spu__error(launch->ret_error, EMFILE, SPU_STEP_PREPARE, -1, "error pipe");
	if (!launch->ret_error)
		return report->err ? -report->err : -ECANCELED;
	if (report->at >= 0) {
		kind = (enum step_kind)launch->plan.steps[report->at].kind;
		number = spu__step_number(kind);
	}
	if (report->err && kind == STEP_EXEC)
		return exec_error(launch, report);
	describe(&text, launch, report->at);
	if (!report->err)
		return killed_error(launch, flight, number, buffer);
	if (meaning(kind, report->err))
		return spu__refusal(launch->ret_error, report->err, number, report->index,
				    "%s: %s", buffer, meaning(kind, report->err));
	return spu__error(launch->ret_error, report->err, number, report->index, "%s%s", buffer,
			  report->err == EAGAIN && kind == STEP_DETACH ? ": too many processes"
								       : "");
}
