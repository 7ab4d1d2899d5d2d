/* SPDX-License-Identifier: MIT */
#include "landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../arch/arch.h"
#include "../../kernel.h"
#include "../../names.h"
#include "../../quote.h"
#include "../error.h"
#include "../text.h"

/* What a file has that is no directory: execute, write, read, truncate, ioctl. */
#define OF_FILES UINT64_C(0xc007)

/* Those that came with a later version than the kernel's. */
static void list_missing(struct text *text, uint64_t access, long version)
{
	static const struct {
		const char *name;
		uint64_t bit;
		int since;
	} names[] = {
#define ROW(name, bit, since) {name, bit, since},
		LANDLOCK_NAMES(ROW)
#undef ROW
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (access & names[i].bit && names[i].since > version)
			spu__add_text(text, " %s", names[i].name);
		access &= ~names[i].bit;
	}
	if (access)
		spu__add_text(text, " %#llx", (unsigned long long)access);
}

static int refuse(const struct spu_options *options, int err, struct spu_error *ret_error)
{
	char missing[160] = "";
	struct text text = TEXT_IN(missing);
	long version = syscall3(SYS_landlock_create_ruleset, 0, 0, KERNEL_LANDLOCK_VERSION);

	if (version < 0)
		return spu__error(ret_error, (int)-version, SPU_STEP_LANDLOCK, -1,
				  "landlock: not in this kernel, or not switched on");
	list_missing(&text, options->landlock_access, version);
	if (err != EINVAL || !*missing)
		return spu__error(ret_error, err, SPU_STEP_LANDLOCK, -1, "landlock");
	return spu__refusal(ret_error, ENOTSUP, SPU_STEP_LANDLOCK, -1, "landlock_access: this "
			    "kernel's Landlock is of version %ld, which lacks%s", version, missing);
}

static int add_rule(int ruleset, const struct spu_landlock *rule)
{
	struct kernel_landlock_beneath beneath = {.allowed = rule->access};
	struct stat st;
	long r = 0;
	int fd = open(rule->path, O_PATH | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISDIR(st.st_mode))
		beneath.allowed &= OF_FILES;
	beneath.parent = fd;
	/* No right at all is no rule, and the kernel says so */
	if (r == 0 && beneath.allowed)
		r = syscall4(SYS_landlock_add_rule, ruleset, KERNEL_LANDLOCK_BENEATH,
			     (long)&beneath, 0);
	if (fd >= 0)
		close(fd);
	return (int)r;
}

int spu__make_ruleset(const struct spu_options *options, struct spu_error *ret_error)
{
	const struct kernel_landlock_ruleset attributes = {options->landlock_access};
	const struct spu_landlock *rule;
	int ruleset = (int)syscall3(SYS_landlock_create_ruleset, (long)&attributes,
				    sizeof(attributes), 0), r;

	if (ruleset < 0)
		return refuse(options, -ruleset, ret_error);
	for (rule = options->landlock_rules; rule && rule->kind; rule++) {
		r = add_rule(ruleset, rule);
		if (r == 0)
			continue;
		close(ruleset);
		return spu__error(ret_error, -r, SPU_STEP_LANDLOCK,
				  (int)(rule - options->landlock_rules), "landlock rule %s",
				  QUOTED(rule->path, NAME_SIZE));
	}
	return ruleset;
}
