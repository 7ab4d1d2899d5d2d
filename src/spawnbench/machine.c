/* SPDX-License-Identifier: MIT */
/* Reading /proc, /sys and uname. */
#include "machine.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "clock.h"

#define GOVERNOR "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
#define CGROUP_ROOT "/sys/fs/cgroup"

/* The text after "field:" in a file of such lines, without white space around. */
static int read_field(const char *path, const char *field, char *ret, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t length = strlen(field);
	char line[512];
	int found = 0;

	while (file && !found && fgets(line, sizeof(line), file)) {
		char *value = line + length;

		if (strncmp(line, field, length) != 0 || !strchr(" \t:", *value))
			continue;
		value += strspn(value, " \t:");
		value[strcspn(value, "\n")] = '\0';
		found = snprintf(ret, size, "%s", value) > 0;
	}
	if (file)
		fclose(file);
	return found;
}

/* The first line of a file, "" if there is none. */
static void read_line(const char *path, char *ret, int size)
{
	FILE *file = fopen(path, "re");

	if (!file || !fgets(ret, size, file))
		ret[0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	if (file)
		fclose(file);
}

static uint64_t meminfo(const char *field)
{
	char value[64];

	if (!read_field("/proc/meminfo", field, value, sizeof(value)))
		return 0;
	return strtoull(value, NULL, 10) * 1024;
}

/* A number that a file begins with; UINT64_MAX where there is none. */
static uint64_t file_number(const char *path)
{
	char line[64];

	read_line(path, line, sizeof(line));
	return line[0] >= '0' && line[0] <= '9' ? strtoull(line, NULL, 10) : UINT64_MAX;
}

/* A number in a file of a control group; UINT64_MAX for "max" and for none. */
static uint64_t group_number(const char *group, const char *file)
{
	char path[1024];

	snprintf(path, sizeof(path), CGROUP_ROOT "%s/%s", group, file);
	return file_number(path);
}

/* What version 2 control groups leave us of a thing, ours and those around it. */
static uint64_t group_room(const char *limit, const char *current)
{
	uint64_t least = UINT64_MAX;
	char group[768], *slash;

	if (!read_field("/proc/self/cgroup", "0:", group, sizeof(group)))
		return least;
	do {
		uint64_t max = group_number(group, limit);
		uint64_t used = group_number(group, current);

		if (max != UINT64_MAX && used <= max && max - used < least)
			least = max - used;
		slash = strrchr(group, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
	return least;
}

uint64_t machine_memory_available(void)
{
	uint64_t available = meminfo("MemAvailable");
	uint64_t group = group_room("memory.max", "memory.current");

	return group < available ? group : available;
}

int machine_own_memory(const char *field, uint64_t *ret)
{
	char value[64];

	if (!read_field("/proc/self/smaps_rollup", field, value, sizeof(value)))
		return -ENOENT;
	*ret = strtoull(value, NULL, 10) * 1024;
	return 0;
}

static void read_limit(int resource, uint64_t *ret_soft, uint64_t *ret_hard)
{
	struct rlimit limit = {0, 0};

	/* the first argument's type is the libc's own */
	getrlimit(resource, &limit);
	*ret_soft = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur;
	*ret_hard = limit.rlim_max == RLIM_INFINITY ? UINT64_MAX : limit.rlim_max;
}

/* How many threads there are on the machine: "0.20 0.18 0.12 1/80 11206". */
static uint64_t all_tasks(void)
{
	char line[128], *slash;

	read_line("/proc/loadavg", line, sizeof(line));
	slash = strchr(line, '/');
	return slash ? strtoull(slash + 1, NULL, 10) : 0;
}

/* As clone(2) has it: neither root nor who has one of these is held to it. */
static uint64_t own_processes(void)
{
	const uint64_t freed = (uint64_t)1 << 21 | (uint64_t)1 << 24; /* CAP_SYS_ADMIN, _RESOURCE */
	uint64_t soft, hard;
	char value[64];

	if (getuid() == 0 || (read_field("/proc/self/status", "CapEff", value, sizeof(value)) &&
			      strtoull(value, NULL, 16) & freed))
		return UINT64_MAX;
	read_limit(RLIMIT_NPROC, &soft, &hard);
	return soft;
}

uint64_t machine_room_for_tasks(const char **ret_limit)
{
	uint64_t threads = file_number("/proc/sys/kernel/threads-max"), tasks = all_tasks();
	/* Who has the other numbers, of processes in this namespace, isn't counted anywhere. */
	const struct {
		const char *limit;
		uint64_t room;
	} rooms[] = {
		{"kernel.pid_max", file_number("/proc/sys/kernel/pid_max")},
		{"kernel.threads-max", threads < tasks ? 0 : threads - tasks},
		{"RLIMIT_NPROC (ulimit -u)", own_processes()},
		{"pids.max of the control group", group_room("pids.max", "pids.current")},
	};
	size_t least = 0;

	for (size_t i = 1; i < sizeof(rooms) / sizeof(*rooms); i++)
		least = rooms[i].room < rooms[least].room ? i : least;
	*ret_limit = rooms[least].limit;
	return rooms[least].room;
}

void machine_read(struct machine *machine)
{
	uint64_t hard;

	memset(machine, 0, sizeof(*machine));
	machine->processors = sysconf(_SC_NPROCESSORS_ONLN);
	read_field("/proc/cpuinfo", "model name", machine->model, sizeof(machine->model));
	read_line(GOVERNOR, machine->governor, sizeof(machine->governor));
#ifdef __GLIBC__
	snprintf(machine->libc, sizeof(machine->libc), "glibc %s", gnu_get_libc_version());
#else
	snprintf(machine->libc, sizeof(machine->libc), "musl");
#endif
	machine->memory = meminfo("MemTotal");
	machine->available = machine_memory_available();
	uname(&machine->kernel);
	read_limit(RLIMIT_NOFILE, &machine->descriptors, &machine->descriptors_hard);
	read_limit(RLIMIT_NPROC, &machine->processes, &hard);
	read_limit(RLIMIT_STACK, &machine->stack, &hard);
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Of this process and all of its descendants that were waited for. */
static double own_seconds(void)
{
	static const int whose[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
	struct rusage usage;
	double seconds = 0;

	for (size_t i = 0; i < sizeof(whose) / sizeof(*whose); i++) {
		if (getrusage(whose[i], &usage) == 0)
			seconds += seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
	}
	return seconds;
}

/* The first line of /proc/stat: user nice system idle iowait irq softirq steal, in ticks. */
static void read_ticks(double *ret_busy, double *ret_steal)
{
	unsigned long long t[8];
	char line[256];

	*ret_busy = *ret_steal = NAN;
	if (!read_field("/proc/stat", "cpu", line, sizeof(line)) ||
	    sscanf(line, "%llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
		   &t[4], &t[5], &t[6], &t[7]) != 8)
		return;
	*ret_busy = (double)(t[0] + t[1] + t[2] + t[5] + t[6]);
	*ret_steal = (double)t[7];
}

/* Ticks and clock aren't read at once, nor exact: a part stays one. NAN stays too. */
static double clamp(double part, double most)
{
	return part < 0 ? 0 : part > most ? most : part;
}

void conditions_begin(struct busy *busy)
{
	memset(busy, 0, sizeof(*busy));
	getloadavg(busy->load, 3);
	read_ticks(&busy->ticks, &busy->steal);
	busy->own = own_seconds();
	busy->clock = clock_now();
}

void conditions_end(const struct busy *begin, struct conditions *ret)
{
	double ticks, steal, second = (double)sysconf(_SC_CLK_TCK), all;

	read_ticks(&ticks, &steal);
	memcpy(ret->load, begin->load, sizeof(ret->load));
	ret->seconds = (double)(clock_now() - begin->clock) / NANOSECONDS;
	all = ret->seconds * (double)sysconf(_SC_NPROCESSORS_ONLN);
	ret->steal = clamp((steal - begin->steal) / second / all, 1);
	ret->others = clamp(((ticks - begin->ticks) / second - (own_seconds() - begin->own)) / all,
			    1 - ret->steal);
}
