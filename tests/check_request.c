/* SPDX-License-Identifier: MIT */
/* What a spawn server's child is asked for: to bytes and back. */
#include "requests.h"
#include "support.h"

/* Allocated: what is read beyond it is found by sanitizers and valgrind. */
static char *bytes_of(struct request *request, size_t *ret_size)
{
	char *bytes;

	*ret_size = spu__measure_request(request);
	bytes = malloc(*ret_size);
	ck_assert_int_eq(spu__write_request(request, bytes, *ret_size), 0);
	return bytes;
}

static void assert_same_texts(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	ck_assert_int_eq(!a, !b);
	for (; a && *a; a++, b++)
		ck_assert_str_eq(*a, *b);
	ck_assert(!b || !*b);
}

START_TEST(everything_comes_back_as_it_was)
{
	struct request request = full_request(), back;
	const struct spu_options *a = &request.options, *b = &back.options;
	size_t size, i;
	char *bytes = bytes_of(&request, &size);
	void *room = malloc(REQUEST_ROOM(size));

	ck_assert_uint_eq(spu__request_size(bytes), size);
	ck_assert_int_eq(spu__read_request(bytes, size, &back, room), 0);
	assert_same_texts(request.argv, back.argv);
	assert_same_texts(a->env, b->env);
	assert_same_texts(a->env_set, b->env_set);
	assert_same_texts(a->env_unset, b->env_unset);
	ck_assert_str_eq(b->file, "file");
	ck_assert_str_eq(b->path, "/x:/y");
	ck_assert_str_eq(b->root, "/root");
	ck_assert_str_eq(b->cwd, "c w d");
	ck_assert_str_eq(b->cgroup, "/group");
	ck_assert_str_eq(b->pid_variable, "PID");
	ck_assert_str_eq(b->pid_file, "pid");
	for (i = 0; a->fds[i].kind; i++) {
		ck_assert_int_eq(a->fds[i].kind, b->fds[i].kind);
		ck_assert_int_eq(a->fds[i].fd, b->fds[i].fd);
		ck_assert_int_eq(a->fds[i].from, b->fds[i].from);
		ck_assert_int_eq(a->fds[i].flags, b->fds[i].flags);
	}
	ck_assert_int_eq(b->fds[i].kind, 0);
	ck_assert_str_eq(b->fds[1].path, "out put");
	ck_assert_ptr_null(b->fds[0].path);
	ck_assert_mem_eq(a->limits, b->limits, 3 * sizeof(*a->limits));
	ck_assert_uint_eq(b->group_count, 3);
	ck_assert_mem_eq(a->groups, b->groups, 3 * sizeof(*a->groups));
	ck_assert_uint_eq(b->cpu_count, 2);
	ck_assert_mem_eq(a->cpus, b->cpus, 2 * sizeof(*a->cpus));
	ck_assert_uint_eq(b->landlock_access, 7);
	ck_assert_str_eq(b->landlock_rules[0].path, "/usr");
	ck_assert_str_eq(b->landlock_rules[1].path, "a b");
	ck_assert_uint_eq(b->landlock_rules[1].access, 1);
	ck_assert_int_eq(b->landlock_rules[2].kind, 0);
	ck_assert_uint_eq(b->seccomp_count, 2);
	ck_assert_mem_eq(a->seccomp, b->seccomp, 2 * sizeof(uint64_t));
	ck_assert_mem_eq(&a->uid, &b->uid, sizeof(a->uid));
	ck_assert_mem_eq(&a->umask, &b->umask, sizeof(a->umask));
	ck_assert_uint_eq(b->ignore_signals, SPU_SIGNAL(SIGHUP));
	ck_assert_uint_eq(b->flags, SPU_NO_NEW_PRIVS);
	ck_assert_uint_eq(back.descriptors, 4);
	ck_assert_int_eq(back.deadline_us, 1000000007);
	ck_assert_mem_eq(&request.standing, &back.standing, sizeof(back.standing));
	free(bytes);
	free(room);
}
END_TEST

START_TEST(what_is_not_given_stays_not_given)
{
	char *argv[] = {"x", NULL}, *none[] = {NULL};
	const gid_t no_groups[1] = {9};
	struct request request = {.argv = argv, .options = SPU_OPTIONS_INIT}, back;
	size_t size;
	char *bytes, *room;

	request.options.env = none;
	request.options.groups = no_groups;
	bytes = bytes_of(&request, &size);
	room = malloc(REQUEST_ROOM(size));
	ck_assert_int_eq(spu__read_request(bytes, size, &back, room), 0);
	ck_assert_ptr_null(back.options.file);
	ck_assert_ptr_null(back.options.cwd);
	ck_assert_ptr_null(back.options.env_set);
	ck_assert_ptr_null(back.options.fds);
	ck_assert_ptr_null(back.options.limits);
	ck_assert_ptr_null(back.options.cpus);
	ck_assert_ptr_null(back.options.seccomp);
	ck_assert_ptr_null(back.options.landlock_rules);
	/* nothing, which isn't the same as not given */
	ck_assert_ptr_nonnull(back.options.env);
	ck_assert_ptr_null(back.options.env[0]);
	ck_assert_ptr_nonnull(back.options.groups);
	ck_assert_uint_eq(back.options.group_count, 0);
	free(bytes);
	free(room);
}
END_TEST

