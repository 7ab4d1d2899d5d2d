/* SPDX-License-Identifier: MIT */
/* The programs' parsers and messages: pure, so no process is started here. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/draft.h"
#include "common/json.h"
#include "common/message.h"
#include "common/parse.h"
#include "sanitizers.h"
#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define UNTOUCHED 4711

START_TEST(numbers_are_read_whole_or_not_at_all)
{
	static const struct {
		const char *text;
		int r;
		long value;
	} known[] = {
		{"0", 0, 0}, {"-0", 0, 0}, {"+7", 0, 7}, {"-42", 0, -42}, {"007", 0, 7},
		{LONG_MAX > INT_MAX ? "9223372036854775807" : "2147483647", 0, LONG_MAX},
		{LONG_MAX > INT_MAX ? "-9223372036854775808" : "-2147483648", 0, LONG_MIN},
		{LONG_MAX > INT_MAX ? "9223372036854775808" : "2147483648", -ERANGE, 0},
		{LONG_MAX > INT_MAX ? "-9223372036854775809" : "-2147483649", -ERANGE, 0},
		{"99999999999999999999999999", -ERANGE, 0},
		{"", -EINVAL, 0}, {" 1", -EINVAL, 0}, {"1 ", -EINVAL, 0}, {"1x", -EINVAL, 0},
		{"0x10", -EINVAL, 0}, {"-", -EINVAL, 0}, {"+", -EINVAL, 0}, {"--1", -EINVAL, 0},
		{"1.0", -EINVAL, 0}, {"99999999999999999999x", -EINVAL, 0},
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		long value = UNTOUCHED;

		ck_assert_msg(parse_long(known[i].text, LONG_MIN, LONG_MAX, &value) == known[i].r,
			      "'%s'", known[i].text);
		ck_assert_msg(value == (known[i].r ? UNTOUCHED : known[i].value), "'%s': %ld",
			      known[i].text, value);
	}
}
END_TEST

START_TEST(numbers_keep_to_their_limits)
{
	long value;

	ck_assert_int_eq(parse_long("3", 3, 5, &value), 0);
	ck_assert_int_eq(parse_long("5", 3, 5, &value), 0);
	ck_assert_int_eq(parse_long("2", 3, 5, &value), -ERANGE);
	ck_assert_int_eq(parse_long("6", 3, 5, &value), -ERANGE);
}
END_TEST

START_TEST(modes_are_octal)
{
	unsigned mode = UNTOUCHED;

	ck_assert_int_eq(parse_mode("8", &mode), -EINVAL);
	ck_assert_int_eq(parse_mode("", &mode), -EINVAL);
	ck_assert_int_eq(parse_mode("-1", &mode), -EINVAL);
	ck_assert_int_eq(parse_mode("10000", &mode), -ERANGE);
	ck_assert_int_eq(parse_mode("77777777777777777777", &mode), -ERANGE);
	ck_assert_uint_eq(mode, UNTOUCHED);
	ck_assert_int_eq(parse_mode("0", &mode), 0);
	ck_assert_uint_eq(mode, 0);
	ck_assert_int_eq(parse_mode("00022", &mode), 0);
	ck_assert_uint_eq(mode, 022);
	ck_assert_int_eq(parse_mode("7777", &mode), 0);
	ck_assert_uint_eq(mode, 07777);
}
END_TEST

START_TEST(symbolic_modes_are_those_of_umask)
{
	static const struct {
		const char *text;
		unsigned now;
		int r;
		unsigned mode;
	} known[] = {
		{"u=rwx,g=rx,o=", 0, 0, 0750}, {"a=r", 0777, 0, 0444}, {"=rw", 0, 0, 0666},
		{"g-w", 0777, 0, 0757}, {"+x", 0640, 0, 0751}, {"go+rx", 0700, 0, 0755},
		{"u=", 0777, 0, 0077}, {"g=u", 0750, 0, 0770}, {"o=g,g=", 0750, 0, 0705},
		{"u+w-x", 0500, 0, 0600}, {"ug=rw+x,o-rwx", 0007, 0, 0770}, {"a-u", 0421, 0, 0021},
		{"g=uo", 0, -EINVAL, 0}, {"", 0, -EINVAL, 0}, {"u", 0, -EINVAL, 0},
		{"rwx", 0, -EINVAL, 0}, {"u=rwx,", 0, -EINVAL, 0}, {",u=r", 0, -EINVAL, 0},
		{"u=rwt", 0, -EINVAL, 0}, {"u=7", 0, -EINVAL, 0}, {"u=r g=r", 0, -EINVAL, 0},
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		unsigned mode = UNTOUCHED;

		ck_assert_msg(parse_symbolic_mode(known[i].text, known[i].now, &mode) == known[i].r,
			      "'%s'", known[i].text);
		ck_assert_msg(mode == (known[i].r ? UNTOUCHED : known[i].mode), "'%s': %o",
			      known[i].text, mode);
	}
}
END_TEST

START_TEST(sizes_have_units)
{
	static const struct {
		const char *text;
		int r;
		uint64_t value;
	} known[] = {
		{"0", 0, 0}, {"10", 0, 10}, {"1K", 0, 1024}, {"2k", 0, 2048},
		{"3M", 0, 3ull << 20}, {"4G", 0, 4ull << 30}, {"1T", 0, 1ull << 40},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0}, {"18446744073709551615K", -ERANGE, 0},
		{"K", -EINVAL, 0}, {"1KB", -EINVAL, 0}, {"1.5K", -EINVAL, 0}, {"-1", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		uint64_t value = UNTOUCHED;

		ck_assert_msg(parse_size(known[i].text, &value) == known[i].r, "'%s'",
			      known[i].text);
		ck_assert_msg(value == (known[i].r ? UNTOUCHED : known[i].value), "'%s'",
			      known[i].text);
	}
}
END_TEST

START_TEST(durations_are_those_of_timeout)
{
	static const struct {
		const char *text;
		int r;
		int64_t ms;
	} known[] = {
		{"0", 0, 0}, {"0.0", 0, 0}, {"10", 0, 10000}, {"10s", 0, 10000}, {"2m", 0, 120000},
		{"1h", 0, 3600000}, {"1d", 0, 86400000}, {"1.5", 0, 1500}, {".5", 0, 500},
		{"5.", 0, 5000}, {"1.5h", 0, 5400000}, {"0.001", 0, 1}, {"0.0001", 0, 1},
		{"0.0000000001", 0, 1}, {"1.0001", 0, 1001}, {"0.00001d", 0, 864},
		{"0.9999", 0, 1000}, {"365d", 0, 31536000000},
		{"1e1", 0, 10000}, {"1e1m", 0, 600000}, {"2.5E+3", 0, 2500000}, {"1e-3", 0, 1},
		{".5e1s", 0, 5000}, {"1234e-5", 0, 13}, {"1e-9999999999999", 0, 1}, {"0e9999", 0, 0},
		{"0.000000000000000000000000002e27", 0, 2000},
		{"1000000000000000000000000000e-27", 0, 1000},
		{"1.00000000000000000000000000001", 0, 1001},
		{"2305843009213693", 0, 2305843009213693000}, {"2305843009213694", -ERANGE, 0},
		{"inf", 0, INT64_MAX / 4}, {"Infinity", 0, INT64_MAX / 4}, {"INFd", 0, INT64_MAX / 4},
		{"1e400", -ERANGE, 0}, {"1e99999999999999999999", -ERANGE, 0},
		{"e1", -EINVAL, 0}, {"1e", -EINVAL, 0}, {"1e+", -EINVAL, 0}, {"1e1e1", -EINVAL, 0},
		{"1e1.5", -EINVAL, 0}, {".e1", -EINVAL, 0}, {"infi", -EINVAL, 0}, {"-inf", -EINVAL, 0},
		{"nan", -EINVAL, 0}, {"0x1", -EINVAL, 0},
		{"", -EINVAL, 0}, {".", -EINVAL, 0}, {"s", -EINVAL, 0}, {"1x", -EINVAL, 0},
		{"1ms", -EINVAL, 0}, {"-1", -EINVAL, 0}, {"+1", -EINVAL, 0}, {" 1", -EINVAL, 0},
		{"1.5.2", -EINVAL, 0}, {"1,5", -EINVAL, 0},
		{"9223372036854775807", -ERANGE, 0}, {"99999999999999999999999d", -ERANGE, 0},
		{"2305843009213693d", -ERANGE, 0},
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		int64_t ms = UNTOUCHED;

		ck_assert_msg(parse_duration_ms(known[i].text, &ms) == known[i].r, "'%s'",
			      known[i].text);
		ck_assert_msg(ms == (known[i].r ? UNTOUCHED : known[i].ms), "'%s': %lld",
			      known[i].text, (long long)ms);
	}
}
END_TEST

START_TEST(signals_have_names_and_numbers)
{
	const struct {
		const char *text;
		int r;
		int number;
	} known[] = {
		{"TERM", 0, SIGTERM}, {"SIGTERM", 0, SIGTERM}, {"sigterm", 0, SIGTERM},
		{"15", 0, 15}, {"CLD", 0, SIGCHLD}, {"IOT", 0, SIGABRT}, {"POLL", 0, SIGIO},
		{"RTMIN", 0, SIGRTMIN}, {"RTMIN+3", 0, SIGRTMIN + 3}, {"SIGRTMAX", 0, SIGRTMAX},
		{"RTMAX-1", 0, SIGRTMAX - 1}, {"RTMIN+99", -ERANGE, 0}, {"RTMAX-99", -ERANGE, 0},
		{"0", -ERANGE, 0}, {"65", -ERANGE, 0}, {"32", -ERANGE, 0},
		{"-1", -EINVAL, 0}, {"", -EINVAL, 0}, {"SIG", -EINVAL, 0}, {"TERMX", -EINVAL, 0},
		{"RTMIN3", -EINVAL, 0}, {"RTMIN-1", -EINVAL, 0}, {"RTMIN+", -EINVAL, 0},
		{"15x", -EINVAL, 0}, {"SIGSIGTERM", -EINVAL, 0}, {"SIG15", -EINVAL, 0},
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		int number = UNTOUCHED;

		ck_assert_msg(parse_signal(known[i].text, &number) == known[i].r, "'%s'",
			      known[i].text);
		ck_assert_msg(number == (known[i].r ? UNTOUCHED : known[i].number), "'%s'",
			      known[i].text);
	}
}
END_TEST

START_TEST(a_signal_is_read_back_from_its_name)
{
	char buffer[SIGNAL_NAME_SIZE];
	int number;

	for (int i = 1; i <= SIGRTMAX; i++) {
		if (i > 31 && i < SIGRTMIN)
			continue;
		ck_assert_int_eq(parse_signal(signal_name(i, buffer), &number), 0);
		ck_assert_int_eq(number, i);
	}
	ck_assert_str_eq(signal_name(SIGTERM, buffer), "TERM");
	ck_assert_str_eq(signal_name(4711, buffer), "4711");
}
END_TEST

START_TEST(access_is_named_by_the_flags_of_a_descriptor)
{
	ck_assert_str_eq(access_name(O_RDONLY | O_APPEND), "r");
	ck_assert_str_eq(access_name(O_WRONLY | O_NONBLOCK), "w");
	ck_assert_str_eq(access_name(O_RDWR), "rw");
	ck_assert_str_eq(access_name(3), "-");
	ck_assert_str_eq(access_name(O_PATH | O_DIRECTORY), "path");
}
END_TEST

START_TEST(signal_lists_are_sets)
{
	uint64_t set = UNTOUCHED;

	ck_assert_int_eq(parse_signals("", &set), -EINVAL);
	ck_assert_int_eq(parse_signals("INT,", &set), -EINVAL);
	ck_assert_int_eq(parse_signals(",INT", &set), -EINVAL);
	ck_assert_int_eq(parse_signals("INT TERM", &set), -EINVAL);
	ck_assert_int_eq(parse_signals("INT,99", &set), -ERANGE);
	ck_assert_uint_eq(set, UNTOUCHED);
	ck_assert_int_eq(parse_signals("INT,SIGTERM,2", &set), 0);
	ck_assert_uint_eq(set, SPU_SIGNAL(SIGINT) | SPU_SIGNAL(SIGTERM));
	ck_assert_int_eq(parse_signals("RTMAX", &set), 0);
	ck_assert_uint_eq(set, SPU_SIGNAL(SIGRTMAX));
}
END_TEST

static int note(void *context, long first, long last)
{
	char *text = context;

	sprintf(text + strlen(text), "[%ld,%ld]", first, last);
	return 0;
}

static int refuse(void *context, long first, long last)
{
	(void)context, (void)first, (void)last;
	return -ENOMEM;
}

START_TEST(range_lists_are_read_in_order)
{
	static const struct {
		const char *text;
		int r;
		const char *ranges;
	} known[] = {
		{"3", 0, "[3,3]"}, {"5-7", 0, "[5,7]"}, {"9,1-2,9", 0, "[9,9][1,2][9,9]"},
		{"4-4", 0, "[4,4]"}, {"7-5", -ERANGE, ""}, {"3,101", -ERANGE, "[3,3]"},
		{"", -EINVAL, ""}, {",", -EINVAL, ""}, {"3,", -EINVAL, "[3,3]"}, {"-3", -ERANGE, ""},
		{"3-", -EINVAL, ""}, {"3--4", -ERANGE, ""}, {"a", -EINVAL, ""},
		{"000000000000000000000000000000000000000000000000000000003", -EINVAL, ""},
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		char text[256] = "";

		ck_assert_msg(parse_ranges(known[i].text, 0, 100, note, text) == known[i].r,
			      "'%s'", known[i].text);
		ck_assert_str_eq(text, known[i].ranges);
	}
	ck_assert_int_eq(parse_ranges("3", 0, 100, refuse, NULL), -ENOMEM);
	ck_assert_int_eq(parse_ranges("3-5:2", 0, 100, refuse, NULL), -EINVAL);
}
END_TEST

START_TEST(pairs_are_read_in_order)
{
	static const struct {
		const char *text;
		int r;
		const char *pairs;
	} known[] = {
		{"3:4", 0, "[3,4]"}, {"5:0,0:5,5:1", 0, "[5,0][0,5][5,1]"},
		{"3:101", -ERANGE, ""}, {"1:2,101:3", -ERANGE, "[1,2]"},
		{"", -EINVAL, ""}, {"3", -EINVAL, ""}, {"3:", -EINVAL, ""}, {":3", -EINVAL, ""},
		{"1:2:3", -EINVAL, ""}, {"1:2,", -EINVAL, "[1,2]"}, {"1:-2", -ERANGE, ""},
		{"1 :2", -EINVAL, ""},
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		char text[256] = "";

		ck_assert_msg(parse_pairs(known[i].text, 0, 100, note, text) == known[i].r,
			      "'%s'", known[i].text);
		ck_assert_str_eq(text, known[i].pairs);
	}
	ck_assert_int_eq(parse_pairs("3:4", 0, 100, refuse, NULL), -ENOMEM);
}
END_TEST

static long stride;

static int note_stride(void *context, long first, long last)
{
	char *text = context;

	sprintf(text + strlen(text), "[%ld,%ld,%ld]", first, last, stride);
	return 0;
}

START_TEST(ranges_may_have_strides)
{
	static const struct {
		const char *text;
		int r;
		const char *ranges;
	} known[] = {
		{"0-6:2,9", 0, "[0,6,2][9,9,1]"}, {"1-3:100", 0, "[1,3,100]"},
		{"1-3:0", -ERANGE, ""}, {"1-3:101", -ERANGE, ""}, {"1-3:-1", -ERANGE, ""},
		{"1-3:", -EINVAL, ""}, {"3:2", -EINVAL, ""}, {"1:2-3", -EINVAL, ""},
		{"1-3:2:2", -EINVAL, ""}, {"3-1:2", -ERANGE, ""},
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		char text[256] = "";

		ck_assert_msg(parse_strided_ranges(known[i].text, 0, 100, &stride, note_stride,
						   text) == known[i].r, "'%s'", known[i].text);
		ck_assert_str_eq(text, known[i].ranges);
	}
}
END_TEST

/* What say() writes, with a pipe in the place of stderr */
static int begin_message(int pipes[2])
{
	message_set_program("program");
	ck_assert_int_eq(pipe(pipes), 0);
	message_set_fd(pipes[1]);
	return pipes[0];
}

