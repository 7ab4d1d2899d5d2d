/* SPDX-License-Identifier: MIT */
/*
 * Every call of the library, with each of its allocations failing in turn, and with no
 * number free for a descriptor, one, two, ...: it fails as it is documented, leaves
 * nothing behind, and works when it is called again. malloc() and its like are this
 * program's own, for libc's functions, too. manual_lint sees that each public name
 * stands here.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "launches.h"
#include "served.h"

#define SUITE "allocation"

enum {
	LIMIT = 160,	/* of open files, while numbers are short */
	MOST_FREE = 32,
	LEAST_FREE = 4,	/* up to which each call is tried */
	SOURCE = 30	/* this number and the next one are open */
};

enum shortage { OF_NOTHING, OF_MEMORY, OF_NUMBERS, SHORTAGES };

/* Shared with processes of a test's own. */
static struct {
	enum shortage shortage;
	int left;		/* so many are to be had yet */
	int was_met;
	int goes_on;		/* it was met, so that more may be */
	int result;		/* with nothing short */
} *now;
static int is_on;		/* here: what libcheck allocates elsewhere is none of this */

static size_t held_count;	/* what the call has and hasn't given back */

static struct rlimit limit_before;
static int opened[LIMIT], opened_count;

/*
 * ---- Memory
 */

#if IS_GLIBC && !IS_SANITIZED
#define OWN_MALLOC 1

static void *held[4096];

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);

static int is_refused(void)
{
	if (!is_on || now->shortage != OF_MEMORY || now->left-- > 0)
		return 0;
	now->left = INT_MAX;	/* that one alone */
	now->was_met = 1;
	errno = ENOMEM;
	return 1;
}

static int let_go(const void *memory)
{
	size_t i = held_count;

	while (i > 0 && held[i - 1] != memory)
		i--;
	if (i > 0)
		held[i - 1] = held[--held_count];
	return i > 0;
}

static void *hold(void *memory, int always)
{
	if (memory && (is_on || always) && held_count < sizeof(held) / sizeof(*held))
		held[held_count++] = memory;
	return memory;
}

void *malloc(size_t size)
{
	return is_refused() ? NULL : hold(__libc_malloc(size), 0);
}

void *calloc(size_t count, size_t size)
{
	return is_refused() ? NULL : hold(__libc_calloc(count, size), 0);
}

void *realloc(void *memory, size_t size)
{
	return is_refused() ? NULL : hold(__libc_realloc(memory, size), let_go(memory));
}

void free(void *memory)
{
	let_go(memory);
	__libc_free(memory);
}

void *mmap(void *memory, size_t size, int protection, int flags, int fd, off_t offset)
{
	if (is_refused())
		return MAP_FAILED;
	return map_past_libc(memory, size, protection, flags, fd, offset);
}
#else
#define OWN_MALLOC 0
#endif

/*
 * ---- The call that is tried, with what is short
 */

static void begin(void)
{
	struct rlimit limit;
	int fd, i;

	if (now->shortage == OF_NUMBERS) {
		getrlimit(RLIMIT_NOFILE, &limit_before);
		limit = (struct rlimit){LIMIT, limit_before.rlim_max};
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
		opened_count = 0;
		while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0)
			opened[opened_count++] = fd;
		ck_assert_int_ge(opened_count, MOST_FREE);
		for (i = 0; i < now->left; i++)
			close(opened[--opened_count]);
	}
	is_on = 1;
}

static void end(void)
{
	is_on = 0;
	if (now->shortage == OF_NUMBERS) {
		while (opened_count > 0)
			close(opened[--opened_count]);
		setrlimit(RLIMIT_NOFILE, &limit_before);
	}
}

/* errno is the call's. */
#define TRY(result, call) \
	do { \
		int errno_then; \
		begin(); \
		result = (call); \
		errno_then = errno; \
		end(); \
		errno = errno_then; \
	} while (0)

#define TRY_VOID(call) \
	do { \
		begin(); \
		call; \
		end(); \
	} while (0)

/* Its struct is filled when and only when a call fails. */
static struct spu_error error;

static int told(int r)
{
	if (r < 0) {
		ck_assert_int_eq(error.err, -r);
		ck_assert_msg(error.step != 0 && error.text[0], "an error without words: %d", r);
	} else {
		ck_assert_int_eq(error.err, 0);
	}
	error = (struct spu_error){.err = 0};
	return r;
}

