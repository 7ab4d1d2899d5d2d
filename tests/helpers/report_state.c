/* SPDX-License-Identifier: MIT */
/*
 * A child that reports what it finds: report_state FILE [ARG...]. The report is
 * written to FILE, which is opened after everything was looked at, so any
 * descriptor may be open or closed. Strings are in hex: they may hold anything.
 *
 *	fd NUMBER DEV:INODE FLAGS CLOEXEC OFFSET	FLAGS as F_GETFL, octal
 *	mask|ignored|caught HEX				signals, bit 0 is 1
 *	cwd|arg|env HEX-STRING
 *	umask OCTAL
 *	pid|ppid|sid|pgid|foreground NUMBER		foreground: of /dev/tty; -1 without
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

struct seen {
	int fd, flags, cloexec;
	struct stat st;
	long long offset;
};

static struct seen *seen;
static size_t seen_count;

static void look_at_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		struct seen one = {.fd = atoi(entry->d_name)};

		if (entry->d_name[0] == '.' || one.fd == dirfd(directory))
			continue;
		one.flags = fcntl(one.fd, F_GETFL);
		one.cloexec = fcntl(one.fd, F_GETFD);
		one.offset = lseek(one.fd, 0, SEEK_CUR);
		fstat(one.fd, &one.st);
		seen = realloc(seen, (seen_count + 1) * sizeof(one));
		seen[seen_count++] = one;
	}
	if (directory)
		closedir(directory);
}

static void report_string(FILE *out, const char *key, const char *text)
{
	fprintf(out, "%s ", key);
	for (; *text; text++)
		fprintf(out, "%02x", (unsigned char)*text);
	fputc('\n', out);
}

static void report_signals(FILE *out)
{
	static const struct {
		const char *line, *key;
	} wanted[] = {{"SigBlk:", "mask"}, {"SigIgn:", "ignored"}, {"SigCgt:", "caught"}};
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	size_t i;

	while (status && fgets(line, sizeof(line), status))
		for (i = 0; i < 3; i++)
			if (strncmp(line, wanted[i].line, 7) == 0)
				fprintf(out, "%s %s", wanted[i].key, line + 8);
	if (status)
		fclose(status);
}

static int foreground_group(void)
{
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY), group = -1;

	if (tty >= 0) {
		group = tcgetpgrp(tty);
		close(tty);
	}
	return group;
}

int main(int argc, char **argv)
{
	char cwd[PATH_MAX];
	mode_t mask;
	FILE *out;
	size_t i;

	if (argc < 2)
		return 3;
	look_at_descriptors();
	mask = umask(0);
	umask(mask);
	out = fopen(argv[1], "w");
	if (!out)
		return 4;
	for (i = 0; i < seen_count; i++)
		fprintf(out, "fd %d %llu:%llu %o %d %lld\n", seen[i].fd,
			(unsigned long long)seen[i].st.st_dev,
			(unsigned long long)seen[i].st.st_ino,
			(unsigned)seen[i].flags, seen[i].cloexec, seen[i].offset);
	report_signals(out);
	if (getcwd(cwd, sizeof(cwd)))
		report_string(out, "cwd", cwd);
	for (i = 0; i < (size_t)argc; i++)
		report_string(out, "arg", argv[i]);
	for (i = 0; environ && environ[i]; i++)
		report_string(out, "env", environ[i]);
	fprintf(out, "umask %o\npid %d\nppid %d\nsid %d\npgid %d\nforeground %d\nend\n",
		(unsigned)mask, getpid(), getppid(), getsid(0), getpgrp(), foreground_group());
	return fclose(out) == 0 ? 0 : 5;
}
