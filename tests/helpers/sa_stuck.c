/* SPDX-License-Identifier: MIT */
/*
 * Forks a child that waits in the way that the argument names, for tests of
 * spawnaudit --stuck. When the child waits, says "child PID", "parent PID" and,
 * where a thread holds a lock, "owner TID"; then waits to be killed. The child
 * dies with it, but for "orphan".
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TURNS 4		/* threads that take turns */

static pthread_mutex_t lock;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore, *shared;
static sem_t locked;	/* posted by the thread when it has its lock */
static pid_t owner;
static volatile pid_t vforked;
static int ends;	/* the thread that has the lock ends with it */

static void *hold(void *argument)
{
	prctl(PR_SET_NAME, "holder");
	owner = (pid_t)syscall(SYS_gettid);
	pthread_mutex_lock(&lock);
	pthread_rwlock_wrlock(&rwlock);
	sem_post(&locked);
	while (!ends)
		poll(NULL, 0, -1);
	return argument;
}

static void *idle(void *argument)
{
	for (;;)
		poll(NULL, 0, -1);
	return argument;
}

/* The time zone is read under a lock of libc's, and this file has nothing in it for ever. */
static void *read_time(void *argument)
{
	time_t now = 0;

	setenv("TZ", ":/proc/self/cwd/zone", 1);
	sem_post(&locked);
	tzset();
	localtime(&now);
	return argument;
}

static void start(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL) != 0)
		errx(1, "no thread");
}

static void hold_lock(int type, int robust)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, type);
	pthread_mutexattr_setrobust(&attributes, robust);
	pthread_mutex_init(&lock, &attributes);
	start(hold);
	sem_wait(&locked);
}

static void hold_plain(void)
{
	hold_lock(PTHREAD_MUTEX_NORMAL, 0);
}

static void hold_recursive(void)
{
	hold_lock(PTHREAD_MUTEX_RECURSIVE, 0);
}

static void hold_checking(void)
{
	hold_lock(PTHREAD_MUTEX_ERRORCHECK, 0);
}

#ifdef __GLIBC__
static void hold_adaptive(void)
{
	hold_lock(PTHREAD_MUTEX_ADAPTIVE_NP, 0);
}
#endif

static void hold_robust(void)
{
	hold_lock(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
}

static void hold_and_end(void)
{
	char path[64];

	ends = 1;
	hold_plain();
	snprintf(path, sizeof(path), "/proc/self/task/%d", (int)owner);
	while (access(path, F_OK) == 0)
		usleep(1000);
}

static void hold_zone(void)
{
	if (mkfifo("zone", 0600) < 0)
		err(1, "zone");
	start(read_time);
	sem_wait(&locked);
	/* it can be opened for writing when it has been for reading */
	while (open("zone", O_WRONLY | O_NONBLOCK | O_CLOEXEC) < 0)
		usleep(1000);
}

static void start_idler(void)
{
	start(idle);
}

static void catch_signal(int number)
{
	(void)number;
}

static void start_idler_and_catch(void)
{
	signal(SIGUSR1, catch_signal);
	start(idle);
}

static void start_idler_and_catch_end(void)
{
	signal(SIGINT, catch_signal);
	start(idle);
}

static void hold_zone_and_catch(void)
{
	signal(SIGUSR1, catch_signal);
	hold_zone();
}

static void nothing(void)
{
}

static void wait_lock(void)
{
	pthread_mutex_lock(&lock);
}

static void wait_lock_with_limit(void)
{
	struct timespec limit = {.tv_sec = time(NULL) + 3600};

	pthread_mutex_timedlock(&lock, &limit);
}

static void wait_lock_again_and_again(void)
{
	struct timespec limit;

	do {
		clock_gettime(CLOCK_REALTIME, &limit);
		limit.tv_sec++;
	} while (pthread_mutex_timedlock(&lock, &limit) != 0);
}

static void wait_lock_beside_thread(void)
{
	start(idle);
	wait_lock();
}

static void wait_lock_twice(void)
{
	pthread_mutex_init(&lock, NULL);
	pthread_mutex_lock(&lock);
	pthread_mutex_lock(&lock);
}

static void wait_semaphore(void)
{
	sem_wait(&semaphore);
}

static void wait_semaphore_beside_thread(void)
{
	start(idle);
	sem_wait(&semaphore);
}

static void wait_shared(void)
{
	sem_wait(shared);
}

static void wait_condition(void)
{
	pthread_mutex_init(&lock, NULL);
	pthread_mutex_lock(&lock);
	pthread_cond_wait(&condition, &lock);
}

static void wait_rwlock(void)
{
	pthread_rwlock_rdlock(&rwlock);
}

static void wait_time(void)
{
	time_t now = 0;

	localtime(&now);
}

static void wait_poll(void)
{
	free(malloc(100000));
	poll(NULL, 0, -1);
}

static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_taken = PTHREAD_COND_INITIALIZER;
static int turn;

/* All but one wait, and at most moments all do: the one that was woken doesn't run yet. */
static void *take_turns(void *argument)
{
	int own = (int)(intptr_t)argument;

	pthread_mutex_lock(&turn_lock);
	for (;;) {
		while (turn % TURNS != own)
			pthread_cond_wait(&turn_taken, &turn_lock);
		turn++;
		pthread_cond_broadcast(&turn_taken);
	}
	return NULL;
}

static void take_turns_for_ever(void)
{
	pthread_t thread;

	for (intptr_t i = 1; i < TURNS; i++)
		pthread_create(&thread, NULL, take_turns, (void *)i);
	take_turns(NULL);
}

static void wait_stopped(void)
{
	raise(SIGSTOP);
}

static char read_state(pid_t pid)
{
	char path[64], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (file)
		fclose(file);
	return state;
}

/* Sleeps, and still does a moment later. */
static void wait_until_asleep(pid_t pid)
{
	for (int asleep = 0; asleep < 5; usleep(20000)) {
		char state = read_state(pid);

		if (state == 0)
			errx(1, "the child has ended");
		asleep = state == 'R' || state == 'D' ? 0 : asleep + 1;
	}
}

static _Atomic pid_t locker;

static void *lock_in_thread(void *argument)
{
	locker = (pid_t)syscall(SYS_gettid);
	wait_lock();
	return argument;
}

/* Another thread waits, and the first one ends. */
static void wait_lock_without_first_thread(void)
{
	start(lock_in_thread);
	while (!locker)
		usleep(10000);
	wait_until_asleep(locker);
	pthread_exit(NULL);
}

/* The child of the child waits for the lock; the child itself for that, and lets us know. */
static void fork_again(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		wait_lock();
	}
	wait_until_asleep(pid);
	sem_post(shared);
	waitpid(pid, NULL, 0);
}