/*
 * ---- Each call: 0, or the negative errno value. What it gave is given back.
 */

static char *const true_argv[] = {"true", NULL};

static int end_of(int r, struct spu_child *child)
{
	if (r < 0) {
		ck_assert_int_eq(child->pid, 4711);
		return r;
	}
	ck_assert_int_eq(spu_wait(child, -1, NULL), 0);
	spu_child_release(child);
	return r;
}

static int spawn(char *const argv[], const struct spu_options *options)
{
	struct spu_child child = {.pid = 4711};
	int r;

	TRY(r, spu_spawn(&child, argv, options, &error));
	return end_of(told(r), &child);
}

static int try_spawn(void)
{
	return spawn(true_argv, NULL);
}

/* A pipe, files, moves in a circle, another environment */
static int spawn_rich(unsigned method, struct spu_server *server)
{
	int ends[2] = {-1, -1};
	/* What method posix_spawn doesn't take, or a server; the rest as it is */
	int is_plain = method == SPU_METHOD_POSIX_SPAWN;
	const struct spu_fd fds[] = {
		SPU_NULL(0), SPU_PIPE_OUT(1, &ends[0]), SPU_SAME(2, 1), SPU_PIPE_IN(9, &ends[1]),
		SPU_MAP(SOURCE, SOURCE + 1), SPU_MAP(SOURCE + 1, SOURCE),
		SPU_OPEN(7, "/dev/null", O_RDONLY), {0},
	};
	static const struct spu_limit limits[] = {SPU_LIMIT(RLIMIT_CORE, 0, 0), {0}};
	static const uint64_t allow[] = {0x7fff000000000006};
	struct spu_options options = {
		.size = sizeof(options), .method = method, .server = server, .cwd = "/", .fds = fds,
		.env_set = SPU_LIST("A=1", "B=2"), .env_unset = SPU_LIST("C", "HOME"),
		.limits = is_plain ? NULL : limits,
		.pid_variable = is_plain ? NULL : "PID",
		.seccomp = is_plain || server ? NULL : allow,
		.seccomp_count = is_plain || server ? 0 : 1,
		.flags = is_plain ? 0 : SPU_NO_NEW_PRIVS,
	};
	int r = spawn((char *const[]){"/bin/true", NULL}, &options);

	ck_assert_int_eq(ends[0] >= 0 && ends[1] >= 0, r == 0);
	if (r == 0) {
		close(ends[0]);
		close(ends[1]);
	}
	return r;
}

static int try_rich(void)
{
	return spawn_rich(SPU_METHOD_VFORK, NULL);
}

static int try_posix_method(void)
{
	return spawn_rich(SPU_METHOD_POSIX_SPAWN, NULL);
}

static int try_terminal(void)
{
	int end = -1;
	int r = spawn(true_argv, SPU_OPTIONS(.fds = SPU_FDS(SPU_PTY(0, &end), SPU_SAME(1, 0))));

	if (end >= 0)
		close(end);
	return r;
}

static int try_allowed_leaks(void)
{
	return spawn(true_argv, SPU_OPTIONS(.leaks = SPU_LEAKS_ALLOW,
					    .fds = SPU_FDS(SPU_CLOSE(SOURCE))));
}

static int try_refused_leaks(void)
{
	return spawn(true_argv, SPU_OPTIONS(.leaks = SPU_LEAKS_FAIL,
					    .fds = SPU_FDS(SPU_NULL(0), SPU_KEEP(SOURCE))));
}

static int try_landlock(void)
{
	return spawn(true_argv, SPU_OPTIONS(.landlock_access = LANDLOCK_ACCESS_FS_MAKE_SOCK,
					    .landlock_rules = SPU_RULES(
						    SPU_BENEATH("/tmp", LANDLOCK_ACCESS_FS_MAKE_SOCK)),
					    .flags = SPU_NO_NEW_PRIVS));
}

static int try_program(void)
{
	int fd = open("/bin/true", O_PATH | O_CLOEXEC), r;

	r = spawn(true_argv, SPU_OPTIONS(.program_fd = SPU_SET(fd)));
	close(fd);
	return r;
}

static int try_ids(void)
{
	int r = spawn(true_argv, SPU_OPTIONS(.uid = SPU_SET(geteuid()), .flags = SPU_KEEP_GROUPS));

	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
	return r;
}

