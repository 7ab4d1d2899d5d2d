/* SPDX-License-Identifier: MIT */
/* Reading and parsing of /proc. What it means is for others to say. */
#include "process.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/parse.h"

#define PATH_SIZE 64

static void make_path(char path[PATH_SIZE], pid_t pid, pid_t tid, const char *what)
{
	if (tid)
		snprintf(path, PATH_SIZE, "/proc/%d/task/%d/%s", (int)pid, (int)tid, what);
	else
		snprintf(path, PATH_SIZE, "/proc/%d/%s", (int)pid, what);
}

/* What isn't in /proc/PID isn't there because the process isn't. */
static int gone_or(int err)
{
	return err == ENOENT ? -ESRCH : -err;
}

/* One read: what /proc gives in one is of one moment. Gives the length. */
static ssize_t read_file(pid_t pid, pid_t tid, const char *what, char *ret, size_t size)
{
	char path[PATH_SIZE];
	ssize_t length;
	int fd, err;

	make_path(path, pid, tid, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return gone_or(errno);
	length = read(fd, ret, size - 1);
	err = errno;
	close(fd);
	if (length < 0)
		return -err;
	ret[length] = '\0';
	return length;
}

int process_can_read(void)
{
	return access("/proc/self/stat", R_OK) == 0;
}

int process_read_thread(pid_t pid, pid_t tid, struct process *ret)
{
	char line[1024], *name, *rest;
	ssize_t length = read_file(pid, tid, "stat", line, sizeof(line));
	int parent;

	if (length < 0)
		return (int)length;
	/* the name may hold parentheses and blanks: it ends at the last one */
	name = strchr(line, '(');
	rest = strrchr(line, ')');
	if (!name || !rest)
		return -EIO;
	*rest = '\0';
	*ret = (struct process){.pid = pid};
	snprintf(ret->name, sizeof(ret->name), "%s", name + 1);
	if (sscanf(rest + 1, " %c %d %*d %*d %*d %*d %u"
		   " %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld",
		   &ret->state, &parent, &ret->flags, &ret->threads) != 4)
		return -EIO;
	ret->parent = parent;
	return 0;
}

int process_read(pid_t pid, struct process *ret)
{
	return process_read_thread(pid, 0, ret);
}

/* The value behind "\nKEY:\t", or NULL. */
static const char *find_value(const char *text, const char *key)
{
	char wanted[32];
	const char *at;

	snprintf(wanted, sizeof(wanted), "\n%s:", key);
	at = strstr(text, wanted);
	return at ? at + strlen(wanted) : NULL;
}

/* The last number on the line: the innermost of nested namespaces. */
static long last_number(const char *line)
{
	long number = 0;
	char *end;

	while (*line && *line != '\n') {
		long value = strtol(line, &end, 10);

		if (end == line)
			break;
		number = value;
		for (line = end; *line == '\t' || *line == ' ';)
			line++;
	}
	return number;
}

static int parse_status(const char *text, struct process_status *ret)
{
	const char *uids, *group, *tracer, *inner, *caught, *ignored, *waits, *preemptions;

	uids = find_value(text, "Uid");
	group = find_value(text, "Tgid");
	tracer = find_value(text, "TracerPid");
	inner = find_value(text, "NSpid");	/* since Linux 4.1, with namespaces */
	caught = find_value(text, "SigCgt");
	ignored = find_value(text, "SigIgn");
	waits = find_value(text, "voluntary_ctxt_switches");
	preemptions = find_value(text, "nonvoluntary_ctxt_switches");
	if (!uids || sscanf(uids, "%u %u", &ret->uid, &ret->effective_uid) != 2)
		return -EIO;
	if (group)
		ret->group = (pid_t)strtol(group, NULL, 10);
	if (tracer)
		ret->tracer = (pid_t)strtol(tracer, NULL, 10);
	if (inner)
		ret->inner_tid = (pid_t)last_number(inner);
	if (caught)
		ret->caught = strtoull(caught, NULL, 16);
	if (ignored)
		ret->ignored = strtoull(ignored, NULL, 16);
	if (waits && preemptions)
		ret->switches = strtoul(waits, NULL, 10) + strtoul(preemptions, NULL, 10);
	return 0;
}

/* A process may have 65536 groups, which stand in the middle. */
int process_status(pid_t pid, pid_t tid, struct process_status *ret)
{
	size_t size = 4096;
	ssize_t length;
	int r = -ENOMEM;

	*ret = (struct process_status){.inner_tid = tid ? tid : pid};
	for (;; size *= 4) {
		char *text = malloc(size);

		if (!text)
			return r;
		length = read_file(pid, tid, "status", text, size);
		r = length < 0 ? (int)length : parse_status(text, ret);
		free(text);
		if (length < (ssize_t)size - 1)
			return r;
	}
}

int process_next_number(DIR *directory)
{
	struct dirent *entry;
	long number;

	while ((entry = readdir(directory)))
		if (parse_long(entry->d_name, 0, 0x7fffffff, &number) == 0)
			return (int)number;
	return -1;
}

int process_threads(pid_t pid, pid_t **ret)
{
	char path[PATH_SIZE];
	DIR *directory;
	pid_t *list = NULL;
	int count = 0, tid;

	make_path(path, pid, 0, "task");
	directory = opendir(path);
	if (!directory)
		return gone_or(errno);
	while ((tid = process_next_number(directory)) >= 0) {
		pid_t *grown = reallocarray(list, (size_t)count + 1, sizeof(*list));

		if (!grown) {
			free(list);
			closedir(directory);
			return -ENOMEM;
		}
		list = grown;
		list[count++] = tid;
	}
	closedir(directory);
	*ret = list;
	return count;
}

int process_has_ended(const struct process *process)
{
	return process->state == 'Z' || process->state == 'X';
}

int process_is_ending(const struct process *process)
{
	return process_has_ended(process) || process->flags & PROCESS_EXITING;
}

pid_t process_living(pid_t pid)
{
	struct process thread;
	pid_t *tids = NULL, living = 0;
	int count;

	if (process_read(pid, &thread) == 0 && !process_is_ending(&thread))
		return pid;
	count = process_threads(pid, &tids);
	for (int i = 0; tids && i < count && !living; i++)
		if (process_read_thread(pid, tids[i], &thread) == 0 && !process_is_ending(&thread))
			living = tids[i];
	free(tids);
	return living;
}

int process_program(pid_t pid, char *ret, size_t size)
{
	char path[PATH_SIZE];
	ssize_t length;

	make_path(path, pid, 0, "exe");
	length = readlink(path, ret, size - 1);
	if (length < 0)
		return gone_or(errno);
	ret[length] = '\0';
	return 0;
}

/* What isn't a file isn't opened: a device may act upon that. */
int process_open_regular(const char *path)
{
	char again[PATH_SIZE];
	struct stat file;
	int place = open(path, O_PATH | O_CLOEXEC), fd = -ENOEXEC;

	if (place < 0)
		return -errno;
	if (fstat(place, &file) == 0 && S_ISREG(file.st_mode)) {
		snprintf(again, sizeof(again), "/proc/self/fd/%d", place);
		fd = open(again, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			fd = -errno;
	}
	close(place);
	return fd;
}

int process_open_mapped(pid_t pid, const char *name)
{
	char program[PATH_MAX], path[PATH_MAX + PATH_SIZE];

	if (process_program(pid, program, sizeof(program)) == 0 && strcmp(name, program) == 0)
		make_path(path, pid, 0, "exe");
	else
		snprintf(path, sizeof(path), "/proc/%d/root%s", (int)pid, name);
	return process_open_regular(path);
}

static int stat_program(pid_t pid, struct stat *ret)
{
	char path[PATH_SIZE];

	make_path(path, pid, 0, "exe");
	return stat(path, ret) < 0 ? gone_or(errno) : 0;
}

int process_is_same_program(pid_t a, pid_t b)
{
	struct stat left, right;
	int r = stat_program(a, &left);

	if (r == 0)
		r = stat_program(b, &right);
	if (r < 0)
		return r;
	return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

static int read_machine(const char *path, unsigned char ident[EI_NIDENT], uint16_t *ret_machine)
{
	Elf64_Ehdr header;	/* e_machine stands at the same place in both classes */
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return gone_or(errno);
	length = read(fd, &header, sizeof(header));
	close(fd);
	if (length < (ssize_t)sizeof(Elf32_Ehdr) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return -ENOEXEC;
	memcpy(ident, header.e_ident, EI_NIDENT);
	*ret_machine = header.e_machine;
	return 0;
}

int process_is_native(pid_t pid)
{
	unsigned char own[EI_NIDENT], its[EI_NIDENT];
	uint16_t own_machine = 0, its_machine = 0;
	char path[PATH_SIZE];
	int r = read_machine("/proc/self/exe", own, &own_machine);

	make_path(path, pid, 0, "exe");
	if (r == 0)
		r = read_machine(path, its, &its_machine);
	if (r < 0)
		return r;
	return own[EI_CLASS] == its[EI_CLASS] && own_machine == its_machine;
}

int process_shares_memory(pid_t a, pid_t b)
{
	long r = syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0);

	return r < 0 ? -errno : r == 0;
}

int process_wchan(pid_t pid, pid_t tid, char ret[PROCESS_WCHAN_SIZE])
{
	ssize_t length = read_file(pid, tid, "wchan", ret, PROCESS_WCHAN_SIZE);

	if (length < 0 || strcmp(ret, "0") == 0)
		*ret = '\0';
	return length < 0 ? (int)length : 0;
}

int process_call(pid_t pid, pid_t tid, struct process_call *ret)
{
	char line[256];
	ssize_t length = read_file(pid, tid, "syscall", line, sizeof(line));
	unsigned long *a;

	*ret = (struct process_call){0};
	if (length < 0)
		return (int)length;
	if (strncmp(line, "running", 7) == 0)
		return 0;
	a = ret->arguments;
	if (sscanf(line, "%ld %lx %lx %lx %lx %lx %lx %lx %lx", &ret->number, &a[0], &a[1], &a[2],
		   &a[3], &a[4], &a[5], &ret->stack, &ret->pc) == 9)
		return 1;
	return sscanf(line, "%ld %lx %lx", &ret->number, &ret->stack, &ret->pc) == 3 ? 1 : -EIO;
}

/* "START-END PERMS OFFSET MAJOR:MINOR INODE   NAME"; the name may be missing and hold blanks */
static int parse_mapping(char *line, struct process_mapping *ret)
{
	char permissions[5];
	uintmax_t inode;
	int name = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %" SCNxPTR " %x:%x %ju %n", &ret->start,
		   &ret->end, permissions, &ret->offset, &ret->device_major, &ret->device_minor,
		   &inode, &name) != 7)
		return -EIO;
	ret->is_shared = permissions[3] == 's';
	ret->is_executable = permissions[2] == 'x';
	ret->inode = (ino_t)inode;
	ret->name = line + name;
	return 0;
}

int process_maps(pid_t pid, int (*each)(void *context, const struct process_mapping *mapping),
		 void *context)
{
	struct process_mapping mapping;
	char path[PATH_SIZE], *line = NULL;
	size_t size = 0;
	FILE *maps;
	int r = 0;

	make_path(path, pid, 0, "maps");
	maps = fopen(path, "re");
	if (!maps)
		return gone_or(errno);
	errno = 0;	/* of a process that has ended the file is there and empty, or ESRCH */
	while (r == 0 && getline(&line, &size, maps) > 0) {
		r = parse_mapping(line, &mapping);
		if (r == 0)
			r = each(context, &mapping);
	}
	if (r == 0 && ferror(maps))
		r = -errno;
	free(line);
	fclose(maps);
	return r;
}

int process_maps_same(const struct process_mapping *one, const struct process_mapping *other)
{
	return one->inode == other->inode && one->device_major == other->device_major &&
	       one->device_minor == other->device_minor;
}

struct sought {
	uintptr_t address;
	const struct process_mapping *same;
};

/* 1: here, and the same; 2: here, and another. */
static int compare_there(void *context, const struct process_mapping *mapping)
{
	const struct sought *sought = context;

	if (sought->address - mapping->start >= mapping->end - mapping->start)
		return 0;
	return process_maps_same(mapping, sought->same) ? 1 : 2;
}

/* The device that stat() tells is another one than in maps, on btrfs for one: so we map it. */
static int is_of_file(const struct process_mapping *mapping, int fd)
{
	void *here = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	struct sought sought = {(uintptr_t)here, mapping};
	int r;

	if (here == MAP_FAILED)
		return 0;
	r = process_maps(getpid(), compare_there, &sought);
	munmap(here, 1);
	return r == 1;
}

static int checked(const struct process_mapping *mapping, int fd)
{
	if (fd < 0 || is_of_file(mapping, fd))
		return fd;
	close(fd);
	return -ENOENT;
}

int process_open_mapping(pid_t pid, const struct process_mapping *mapping)
{
	char path[PATH_SIZE];
	int fd;

	/* for root alone */
	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIxPTR "-%" PRIxPTR, (int)pid,
		 mapping->start, mapping->end);
	fd = process_open_regular(path);
	if (fd >= 0)
		return fd;
	fd = checked(mapping, process_open_mapped(pid, mapping->name));
	/* in our mount namespace it is a name from our root directory, wherever its own is */
	return fd >= 0 ? fd : checked(mapping, process_open_regular(mapping->name));
}

int process_memory(pid_t pid, uintptr_t from, void *ret, size_t size)
{
	struct iovec here = {ret, size}, there = {(void *)from, size};
	ssize_t length = process_vm_readv(pid, &here, 1, &there, 1, 0);

	if (length < 0)
		return -errno;
	return (size_t)length == size ? 0 : -EFAULT;
}
