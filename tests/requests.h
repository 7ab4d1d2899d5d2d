/* SPDX-License-Identifier: MIT */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <signal.h>

#include "lib/server/request.h"

/* A request with all that one can have. */
static inline struct request full_request(void)
{
	static char *const argv[] = {"program", "", "an argument\n", NULL};
	static char *const env[] = {"A=1", "PATH=/bin", "", NULL};
	static const char *const set[] = {"B=2", NULL}, *const unset[] = {"C", "D", NULL};
	static const struct spu_fd fds[] = {
		SPU_NULL(0), SPU_OPEN(1, "out put", 3), SPU_SAME(2, 1), SPU_MAP(7, 3), {0}};
	static const struct spu_limit limits[] = {SPU_LIMIT(7, 64, 128), SPU_LIMIT(1, 0, 5), {0}};
	static const gid_t groups[] = {5, 6, 7};
	static const struct spu_landlock rules[] = {SPU_BENEATH("/usr", 5),
						    SPU_BENEATH("a b", 1), {0}};
	static const int cpus[] = {0, 3};
	static const uint64_t filter[] = {6, 0x7fff000000000006};
	struct request request = {
		.argv = argv,
		.options = {
			.size = sizeof(struct spu_options), .flags = SPU_NO_NEW_PRIVS,
			.file = "file", .path = "/x:/y", .root = "/root", .cwd = "c w d",
			.env = env, .env_set = set, .env_unset = unset, .cgroup = "/group",
			.pid_variable = "PID", .pid_file = "pid", .fds = fds, .limits = limits,
			.groups = groups, .group_count = 3, .cpus = cpus, .cpu_count = 2,
			.landlock_access = 7, .landlock_rules = rules,
			.seccomp = filter, .seccomp_count = 2,
			.uid = {1, 7}, .umask = {1, 022}, .ignore_signals = SPU_SIGNAL(SIGHUP),
		},
		.descriptors = 4, .deadline_us = 1000000007,
		.standing = {.umask = 077, .nice = 5, .ignored = SPU_SIGNAL(SIGPIPE)},
	};

	request.standing.limits[7] = (struct kernel_rlimit64){10, 20};
	request.standing.cpus[1023] = 0x80;
	return request;
}

#endif
