/* SPDX-License-Identifier: MIT */
/* Anything that fds may hold, against a model. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "held.h"
#include "promised.h"

#define SUITE "model"

static uint32_t random_state = 362436069u;

static uint32_t next_random(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % below;
}

/* The child's numbers that are looked at, and what report_fds says about each. */
#define NUMBERS 1100

enum model_mode {
	MODEL_SHARED,	/* begins with the caller's table, fetches what is high */
	MODEL_FIRST,	/* the first launch of a process: with an error pipe */
	MODEL_ALLOW,
	MODEL_POSIX_SPAWN,
	MODEL_POSIX_SPAWN_ALLOW,
	MODEL_MODES
};

static const int model_rounds[] = {2000, 700, 1000, 500, 500};

static const char *const model_files[] = {"/dev/null", "/dev/zero", "/dev/full"};

static struct model {
	enum model_mode mode;
	struct held_fd own[NUMBERS];	/* the caller's */
	struct held_fd wanted[NUMBERS];
	struct held_fd *seen;		/* what the child wrote */
	const char *path;		/* of that */
	char fetched;			/* one source at least was high */
	struct spu_fd fds[64];
	int count;
	int ends[64];			/* of pipes, by entry as they were made */
} model;

static void look_at_number(struct held_fd *held, int fd)
{
	struct stat st;

	*held = (struct held_fd){0};
	if (fstat(fd, &st) < 0)
		return;
	*held = (struct held_fd){st.st_dev, st.st_ino, fcntl(fd, F_GETFD) & FD_CLOEXEC};
}

static int model_allows(void)
{
	return model.mode == MODEL_ALLOW || model.mode == MODEL_POSIX_SPAWN_ALLOW;
}

/* A file of its own at a random number that is free, now and then a high one. */
static void open_somewhere(int low, int span)
{
	int fd = memfd_create("model", MFD_CLOEXEC), number = low + (int)next_random(span);

	ck_assert_int_ge(fd, 0);
	if (!is_open(number))
		ck_assert_int_eq(dup3(fd, number, next_random(2) ? O_CLOEXEC : 0), number);
	close(fd);
}

/* Another table for the caller: 0 to 200 descriptors, some of them high. */
static void shuffle_table(void)
{
	static int opened[NUMBERS];
	int wanted = (int)next_random(201), i;

	for (i = 3; i < NUMBERS; i++)
		if (opened[i])
			close(i), opened[i] = 0;
	for (i = 3; i < NUMBERS; i++)
		opened[i] = !is_open(i);
	for (i = 0; i < wanted; i++)
		open_somewhere(3, next_random(4) ? 230 : 20);
	for (i = (int)next_random(8); i > 0; i--)
		open_somewhere(500, 500);
	for (i = 3; i < NUMBERS; i++)
		opened[i] &= is_open(i);
	for (i = 0; i < NUMBERS; i++)
		look_at_number(&model.own[i], i);
}

/* One of the caller's that is open: a high one in every third case; -1: there is none. */
static int random_source(void)
{
	int from = next_random(3) ? 0 : 500, first = from + (int)next_random(500), fd = first;

	do {
		if (model.own[fd].inode)
			return fd;
		fd = fd + 1 < NUMBERS ? fd + 1 : 0;
	} while (fd != first);
	return -1;
}

static int random_target(void)
{
	switch (next_random(6)) {
	case 0:
		return (int)next_random(3);
	case 1:
		return 500 + (int)next_random(500);
	case 2:
		return (int)next_random(240);
	default:
		return (int)next_random(24);
	}
}

/* Of a pipe it is known afterwards: close-on-exec is -1 - its place in ends. */
static struct held_fd made(const struct spu_fd *fd)
{
	struct identity file;

	if (fd->ret_fd)
		return (struct held_fd){0, 1, model.ends - fd->ret_fd - 1};
	file = identity_of_path(fd->kind == SPU_FD_OPEN ? fd->path : "/dev/null");
	return (struct held_fd){file.device, file.inode, 0};
}

static struct promise promise_of_model(void)
{
	return (struct promise){model.fds, model.own, NUMBERS, model_allows(), made};
}

static void add_entry(int n)
{
	const struct promise promise = promise_of_model();
	struct spu_fd *fd = &model.fds[model.count];
	int source = random_source(), other;

	switch (next_random(9)) {
	case 0:
		*fd = (struct spu_fd)SPU_OPEN(n, model_files[next_random(3)], O_RDWR);
		break;
	case 1:
		*fd = (struct spu_fd)SPU_NULL(n);
		break;
	case 2:
		*fd = (struct spu_fd)SPU_CLOSE(n);
		break;
	case 3:
		if (next_random(2))
			*fd = (struct spu_fd)SPU_PIPE_IN(n, &model.ends[model.count]);
		else
			*fd = (struct spu_fd)SPU_PIPE_OUT(n, &model.ends[model.count]);
		break;
	case 4:
		/* of an entry that gives something */
		other = model.count ? (int)next_random((uint32_t)model.count) : -1;
		if (other >= 0 && promised_by(&promise, &model.fds[other]).inode)
			*fd = (struct spu_fd)SPU_SAME(n, model.fds[other].fd);
		break;
	case 5:
		if (model.own[n].inode)
			*fd = (struct spu_fd)SPU_KEEP(n);
		break;
	default:
		if (source >= 0)
			*fd = (struct spu_fd)SPU_MAP(n, source);
	}
	if (!fd->kind)
		return;
	model.count++;
	model.fetched |= (fd->kind == SPU_FD_KEEP && n >= 512) ||
			 (fd->kind == SPU_FD_MAP && source >= 512);
}

