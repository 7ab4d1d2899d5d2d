/* SPDX-License-Identifier: MIT */
/*
 * spu_system() leaves the process as it was, from one thread and from many at
 * once. What every system() does is check_conformance.c's.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#include "support.h"

static void (*disposition_of(int number))(int)
{
	struct sigaction action;

	sigaction(number, NULL, &action);
	return action.sa_handler;
}

static int is_blocked(int number)
{
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	return sigismember(&mask, number);
}

static void ignore_nothing(int number)
{
	(void)number;
}

static void *run_command(void *command)
{
	int status = spu_system(command);

	/* beside the result: what it must not leave behind in this thread */
	return (void *)(intptr_t)(is_blocked(SIGCHLD) ? -2 : status);
}

static int status_from(pthread_t thread)
{
	void *status;

	ck_assert_int_eq(pthread_join(thread, &status), 0);
	return (int)(intptr_t)status;
}

/* In a process of its own, for what can't be undone. */
static int in_child(int (*work)(void))
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		signal(SIGALRM, SIG_DFL);
		alarm(patience(60));	/* a hang is a death */
		_exit(work());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "status %#x", status);
	return WEXITSTATUS(status);
}

/*
 * ---- One call
 */

START_TEST(the_result_is_a_wait_status)
{
	ck_assert_int_eq(spu_system("exit 0"), 0);
	ck_assert_int_eq(spu_system("exit 1"), 1 << 8);
	ck_assert_int_eq(spu_system("exit 255"), 255 << 8);
	ck_assert_int_eq(spu_system(""), 0);
	ck_assert_int_eq(spu_system("nosuchcommand 2>/dev/null"), 127 << 8);
	ck_assert_int_eq(spu_system("kill -KILL $$"), SIGKILL);
	ck_assert_int_eq(spu_system("kill -TERM $$"), SIGTERM);
	assert_no_child();
}
END_TEST

START_TEST(signals_are_as_before)
{
	struct sigaction action = {.sa_handler = ignore_nothing};
	size_t open_before = count_open();

	sigaction(SIGINT, &action, NULL);
	ck_assert_int_eq(spu_system("exit 0"), 0);
	ck_assert_ptr_eq(disposition_of(SIGINT), ignore_nothing);
	ck_assert_ptr_eq(disposition_of(SIGQUIT), SIG_DFL);
	ck_assert_int_eq(is_blocked(SIGCHLD), 0);
	ck_assert_uint_eq(count_open(), open_before);
	assert_no_child();
}
END_TEST

/* Another thread may close what isn't its own, or count. */
START_TEST(no_descriptor_is_open_for_it_meanwhile)
{
	char text[32] = "";
	int ends[2];

	if (access("/proc/self/fd", R_OK) != 0)
		SKIP("check_system", "no /proc");
	SKIP_UNDER_VALGRIND("check_system", "valgrind has some of its own, at times");
	ck_assert_int_eq(spu_system(":"), 0);	/* the first of a process has an error pipe */
	ck_assert_int_eq(pipe(ends), 0);
	dup2(ends[1], 9);
	ck_assert_int_eq(spu_system("ls /proc/$PPID/fd | wc -l >&9"), 0);
	ck_assert_int_gt(read(ends[0], text, sizeof(text) - 1), 0);
	ck_assert_uint_eq((size_t)atoi(text), count_open());
	close(ends[0]), close(ends[1]), close(9);
}
END_TEST

START_TEST(errno_stays_where_nothing_fails)
{
	errno = 77;
	ck_assert_int_eq(spu_system("exit 3"), 3 << 8);
	ck_assert_int_eq(errno, 77);
	ck_assert_int_eq(spu_pclose(spu_popen("exit 3", "r")), 3 << 8);
	ck_assert_int_eq(errno, 77);
}
END_TEST

/* The kernel's view of a child of the shell: bits of ignored signals. */
static uint64_t ignored_in_command(void)
{
	char text[64] = "";
	uint64_t bits;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	dup2(ends[1], 9);
	ck_assert_int_eq(spu_system("grep SigIgn /proc/self/status >&9"), 0);
	ck_assert_int_gt(read(ends[0], text, sizeof(text) - 1), 0);
	close(ends[0]);
	close(ends[1]);
	close(9);
	ck_assert_int_eq(sscanf(text, "SigIgn: %" SCNx64, &bits), 1);
	return bits;
}