static int try_detached(void)
{
	struct spu_child child = {.pid = 4711};
	int r;

	TRY(r, spu_spawn(&child, true_argv, SPU_OPTIONS(.flags = SPU_DETACH), &error));
	return told(r);
}

static int try_deadline(void)
{
	return spawn(true_argv, SPU_OPTIONS(.timeout_ms = 1000000));
}

static int try_run(void)
{
	int status = 4711, r;

	TRY(r, spu_run(true_argv, SPU_OPTIONS(.timeout_ms = 1000000), &status, &error));
	ck_assert_int_eq(status, r < 0 ? 4711 : 0);
	return told(r);
}

static int try_system_with(void)
{
	int status = 4711, r;

	TRY(r, spu_system_with("exit 3", NULL, &status, &error));
	ck_assert_int_eq(status, r < 0 ? 4711 : 3 << 8);
	return told(r);
}

/* More than is kept at first, on both */
static int capture(struct spu_server *server)
{
	char *const argv[] = {"/bin/sh", "-c", "cat; cat /bin/sh /bin/sh >&2", NULL};
	struct spu_output out = {0}, err = {0};
	static char input[100000];
	int status = 4711, r;

	TRY(r, spu_capture(argv, SPU_OPTIONS(.server = server), input, sizeof(input), &out, &err,
			   &status, &error));
	if (r < 0) {
		ck_assert_ptr_null(out.data);
		ck_assert_ptr_null(err.data);
		ck_assert_int_eq(status, 4711);
		return told(r);
	}
	ck_assert_uint_eq(out.size, sizeof(input));
	ck_assert_uint_gt(err.size, 100000);
	free(out.data);
	free(err.data);
	return told(r);
}

static int try_capture(void)
{
	return capture(NULL);
}

/* In a child: where it succeeds, that is true, and ends with 0. */
static int try_exec(void)
{
	int status, r;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		TRY(r, spu_exec(true_argv, SPU_OPTIONS(.cwd = "/",
						       .fds = SPU_FDS(SPU_NULL(0))), &error));
		_exit(-told(r));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "%#x", (unsigned)status);
	return -WEXITSTATUS(status);
}

static int explain(unsigned method)
{
	static char untouched[1];
	char *explained = untouched;
	int stored, r;

	TRY(r, spu_explain(true_argv, SPU_OPTIONS(.method = method,
						  .fds = SPU_FDS(SPU_NULL(0), SPU_PIPE_OUT(1, &stored),
								 SPU_MAP(5, SOURCE))),
			   &explained, &error));
	ck_assert_int_eq(explained == untouched, r < 0);
	if (r == 0)
		free(explained);
	return told(r);
}

static int try_explain(void)
{
	return explain(SPU_METHOD_VFORK);
}

static int try_explain_posix(void)
{
	return explain(SPU_METHOD_POSIX_SPAWN);
}

static int try_explain_exec(void)
{
	static char untouched[1];
	char *explained = untouched;
	int r;

	TRY(r, spu_explain_exec(true_argv, NULL, &explained, &error));
	ck_assert_int_eq(explained == untouched, r < 0);
	if (r == 0)
		free(explained);
	return told(r);
}

static int try_probe(void)
{
	static char untouched[1];
	char *told_text = untouched;
	int r;

	TRY(r, spu_probe(&told_text));
	ck_assert_int_eq(told_text == untouched, r < 0);
	if (r == 0)
		free(told_text);
	return r;
}

/* Names are a help; that one descriptor isn't told of is a failure. */
static int audit(pid_t pid)
{
	static struct spu_audit untouched;
	struct spu_audit *all = &untouched, *expected;
	int ends[2], r;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	r = spu_audit(pid, SPU_AUDIT_ALL, &expected);
	if (r == 0) {
		TRY(r, spu_audit(pid, SPU_AUDIT_ALL | SPU_AUDIT_NAMES, &all));
		ck_assert_int_eq(all == &untouched, r < 0);
		ck_assert(r < 0 || all->count == expected->count ||
			  (!pid && now->shortage == OF_NUMBERS));
		if (r == 0)
			TRY_VOID(spu_audit_free(all));
		spu_audit_free(expected);
	}
	close(ends[0]);
	close(ends[1]);
	return r;
}

static int try_audit(void)
{
	return audit(0);
}

static int try_audit_other(void)
{
	return audit(getppid());
}

static int end_of_stream(FILE *stream)
{
	int err = errno, status;

	if (!stream)
		return -err;
	TRY(status, spu_pclose(stream));
	ck_assert_int_eq(status, 0);
	return 0;
}