/* The caller's addresses mean nothing to who reads. */
START_TEST(no_pointer_is_taken_over)
{
	struct request request = full_request(), back;
	int number;
	struct spu_fd fds[] = {SPU_PIPE_IN(0, &number), {0}};
	size_t size;
	char *bytes, *room;

	request.options.fds = fds;
	request.options.server = (void *)&number;
	request.options.ret_exit = (void *)&number;
	bytes = bytes_of(&request, &size);
	room = malloc(REQUEST_ROOM(size));
	ck_assert_int_eq(spu__read_request(bytes, size, &back, room), 0);
	ck_assert_ptr_null(back.options.server);
	ck_assert_ptr_null(back.options.ret_exit);
	ck_assert_ptr_null(back.options.fds[0].ret_fd);
	free(bytes);
	free(room);
}
END_TEST

START_TEST(what_is_cut_short_or_too_long_is_refused)
{
	struct request request = full_request(), back;
	size_t size, cut;
	char *bytes = bytes_of(&request, &size);

	for (cut = 0; cut <= size + 8; cut++) {
		/* a head that tells the truth about the rest */
		uint32_t told = (uint32_t)cut;
		char *copy = calloc(1, cut ? cut : 1), *room = malloc(REQUEST_ROOM(cut));

		memcpy(copy, bytes, cut < size ? cut : size);
		if (cut >= REQUEST_HEAD)
			memcpy(copy + 12, &told, sizeof(told));
		ck_assert_int_eq(spu__read_request(copy, cut, &back, room),
				 cut == size ? 0 : -EPROTO);
		free(copy);
		free(room);
	}
	free(bytes);
}
END_TEST

START_TEST(another_versions_request_is_none)
{
	struct request request = full_request();
	size_t size, i;
	char *bytes = bytes_of(&request, &size);

	for (i = 0; i < 12; i++) {
		bytes[i] ^= 1;
		ck_assert_uint_eq(spu__request_size(bytes), 0);
		bytes[i] ^= 1;
	}
	ck_assert_uint_eq(spu__request_size(bytes), size);
	free(bytes);
}
END_TEST

/* Any byte is any other: what is read stays in the bytes and in the room. */
START_TEST(a_changed_byte_is_never_read_beyond)
{
	struct request request = full_request(), back;
	size_t size, i;
	char *bytes = bytes_of(&request, &size);
	static const int changes[] = {0x01, 0x7f, 0x80, 0xff};

	for (i = 0; i < 4 * size; i++) {
		char *copy = malloc(size), *room = malloc(REQUEST_ROOM(size));

		memcpy(copy, bytes, size);
		copy[i / 4] ^= (char)changes[i % 4];
		if (spu__read_request(copy, size, &back, room) == 0)
			ck_assert_uint_gt(spu__measure_request(&back), 0);
		free(copy);
		free(room);
	}
	free(bytes);
}
END_TEST

/* As when another thread has called setenv() meanwhile. */
START_TEST(what_has_changed_since_it_was_measured_is_told)
{
	char *env[] = {"A=1", "B=2", NULL}, *longer[] = {"A=1", "B=2222", NULL};
	char *shorter[] = {"A=1", NULL};
	struct request request = full_request();
	size_t size;
	char *bytes;

	request.options.env = env;
	size = spu__measure_request(&request);
	bytes = malloc(size);
	request.options.env = longer;
	ck_assert_int_eq(spu__write_request(&request, bytes, size), -EAGAIN);
	request.options.env = shorter;
	ck_assert_int_eq(spu__write_request(&request, bytes, size), -EAGAIN);
	request.options.env = env;
	ck_assert_int_eq(spu__write_request(&request, bytes, size), 0);
	free(bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("request");
	TCase *tests = tcase_create("tests");

	tcase_add_test(tests, everything_comes_back_as_it_was);
	tcase_add_test(tests, what_is_not_given_stays_not_given);
	tcase_add_test(tests, no_pointer_is_taken_over);
	tcase_add_test(tests, what_is_cut_short_or_too_long_is_refused);
	tcase_add_test(tests, another_versions_request_is_none);
	tcase_add_test(tests, a_changed_byte_is_never_read_beyond);
	tcase_add_test(tests, what_has_changed_since_it_was_measured_is_told);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
