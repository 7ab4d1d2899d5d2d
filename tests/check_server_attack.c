/* SPDX-License-Identifier: MIT */
/*
 * What somebody could try to get out of a spawn server, or what a bad moment could
 * make of it: rights that were given up, a launch after its end was told, the death
 * of another process, a launch that never comes back.
 */
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "held_up.h"
#include "launches.h"
#include "lib/launch/ends.h"
#include "lib/server/channel.h"
#include "lib/server/given_up.h"
#include "lib/server/standing.h"

#define SUITE "server_attack"

/*
 * ---- Rights
 */

static void start_with_two_identities(void)
{
	struct spu_server *server = NULL;
	struct spu_error error;

	ck_assert_int_eq(setresuid(65534, 0, 0), 0);
	ck_assert_int_eq(spu_server_start(&server, SPU_SERVER_OPTIONS(.program = server_program()),
					  &error), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(error.text, "real, effective and saved ids differ"));
	ck_assert_ptr_null(server);
	assert_no_child();
}

START_TEST(a_process_of_two_identities_gets_no_server)
{
	NEED_ROOT();
	in_own_process(start_with_two_identities);
}
END_TEST

/* All that a launch has to say, without a look at who says it. */
static void send_request(int socket, char *const argv[])
{
	char *const env[] = {"PATH=/usr/bin:/bin", NULL};
	int directory = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct request request = {
		.argv = argv, .descriptors = 1,
		.options = {.size = sizeof(request.options), .env = env, .path = "/usr/bin:/bin"},
	};
	struct spu_error error;
	size_t size;
	char *bytes;

	ASSERT_OK(spu__read_standing(&request.standing, &error), error);
	size = spu__measure_request(&request);
	bytes = malloc(size);
	ck_assert_int_eq(spu__write_request(&request, bytes, size), 0);
	ck_assert_int_eq(spu__send(socket, bytes, size, &directory, 1), (ssize_t)size);
	spu__send(socket, "", 1, NULL, 0);	/* to go, if the child is there still */
	close(directory);
	free(bytes);
}

/* What the child says in the end: FAILED; or nothing, since it has executed the program. */
static struct answer last_answer(int socket)
{
	struct answer answer = {0}, last = {0};
	struct pollfd polled = {.fd = socket, .events = POLLIN};
	struct sender sender;
	ssize_t got;

	while ((got = spu__receive(socket, &answer, sizeof(answer), NULL, NULL, &sender)) != 0) {
		if (got < 0 && got != -EAGAIN)
			break;
		if (got < 0)
			poll(&polled, 1, -1);
		else if (answer.word == FAILED)
			last = answer;
	}
	return last;
}

/* The socket's maker, whom the kernel remembers, had rights that its sender hasn't. */
static void launch_by_a_socket_from_before(void)
{
	struct spu_server *server = start_server(0);
	int sockets[2], status = -1;
	struct answer answer;

	ck_assert_int_eq(spu__make_sockets(SOCK_STREAM, sockets), 0);
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ck_assert_int_eq(spu__send(server->socket, "", 1, &sockets[1], 1), 1);
	close(sockets[1]);
	send_request(sockets[0], SPU_ARGV("sh", "-c", "exit $(id -u)"));
	answer = last_answer(sockets[0]);
	ck_assert_uint_eq(answer.word, FAILED);
	ck_assert_int_eq(answer.error.err, EPERM);
	ck_assert_uint_eq(answer.error.step, SPU_STEP_UID);
	spu_server_stop(server);
	ck_assert_int_gt(waitpid(-1, &status, 0), 0);
	ck_assert_int_eq(status, 127 << 8);
}

START_TEST(a_socket_from_before_gives_no_rights_back)
{
	NEED_ROOT();
	in_own_process(launch_by_a_socket_from_before);
}
END_TEST

/* As a service that a manager starts as a user, with a capability. */
static void become_a_user_who_may_change_ids(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	const unsigned rights = 1u << CAP_SETUID | 1u << CAP_SETGID;
	const struct __user_cap_data_struct data[2] = {{rights, rights, rights}, {0, 0, 0}};

	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(setresuid(65533, 65533, 65533), 0);
	ck_assert_int_eq(syscall(SYS_capset, &head, data), 0);
	ck_assert_int_eq(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETUID, 0, 0), 0);
}

