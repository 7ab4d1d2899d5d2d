/* SPDX-License-Identifier: MIT */
#include "call_text.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../look/flags.h"
#include "call_table.h"
#include "common/draft.h"
#include "common/parse.h"

#define STRING_SHOWN 128

/* For one function for each kind of argument */
struct text {
	FILE *stream;
	pid_t tid;		/* 0: its memory is gone */
	const struct registers *entry;
	const char *kept;	/* of its memory: the first path, or NULL */
};

static void show_number(const struct text *text, uint64_t value)
{
	fprintf(text->stream, "%d", (int)value);
}

static void show_hexadecimal(const struct text *text, uint64_t value)
{
	fprintf(text->stream, value < 10 ? "%llu" : "0x%llx", (unsigned long long)value);
}

static void show_mode(const struct text *text, uint64_t value)
{
	fprintf(text->stream, "%#o", (unsigned)value & 07777);
}

static void show_string(const struct text *text, uint64_t address)
{
	char string[STRING_SHOWN + 2];
	int length = -1;

	if (text->tid)
		length = machine_read_string(text->tid, address, string, sizeof(string));
	else if (text->kept)
		length = snprintf(string, sizeof(string), "%s", text->kept);
	if (address == 0)
		fputs("NULL", text->stream);
	else if (length < 0)
		show_hexadecimal(text, address);
	else
		fprintf(text->stream, "\"%.*s\"%s", STRING_SHOWN, string,
			length > STRING_SHOWN ? "..." : "");
}

/* What is written: the third argument is its size. */
static void show_bytes(const struct text *text, uint64_t address)
{
	char bytes[33] = "";
	size_t size = text->entry->arguments[2], got;

	got = machine_read(text->tid, address, bytes, size < 32 ? size : 32);
	fputc('"', text->stream);
	for (size_t i = 0; i < got; i++) {
		if (bytes[i] == '\n')
			fputs("\\n", text->stream);
		else
			fputc(bytes[i] < ' ' || bytes[i] > '~' ? '.' : bytes[i], text->stream);
	}
	fprintf(text->stream, "\"%s", got < size ? "..." : "");
}

static void show_directory(const struct text *text, uint64_t value)
{
	if ((int)value == AT_FDCWD)
		fputs("AT_FDCWD", text->stream);
	else
		show_number(text, value);
}

static void show_open_flags(const struct text *text, uint64_t value)
{
	char names[FLAGS_SIZE];

	open_flags_text((unsigned)value, names);
	fputs(names, text->stream);
}

static void show_signal(const struct text *text, uint64_t value)
{
	char name[SIGNAL_NAME_SIZE];

	fprintf(text->stream, "%s%s", value ? "SIG" : "",
		value ? signal_name((int)value, name) : "0");
}

static void show_how(const struct text *text, uint64_t value)
{
	static const char *const names[] = {"SIG_BLOCK", "SIG_UNBLOCK", "SIG_SETMASK"};

	if (value < 3)
		fputs(names[value], text->stream);
	else
		show_number(text, value);
}

static void show_futex(const struct text *text, uint64_t value)
{
	static const char *const names[] = {
		[FUTEX_WAIT] = "FUTEX_WAIT", [FUTEX_WAKE] = "FUTEX_WAKE",
		[FUTEX_REQUEUE] = "FUTEX_REQUEUE", [FUTEX_CMP_REQUEUE] = "FUTEX_CMP_REQUEUE",
		[FUTEX_WAKE_OP] = "FUTEX_WAKE_OP", [FUTEX_LOCK_PI] = "FUTEX_LOCK_PI",
		[FUTEX_UNLOCK_PI] = "FUTEX_UNLOCK_PI",
		[FUTEX_WAIT_BITSET] = "FUTEX_WAIT_BITSET",
		[FUTEX_WAKE_BITSET] = "FUTEX_WAKE_BITSET",
	};
	unsigned operation = (unsigned)value & FUTEX_CMD_MASK;

	if (operation < sizeof(names) / sizeof(names[0]) && names[operation])
		fputs(names[operation], text->stream);
	else
		show_number(text, operation);
}

static void show_argv(const struct text *text, uint64_t address)
{
	uint64_t words[5] = {0};
	size_t count = machine_read(text->tid, address, words, sizeof(words)) / sizeof(words[0]);

	fputc('[', text->stream);
	for (size_t i = 0; i < count && words[i]; i++) {
		fputs(i ? ", " : "", text->stream);
		if (i == 4)
			fputs("...", text->stream);
		else
			show_string(text, words[i]);
	}
	fputc(']', text->stream);
}

static void show_clone_flags(const struct text *text, uint64_t value)
{
	char names[FLAGS_SIZE];

	clone_flags_text(value, names);
	fputs(names, text->stream);
}

static void show_address(const struct text *text, uint64_t address)
{
	struct sockaddr_storage storage = {0};
	const struct sockaddr_un *local = (const void *)&storage;
	const struct sockaddr_in *four = (const void *)&storage;
	const struct sockaddr_in6 *six = (const void *)&storage;
	size_t size = text->entry->arguments[2];
	char name[INET6_ADDRSTRLEN] = "";

	if (size > sizeof(storage) - 1)
		size = sizeof(storage) - 1;
	machine_read(text->tid, address, &storage, size);
	switch (storage.ss_family) {
	case AF_UNIX:
		fprintf(text->stream, "\"%s%.100s\"", local->sun_path[0] ? "" : "@",
			local->sun_path + !local->sun_path[0]);
		return;
	case AF_INET:
		inet_ntop(AF_INET, &four->sin_addr, name, sizeof(name));
		fprintf(text->stream, "%s:%u", name, ntohs(four->sin_port));
		return;
	case AF_INET6:
		inet_ntop(AF_INET6, &six->sin6_addr, name, sizeof(name));
		fprintf(text->stream, "[%s]:%u", name, ntohs(six->sin6_port));
		return;
	}
	fprintf(text->stream, "family %d", storage.ss_family);
}

static const struct {
	char letter;
	void (*show)(const struct text *text, uint64_t value);
} kinds[] = {
	{'d', show_number}, {'x', show_hexadecimal}, {'m', show_mode}, {'p', show_string},
	{'"', show_bytes}, {'D', show_directory}, {'o', show_open_flags}, {'s', show_signal},
	{'h', show_how}, {'f', show_futex}, {'v', show_argv}, {'c', show_clone_flags},
	{'k', show_address},
};

static void show(const struct text *text, char letter, uint64_t value)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].letter == letter)
			kinds[i].show(text, value);
}

static char *make_text(pid_t tid, const struct registers *registers, const char *kept)
{
	const struct call_entry *entry = registers->foreign ? NULL : call_find(registers->call);
	struct draft draft;
	struct text text = {NULL, tid, registers, kept};
	char *result;

	if (draft_begin(&draft) < 0)
		return NULL;
	text.stream = draft.stream;
	if (!entry) {
		fprintf(text.stream, "%ssyscall %ld", registers->foreign ? "32-bit " : "",
			registers->call);
	} else {
		fprintf(text.stream, "%s(", entry->name);
		for (size_t i = 0; entry->arguments[i]; i++) {
			fputs(i ? ", " : "", text.stream);
			show(&text, entry->arguments[i], registers->arguments[i]);
		}
		fputc(')', text.stream);
	}
	return draft_end(&draft, &result, NULL) < 0 ? NULL : result;
}

char *call_text(pid_t tid, const struct registers *registers)
{
	return make_text(tid, registers, NULL);
}

char *call_text_kept(const struct registers *registers, const char *kept)
{
	return make_text(0, registers, kept);
}
