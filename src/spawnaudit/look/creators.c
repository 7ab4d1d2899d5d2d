/* SPDX-License-Identifier: MIT */
#include "creators.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/arch.h"

/* The same on all processors; libc's headers may be older than the kernel */
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_fsopen 430
#define SYS_fsmount 432
#define SYS_fspick 433
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

/* MFD_, FAN_, FSOPEN_, FSMOUNT_ and FSPICK_CLOEXEC */
#define BIT_CLOEXEC 1u
/* PERF_FLAG_FD_CLOEXEC */
#define PERF_CLOEXEC 8u

/* Descriptors and control bytes of a message that are looked at: the kernel's own limit is 253 */
#define CONTROL_SIZE 4096
#define MESSAGES 64

#define ANY CREATOR_ANY

static const struct creator table[] = {
	/* its flags lie in memory, where no filter looks */
	{SYS_openat2, CREATE_OPEN, ANY, 0, ANY, 0, MADE_RESULT, 0},
	{SYS_openat, CREATE_OPEN, ANY, 0, 2, O_CLOEXEC, MADE_RESULT, 0},
	{SYS_open_by_handle_at, CREATE_OPEN, ANY, 0, 2, O_CLOEXEC, MADE_RESULT, 0},
	{SYS_open_tree, CREATE_OPEN, ANY, 0, 2, O_CLOEXEC, MADE_RESULT, 0},
	{SYS_socket, CREATE_SOCKET, ANY, 0, 1, SOCK_CLOEXEC, MADE_RESULT, 0},
	{SYS_socketpair, CREATE_SOCKET, ANY, 0, 1, SOCK_CLOEXEC, MADE_PAIR, 3},
	{SYS_accept, CREATE_ACCEPT, ANY, 0, ANY, 0, MADE_RESULT, 0},
	{SYS_accept4, CREATE_ACCEPT, ANY, 0, 3, SOCK_CLOEXEC, MADE_RESULT, 0},
	{SYS_pipe2, CREATE_PIPE, ANY, 0, 1, O_CLOEXEC, MADE_PAIR, 0},
	{SYS_dup, CREATE_DUP, ANY, 0, ANY, 0, MADE_COPY, 0},
	{SYS_dup3, CREATE_DUP, ANY, 0, 2, O_CLOEXEC, MADE_COPY, 0},
	{SYS_fcntl, CREATE_DUP, 1, F_DUPFD, ANY, 0, MADE_COPY, 0},
	{SYS_fcntl, CREATE_FLAG, 1, F_SETFD, 2, FD_CLOEXEC, MADE_KEPT, 0},
	{SYS_fcntl, CREATE_FLAG, 1, F_SETFD, ANY, 0, MADE_CLOSED, 0},
	{SYS_ioctl, CREATE_FLAG, 1, FIONCLEX, ANY, 0, MADE_KEPT, 0},
	{SYS_ioctl, CREATE_FLAG, 1, FIOCLEX, ANY, 0, MADE_CLOSED, 0},
	{SYS_ioctl, CREATE_OTHER, 1, TIOCGPTPEER, 2, O_CLOEXEC, MADE_RESULT, 0},
	{SYS_recvmsg, CREATE_RECEIVE, ANY, 0, 2, MSG_CMSG_CLOEXEC, MADE_MESSAGE, 0},
	{SYS_recvmmsg, CREATE_RECEIVE, ANY, 0, 3, MSG_CMSG_CLOEXEC, MADE_MESSAGES, 0},
	{SYS_epoll_create1, CREATE_OTHER, ANY, 0, 0, O_CLOEXEC, MADE_RESULT, 0},
	{SYS_eventfd2, CREATE_OTHER, ANY, 0, 1, O_CLOEXEC, MADE_RESULT, 0},
	{SYS_signalfd4, CREATE_OTHER, ANY, 0, 3, O_CLOEXEC, MADE_RESULT, 0},
	{SYS_timerfd_create, CREATE_OTHER, ANY, 0, 1, O_CLOEXEC, MADE_RESULT, 0},
	{SYS_inotify_init1, CREATE_OTHER, ANY, 0, 0, O_CLOEXEC, MADE_RESULT, 0},
	{SYS_fanotify_init, CREATE_OTHER, ANY, 0, 0, BIT_CLOEXEC, MADE_RESULT, 0},
	{SYS_memfd_create, CREATE_OTHER, ANY, 0, 1, BIT_CLOEXEC, MADE_RESULT, 0},
	{SYS_memfd_secret, CREATE_OTHER, ANY, 0, 0, O_CLOEXEC, MADE_RESULT, 0},
	{SYS_userfaultfd, CREATE_OTHER, ANY, 0, 0, O_CLOEXEC, MADE_RESULT, 0},
	{SYS_perf_event_open, CREATE_OTHER, ANY, 0, 4, PERF_CLOEXEC, MADE_RESULT, 0},
	{SYS_fsopen, CREATE_OTHER, ANY, 0, 1, BIT_CLOEXEC, MADE_RESULT, 0},
	{SYS_fsmount, CREATE_OTHER, ANY, 0, 1, BIT_CLOEXEC, MADE_RESULT, 0},
	{SYS_fspick, CREATE_OTHER, ANY, 0, 2, BIT_CLOEXEC, MADE_RESULT, 0},
#if ARCH_HAS_OLD_CALLS
	{SYS_open, CREATE_OPEN, ANY, 0, 1, O_CLOEXEC, MADE_RESULT, 0},
	{SYS_creat, CREATE_OPEN, ANY, 0, ANY, 0, MADE_RESULT, 0},
	{SYS_pipe, CREATE_PIPE, ANY, 0, ANY, 0, MADE_PAIR, 0},
	{SYS_dup2, CREATE_DUP, ANY, 0, ANY, 0, MADE_COPY, 0},
	{SYS_epoll_create, CREATE_OTHER, ANY, 0, ANY, 0, MADE_RESULT, 0},
	{SYS_eventfd, CREATE_OTHER, ANY, 0, ANY, 0, MADE_RESULT, 0},
	{SYS_signalfd, CREATE_OTHER, ANY, 0, ANY, 0, MADE_RESULT, 0},
	{SYS_inotify_init, CREATE_OTHER, ANY, 0, ANY, 0, MADE_RESULT, 0},
#endif
};