static const char *end_message(int pipes[2])
{
	message_set_fd(STDERR_FILENO);
	close(pipes[1]);
	return read_all(pipes[0]);
}

START_TEST(messages_say_program_what_and_why)
{
	int pipes[2];

	begin_message(pipes);
	errno = EIO;
	say("%d of %s", 3, "these");
	say_errno(ENOENT, "%s", "this");
	say_errno(-ENOENT, "%s", "that");
	ck_assert_int_eq(errno, EIO);
	ck_assert_str_eq(end_message(pipes), "program: 3 of these\n"
			 "program: this: No such file or directory\n"
			 "program: that: No such file or directory\n");
}
END_TEST

START_TEST(a_message_is_one_line_whatever_the_thing_is_named)
{
	int pipes[2];

	begin_message(pipes);
	say_errno(ENOENT, "%s", "a\nb\033[2J\tc\177");
	say("%s", "\302\233 \233 \303\244 \342\202");
	ck_assert_str_eq(end_message(pipes), "program: a?b?[2J?c?: No such file or directory\n"
			 "program: ?? ? \303\244 ??\n");
}
END_TEST

START_TEST(a_name_is_quoted_where_it_shows_badly)
{
	int pipes[2];

	begin_message(pipes);
	say("%s, %s", NAMED("plain"), NAMED(""));
	say("%s, %s, %s", NAMED("a b"), NAMED("\"'\\"), NAMED("'\\"));
	say("%s", NAMED("\303\244\n\r\033\177"));
	/* C1 controls, and no character at all */
	say("%s, %s", NAMED("\302\240\303\200"), NAMED("\303\244\302\200\302\237"));
	say("%s, %s", NAMED("\233"), NAMED("\342\202"));
	ck_assert_str_eq(end_message(pipes), "program: plain, \"\"\n"
			 "program: \"a b\", \"\\\"'\\\\\", '\\\n"
			 "program: \"\303\244\\n\\r\\033\\177\"\n"
			 "program: \302\240\303\200, \"\303\244\\302\\200\\302\\237\"\n"
			 "program: \"\\233\", \"\\342\\202\"\n");
}
END_TEST

