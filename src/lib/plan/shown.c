/* SPDX-License-Identifier: MIT */
/*
 * The two texts of a step's row. In them $ stands before a letter, which says
 * how to show an argument (the switch below), and that argument's number.
 */
#include "shown.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "../../names.h"
#include "../../quote.h"
#include "../error.h"

static const struct {
	const char *subject;
	const char *call;
} rows[] = {
#define ROW(kind, number, name, call, posix, subject, shown) {subject, shown},
	STEPS(ROW)
#undef ROW
};

/*
 * ---- Arguments
 */

static void show_string(struct text *text, const char *string)
{
	char bytes[8];

	spu__add_text(text, "\"");
	while (*string) {
		unsigned char c = (unsigned char)*string;

		if ((c >= '\t' && c <= '\r') || (c >= ' ' && c <= '~')) {
			spu__add_text(text, "%.*s", (int)escape(bytes, &string), bytes);
			continue;
		}
		string++;
		spu__add_text(text, *string >= '0' && *string <= '9' ? "\\%03o" : "\\%o", c);
	}
	spu__add_text(text, "\"");
}

void spu__show_flags(struct text *text, uint64_t flags, const struct flag_name *names,
		     size_t count, const char *separator)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if ((flags & names[i].bit) != names[i].bit)
			continue;
		spu__add_text(text, "%s%s", separator, names[i].name);
		flags &= ~names[i].bit;
		separator = "|";
	}
	if (flags)
		spu__add_text(text, "%s%#llx", separator, (unsigned long long)flags);
}

static void show_mode(struct text *text, long mode)
{
	spu__add_text(text, mode ? "%#03lo" : "000", mode);
}

/* And the mode behind them, where openat looks at it. */
static void show_open_flags(struct text *text, const long *argument)
{
#define ACCESS(name, number, letters) name,
	static const char *const access[] = {ACCESS_NAMES(ACCESS)};
#undef ACCESS
	static const struct flag_name names[] = {OPEN_FLAG_NAMES(NAME_ROW)};
	long flags = argument[0];

	spu__add_text(text, "%s", access[flags & ACCESS_BITS]);
	spu__show_flags(text, (uint64_t)(flags & ~ACCESS_BITS), names,
			sizeof(names) / sizeof(names[0]), "|");
	if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {
		spu__add_text(text, ", ");
		show_mode(text, argument[1]);
	}
}

/* 32 is the kernel's SIGRTMIN: glibc keeps two for itself */
static void show_signal(struct text *text, const char *prefix, int number)
{
	const char *name = spu__signal_name(number);

	if (*name)
		spu__add_text(text, "%s%s", prefix, name);
	else if (number == 32)
		spu__add_text(text, "%sRTMIN", prefix);
	else
		spu__add_text(text, "%sRT_%d", prefix, number - 32);
}

static void show_mask(struct text *text, uint64_t mask)
{
	const char *separator = "";
	int number;

	/* strace shows a set with most bits on by what is missing in it */
	if (__builtin_popcountll(mask) >= KERNEL_SIGNALS * 2 / 3) {
		spu__add_text(text, "~");
		mask = ~mask;
	}
	spu__add_text(text, "[");
	for (number = 1; number <= KERNEL_SIGNALS; number++)
		if (mask & SPU_SIGNAL(number)) {
			show_signal(text, separator, number);
			separator = " ";
		}
	spu__add_text(text, "]");
}

static void show_cpus(struct text *text, const uint64_t *cpus)
{
	const char *separator = "";
	int number;

	spu__add_text(text, "[");
	for (number = 0; number < CPU_WORDS * 64; number++) {
		if (!(cpus[number / 64] >> number % 64 & 1))
			continue;
		spu__add_text(text, "%s%d", separator, number);
		separator = " ";
	}
	spu__add_text(text, "]");
}

static void show_groups(struct text *text, const gid_t *groups, long count)
{
	const char *separator = "";
	long i;

	spu__add_text(text, "[");
	for (i = 0; i < count; i++) {
		spu__add_text(text, "%s%u", separator, groups[i]);
		separator = ", ";
	}
	spu__add_text(text, "]");
}

static void show_upper(struct text *text, const char *prefix, const char *name)
{
	spu__add_text(text, "%s", prefix);
	for (; *name; name++)
		spu__add_text(text, "%c", toupper((unsigned char)*name));
}

/* As the kernel's headers have it, or the number of what has no name */
static void show_constant(struct text *text, const char *prefix, const char *name, int number)
{
	if (*name)
		show_upper(text, prefix, name);
	else
		spu__add_text(text, "%#x", number);
}

/* As messages have it */
static void show_word(struct text *text, const char *name, int number)
{
	if (*name)
		spu__add_text(text, "%s", name);
	else
		spu__add_text(text, "%d", number);
}

