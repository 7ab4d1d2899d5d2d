/* SPDX-License-Identifier: MIT */
/*
 * --fds: the descriptors that would cross an exec of a process now, by the
 * library's audit, and what it can't know: who else holds a pipe or a socket,
 * and whether a file has been deleted. Looks only: nothing is stopped or traced.
 */
#include "fds.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/message.h"
#include "common/parse.h"
#include "look/holders.h"
#include "look/permission.h"
#include "look/process.h"
#include "look/script.h"
#include "record/findings.h"
#include "report/output.h"
#include "report/suppressions.h"
#include "spawnutil.h"

/* More than these are counted, in text; JSON has them all. */
#define HOLDERS_SHOWN 4

struct descriptor {
	const struct spu_audit_fd *fd;
	const char *kind;
	char *key;		/* by which others that hold it are found, or NULL */
	int is_deleted;
	int is_finding, is_suppressed;
};

struct look {
	const struct options *options;
	struct process process;
	pid_t living;		/* by which its descriptors are found */
	struct spu_audit *audit;
	struct descriptor *descriptors;
	struct holders holders;
	struct culprit culprit;
	size_t crossing, findings, suppressed;
};

static const struct {
	const char *prefix, *kind;
} kinds[] = {
	{"pipe:[", "pipe"}, {"socket:[", "socket"}, {"anon_inode:[eventfd", "eventfd"},
	{"anon_inode:[eventpoll", "epoll"}, {"anon_inode:[timerfd", "timerfd"},
	{"anon_inode:[signalfd", "signalfd"}, {"anon_inode:[pidfd", "pidfd"}, {"pidfd:[", "pidfd"},
	{"anon_inode:inotify", "inotify"}, {"anon_inode:[io_uring", "io_uring"},
	{"/memfd:", "memfd"}, {"anon_inode:", "anonymous"},
};

static const struct {
	mode_t type;
	const char *kind;
} types[] = {
	{S_IFREG, "file"}, {S_IFDIR, "directory"}, {S_IFIFO, "fifo"}, {S_IFCHR, "device"},
	{S_IFBLK, "device"}, {S_IFSOCK, "socket"},
};

static const char *kind_of(const char *name, mode_t mode)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			return kinds[i].kind;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if ((mode & S_IFMT) == types[i].type)
			return types[i].kind;
	return "other";
}

static int is_shared_kind(const char *kind)
{
	return strcmp(kind, "pipe") == 0 || strcmp(kind, "fifo") == 0 ||
	       strcmp(kind, "socket") == 0;
}

static void describe(pid_t pid, const struct spu_audit_fd *fd, struct descriptor *ret)
{
	const char *name = fd->name ? fd->name : "";
	struct statx st = {0};
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd->fd);
	/* what the kernel has at hand: a file server that doesn't answer isn't asked */
	if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_NLINK, &st) < 0)
		st = (struct statx){.stx_nlink = 1};
	*ret = (struct descriptor){.fd = fd, .kind = kind_of(name, st.stx_mode)};
	ret->is_deleted = *name == '/' && strcmp(ret->kind, "memfd") != 0 && st.stx_nlink == 0;
	if (!is_shared_kind(ret->kind))
		return;
	/* behind a socket's own name stand its addresses */
	ret->key = strndup(name, *name == '/' ? strlen(name) : strcspn(name, " "));
	if (!ret->key)
		die_errno(EXIT_TROUBLE, ENOMEM, "list of descriptors");
}

static void judge(struct look *look, struct descriptor *descriptor)
{
	const struct spu_audit_fd *fd = descriptor->fd;

	if (fd->cloexec || options_expect_fd(look->options, fd->fd))
		return;
	descriptor->is_suppressed = suppressions_fit(&look->culprit, fd->name);
	descriptor->is_finding = !descriptor->is_suppressed;
	look->suppressed += (size_t)descriptor->is_suppressed;
	look->findings += (size_t)descriptor->is_finding;
	if (descriptor->is_finding)
		suppressions_propose(&look->culprit, fd->name);
}

static int is_listed(const struct look *look, const struct spu_audit_fd *fd)
{
	return look->options->all || !fd->cloexec;
}

