/* SPDX-License-Identifier: MIT */
/*
 * Runs in the kernel: tells of births, execs and ends of processes, and judges
 * nothing. BTF tracepoints alone: other kinds of programs don't load everywhere.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "events.h"

/* What we read of the kernel's structures; the loader finds where that lies. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct ns_common { unsigned inum; };
struct pid_namespace { struct ns_common ns; };
struct upid { int nr; struct pid_namespace *ns; };
struct pid { unsigned level; struct upid numbers[1]; };
struct qstr { const unsigned char *name; };
struct hlist_bl_node { struct hlist_bl_node **pprev; };
struct super_block { unsigned long s_magic; };
struct inode { unsigned short i_mode; unsigned long i_ino; struct super_block *i_sb; };
struct dentry { struct hlist_bl_node d_hash; struct qstr d_name; struct dentry *d_parent; };
struct vfsmount { struct dentry *mnt_root; };
struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt; };
struct path { struct vfsmount *mnt; struct dentry *dentry; };
typedef struct { unsigned val; } kuid_t;
typedef struct { unsigned val; } kgid_t;
typedef struct { __u64 val; } kernel_cap_t;
struct cred { kuid_t uid, euid; kgid_t gid, egid; kernel_cap_t cap_permitted; };
struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned f_flags;
	const struct cred *f_cred;
};
struct fdtable {
	unsigned max_fds;
	struct file **fd;
	unsigned long *close_on_exec, *open_fds;
};
struct files_struct { struct fdtable *fdt; };
typedef struct { int counter; } atomic_t;
struct signal_struct { int nr_threads; unsigned flags; int group_exit_code; atomic_t live; };
struct mm_struct {
	unsigned long exec_vm, arg_start, arg_end, env_start, env_end;
	struct file *exe_file;
};
struct task_struct {
	int exit_code, exit_signal;
	unsigned flags;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct files_struct *files;
	struct signal_struct *signal;
	struct mm_struct *mm;
	const struct cred *cred;
	char comm[16];
};
struct pt_regs { };
struct bpf_iter_meta { struct seq_file *seq; };
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	unsigned fd;
	struct file *file;
};
#pragma clang attribute pop

#define COPY 0x40		/* PF_FORKNOEXEC */
#define KERNEL_THREAD 0x200000	/* PF_KTHREAD */
#define THREAD 0x10000		/* CLONE_THREAD */
#define GROUP_EXIT 4		/* SIGNAL_GROUP_EXIT */

#define BITS 64
#define LONGEST_TABLE (1 << 24)	/* words; the kernel's own limit is lower */
#define DEEPEST 128		/* directories and mounts */
#define MOST_VARIABLES 65536

char LICENSE[] SEC("license") = "Dual MIT/GPL";

const volatile struct event_settings settings SEC(".rodata.settings");

const volatile struct event_creators creators SEC(".rodata.creators");

struct event_lost lost SEC(".bss.lost");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} cgroups SEC(".maps");

/* By number, with what they make: whose descriptors are to be told of */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u8);
} chosen SEC(".maps");

#define begin(pointer, kind, pid) begin_event(bpf_ringbuf_reserve(&events, sizeof(*(pointer)), 0), \
					      kind, pid)

static __always_inline void *begin_event(void *memory, __u32 kind, __s32 pid)
{
	struct event *event = memory;

	if (!event) {
		__sync_fetch_and_add(&lost.events, 1);
		return 0;
	}
	event->kind = kind;
	event->pid = pid;
	event->at = bpf_ktime_get_ns();
	return event;
}

/* As the reader knows it; 0: its namespace doesn't reach there, or is the 9th of nested ones. */
static __always_inline __s32 number(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid *at = pid ? __builtin_preserve_access_index(&pid->numbers[0]) : 0;
	__u32 level = pid ? BPF_CORE_READ(pid, level) : 0;

	for (__u32 i = 0; at && i < 8 && i <= level; i++) {
		if (BPF_CORE_READ(at, ns, ns.inum) == settings.own_namespace)
			return BPF_CORE_READ(at, nr);
		at = (void *)at + bpf_core_type_size(struct upid);
	}
	return 0;
}

static __always_inline __s32 process_number(struct task_struct *task)
{
	return number(BPF_CORE_READ(task, group_leader));
}

static __always_inline int is_wanted(void)
{
	return !settings.in_cgroup || bpf_current_task_under_cgroup(&cgroups, 0) == 1;
}

/*
 * Paths
 */

struct climb {
	struct event_path *path;
	struct dentry *dentry;
	struct mount *mount;
};

