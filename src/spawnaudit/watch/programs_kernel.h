/* SPDX-License-Identifier: MIT */
/* What we read of the kernel's structures; the loader finds where that lies. */
#ifndef SPAWNAUDIT_PROGRAMS_KERNEL_H
#define SPAWNAUDIT_PROGRAMS_KERNEL_H

#include <linux/types.h>

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
struct signal_struct { unsigned flags; int group_exit_code; atomic_t live; };
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

#endif
