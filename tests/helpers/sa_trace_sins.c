/* SPDX-License-Identifier: MIT */
/*
 * Commits one sin of launching, named by its argument, or the same launch as it
 * should be: the name with "mended-" before it. Exits 0 when all went as meant.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "spawnutil.h"

#define STACK 65536

extern char **environ;

static char *const program[] = {"/bin/true", NULL};
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int held[2];

static int end_of(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static void *hold_mutex(void *context)
{
	pthread_mutex_lock(&mutex);
	if (write(held[1], "", 1) != 1)
		abort();
	pause();
	return context;
}

/* A thread that has the mutex, for ever. */
static void make_holder(void)
{
	pthread_t thread;
	char byte;

	if (pipe2(held, O_CLOEXEC) < 0 || pthread_create(&thread, NULL, hold_mutex, NULL) ||
	    read(held[0], &byte, 1) != 1)
		abort();
}

static void leak_socket(void)
{
	if (socket(AF_INET, SOCK_STREAM, 0) < 0 || open("/etc/passwd", O_RDONLY) < 0)
		abort();
}

static int spawn_true(void)
{
	pid_t pid;

	return posix_spawn(&pid, program[0], NULL, NULL, program, environ) ? -1 : end_of(pid);
}

static int run_true(void)
{
	int status = -1;

	return spu_run(program, NULL, &status, NULL) < 0 ? -1 : status;
}

static int leak(void)
{
	leak_socket();
	return spawn_true();
}

static int leak_from_place(int count)
{
	leak_socket();
	for (int i = 0; i < count; i++)
		if (spawn_true() != 0)
			return -1;
	return 0;
}

static int leak_often(void)
{
	return leak_from_place(12);
}

/* By file actions under one number, and by a fork's own call under ever another. */
static int give(void)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, open("/etc/passwd", O_RDONLY | O_CLOEXEC), 90);
	for (int i = 0; i < 6; i++) {
		if (posix_spawn(&pid, program[0], &actions, NULL, program, environ) || end_of(pid))
			return -1;
		int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

		pid = fork();
		if (pid == 0) {
			fcntl(fd, F_SETFD, 0);
			execv(program[0], program);
			_exit(127);
		}
		if (end_of(pid))
			return -1;
	}
	posix_spawn_file_actions_destroy(&actions);
	return 0;
}

static int give_and_leak(void)
{
	leak_socket();
	return give();
}

static int mended_leak(void)
{
	leak_socket();
	return run_true();
}

static void allocate(void)
{
	void *volatile memory = malloc(1 << 22);

	free(memory);
}

static int work(void)
{
	pid_t pid;

	make_holder();
	pid = fork();
	if (pid == 0) {
		time_t now = 0;
		struct tm tm;

		allocate();
		setenv("TZ", "Europe/Berlin", 1);
		tzset();
		localtime_r(&now, &tm);
		execv(program[0], program);
		_exit(127);
	}
	return end_of(pid);
}

/* In a process with threads a fork, what is given in the copy, and exec */
static int fork_and(void (*sin)(void))
{
	pid_t pid;

	make_holder();
	pid = fork();
	if (pid == 0) {
		sin();
		execv(program[0], program);
		_exit(127);
	}
	return end_of(pid);
}

/* In a process that has done so before */
static int fork_and_again(void (*sin)(void))
{
	sin();
	return fork_and(sin);
}

static void read_clock(void)
{
	time_t now = 0;

	localtime(&now);
}

static int local_time(void)
{
	unsetenv("TZ");
	return fork_and_again(read_clock);
}

static void make_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, hold_mutex, NULL))
		abort();
}

static int thread(void)
{
	return fork_and(make_thread);
}

static int log_socket;

static void send_line(void)
{
	if (send(log_socket, "line", 4, MSG_NOSIGNAL) != 4)
		abort();
}

static void send_message(void)
{
	struct iovec line = {"line", 4};
	struct msghdr message = {.msg_iov = &line, .msg_iovlen = 1};

	if (sendmsg(log_socket, &message, MSG_NOSIGNAL) != 4)
		abort();
}

/* As syslog() does with its socket from before the fork; the server is in dev/log here. */
static int log_to_server(void (*log)(void))
{
	struct sockaddr_un address = {AF_UNIX, "./dev/log"};
	int server = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	log_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	mkdir("dev", 0700);
	unlink(address.sun_path);
	if (bind(server, (void *)&address, sizeof(address)) < 0 ||
	    connect(log_socket, (void *)&address, sizeof(address)) < 0)
		abort();
	return fork_and(log);
}

