/* SPDX-License-Identifier: MIT */
#include "limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "common/message.h"
#include "common/parse.h"

static const struct {
	const char *name;
	int resource;
} names[] = {LIMIT_NAMES(NAME_ROW)};

static const char no_such_limit[] = "no such limit; there are:" LIMIT_NAMES(NAME_LISTED);

static int find_name(const char *text, size_t length, struct limit *ret)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strncmp(text, names[i].name, length) != 0 || names[i].name[length])
			continue;
		ret->name = names[i].name;
		ret->resource = names[i].resource;
		return 0;
	}
	return -ENOENT;
}

static int counts_bytes(int resource)
{
	switch (resource) {
	case RLIMIT_AS:
	case RLIMIT_CORE:
	case RLIMIT_DATA:
	case RLIMIT_FSIZE:
	case RLIMIT_MEMLOCK:
	case RLIMIT_MSGQUEUE:
	case RLIMIT_RSS:
	case RLIMIT_STACK:
		return 1;
	}
	return 0;
}

static int parse_value(const char *text, size_t length, int resource, uint64_t *ret,
		       const char **ret_why)
{
	char value[32];
	int r;

	*ret_why = "a limit is a number or \"unlimited\"";
	if (length >= sizeof(value))
		return -EINVAL;
	memcpy(value, text, length);
	value[length] = '\0';
	if (strcmp(value, "unlimited") == 0) {
		*ret = RLIM_INFINITY;
		return 0;
	}
	r = parse_size(value, ret);
	if (r == -ERANGE)
		*ret_why = "out of range; without end is \"unlimited\"";
	if (r < 0)
		return -EINVAL;
	*ret_why = "K, M, G and T are for sizes; this limit is no size";
	return strpbrk(value, "KMGTkmgt") && !counts_bytes(resource) ? -EINVAL : 0;
}

int limit_parse(const char *text, struct limit *ret, const char **ret_why)
{
	struct limit limit = {0};
	const char *soft = strchr(text, '='), *hard;
	size_t soft_length, hard_length;

	*ret_why = "write LIMIT=SOFT:HARD, or LIMIT=VALUE for both";
	if (!soft)
		return -EINVAL;
	*ret_why = no_such_limit;
	if (find_name(text, (size_t)(soft - text), &limit) < 0)
		return -EINVAL;
	soft_length = strcspn(++soft, ":");
	hard = soft[soft_length] ? soft + soft_length + 1 : soft;
	hard_length = strlen(hard);
	limit.keeps_soft = soft_length == 0;
	limit.keeps_hard = hard_length == 0;
	*ret_why = "neither a soft nor a hard limit";
	if (limit.keeps_soft && limit.keeps_hard)
		return -EINVAL;
	if (!limit.keeps_soft &&
	    parse_value(soft, soft_length, limit.resource, &limit.soft, ret_why) < 0)
		return -EINVAL;
	if (!limit.keeps_hard &&
	    parse_value(hard, hard_length, limit.resource, &limit.hard, ret_why) < 0)
		return -EINVAL;
	*ret = limit;
	return 0;
}

static const char *describe(uint64_t value, char buffer[24])
{
	if (value == RLIM_INFINITY)
		return "unlimited";
	snprintf(buffer, 24, "%llu", (unsigned long long)value);
	return buffer;
}

static int resolve(const struct limit *limit, struct spu_limit *ret)
{
	struct rlimit now = {RLIM_INFINITY, RLIM_INFINITY};
	char soft[24], hard[24];

	if ((limit->keeps_soft || limit->keeps_hard) && getrlimit(limit->resource, &now) < 0) {
		say_errno(errno, "--rlimit=%s", limit->name);
		return -EINVAL;
	}
	*ret = (struct spu_limit)SPU_LIMIT(limit->resource,
					   limit->keeps_soft ? now.rlim_cur : limit->soft,
					   limit->keeps_hard ? now.rlim_max : limit->hard);
	if (ret->soft <= ret->hard)
		return 0;
	say("--rlimit=%s: the soft limit %s is above the hard limit %s; write %s=SOFT:HARD",
	    limit->name, describe(ret->soft, soft), describe(ret->hard, hard), limit->name);
	return -EINVAL;
}

int limits_resolve(const struct limit *limits, size_t count, struct spu_limit *ret)
{
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = resolve(&limits[i], &ret[i]);
	ret[count] = (struct spu_limit){0};
	return r;
}
