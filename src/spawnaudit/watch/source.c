/* SPDX-License-Identifier: MIT */
#include "source.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../look/machine.h"
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
	else if (err == -EPERM || err == -EACCES)
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

static int set_up(int in_cgroup)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata.settings");
	struct event_settings *settings;
	struct stat namespace;
	size_t size;

	settings = map ? (void *)(uintptr_t)bpf_map__initial_value(map, &size) : NULL;
	if (!settings || size < sizeof(*settings))
		return -EINVAL;
	if (stat("/proc/self/ns/pid", &namespace) < 0)
		return -ENOENT;
	*settings = (struct event_settings){
		.own_namespace = (unsigned)namespace.st_ino,
		.sp_offset = machine_sp_offset(),
		.in_cgroup = in_cgroup,
	};
	return 0;
}

static int attach(void)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		struct bpf_link *link = bpf_program__attach(program);

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

static int load(const char *cgroup)
{
	int r;

	libbpf_set_print(be_silent);
	object = bpf_object__open_mem(programs_start,
				      (uintptr_t)programs_end - (uintptr_t)programs_start, NULL);
	if (!object)
		return say_why(-errno);
	r = set_up(cgroup != NULL);
	if (r == 0)
		r = bpf_object__load(object);
	if (r < 0)
		return say_why(r);
	r = choose_cgroup(cgroup);
	if (r < 0)
		return r;
	r = attach();
	if (r < 0)
		return say_why(r);
	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "events"), take_one, NULL,
				NULL);
	return ring ? 0 : say_why(-errno);
}

int source_begin(const char *cgroup)
{
	int r = load(cgroup);

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
	bpf_link__destroy(iterator);
	iterator = NULL;
	return r < 0 ? say_why(r) : 0;
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

size_t source_lost(void)
{
	int map = bpf_object__find_map_fd_by_name(object, ".bss.lost");
	uint32_t first = 0;
	uint64_t lost = 0;

	bpf_map_lookup_elem(map, &first, &lost);
	return lost;
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
