/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer (make fuzz): whatever bytes come, reading stays inside of them and of
 * the room, and what was read can be checked, written and read again to the same.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/plan/check.h"
#include "../requests.h"

#define OPTIONS 768	/* about as many bytes as the numbers of the options have */

/* libFuzzer's interface */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

/* Read where an access beyond the end is seen. */
static int read_request(const char *bytes, size_t size, struct request *ret, void **ret_room)
{
	*ret_room = malloc(REQUEST_ROOM(size));
	return spu__read_request(bytes, size, ret, *ret_room);
}

static void check_same_texts(const char *const *a, const char *const *b)
{
	size_t i;

	if (!a != !b)
		abort();
	for (i = 0; a && a[i]; i++)
		if (!b[i] || strcmp(a[i], b[i]) != 0)
			abort();
	if (a && b[i])
		abort();
}

static void check_again(struct request *request)
{
	size_t size = spu__measure_request(request);
	char *bytes = malloc(size);
	struct request again;
	void *room;

	if (spu__write_request(request, bytes, size) < 0 ||
	    read_request(bytes, size, &again, &room) < 0)
		abort();
	check_same_texts((const char *const *)request->argv, (const char *const *)again.argv);
	check_same_texts((const char *const *)request->options.env,
			 (const char *const *)again.options.env);
	check_same_texts(request->options.env_set, again.options.env_set);
	check_same_texts(request->options.env_unset, again.options.env_unset);
	if (memcmp(&request->standing, &again.standing, sizeof(again.standing)) != 0 ||
	    request->options.group_count != again.options.group_count ||
	    request->options.cpu_count != again.options.cpu_count)
		abort();
	free(room);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spu_options checked;
	struct spu_error error;
	struct request request;
	void *room;

	if (read_request((const char *)data, size, &request, &room) == 0) {
		check_again(&request);
		(void)spu__check_options(request.argv, &request.options, &checked, &error);
	}
	free(room);
	return 0;
}

/* What has no right head is refused at once: a whole request now and then, and its head is mended. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed)
{
	struct request request = full_request();
	size_t full = spu__measure_request(&request);
	uint32_t told;

	if ((size < REQUEST_HEAD || seed % 1024 == 0) && full <= room) {
		if (spu__write_request(&request, (char *)data, full) < 0)
			abort();
		size = full;
	}
	if (size < REQUEST_HEAD || seed % 256 == 1)
		return LLVMFuzzerMutate(data, size, room);
	/* what is checked stands first, what is only long behind it */
	if (seed % 2 && size > REQUEST_HEAD + OPTIONS)
		LLVMFuzzerMutate(data + REQUEST_HEAD, OPTIONS, OPTIONS);
	else
		size = REQUEST_HEAD + LLVMFuzzerMutate(data + REQUEST_HEAD, size - REQUEST_HEAD,
						       room - REQUEST_HEAD);
	told = (uint32_t)size;
	memcpy(data + 12, &told, sizeof(told));
	return size;
}
