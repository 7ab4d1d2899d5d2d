/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer (make fuzz): whatever a program does with posix_spawn's objects, a launch
 * gets the actions that it was told were added, and the attributes become the steps
 * that POSIX names, in its order. What isn't ours goes to libc, as it was given.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include "bytes.h"
#include "lib/libc_spawn.h"
#include "lib/plan/compile.h"
#include "lib/spawn.h"

#define OPERATIONS 24
#define FIRST_CLOSED 540	/* RLIMIT_NOFILE: what isn't below can't be asked for */

#define ALL_FLAGS \
	(POSIX_SPAWN_RESETIDS | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | \
	 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSCHEDPARAM | POSIX_SPAWN_SETSCHEDULER | \
	 POSIX_SPAWN_USEVFORK | POSIX_SPAWN_SETSID)

static char *const argv[] = {"program", NULL}, *const environment[] = {"A=1", NULL};

/* What the program has done, as it knows it */
static struct one {
	posix_spawn_file_actions_t objects[2], *object;	/* it may be copied */
	struct action added[OPERATIONS];
	char paths[OPERATIONS][16];
	size_t count;
	short flags;
	sigset_t defaults, mask;
	pid_t group;
	struct sched_param param;
	int policy;
	uid_t ids[4];		/* uid, euid, gid, egid */
	const char *file;
	int is_path, passes_environment;
} one;

enum { NOTHING, OURS, LIBCS } taken;

static void check(int holds, const char *what)
{
	if (!holds)
		FAULT("%s\n", what);
}

/*
 * ---- In the place of others (--wrap)
 */

uid_t __wrap_getuid(void);
uid_t __wrap_geteuid(void);
gid_t __wrap_getgid(void);
gid_t __wrap_getegid(void);
int __wrap_spu__spawn_by_actions(struct spu_child *ret_child, char *const arguments[],
				 const struct spu_options *options, const struct actions *actions);

uid_t __wrap_getuid(void)
{
	return one.ids[0];
}

uid_t __wrap_geteuid(void)
{
	return one.ids[1];
}

gid_t __wrap_getgid(void)
{
	return one.ids[2];
}

gid_t __wrap_getegid(void)
{
	return one.ids[3];
}

static void check_actions(const struct actions *actions)
{
	size_t i;

	check(actions->count == one.count, "another number of actions");
	for (i = 0; i < one.count; i++) {
		const struct action *has = &actions->list[i], *wants = &one.added[i];

		check(has->kind == wants->kind && has->fd == wants->fd &&
		      has->source == wants->source && has->flags == wants->flags &&
		      has->mode == wants->mode, "another action");
		check(!has->path == !wants->path &&
		      (!has->path || strcmp(has->path, wants->path) == 0), "another path");
	}
	check(!actions->path == !one.is_path, "a path where a name is, or none");
}

static const struct step *expect(const struct step *step, enum step_kind kind, long a, long b)
{
	if (step->kind != kind || step->arg[0] != a || step->arg[1] != b)
		FAULT("kind %d (%ld, %ld), not %d (%ld, %ld)\n", step->kind, step->arg[0],
		      step->arg[1], kind, a, b);
	return step + 1;
}

static uint64_t word_of(const sigset_t *set)
{
	uint64_t word;

	memcpy(&word, set, sizeof(word));
	return word;
}

static const struct step *expect_signals(const struct step *step)
{
	int number;

	for (number = 1; number <= 64; number++) {
		if (number == SIGKILL || number == SIGSTOP || !(word_of(&one.defaults) &
								SPU_SIGNAL(number)))
			continue;
		step = expect(step, STEP_DEFAULT, number, step->arg[1]);
		check(!((const struct kernel_sigaction *)step[-1].arg[1])->handler, "a handler");
	}
	return step;
}

/* As POSIX has it, from what it says of the flags */
static void check_plan(const struct plan *plan, uint64_t callers_mask)
{
	const struct step *step = plan->steps, *end = plan->steps + plan->count;

	step = expect(step, STEP_HANDLERS, 0, 0);
	if (one.flags & POSIX_SPAWN_SETSIGDEF)
		step = expect_signals(step);
	if (one.flags & POSIX_SPAWN_SETSID)
		step = expect(step, STEP_SETSID, 0, 0);
	if (one.flags & POSIX_SPAWN_SETPGROUP)
		step = expect(step, STEP_PGROUP, 0, one.group);
	if (one.flags & POSIX_SPAWN_SETSCHEDULER)
		step = expect(step, STEP_SCHEDULER, 0, one.policy);
	else if (one.flags & POSIX_SPAWN_SETSCHEDPARAM)
		step = expect(step, STEP_SCHED_PARAM, 0, (long)&plan->sched_priority);
	if (one.flags & (POSIX_SPAWN_SETSCHEDULER | POSIX_SPAWN_SETSCHEDPARAM))
		check(plan->sched_priority == one.param.sched_priority, "another priority");
	if (one.flags & POSIX_SPAWN_RESETIDS &&
	    (one.ids[0] != one.ids[1] || one.ids[2] != one.ids[3])) {
		step = expect(step, STEP_RESET_GID, -1, (long)one.ids[2]);
		step = expect(step, STEP_RESET_UID, -1, (long)one.ids[0]);
	}
	step = end - 3;
	step = expect(step, STEP_STOP_PENDING, step->arg[0], step->arg[1]);
	step = expect(step, STEP_MASK, SIG_SETMASK, (long)&plan->mask);
	expect(step, STEP_EXEC, 0, 0);
	check(plan->mask == ((one.flags & POSIX_SPAWN_SETSIGMASK) ? word_of(&one.mask)
								  : callers_mask), "another mask");
	check(!plan->candidates[1] == (one.is_path || strchr(one.file, '/') || !*one.file),
	      "the program is looked for elsewhere");
	check(plan->argv == argv, "another argv");
	check(one.passes_environment ? strcmp(plan->env[0], "A=1") == 0 : !plan->env[0],
	      "another environment");
}

