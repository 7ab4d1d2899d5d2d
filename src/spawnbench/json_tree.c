/* SPDX-License-Identifier: MIT */
#include "json_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32
#define DIGITS "0123456789"

struct reader {
	char *at;
	int depth, r;
};

static void *fail(struct reader *reader, int r)
{
	if (reader->r == 0)
		reader->r = r;
	return NULL;
}

static void skip_blanks(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t\r\n");
}

static int take(struct reader *reader, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(reader->at, word, length) != 0)
		return 0;
	reader->at += length;
	return 1;
}

/* Four digits; -1: they aren't. */
static long take_code(struct reader *reader)
{
	char digits[5] = "", *end;
	long code;

	strncpy(digits, reader->at, 4);
	if (strspn(digits, DIGITS "abcdefABCDEF") != 4)
		return -1;
	code = strtol(digits, &end, 16);
	reader->at += 4;
	return code;
}

/* What is behind a backslash; never longer than that. Halves of pairs we don't write. */
static char *unescape(struct reader *reader, char *to)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name = *reader->at ? strchr(names, *reader->at) : NULL;
	long code;

	if (name) {
		reader->at++;
		*to++ = values[name - names];
		return to;
	}
	if (!take(reader, "u"))
		return fail(reader, -EINVAL);
	code = take_code(reader);
	if (code <= 0 || (code >= 0xd800 && code < 0xe000))
		return fail(reader, -EINVAL);
	if (code >= 0x800)
		*to++ = (char)(0xe0 | code >> 12);
	if (code >= 0x80)
		*to++ = (char)(code >= 0x800 ? 0x80 | (code >> 6 & 0x3f) : 0xc0 | code >> 6);
	*to++ = (char)(code >= 0x80 ? 0x80 | (code & 0x3f) : code);
	return to;
}

static const char *take_string(struct reader *reader)
{
	char *text, *to;

	if (!take(reader, "\""))
		return fail(reader, -EINVAL);
	for (text = to = reader->at; *reader->at != '"';) {
		if ((unsigned char)*reader->at < ' ')
			return fail(reader, -EINVAL);
		if (!take(reader, "\\"))
			*to++ = *reader->at++;
		else if (!(to = unescape(reader, to)))
			return NULL;
	}
	reader->at++;
	*to = '\0';
	return text;
}

static size_t take_digits(struct reader *reader)
{
	size_t count = strspn(reader->at, DIGITS);

	reader->at += count;
	return count;
}

static double take_number(struct reader *reader)
{
	const char *begin = reader->at;
	int ok;

	take(reader, "-");
	ok = take(reader, "0") || take_digits(reader);
	if (ok && take(reader, "."))
		ok = take_digits(reader) > 0;
	if (ok && (take(reader, "e") || take(reader, "E"))) {
		if (!take(reader, "-"))
			take(reader, "+");
		ok = take_digits(reader) > 0;
	}
	if (!ok)
		fail(reader, -EINVAL);
	return ok ? strtod(begin, NULL) : 0;
}

static struct json_value *take_value(struct reader *reader, const char *key);

static struct json_value *take_members(struct reader *reader, int is_object)
{
	struct json_value *first = NULL, **last = &first, *member;
	const char *end = is_object ? "}" : "]", *key = NULL;

	skip_blanks(reader);
	if (take(reader, end))
		return NULL;
	if (reader->depth++ == DEPTH_MAX)
		fail(reader, -EINVAL);
	while (reader->r == 0) {
		skip_blanks(reader);
		if (is_object) {
			key = take_string(reader);
			skip_blanks(reader);
			if (!key || !take(reader, ":"))
				fail(reader, -EINVAL);
		}
		member = reader->r == 0 ? take_value(reader, key) : NULL;
		if (member) {
			*last = member;
			last = &member->next;
		}
		skip_blanks(reader);
		if (take(reader, end))
			break;
		if (!take(reader, ","))
			fail(reader, -EINVAL);
	}
	reader->depth--;
	return first;
}

static struct json_value *take_value(struct reader *reader, const char *key)
{
	static const char *const words[] = {
		[JSON_NULL] = "null", [JSON_FALSE] = "false", [JSON_TRUE] = "true",
	};
	struct json_value *value = calloc(1, sizeof(*value));

	if (!value)
		return fail(reader, -ENOMEM);
	value->key = key;
	skip_blanks(reader);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (take(reader, words[i])) {
			value->kind = (enum json_kind)i;
			return value;
		}
	}
	if (*reader->at == '"') {
		value->kind = JSON_STRING;
		value->text = take_string(reader);
	} else if (*reader->at == '[' || *reader->at == '{') {
		value->kind = *reader->at++ == '{' ? JSON_OBJECT : JSON_ARRAY;
		value->first = take_members(reader, value->kind == JSON_OBJECT);
	} else {
		value->kind = JSON_NUMBER;
		value->number = take_number(reader);
	}
	return value;
}

int json_tree_read(char *text, struct json_value **ret)
{
	struct reader reader = {text, 0, 0};
	struct json_value *tree = take_value(&reader, NULL);

	skip_blanks(&reader);
	if (*reader.at)
		fail(&reader, -EINVAL);
	if (reader.r == 0)
		*ret = tree;
	else
		json_tree_free(tree);
	return reader.r;
}

void json_tree_free(struct json_value *tree)
{
	while (tree) {
		struct json_value *next = tree->next;

		json_tree_free(tree->first);
		free(tree);
		tree = next;
	}
}

const struct json_value *json_tree_get(const struct json_value *in, const char *key,
				       enum json_kind kind)
{
	for (in = in && in->kind == JSON_OBJECT ? in->first : NULL; in; in = in->next) {
		if (strcmp(in->key, key) == 0)
			return in->kind == kind ? in : NULL;
	}
	return NULL;
}
