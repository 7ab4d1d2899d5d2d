/* SPDX-License-Identifier: MIT */
/* What a launch would do, as text. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "../names.h"
#include "accept.h"
#include "error.h"
#include "launch/flight.h"
#include "launch/posix_spawn.h"
#include "plan/shown.h"

static void show_clone(struct text *text, struct launch *launch)
{
	static const struct flag_name names[] = {CLONE_FLAG_NAMES(NAME_ROW)};
	uint64_t flags;
	int exit_signal, is_clone3 = spu__clone_flags(launch, &flags, &exit_signal);

	spu__add_text(text, "   %-13s%s(", "clone", is_clone3 ? "clone3" : "clone");
	spu__show_flags(text, flags, names, sizeof(names) / sizeof(names[0]), "");
	spu__add_text(text, ", exit_signal=%s)\n", exit_signal ? "SIGCHLD" : "0");
	launch->plan.start = (flags & KERNEL_CLONE_CLEAR_SIGHAND) != 0;
}

static int show(struct text *text, struct launch *launch)
{
	int r = spu__plan_launch(launch);

	if (r < 0)
		return r;
	if (launch->options.method == SPU_METHOD_POSIX_SPAWN) {
		spu__add_text(text, "method posix_spawn\n");
		return spu__explain_posix_spawn(launch, text);
	}
	if (launch->purpose == FOR_EXEC) {
		spu__add_text(text, "method exec\n");
		launch->plan.start = 1;	/* exec itself takes the handlers away */
	} else {
		spu__add_text(text, "method vfork\n");
		show_clone(text, launch);
	}
	spu__show_plan(text, &launch->plan);
	return 0;
}

static int explain(char *const argv[], const struct spu_options *options, enum purpose purpose,
		   char **ret_text, struct spu_error *ret_error)
{
	struct launch launch;
	struct text text = {0};
	int r = spu__open_launch(&launch, argv, options, NULL, purpose, NULL, ret_error);

	if (r < 0)
		return r;
	r = show(&text, &launch);
	spu__close_launch(&launch, 0);
	if (r < 0) {
		free(text.data);
		return r;
	}
	r = spu__take_text(&text, ret_text);
	return r < 0 ? spu__error(ret_error, -r, SPU_STEP_PREPARE, -1, "text") : 0;
}

static int explain_uncancelled(char *const argv[], const struct spu_options *options,
			       enum purpose purpose, char **ret_text, struct spu_error *ret_error)
{
	int cancel_state, r;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	r = explain(argv, options, purpose, ret_text, ret_error);
	pthread_setcancelstate(cancel_state, NULL);
	return r;
}

int spu_explain(char *const argv[], const struct spu_options *options, char **ret_text,
		struct spu_error *ret_error)
{
	struct spu_options accepted;
	int r = spu__accept(argv, options, BY_LAUNCH, &accepted, ret_error);

	if (r == 0 && accepted.server)
		r = spu__refusal(ret_error, ENOTSUP, SPU_STEP_OPTIONS, -1,
				 "server: this process takes none of the steps");
	return r < 0 ? r : explain_uncancelled(argv, &accepted, FOR_EXPLAIN, ret_text, ret_error);
}

int spu_explain_exec(char *const argv[], const struct spu_options *options, char **ret_text,
		     struct spu_error *ret_error)
{
	struct spu_options accepted;
	int r = spu__accept(argv, options, BY_EXEC, &accepted, ret_error);

	return r < 0 ? r : explain_uncancelled(argv, &accepted, FOR_EXEC, ret_text, ret_error);
}