/* Each length around the room for it: never too long, and one sees what is missing. */
START_TEST(a_name_that_is_cut_says_so)
{
	char name[40], expected[40], buffer[20];
	const char *shown;
	size_t length;

	for (length = 1; length < sizeof(name); length++) {
		memset(name, 'n', length);
		name[length] = '\0';
		shown = quote(name, buffer, sizeof(buffer));
		snprintf(expected, sizeof(expected), "%.*s%s", length < 20 ? 19 : 16, name,
			 length < 20 ? "" : "...");
		ck_assert_str_eq(shown, expected);
		memset(name, '\1', length);
		shown = quote(name, buffer, sizeof(buffer));
		ck_assert_uint_lt(strlen(shown), sizeof(buffer));
		ck_assert(ends_with(shown, length * 4 + 2 < strlen(shown) + 1 ? "\\001\"" : "\"..."));
	}
	/* between characters */
	ck_assert_str_eq(quote("\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244",
			       buffer, 16), "\303\244\303\244\303\244\303\244\303\244\303\244...");
	ck_assert_str_eq(quote("n\303\244\303\244\303\244\303\244\303\244\303\244\303\244\303\244",
			       buffer, 16), "n\303\244\303\244\303\244\303\244\303\244...");
}
END_TEST

START_TEST(a_hint_points_at_help)
{
	int pipes[2];

	begin_message(pipes);
	say_hint();
	ck_assert_str_eq(end_message(pipes), "Try 'program --help' for more information.\n");
}
END_TEST

