/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer (make fuzz): whatever stands behind safespawn's options is refused, or
 * is stored as what it may be.
 */
#include <fcntl.h>
#include <signal.h>

#include "bytes.h"
#include "common/message.h"
#include "safespawn/keys.h"
#include "safespawn/values.h"

#define OPTIONS 8

/* A letter, or one of the others; not the one that reads a file, which is safespawn_envfile's. */
static int take_key(struct bytes *bytes)
{
	int byte = (int)take(bytes), key = byte < 128 ? byte : KEY_EXEC + byte - 128;

	return key == KEY_ENV_FILE ? 'u' : key;
}

static void check_value(const struct spu_value *value, long min, long max, const char *name)
{
	if (value->set > 1 || (value->set && (value->value < min || value->value > max)))
		FAULT("%s is %ld\n", name, value->value);
}

static void check_numbers(const struct settings *settings)
{
	const uint64_t fixed = SPU_SIGNAL(SIGKILL) | SPU_SIGNAL(SIGSTOP);

	check_value(&settings->uid, 0, 4294967294, "uid");
	check_value(&settings->nice, -40, 40, "nice");
	check_value(&settings->oom_score_adj, -1000, 1000, "oom_score_adj");
	check_value(&settings->umask, 0, 0777, "umask");
	check_value(&settings->sched_priority, 0, 99, "sched_priority");
	check_value(&settings->io_level, 0, 7, "io_level");
	check_value(&settings->pgroup, 0, 0x7fffffff, "pgroup");
	check_value(&settings->status_fd, 0, 0x7fffffff, "status_fd");
	if (settings->timeout_ms < 0 || settings->launch_timeout_ms < 0 ||
	    settings->kill_after_ms < 0)
		FAULT("a time below 0\n");
	if (settings->signal < 0 || settings->signal > LAST_SIGNAL || settings->pdeathsig < 0 ||
	    settings->pdeathsig > LAST_SIGNAL)
		FAULT("no signal\n");
	if ((settings->default_signals & settings->ignore_signals) ||
	    ((settings->default_signals | settings->ignore_signals | settings->block_signals) &
	     fixed))
		FAULT("signals that can't be so\n");
}

static void check_lists(const struct settings *settings)
{
	struct spu_limit limits[LIMIT_KINDS + 1];
	size_t i;

	for (i = 0; i < settings->cpu_count; i++)
		if (settings->cpus[i] < 0 || settings->cpus[i] > 8191)
			FAULT("processor %d\n", settings->cpus[i]);
	for (i = 0; i < settings->keep_count; i++)
		if (settings->keep[i].first < 0 || settings->keep[i].last < settings->keep[i].first)
			FAULT("descriptors %d to %d\n", settings->keep[i].first,
			      settings->keep[i].last);
	for (i = 0; i < settings->map_count; i++)
		if ((unsigned)settings->map[i].first > 255 || (unsigned)settings->map[i].last > 255)
			FAULT("statuses\n");
	if (settings->limit_count > LIMIT_KINDS)
		FAULT("%zu limits\n", settings->limit_count);
	if (limits_resolve(settings->limits, settings->limit_count, limits) == 0)
		for (i = 0; limits[i].kind; i++)
			if (limits[i].soft > limits[i].hard)
				FAULT("limit %s\n", settings->limits[i].name);
	for (i = 0; i < settings->redirection_count; i++) {
		const struct redirection *redirection = &settings->redirections[i];

		if (redirection->fd < 0 ||
		    (redirection->kind == REDIRECT_FILE) != (redirection->file != NULL))
			FAULT("redirection %s\n", redirection->spec);
	}
	for (i = 0; i < settings->rule_count; i++)
		if (settings->rules[i].kind && !settings->rules[i].path)
			FAULT("a rule without a path\n");
}

static void clear(struct settings *settings)
{
	free(settings->keep);
	free(settings->map);
	free(settings->cpus);
	free(settings->redirections);
	free(settings->rules);
	free(settings->unset.items);
	free(settings->assignments.items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings settings;
	static int null = -1;
	struct bytes bytes = {data, data + size};
	char *texts[OPTIONS];
	int count = 0, key;

	if (null < 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		message_set_fd(null);
		message_set_program("fuzz");
	}
	memset(&settings, 0, sizeof(settings));
	while (count < OPTIONS && bytes_left(&bytes) > 0) {
		key = take_key(&bytes);
		texts[count] = take_text(&bytes, take(&bytes));
		if (value_store(&settings, key, texts[count++]) < 0)
			break;
		check_numbers(&settings);
		check_lists(&settings);
	}
	clear(&settings);
	while (count > 0)
		free(texts[--count]);
	return 0;
}

/* One of each kind, now and then, so that the first seconds reach all that is read. */
static const struct {
	int key;
	const char *value;
} examples[] = {
	{'m', "posix_spawn"}, {KEY_LEAKS, "allow"}, {KEY_KEEP, "3,7-9"}, {'r', "3<>file"},
	{'r', "0<file"}, {'r', "1>>file"}, {'r', "2>&1"}, {'r', "4>&-"}, {'r', "5<&6-"},
	{'C', "/"}, {KEY_UID, "65534"}, {KEY_INHERITABLE, "+chown,-kill"},
	{KEY_AMBIENT, "+net_raw"}, {KEY_BOUNDING, "-all,+chown"},
	{KEY_SECUREBITS, "+noroot,-noroot_locked"},
	{KEY_ACCESS, "fs:read-file,write-file"}, {KEY_RULE, "path-beneath:execute:/"},
	{KEY_RLIMIT, "nofile=64:128"}, {KEY_RLIMIT, "as=4G"}, {KEY_RLIMIT, "core=:unlimited"},
	{'n', "-20"}, {KEY_OOM, "-1000"}, {KEY_CPUS, "0-6:2,8"}, {KEY_SCHEDULER, "fifo:7"},
	{KEY_IONICE, "best-effort:7"}, {KEY_UMASK, "u=rwx,g-w+x,o=u"}, {KEY_UMASK, "0777"},
	{KEY_SETPGID, "0"}, {KEY_PDEATHSIG, "RTMIN+3"}, {KEY_DEFAULT, "INT,TERM"},
	{KEY_IGNORE, "RTMAX-3"}, {KEY_BLOCK, "SIGHUP,10"}, {KEY_REWRITE, "TERM:QUIT,HUP:0"},
	{'t', "1.5e3m"}, {'k', "infinity"}, {KEY_MAP, "143:0,2:1"}, {KEY_STATUS_FD, "5"},
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
	size_t which = seed / 16 % (sizeof(examples) / sizeof(*examples));
	size_t length = strlen(examples[which].value);
	int key = examples[which].key;

	if (seed % 16 == 0 && room >= size + 2 + length) {
		memmove(data + 2 + length, data, size);
		data[0] = (uint8_t)(key < KEY_EXEC ? key : key - KEY_EXEC + 128);
		data[1] = (uint8_t)length;
		memcpy(data + 2, examples[which].value, length);
		size += 2 + length;
	}
	return LLVMFuzzerMutate(data, size, room);
}
