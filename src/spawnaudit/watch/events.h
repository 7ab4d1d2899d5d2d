/* SPDX-License-Identifier: MIT */
/*
 * What the programs in the kernel (programs.bpf.c) tell. Both sides are compiled with
 * this; all is of fixed size, since the room for an event is.
 */
#ifndef SPAWNAUDIT_EVENTS_H
#define SPAWNAUDIT_EVENTS_H

#include <linux/types.h>

#define EVENT_STACK 8192
#define EVENT_REGISTERS 320	/* room for a struct user_regs_struct of any processor */
#define EVENT_COMPONENT 128	/* a longer name of a directory is cut */
#define EVENT_PATH 640
#define EVENT_FILES 16		/* more that came by one call aren't told */
#define EVENT_CALLS 512		/* numbers of calls that make descriptors are below */
#define EVENT_CREATORS 64
#define EVENT_BEGINNING 512	/* of the arguments of every program: where its script stands */
#define EVENT_ARGUMENTS 4096	/* of a program that got descriptors */
#define EVENT_VARIABLE 256	/* and what its environment says of them, */
#define EVENT_VARIABLES 1024	/* in all */

enum event_kind {
	EVENT_BIRTH,		/* then its EVENT_SNAPSHOT and EVENT_INHERITED, in any order */
	EVENT_SNAPSHOT,
	EVENT_INHERITED,	/* descriptor that the creator's next exec would hand on */
	EVENT_CROSSED,		/* descriptor that is open after an exec; EVENT_EXEC is the last */
	EVENT_TOLD,		/* where some are */
	EVENT_EXEC,
	EVENT_END,
	EVENT_MADE,		/* descriptors that exec leaves open, by one call */
};

struct event {
	__u32 kind;
	__s32 pid;		/* the new process, or the one that executes, opens or ends */
	__u64 at;		/* ns, CLOCK_MONOTONIC */
};

struct event_birth {
	struct event event;
	__s32 parent, thread;
	__u32 threads;		/* of the parent, with this one */
	__u32 has_stack;	/* the child doesn't go on in its creator's frames */
	__u64 flags;		/* of clone */
	__u64 code;		/* the parent's pages of it: another number, other files */
	char name[16];		/* of the thread */
};

struct event_snapshot {
	struct event event;
	__u32 size, pad;
	__u8 registers[EVENT_REGISTERS];
	__u8 stack[EVENT_STACK];
};

/* An open file: its address may be used again for another, but not for that inode */
struct event_file {
	__u64 file, inode;
	__s32 fd;
	__u32 flags;
};

struct event_inherited {
	struct event event;
	struct event_file file;
};

/* The names from the file up to the root directory, each with its 0 */
struct event_path {
	__u32 used;		/* bytes of text */
	__u32 is_whole;		/* up to the root directory */
	char text[EVENT_PATH];
};

struct event_crossed {
	struct event event;
	struct event_file file;
	__u64 magic;		/* of the file system, as statfs(2) has it */
	__u32 is_deleted, pad;
	struct event_path path;
};

struct event_exec {
	struct event event;
	struct event_path program;
	__u32 arguments_size, pad;
	char arguments[EVENT_BEGINNING];	/* as those of struct event_told */
};

/* Each string with its nul; the last argument may be cut */
struct event_told {
	struct event event;
	__u32 arguments_size, variables_size;
	char arguments[EVENT_ARGUMENTS];
	char variables[EVENT_VARIABLES];
};

struct event_made {
	struct event event;
	__s32 thread;
	__u32 creator;		/* of the table of struct creator: which */
	__u64 code;		/* as of a birth */
	char name[16];		/* of the thread */
	char path[EVENT_VARIABLE];	/* that the call was given */
	__u32 count, size;	/* of files and stack */
	struct event_file files[EVENT_FILES];
	__u8 registers[EVENT_REGISTERS];	/* after the call */
	__u8 stack[EVENT_STACK];
};

struct event_end {
	struct event event;
	__u32 status;		/* as wait(2) gives it */
	__u32 pad;
};

/* Set before the programs are loaded */
struct event_settings {
	__u32 own_namespace;	/* the reader's, of pids */
	__u32 in_cgroup;	/* births and execs in the cgroup that the map has */
	__u32 of_some;		/* descriptors made by processes that the map has */
	__u32 room_for_made;	/* bytes: no such event when more wait */
	__u32 sp_offset, call_offset;	/* in the registers */
	__u32 argument_offsets[6];
};

/* Events for which there was no room */
struct event_lost {
	__u64 events;		/* but for those */
	__u64 made;
};

/* Where a call that makes descriptors tells their numbers */
enum event_where {
	EVENT_NOWHERE,
	EVENT_RESULT,
	EVENT_ARGUMENT,		/* the first */
	EVENT_PAIR,
	EVENT_MESSAGE,
	EVENT_MESSAGES,
};

struct event_creator {
	__u32 call;
	__u32 where;		/* enum event_where; EVENT_NOWHERE: nobody asks */
	__s32 operation;	/* the argument that must be value, or -1 */
	__u32 value;
	__s32 pair, path;	/* arguments; path may be -1 */
};

/* Those of one call stand together: from the first on. 0: not of interest */
struct event_creators {
	__u8 first[EVENT_CALLS];
	struct event_creator list[EVENT_CREATORS];
};

/* A line of the iterator over what is open when watching begins */
struct event_open {
	__s32 pid;
	__u32 is_older;		/* opened under other credentials than the process has */
	struct event_file file;
};

#endif
