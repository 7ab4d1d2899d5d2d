/* SPDX-License-Identifier: MIT */
#include "suppressions.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../look/libc.h"
#include "common/draft.h"
#include "common/message.h"
#include "output.h"
#include "shapes.h"

#define NO_MEMORY "no memory for another suppression"

/* A line that would suppress something */
struct proposal {
	char *line;
	struct proposal *next;
};

static struct suppression *suppressions, **suppressions_end = &suppressions;
static struct proposal *proposals, **proposals_end = &proposals;
static int is_proposing;
static FILE *generated;		/* NULL: behind the report */

/*
 * Files
 */

/* Takes a word off the text; the last one is all the rest. */
static char *take_word(char **text, int is_last)
{
	char *word = *text + strspn(*text, " \t");
	size_t length = is_last ? strlen(word) : strcspn(word, " \t");

	*text = word + length;
	if (**text)
		*(*text)++ = '\0';
	return word;
}

static int is_any_kind(const char *pattern)
{
	for (enum finding kind = 0; kind < FINDING_KINDS; kind++)
		if (fnmatch(pattern, finding_words[kind].name, 0) == 0)
			return 1;
	return 0;
}

/* Says what is wrong with the line: 0 or -errno. */
static int add_line(const char *file, size_t number, char *text)
{
	struct suppression *line = calloc(1, sizeof(*line));

	text = line ? strdup(text) : NULL;
	if (!text)
		die(EXIT_TROUBLE, NO_MEMORY);
	*line = (struct suppression){.file = file, .line = number};
	line->finding = take_word(&text, 0);
	line->program = take_word(&text, 0);
	line->what = take_word(&text, 1);
	*suppressions_end = line;
	suppressions_end = &line->next;
	if (!*line->what) {
		say("%s:%zu: isn't FINDING PROGRAM WHAT, WHAT being a function or a descriptor's "
		    "name (as: leak server /etc/passwd)", NAMED(file), number);
		return -EINVAL;
	}
	if (!is_any_kind(line->finding)) {
		say("%s:%zu: '%s' is no kind of finding; there are:%s", NAMED(file), number,
		    line->finding, finding_names());
		return -EINVAL;
	}
	return 0;
}

/* Of a line without its end: "" for a comment */
static char *content_of(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	text += strspn(text, " \t");
	return *text == '#' ? text + strlen(text) : text;
}

static int read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0, number = 0;
	ssize_t length;
	int r = 0;

	errno = file ? 0 : errno;
	while (file && r == 0 && (length = getline(&text, &size, file)) >= 0) {
		number++;
		if (strlen(text) != (size_t)length) {
			say("%s:%zu: has a NUL byte in it", NAMED(path), number);
			r = -EINVAL;
			break;
		}
		if (*content_of(text))
			r = add_line(path, number, content_of(text));
	}
	if (!file || ferror(file)) {
		r = -errno;
		say_errno(r, "--suppressions=%s", NAMED(path));
	}
	free(text);
	if (file)
		fclose(file);
	return r;
}

int suppressions_open(const struct options *options)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < options->suppression_count; i++)
		r = read_file(options->suppressions[i]);
	is_proposing = options->generates;
	if (r < 0 || !options->generated)
		return r;
	generated = fopen(options->generated, "a+e");
	if (generated)
		return 0;
	r = -errno;
	say_errno(r, "--gen-suppressions=%s", NAMED(options->generated));
	return r;
}

const struct suppression *suppressions_list(void)
{
	return suppressions;
}

/*
 * What fits
 */

static int path_fits(const char *pattern, const char *path)
{
	return fnmatch(pattern, base_name(path), 0) == 0 ||
	       (path && fnmatch(pattern, path, 0) == 0);
}

int program_fits(const char *pattern, const char *program, const char *script)
{
	return path_fits(pattern, program) || (script && path_fits(pattern, script));
}

/* All lines are asked: each is to know that it is used. */
int suppressions_fit(const struct culprit *culprit, const char *what)
{
	int is_fit = 0;

	for (struct suppression *line = suppressions; line; line = line->next)
		if (fnmatch(line->finding, finding_words[culprit->kind].name, 0) == 0 &&
		    program_fits(line->program, culprit->program, culprit->script) &&
		    fnmatch(line->what, what ? what : "", 0) == 0)
			line->is_used = is_fit = 1;
	return is_fit;
}

/* As reports show it: the function, else MODULE+OFFSET; for free(), NULL where neither is known. */
static char *frame_text(const struct frame *frame)
{
	char *text = NULL;

	if (frame->function)
		return strdup(frame->function);
	if (frame->module && asprintf(&text, "%s+0x%" PRIx64, base_name(frame->module),
				      frame->offset) < 0)
		return NULL;
	return text;
}

int suppressions_fit_place(const struct culprit *culprit, const struct place *place)
{
	int is_fit = suppressions_fit(culprit, NULL);

	for (size_t i = 0; suppressions && place && i < place->count; i++) {
		char *text = frame_text(&place->frames[i]);

		is_fit |= suppressions_fit(culprit, text);
		free(text);
	}
	return is_fit;
}