static int try_popen_to_read(void)
{
	FILE *stream;

	TRY(stream, spu_popen("exit 0", "r"));
	return end_of_stream(stream);
}

static int try_popen_to_write(void)
{
	FILE *stream;

	TRY(stream, spu_popen("cat >/dev/null", "we"));
	return end_of_stream(stream);
}

static int try_popen_with(void)
{
	FILE *stream = NULL;
	int r;

	TRY(r, spu_popen_with(&stream, "exit 0", "r", SPU_OPTIONS(.cwd = "/"), &error));
	ck_assert_int_eq(stream != NULL, r == 0);
	if (r == 0)
		ck_assert_int_eq(end_of_stream(stream), 0);
	return told(r);
}

/* Beyond so many, places for them are mapped; those stay. */
static int try_many_streams(void)
{
	enum { PLACES = 64 };
	FILE *streams[PLACES], *last;
	int i, r;

	for (i = 0; i < PLACES; i++)
		ck_assert_ptr_nonnull(streams[i] = spu_popen("exit 0", "re"));
	TRY(last, spu_popen("exit 0", "re"));
	r = end_of_stream(last);
	for (i = 0; i < PLACES; i++)
		spu_pclose(streams[i]);
	return r;
}

static int try_system(void)
{
	int status;

	TRY(status, spu_system("exit 3"));
	ck_assert_int_eq(status, status < 0 ? -1 : 3 << 8);
	return status < 0 ? -errno : 0;
}

static int try_system_without_command(void)
{
	int is_there;

	TRY(is_there, spu_system(NULL));
	return is_there ? 0 : -errno;
}

/* So many actions that their list grows, with all that they copy */
static int fill_actions(posix_spawn_file_actions_t *actions)
{
	int r = 0, i;

	for (i = 0; i < 10 && r == 0; i++) {
		r = spu_posix_spawn_file_actions_addopen(actions, 5, "/dev/null", O_RDONLY, 0);
		if (r == 0)
			r = spu_posix_spawn_file_actions_adddup2(actions, 5, 6);
		if (r == 0)
			r = spu_posix_spawn_file_actions_addclose(actions, 5);
		if (r == 0)
			r = spu_posix_spawn_file_actions_addchdir(actions, "/");
	}
	if (r == 0)
		r = spu_posix_spawn_file_actions_addopen(actions, 7, "/", O_RDONLY, 0);
	if (r == 0)
		r = spu_posix_spawn_file_actions_addfchdir(actions, 7);
	if (r == 0)
		r = spu_posix_spawn_file_actions_addclosefrom_np(actions, 3);
	return r;
}

static int try_actions(void)
{
	posix_spawn_file_actions_t actions;
	int r;

	TRY(r, spu_posix_spawn_file_actions_init(&actions));
	ck_assert_int_eq(r, 0);
	TRY(r, fill_actions(&actions));
	if (r == 0)
		r = spu_posix_spawn_file_actions_addtcsetpgrp_np(&actions, 0);
	TRY_VOID(spu_posix_spawn_file_actions_destroy(&actions));
	return -r;
}

typedef int spawn_function(int *ret, const char *file, const posix_spawn_file_actions_t *actions,
			   const posix_spawnattr_t *attributes, char *const argv[],
			   char *const envp[]);

static int posix(spawn_function *function, const char *file, int gives_pidfd)
{
	posix_spawn_file_actions_t actions;
	int got = 4711, r;

	spu_posix_spawn_file_actions_init(&actions);
	ck_assert_int_eq(fill_actions(&actions), 0);
	TRY(r, function(&got, file, &actions, NULL, true_argv, NULL));
	spu_posix_spawn_file_actions_destroy(&actions);
	if (r) {
		ck_assert_int_eq(got, 4711);
		return -r;
	}
	ck_assert_int_gt(waitpid(gives_pidfd ? -1 : got, NULL, 0), 0);
	if (gives_pidfd)
		close(got);
	return 0;
}

static int try_posix_spawn(void)
{
	return posix(spu_posix_spawn, "/bin/true", 0);
}

static int try_posix_spawnp(void)
{
	return posix(spu_posix_spawnp, "true", 0);
}

static int try_pidfd_spawn(void)
{
	return posix(spu_pidfd_spawn, "/bin/true", 1);
}

static int try_pidfd_spawnp(void)
{
	return posix(spu_pidfd_spawnp, "true", 1);
}

