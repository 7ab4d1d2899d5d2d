/* SPDX-License-Identifier: MIT */
/*
 * bulk_data write|check BYTES
 *
 * Writes so many bytes that no two places have alike, or reads them and exits
 * with 1 at the first that is another, is missing or is too much.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bulk_data.h"

int main(int argc, char *argv[])
{
	static unsigned char expected[BULK_CHUNK], got[BULK_CHUNK];
	struct bulk bulk = BULK_INIT;
	long left;

	if (argc != 3)
		return 2;
	for (left = atol(argv[2]); left > 0; left -= BULK_CHUNK) {
		size_t size = left < BULK_CHUNK ? (size_t)left : BULK_CHUNK;

		fill_bulk(&bulk, expected);
		if (argv[1][0] == 'w' && fwrite(expected, 1, size, stdout) != size)
			return 1;
		if (argv[1][0] == 'c' && (fread(got, 1, size, stdin) != size ||
					  memcmp(got, expected, size) != 0))
			return 1;
	}
	return argv[1][0] == 'c' ? getchar() != EOF : fflush(stdout) != 0;
}
