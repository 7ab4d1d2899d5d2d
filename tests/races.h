/* SPDX-License-Identifier: MIT */
/*
 * For the suites whose threads launch while others do as they please: a child
 * that is cheap to start and says what it holds, threads and what they find,
 * how many launches a test makes.
 */
#ifndef RACES_H
#define RACES_H

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "support.h"

#define SLOWER (ADDRESS_SANITIZER || THREAD_SANITIZER ? 10 : 1)

/* How many of a test's launches are made: RACES_PERCENT=10 for a tenth, 2500 for 25 times. */
static inline int share(int launches)
{
	const char *percent = getenv("RACES_PERCENT");

	return launches / SLOWER * (percent ? atoi(percent) : 100) / 100;
}

/*
 * ---- The child: a whole executable, so that 20 000 launches of it take
 * seconds: a libc would need ten times as long to start as this does to run.
 * It exits with the first number that it holds open from argc + 2 to 255,
 * where 3 to argc + 1 were given to it, with 1 if the last of those is
 * missing, else with 0.
 */
#define HIGHEST 256

#if defined(__x86_64__)
#define MACHINE "62"
#define CODE \
	"	mov (%rsp), %rbx\n" \
	"	add $2, %rbx\n" \
	"1:	mov $72, %eax\n" \
	"	mov %ebx, %edi\n" \
	"	mov $1, %esi\n" \
	"	syscall\n" \
	"	test %eax, %eax\n" \
	"	jns 3f\n" \
	"	inc %ebx\n" \
	"	cmp $256, %ebx\n" \
	"	jl 1b\n" \
	"	xor %ebx, %ebx\n" \
	"	mov (%rsp), %rdi\n" \
	"	inc %rdi\n" \
	"	cmp $2, %rdi\n" \
	"	je 3f\n" \
	"	mov $72, %eax\n" \
	"	mov $1, %esi\n" \
	"	syscall\n" \
	"	test %eax, %eax\n" \
	"	jns 3f\n" \
	"	mov $1, %ebx\n" \
	"3:	mov %ebx, %edi\n" \
	"	mov $231, %eax\n" \
	"	syscall\n"
#elif defined(__aarch64__)
#define MACHINE "183"
#define CODE \
	"	ldr x19, [sp]\n" \
	"	add x19, x19, #2\n" \
	"1:	mov x0, x19\n" \
	"	mov x1, #1\n" \
	"	mov x8, #25\n" \
	"	svc #0\n" \
	"	tbz x0, #63, 3f\n" \
	"	add x19, x19, #1\n" \
	"	cmp x19, #256\n" \
	"	b.lt 1b\n" \
	"	mov x19, #0\n" \
	"	ldr x0, [sp]\n" \
	"	add x0, x0, #1\n" \
	"	cmp x0, #2\n" \
	"	b.eq 3f\n" \
	"	mov x1, #1\n" \
	"	mov x8, #25\n" \
	"	svc #0\n" \
	"	tbz x0, #63, 3f\n" \
	"	mov x19, #1\n" \
	"3:	mov x0, x19\n" \
	"	mov x8, #94\n" \
	"	svc #0\n"
#endif

__asm__(".pushsection .rodata\n"
	"	.balign 8\n"
	"	.globl race_child, race_child_end\n"
	"race_child:\n"
	"	.byte 0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0\n"
	"	.quad 0\n"
	"	.short 2, " MACHINE "\n"
	"	.long 1\n"
	"	.quad 0x400000 + race_child_code - race_child, 64, 0\n"
	"	.long 0\n"
	"	.short 64, 56, 1, 64, 0, 0\n"
	"	.long 1, 5\n"
	"	.quad 0, 0x400000, 0x400000\n"
	"	.quad race_child_end - race_child, race_child_end - race_child, 0x10000\n"
	"race_child_code:\n" CODE
	"race_child_end:\n"
	"	.popsection\n");

extern const char race_child[], race_child_end[];

static char child_path[64];

static inline void write_child(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	size_t size = (size_t)(race_child_end - race_child);

	if (fd < 0 || write(fd, race_child, size) != (ssize_t)size || close(fd) < 0)
		abort();
}

/* Before the runner forks: each test has it. */
static inline void make_child(void)
{
	const char *directory = getenv("TMPDIR");

	snprintf(child_path, sizeof(child_path), "%.40s/race.XXXXXX",
		 directory && strlen(directory) < 40 ? directory : "/tmp");
	if (!mkdtemp(child_path))
		abort();
	/* other users run it too */
	if (chmod(child_path, 0755) < 0)
		abort();
	strcat(child_path, "/child");
	write_child(child_path);
}

static inline void remove_child(void)
{
	unlink(child_path);
	*strrchr(child_path, '/') = '\0';
	rmdir(child_path);
}

/*
 * ---- Threads, and what they find. libcheck's assertions are for the main
 * thread, so these count faults and keep the first one's text.
 */
static atomic_int faults;
static char first_fault[320];
static atomic_int stop;

static inline void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void fault(const char *format, ...)
{
	va_list arguments;

	if (atomic_fetch_add(&faults, 1) > 0)
		return;
	va_start(arguments, format);
	vsnprintf(first_fault, sizeof(first_fault), format, arguments);
	va_end(arguments);
}

#define MAX_THREADS 64

struct team {
	pthread_t threads[MAX_THREADS];
	int count;
};

static inline void start(struct team *team, int count, void *(*work)(void *), void *argument)
{
	int i;

	for (i = 0; i < count; i++)
		ck_assert_int_eq(pthread_create(&team->threads[team->count++], NULL, work,
						argument ? argument : (void *)(intptr_t)i), 0);
}

static inline void join(struct team *team)
{
	while (team->count > 0)
		pthread_join(team->threads[--team->count], NULL);
}

static inline void assert_no_fault(void)
{
	ck_assert_msg(faults == 0, "%d faults, the first: %s", faults, first_fault);
}

/*
 * Does a launch begin with its parent's descriptor table, as it does from the
 * second one on where the kernel has all that this needs?
 */
static inline int shares_table(void)
{
	char *text;
	int shares;

	if (spu_run(SPU_ARGV(child_path), NULL, NULL, NULL) < 0 ||
	    spu_explain(SPU_ARGV(child_path), NULL, &text, NULL) < 0)
		abort();
	shares = strstr(text, "CLONE_FILES") != NULL;
	free(text);
	return shares;
}

/* One case each, so that CK_RUN_CASE picks a test. */
static inline void add(Suite *suite, const char *name, const TTest *test, int times)
{
	TCase *tests = tcase_create(name);

	tcase_set_timeout(tests, share(100) > 100 ? 1.2 * share(100) : 120);
	tcase_add_loop_test(tests, test, 0, times);
	suite_add_tcase(suite, tests);
}

#define ADD_LOOP(test, times) add(suite, #test, test, times)
#define ADD(test) ADD_LOOP(test, 1)

#endif