#define ROWS (sizeof(table) / sizeof(table[0]))

const struct creator *creators_table(size_t *ret_count)
{
	*ret_count = ROWS;
	return table;
}

static const char *const names[CREATOR_GROUP_COUNT] = {
#define NAME(name, text, mend) [CREATE_##name] = text,
	CREATOR_GROUPS(NAME)
#undef NAME
};

static const char *const mends[CREATOR_GROUP_COUNT] = {
#define MEND(name, text, mend) [CREATE_##name] = mend,
	CREATOR_GROUPS(MEND)
#undef MEND
};

const char *creators_names(void)
{
#define NAME(name, text, mend) " " text
	return CREATOR_GROUPS(NAME);
#undef NAME
}

int creators_parse(const char *text, unsigned *ret_groups)
{
	unsigned groups = 0;
	size_t length, i;

	for (;; text += length + 1) {
		length = strcspn(text, ",");
		for (i = 0; i < CREATOR_GROUP_COUNT; i++)
			if (strlen(names[i]) == length && memcmp(names[i], text, length) == 0)
				break;
		if (i == CREATOR_GROUP_COUNT)
			return -EINVAL;
		groups |= 1u << i;
		if (!text[length])
			break;
	}
	*ret_groups = groups;
	return 0;
}

/*
 * The filter
 */

/* The longest row: number, operation, flags, verdict, and the number again for the next row */
#define ROW_LENGTH 7

struct filter {
	struct sock_filter code[ROWS * ROW_LENGTH + 16];
	size_t length;
};

static void add(struct filter *filter, unsigned code, unsigned value, size_t yes, size_t no)
{
	filter->code[filter->length++] = (struct sock_filter){
		(uint16_t)code, (uint8_t)yes, (uint8_t)no, value,
	};
}

static void load(struct filter *filter, size_t offset)
{
	add(filter, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

/* The low half: none of these looks at the other. */
static void load_argument(struct filter *filter, int number)
{
	const uint16_t one = 1;
	size_t low = *(const uint8_t *)&one ? 0 : 4;

	load(filter, offsetof(struct seccomp_data, args) + 8 * (size_t)number + low);
}

static void add_row(struct filter *filter, const struct creator *creator)
{
	size_t left = 2u * (creator->operation != ANY) + 2u * (creator->flags != ANY);

	/* past the verdict; where something else was loaded, past its repair as well */
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, (unsigned)creator->number, 0, left + 1 + (left > 0));
	if (creator->operation != ANY) {
		load_argument(filter, creator->operation);
		left -= 2;
		add(filter, BPF_JMP | BPF_JEQ | BPF_K, creator->value, 0, left + 1);
	}
	if (creator->flags != ANY) {
		load_argument(filter, creator->flags);
		add(filter, BPF_JMP | BPF_JSET | BPF_K, creator->flag, 1, 0);
	}
	add(filter, BPF_RET | BPF_K, SECCOMP_RET_TRACE | CREATORS_MARK, 0, 0);
	if (creator->operation != ANY || creator->flags != ANY)
		load(filter, offsetof(struct seccomp_data, nr));
}

static void compile(struct filter *filter, unsigned groups)
{
	static const struct creator execs[] = {
		{SYS_execve, 0, ANY, 0, ANY, 0, 0, 0}, {SYS_execveat, 0, ANY, 0, ANY, 0, 0, 0},
	};

	filter->length = 0;
	load(filter, offsetof(struct seccomp_data, arch));
	add(filter, BPF_JMP | BPF_JEQ | BPF_K, ARCH_AUDIT, 1, 0);
	add(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	load(filter, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ROWS; i++)
		if (groups & 1u << table[i].group)
			add_row(filter, &table[i]);
	for (size_t i = 0; i < sizeof(execs) / sizeof(execs[0]); i++)
		add_row(filter, &execs[i]);
	add(filter, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static int install(const struct sock_fprog *program)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) < 0 ? -errno : 0;
}

int creators_install(unsigned groups)
{
	struct filter filter;
	struct sock_fprog program = {0, filter.code};
	int r;

	compile(&filter, groups);
	program.len = (unsigned short)filter.length;
	r = install(&program);
	/* who has no rights may filter only what will get none */
	if (r != -EACCES)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return install(&program);
}

/*
 * The calls
 */

static const struct creator *find(const struct registers *entry)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct creator *creator = &table[i];

		if (creator->number == entry->call &&
		    (creator->operation == ANY ||
		     (unsigned)entry->arguments[creator->operation] == creator->value) &&
		    (creator->flags == ANY ||
		     !(entry->arguments[creator->flags] & creator->flag)))
			return creator;
	}
	return NULL;
}