START_TEST(the_shell_has_the_callers_dispositions)
{
	struct sigaction caught = {.sa_handler = ignore_nothing};
	const uint64_t two = SPU_SIGNAL(SIGINT) | SPU_SIGNAL(SIGQUIT);

	if (access("/proc/self/status", R_OK) != 0)
		SKIP("check_system", "no /proc");
	sigaction(SIGINT, &caught, NULL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGHUP, SIG_IGN);
	ck_assert_uint_eq(ignored_in_command() & (two | SPU_SIGNAL(SIGHUP)), SPU_SIGNAL(SIGHUP));
	signal(SIGHUP, SIG_DFL);
	signal(SIGQUIT, SIG_IGN);
	ck_assert_uint_eq(ignored_in_command() & (two | SPU_SIGNAL(SIGHUP)), SPU_SIGNAL(SIGQUIT));
	ck_assert_ptr_eq(disposition_of(SIGQUIT), SIG_IGN);
}
END_TEST

static atomic_int alarms;

static void count_alarm(int number)
{
	(void)number;
	atomic_fetch_add(&alarms, 1);
}

static void start_alarms(int interval_us)
{
	struct sigaction action = {.sa_handler = count_alarm};	/* no SA_RESTART */
	struct itimerval timer = {{0, interval_us}, {0, interval_us}};

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

START_TEST(signals_do_not_end_the_wait)
{
	int before;

	start_alarms(1000);
	before = alarms;
	ck_assert_int_eq(spu_system("sleep 0.1; exit 4"), 4 << 8);
	ck_assert_int_gt(alarms, before);
}
END_TEST

/* The command interrupts the group that it is in: only the shell dies. */
static int interrupt_the_group(void)
{
	struct sigaction action = {.sa_handler = count_alarm};
	int status;

	setpgid(0, 0);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
	status = spu_system("kill -INT 0; kill -QUIT 0; sleep 10");
	return alarms != 0 || !WIFSIGNALED(status) || WTERMSIG(status) != SIGINT;
}

START_TEST(interrupts_are_for_the_command_only)
{
	ck_assert_int_eq(in_child(interrupt_the_group), 0);
}
END_TEST

/*
 * ---- Where no process can be had
 */

static int call_without_processes(void)
{
	struct rlimit none, before;

	if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
		return 77;
	signal(SIGINT, SIG_DFL);
	getrlimit(RLIMIT_NPROC, &before);
	none = before;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_NPROC, &none);
	errno = 0;
	if (spu_system("exit 3") != -1 || errno != EAGAIN)
		return 1;
	if (disposition_of(SIGINT) != SIG_DFL || is_blocked(SIGCHLD))
		return 2;
	setrlimit(RLIMIT_NPROC, &before);
	return spu_system("exit 3") == 3 << 8 ? 0 : 3;
}

START_TEST(without_a_process_it_is_an_error_and_works_again_later)
{
	int code;

	if (getuid() != 0)
		SKIP("check_system", "the limit of processes is another user's to try: needs root");
	code = in_child(call_without_processes);
	ck_assert_int_ne(code, 77);
	ck_assert_int_eq(code, 0);
}
END_TEST

/*
 * ---- Several calls at once
 */

/* Its ends are out of the way of the numbers that a shell knows. */
static void make_high_pipe(int ret[2])
{
	int ends[2], i;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	for (i = 0; i < 2; i++) {
		ret[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, 20);
		ck_assert_int_ge(ret[i], 20);
	}
	close(ends[0]);
	close(ends[1]);
}

/* Begins a command that goes on until *ret_end is closed; it runs when this returns. */
static pthread_t start_command(const char *command, int reader, int *ret_end)
{
	pthread_t thread;
	int told[2], ends[2];
	char byte;

	make_high_pipe(told);
	make_high_pipe(ends);
	ck_assert_int_eq(dup2(told[1], 9), 9);
	ck_assert_int_eq(dup2(ends[0], reader), reader);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_command, (void *)(intptr_t)command), 0);
	ck_assert_int_eq(read(told[0], &byte, 1), 1);
	close(told[0]);
	close(told[1]);
	close(ends[0]);
	close(9);
	close(reader);
	*ret_end = ends[1];
	return thread;
}

