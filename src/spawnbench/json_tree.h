/* SPDX-License-Identifier: MIT */
/* Reads JSON into a tree. Pure, and strict: RFC 8259, nothing before or behind. */
#ifndef SPAWNBENCH_JSON_TREE_H
#define SPAWNBENCH_JSON_TREE_H

enum json_kind {
	JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT
};

struct json_value {
	enum json_kind kind;
	const char *key;	/* of a member; NULL: of none */
	const char *text;	/* of a string */
	double number;
	struct json_value *first, *next;	/* what is in it; what comes after it */
};

/* text is cut up, and must stay as long as the tree. -EINVAL: it is no JSON; -ENOMEM. */
int json_tree_read(char *text, struct json_value **ret);
void json_tree_free(struct json_value *tree);

/* A member of an object, of that kind; NULL: there is none. in may be NULL. */
const struct json_value *json_tree_get(const struct json_value *in, const char *key,
				       enum json_kind kind);

#endif
