/* SPDX-License-Identifier: MIT */
/*
 * What is at the two ends of a socket, from the tables in /proc/PID/net. A
 * help for people who look at leaks; nothing is asked of the socket itself.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sockets.h"

#define TCP_LISTEN_STATE 0x0a
#define UNIX_ACCEPTS 0x10000u	/* __SO_ACCEPTCON */

/* "0100007F:1F90": words as the machine has them, in hex; 4 of them for IPv6. */
static int print_address(const char *hex, char *ret, size_t size)
{
	unsigned words[4], port;
	char text[INET6_ADDRSTRLEN];
	int count = 0;

	while (count < 4 && *hex && *hex != ':') {
		if (sscanf(hex, "%8x", &words[count++]) != 1)
			return -1;
		hex += 8;
	}
	if (sscanf(hex, ":%x", &port) != 1 ||
	    !inet_ntop(count == 1 ? AF_INET : AF_INET6, words, text, sizeof(text)))
		return -1;
	snprintf(ret, size, count == 1 ? "%s:%u" : "[%s]:%u", text, port);
	return 0;
}

static int describe_inet(const char *line, const char *protocol, unsigned long *ret_inode,
			 char *ret, size_t size)
{
	char local[80], remote[80], local_text[80], remote_text[80];
	unsigned state;

	if (sscanf(line, " %*d: %79s %79s %x %*s %*s %*s %*d %*d %lu", local, remote, &state,
		   ret_inode) != 4 ||
	    print_address(local, local_text, sizeof(local_text)) < 0 ||
	    print_address(remote, remote_text, sizeof(remote_text)) < 0)
		return 0;
	if (state == TCP_LISTEN_STATE && protocol[0] == 't')
		snprintf(ret, size, "%s %s, listening", protocol, local_text);
	else if (strstr(remote_text, ":0") && remote_text[strlen(remote_text) - 2] == ':')
		snprintf(ret, size, "%s %s", protocol, local_text);
	else
		snprintf(ret, size, "%s %s to %s", protocol, local_text, remote_text);
	return 1;
}

static int describe_unix(const char *line, const char *protocol, unsigned long *ret_inode,
			 char *ret, size_t size)
{
	char path[112] = "";
	unsigned flags;

	if (sscanf(line, "%*s %*x %*x %x %*x %*x %lu %111[^\n]", &flags, ret_inode, path) < 2)
		return 0;
	snprintf(ret, size, "%s %s%s", protocol, path[0] ? path : "without a name",
		 (flags & UNIX_ACCEPTS) ? ", listening" : "");
	return 1;
}

static const struct {
	const char *table;
	const char *protocol;
	int (*describe)(const char *line, const char *protocol, unsigned long *ret_inode,
			char *ret, size_t size);
} tables[] = {
	{"unix", "unix", describe_unix},
	{"tcp", "tcp", describe_inet},
	{"tcp6", "tcp", describe_inet},
	{"udp", "udp", describe_inet},
	{"udp6", "udp", describe_inet},
};

static int compare(const void *a, const void *b)
{
	const struct spu__socket *left = a, *right = b;

	return (left->inode > right->inode) - (left->inode < right->inode);
}

/* The first of those with this inode: the same socket may be asked for several times. */
static struct spu__socket *find(struct spu__socket *list, size_t count, unsigned long inode)
{
	const struct spu__socket key = {.inode = inode};
	struct spu__socket *found = bsearch(&key, list, count, sizeof(key), compare);

	while (found && found > list && found[-1].inode == inode)
		found--;
	return found;
}

/*
 * A Unix socket's name stands there as it is, and may hold what looks like a line about
 * another one: who has two lines has no name that can be believed.
 */
static void count_lines(FILE *table, struct spu__socket *list, size_t count)
{
	char line[512], text[256];
	unsigned long inode;

	while (fgets(line, sizeof(line), table)) {
		struct spu__socket *at;

		if (!describe_unix(line, "", &inode, text, sizeof(text)))
			continue;
		for (at = find(list, count, inode);
		     at && at < list + count && at->inode == inode; at++)
			at->lines++;
	}
	rewind(table);
}

void spu__describe_sockets(const char *process, struct spu__socket *list, size_t count,
			   void (*found)(void *context, size_t index, const char *text),
			   void *context)
{
	char path[64], line[512], text[256];
	unsigned long inode;

	qsort(list, count, sizeof(*list), compare);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		FILE *table;

		snprintf(path, sizeof(path), "/proc/%s/net/%s", process, tables[i].table);
		table = fopen(path, "re");
		if (!table)
			continue;
		if (tables[i].describe == describe_unix)
			count_lines(table, list, count);
		while (fgets(line, sizeof(line), table)) {
			const struct spu__socket *at;

			if (!tables[i].describe(line, tables[i].protocol, &inode, text,
						sizeof(text)))
				continue;
			for (at = find(list, count, inode);
			     at && at < list + count && at->inode == inode; at++)
				if (at->lines <= 1)
					found(context, at->index, text);
		}
		fclose(table);
	}
}