START_TEST(interrupts_are_ignored_until_the_last_is_over)
{
	struct sigaction action = {.sa_handler = ignore_nothing};
	pthread_t first, second, third;
	int ends[3];

	sigaction(SIGINT, &action, NULL);
	first = start_command("echo >&9; read x <&8; exit 1", 8, &ends[0]);
	second = start_command("echo >&9; read x <&7; exit 2", 7, &ends[1]);
	ck_assert_ptr_eq(disposition_of(SIGINT), SIG_IGN);
	ck_assert_ptr_eq(disposition_of(SIGQUIT), SIG_IGN);
	close(ends[0]);
	ck_assert_int_eq(status_from(first), 1 << 8);
	ck_assert_ptr_eq(disposition_of(SIGINT), SIG_IGN);
	third = start_command("echo >&9; read x <&8; exit 3", 8, &ends[2]);
	close(ends[1]);
	ck_assert_int_eq(status_from(second), 2 << 8);
	ck_assert_ptr_eq(disposition_of(SIGINT), SIG_IGN);
	ck_assert_ptr_eq(disposition_of(SIGQUIT), SIG_IGN);
	close(ends[2]);
	ck_assert_int_eq(status_from(third), 3 << 8);
	ck_assert_ptr_eq(disposition_of(SIGINT), ignore_nothing);
	ck_assert_ptr_eq(disposition_of(SIGQUIT), SIG_DFL);
	ck_assert_int_eq(is_blocked(SIGCHLD), 0);
}
END_TEST

START_TEST(what_the_program_sets_meanwhile_stays)
{
	pthread_t thread;
	int end;

	thread = start_command("echo >&9; read x <&8", 8, &end);
	signal(SIGINT, ignore_nothing);
	close(end);
	ck_assert_int_eq(status_from(thread), 1 << 8);
	ck_assert_ptr_eq(disposition_of(SIGINT), ignore_nothing);
	ck_assert_ptr_eq(disposition_of(SIGQUIT), SIG_DFL);
}
END_TEST