static void change_ids_and_give_up_capabilities(void)
{
	struct spu_server *server;
	int status;

	become_a_user_who_may_change_ids();
	server = start_server(0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	ck_assert_int_eq(spu_run(SPU_ARGV("sh", "-c", "test $(id -u) = 65534 && "
			"grep -q '^CapEff:.0000000000000000$' /proc/self/status"),
			SPU_OPTIONS(.server = server), &status, NULL), 0);
	ck_assert_int_eq(status, 0);
	/* it isn't ours to kill, and is gone all the same */
	spu_server_stop(server);
	assert_no_child();
}

START_TEST(other_ids_leave_nothing_of_the_servers_capabilities)
{
	NEED_ROOT();
	if (THREAD_SANITIZER)
		SKIP(SUITE, "ThreadSanitizer has a thread of its own, which lacks the right");
	in_own_process(change_ids_and_give_up_capabilities);
}
END_TEST

static void launch_with_ids_for_files(void)
{
	struct spu_server *server = start_server(0);
	struct spu_error error;

	setfsuid(65534);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.server = server), NULL, &error),
			 -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(error.text, "setfsuid"));
	spu_server_stop(server);
	assert_no_child();
}

START_TEST(ids_for_files_are_refused)
{
	NEED_ROOT();
	in_own_process(launch_with_ids_for_files);
}
END_TEST

/*
 * ---- Launches that were given up
 */

/* The gate is opened at once; what the program would write, had it run, is read to the end. */
static void launch_late(struct spu_options options)
{
	struct spu_server *server = start_server(0);
	struct spu_error error;
	struct spu_child child;
	int output[2], gate;

	ck_assert_int_eq(pipe2(output, O_CLOEXEC), 0);
	options.size = sizeof(options);
	options.server = server;
	options.cwd = scratch();
	options.timeout_ms = 700;
	options.fds = SPU_FDS(SPU_OPEN(0, GATE, O_RDONLY), SPU_MAP(1, output[1]));
	ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("echo", "late"), &options, &error), -ETIMEDOUT);
	gate = open_gate();
	ck_assert_int_ge(gate, 0);
	close(output[1]);
	ck_assert_str_eq(read_all(output[0]), "");
	close(gate);
	spu_server_stop(server);
	assert_no_child();
}

static void launch_late_with_own_ids(void)
{
	launch_late((struct spu_options){0});
}

/* Such a child this process may not kill: a timer of its own does. */
static void launch_late_as_another(void)
{
	become_a_user_who_may_change_ids();
	launch_late((struct spu_options){.uid = SPU_SET(65534), .flags = SPU_KEEP_GROUPS});
}

START_TEST(what_was_given_up_never_runs)
{
	make_gate();
	ck_assert_int_eq(chmod(scratch(), 0755), 0);
	in_own_process(launch_late_with_own_ids);
	if (geteuid() == 0)
		in_own_process(launch_late_as_another);
}
END_TEST

static pid_t *shared_server;

static void launch_in_vain(void)
{
	struct spu_server *server = start_server(0);
	struct spu_child child;
	struct spu_error error;

	*shared_server = server->process.pid;
	ck_assert_int_eq(spu_spawn(&child, SPU_ARGV("true"), SPU_OPTIONS(
			.server = server, .cwd = scratch(), .timeout_ms = 1500,
			.fds = SPU_FDS(SPU_OPEN(0, GATE, O_RDONLY))), &error), -ETIMEDOUT);
	spu_server_stop(server);
	assert_no_child();
	_exit(0);
}

/* The child's timer comes first. */
START_TEST(a_caller_that_sleeps_over_the_deadline_is_told_of_it)
{
	char text[16];
	pid_t caller, child = 0;
	siginfo_t ended = {.si_pid = 0};
	int status;

	NEED_OWN_CHILD(SUITE);
	shared_server = mmap(NULL, sizeof(pid_t), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared_server, MAP_FAILED);
	make_gate();
	caller = fork();
	if (caller == 0)
		launch_in_vain();
	/* on a very busy machine it may be over before */
	while (!*shared_server || !(child = find_other_child(caller, *shared_server, 0)) ||
	       !is_in_open(child)) {
		ck_assert_int_eq(waitid(P_PID, (id_t)caller, &ended, WEXITED | WNOHANG | WNOWAIT), 0);
		if (ended.si_pid)
			break;
		usleep(1000);
	}
	ck_assert_int_eq(kill(caller, SIGSTOP), 0);
	snprintf(text, sizeof(text), "%d", (int)child);
	while (!ended.si_pid && parent_of(text, 'Z') != caller)
		usleep(1000);
	ck_assert_int_eq(kill(caller, SIGCONT), 0);
	ck_assert_int_eq(waitpid(caller, &status, 0), caller);
	ck_assert_int_eq(status, 0);
}
END_TEST