/*
 * Lines for what was found
 */

/*
 * A pattern for that text and no other: but a run of characters that vary is any text, and
 * one that isn't to be seen, or is hidden, any character.
 */
static void put_pattern(FILE *to, const char *text, size_t size, const char *hidden,
			const char *vary)
{
	const char *end = text + size;

	while (text < end) {
		int is_last_blank = *text == ' ' && !text[1];
		size_t length = strchr(hidden, *text) || is_last_blank ? 0 : visible_length(text);

		if (strchr(vary, *text)) {
			length = strspn(text, vary);
			putc('*', to);
		} else if (length > 0) {
			fprintf(to, "%s%.*s", strchr("*?[\\", *text) ? "\\" : "", (int)length,
				text);
		} else {
			length = 1;
			putc('?', to);
		}
		text += length;
	}
}

/* How much of a descriptor's name tells the same the next time; behind that are inodes. */
static size_t steady_length(const char *name)
{
	static const char *const passing[] = {"/tmp/", "/var/tmp/", "/dev/shm/"};
	size_t kind = strcspn(name, ":[");

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (strncmp(name, passing[i], strlen(passing[i])) == 0)
			return strlen(passing[i]);
	return *name == '/' ? strlen(name) : kind + (name[kind] == ':');
}

static void put_descriptor(FILE *to, const char *name)
{
	size_t length = steady_length(name);

	put_pattern(to, name, length, "", "0123456789");
	if (name[length])
		putc('*', to);
}

/*
 * The innermost one of the program's own; names of libc, that may be linked into it, begin
 * with "_". Else the innermost one that isn't in libc's file.
 */
static const struct frame *telling_frame(const struct culprit *culprit, const struct place *place)
{
	const char *program = culprit->program ? culprit->program : "";
	const struct frame *other = NULL;

	for (size_t i = 0; place && i < place->count; i++) {
		const struct frame *frame = &place->frames[i];
		int is_own = frame->module && strcmp(frame->module, program) == 0;

		if (is_own && !(frame->function && *frame->function == '_'))
			return frame;
		if (!other && frame->module && !file_is_libc(frame->module))
			other = frame;
	}
	return other;
}

static void put_frame(FILE *to, const struct frame *frame)
{
	char *text = frame ? frame_text(frame) : NULL;

	if (text)
		put_pattern(to, text, strlen(text), "", "");
	else
		putc('*', to);
	free(text);
}

/* A line that is there already isn't wanted again. */
static void keep(char *line)
{
	struct proposal *proposal = proposals;

	while (proposal && strcmp(proposal->line, line) != 0)
		proposal = proposal->next;
	if (proposal) {
		free(line);
		return;
	}
	proposal = calloc(1, sizeof(*proposal));
	if (!proposal)
		die(EXIT_TROUBLE, NO_MEMORY);
	proposal->line = line;
	*proposals_end = proposal;
	proposals_end = &proposal->next;
}

/* By the descriptor's name, or, without one, by the place */
static void propose(const struct culprit *culprit, const char *descriptor,
		    const struct place *place)
{
	const char *program = base_name(culprit->script ? culprit->script : culprit->program);
	struct draft draft;
	char *line;

	if (!is_proposing)
		return;
	if (draft_begin(&draft) < 0)
		die(EXIT_TROUBLE, NO_MEMORY);
	fprintf(draft.stream, "%s ", finding_words[culprit->kind].name);
	put_pattern(draft.stream, program, strlen(program), " ", "");
	putc(' ', draft.stream);
	if (descriptor && *descriptor)
		put_descriptor(draft.stream, descriptor);
	else
		put_frame(draft.stream, telling_frame(culprit, place));
	if (draft_end(&draft, &line, NULL) < 0)
		die(EXIT_TROUBLE, NO_MEMORY);
	keep(line);
}

void suppressions_propose(const struct culprit *culprit, const char *descriptor)
{
	propose(culprit, descriptor, NULL);
}

void suppressions_propose_place(const struct culprit *culprit, const struct place *place)
{
	propose(culprit, NULL, place);
}

/* A last line that somebody left without its end would go on in ours. */
static int ends_in_a_line(FILE *file)
{
	int last = fseek(file, -1, SEEK_END) == 0 ? getc(file) : '\n';

	return last == '\n' || last == EOF;
}

int suppressions_close(void)
{
	FILE *to = generated ? generated : output_stream();
	int r = 0;

	if (proposals && !generated)
		fputs("\n# lines for --suppressions=FILE:\n", to);
	else if (proposals && !ends_in_a_line(to))
		putc('\n', to);
	for (const struct proposal *proposal = proposals; proposal; proposal = proposal->next)
		fprintf(to, "%s\n", proposal->line);
	if (generated) {
		r = ferror(generated) ? -EIO : 0;
		if (fclose(generated) != 0)
			r = -errno;
		generated = NULL;
	}
	if (r < 0)
		say_errno(r, "--gen-suppressions");
	return r;
}