START_TEST(a_fork_child_may_call_it_at_once)
{
	pthread_t thread;
	int end, status;
	pid_t pid;

	signal(SIGINT, SIG_DFL);
	thread = start_command("echo >&9; read x <&8", 8, &end);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		alarm(patience(60));
		signal(SIGINT, SIG_DFL);
		status = spu_system("exit 5");
		_exit(status != 5 << 8 ? 1 : disposition_of(SIGINT) != SIG_DFL ? 2 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(end);
	ck_assert_int_eq(status_from(thread), 1 << 8);
	ck_assert_ptr_eq(disposition_of(SIGINT), SIG_DFL);
}
END_TEST

/* 1 when it is gone, though it may take a moment to go. */
static int is_gone(pid_t pid)
{
	int tries;

	for (tries = 0; tries < 1000 && kill(pid, 0) == 0; tries++)
		usleep(1000);
	return kill(pid, 0) < 0 && errno == ESRCH;
}

START_TEST(a_cancelled_call_ends_its_shell_only)
{
	struct sigaction action = {.sa_handler = ignore_nothing};
	size_t open_before = count_open();
	int shell = 0, command = 0, ends[2];
	pthread_t thread;
	void *result;
	FILE *file;

	if (ADDRESS_SANITIZER)
		SKIP("check_system", "AddressSanitizer takes a cancelled thread's frames for live");
	sigaction(SIGINT, &action, NULL);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(dup2(ends[1], 9), 9);
	ck_assert_int_eq(pthread_create(&thread, NULL, run_command,
					"exec 2>&9; sleep 100 & echo $$ $! >&9; wait"), 0);
	file = fdopen(ends[0], "r");
	ck_assert_int_eq(fscanf(file, "%d %d", &shell, &command), 2);
	ck_assert_int_eq(pthread_cancel(thread), 0);
	ck_assert_int_eq(pthread_join(thread, &result), 0);
	ck_assert_ptr_eq(result, PTHREAD_CANCELED);
	ck_assert(is_gone(shell));
	assert_no_child();
	ck_assert_int_eq(kill(command, 0), 0);
	kill(command, SIGKILL);
	ck_assert_ptr_eq(disposition_of(SIGINT), ignore_nothing);
	ck_assert_ptr_eq(disposition_of(SIGQUIT), SIG_DFL);
	fclose(file);
	close(ends[1]);
	close(9);
	ck_assert_uint_eq(count_open(), open_before);
}
END_TEST

/*
 * ---- Left by a jump out of a handler, which glibc's system() can be
 */

#ifdef __GLIBC__
#define HAS_JUMPS 1
#else
#define HAS_JUMPS 0
#endif

static sigjmp_buf before_call;

static void jump(int number)
{
	(void)number;
	siglongjmp(before_call, 1);
}

static int jump_out(const char *command)
{
	size_t open_before = count_open();

	signal(SIGALRM, jump);
	if (sigsetjmp(before_call, 1) == 0) {
		ualarm(20000, 0);
		spu_system(command);
		return 1;
	}
	if (disposition_of(SIGINT) != ignore_nothing || disposition_of(SIGQUIT) != SIG_DFL)
		return 2;
	if (is_blocked(SIGCHLD) || waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
		return 3;
	return count_open() == open_before ? 0 : 4;
}

static int jump_out_twice(void)
{
	int fault;

	signal(SIGINT, ignore_nothing);
	fault = jump_out("exec sleep 100");
	if (fault == 0)
		fault = jump_out("exec sleep 100");
	if (fault == 0 && spu_system("exit 3") != 3 << 8)
		fault = 5;
	return fault ? fault : disposition_of(SIGINT) == ignore_nothing ? 0 : 6;
}

START_TEST(a_jump_out_of_it_ends_the_shell_and_restores_all)
{
	if (!HAS_JUMPS)
		SKIP("check_system", "only glibc's longjmp runs what a call has registered");
	ck_assert_int_eq(in_child(jump_out_twice), 0);
}
END_TEST

/* Two timers, whose handlers may interrupt each other, hit calls at all their moments. */
static int jump_out_anywhere(void)
{
	struct sigevent by_signal = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	size_t open_before = count_open();
	volatile int i, jumps = 0;
	int rounds = is_under_valgrind() ? 100 : (int)knob("SYSTEM_ROUNDS", 600);
	timer_t timer;

	signal(SIGINT, ignore_nothing);
	if (timer_create(CLOCK_MONOTONIC, &by_signal, &timer) < 0)
		return 77;
	for (i = 0; i < rounds; i++) {
		/* up to 2 ms mostly, which is a call, and where that is slow up to 16 */
		struct itimerval soon = {.it_value.tv_usec = 1 + (i % 29 * 70 << i % 4)};
		struct itimerspec later = {.it_value.tv_nsec = 1 + (i % 31 * 70000 << i % 4)};

		if (sigsetjmp(before_call, 1) == 0) {
			signal(SIGALRM, jump);
			signal(SIGUSR1, jump);
			setitimer(ITIMER_REAL, &soon, NULL);
			timer_settime(timer, 0, &later, NULL);
			spu_system("exit 3");
		} else {
			jumps++;
		}
		signal(SIGALRM, SIG_IGN);
		signal(SIGUSR1, SIG_IGN);
		if (disposition_of(SIGINT) != ignore_nothing || is_blocked(SIGCHLD))
			return 1;
		if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
			return 2;
	}
	return count_open() != open_before ? 3 : jumps == 0 ? 4 : 0;
}

START_TEST(a_jump_out_of_it_at_any_moment_leaves_all_as_it_was)
{
	int code;

	if (!HAS_JUMPS)
		SKIP("check_system", "only glibc's longjmp runs what a call has registered");
	code = in_child(jump_out_anywhere);
	if (code == 77)
		SKIP("check_system", "no timer may be made here");
	ck_assert_int_eq(code, 0);
}
END_TEST

/*
 * ---- Called by a handler that interrupts another call
 */

static volatile int handler_calls, handler_fault;

static void call_and_return(int number)
{
	int saved = errno;

	(void)number;
	handler_calls++;
	if (spu_system("exit 3") != 3 << 8)
		handler_fault = 1;
	errno = saved;
}

static int open_and_close(void)
{
	FILE *stream = spu_popen("exit 4", "r");

	return stream && spu_pclose(stream) == 4 << 8;
}

static int run_shell(void)
{
	return spu_system("exit 4") == 4 << 8;
}

static int run_as_another(void)
{
	int status;

	return spu_run(SPU_ARGV("true"), SPU_OPTIONS(.uid = SPU_SET(65534),
			.flags = SPU_KEEP_GROUPS), &status, NULL) == 0;
}

/* A stop that is caught comes in a launch, too, which puts off other signals. */
static const int interrupting[] = {SIGALRM, SIGTSTP};
static int interrupting_signal;

/* The handler comes at all moments of what takes the same lock for an instant. */
static int interrupt_anywhere(int (*work)(void))
{
	struct sigevent by_signal = {.sigev_notify = SIGEV_SIGNAL,
				     .sigev_signo = interrupting_signal};
	int i, rounds = IS_SANITIZED || is_under_valgrind() ? 100 : (int)knob("SYSTEM_ROUNDS", 600);
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &by_signal, &timer) < 0)
		return 77;
	signal(interrupting_signal, call_and_return);
	for (i = 0; i < rounds; i++) {
		struct itimerspec soon = {.it_value.tv_nsec = 1 + (i % 97) * 3000};

		timer_settime(timer, 0, &soon, NULL);
		if (!work())
			return 1;
	}
	signal(interrupting_signal, SIG_IGN);
	return handler_fault ? 2 : handler_calls == 0 ? 3 : 0;
}