static int log_send(void)
{
	return log_to_server(send_line);
}

static int log_sendmsg(void)
{
	return log_to_server(send_message);
}

static void open_files(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sendto(fd, "line", 4, 0, (void *)&address, sizeof(address));
	send_line();
	open("run.socket", O_RDONLY | O_CLOEXEC | O_CREAT, 0600);
	open("/etc/hosts.allow", O_RDONLY | O_CLOEXEC);
	access("/etc/localtime", R_OK);
}

/* On POSIX's list: messages to whom isn't the log, files whose names only look like others */
static int safe_calls(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	log_socket = pair[0];
	return fork_and(open_files);
}

static void *fork_often(void *context)
{
	int *result = context;

	for (int i = 0; i < 50 && *result == 0; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execv(program[0], program);
			_exit(127);
		}
		*result = end_of(pid);
	}
	return NULL;
}

/* They wait for one another in libc's fork, and the copies wake nobody. */
static int forks_by_threads(void)
{
	pthread_t threads[4];
	int results[4] = {0}, result = 0;

	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, fork_often, &results[i]))
			abort();
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		result |= results[i];
	}
	return result;
}

static int no_exec(void)
{
	pid_t pid;

	make_holder();
	pid = fork();
	if (pid == 0) {
		allocate();
		_exit(0);
	}
	return end_of(pid);
}

/* Is it asleep in a system call? Nothing else lets this child sleep. */
static int sleeps(pid_t pid)
{
	char path[32], line[256] = "";
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	stream = fopen(path, "re");
	if (!stream || !fgets(line, sizeof(line), stream))
		abort();
	fclose(stream);
	return strstr(line, ") S") != NULL;
}

/*
 * Once it sleeps, as long again as it took to get there, and then some: who looks at it
 * from time to time has seen it.
 */
static int kill_asleep(pid_t pid, int some, int with)
{
	const struct timespec moment = {0, 10000000};
	int before = 0;

	for (; !sleeps(pid); before++)
		nanosleep(&moment, NULL);
	for (int after = -some; after < before; after++)
		nanosleep(&moment, NULL);
	kill(pid, with);
	return WIFSIGNALED(end_of(pid)) ? 0 : -1;
}

static int stuck_signal = SIGKILL;

/* Not for as long as others that are stuck, and not while it is looked at for the first time */
static int stuck(void)
{
	pid_t pid;

	make_holder();
	pid = fork();
	if (pid == 0) {
		pthread_mutex_lock(&mutex);
		execv(program[0], program);
		_exit(127);
	}
	return kill_asleep(pid, 150, stuck_signal);
}

static int fork_and_hang(void (*hang)(void))
{
	pid_t pid;

	make_holder();
	pid = fork();
	if (pid == 0) {
		hang();
		_exit(0);
	}
	return kill_asleep(pid, 150, SIGKILL);
}

static void make_calls(int count)
{
	for (int i = 0; i < count; i++)
		syscall(SYS_getppid);
}

static void wait_late(void)
{
	make_calls(2000);
	pthread_mutex_lock(&mutex);
}

/* More than are recorded, and then it waits. */
static int hang_late(void)
{
	return fork_and_hang(wait_late);
}

static void wait_now(void)
{
	pthread_mutex_lock(&mutex);
}

/* Marked as shared between processes, and in no shared memory */
static int hang_shared(void)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&mutex, &attributes);
	return fork_and_hang(wait_now);
}

static void give_up(void)
{
	struct timespec limit;

	for (int i = 0; i < 3; i++) {
		clock_gettime(CLOCK_REALTIME, &limit);
		limit.tv_sec += limit.tv_nsec >= 990000000;
		limit.tv_nsec = (limit.tv_nsec + 10000000) % 1000000000;
		pthread_mutex_timedlock(&mutex, &limit);
	}
	nanosleep(&(struct timespec){1, 500000000}, NULL);
}

/* Tries, gives up and is at work with something else, for long. */
static int tries(void)
{
	return fork_and(give_up);
}

static void wait_often(void)
{
	struct timespec limit;

	do {
		clock_gettime(CLOCK_REALTIME, &limit);
		limit.tv_nsec += 50000000;
		limit.tv_sec += limit.tv_nsec / 1000000000;
		limit.tv_nsec %= 1000000000;
	} while (pthread_mutex_timedlock(&mutex, &limit) != 0);
}

