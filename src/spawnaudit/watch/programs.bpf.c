/* SPDX-License-Identifier: MIT */
/*
 * Runs in the kernel: tells of births, execs and ends of processes, and judges
 * nothing. BTF tracepoints alone: other kinds of programs don't load everywhere.
 */
#include "programs_making.h"
#include "programs_telling.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/*
 * Descriptors
 */

#define LONGEST_TABLE (1 << 24)	/* words; the kernel's own limit is lower */

struct walk {
	__s32 pid;
	__u32 is_exec;
	struct file **table;
	unsigned long *open, *close_on_exec;
	unsigned long word;
	__u32 words, base;
	__u32 has_any;		/* a count would be new states to the verifier for ever */
};

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
	struct task_struct *first;
	unsigned long closes = 0;

	if (!task || !file || context->fd <= 2)
		return 0;
	/* one that has ended has none: the others tell instead */
	first = BPF_CORE_READ(task, group_leader);
	if (first != task && BPF_CORE_READ(first, files))
		return 0;
	bpf_probe_read_kernel(&closes, sizeof(closes), BPF_CORE_READ(task, files, fdt,
			      close_on_exec) + context->fd / BITS);
	line.pid = process_number(task);
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
	event->threads = parent->signal->live.counter;
	event->has_stack = stack_pointer((void *)bpf_task_pt_regs(task)) !=
			   stack_pointer((void *)bpf_task_pt_regs(parent));
	/* as clone(2) takes it; the kernel keeps them apart */
	event->flags = flags | BPF_CORE_READ(task, exit_signal);
	event->code = BPF_CORE_READ(parent, mm, exec_vm);
	bpf_probe_read_kernel(event->name, sizeof(event->name), parent->comm);
	bpf_ringbuf_submit(event, 0);
	walk_descriptors(&walk, parent);
	/* in others nothing will be found that has a place */
	if (walk.has_any || parent->signal->live.counter > 1 || parent->flags & COPY)
		tell_snapshot(parent, walk.pid);
	return 0;
}

/*
 * Execs
 */

#define MOST_VARIABLES 65536

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
 * Calls that make descriptors
 */

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
