/* SPDX-License-Identifier: MIT */
#include "explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/message.h"
#include "environment.h"
#include "exit_status.h"

static const char *file_of(const struct launch *launch)
{
	return launch->options.file ? launch->options.file : launch->argv[0];
}

/* ---- as text ---- */

static void print_candidate(const char *candidate, int err)
{
	printf("#\t%s: %s\n", NAMED(candidate), err ? strerror(err) : "found");
}

/* Each line of it, behind a "#". */
static void print_lines(char *text)
{
	for (char *line; (line = strsep(&text, "\n"));)
		if (*line)
			printf("#\t%s\n", line);
}

static void explain_as_text(const struct launch *launch, const char *plan, char *kernel)
{
	const struct settings *settings = launch->settings;

	fputs(plan, stdout);
	for (size_t i = 0; i < settings->redirection_count; i++)
		if (settings->redirections[i].kind == REDIRECT_FILE)
			printf("# redirect %s: not opened for this, /dev/null stands in\n",
			       NAMED(settings->redirections[i].spec));
	if (launch->preload)
		printf("# environment: %s\n", NAMED(launch->preload));
	printf("# %s is looked for:\n", NAMED(file_of(launch)));
	command_find(settings, file_of(launch), NULL, print_candidate);
	if (kernel)
		printf("# found on this system:\n");
	print_lines(kernel);
}

/* ---- as JSON ---- */

static struct json json;	/* see() has no context */

static void write_candidate(const char *candidate, int err)
{
	json_object(&json, NULL);
	json_string(&json, "path", candidate);
	json_string(&json, "error", err ? strerror(err) : NULL);
	json_end(&json);
}

/*
 * " 3 close        close_range(...)": number, name, call. A line of the method
 * posix_spawn is the call alone. "or" is one more candidate for exec.
 */
static void write_step(char *line, int has_name)
{
	char *name = NULL;

	if (has_name) {
		name = line + strspn(line, " 0123456789");
		line = name + strcspn(name, " ");
		if (*line)
			*line++ = '\0';
		line += strspn(line, " ");
	}
	json_object(&json, NULL);
	json_string(&json, "step", name && strcmp(name, "or") == 0 ? "exec" : name);
	json_string(&json, "call", line);
	json_end(&json);
}

static void write_lines(const char *key, char *text, void (*write)(char *line, int has_name),
			int has_name)
{
	json_array(&json, key);
	for (char *line; (line = strsep(&text, "\n"));)
		if (*line)
			write(line, has_name);
	json_end(&json);
}

static void write_line(char *line, int has_name)
{
	(void)has_name;
	json_string(&json, NULL, line);
}

static void explain_as_json(const struct launch *launch, char *plan, char *kernel)
{
	const struct settings *settings = launch->settings;
	const char *method = strsep(&plan, "\n");	/* "method vfork" */

	method += strcspn(method, " ");
	method += strspn(method, " ");
	json.stream = stdout;
	json_object(&json, NULL);
	json_string(&json, "type", "explain");
	json_string(&json, "method", method);
	write_lines("steps", plan, write_step, strcmp(method, "posix_spawn") != 0);
	json_array(&json, "redirections");
	for (size_t i = 0; i < settings->redirection_count; i++)
		json_string(&json, NULL, settings->redirections[i].spec);
	json_end(&json);
	if (launch->preload)
		json_string(&json, "preload", launch->preload);
	json_string(&json, "file", file_of(launch));
	json_array(&json, "candidates");
	command_find(settings, file_of(launch), NULL, write_candidate);
	json_end(&json);
	if (kernel)
		write_lines("kernel", kernel, write_line, 0);
	json_finish(&json);
}

int explain(const struct launch *launch)
{
	char *plan = NULL, *kernel = NULL;
	struct spu_error error = {.err = 0};	/* which of the two fills it cppcheck can't see */
	int r;

	r = (launch->settings->exec ? spu_explain_exec : spu_explain)
		(launch->argv, &launch->options, &plan, &error);
	if (r < 0)
		return launch_failed(launch, &error);
	if (launch->settings->verbose && (r = spu_probe(&kernel)) < 0) {
		say_errno(r, "what this kernel has");
		free(plan);
		return EXIT_SETUP;
	}
	if (launch->settings->json)
		explain_as_json(launch, plan, kernel);
	else
		explain_as_text(launch, plan, kernel);
	free(kernel);
	free(plan);
	return EXIT_SUCCESS;
}