static void collect(struct look *look)
{
	size_t count = look->audit->count;
	const char **keys = calloc(count + 1, sizeof(*keys));
	int r;

	look->descriptors = calloc(count + 1, sizeof(*look->descriptors));
	if (!keys || !look->descriptors)
		die_errno(EXIT_TROUBLE, ENOMEM, "list of descriptors");
	for (size_t i = 0; i < count; i++) {
		const struct spu_audit_fd *fd = &look->audit->fds[i];

		look->crossing += !fd->cloexec;
		if (!is_listed(look, fd))
			continue;
		describe(look->living, fd, &look->descriptors[i]);
		judge(look, &look->descriptors[i]);
		keys[i] = look->descriptors[i].key;
	}
	r = holders_find(&look->holders, keys, count);
	if (r < 0)
		say_errno(r, "who else holds pipes and sockets isn't known: /proc");
	free(keys);
}

/* ---- text ---- */

static const char *holder_text(const struct descriptor *descriptor, unsigned access)
{
	static const char *const names[] = {"", " reads", " writes", " reads and writes"};

	return strcmp(descriptor->kind, "socket") == 0 ? "" : names[access];
}

static void print_holders(const struct look *look, size_t item)
{
	FILE *out = output_stream();
	size_t found = 0;

	for (size_t i = 0; i < look->holders.count; i++) {
		const struct holder *holder = &look->holders.list[i];

		if (holder->item != item || holder->pid == look->process.pid)
			continue;
		if (found++ >= HOLDERS_SHOWN)
			continue;
		fputs(found == 1 ? "; also held by " : ", ", out);
		fprintf(out, "%d ", (int)holder->pid);
		output_text(holder->name);
		fputs(holder_text(&look->descriptors[item], holder->access), out);
	}
	if (found > HOLDERS_SHOWN)
		fprintf(out, " and %zu more", found - HOLDERS_SHOWN);
}

static void print_text(const struct look *look)
{
	const struct finding_words *words = &finding_words[FINDING_LEAK];
	FILE *out = output_stream();

	fprintf(out, "%d ", (int)look->process.pid);
	output_text(look->process.name);
	fprintf(out, ": %zu open, %zu would cross an exec, %zu of them unexpected",
		look->audit->open, look->crossing, look->findings);
	if (look->suppressed)
		fprintf(out, ", %zu suppressed", look->suppressed);
	putc('\n', out);
	if (look->crossing || (look->options->all && look->audit->count))
		fprintf(out, "%7s  %-4s  %-7s  %-9s  %s\n", "FD", "MODE", "EXEC", "KIND", "WHAT");
	for (size_t i = 0; i < look->audit->count; i++) {
		const struct descriptor *descriptor = &look->descriptors[i];
		const struct spu_audit_fd *fd = descriptor->fd;

		if (!fd)
			continue;
		fprintf(out, "%7d  %-4s  %-7s  %-9s  ", fd->fd, access_name(fd->flags),
			fd->cloexec ? "closes" : "crosses", descriptor->kind);
		output_text(fd->name ? fd->name : "?");
		print_holders(look, i);
		putc('\n', out);
	}
	if (look->holders.unseen)
		fprintf(out, "  (%zu process%s can't be looked into and may hold these too)\n",
			look->holders.unseen, look->holders.unseen == 1 ? "" : "es");
	if (look->findings)
		fprintf(out, "  why       %s\n  mend      %s\n", words->why, words->mend);
}

/* ---- JSON ---- */

static void write_holders(struct json *json, const struct look *look, size_t item)
{
	json_array(json, "holders");
	for (size_t i = 0; i < look->holders.count; i++) {
		const struct holder *holder = &look->holders.list[i];

		if (holder->item != item || holder->pid == look->process.pid)
			continue;
		json_object(json, NULL);
		json_integer(json, "pid", holder->pid);
		json_string(json, "name", holder->name);
		json_boolean(json, "reads", holder->access & HOLDER_READS);
		json_boolean(json, "writes", holder->access & HOLDER_WRITES);
		json_end(json);
	}
	json_end(json);
}

