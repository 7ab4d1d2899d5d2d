/* SPDX-License-Identifier: MIT */
/* Where a descriptor that exec leaves open comes from: who made it so, by which call, where. */
#ifndef SPAWNAUDIT_ORIGIN_H
#define SPAWNAUDIT_ORIGIN_H

#include <sys/types.h>

#include "../look/creators.h"
#include "../look/identity.h"
#include "../look/image.h"
#include "../look/place.h"
#include "../look/process.h"

/* A copy of a copy of a copy: more than so many are not kept, but the first is */
#define ORIGIN_DEPTH 16

enum origin_kind { ORIGIN_OPENED, ORIGIN_COPIED, ORIGIN_RECEIVED, ORIGIN_KEPT, ORIGIN_KINDS };

struct origin {
	int users;
	enum origin_kind kind;
	pid_t pid, thread;
	char thread_name[PROCESS_NAME_SIZE];	/* "": it had ended before anybody asked */
	char *program;		/* the executable; NULL: unknown */
	char *script;		/* that this runs; NULL: none */
	char *call;		/* accept(4) */
	struct identity identity;
	unsigned image;		/* whose memory the snapshot belongs to; when it may have ended, */
	struct image *mapped;	/* what was mapped there; or NULL */
	struct snapshot *snapshot;	/* until the place is found */
	struct place *place;	/* NULL: not found */
	struct origin *of;	/* what was copied, or kept open; NULL: that isn't known */
};

/* How what such a call makes came to be */
enum origin_kind origin_kind_of(enum creator_made made);

struct origin *origin_new(void);
struct origin *origin_share(struct origin *origin);
void origin_let_go(struct origin *origin);

/* The ends of a pair are two things made at one place: an origin for the other. */
struct origin *origin_again(const struct origin *origin);

/* Made by the same call at the same place? NULL is an origin as well. */
int origin_is_same(const struct origin *one, const struct origin *other);

/* Where libc was called: the frame of its place that counts. NULL: not known. */
const struct frame *origin_caller(const struct origin *origin);

/* "opened", "copied", ... */
const char *origin_kind_name(enum origin_kind kind);

#endif
