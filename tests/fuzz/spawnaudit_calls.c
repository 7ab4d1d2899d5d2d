/* SPDX-License-Identifier: MIT */
/*
 * For libFuzzer (make fuzz): whatever call a thread makes, and whatever is in its memory
 * where the arguments point to, there is a text for it.
 */
#include <errno.h>
#include <sys/uio.h>

#include "bytes.h"
#include "spawnaudit/record/call_text.h"
#include "spawnaudit/record/calls.h"

#define NOBODY 0x7ffffff0	/* no process has that number */
#define BEGIN 0x10000		/* of the memory, which is what is behind the registers */

ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *here, unsigned long here_count,
				const struct iovec *there, unsigned long there_count,
				unsigned long flags);

static struct bytes memory;

/* The linker puts it in the place of libc's (--wrap). */
ssize_t __wrap_process_vm_readv(pid_t pid, const struct iovec *here, unsigned long here_count,
				const struct iovec *there, unsigned long there_count,
				unsigned long flags)
{
	uintptr_t from = (uintptr_t)there->iov_base - BEGIN;
	size_t size = there->iov_len;

	(void)pid, (void)here_count, (void)there_count, (void)flags;
	if (size > here->iov_len)
		FAULT("%zu bytes into room for %zu\n", size, here->iov_len);
	if (from >= bytes_left(&memory)) {
		errno = EFAULT;
		return -1;
	}
	if (size > bytes_left(&memory) - from)
		size = bytes_left(&memory) - from;
	memcpy(here->iov_base, memory.at + from, size);
	return (ssize_t)size;
}

static uint64_t take_argument(struct bytes *bytes)
{
	unsigned how = take(bytes);

	if (how < 128)
		return BEGIN + how;
	return how < 240 ? how - 128 : how == 240 ? UINT64_MAX : take_word(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, data + size};
	struct registers registers = {0};
	unsigned number = take(&bytes);
	char *text;
	int i;

	number = (number << 8 | take(&bytes)) % 512;
	registers.call = (long)number;
	registers.foreign = take(&bytes) == 255;
	for (i = 0; i < 6; i++)
		registers.arguments[i] = take_argument(&bytes);
	memory = bytes;
	text = call_text(NOBODY, &registers);
	if (!text || !*text)
		FAULT("call %u has no text\n", number);
	free(text);
	(void)call_work(NOBODY, &registers);
	(void)call_is_wait(&registers);
	(void)call_closes_rest(&registers);
	if (call_is_exec(registers.call))
		free(call_executed_file(NOBODY, &registers));
	return 0;
}