static void write_descriptor(const struct look *look, size_t item)
{
	const struct descriptor *descriptor = &look->descriptors[item];
	const struct spu_audit_fd *fd = descriptor->fd;
	struct json *json = output_begin("descriptor");

	json_integer(json, "pid", look->process.pid);
	json_integer(json, "fd", fd->fd);
	json_string(json, "kind", descriptor->kind);
	json_string(json, "name", fd->name);
	json_boolean(json, "deleted", descriptor->is_deleted);
	json_string(json, "access", access_name(fd->flags));
	json_boolean(json, "append", fd->flags & O_APPEND);
	json_boolean(json, "nonblock", fd->flags & O_NONBLOCK);
	json_boolean(json, "cloexec", fd->cloexec);
	json_boolean(json, "finding", descriptor->is_finding);
	json_boolean(json, "suppressed", descriptor->is_suppressed);
	if (descriptor->key)
		write_holders(json, look, item);
	json_finish(json);
}

static void print_json(const struct look *look)
{
	struct json *json;

	for (size_t i = 0; i < look->audit->count; i++)
		if (look->descriptors[i].fd)
			write_descriptor(look, i);
	json = output_begin("descriptors");
	json_integer(json, "pid", look->process.pid);
	json_string(json, "name", look->process.name);
	json_unsigned(json, "open", look->audit->open);
	json_unsigned(json, "crossing", look->crossing);
	json_unsigned(json, "findings", look->findings);
	json_unsigned(json, "suppressed", look->suppressed);
	json_unsigned(json, "processes_unseen", look->holders.unseen);
	json_finish(json);
}

/* ---- one process ---- */

static void say_refused(const struct process *process, int r)
{
	char why[256];

	if (process->flags & PROCESS_KERNEL_THREAD) {
		say("%d (%s) is a kernel thread: it has no descriptors and never calls exec",
		    (int)process->pid, process->name);
	} else if (r == -ESRCH && process_has_ended(process)) {
		say("%d (%s) has ended, and waits for %d to reap it: it holds nothing",
		    (int)process->pid, process->name, (int)process->parent);
	} else if (r == -EACCES || r == -EPERM) {
		permission_explain(process->pid, why, sizeof(why));
		say("%d (%s): its descriptors can't be seen: %s", (int)process->pid, process->name,
		    why);
	} else {
		say_errno(r, "%d", (int)process->pid);
	}
}

/* Not a process: its descriptors are asked for by that. */
static int is_thread(const struct process *process)
{
	struct process_status status;

	if (process_status(process->pid, 0, &status) < 0 || status.group == process->pid)
		return 0;
	say("%d (%s) is a thread: ask about its process, %d", (int)process->pid, process->name,
	    (int)status.group);
	return 1;
}

/* How many findings; negative: it can't be looked at, and why has been said. */
static int report(const struct options *options, pid_t pid)
{
	struct look look = {.options = options, .culprit.kind = FINDING_LEAK};
	char program[PATH_MAX], *script = NULL;
	int r = process_read(pid, &look.process);

	look.process.pid = pid;
	if (r == 0 && is_thread(&look.process))
		return -EINVAL;
	look.living = process_living(pid);
	if (r == 0 && (look.process.flags & PROCESS_KERNEL_THREAD || !look.living))
		r = -ESRCH;
	if (r == 0)
		r = spu_audit(look.living, SPU_AUDIT_NAMES | SPU_AUDIT_ALL, &look.audit);
	if (r < 0) {
		say_refused(&look.process, r);
		return r;
	}
	if (process_program(look.living, program, sizeof(program)) == 0) {
		look.culprit.program = program;
		script = script_read(look.living, program);
		look.culprit.script = script;
	}
	collect(&look);
	if (options->json)
		print_json(&look);
	else
		print_text(&look);
	for (size_t i = 0; i < look.audit->count; i++)
		free(look.descriptors[i].key);
	free(look.descriptors);
	holders_free(&look.holders);
	free(script);
	spu_audit_free(look.audit);
	return look.findings > 0;
}

int fds_run(const struct options *options)
{
	int found = 0, failed = 0;

	for (size_t i = 0; i < options->pid_count; i++) {
		int r = report(options, options->pids[i]);

		found |= r > 0;
		failed |= r < 0;
	}
	if (failed)
		return EXIT_TROUBLE;
	return found ? options->findings_status : EXIT_SUCCESS;
}