static const struct way {
	const char *name;
	void (*prepare)(void);
	void (*wait)(void);
} ways[] = {
	{"mutex", hold_plain, wait_lock}, {"recursive", hold_recursive, wait_lock},
#ifdef __GLIBC__
	{"adaptive", hold_adaptive, wait_lock},
#endif
	{"checking", hold_checking, wait_lock},
	{"robust", hold_robust, wait_lock},
	{"ended", hold_and_end, wait_lock}, {"limit", hold_plain, wait_lock_with_limit},
	{"tries", hold_plain, wait_lock_again_and_again},
	{"beside", hold_plain, wait_lock_beside_thread}, {"again", hold_plain, fork_again},
	{"headless", hold_plain, wait_lock_without_first_thread},
	{"orphan", hold_plain, wait_lock}, {"undumpable", hold_plain, wait_lock},
	{"twice", start_idler, wait_lock_twice},
	{"semaphore", start_idler, wait_semaphore}, {"handler", start_idler_and_catch, wait_semaphore},
	{"handler-of-end", start_idler_and_catch_end, wait_semaphore},
	{"handler-and-zone", hold_zone_and_catch, wait_time},
	{"alone", nothing, wait_semaphore}, {"pool", start_idler, wait_semaphore_beside_thread},
	{"shared", start_idler, wait_shared}, {"condition", start_idler, wait_condition},
	{"rwlock", hold_plain, wait_rwlock},
	{"localtime", hold_zone, wait_time}, {"worker", start_idler, wait_poll},
	{"stopped", start_idler, wait_stopped}, {"vfork", start_idler, wait_semaphore},
	{"zombie", start_idler, nothing}, {"turns", start_idler, take_turns_for_ever},
};

static const struct way *find_way(const char *name)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, name) == 0)
			return &ways[i];
	errx(1, "%s: no such way to wait", name);
}

static void tell(pid_t child)
{
	printf("child %d\nparent %d\nowner %d\nready\n", (int)child, (int)getpid(), (int)owner);
	fflush(stdout);
}

/* From a thread: vfork suspends only the one that calls it. */
static void *launch_by_vfork(void *argument)
{
	if (vfork() == 0) {
		vforked = getpid();
		sem_wait(&semaphore);
		_exit(0);
	}
	return argument;
}

/* It writes its pid into memory that it shares with us. */
static pid_t vforked_child(void)
{
	while (!vforked)
		usleep(10000);
	return vforked;
}

int main(int argc, char **argv)
{
	const struct way *way = find_way(argc > 1 ? argv[1] : "");
	int is_orphan = strcmp(way->name, "orphan") == 0;
	pid_t pid;

	alarm(300);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED || sem_init(shared, 1, 0) < 0 || sem_init(&semaphore, 0, 0) < 0 ||
	    sem_init(&locked, 0, 0) < 0)
		err(1, "semaphores");
	way->prepare();
	if (strcmp(way->name, "vfork") == 0) {
		start(launch_by_vfork);
		wait_until_asleep(vforked_child());
		tell(vforked);
		pause();
	}
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		if (!is_orphan)
			prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (strcmp(way->name, "undumpable") == 0)
			prctl(PR_SET_DUMPABLE, 0);
		alarm(300);
		way->wait();
		_exit(0);
	}
	if (strcmp(way->name, "again") == 0)
		sem_wait(shared);
	if (strcmp(way->name, "turns") == 0)
		usleep(200000);	/* it never sleeps for long */
	else if (strcmp(way->name, "headless") == 0)
		while (read_state(pid) != 'Z')
			usleep(10000);
	else
		wait_until_asleep(pid);
	tell(pid);
	if (is_orphan)
		_exit(0);
	pause();
	return 0;
}
