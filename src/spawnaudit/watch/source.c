/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../look/creators.h"
#include "../look/machine.h"
#include "../record/calls.h"
#include "common/message.h"

#define BTF "/sys/kernel/btf/vmlinux"

/* Built by clang; an ELF file in ours */
extern const unsigned char programs_start[], programs_end[];
__asm__(".pushsection .rodata\n"
	".balign 16\n"
	"programs_start:\n"
	".incbin \"" WATCH_PROGRAMS "\"\n"
	"programs_end:\n"
	".popsection\n");

static struct bpf_object *object;
static struct ring_buffer *ring;
static struct bpf_link *links[8], *iterator;	/* it, until it has been read */
static size_t link_count;
static source_taker *taker;
static int directory = -1;	/* of the cgroup */

/* The last word of its own is all that a user can make something of. */
static int say_why(int err)
{
	if (access(BTF, R_OK) < 0)
		say("--watch: the kernel doesn't describe its types (%s: CONFIG_DEBUG_INFO_BTF)",
		    BTF);
	else if (err == -EPERM)
		say("--watch: BPF isn't allowed: be root, or have CAP_BPF and CAP_PERFMON");
	else
		say("--watch: the kernel doesn't take the BPF programs, which need Linux 5.17: %s",
		    strerror(-err));
	return err;
}

static int be_silent(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level, (void)format, (void)arguments;
	return 0;
}

/* The part of that name, of which the programs are to know before they are loaded */
static void *part(const char *name, size_t needed)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	size_t size = 0;
	void *value = map ? (void *)(uintptr_t)bpf_map__initial_value(map, &size) : NULL;

	return size < needed ? NULL : value;
}

static int set_up(const struct source_choice *choice)
{
	struct event_settings *settings = part(".rodata.settings", sizeof(*settings));
	struct machine_offsets offsets;
	struct stat namespace;

	if (!settings)
		return -EINVAL;
	if (stat("/proc/self/ns/pid", &namespace) < 0)
		return -ENOENT;
	machine_offsets(&offsets);
	*settings = (struct event_settings){
		.own_namespace = (unsigned)namespace.st_ino,
		.in_cgroup = choice->cgroup != NULL,
		.of_some = choice->of_some,
		.sp_offset = offsets.sp,
		.call_offset = offsets.call,
	};
	memcpy(settings->argument_offsets, offsets.arguments, sizeof(offsets.arguments));
	return 0;
}

/* Runs at the end of each call: who doesn't ask for it doesn't pay */
static struct bpf_program *makers(void)
{
	return bpf_object__find_program_by_name(object, "on_made");
}

/* The table begins with one that is none. */
static int set_up_creators(unsigned groups)
{
	static const enum event_where places[] = {
		[MADE_RESULT] = EVENT_RESULT, [MADE_COPY] = EVENT_RESULT,
		[MADE_KEPT] = EVENT_ARGUMENT, [MADE_CLOSED] = EVENT_NOWHERE,
		[MADE_PAIR] = EVENT_PAIR, [MADE_MESSAGE] = EVENT_MESSAGE,
		[MADE_MESSAGES] = EVENT_MESSAGES,
	};
	struct event_creators *all = part(".rodata.creators", sizeof(*all));
	struct event_settings *settings = part(".rodata.settings", sizeof(*settings));
	struct bpf_map *ring_map = bpf_object__find_map_by_name(object, "events");
	const struct creator *table;
	size_t count;

	table = creators_table(&count);
	if (!settings || !all || !makers() || !ring_map || count >= EVENT_CREATORS)
		return -EINVAL;
	/* a stack comes with each: they get what there is more, and no more */
	if (groups) {
		settings->room_for_made = 3 * bpf_map__max_entries(ring_map);
		bpf_map__set_max_entries(ring_map, 4 * bpf_map__max_entries(ring_map));
	}
	for (size_t i = 0; groups && i < count; i++) {
		const struct creator *creator = &table[i];

		if (creator->number >= EVENT_CALLS)
			return -EINVAL;
		all->list[i + 1] = (struct event_creator){
			.call = (unsigned)creator->number,
			.where = (groups & 1u << creator->group) ? places[creator->made]
							       : EVENT_NOWHERE,
			.operation = creator->operation,
			.value = creator->value,
			.pair = creator->pair,
			.path = call_path(creator->number),
		};
		if (!all->first[creator->number])
			all->first[creator->number] = (unsigned char)(i + 1);
		else if (creator->number != table[i - 1].number)
			return -EINVAL;
	}
	return bpf_program__set_autoload(makers(), groups != 0);
}