static long climb_on(__u32 turn, struct climb *climb)
{
	struct event_path *path = climb->path;
	struct dentry *dentry = climb->dentry, *parent;
	struct mount *mount = climb->mount, *above;
	__u32 used = path->used;
	long length;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount) {
			path->is_whole = 1;
			return 1;
		}
		climb->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		climb->mount = above;
		return 0;
	}
	if (used > EVENT_PATH - EVENT_COMPONENT)
		return 1;
	length = bpf_probe_read_kernel_str(path->text + used, EVENT_COMPONENT,
					   BPF_CORE_READ(dentry, d_name.name));
	if (length <= 0)
		return 1;
	path->used = used + length;
	parent = BPF_CORE_READ(dentry, d_parent);
	climb->dentry = parent;
	return parent == dentry;
}

static __always_inline void read_path(struct event_path *path, struct file *file)
{
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct climb climb = {
		.path = path,
		.dentry = BPF_CORE_READ(file, f_path.dentry),
		.mount = (void *)mnt - bpf_core_field_offset(struct mount, mnt),
	};

	path->used = 0;
	path->is_whole = 0;
	bpf_loop(DEEPEST, climb_on, &climb, 0);
}

/*
 * Descriptors
 */

struct walk {
	__s32 pid;
	__u32 is_exec;
	struct file **table;
	unsigned long *open, *close_on_exec;
	unsigned long word;
	__u32 words, base;
	__u32 has_any;		/* a count would be new states to the verifier for ever */
};

static __always_inline void fill(struct event_file *ret, struct file *file, __s32 fd)
{
	ret->file = (unsigned long)file;
	ret->inode = BPF_CORE_READ(file, f_inode, i_ino);
	ret->fd = fd;
	ret->flags = BPF_CORE_READ(file, f_flags);
}

static __always_inline void tell_crossed(struct walk *walk, struct file *file, __s32 fd)
{
	struct event_crossed *event = begin(event, EVENT_CROSSED, walk->pid);

	if (!event)
		return;
	fill(&event->file, file, fd);
	event->magic = BPF_CORE_READ(file, f_inode, i_sb, s_magic);
	event->is_deleted = !BPF_CORE_READ(file, f_path.dentry, d_hash.pprev);
	event->pad = 0;
	read_path(&event->path, file);
	bpf_ringbuf_submit(event, 0);
}

static __always_inline void tell_inherited(struct walk *walk, struct file *file, __s32 fd)
{
	struct event_inherited *event = begin(event, EVENT_INHERITED, walk->pid);

	if (!event)
		return;
	fill(&event->file, file, fd);
	bpf_ringbuf_submit(event, 0);
}

static long take_descriptor(__u32 bit, struct walk *walk)
{
	__s32 fd = walk->base + bit;
	struct file *file = 0;

	if (!(walk->word >> (bit & (BITS - 1)) & 1) || fd <= 2)
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), walk->table + fd);
	if (!file)
		return 0;
	walk->has_any = 1;
	if (walk->is_exec)
		tell_crossed(walk, file, fd);
	else
		tell_inherited(walk, file, fd);
	return 0;
}

static long take_word(__u32 index, struct walk *walk)
{
	unsigned long closes = 0;

	if (index >= walk->words)
		return 1;
	walk->word = 0;
	walk->base = index * BITS;
	bpf_probe_read_kernel(&walk->word, sizeof(walk->word), walk->open + index);
	bpf_probe_read_kernel(&closes, sizeof(closes), walk->close_on_exec + index);
	walk->word &= ~closes;
	if (walk->word & ~(index ? 0ul : 7ul))
		bpf_loop(BITS, take_descriptor, walk, 0);
	return 0;
}

static __always_inline void walk_descriptors(struct walk *walk, struct task_struct *task)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);

	walk->open = BPF_CORE_READ(fdt, open_fds);
	walk->close_on_exec = BPF_CORE_READ(fdt, close_on_exec);
	walk->table = BPF_CORE_READ(fdt, fd);
	walk->words = BPF_CORE_READ(fdt, max_fds) / BITS;
	bpf_loop(LONGEST_TABLE < walk->words ? LONGEST_TABLE : walk->words, take_word, walk, 0);
}

/*
 * What is open when watching begins. First: it has been looked at when this has gone
 * and others are there.
 */

static __always_inline __u64 capabilities(const struct cred *cred)
{
	__u64 set = 0;

	bpf_probe_read_kernel(&set, sizeof(set), &cred->cap_permitted);
	return set;
}