static void launch_without_timers(void)
{
	struct rlimit none = {0, 0};
	struct spu_server *server;
	struct spu_error direct, served;

	ck_assert_int_eq(setrlimit(RLIMIT_SIGPENDING, &none), 0);
	server = start_server(0);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.timeout_ms = 100000), NULL,
				 &direct), -EAGAIN);
	ck_assert_int_eq(spu_run(SPU_ARGV("true"), SPU_OPTIONS(.timeout_ms = 100000,
			.server = server), NULL, &served), -EAGAIN);
	ck_assert_str_eq(direct.text, served.text);
	ck_assert_uint_eq(served.step, SPU_STEP_DEADLINE);
	spu_server_stop(server);
	assert_no_child();
}

START_TEST(where_no_timer_is_to_be_had_there_is_no_deadline)
{
	in_own_process(launch_without_timers);
}
END_TEST

/* It is free. By clone3(2), since Linux 5.5. */
static pid_t fork_with_number(pid_t number)
{
	struct kernel_clone_args wanted = {.exit_signal = SIGCHLD, .set_tid_size = 1,
					   .set_tid = (uint64_t)(uintptr_t)&number};
	long pid = syscall(SYS_clone3, &wanted, offsetof(struct kernel_clone_args, cgroup));

	if (pid == 0)
		for (;;)
			pause();
	return (pid_t)pid;
}

/* Gives a child up, which somebody else reaps, as a handler of SIGCHLD does. Its number. */
static pid_t give_up_and_lose(struct spu_server *server)
{
	struct given_up *entry = calloc(1, sizeof(*entry));
	pid_t pid = fork();
	int sockets[2];

	if (pid == 0)
		for (;;)
			pause();
	ck_assert_int_eq(spu__make_sockets(SOCK_STREAM, sockets), 0);
	close(sockets[1]);
	*entry = (struct given_up){.socket = sockets[0], .pid = pid, .pidfd = -1};
	spu__give_up(server, entry);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	return pid;
}

