/* SPDX-License-Identifier: MIT */
/* Ways to make a process that are refused, and what is done in their place. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "launches.h"

#define SUITE "refused"

struct refusal {
	int number;		/* of the system call */
	uint32_t mask, value; /* of its first argument: refused where (argument & mask) == value */
	int err;
};

static void refuse_call(const struct refusal *refusal)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)refusal->number, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, refusal->mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refusal->value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)refusal->err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* Each line adds to the one before: what kernels and sandboxes are known to refuse. */
static const struct refusal refusals[][4] = {
	{{SYS_clone3, 0, 0, ENOSYS}},
	{{SYS_clone3, 0, 0, EPERM}},
	{{SYS_clone3, 0, 0, EINVAL}},
	{{SYS_clone3, 0, 0, E2BIG}},
	{{SYS_clone3, 0, 0, ENOSYS}, {SYS_clone, 0x1000, 0x1000, EINVAL}},
	{{SYS_clone3, 0, 0, ENOSYS},
	 {SYS_clone, 0x1000, 0x1000, EINVAL},
	 {SYS_clone, 0xff, 0, EINVAL}},
	{{SYS_close_range, 0, 0, ENOSYS}},
	{{SYS_close_range, 0, 0, EPERM}},
	{{SYS_clone3, 0, 0, ENOSYS}, {SYS_close_range, 0, 0, ENOSYS}},
};

#define REFUSALS ((int)(sizeof(refusals) / sizeof(refusals[0])))

static int refused;

/*
 * A clone that fails leaves valgrind with SIGSEGV blocked, by which it lets stacks
 * grow: this one has its size before.
 */
static __attribute__((noinline)) void touch_stack(void)
{
	volatile char pages[64 << 10];
	size_t i;

	for (i = 0; i < sizeof(pages); i += 1024)
		pages[i] = 0;
}

static void launch_refused(void)
{
	const char *file = report_file();
	struct state_report *report;
	size_t i, standard = 0;
	int pass, fd, null;

	for (fd = 0; fd <= 2; fd++)
		standard += fcntl(fd, F_GETFD) >= 0;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (fd = 100; fd < 200; fd++)
		ck_assert_int_eq(dup2(null, fd), fd);
	close(null);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGRTMAX - 1, on_signal);
	for (pass = 0; pass < 3; pass++) {
		if (pass == 1)	/* it was learned before the filter came */
			for (i = 0; i < 4 && refusals[refused][i].err; i++)
				refuse_call(&refusals[refused][i]);
		report = report_of(SPU_ARGV(report_state(), file), file,
				   SPU_OPTIONS(.fds = SPU_FDS(SPU_KEEP(150), SPU_NULL(0))));
		ck_assert_uint_eq(report->fd_count, standard + (fcntl(0, F_GETFD) < 0) + 1);
		ck_assert_ptr_nonnull(report_find(report, 150));
		ck_assert_uint_eq(report->caught & COMPARED, 0);
		ck_assert_uint_eq(report->ignored & SPU_SIGNAL(SIGUSR2), SPU_SIGNAL(SIGUSR2));
		ck_assert_int_eq(report->ppid, getpid());
		ASSERT_FAILS(SPU_ARGV("/nowhere"), NULL, ENOENT, SPU_STEP_EXEC, 0, "exec /nowhere");
		ASSERT_FAILS(SPU_ARGV("true"), SPU_OPTIONS(.cwd = "/nowhere"), ENOENT, SPU_STEP_CWD,
			     -1, "chdir");
	}
}

static void launch_refused_from_the_first(void)
{
	size_t i;

	for (i = 0; i < 4 && refusals[refused][i].err; i++)
		refuse_call(&refusals[refused][i]);
	ASSERT_FAILS(SPU_ARGV("/nowhere"), NULL, ENOENT, SPU_STEP_EXEC, 0, "exec /nowhere");
	launch_refused();
}

START_TEST(what_is_refused_is_done_another_way)
{
	if (IS_SANITIZED && _i == 5)
		SKIP(SUITE, "the leak sanitizer's own clone would be refused in the helper");
	refused = _i;
	report_state();
	touch_stack();
	in_own_process(launch_refused);
	in_own_process(launch_refused_from_the_first);
}
END_TEST

static void launch_without_any_clone(void)
{
	static const struct refusal all[] = {{SYS_clone3, 0, 0, EPERM}, {SYS_clone, 0, 0, EPERM}};

	refuse_call(&all[0]);
	refuse_call(&all[1]);
	ASSERT_FAILS(SPU_ARGV("true"), NULL, EPERM, SPU_STEP_CLONE, -1,
		     "clone: Operation not permitted");
}

START_TEST(no_way_left_is_said)
{
	in_own_process(launch_without_any_clone);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_add_loop_test(tests, what_is_refused_is_done_another_way, 0, REFUSALS);
	tcase_add_test(tests, no_way_left_is_said);
	return run_suite(suite);
}
