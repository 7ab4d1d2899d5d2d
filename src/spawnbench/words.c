/* SPDX-License-Identifier: MIT */
#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\n"

/* One character, of those that stand behind a backslash: in double quotes not all do. */
static int take_escaped(const char **text, char quote, char **to)
{
	if (!(*text)[1])
		return -EINVAL;
	if (!quote || strchr("\"\\$`", (*text)[1]))
		(*text)++;
	*(*to)++ = *(*text)++;
	return 0;
}

static int take_word(const char **text, char **to)
{
	char quote = '\0';
	int r = 0;

	while (r == 0 && **text && (quote || !strchr(BLANKS, **text))) {
		if (**text == '\\' && quote != '\'')
			r = take_escaped(text, quote, to);
		else if (quote ? **text == quote : **text == '\'' || **text == '"')
			quote = quote ? (*text)++, '\0' : *(*text)++;
		else
			*(*to)++ = *(*text)++;
	}
	*(*to)++ = '\0';
	return quote ? -EINVAL : r;
}

int words_split(const char *text, char ***ret_words)
{
	size_t length = strlen(text), most = length / 2 + 2, count = 0;
	char **words = malloc(most * sizeof(*words) + length + 1);
	char *to;
	int r = 0;

	if (!words)
		return -ENOMEM;
	to = (char *)(words + most);
	for (text += strspn(text, BLANKS); *text && r == 0; text += strspn(text, BLANKS)) {
		words[count++] = to;
		r = take_word(&text, &to);
	}
	words[count] = NULL;
	if (r == 0 && count)
		*ret_words = words;
	else
		free(words);
	return r < 0 ? r : count ? 0 : -EINVAL;
}