static void show_scheduler(struct text *text, int policy)
{
	show_constant(text, "SCHED_", spu__scheduler_name(policy), policy & ~SCHED_RESET_ON_FORK);
	if (policy & SCHED_RESET_ON_FORK)
		spu__add_text(text, "|SCHED_RESET_ON_FORK");
}

/* As strace has it: a multiple of 1024 is shown as one. */
static void show_limit(struct text *text, const char *name, uint64_t value)
{
	if (value == UINT64_MAX)
		spu__add_text(text, "%s=RLIM64_INFINITY", name);
	else if (value > 1024 && value % 1024 == 0)
		spu__add_text(text, "%s=%llu*1024", name, (unsigned long long)value / 1024);
	else
		spu__add_text(text, "%s=%llu", name, (unsigned long long)value);
}

static void show_limits(struct text *text, const struct kernel_rlimit64 *limit)
{
	show_limit(text, "{rlim_cur", limit->current);
	show_limit(text, ", rlim_max", limit->max);
	spu__add_text(text, "}");
}

static void show_one_flag(struct text *text, long flags, long flag, const char *name)
{
	if (flags == flag)
		spu__add_text(text, "%s", name);
	else
		spu__add_text(text, flags ? "%#lx" : "0", flags);
}

static void show_close_range(struct text *text, long flags)
{
	if (flags == KERNEL_CLOSE_RANGE_CLOEXEC)
		spu__add_text(text, "CLOSE_RANGE_CLOEXEC");
	else
		show_one_flag(text, flags, KERNEL_CLOSE_RANGE_UNSHARE, "CLOSE_RANGE_UNSHARE");
}

void spu__show_given(struct text *text, const struct given *given)
{
	static const char *const arrows[] = {"<", ">", "<>", "<"};	/* by access */

	switch (given->entry) {
	case SPU_FD_KEEP:
		spu__add_text(text, "keep %d", given->fd);
		break;
	case SPU_FD_MAP:
		spu__add_text(text, "map %d from %d", given->fd, given->from);
		break;
	case SPU_FD_SAME:
		spu__add_text(text, "same %d as %d", given->fd, given->from);
		break;
	case SPU_FD_NULL:
	case SPU_FD_OPEN:
		spu__add_text(text, "open %d%s%s", given->fd,
			      (given->flags & O_APPEND) ? ">>" : arrows[given->flags & ACCESS_BITS],
			      QUOTED(given->path, NAME_SIZE));
		break;
	case SPU_FD_PTY:
		spu__add_text(text, "pty for %d", given->fd);
		break;
	default:
		spu__add_text(text, "pipe for %d", given->fd);
	}
}

static const struct {
	const char *name;
	int number;
	const char *kernels;
} io_classes[] = {
#define ROW(name, number, kernels) {name, number, kernels},
	IOPRIO_NAMES(ROW)
#undef ROW
};

static void show_capability(struct text *text, int number)
{
	show_constant(text, "CAP_", spu__capability_name(number), number);
}

static void show_set(struct text *text, const char *name, uint32_t low, uint32_t high)
{
	uint64_t set = (uint64_t)high << 32 | low;
	const char *separator = "";
	int number;

	spu__add_text(text, "%s=%s", name, set ? "" : "0");
	for (number = 0; number < 64; number++) {
		if (!(set >> number & 1))
			continue;
		spu__add_text(text, "%s1<<", separator);
		show_capability(text, number);
		separator = "|";
	}
}

static void show_sets(struct text *text, const struct kernel_cap_sets sets[2])
{
	show_set(text, "{effective", sets[0].effective, sets[1].effective);
	show_set(text, ", permitted", sets[0].permitted, sets[1].permitted);
	show_set(text, ", inheritable", sets[0].inheritable, sets[1].inheritable);
	spu__add_text(text, "}");
}

static void show_securebits(struct text *text, unsigned long bits)
{
	static const struct {
		const char *name;
		unsigned bit;
	} names[] = {SECUREBIT_NAMES(NAME_ROW)};
	const char *separator = "SECBIT_";
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(bits & names[i].bit))
			continue;
		show_upper(text, separator, names[i].name);
		separator = "|SECBIT_";
		bits &= ~(unsigned long)names[i].bit;
	}
	if (bits || *separator == 'S')
		spu__add_text(text, *separator == 'S' ? "%#lx" : "|%#lx", bits);
}

/* In a time that each launch has a little less of. */
static void show_time(struct text *text, const struct kernel_itimerspec *time)
{
	long long us = (long long)time->value.seconds * 1000000 + time->value.nanoseconds / 1000;

	spu__add_text(text, "{%lld ms}", (us + 999) / 1000);
}

/*
 * ---- The two texts
 */