/* What is done with a child */
static int try_ends(void)
{
	char *const argv[] = {"/bin/sleep", "1000", NULL};
	struct spu_exit ending = SPU_EXIT_INIT;
	struct spu_child child;
	int status = 0, r;

	ck_assert_int_eq(spu_spawn(&child, argv, NULL, NULL), 0);
	TRY(r, spu_wait(&child, 1, &status));
	ck_assert_int_eq(r, -ETIMEDOUT);
	TRY(r, spu_kill(&child, 0, 0));
	ck_assert_int_eq(r, 0);
	TRY(r, spu_stop(&child, SIGTERM, 1000000, 0, &status));
	ck_assert_int_eq(r, 0);
	TRY(r, spu_exit_code(status));
	ck_assert_int_eq(r, 128 + SIGTERM);
	TRY_VOID(spu_child_release(&child));
	ck_assert_int_eq(spu_spawn(&child, true_argv, NULL, NULL), 0);
	TRY(r, spu_wait4(&child, -1, 0, &ending));
	ck_assert_int_eq(r, 0);
	spu_child_release(&child);
	return 0;
}

/* Constant texts */
static int try_texts(void)
{
	const char *version, *name;

	TRY(version, spu_version());
	TRY(name, spu_step_name(SPU_STEP_EXEC));
	ck_assert_str_eq(name, "exec");
	return version ? 0 : -EINVAL;
}

static int try_server_start(void)
{
	struct spu_server *server = NULL;
	int r;

	server_program();	/* which is found once */
	TRY(r, spu_server_start(&server, SPU_SERVER_OPTIONS(.program = server_program()), &error));
	ck_assert_int_eq(server != NULL, r == 0);
	TRY_VOID(spu_server_stop(server));
	return told(r);
}

static int try_server_spawn(void)
{
	struct spu_server *server = start_server(0);
	int r = spawn_rich(SPU_METHOD_VFORK, server);

	spu_server_stop(server);
	return r;
}

static int try_server_capture(void)
{
	struct spu_server *server = start_server(0);
	int r = capture(server);

	spu_server_stop(server);
	return r;
}

/*
 * ---- All of them
 */

/* Something of it is a help alone: a name, a stream's buffer, a list of what is open */
#define MAY_GO_ON 1
/* Launches of many others go before it: with memory short alone, and as a first call */
#define IS_SLOW 2

static const struct one {
	const char *calls;	/* those that are tried */
	int (*attempt)(void);
	int how;
} all[] = {
	{"spu_spawn", try_spawn, 0},
	{"spu_spawn, rich", try_rich, 0},
	{"spu_spawn, method posix_spawn", try_posix_method, 0},
	{"spu_spawn, a terminal", try_terminal, 0},
	{"spu_spawn, leaks allow", try_allowed_leaks, 0},
	{"spu_spawn, leaks fail", try_refused_leaks, MAY_GO_ON},
	{"spu_spawn, landlock", try_landlock, 0},
	{"spu_spawn, program_fd", try_program, 0},
	{"spu_spawn, ids", try_ids, 0},
	{"spu_spawn, detached", try_detached, 0},
	{"spu_spawn, with a time", try_deadline, 0},
	{"spu_run", try_run, 0},
	{"spu_system_with", try_system_with, 0},
	{"spu_capture", try_capture, MAY_GO_ON},
	{"spu_exec", try_exec, 0},
	{"spu_explain", try_explain, 0},
	{"spu_explain, method posix_spawn", try_explain_posix, 0},
	{"spu_explain_exec", try_explain_exec, 0},
	{"spu_probe", try_probe, MAY_GO_ON},
	{"spu_audit spu_audit_free", try_audit, MAY_GO_ON},
	{"spu_audit of another", try_audit_other, MAY_GO_ON},
	{"spu_popen spu_pclose to read", try_popen_to_read, MAY_GO_ON},
	{"spu_popen to write", try_popen_to_write, MAY_GO_ON},
	{"spu_popen_with", try_popen_with, MAY_GO_ON},
	{"spu_popen of many", try_many_streams, MAY_GO_ON | IS_SLOW},
	{"spu_system", try_system, 0},
	{"spu_system of NULL", try_system_without_command, 0},
	{"spu_posix_spawn_file_actions_init and the others", try_actions, 0},
	{"spu_posix_spawn", try_posix_spawn, 0},
	{"spu_posix_spawnp", try_posix_spawnp, 0},
	{"spu_pidfd_spawn", try_pidfd_spawn, 0},
	{"spu_pidfd_spawnp", try_pidfd_spawnp, 0},
	{"spu_wait spu_wait4 spu_kill spu_stop spu_child_release spu_exit_code", try_ends, 0},
	{"spu_version spu_step_name", try_texts, 0},
	{"spu_server_start spu_server_stop", try_server_start, 0},
	{"spu_spawn by a server", try_server_spawn, 0},
	{"spu_capture by a server", try_server_capture, MAY_GO_ON},
};