START_TEST(a_number_that_is_another_childs_by_now_is_let_alone)
{
	struct spu_server *server = start_server(0);
	pid_t first, second;
	int status;

	if (!has_pidfds())
		SKIP(SUITE, "no pidfd is to be had");
	do {	/* others make processes, too */
		first = give_up_and_lose(server);
		second = fork_with_number(first);
	} while (second < 0 && errno == EEXIST);
	if (second < 0 && (errno == ENOSYS || errno == EPERM))
		SKIP(SUITE, "no number can be chosen for a process");
	ck_assert_int_eq(second, first);
	ck_assert_uint_eq(spu__sweep(server), 0);
	ck_assert_int_eq(waitpid(second, NULL, WNOHANG), 0);
	/* by nothing else was it signalled */
	ck_assert_int_eq(kill(second, SIGTERM), 0);
	ck_assert_int_eq(waitpid(second, &status, 0), second);
	ck_assert_int_eq(status, SIGTERM);
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

/*
 * ---- A copy of the process, which has the child's end of a launch's socket
 */

struct launching {
	struct spu_server *server;
	const struct spu_fd *fds;
	int timeout_ms;
	int r;
	struct spu_error error;
	struct spu_child child;
	atomic_int is_over;
};

static void *launch(void *argument)
{
	struct launching *launching = argument;

	launching->r = spu_spawn(&launching->child, SPU_ARGV("true"), SPU_OPTIONS(
			.server = launching->server, .cwd = scratch(), .fds = launching->fds,
			.timeout_ms = launching->timeout_ms), &launching->error);
	atomic_store(&launching->is_over, 1);
	return NULL;
}

static int count_sockets(void)
{
	struct stat st;
	int fd, count = 0;

	for (fd = 0; fd < 1024; fd++)
		count += fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
	return count;
}

/* The queue of a stopped server is full: the launch stands still while it has both ends. */
static pid_t copy_beside(struct launching *launching, pthread_t *ret_thread)
{
	struct spu_server *server = launching->server;
	int before = count_sockets();
	pid_t copy;

	stop_server(server);
	while (send(server->socket, "", 1, MSG_DONTWAIT) == 1)
		;
	ck_assert_int_eq(pthread_create(ret_thread, NULL, launch, launching), 0);
	while (count_sockets() < before + 2)
		usleep(1000);
	copy = fork();
	if (copy == 0)
		for (;;)
			pause();
	ck_assert_int_eq(kill(server->process.pid, SIGCONT), 0);
	return copy;
}

static void end_copy(pid_t copy)
{
	ck_assert_int_eq(kill(copy, SIGKILL), 0);
	ck_assert_int_eq(waitpid(copy, NULL, 0), copy);
}

START_TEST(a_copy_of_the_process_does_not_hold_a_launch_up)
{
	struct launching launching = {.server = start_server(0)};
	pthread_t thread;
	pid_t copy = copy_beside(&launching, &thread);

	pthread_join(thread, NULL);
	ASSERT_OK(launching.r, launching.error);
	ck_assert_int_eq(spu_wait(&launching.child, -1, NULL), 0);
	spu_child_release(&launching.child);
	end_copy(copy);
	spu_server_stop(launching.server);
	assert_no_child();
}
END_TEST

START_TEST(a_child_killed_beside_a_copy_is_told)
{
	struct launching launching = {.server = start_server(0),
				      .fds = SPU_FDS(SPU_OPEN(0, GATE, O_RDONLY))};
	pthread_t thread;
	pid_t copy, child;

	make_gate();
	copy = copy_beside(&launching, &thread);
	child = await_served_child_at_gate(launching.server, copy, &launching.is_over);
	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	pthread_join(thread, NULL);
	ck_assert_int_eq(launching.r, -ECANCELED);
	ck_assert_int_eq(launching.error.signal, SIGKILL);
	end_copy(copy);
	spu_server_stop(launching.server);
	assert_no_child();
}
END_TEST

/* This test is the server, and holds the child's end: before the word to go it is the same. */
START_TEST(a_child_that_ends_with_its_request_unread_is_told)
{
	struct spu_server *server = start_server(0);
	struct launching launching = {.server = server};
	struct answer cloned = {.word = SERVER_CLONED};
	int queue[2], real = server->socket, end;
	size_t count = 1;
	pthread_t thread;
	char byte;

	ck_assert_int_eq(spu__make_sockets(SOCK_SEQPACKET, queue), 0);
	server->socket = queue[0];
	ck_assert_int_eq(pthread_create(&thread, NULL, launch, &launching), 0);
	while (spu__receive(queue[1], &byte, 1, &end, &count, NULL) != 1)
		count = 1;
	cloned.pid = fork();
	if (cloned.pid == 0)
		_exit(0);
	ck_assert_int_eq(spu__send(end, &cloned, sizeof(cloned), NULL, 0), sizeof(cloned));
	pthread_join(thread, NULL);
	ck_assert_int_eq(launching.r, -ECANCELED);
	server->socket = real;
	spu_server_stop(server);
	assert_no_child();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(SUITE);
	TCase *tests = add_case(suite);

	tcase_set_timeout(tests, 200);
	tcase_add_test(tests, a_process_of_two_identities_gets_no_server);
	tcase_add_test(tests, a_socket_from_before_gives_no_rights_back);
	tcase_add_test(tests, other_ids_leave_nothing_of_the_servers_capabilities);
	tcase_add_test(tests, ids_for_files_are_refused);
	tcase_add_test(tests, what_was_given_up_never_runs);
	tcase_add_test(tests, a_caller_that_sleeps_over_the_deadline_is_told_of_it);
	tcase_add_test(tests, where_no_timer_is_to_be_had_there_is_no_deadline);
	tcase_add_test(tests, a_number_that_is_another_childs_by_now_is_let_alone);
	tcase_add_test(tests, a_copy_of_the_process_does_not_hold_a_launch_up);
	tcase_add_test(tests, a_child_killed_beside_a_copy_is_told);
	tcase_add_test(tests, a_child_that_ends_with_its_request_unread_is_told);
	return run_suite(suite);
}