static int attach(void)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		struct bpf_link *link;

		if (program == makers())
			continue;
		link = bpf_program__attach(program);
		if (!link)
			return -errno;
		if (bpf_program__type(program) == BPF_PROG_TYPE_TRACING &&
		    bpf_program__expected_attach_type(program) == BPF_TRACE_ITER)
			iterator = link;
		else
			links[link_count++] = link;
	}
	return 0;
}

static int take_one(void *context, void *data, size_t size)
{
	(void)context, (void)size;
	taker(data);
	return 0;
}

static int choose_cgroup(const char *cgroup)
{
	int map = bpf_object__find_map_fd_by_name(object, "cgroups"), r = 0;
	uint32_t first = 0;

	if (!cgroup)
		return 0;
	directory = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0 || bpf_map_update_elem(map, &first, &directory, BPF_ANY) < 0) {
		r = -errno;
		say_errno(r == -EBADF ? -ENOTDIR : r, "--cgroup=%s: no cgroup (version 2)",
			  NAMED(cgroup));
	}
	return r;
}

static int load(const struct source_choice *choice)
{
	int r;

	libbpf_set_print(be_silent);
	object = bpf_object__open_mem(programs_start,
				      (uintptr_t)programs_end - (uintptr_t)programs_start, NULL);
	if (!object)
		return say_why(-errno);
	r = set_up(choice);
	if (r == 0)
		r = set_up_creators(choice->creators);
	if (r == 0)
		r = bpf_object__load(object);
	if (r < 0)
		return say_why(r);
	r = choose_cgroup(choice->cgroup);
	if (r < 0)
		return r;
	r = attach();
	if (r < 0)
		return say_why(r);
	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "events"), take_one, NULL,
				NULL);
	return ring ? 0 : say_why(-errno);
}

int source_begin(const struct source_choice *choice)
{
	int r = load(choice);

	if (r < 0)
		source_end();
	return r;
}

/* Reads until there is no more: a line may be cut by the end of the buffer. */
static int read_lines(int fd, source_open_taker *take)
{
	struct event_open lines[64];
	size_t kept = 0, i;
	ssize_t length;

	while ((length = read(fd, (char *)lines + kept, sizeof(lines) - kept)) != 0) {
		if (length < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		kept += length > 0 ? (size_t)length : 0;
		for (i = 0; i < kept / sizeof(*lines); i++)
			take(&lines[i]);
		kept -= i * sizeof(*lines);
		memmove(lines, &lines[i], kept);
	}
	return 0;
}

int source_look(source_open_taker *take)
{
	int fd = bpf_iter_create(bpf_link__fd(iterator)), r;

	if (fd < 0)
		return say_why(-errno);
	r = read_lines(fd, take);
	close(fd);
	return r < 0 ? say_why(r) : 0;
}

void source_choose(pid_t pid)
{
	int map = bpf_object__find_map_fd_by_name(object, "chosen");
	const unsigned char one = 1;
	uint32_t key = (uint32_t)pid;

	bpf_map_update_elem(map, &key, &one, BPF_ANY);
}

int source_tell_makers(void)
{
	if (bpf_program__autoload(makers())) {
		links[link_count] = bpf_program__attach(makers());
		if (!links[link_count])
			return say_why(-errno);
		link_count++;
	}
	bpf_link__destroy(iterator);
	iterator = NULL;
	return 0;
}

int source_poll(source_taker *take, int ms)
{
	taker = take;
	return ring_buffer__poll(ring, ms);
}

/* The directory itself tells nothing when it is removed. */
int source_is_over(void)
{
	return directory >= 0 && faccessat(directory, "cgroup.procs", F_OK, 0) < 0 &&
	       errno == ENOENT;
}

void source_lost(struct event_lost *ret)
{
	int map = bpf_object__find_map_fd_by_name(object, ".bss.lost");
	uint32_t first = 0;

	*ret = (struct event_lost){0};
	bpf_map_lookup_elem(map, &first, ret);
}

void source_end(void)
{
	bpf_link__destroy(iterator);
	iterator = NULL;
	while (link_count > 0)
		bpf_link__destroy(links[--link_count]);
	ring_buffer__free(ring);
	bpf_object__close(object);
	if (directory >= 0)
		close(directory);
	ring = NULL;
	object = NULL;
	directory = -1;
}
