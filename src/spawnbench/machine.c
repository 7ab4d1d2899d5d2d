/* SPDX-License-Identifier: MIT */
/* Reading /proc and uname. What can't be read is left out, not guessed. */
#include "machine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#define GIBIBYTE (1024.0 * 1024.0 * 1024.0)

/* The text after "field:" in a file of such lines, without white space around. */
static int read_field(const char *path, const char *field, char *ret, size_t size)
{
	FILE *file = fopen(path, "re");
	size_t length = strlen(field);
	char line[512];
	int found = 0;

	while (file && !found && fgets(line, sizeof(line), file)) {
		char *value = line + length;

		if (strncmp(line, field, length) != 0 || !strchr(" \t:", *value))
			continue;
		value += strspn(value, " \t:");
		value[strcspn(value, "\n")] = '\0';
		found = snprintf(ret, size, "%s", value) > 0;
	}
	if (file)
		fclose(file);
	return found;
}

uint64_t machine_memory(const char *field)
{
	char value[64];

	if (!read_field("/proc/meminfo", field, value, sizeof(value)))
		return 0;
	return strtoull(value, NULL, 10) * 1024;
}

static void print_load(FILE *out)
{
	double load[3];

	if (getloadavg(load, 3) == 3)
		fprintf(out, ", load %.2f %.2f %.2f", load[0], load[1], load[2]);
}

void machine_print(FILE *out)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct utsname name;
	char model[128];

	fprintf(out, "machine   %ld processor%s", processors, processors == 1 ? "" : "s");
	if (read_field("/proc/cpuinfo", "model name", model, sizeof(model)))
		fprintf(out, ", %s", model);
	fprintf(out, "\nmemory    %.1f GiB, %.1f available\n",
		(double)machine_memory("MemTotal") / GIBIBYTE,
		(double)machine_memory("MemAvailable") / GIBIBYTE);
	if (uname(&name) == 0)
		fprintf(out, "kernel    %s %s %s, ", name.sysname, name.release, name.machine);
#ifdef __GLIBC__
	fprintf(out, "glibc %s", gnu_get_libc_version());
#else
	fprintf(out, "musl");
#endif
	print_load(out);
	fputc('\n', out);
}
