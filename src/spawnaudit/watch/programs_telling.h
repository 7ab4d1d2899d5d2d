/* SPDX-License-Identifier: MIT */
/* What all our programs in the kernel tell by: whom it is about, and what of it is read. */
#ifndef SPAWNAUDIT_PROGRAMS_TELLING_H
#define SPAWNAUDIT_PROGRAMS_TELLING_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "events.h"
#include "programs_kernel.h"

const volatile struct event_settings settings SEC(".rodata.settings");

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

static __always_inline int is_chosen(__u32 pid)
{
	return !settings.of_some || bpf_map_lookup_elem(&chosen, &pid);
}

/*
 * Paths
 */

#define DEEPEST 128		/* directories and mounts */

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
 * Files, registers, stacks
 */

#define BITS 64			/* of a word in the tables of descriptors */

static __always_inline void fill(struct event_file *ret, struct file *file, __s32 fd)
{
	ret->file = (unsigned long)file;
	ret->inode = BPF_CORE_READ(file, f_inode, i_ino);
	ret->fd = fd;
	ret->flags = BPF_CORE_READ(file, f_flags);
}

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

#endif
