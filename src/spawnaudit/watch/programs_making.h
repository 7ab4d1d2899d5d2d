/* SPDX-License-Identifier: MIT */
/*
 * Calls that make descriptors which exec leaves open. Whether it does, the table says:
 * no flag has to be looked at.
 */
#ifndef SPAWNAUDIT_PROGRAMS_MAKING_H
#define SPAWNAUDIT_PROGRAMS_MAKING_H

#include "programs_telling.h"

const volatile struct event_creators creators SEC(".rodata.creators");

struct making {
	struct event_made *event;	/* NULL: it is asked only whether there is any */
	const void *registers;
	struct file **table;
	unsigned long *close_on_exec;
	__u32 room, has_any;
	unsigned long message, messages;	/* address and number, */
	unsigned long control, control_end, right, rights_end;	/* and what one carries */
};

/* The mask is for the verifier, whose bound the compiler would lose. */
static __always_inline const volatile struct event_creator *creator_at(__u32 which)
{
	barrier_var(which);
	return &creators.list[which & (EVENT_CREATORS - 1)];
}

static __always_inline unsigned long argument(const void *registers, __s32 number)
{
	unsigned long value = 0;

	if (number >= 0 && number < 6)
		bpf_probe_read_kernel(&value, sizeof(value),
				      registers + settings.argument_offsets[number]);
	return value;
}

static __always_inline void note(struct making *making, __s32 fd)
{
	struct event_made *event = making->event;
	unsigned long closes = ~0ul;
	struct file *file = 0;
	__u32 count;

	if (fd <= 2 || (__u32)fd >= making->room)
		return;
	bpf_probe_read_kernel(&closes, sizeof(closes), making->close_on_exec + fd / BITS);
	bpf_probe_read_kernel(&file, sizeof(file), making->table + fd);
	if (!file || closes >> (fd % BITS) & 1)
		return;
	making->has_any = 1;
	if (!event)
		return;
	count = event->count;
	if (count >= EVENT_FILES)
		return;
	fill(&event->files[count], file, fd);
	event->count = count + 1;
}

struct control { unsigned long length; __s32 level, type; };

#define RIGHTS_LEVEL 1		/* SOL_SOCKET */
#define RIGHTS_TYPE 1		/* SCM_RIGHTS */

static long take_right(__u32 turn, struct making *making)
{
	unsigned long from = making->right;
	__s32 fd = 0;

	if (from + sizeof(fd) > making->rights_end ||
	    bpf_probe_read_user(&fd, sizeof(fd), (void *)from))
		return 1;
	making->right = from + sizeof(fd);
	note(making, fd);
	return 0;
}

static long take_control(__u32 turn, struct making *making)
{
	struct control control = {0};
	unsigned long at = making->control;

	if (at + sizeof(control) > making->control_end ||
	    bpf_probe_read_user(&control, sizeof(control), (void *)at) ||
	    control.length < sizeof(control))
		return 1;
	making->control = at + ((control.length + 7) & ~7ul);
	making->right = at + sizeof(control);
	making->rights_end = at + control.length;
	if (control.level == RIGHTS_LEVEL && control.type == RIGHTS_TYPE)
		bpf_loop(EVENT_FILES, take_right, making, 0);
	return 0;
}

struct message {
	unsigned long name, name_length, parts, part_count, control, control_length, flags;
};

#define MOST_PARTS 16
#define MOST_MESSAGES 8
#define SIZE_OF_MMSGHDR 64

static long take_message(__u32 turn, struct making *making)
{
	struct message message = {0};

	if (turn >= making->messages || bpf_probe_read_user(&message, sizeof(message),
	    (void *)making->message + turn * SIZE_OF_MMSGHDR))
		return 1;
	making->control = message.control;
	making->control_end = message.control + message.control_length;
	bpf_loop(MOST_PARTS, take_control, making, 0);
	return 0;
}

static __always_inline void find_made(struct making *making, __u32 which, long result)
{
	__s32 pair[2] = {0};

	switch (creator_at(which)->where) {
	case EVENT_RESULT:
		note(making, result);
		break;
	case EVENT_ARGUMENT:
		note(making, argument(making->registers, 0));
		break;
	case EVENT_PAIR:
		bpf_probe_read_user(pair, sizeof(pair),
				    (void *)argument(making->registers, creator_at(which)->pair));
		note(making, pair[0]);
		note(making, pair[1]);
		break;
	case EVENT_MESSAGE:
	case EVENT_MESSAGES:
		making->message = argument(making->registers, 1);
		making->messages = creator_at(which)->where == EVENT_MESSAGE ? 1 : result;
		bpf_loop(MOST_MESSAGES, take_message, making, 0);
		break;
	}
}

static __always_inline void tell_made(struct task_struct *task, __s32 pid, struct making *making,
				      __u32 which, long result)
{
	struct event_made *event;
	__s32 path = creator_at(which)->path;

	/* births and execs are to find room, however many files somebody opens */
	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > settings.room_for_made) {
		__sync_fetch_and_add(&lost.made, 1);
		return;
	}
	event = begin(event, EVENT_MADE, pid);
	if (!event)
		return;
	event->thread = number(task);
	event->creator = which;
	event->code = BPF_CORE_READ(task, mm, exec_vm);
	bpf_probe_read_kernel(event->name, sizeof(event->name), task->comm);
	event->path[0] = 0;
	if (path >= 0)
		bpf_probe_read_user_str(event->path, sizeof(event->path),
					(void *)argument(making->registers, path));
	copy_registers(event->registers, making->registers);
	event->size = copy_stack(event->stack, (void *)stack_pointer(making->registers));
	event->count = 0;
	making->event = event;
	find_made(making, which, result);
	bpf_ringbuf_submit(event, 0);
}

#define MOST_OPERATIONS 4	/* of one call: fcntl, ioctl */

/* Which of the table the call is; 0: none */
static __always_inline __u32 find_creator(const void *registers)
{
	const volatile struct event_creator *creator;
	unsigned long call = 0;
	__u32 which;

	bpf_probe_read_kernel(&call, sizeof(call), registers + settings.call_offset);
	if (call >= EVENT_CALLS)
		return 0;
	which = creators.first[call];
	for (int i = 0; which && i < MOST_OPERATIONS && which < EVENT_CREATORS; i++, which++) {
		creator = creator_at(which);
		if (creator->call != call)
			return 0;
		if (creator->where != EVENT_NOWHERE && (creator->operation < 0 ||
		    (__u32)argument(registers, creator->operation) == creator->value))
			return which;
	}
	return 0;
}

#endif