static int hang_timed(void)
{
	return fork_and_hang(wait_often);
}

static void wait_for_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, hold_mutex, NULL) == 0)
		pthread_join(thread, NULL);
}

static int hang_join(void)
{
	return fork_and_hang(wait_for_thread);
}

static void wait_semaphore(void)
{
	sem_t semaphore;

	sem_init(&semaphore, 0, 0);
	sem_wait(&semaphore);
}

static int hang_semaphore(void)
{
	return fork_and_hang(wait_semaphore);
}

static void fail_to_execute(void)
{
	execv("/nonesuch", program);
	for (;;)
		pause();
}

/* What it does next is no way to an exec any more. */
static int failed_exec(void)
{
	return fork_and_hang(fail_to_execute);
}

static sem_t posted;

static void post(int number)
{
	(void)number;
	sem_post(&posted);
}

/* Longer than it takes to be called stuck */
static void wait_for_signal(int number)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = number};
	struct itimerspec limit = {.it_value = {1, 500000000}};
	int timer;

	sem_init(&posted, 0, 0);
	signal(number, post);
	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) < 0 ||
	    syscall(SYS_timer_settime, timer, 0, &limit, NULL) < 0)
		abort();
	while (sem_wait(&posted) < 0)
		;
}

static void wait_for_work(void)
{
	wait_for_signal(SIGUSR1);
}

static void wait_for_end(void)
{
	wait_for_signal(SIGTERM);
}

/* It waits, and then a handler wakes it */
static int woken(void)
{
	return fork_and(wait_for_work);
}

/* The same, by what ends others */
static int woken_to_end(void)
{
	return fork_and(wait_for_end);
}

static void make_900_calls(void)
{
	make_calls(900);
}

static int calls(void)
{
	return fork_and(make_900_calls);
}

static const char *other_end;

/* The only child, once there is one that sleeps; where the kernel doesn't tell, after a while */
static void wait_for_sleeper(void)
{
	const struct timespec moment = {0, 10000000};
	char path[64];
	int pid = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	for (int i = 0; !pid || !sleeps(pid); i++) {
		FILE *stream = fopen(path, "re");

		if (!stream && i == 100)
			return;
		if (stream && fscanf(stream, "%d", &pid) != 1)
			pid = 0;
		if (stream)
			fclose(stream);
		nanosleep(&moment, NULL);
	}
}

/* Opens the other end of the FIFO once the child has waited there for two seconds. */
static void *open_late(void *context)
{
	wait_for_sleeper();
	nanosleep(&(struct timespec){2, 0}, NULL);
	return open(other_end, O_WRONLY | O_CLOEXEC) < 0 ? context : NULL;
}

static int spawn_from(const char *fifo)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, fifo, O_RDONLY, 0);
	return posix_spawn(&pid, program[0], &actions, NULL, program, environ) ? -1 : end_of(pid);
}

static int held_up(void)
{
	pthread_t thread;

	other_end = "fifo";
	if (mkfifo(other_end, 0600) < 0 || pthread_create(&thread, NULL, open_late, NULL))
		abort();
	return spawn_from(other_end);
}

static void *leave(void *context)
{
	wait_for_sleeper();
	nanosleep(&(struct timespec){2, 0}, NULL);
	_exit(context != NULL);
}

/* The program ends while one of its threads is suspended; nobody opens the other end. */
static int held_up_for_ever(void)
{
	pthread_t thread;

	if (mkfifo("fifo", 0600) < 0 || pthread_create(&thread, NULL, leave, NULL))
		abort();
	return spawn_from("fifo");
}

static int stuck_interrupted(void)
{
	stuck_signal = SIGINT;
	return stuck();
}

/* The child waits while its parent ends: it is there still when the program isn't. */
static int stuck_behind(void)
{
	const struct timespec moment = {0, 10000000};
	pid_t pid;

	make_holder();
	pid = fork();
	if (pid == 0) {
		alarm(60);
		pthread_mutex_lock(&mutex);
		_exit(0);
	}
	while (!sleeps(pid))
		nanosleep(&moment, NULL);
	printf("%d\n", (int)pid);
	return 0;
}

static int mended_threads(void)
{
	make_holder();
	return run_true();
}

static int threads_exec(void)
{
	pid_t pid;

	make_holder();
	pid = fork();
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		dup2(2, 1);
		execv(program[0], program);
		_exit(127);
	}
	return end_of(pid);
}

