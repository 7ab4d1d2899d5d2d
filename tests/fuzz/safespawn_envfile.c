/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer (make fuzz): whatever a file of variables holds, reading stays in it and
 * gives assignments alone, and what was given once stays as it is.
 */
#include <ctype.h>

#include "bytes.h"
#include "safespawn/envfile.h"

#define KEPT 64

static void check_assignment(const char *assignment)
{
	const char *at = assignment;

	while (isalnum((unsigned char)*at) || *at == '_')
		at++;
	if (at == assignment || *at != '=' || isdigit((unsigned char)*assignment))
		FAULT("no assignment: %s\n", assignment);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *assignment, *copies[KEPT];
	const char *given[KEPT], *why = NULL;
	struct env_file file = {text, text + size, 1};
	unsigned lines = 1;
	size_t i;
	int count = 0, r;

	memcpy(text, data, size);
	for (i = 0; i < size; i++)
		lines += data[i] == '\n';
	while ((r = env_file_next(&file, &assignment, &why)) > 0) {
		check_assignment(assignment);
		if (count == KEPT)
			continue;
		given[count] = assignment;
		copies[count++] = strdup(assignment);
	}
	if ((r < 0) != (why && r == -22) || file.line > lines || file.line == 0)
		FAULT("%d in line %u of %u\n", r, file.line, lines);
	while (count-- > 0) {
		if (strcmp(given[count], copies[count]) != 0)
			FAULT("%s was %s\n", given[count], copies[count]);
		free(copies[count]);
	}
	free(text);
	return 0;
}