#define COUNT (int)(sizeof(all) / sizeof(all[0]))

/* Which one, with what short, and whether it is the first call of a process */
static const struct one *one;
static enum shortage shortage;
static int turn;

static int attempt(enum shortage what, int left)
{
	size_t open_before = count_open();
	int r;

	now->shortage = what;
	now->left = left;
	now->was_met = 0;
	held_count = 0;
	r = one->attempt();
	ck_assert_msg(held_count == 0, "%s: %zu pieces of memory are left", one->calls, held_count);
	assert_unchanged(open_before);
	return r;
}

static void try_it(void)
{
	int err = shortage == OF_MEMORY ? ENOMEM : EMFILE, r = attempt(shortage, turn);

	if (shortage == OF_NUMBERS)
		now->was_met = r < 0 || turn < LEAST_FREE;
	now->goes_on = now->was_met;
	ck_assert_msg(r == 0 || (r == -err && now->was_met), "%s: %s, %d to be had: %d", one->calls,
		      strerror(err), turn, r);
	ck_assert_msg(r < 0 || shortage != OF_MEMORY || !now->was_met || one->how & MAY_GO_ON,
		      "%s: allocation %d fails, and the call doesn't", one->calls, turn);
	if (r < 0)
		r = attempt(OF_NOTHING, 0);
	ck_assert_msg(r == 0, "%s: once more: %d", one->calls, r);
}

static void try_nothing(void)
{
	now->result = attempt(OF_NOTHING, 0);
}

/* All is close-on-exec, and no number is high: libcheck's, the runner's. */
static void tidy_table(void)
{
	const struct rlimit limit = {1024, 1024};
	struct spu_audit *open_now;
	size_t i;
	int fd;

	ck_assert_int_eq(spu_audit(0, SPU_AUDIT_ALL, &open_now), 0);
	for (i = 0; i < open_now->count; i++) {
		fd = open_now->fds[i].fd;
		if (fd >= SOURCE)
			close(fd);
		else if (fd > 2)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	spu_audit_free(open_now);
	setrlimit(RLIMIT_NOFILE, &limit);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(dup3(fd, SOURCE, O_CLOEXEC), SOURCE);
	ck_assert_int_eq(dup3(fd, SOURCE + 1, O_CLOEXEC), SOURCE + 1);
	close(fd);
}

/* Each turn in a process that has made no call yet, or in this one. */
static void try_all_turns(int is_first)
{
	SKIP_UNDER_VALGRIND(SUITE, OWN_LIMITS);
	now = mmap(NULL, sizeof(*now), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(now, MAP_FAILED);
	tidy_table();
	in_own_process(try_nothing);
	if (now->result < 0)
		SKIP(SUITE, "%s: %s", one->calls, strerror(-now->result));
	if (!is_first && !(one->how & IS_SLOW))
		try_nothing();
	for (shortage = OF_MEMORY; shortage < SHORTAGES; shortage++) {
		if ((shortage == OF_MEMORY && !OWN_MALLOC) ||
		    (one->how & IS_SLOW && (!is_first || shortage == OF_NUMBERS)))
			continue;
		for (turn = 0, now->goes_on = 1; now->goes_on; turn++) {
			ck_assert_int_lt(turn, shortage == OF_NUMBERS ? MOST_FREE : 1000);
			if (is_first)
				in_own_process(try_it);
			else
				try_it();
		}
	}
}

START_TEST(each_call_stands_a_shortage)
{
	one = &all[_i];
	try_all_turns(0);
}
END_TEST

START_TEST(each_first_call_stands_a_shortage)
{
	one = &all[_i];
	try_all_turns(1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, each_call_stands_a_shortage, 0, COUNT);
	tcase_add_loop_test(tests, each_first_call_stands_a_shortage, 0, COUNT);
	return run_suite(suite);
}
