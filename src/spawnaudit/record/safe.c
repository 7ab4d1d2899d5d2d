/* SPDX-License-Identifier: MIT */
#include "safe.h"

#include <stdlib.h>
#include <string.h>

/*
 * As POSIX has it (2.4.3): up to Issue 7, which signal-safety(7) lists, and what Issue 8 adds.
 * Issue 8 has taken fork away, for the handlers that it runs: what these call is seen.
 */
#define POSIX_HAS \
	"_Exit", "_exit", "abort", "accept", "access", "aio_error", "aio_return", "aio_suspend", \
	"alarm", "bind", "cfgetispeed", "cfgetospeed", "cfsetispeed", "cfsetospeed", "chdir", \
	"chmod", "chown", "clock_gettime", "close", "connect", "creat", "dup", "dup2", "execl", \
	"execle", "execv", "execve", "faccessat", "fchdir", "fchmod", "fchmodat", "fchown", \
	"fchownat", "fcntl", "fdatasync", "fexecve", "ffs", "fork", "fstat", "fstatat", "fsync", \
	"ftruncate", "futimens", "getegid", "geteuid", "getgid", "getgroups", "getpeername", \
	"getpgrp", "getpid", "getppid", "getsockname", "getsockopt", "getuid", "htonl", "htons", \
	"kill", "link", "linkat", "listen", "longjmp", "lseek", "lstat", "memccpy", "memchr", \
	"memcmp", "memcpy", "memmove", "memset", "mkdir", "mkdirat", "mkfifo", "mkfifoat", \
	"mknod", "mknodat", "ntohl", "ntohs", "open", "openat", "pause", "pipe", "poll", \
	"posix_trace_event", "pselect", "pthread_kill", "pthread_self", "pthread_sigmask", \
	"raise", "read", "readlink", "readlinkat", "recv", "recvfrom", "recvmsg", "rename", \
	"renameat", "rmdir", "select", "sem_post", "send", "sendmsg", "sendto", "setgid", \
	"setpgid", "setsid", "setsockopt", "setuid", "shutdown", "sigaction", "sigaddset", \
	"sigdelset", "sigemptyset", "sigfillset", "sigismember", "siglongjmp", "signal", \
	"sigpause", "sigpending", "sigprocmask", "sigqueue", "sigset", "sigsuspend", "sleep", \
	"sockatmark", "socket", "socketpair", "stat", "stpcpy", "stpncpy", "strcat", "strchr", \
	"strcmp", "strcpy", "strcspn", "strlen", "strncat", "strncmp", "strncpy", "strnlen", \
	"strpbrk", "strrchr", "strspn", "strstr", "strtok_r", "symlink", "symlinkat", "tcdrain", \
	"tcflow", "tcflush", "tcgetattr", "tcgetpgrp", "tcsendbreak", "tcsetattr", "tcsetpgrp", \
	"time", "timer_getoverrun", "timer_gettime", "timer_settime", "times", "umask", "uname", \
	"unlink", "unlinkat", "utime", "utimensat", "utimes", "wait", "waitpid", "wcpcpy", \
	"wcpncpy", "wcscat", "wcschr", "wcscmp", "wcscpy", "wcscspn", "wcslen", "wcsncat", \
	"wcsncmp", "wcsncpy", "wcsnlen", "wcspbrk", "wcsrchr", "wcsspn", "wcsstr", "wcstok", \
	"wmemchr", "wmemcmp", "wmemcpy", "wmemmove", "wmemset", "write"

#define ISSUE_8_ADDS \
	"_Fork", "accept4", "dup3", "ffsl", "ffsll", "getentropy", "getresgid", "getresuid", \
	"killpg", "memmem", "pipe2", "ppoll", "pread", "pwrite", "readv", "setegid", "seteuid", \
	"setregid", "setresgid", "setresuid", "setreuid", "strlcat", "strlcpy", "tcgetwinsize", \
	"tcsetwinsize", "waitid", "wcslcat", "wcslcpy", "writev"