/* The order of entries must not matter. */
static void shuffle_entries(void)
{
	int i;

	for (i = model.count - 1; i > 0; i--) {
		int j = (int)next_random((uint32_t)i + 1);
		struct spu_fd fd = model.fds[i];

		model.fds[i] = model.fds[j];
		model.fds[j] = fd;
	}
}

static void make_entries(void)
{
	int wanted = (int)next_random(next_random(4) ? 8 : 60), i, n;
	struct promise promise;

	memset(model.fds, 0, sizeof(model.fds));
	model.count = model.fetched = 0;
	for (i = 0; i < wanted; i++) {
		n = random_target();
		if (!find_target(model.fds, n))
			add_entry(n);
	}
	shuffle_entries();
	promise = promise_of_model();
	promise_table(&promise, model.wanted);
}

static void compare_with_child(void)
{
	int n, entry;

	for (n = 0; n < NUMBERS; n++) {
		struct held_fd wanted = model.wanted[n];

		if (wanted.cloexec < 0) {
			entry = (int)-wanted.cloexec - 1;
			look_at_number(&wanted, model.ends[entry]);
			ck_assert_int_ge(model.ends[entry], 3);
			ck_assert_int_eq(wanted.cloexec, FD_CLOEXEC);
		}
		/* an assertion that holds costs a system call in libcheck */
		if (!is_same_file(&wanted, &model.seen[n]))
			ck_abort_msg("the child's %d is %llx:%llu, not %llx:%llu", n,
				     model.seen[n].device, model.seen[n].inode, wanted.device,
				     wanted.inode);
		if (model.seen[n].cloexec)
			ck_abort_msg("the child's %d is close-on-exec", n);
	}
}

static void launch_model(void)
{
	static char count[] = "1100";
	struct spu_child child;
	struct spu_error error;
	int status, i, r;

	for (i = 0; i < 64; i++)
		model.ends[i] = -1;
	r = spu_spawn(&child, SPU_ARGV(helper("report_fds"), model.path, count),
		      SPU_OPTIONS(.method = model.mode >= MODEL_POSIX_SPAWN
						    ? SPU_METHOD_POSIX_SPAWN : SPU_METHOD_VFORK,
				  .leaks = model_allows() ? SPU_LEAKS_ALLOW : SPU_LEAKS_CLOSE,
				  .fds = model.fds), &error);
	ASSERT_OK(r, error);
	ck_assert_int_eq(spu_wait(&child, -1, &status), 0);
	ck_assert_int_eq(status, 0);
	spu_child_release(&child);
	compare_with_child();
	for (i = 0; i < 64; i++)
		if (model.ends[i] >= 0)
			close(model.ends[i]);
}

/* The caller's own table is as it was, number by number. */
static void compare_with_own(void)
{
	struct held_fd now;
	int n;

	for (n = 0; n < NUMBERS; n++) {
		look_at_number(&now, n);
		if (!is_same_file(&now, &model.own[n]) || now.cloexec != model.own[n].cloexec)
			ck_abort_msg("the caller's %d is another file or has another flag", n);
	}
}

/* With some of 0 to 2 closed, as "closed" says; they are put back afterwards. */
static void try_entries(unsigned closed)
{
	int saved[3], fd;

	for (fd = 0; fd <= 2; fd++) {
		saved[fd] = (closed & 1u << fd) ? fcntl(fd, F_DUPFD_CLOEXEC, NUMBERS) : -1;
		if (saved[fd] < 0)
			continue;
		close(fd);
		look_at_number(&model.own[fd], fd);
	}
	make_entries();
	if (model.mode == MODEL_FIRST)
		in_own_process(launch_model);
	else
		launch_model();
	if (next_random(16) == 0)
		compare_with_own();
	for (fd = 0; fd <= 2; fd++) {
		if (saved[fd] < 0)
			continue;
		dup2(saved[fd], fd);
		close(saved[fd]);
		look_at_number(&model.own[fd], fd);
	}
}

/* That the high ones were fetched, and not copied because that was refused. */
static void assert_fetches(void)
{
	struct spu_error error;
	char *text;
	int r;

	open_at(999, 1);
	r = spu_explain(SPU_ARGV("true"), SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(999))), &text,
			&error);
	ASSERT_OK(r, error);
	if (!strstr(text, "pidfd_getfd("))
		printf("skip %s %s: no descriptor is fetched here\n", SUITE, __func__);
	free(text);
}

START_TEST(random_entries_give_what_they_say)
{
	size_t size = NUMBERS * sizeof(struct held_fd);
	int rounds = (int)(model_rounds[_i] * knob("MODEL_PERCENT", IS_SANITIZED ? 20 : 100) / 100);
	int round, fd, fetching = 0;
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = NUMBERS + 8;
	if (limit.rlim_max < limit.rlim_cur || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		SKIP(SUITE, "fewer than %d descriptors", NUMBERS + 8);
	model.mode = (enum model_mode)_i;
	model.path = report_file();
	fd = open(model.path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	model.seen = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(model.seen, MAP_FAILED);
	close(fd);
	random_state += (uint32_t)_i;
	if (model.mode != MODEL_FIRST)
		run_report(NULL);	/* the library knows then that memory is shared */
	for (round = 0; round < rounds; round++) {
		if (round % 10 == 0)
			shuffle_table();
		try_entries(next_random(2) ? 0 : next_random(8));
		fetching += model.fetched;
	}
	compare_with_own();
	assert_no_child();
	ck_assert(fetching >= round / 8 || getenv("MODEL_PERCENT"));
	if (model.mode == MODEL_SHARED)
		assert_fetches();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, random_entries_give_what_they_say, 0, MODEL_MODES);
	return run_suite(suite);
}