int __wrap_spu__spawn_by_actions(struct spu_child *ret_child, char *const arguments[],
				 const struct spu_options *options, const struct actions *actions)
{
	struct given *given = malloc(ACTIONS_ROOM(actions->count) * sizeof(*given));
	struct plan_request request = {
		.argv = arguments, .environ = environment, .options = options,
		.path = actions->path ? NULL : "/a:/b", .actions = actions, .mask = 0x550055,
		.table = {.given = given, .held = {-1, -1, -1}, .parent = 4711, .holder = 4711},
	};
	struct plan plan;
	void *block;

	taken = OURS;
	check_actions(actions);
	check(options->leaks == SPU_LEAKS_ALLOW && options->method == SPU_METHOD_VFORK,
	      "another way");
	request.table.count = spu__give_actions(actions, given);
	request.table.reads = spu__highest_read(given, request.table.count, 0);
	if (spu__compile(&request, &plan, &block) < 0)
		FAULT("no plan\n");
	check_plan(&plan, request.mask);
	free(block);
	free(given);
	ret_child->pid = 99;
	ret_child->pidfd = -1;
	return 0;
}

static int libcs_spawn(pid_t *ret_pid, const char *file, const libc_actions *actions,
		       const posix_spawnattr_t *attributes, char *const arguments[],
		       char *const envp[])
{
	taken = LIBCS;
	check(file == one.file && actions == one.object && arguments == argv && attributes,
	      "libc is given something else");
	check(envp == (one.passes_environment ? environment : NULL), "another environment");
	*ret_pid = 99;
	return 0;
}

static int libcs_close(libc_actions *actions, int fd)
{
	check(actions == one.object, "another object");
	return fd;
}

/* The hook that the preload library has */
static struct libc_spawn libcs(void)
{
	return (struct libc_spawn){.spawn = libcs_spawn, .spawnp = libcs_spawn,
				   .add_close = libcs_close};
}

struct libc_spawn (*spu__next_spawn)(void) = libcs;

/*
 * ---- What the program does
 */

static int take_fd(struct bytes *bytes)
{
	unsigned byte = take(bytes);

	return byte < 224 ? (int)byte : byte < 248 ? FIRST_CLOSED - 248 + 12 + (int)byte
	     : (int)take_word(bytes);
}

static int may_be(int fd)
{
	return fd >= 0 && fd < FIRST_CLOSED;
}

/* What was passed may be gone, or another, as soon as it is added. */
static void add(struct bytes *bytes, unsigned kind)
{
	struct action action = {.kind = (enum action_kind)kind};
	int r = 0, may = 1;
	char path[16] = "";

	if (kind != ACTION_CHDIR)
		may = may_be(action.fd = take_fd(bytes));
	if (kind == ACTION_OPEN || kind == ACTION_CHDIR)
		snprintf(path, sizeof(path), "%u", take(bytes));
	switch (action.kind) {
	case ACTION_CLOSE:
		r = spu_posix_spawn_file_actions_addclose(one.object, action.fd);
		break;
	case ACTION_COPY:
		may &= may_be(action.source = take_fd(bytes));
		r = spu_posix_spawn_file_actions_adddup2(one.object, action.source, action.fd);
		break;
	case ACTION_OPEN:
		action.flags = (int)take(bytes) << 12;
		action.mode = take(bytes);
		r = spu_posix_spawn_file_actions_addopen(one.object, action.fd, path,
							 action.flags, (mode_t)action.mode);
		break;
	case ACTION_CHDIR:
		r = spu_posix_spawn_file_actions_addchdir(one.object, path);
		break;
	case ACTION_FCHDIR:
		r = spu_posix_spawn_file_actions_addfchdir(one.object, action.fd);
		break;
	case ACTION_CLOSE_FROM:
		r = spu_posix_spawn_file_actions_addclosefrom_np(one.object, action.fd);
		break;
	case ACTION_FOREGROUND:
		r = spu_posix_spawn_file_actions_addtcsetpgrp_np(one.object, action.fd);
		break;
	}
	if (r != (may ? 0 : EBADF))
		FAULT("action %u for %d: %d\n", kind, action.fd, r);
	if (r != 0)
		return;
	if (*path)
		action.path = memcpy(one.paths[one.count], path, sizeof(path));
	one.added[one.count++] = action;
}

