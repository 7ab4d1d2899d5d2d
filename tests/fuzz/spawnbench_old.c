/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer (make fuzz): whatever file spawnbench is to compare with, reading stays in
 * it; what is JSON is the same when it is written and read again.
 */
#include <fcntl.h>

#include "bytes.h"
#include "common/json.h"
#include "common/message.h"
#include "spawnbench/json_tree.h"
#include "spawnbench/old.h"

static void write_value(struct json *json, const struct json_value *value)
{
	const struct json_value *in = value->first;

	switch (value->kind) {
	case JSON_NULL:
		json_null(json, value->key);
		break;
	case JSON_FALSE:
	case JSON_TRUE:
		json_boolean(json, value->key, value->kind == JSON_TRUE);
		break;
	case JSON_NUMBER:
		json_decimal(json, value->key, value->number, 3);
		break;
	case JSON_STRING:
		json_string(json, value->key, value->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		(value->kind == JSON_ARRAY ? json_array : json_object)(json, value->key);
		for (; in; in = in->next)
			write_value(json, in);
		json_end(json);
		break;
	}
}

static char *written(const struct json_value *tree)
{
	struct json json = {.stream = NULL};
	char *text = NULL;
	size_t size;

	json.stream = open_memstream(&text, &size);
	write_value(&json, tree);
	if (json_finish(&json) < 0)
		FAULT("not written\n");
	fclose(json.stream);
	return text;
}

static void check_tree(const struct json_value *tree)
{
	char *once = written(tree), *cut_up = strdup(once), *twice;
	struct json_value *again;

	if (json_tree_read(cut_up, &again) < 0)
		FAULT("what we write isn't JSON: %s\n", once);
	twice = written(again);
	if (strcmp(once, twice) != 0)
		FAULT("%s was %s\n", twice, once);
	json_tree_free(again);
	free(twice);
	free(cut_up);
	free(once);
}

/* As a run that is compared with it does */
static void check_old(const struct old *old)
{
	static const struct machine machine = {.model = "m", .libc = "l"};
	const struct setting setting = {.machine = &machine, .processor = -1};
	const struct method method = {.name = "raw"}, *const methods[] = {&method};
	double medians[] = {10, 11, 12};
	struct figure figure = {.method = "raw", .medians = medians};
	struct table table = {.child = "c", .count = 1, .figures = &figure, .rounds = 3};

	old_check_setting(old, &setting);
	if (old_check_table(old, &table.shape, table.child, methods, 1) == 0)
		old_compare(old, &machine, &table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int null = -1;
	struct bytes bytes = {data, data + size};
	char *text = take_text(&bytes, size), name[32];
	int fd = make_file(data, size);
	struct json_value *tree;
	struct old old;

	if (null < 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		message_set_fd(null);
		message_set_program("fuzz");
	}
	if (json_tree_read(text, &tree) == 0) {
		check_tree(tree);
		json_tree_free(tree);
	}
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (old_read(&old, name) == 0) {
		check_old(&old);
		old_clear(&old);
	}
	close(fd);
	free(text);
	return 0;
}