START_TEST(a_long_name_is_cut_and_the_reason_stays)
{
	static char name[1 << 20];
	const char *text;
	int pipes[2];

	memset(name, 'n', sizeof(name) - 1);
	begin_message(pipes);
	say_errno(ENOENT, "%s", name);
	text = end_message(pipes);
	ck_assert_uint_lt(strlen(text), 4096);
	ck_assert_ptr_nonnull(strstr(text, "nnn...: No such file or directory\n"));
}
END_TEST

START_TEST(lost_output_is_noticed)
{
	ck_assert_ptr_nonnull(freopen("/dev/full", "w", stdout));
	printf("text");
	ck_assert_int_eq(stdout_finish(), -ENOSPC);
}
END_TEST

START_TEST(a_closed_stdout_is_fine_when_nothing_was_printed)
{
	fflush(stdout);
	close(STDOUT_FILENO);
	ck_assert_int_eq(stdout_finish(), 0);
}
END_TEST

START_TEST(a_closed_stdout_is_noticed_when_something_was_printed)
{
	fflush(stdout);
	close(STDOUT_FILENO);
	printf("text");
	ck_assert_int_eq(stdout_finish(), -EBADF);
}
END_TEST

START_TEST(a_draft_is_what_was_written_however_long)
{
	struct draft draft;
	size_t size = 0;
	char *text;

	ck_assert_int_eq(draft_begin(&draft), 0);
	ck_assert_int_eq(draft_end(&draft, &text, &size), 0);
	ck_assert_str_eq(text, "");
	ck_assert_uint_eq(size, 0);
	free(text);
	ck_assert_int_eq(draft_begin(&draft), 0);
	for (int i = 0; i < 100000; i++)
		fprintf(draft.stream, "%05d,", i);
	ck_assert_int_eq(draft_end(&draft, &text, &size), 0);
	ck_assert_uint_eq(size, 600000);
	ck_assert_uint_eq(strlen(text), size);
	for (int i = 0; i < 100000; i++)
		ck_assert_int_eq(atoi(text + 6 * i), i);
	free(text);
}
END_TEST