/* Nothing but by its functions, and a copy of the whole, which the program has then. */
static void operate(struct bytes *bytes)
{
	unsigned what = take(bytes) % 16;

	if (what <= ACTION_FOREGROUND) {
		add(bytes, what);
	} else if (what == 14) {
		posix_spawn_file_actions_t *copy = &one.objects[one.object == one.objects];

		*copy = *one.object;
		memset(one.object, 0xa5, sizeof(*one.object));
		one.object = copy;
	} else if (what == 15) {
		check(spu_posix_spawn_file_actions_destroy(one.object) == 0 &&
		      spu_posix_spawn_file_actions_init(one.object) == 0, "destroy, init");
		one.count = 0;
	}
}

static void take_set(struct bytes *bytes, sigset_t *set)
{
	uint64_t signals = take_word(bytes);

	sigemptyset(set);
	memcpy(set, &signals, sizeof(signals));
}

static void take_attributes(struct bytes *bytes, posix_spawnattr_t *attributes)
{
	int i;

	one.flags = (short)(take(bytes) & ALL_FLAGS);
	take_set(bytes, &one.defaults);
	take_set(bytes, &one.mask);
	one.group = (pid_t)take(bytes);
	one.param.sched_priority = (int)take(bytes);
	one.policy = (int)take(bytes) % 3;
	for (i = 0; i < 4; i++)
		one.ids[i] = take(bytes) % 4;
	posix_spawnattr_init(attributes);
	check(posix_spawnattr_setflags(attributes, one.flags) == 0 &&
	      posix_spawnattr_setsigdefault(attributes, &one.defaults) == 0 &&
	      posix_spawnattr_setsigmask(attributes, &one.mask) == 0 &&
	      posix_spawnattr_setpgroup(attributes, one.group) == 0 &&
	      posix_spawnattr_setschedparam(attributes, &one.param) == 0 &&
	      posix_spawnattr_setschedpolicy(attributes, one.policy) == 0, "attributes");
}

static void launch(struct bytes *bytes, const posix_spawnattr_t *attributes, int wants)
{
	static const char *const files[] = {"program", "/bin/program", "./program", ""};
	unsigned how = take(bytes);
	pid_t pid = 0;
	int r;

	one.file = files[how % 4];
	one.is_path = how >> 2 & 1;
	one.passes_environment = how >> 3 & 1;
	taken = NOTHING;
	errno = 4711;
	r = (one.is_path ? spu_posix_spawn : spu_posix_spawnp)(
		&pid, one.file, one.object, attributes, argv,
		one.passes_environment ? environment : NULL);
	check(r == 0 && pid == 99 && (int)taken == wants && errno == 4711, "the launch");
}

/* What no function of ours has made, whatever it holds */
static void try_libcs(struct bytes *bytes, const posix_spawnattr_t *attributes)
{
	posix_spawn_file_actions_t before;
	uint64_t word = 0;
	size_t i;

	/* the last twice: libFuzzer finds out what makes a mark of two words */
	for (i = 0; i + sizeof(word) <= sizeof(before); i += sizeof(word)) {
		if (i + 2 * sizeof(word) <= sizeof(before))
			word = take_word(bytes);
		memcpy((char *)one.object + i, &word, sizeof(word));
	}
	before = *one.object;
	check(spu_posix_spawn_file_actions_addclose(one.object, 77) == 77, "libc's isn't asked");
	launch(bytes, attributes, LIBCS);
	check(memcmp(&before, one.object, sizeof(before)) == 0, "libc's is changed");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rlimit limit = {FIRST_CLOSED, FIRST_CLOSED};
	struct bytes bytes = {data, data + size};
	unsigned first = take(&bytes);
	posix_spawnattr_t attributes;
	size_t i;

	setrlimit(RLIMIT_NOFILE, &limit);
	memset(&one, 0, sizeof(one));
	one.object = &one.objects[0];
	take_attributes(&bytes, &attributes);
	if (first % 8 == 7) {
		try_libcs(&bytes, &attributes);
		return 0;
	}
	spu_posix_spawn_file_actions_init(one.object);
	for (i = 0; i < first / 8 % (OPERATIONS + 1); i++)
		operate(&bytes);
	launch(&bytes, &attributes, OURS);
	/* it is the program's still, for another */
	launch(&bytes, &attributes, OURS);
	check(spu_posix_spawn_file_actions_destroy(one.object) == 0, "destroy");
	return 0;
}