int creators_match(pid_t tid, const struct registers *entry, enum creator_made *ret)
{
	const struct creator *creator = entry->foreign ? NULL : find(entry);
	uint64_t flags = 0;

	if (!creator)
		return 0;
	*ret = creator->made;
	if (creator->number != SYS_openat2)
		return 1;
	machine_read(tid, entry->arguments[2], &flags, sizeof(flags));
	return !(flags & O_CLOEXEC);
}

const char *creators_mend(const struct registers *entry)
{
	const struct creator *creator = find(entry);

	return creator ? mends[creator->group] : NULL;
}

struct numbers {
	int *list;
	size_t count;
};

static void take(struct numbers *numbers, const int *list, size_t count)
{
	int *grown;

	/* for none, it might free the list and give none back */
	if (count == 0)
		return;
	grown = reallocarray(numbers->list, numbers->count + count, sizeof(*grown));
	if (!grown)
		return;
	numbers->list = grown;
	memcpy(grown + numbers->count, list, count * sizeof(*grown));
	numbers->count += count;
}

static void take_message(struct numbers *numbers, pid_t tid, uint64_t address)
{
	union {
		struct cmsghdr aligned;
		char bytes[CONTROL_SIZE];
	} control;
	struct msghdr message = {0};
	struct cmsghdr *part;

	if (machine_read(tid, address, &message, sizeof(message)) != sizeof(message) ||
	    message.msg_controllen == 0)
		return;
	if (message.msg_controllen > sizeof(control))
		message.msg_controllen = sizeof(control);
	message.msg_controllen = machine_read(tid, (uint64_t)(uintptr_t)message.msg_control,
					      control.bytes, message.msg_controllen);
	message.msg_control = control.bytes;
	/* what the program may change meanwhile is looked at with care: lengths above all */
	for (part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
		size_t at = (size_t)((char *)CMSG_DATA(part) - control.bytes);
		size_t size = part->cmsg_len - CMSG_LEN(0);

		if (part->cmsg_len < CMSG_LEN(0) || size > message.msg_controllen - at)
			return;
		if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
			take(numbers, (const int *)(const void *)CMSG_DATA(part),
			     size / sizeof(int));
	}
}

size_t creators_made(pid_t tid, const struct registers *entry, long result, int **ret)
{
	const struct creator *creator = find(entry);
	struct numbers numbers = {NULL, 0};
	int number = (int)result, kept = (int)entry->arguments[0], pair[2];

	*ret = NULL;
	if (!creator || result < 0)
		return 0;
	switch (creator->made) {
	case MADE_RESULT:
	case MADE_COPY:
		take(&numbers, &number, 1);
		break;
	case MADE_KEPT:
	case MADE_CLOSED:
		take(&numbers, &kept, 1);
		break;
	case MADE_PAIR:
		if (machine_read(tid, entry->arguments[creator->pair], pair, sizeof(pair)) ==
		    sizeof(pair))
			take(&numbers, pair, 2);
		break;
	case MADE_MESSAGE:
		take_message(&numbers, tid, entry->arguments[1]);
		break;
	case MADE_MESSAGES:
		for (long i = 0; i < result && i < MESSAGES; i++)
			take_message(&numbers, tid, entry->arguments[1] +
				     (uint64_t)i * sizeof(struct mmsghdr));
		break;
	}
	*ret = numbers.list;
	return numbers.count;
}