/* The part that fits isn't taken for the whole, also when there is memory again. */
START_TEST(a_draft_for_which_memory_was_short_gives_no_text)
{
	static char bytes[1 << 20];
	struct rlimit was, limit = {64 << 20, RLIM_INFINITY};
	struct draft draft;
	char *text = NULL;

	if (IS_SANITIZED)
		SKIP("common", "sanitizers need more of it");
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &was), 0);
	limit.rlim_max = was.rlim_max;
	ck_assert_int_eq(draft_begin(&draft), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	for (int i = 0; i < 100; i++)
		fwrite(bytes, 1, sizeof(bytes), draft.stream);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &was), 0);
	fputs("more", draft.stream);
	ck_assert_int_eq(draft_end(&draft, &text, NULL), -ENOMEM);
	ck_assert_ptr_null(text);
}
END_TEST

/* The line that write() makes, its end left out. */
static char *json_of(void (*write)(struct json *json))
{
	struct draft draft;
	struct json json = {0};
	char *text;
	size_t size;

	ck_assert_int_eq(draft_begin(&draft), 0);
	json.stream = draft.stream;
	write(&json);
	ck_assert_int_eq(json_finish(&json), 0);
	ck_assert_int_eq(draft_end(&draft, &text, &size), 0);
	ck_assert_int_eq(text[size - 1], '\n');
	text[size - 1] = '\0';
	return text;
}