/* A number by its name: small letters as in messages, large ones as the kernel's headers. */
static int show_name(struct text *text, char how, long value)
{
	int number = (int)value;

	switch (how) {
	case 'k':
		show_signal(text, "", number);
		return 1;
	case 'g':
		show_signal(text, "SIG", number);
		return 1;
	case 'l':
		show_word(text, spu__limit_name(number), number);
		return 1;
	case 'L':
		show_constant(text, "RLIMIT_", spu__limit_name(number), number);
		return 1;
	case 'w':
		show_word(text, spu__scheduler_name(number), number & ~SCHED_RESET_ON_FORK);
		return 1;
	case 'W':
		show_scheduler(text, number);
		return 1;
	case 'a':
		show_word(text, spu__capability_name(number), number);
		return 1;
	case 'A':
		show_capability(text, number);
		return 1;
	case 'j':
		spu__add_text(text, "%s %ld", io_classes[value >> 13].name, value & 7);
		return 1;
	case 'J':
		spu__add_text(text, "IOPRIO_PRIO_VALUE(IOPRIO_CLASS_%s, %ld)",
			      io_classes[value >> 13].kernels, value & 7);
		return 1;
	default:
		return 0;
	}
}

/* What the argument points to */
static int show_pointed(struct text *text, char how, const long *argument)
{
	const void *pointer = (const void *)*argument;

	switch (how) {
	case 's':
		show_string(text, pointer);
		return 1;
	case 't':	/* as in messages */
		spu__add_text(text, "%s", QUOTED(pointer, NAME_SIZE));
		return 1;
	case 'b':
		show_mask(text, *(const uint64_t *)pointer);
		return 1;
	case 'c':
		show_cpus(text, pointer);
		return 1;
	case 'G':	/* as many as the argument before says */
		show_groups(text, pointer, argument[-1]);
		return 1;
	case 'v':
		show_sets(text, pointer);
		return 1;
	case 'F':
		spu__add_text(text, "{len=%u, filter}",
			      ((const struct kernel_filter *)pointer)->count);
		return 1;
	case 'q':
		spu__add_text(text, "%d", *(const int *)pointer);
		return 1;
	case 'i':
		show_time(text, pointer);
		return 1;
	case 'p':
		show_limits(text, pointer);
		return 1;
	default:
		return 0;
	}
}

static void show_argument(struct text *text, char how, const long *argument)
{
	long value = *argument;

	if (show_name(text, how, value) || show_pointed(text, how, argument))
		return;
	switch (how) {
	case 'm':
		show_mode(text, value);
		break;
	case 'o':
		show_open_flags(text, argument);
		break;
	case 'x':
		show_one_flag(text, value, O_CLOEXEC, "O_CLOEXEC");
		break;
	case 'P':
		show_one_flag(text, value, KERNEL_PIDFD_THREAD, "PIDFD_THREAD");
		break;
	case 'r':
		show_close_range(text, value);
		break;
	case 'B':
		show_securebits(text, (unsigned long)value);
		break;
	case 'u':
		spu__add_text(text, "%u", (unsigned)value);
		break;
	default:	/* d */
		spu__add_text(text, "%ld", value);
	}
}

static void show(struct text *text, const struct step *step, const char *format)
{
	while (*format) {
		size_t plain = strcspn(format, "$");

		spu__add_text(text, "%.*s", (int)plain, format);
		format += plain;
		if (!*format)
			break;
		if (format[1] == 'e') {
			spu__show_given(text, step->given);
			format += 2;
		} else {
			show_argument(text, format[1], &step->arg[format[2] - '0']);
			format += 3;
		}
	}
}

void spu__show_subject(struct text *text, const struct step *step)
{
	show(text, step, rows[step->kind].subject);
}

void spu__show_call(struct text *text, const struct step *step)
{
	show(text, step, rows[step->kind].call);
}

static void show_exec(struct text *text, const struct plan *plan)
{
	size_t variables = 0, i;
	char *const *argument;

	while (plan->env && plan->env[variables])
		variables++;
	for (i = 0; plan->candidates[i]; i++) {
		if (i > 0)
			spu__add_text(text, "\n   %-13s", "or");
		if (plan->program >= 0)
			spu__add_text(text, "execveat(%d, ", plan->program);
		else
			spu__add_text(text, "execve(");
		show_string(text, plan->candidates[i]);
		for (argument = plan->argv; *argument; argument++) {
			spu__add_text(text, argument == plan->argv ? ", [" : ", ");
			show_string(text, *argument);
		}
		spu__add_text(text, "], /* %zu vars */%s)", variables,
			      plan->program >= 0 ? ", AT_EMPTY_PATH" : "");
	}
}

void spu__show_plan(struct text *text, const struct plan *plan)
{
	int i;

	for (i = plan->start; i < plan->count; i++) {
		const struct step *step = &plan->steps[i];

		spu__add_text(text, "%2d %-13s", i - plan->start + 1, spu__kind_name(step->kind));
		if (step->kind == STEP_EXEC)
			show_exec(text, plan);
		else
			spu__show_call(text, step);
		spu__add_text(text, "\n");
	}
}