/* Each exec makes new credentials, and so does who changes its ids: those aren't meant. */
static __always_inline int is_older(const struct cred *one, const struct cred *other)
{
	return one != other && BPF_CORE_READ(one, uid.val) == BPF_CORE_READ(other, uid.val) &&
	       BPF_CORE_READ(one, euid.val) == BPF_CORE_READ(other, euid.val) &&
	       BPF_CORE_READ(one, gid.val) == BPF_CORE_READ(other, gid.val) &&
	       BPF_CORE_READ(one, egid.val) == BPF_CORE_READ(other, egid.val) &&
	       capabilities(one) == capabilities(other);
}

SEC("iter/task_file")
int each_open(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	struct event_open line = {0};
	unsigned long closes = 0;

	if (!task || !file || context->fd <= 2 || BPF_CORE_READ(task, group_leader) != task)
		return 0;
	bpf_probe_read_kernel(&closes, sizeof(closes), BPF_CORE_READ(task, files, fdt,
			      close_on_exec) + context->fd / BITS);
	line.pid = number(task);
	if (!line.pid || closes >> (context->fd % BITS) & 1)
		return 0;
	line.is_older = is_older(BPF_CORE_READ(file, f_cred), BPF_CORE_READ(task, cred));
	fill(&line.file, file, context->fd);
	bpf_seq_write(context->meta->seq, &line, sizeof(line));
	return 0;
}

/*
 * Births
 */

static __always_inline __u64 stack_pointer(const void *registers)
{
	__u64 sp = 0;

	bpf_probe_read_kernel(&sp, sizeof(sp), registers + settings.sp_offset);
	return sp;
}

static __always_inline void copy_registers(__u8 *ret, const void *registers)
{
	__u32 size = bpf_core_type_size(struct pt_regs);

	if (size > EVENT_REGISTERS)
		size = EVENT_REGISTERS;
	bpf_probe_read_kernel(ret, size, registers);
}

/* Where the stack ends sooner, to its last part that is there: how much that is */
static __always_inline __u32 copy_stack(__u8 *ret, const void *sp)
{
	__u32 size = 0;

	if (bpf_probe_read_user(ret, EVENT_STACK, sp) == 0)
		return EVENT_STACK;
	for (int i = 0; i < EVENT_STACK / 512; i++) {
		if (bpf_probe_read_user(ret + i * 512, 512, sp + i * 512))
			break;
		size = (i + 1) * 512;
	}
	return size;
}

static __always_inline void tell_snapshot(struct task_struct *parent, __s32 child)
{
	const void *registers = (void *)bpf_task_pt_regs(parent);
	struct event_snapshot *event = begin(event, EVENT_SNAPSHOT, child);

	if (!event)
		return;
	event->pad = 0;
	copy_registers(event->registers, registers);
	event->size = copy_stack(event->stack, (void *)stack_pointer(registers));
	bpf_ringbuf_submit(event, 0);
}

static __always_inline int is_chosen(__u32 pid)
{
	return !settings.of_some || bpf_map_lookup_elem(&chosen, &pid);
}

static __always_inline void choose_child(__u32 pid, __u32 parent)
{
	const __u8 one = 1;

	if (settings.of_some && is_chosen(parent))
		bpf_map_update_elem(&chosen, &pid, &one, BPF_ANY);
}

SEC("tp_btf/task_newtask")
int BPF_PROG(on_birth, struct task_struct *task, unsigned long flags)
{
	struct task_struct *parent = (void *)bpf_get_current_task_btf();
	struct walk walk = {.pid = number(task)};
	struct event_birth *event;

	if (flags & THREAD || parent->flags & KERNEL_THREAD || !walk.pid || !is_wanted())
		return 0;
	choose_child(walk.pid, process_number(parent));
	event = begin(event, EVENT_BIRTH, walk.pid);
	if (!event)
		return 0;
	event->parent = process_number(parent);
	event->thread = number(parent);
	event->threads = parent->signal->nr_threads;
	event->has_stack = stack_pointer((void *)bpf_task_pt_regs(task)) !=
			   stack_pointer((void *)bpf_task_pt_regs(parent));
	/* as clone(2) takes it; the kernel keeps them apart */
	event->flags = flags | BPF_CORE_READ(task, exit_signal);
	event->code = BPF_CORE_READ(parent, mm, exec_vm);
	bpf_probe_read_kernel(event->name, sizeof(event->name), parent->comm);
	bpf_ringbuf_submit(event, 0);
	walk_descriptors(&walk, parent);
	/* in others nothing will be found that has a place */
	if (walk.has_any || parent->signal->nr_threads > 1 || parent->flags & COPY)
		tell_snapshot(parent, walk.pid);
	return 0;
}

/*
 * Execs
 */

struct search {
	struct event_told *told;
	unsigned long at, end;
	__u32 in_middle;
};

#define begins(text, wanted) begins_with(text, wanted "=", sizeof(wanted))