static void expect_json(void (*write)(struct json *json), const char *expected)
{
	char *text = json_of(write);

	ck_assert_str_eq(text, expected);
	free(text);
}

static void write_nested(struct json *json)
{
	json_object(json, NULL);
	json_integer(json, "i", -1);
	json_array(json, "a");
	json_end(json);
	json_array(json, "b");
	json_boolean(json, NULL, 4);
	json_boolean(json, NULL, 0);
	json_object(json, NULL);
	json_end(json);
	json_object(json, NULL);
	json_decimal(json, "d", 1.25, 1);
	json_string(json, "n", NULL);
	json_end(json);
	json_end(json);
	json_string(json, "k\"", "");
	json_end(json);
}

START_TEST(json_has_commas_between_values_and_nowhere_else)
{
	expect_json(write_nested, "{\"i\": -1, \"a\": [], \"b\": [true, false, {}, "
		    "{\"d\": 1.2, \"n\": null}], \"k\\\"\": \"\"}");
}
END_TEST

static void write_lines(struct json *json)
{
	json_object(json, NULL);
	json_array(json, "a");
	json_object(json, NULL);
	ck_assert_int_eq(json_finish(json), 0);
	json_array(json, NULL);
	ck_assert_int_eq(json_finish(json), 0);
	json_null(json, NULL);
}