static int threads_libc(void)
{
	FILE *stream;

	make_holder();
	if (spawn_true() != 0 || system("exit 0") != 0)
		return -1;
	stream = popen("exit 0", "r");
	return stream ? pclose(stream) : -1;
}

/* fork in a process with threads, and what does the work is a copy of the copy */
static int work_of_copy(void)
{
	pid_t pid;

	make_holder();
	pid = fork();
	if (pid == 0) {
		pid = fork();
		if (pid == 0) {
			allocate();
			execv(program[0], program);
			_exit(127);
		}
		_exit(end_of(pid) != 0);
	}
	return end_of(pid);
}

static int missing(void)
{
	static char *const nonesuch[] = {"/nonesuch", NULL};
	pid_t pid;

	return posix_spawn(&pid, nonesuch[0], NULL, NULL, nonesuch, environ) == ENOENT ? 0 : -1;
}

/*
 * Shapes
 */

static int exec_true(void *context)
{
	(void)context;
	execv(program[0], program);
	_exit(127);
}

static int clone_true(int flags)
{
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	if (stack == MAP_FAILED)
		return -1;
	pid = clone(exec_true, stack + STACK, flags, NULL);
	return pid < 0 ? -1 : end_of(pid);
}

static int clone_vm(void)
{
	return clone_true(CLONE_VM | SIGCHLD);
}

static int clone_vfork(void)
{
	return clone_true(CLONE_VM | CLONE_VFORK | SIGCHLD);
}

static int vfork_in_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		pid = vfork();
		if (pid == 0) {
			execv(program[0], program);
			_exit(127);
		}
		_exit(pid < 0);
	}
	return end_of(pid);
}

static void *launch_twice(void *context)
{
	int *result = context;

	*result = spawn_true() | spawn_true();
	return NULL;
}

static int by_threads(void)
{
	pthread_t threads[8];
	int results[8], result = 0;

	for (int i = 0; i < 8; i++)
		if (pthread_create(&threads[i], NULL, launch_twice, &results[i]))
			abort();
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		result |= results[i];
	}
	return result;
}

static void *exec_self(void *context)
{
	execv("/proc/self/exe", context);
	abort();
}

/* exec by another thread than the first, while others sleep; then a launch */
static int exec_by_thread(void)
{
	static char *const again[] = {"sa_trace_sins", "clone-vfork", NULL};
	pthread_t thread;

	make_holder();
	if (pthread_create(&thread, NULL, exec_self, (void *)again))
		abort();
	pause();
	return -1;
}

static int orphan(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (fork() == 0) {
			execv(program[0], program);
			_exit(127);
		}
		_exit(0);
	}
	return end_of(pid);
}

static const struct {
	const char *name;
	int (*commit)(void);
} sins[] = {
	{"leak", leak}, {"leak-often", leak_often}, {"mended-leak", mended_leak},
	{"give", give}, {"give-and-leak", give_and_leak},
	{"work", work}, {"localtime", local_time}, {"thread", thread},
	{"log-send", log_send}, {"log-sendmsg", log_sendmsg}, {"safe-calls", safe_calls},
	{"forks-by-threads", forks_by_threads}, {"no-exec", no_exec}, {"stuck", stuck},
	{"hang-late", hang_late}, {"hang-shared", hang_shared}, {"hang-timed", hang_timed},
	{"hang-join", hang_join}, {"tries", tries}, {"hang-semaphore", hang_semaphore}, {"calls", calls},
	{"failed-exec", failed_exec}, {"woken", woken}, {"woken-to-end", woken_to_end},
	{"held-up", held_up}, {"held-up-for-ever", held_up_for_ever},
	{"stuck-interrupted", stuck_interrupted}, {"stuck-behind", stuck_behind},
	{"mended-threads", mended_threads}, {"threads-exec", threads_exec},
	{"threads-libc", threads_libc}, {"work-of-copy", work_of_copy}, {"missing", missing},
	{"clone-vm", clone_vm}, {"clone-vfork", clone_vfork},
	{"vfork-in-vfork", vfork_in_vfork}, {"by-threads", by_threads},
	{"exec-by-thread", exec_by_thread}, {"orphan", orphan},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(sins) / sizeof(sins[0]); i++)
		if (strcmp(argv[1], sins[i].name) == 0)
			return sins[i].commit() == 0 ? 0 : 1;
	fprintf(stderr, "sa_trace_sins: which?\n");
	return 2;
}
