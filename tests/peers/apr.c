/* SPDX-License-Identifier: MIT */
/* APR: apr_proc_create() and apr_proc_wait(). CHILD COUNT */
#include <apr_general.h>
#include <apr_thread_proc.h>

#include "peer.h"

static void launch(apr_pool_t *pool, const char *child)
{
	const char *child_argv[] = {child, NULL};
	uint64_t start = peer_now(), returned;
	apr_procattr_t *attributes;
	apr_exit_why_e why;
	apr_proc_t process;
	int code;

	if (apr_procattr_create(&attributes, pool) != APR_SUCCESS ||
	    apr_procattr_cmdtype_set(attributes, APR_PROGRAM_ENV) != APR_SUCCESS ||
	    apr_proc_create(&process, child, child_argv, NULL, attributes, pool) != APR_SUCCESS)
		err(1, "apr_proc_create");
	returned = peer_now();
	if (apr_proc_wait(&process, &code, &why, APR_WAIT) != APR_CHILD_DONE || code != 0)
		errx(1, "the child: status %d", code);
	peer_report(start, returned, peer_now());
}

int main(int argc, char **argv)
{
	apr_pool_t *pool;

	apr_initialize();
	apr_pool_create(&pool, NULL);
	for (int i = argc == 3 ? atoi(argv[2]) : 0; i > 0; i--) {
		launch(pool, argv[1]);
		apr_pool_clear(pool);
	}
	apr_terminate();
	return 0;
}