START_TEST(finishing_ends_all_that_is_open_and_the_line)
{
	expect_json(write_lines, "{\"a\": [{}]}\n[]\nnull");
}
END_TEST

static void write_numbers(struct json *json)
{
	json_array(json, NULL);
	json_integer(json, NULL, INT64_MIN);
	json_integer(json, NULL, INT64_MAX);
	json_unsigned(json, NULL, UINT64_MAX);
	json_decimal(json, NULL, -0.0625, 4);
	json_decimal(json, NULL, 1e22, 3);
	json_decimal(json, NULL, 2.5, 0);
	json_decimal(json, NULL, (double)NAN, 3);
	json_decimal(json, NULL, (double)INFINITY, 3);
	json_decimal(json, NULL, (double)-INFINITY, 3);
}

START_TEST(json_numbers_are_exact_and_null_where_there_is_none)
{
	expect_json(write_numbers, "[-9223372036854775808, 9223372036854775807, "
		    "18446744073709551615, -0.0625, 10000000000000000000000.000, 2, "
		    "null, null, null]");
}
END_TEST

static const char *json_text;

static void write_json_text(struct json *json)
{
	json_string(json, NULL, json_text);
}

#define NONE "\xef\xbf\xbd"	/* U+FFFD */

/* What every reader takes, in one line, also of those who split at U+0085 and U+2028 */
START_TEST(json_strings_are_utf8_without_controls_whatever_they_are_made_of)
{
	static const struct {
		const char *text, *written;
	} known[] = {
		{"a\"b\\c/", "a\\\"b\\\\c/"}, {"\1\n\x1f\x7f", "\\u0001\\u000a\\u001f\\u007f"},
		{"\xc3\xa4", "\xc3\xa4"}, {"\xe2\x82\xac", "\xe2\x82\xac"},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"}, {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
		{"\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80"},
		/* C1's first and last, the character behind them; the separators and their neighbours */
		{"\xc2\x80\xc2\x85\xc2\x9b\xc2\x9f\xc2\xa0", "\\u0080\\u0085\\u009b\\u009f\xc2\xa0"},
		{"\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa",
		 "\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa"},
		{"\xe2\x81\xa8\xe3\x80\xa9", "\xe2\x81\xa8\xe3\x80\xa9"},
		/* overlong, a surrogate, too large, cut short, never allowed */
		{"\xc0\x80", NONE NONE}, {"\xc1\xbf", NONE NONE},
		{"\xe0\x9f\xbf", NONE NONE NONE}, {"\xed\xa0\x80", NONE NONE NONE},
		{"\xf0\x8f\xbf\xbf", NONE NONE NONE NONE}, {"\xf4\x90\x80\x80", NONE NONE NONE NONE},
		{"\xf5", NONE}, {"\xff", NONE}, {"\x80", NONE},
		{"\xe2\x82", NONE NONE}, {"\xc3", NONE}, {"\xc3\xff", NONE NONE}, {"\xc2", NONE},
		{"\xf0\x9f\x98" "x", NONE NONE NONE "x"}, {"\xe2\x80", NONE NONE},
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		char expected[64];

		json_text = known[i].text;
		snprintf(expected, sizeof(expected), "\"%s\"", known[i].written);
		expect_json(write_json_text, expected);
	}
}
END_TEST