static int interrupt_popen(void)
{
	return interrupt_anywhere(open_and_close);
}

static int interrupt_call_of_system(void)
{
	return interrupt_anywhere(run_shell);
}

static int interrupt_change_of_ids(void)
{
	return interrupt_anywhere(run_as_another);
}

START_TEST(a_handler_may_call_it_at_any_moment_of_another_call)
{
	int code;

	interrupting_signal = interrupting[_i];
	code = in_child(interrupt_popen);
	if (code == 77)
		SKIP("check_system", "no timer may be made here");
	ck_assert_int_eq(code, 0);
	ck_assert_int_eq(in_child(interrupt_call_of_system), 0);
	if (geteuid() == 0 && !is_by_libc())
		ck_assert_int_eq(in_child(interrupt_change_of_ids), 0);
}
END_TEST

/*
 * ---- Called by a handler when the process is about to die, to have a debugger
 * print a stack: there is a small stack, and malloc may be locked
 */

static void call_and_leave(int number)
{
	(void)number;
	_exit(spu_system("exit 3") == 3 << 8 ? 0 : 1);
}

static int crash_on_small_stack(void)
{
	struct sigaction action = {.sa_handler = call_and_leave, .sa_flags = SA_ONSTACK};
	/* what the kernel writes there depends on the processor; glibc's system() takes 1 600 */
	size_t kernels = getauxval(51);	/* AT_MINSIGSTKSZ, since Linux 5.14 */
	size_t size = (kernels ? kernels : MINSIGSTKSZ) + 3072, guard = 65536;
	char *memory = mmap(NULL, size + 2 * guard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = {.ss_sp = memory + guard, .ss_size = size};

	if (memory == MAP_FAILED || mprotect(stack.ss_sp, size, PROT_READ | PROT_WRITE) < 0 ||
	    sigaltstack(&stack, NULL) < 0)
		return 2;
	sigaction(SIGSEGV, &action, NULL);
	raise(SIGSEGV);
	return 3;
}

START_TEST(a_handler_with_a_small_stack_may_call_it)
{
	if (IS_SANITIZED || is_under_valgrind())
		SKIP("check_system", "instrumented code takes more stack");
	ck_assert_int_eq(in_child(crash_on_small_stack), 0);
}
END_TEST

static void *wait_for_ever(void *argument)
{
	return pause() ? argument : NULL;
}

static void (*volatile release)(void *memory) = free;

static int abort_in_malloc(void)
{
	pthread_t thread;
	char *memory;

	/* with a second thread there are locks, and the check below is made with one held */
	pthread_create(&thread, NULL, wait_for_ever, NULL);
	signal(IS_GLIBC ? SIGABRT : SIGSEGV, call_and_leave);
	memory = malloc(2000);
	free(malloc(2000));
	release(memory);
	release(memory);
	return 2;
}

START_TEST(a_handler_of_abort_may_call_it_while_malloc_is_locked)
{
	if (IS_SANITIZED || is_under_valgrind())
		SKIP("check_system", "another malloc");
	close(2);	/* glibc's words */
	ck_assert_int_eq(in_child(abort_in_malloc), 0);
}
END_TEST

/*
 * ---- Forked by vfork()
 */

START_TEST(a_vfork_child_may_call_it_beside_its_parent)
{
	pthread_t thread;
	int end, status;
	pid_t pid;

	if (IS_SANITIZED || is_under_valgrind())
		SKIP("check_system", "vfork is another call there");
	signal(SIGINT, ignore_nothing);
	thread = start_command("echo >&9; read x <&8", 8, &end);
	pid = vfork();
	if (pid == 0)
		_exit(spu_system("exit 5") == 5 << 8 ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(end);
	ck_assert_int_eq(status_from(thread), 1 << 8);
	ck_assert_ptr_eq(disposition_of(SIGINT), ignore_nothing);
}
END_TEST

/*
 * ---- A command with a time limit, in a group of its own, at a terminal
 */

static int run_at_terminal(const char *terminal)
{
	struct spu_options options = SPU_OPTIONS_INIT;
	int status;

	signal(SIGINT, SIG_DFL);
	setsid();
	close(0);	/* opened by who leads a session, it becomes that one's */
	if (open(terminal, O_RDWR) != 0 || tcgetpgrp(0) != getpgrp())
		return 1;
	options.timeout_ms = 60000;
	options.foreground = SPU_SET(0);
	if (spu_system_with("trap 'exit 9' INT; echo ready >/dev/tty; while :; do sleep 0.01; done",
			    &options, &status, NULL) < 0)
		return 2;
	signal(SIGTTOU, SIG_IGN);
	if (tcsetpgrp(0, getpgrp()) < 0)
		return 3;
	return status == 9 << 8 ? 0 : 4;
}

START_TEST(an_interrupt_is_for_the_command_that_has_the_terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), status;
	char text[200] = "";
	size_t size = 0;
	ssize_t got;
	pid_t pid;

	NEED_OWN_CHILD("check_system");
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		SKIP("check_system", "no terminal can be made");
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		alarm(patience(60));
		_exit(run_at_terminal(ptsname(master)));
	}
	while (!strstr(text, "ready")) {
		got = read(master, text + size, sizeof(text) - 1 - size);
		ck_assert_msg(got > 0 || (got < 0 && errno == EIO), "it said [%s]", text);
		if (got > 0)
			size += (size_t)got;
		else
			usleep(1000);	/* nobody has opened it yet */
		ck_assert_msg(waitpid(pid, &status, WNOHANG) == 0, "it ended with %#x", status);
	}
	ck_assert_int_eq(write(master, "\003", 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(master);
}
END_TEST

static void add(Suite *suite, const char *name, const TTest *test, int times)
{
	TCase *tests = tcase_create(name);

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, close_as_told, NULL);
	tcase_add_loop_test(tests, test, 0, times);
	suite_add_tcase(suite, tests);
}

/* One case each, so that CK_RUN_CASE picks a test. */
#define ADD(test) add(suite, #test, test, 1)
#define ADD_LOOP(test, times) add(suite, #test, test, times)

int main(void)
{
	Suite *suite = suite_create("system");

	/* what the tests take for granted; SIGINT is the runner's, and each test's own */
	signal(SIGQUIT, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	ADD(the_result_is_a_wait_status);
	ADD(signals_are_as_before);
	ADD(no_descriptor_is_open_for_it_meanwhile);
	ADD(errno_stays_where_nothing_fails);
	ADD(the_shell_has_the_callers_dispositions);
	ADD(signals_do_not_end_the_wait);
	ADD(interrupts_are_for_the_command_only);
	ADD(without_a_process_it_is_an_error_and_works_again_later);
	ADD(interrupts_are_ignored_until_the_last_is_over);
	ADD(what_the_program_sets_meanwhile_stays);
	ADD(a_fork_child_may_call_it_at_once);
	ADD(a_cancelled_call_ends_its_shell_only);
	ADD(a_jump_out_of_it_ends_the_shell_and_restores_all);
	ADD(a_jump_out_of_it_at_any_moment_leaves_all_as_it_was);
	ADD_LOOP(a_handler_may_call_it_at_any_moment_of_another_call, 2);
	ADD(a_handler_with_a_small_stack_may_call_it);
	ADD(a_handler_of_abort_may_call_it_while_malloc_is_locked);
	ADD(a_vfork_child_may_call_it_beside_its_parent);
	ADD(an_interrupt_is_for_the_command_that_has_the_terminal);
	return run_suite(suite);
}