static __always_inline int begins_with(const char *text, const char *wanted, unsigned length)
{
	int r = 1;

	for (unsigned i = 0; i < length; i++)
		r &= text[i] == wanted[i];
	return r;
}

static __always_inline void keep_variable(struct event_told *told, const void *from)
{
	__u32 used = told->variables_size;
	long length;

	if (used > EVENT_VARIABLES - EVENT_VARIABLE)
		return;
	length = bpf_probe_read_user_str(told->variables + used, EVENT_VARIABLE, from);
	if (length > 0)
		told->variables_size = used + length;
}

static long take_variable(__u32 turn, struct search *search)
{
	char text[64] = {0};
	long length;

	if (search->at >= search->end)
		return 1;
	length = bpf_probe_read_user_str(text, sizeof(text), (void *)search->at);
	if (length <= 0)
		return 1;
	if (!search->in_middle &&
	    (begins(text, "MAKEFLAGS") || begins(text, "LISTEN_FDS") ||
	     begins(text, "LISTEN_PID") || begins(text, "NODE_CHANNEL_FD") ||
	     begins(text, "WAYLAND_SOCKET")))
		keep_variable(search->told, (void *)search->at);
	search->in_middle = length == sizeof(text);
	search->at += search->in_middle ? length - 1 : length;
	return 0;
}

/* The program hasn't run yet: what it was given is as it was, and still in memory. */
static __always_inline __u32 read_arguments(struct task_struct *task, char *ret, unsigned long room)
{
	unsigned long from = BPF_CORE_READ(task, mm, arg_start);
	unsigned long size = BPF_CORE_READ(task, mm, arg_end) - from;

	if (size > room)
		size = room;
	return bpf_probe_read_user(ret, size, (void *)from) ? 0 : size;
}

/* What may name the descriptors that it got */
static __always_inline void tell_told(struct task_struct *task, __s32 pid)
{
	struct event_told *told = begin(told, EVENT_TOLD, pid);
	struct search search = {
		.told = told,
		.at = BPF_CORE_READ(task, mm, env_start),
		.end = BPF_CORE_READ(task, mm, env_end),
	};

	if (!told)
		return;
	told->arguments_size = read_arguments(task, told->arguments, EVENT_ARGUMENTS);
	told->variables_size = 0;
	bpf_loop(MOST_VARIABLES, take_variable, &search, 0);
	bpf_ringbuf_submit(told, 0);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	struct walk walk = {.pid = process_number(task), .is_exec = 1};
	struct event_exec *event;

	if (!walk.pid || !is_wanted())
		return 0;
	walk_descriptors(&walk, task);
	if (walk.has_any)
		tell_told(task, walk.pid);
	event = begin(event, EVENT_EXEC, walk.pid);
	if (!event)
		return 0;
	read_path(&event->program, BPF_CORE_READ(task, mm, exe_file));
	event->arguments_size = read_arguments(task, event->arguments, EVENT_BEGINNING);
	event->pad = 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/*
 * Calls that make descriptors which exec leaves open. Whether it does, the table says:
 * no flag has to be looked at.
 */

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

SEC("tp_btf/sys_exit")
int BPF_PROG(on_made, struct pt_regs *registers, long result)
{
	struct making making = {.registers = registers};
	struct task_struct *task;
	struct fdtable *fdt;
	__u32 which, pid;

	if (result < 0)
		return 0;
	which = find_creator(registers);
	/* of a 32-bit program, whose calls have other numbers, the stack is below 4 GiB */
	if (!which || !(stack_pointer(registers) >> 32) || !is_wanted())
		return 0;
	task = (void *)bpf_get_current_task_btf();
	fdt = BPF_CORE_READ(task, files, fdt);
	making.table = BPF_CORE_READ(fdt, fd);
	making.close_on_exec = BPF_CORE_READ(fdt, close_on_exec);
	making.room = BPF_CORE_READ(fdt, max_fds);
	find_made(&making, which, result);
	pid = making.has_any ? process_number(task) : 0;
	if (pid && is_chosen(pid))
		tell_made(task, pid, &making, which, result);
	return 0;
}

/*
 * Ends. Not by cgroup: a process may have left its own.
 */

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_end, struct task_struct *task)
{
	struct signal_struct *signal = task->signal;
	struct event_end *event;
	__s32 pid = process_number(task);

	if (!pid || signal->live.counter > 0)
		return 0;
	if (settings.of_some)
		bpf_map_delete_elem(&chosen, &pid);
	event = begin(event, EVENT_END, pid);
	if (!event)
		return 0;
	event->status = signal->flags & GROUP_EXIT ? signal->group_exit_code
						   : BPF_CORE_READ(task, group_leader, exit_code);
	event->pad = 0;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