/* Each ends the program. */
static void misuse(int way)
{
	struct json json = {.stream = fopen("/dev/null", "we")};

	ck_assert_ptr_nonnull(json.stream);
	switch (way) {
	case 0:	/* a key where none belongs */
		json_null(&json, "key");
		break;
	case 1:
		json_array(&json, NULL);
		json_null(&json, "key");
		break;
	case 2:	/* none where one belongs */
		json_object(&json, NULL);
		json_null(&json, NULL);
		break;
	case 3:
		json_object(&json, NULL);
		json_array(&json, "key");
		json_end(&json);
		json_array(&json, NULL);
		break;
	case 4:	/* two values in a line */
		json_null(&json, NULL);
		json_null(&json, NULL);
		break;
	case 5:	/* an end of nothing */
		json_end(&json);
		break;
	case 6:	/* deeper than it can remember */
		for (int i = 0; i < 65; i++)
			json_array(&json, NULL);
	}
}

#define MISUSES 7

START_TEST(what_cannot_be_json_is_refused)
{
	misuse(_i);
}
END_TEST

START_TEST(json_that_is_lost_is_noticed)
{
	struct json json = {.stream = fopen("/dev/full", "we")};

	ck_assert_ptr_nonnull(json.stream);
	json_array(&json, NULL);
	for (int i = 0; i < 100000; i++)
		json_integer(&json, NULL, i);
	ck_assert_int_eq(json_finish(&json), -EIO);
	fclose(json.stream);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("common");
	TCase *parse = tcase_create("parse"), *message = tcase_create("message");
	TCase *draft = tcase_create("draft"), *json = tcase_create("json");

	tcase_add_test(parse, numbers_are_read_whole_or_not_at_all);
	tcase_add_test(parse, numbers_keep_to_their_limits);
	tcase_add_test(parse, modes_are_octal);
	tcase_add_test(parse, symbolic_modes_are_those_of_umask);
	tcase_add_test(parse, sizes_have_units);
	tcase_add_test(parse, durations_are_those_of_timeout);
	tcase_add_test(parse, signals_have_names_and_numbers);
	tcase_add_test(parse, a_signal_is_read_back_from_its_name);
	tcase_add_test(parse, access_is_named_by_the_flags_of_a_descriptor);
	tcase_add_test(parse, signal_lists_are_sets);
	tcase_add_test(parse, range_lists_are_read_in_order);
	tcase_add_test(parse, ranges_may_have_strides);
	tcase_add_test(parse, pairs_are_read_in_order);
	tcase_add_test(message, messages_say_program_what_and_why);
	tcase_add_test(message, a_message_is_one_line_whatever_the_thing_is_named);
	tcase_add_test(message, a_name_is_quoted_where_it_shows_badly);
	tcase_add_test(message, a_name_that_is_cut_says_so);
	tcase_add_test(message, a_hint_points_at_help);
	tcase_add_test(message, a_long_name_is_cut_and_the_reason_stays);
	tcase_add_test(message, lost_output_is_noticed);
	tcase_add_test(message, a_closed_stdout_is_fine_when_nothing_was_printed);
	tcase_add_test(message, a_closed_stdout_is_noticed_when_something_was_printed);
	tcase_add_test(draft, a_draft_is_what_was_written_however_long);
	tcase_add_test(draft, a_draft_for_which_memory_was_short_gives_no_text);
	tcase_add_test(json, json_has_commas_between_values_and_nowhere_else);
	tcase_add_test(json, finishing_ends_all_that_is_open_and_the_line);
	tcase_add_test(json, json_numbers_are_exact_and_null_where_there_is_none);
	tcase_add_test(json, json_strings_are_utf8_without_controls_whatever_they_are_made_of);
	tcase_add_loop_test_raise_signal(json, what_cannot_be_json_is_refused, SIGABRT, 0, MISUSES);
	tcase_add_test(json, json_that_is_lost_is_noticed);
	suite_add_tcase(suite, parse);
	suite_add_tcase(suite, message);
	suite_add_tcase(suite, draft);
	suite_add_tcase(suite, json);
	return run_suite(suite);
}