/* Not POSIX's: libc makes the system call, or less, and nothing besides. */
#define LINUX_HAS \
	"acct", "adjtimex", "arch_prctl", "brk", "capget", "capset", "cfmakeraw", \
	"cfsetspeed", "chroot", "clock_adjtime", "clock_getcpuclockid", "clock_getres", \
	"clock_nanosleep", "clock_settime", "clone", "close_range", "closefrom", \
	"copy_file_range", "delete_module", "epoll_create", "epoll_create1", "epoll_ctl", \
	"epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd_read", \
	"eventfd_write", "execlp", "execveat", "execvp", "execvpe", "fallocate", \
	"fanotify_init", "fanotify_mark", "fgetxattr", "flistxattr", "flock", \
	"fremovexattr", "fsconfig", "fsetxattr", "fsmount", "fsopen", "fspick", "fstatfs", \
	"futimes", "futimesat", "getauxval", "getcpu", "getdents64", "getdomainname", \
	"getdtablesize", "gethostname", "getitimer", "getpagesize", "getpgid", \
	"getpriority", "getrandom", "getrlimit", "getrusage", "getsid", "gettid", \
	"gettimeofday", "getxattr", "init_module", "inotify_add_watch", "inotify_init", \
	"inotify_init1", "inotify_rm_watch", "ioctl", "ioperm", "iopl", "isatty", \
	"klogctl", "lchown", "lgetxattr", "listxattr", "llistxattr", "lockf", \
	"lremovexattr", "lsetxattr", "lutimes", "madvise", "memfd_create", "mempcpy", \
	"memrchr", "mincore", "mlock", "mlock2", "mlockall", "mmap", "modify_ldt", \
	"mount", "mount_setattr", "move_mount", "mprotect", "mq_close", "mq_open", \
	"mq_setattr", "mq_unlink", "mremap", "msgctl", "msgget", "msgrcv", "msgsnd", \
	"msync", "munlock", "munlockall", "munmap", "name_to_handle_at", "nanosleep", \
	"nice", "open_by_handle_at", "open_tree", "personality", "pidfd_getfd", \
	"pidfd_open", "pidfd_send_signal", "pivot_root", "pkey_alloc", "pkey_free", \
	"pkey_mprotect", "posix_fadvise", "posix_madvise", "prctl", "preadv", "preadv2", \
	"preadv64v2", "prlimit", "process_madvise", "process_mrelease", \
	"process_vm_readv", "process_vm_writev", "pthread_getaffinity_np", \
	"pthread_setaffinity_np", "ptrace", "pwritev", "pwritev2", "pwritev64v2", \
	"quotactl", "rawmemchr", "readahead", "reboot", "recvmmsg", "remap_file_pages", \
	"removexattr", "renameat2", "sched_get_priority_max", "sched_get_priority_min", \
	"sched_getaffinity", "sched_getcpu", "sched_getparam", "sched_getscheduler", \
	"sched_rr_get_interval", "sched_setaffinity", "sched_setparam", \
	"sched_setscheduler", "sched_yield", "semctl", "semget", "semop", "semtimedop", \
	"sendfile", "sendmmsg", "setdomainname", "setfsgid", "setfsuid", "setgroups", \
	"sethostname", "setitimer", "setns", "setpgrp", "setpriority", "setrlimit", \
	"setxattr", "shmat", "shmctl", "shmdt", "shmget", "sigaltstack", "sigandset", \
	"sigblock", "siggetmask", "sighold", "sigignore", "sigisemptyset", "signalfd", \
	"sigorset", "sigrelse", "sigsetmask", "sigtimedwait", "sigwait", "sigwaitinfo", \
	"splice", "statfs", "statx", "strcasecmp", "strchrnul", "strncasecmp", "strsep", \
	"strverscmp", "swab", "swapoff", "swapon", "sync", "sync_file_range", "syncfs", \
	"syscall", "sysinfo", "tcgetsid", "tee", "tgkill", "thrd_yield", "timerfd_create", \
	"timerfd_gettime", "timerfd_settime", "truncate", "ualarm", "umount", "umount2", \
	"unshare", "usleep", "vfork", "vhangup", "vmsplice", "wait3", "wait4", "wmempcpy"

/* What compilers and macros call, not people */
#define COMPILERS_HAVE \
	"cxa_finalize", "errno_location", "stack_chk_fail", "tls_get_addr", "sched_cpucount", \
	"setjmp", "sigsetjmp", "fxstat", "lxstat", "xstat", "fxstatat", "xmknod", "xmknodat", \
	"libc_current_sigrtmin", "libc_current_sigrtmax", "bzero", "bcopy", "explicit_bzero", \
	"cmsg_nxthdr", "fdelt", "sysv_signal", "gnu_dev_major", "gnu_dev_makedev", "gnu_dev_minor"

static const char *const safe[] = {POSIX_HAS, ISSUE_8_ADDS, LINUX_HAS, COMPILERS_HAVE};

/* Whose functions none of the lists has, though they aren't libc's */
static const char *const entrances[] = {
	"crosscall2", "runtime.cgocallback", "_cgo_wait_runtime_init_done",
};

/*
 * What files other than libc bring instead of its own: with locks of theirs, which fork
 * doesn't know of. The last are all forms of operator new and delete.
 */
static const char *const allocators[] = {
	"malloc", "calloc", "realloc", "reallocarray", "free", "cfree", "aligned_alloc",
	"posix_memalign", "memalign", "valloc", "pvalloc", "malloc_usable_size", "strdup",
	"strndup",
};
static const char *const operators[] = {"_Znw", "_Zna", "_Zdl", "_Zda"};

/* What may stand around a name: "__read_chk", "__open64_2", "__libc_sigaction" */
static const char *const before[] = {"", "libc_", "GI_"};
static const char *const behind[] = {"64", "_chk", "_2", "_time64"};

/* Several of them, too: "__pread64_chk" */
static int is_all_behind(const char *rest)
{
	size_t i = 0;

	while (*rest && i < sizeof(behind) / sizeof(behind[0]))
		if (strncmp(rest, behind[i], strlen(behind[i])) == 0) {
			rest += strlen(behind[i]);
			i = 0;
		} else {
			i++;
		}
	return !*rest;
}

static int fits(const char *name, const char *safe_name)
{
	size_t length = strlen(safe_name);

	return strncmp(name, safe_name, length) == 0 && is_all_behind(name + length);
}

static int is_listed(const char *name)
{
	for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++)
		if (fits(name, safe[i]))
			return 1;
	return 0;
}

int function_is_safe(const char *name)
{
	const char *bare = name + strspn(name, "_");

	if (is_listed(name))
		return 1;
	for (size_t i = 0; bare != name && i < sizeof(before) / sizeof(before[0]); i++)
		if (strncmp(bare, before[i], strlen(before[i])) == 0 &&
		    is_listed(bare + strlen(before[i])))
			return 1;
	return 0;
}

int function_allocates(const char *name)
{
	for (size_t i = 0; i < sizeof(allocators) / sizeof(allocators[0]); i++)
		if (strcmp(name, allocators[i]) == 0)
			return 1;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (strncmp(name, operators[i], strlen(operators[i])) == 0)
			return 1;
	return 0;
}

int function_enters_runtime(const char *name)
{
	for (size_t i = 0; name && i < sizeof(entrances) / sizeof(entrances[0]); i++)
		if (strcmp(name, entrances[i]) == 0)
			return 1;
	return 0;
}
