/* SPDX-License-Identifier: MIT */
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "common/message.h"
#include "deadline.h"
#include "exit_status.h"
#include "fdlist.h"
#include "guard.h"
#include "keyboard.h"
#include "nonblock.h"
#include "redirect.h"

/* No event says that COMMAND has read all, or that we have come to the foreground. */
#define LOOK_MS 100

/* More than a terminal holds: what comes behind that was shown after COMMAND's end. */
#define MOST_LEFT 65536

enum { SIGNALS, IN, OUT, TERMINAL, PLACES };

/* ---- bytes ---- */

static size_t room_in(const struct bytes *bytes)
{
	return sizeof(bytes->data) - bytes->size;
}

/* As read(2). */
static ssize_t take(struct bytes *bytes, int fd, size_t most)
{
	size_t room = room_in(bytes);
	ssize_t got = read(fd, bytes->data + bytes->size, room < most ? room : most);

	if (got > 0)
		bytes->size += (size_t)got;
	return got;
}

/* As nonblock_write(). */
static ssize_t put(struct bytes *bytes, int fd)
{
	ssize_t gone = nonblock_write(fd, bytes->data, bytes->size);

	if (gone <= 0)
		return gone;
	bytes->size -= (size_t)gone;
	memmove(bytes->data, bytes->data + gone, bytes->size);
	return gone;
}

static int is_over(ssize_t moved)
{
	return moved < 0 && errno != EAGAIN && errno != EINTR;
}

/* ---- the ends ---- */

int relay_prepare(struct relay *relay, const sigset_t *waited)
{
	if (!fd_was_inherited(STDOUT_FILENO)) {
		say("standard output is closed, and what --pty shows goes there");
		return EXIT_SETUP;
	}
	*relay = (struct relay){.in = -1, .terminal = -1, .other_side = -1,
				.pause_ms = 1, .left = MOST_LEFT};
	relay->is_at_end = !fd_was_inherited(STDIN_FILENO);
	if (!relay->is_at_end)
		relay->in = nonblock_open(STDIN_FILENO, O_RDONLY);
	relay->out = nonblock_open(STDOUT_FILENO, O_WRONLY);
	relay->signals = redirect_lift(signalfd(-1, waited, SFD_CLOEXEC));
	if (relay->signals < 0) {
		say_errno(errno, "--pty");
		return EXIT_SETUP;
	}
	guard_start();
	return 0;
}

/* Whoever hangs up (vhangup(2)) and opens it again goes on with it. */
static int open_other_side(struct relay *relay)
{
	if (relay->other_side >= 0)
		close(relay->other_side);
	relay->other_side = redirect_lift(ioctl(relay->terminal, TIOCGPTPEER,
						O_RDWR | O_NOCTTY | O_CLOEXEC));
	return relay->other_side;
}

void relay_begin(struct relay *relay, int terminal)
{
	relay->terminal = terminal;
	fcntl(terminal, F_SETFL, O_NONBLOCK);
	open_other_side(relay);
	deadline_set_from_now(&relay->next_look, relay->pause_ms);
	relay_enter(relay);
}

static void stop_typing(struct relay *relay)
{
	relay->in = -1;
	relay->is_at_end = 0;
	relay->is_typing_over = 1;
	relay->typed.size = 0;
	relay_leave(relay);
}

/* COMMAND gets SIGHUP. */
static void hang_up(struct relay *relay)
{
	if (relay->other_side >= 0)
		close(relay->other_side);
	if (relay->terminal >= 0)
		close(relay->terminal);
	relay->terminal = relay->other_side = -1;
	stop_typing(relay);
}

static void show(struct relay *relay)
{
	int err;

	if (!is_over(put(&relay->shown, relay->out)))
		return;
	err = errno;
	relay->shown.size = 0;
	hang_up(relay);
	if (err == EPIPE)
		return;
	relay->is_output_lost = 1;
	say_errno(err, "standard output");
}

/* Whether there was something. */
static int receive(struct relay *relay, size_t most)
{
	ssize_t got = take(&relay->shown, relay->terminal, most);

	if (is_over(got) && open_other_side(relay) < 0)
		hang_up(relay);
	return got > 0;
}

static void type(struct relay *relay)
{
	if (is_over(put(&relay->typed, relay->terminal)))
		relay->typed.size = 0;
}

static void read_input(struct relay *relay)
{
	ssize_t got = take(&relay->typed, relay->in, SIZE_MAX);
	int err = got < 0 ? errno : 0;

	if (got > 0 || (got < 0 && !is_over(got)))
		return;
	/* a shell has taken the terminal from us */
	relay->may_read = keyboard_take();
	if (!relay->may_read)
		return;
	if (err && err != EIO)
		say_errno(err, "standard input");
	relay->in = -1;
	relay->is_at_end = 1;
}

/* ---- looks ---- */

/*
 * An end of file is typed, and for him who reads next another one, as from a file
 * that is at its end. Who reads key by key gets it as a key, once.
 */
static void type_end(struct relay *relay)
{
	struct pollfd unread = {.fd = relay->other_side, .events = POLLIN};
	struct termios modes;
	int by_lines;

	if (relay->typed.size > 0 || poll(&unread, 1, 0) > 0 ||
	    tcgetattr(relay->terminal, &modes) < 0)
		return;
	by_lines = (modes.c_lflag & ICANON) != 0 && modes.c_cc[VEOF] && relay->other_side >= 0;
	if (!by_lines && relay->end_is_typed)
		return;
	relay->typed.data[relay->typed.size++] = (char)(modes.c_cc[VEOF] ? modes.c_cc[VEOF] : 4);
	relay->end_is_typed = !by_lines;
}

static int has_to_look(const struct relay *relay)
{
	return relay->is_at_end || (relay->in >= 0 && !relay->may_read);
}

static void look(struct relay *relay)
{
	if (relay->is_at_end)
		type_end(relay);
	else
		relay_enter(relay);
	relay->pause_ms = relay->pause_ms < LOOK_MS ? 2 * relay->pause_ms : LOOK_MS;
	deadline_set_from_now(&relay->next_look, relay->pause_ms);
}

/* COMMAND does something, so it may read soon. */
static void look_soon(struct relay *relay)
{
	struct deadline soon;

	relay->pause_ms = 1;
	deadline_set_from_now(&soon, relay->pause_ms);
	relay->next_look = *deadline_first(&soon, &relay->next_look);
}

static int is_time_to_look(const struct relay *relay)
{
	struct timespec room;
	const struct timespec *left = deadline_left(&relay->next_look, &room);

	return has_to_look(relay) && left->tv_sec == 0 && left->tv_nsec == 0;
}

/* ---- a turn ---- */

static const struct timespec *time_to_wait(const struct relay *relay, const struct timespec *left,
					   struct timespec *room)
{
	if (!has_to_look(relay) || relay->typed.size > 0)
		return left;
	deadline_left(&relay->next_look, room);
	return left && left->tv_sec == 0 && left->tv_nsec < room->tv_nsec ? left : room;
}

static short wishes(const struct relay *relay)
{
	return (short)((room_in(&relay->shown) > 0 ? POLLIN : 0) |
		       (relay->typed.size > 0 ? POLLOUT : 0));
}

void relay_turn(struct relay *relay, const struct timespec *left)
{
	int reads = relay->may_read && room_in(&relay->typed) > 0;
	short wished = wishes(relay);
	struct pollfd polls[PLACES] = {
		[SIGNALS] = {relay->signals, POLLIN, 0},
		[IN] = {reads ? relay->in : -1, POLLIN, 0},
		[OUT] = {relay->shown.size > 0 ? relay->out : -1, POLLOUT, 0},
		[TERMINAL] = {wished ? relay->terminal : -1, wished, 0},
	};
	struct timespec room;

	if (ppoll(polls, PLACES, time_to_wait(relay, left, &room), NULL) < 0)
		return;
	if (polls[OUT].revents)
		show(relay);
	if (relay->terminal >= 0 && polls[TERMINAL].revents & POLLOUT)
		type(relay);
	if (relay->terminal >= 0 && polls[TERMINAL].revents & ~POLLOUT &&
	    receive(relay, SIZE_MAX))
		look_soon(relay);
	if (relay->in >= 0 && polls[IN].revents)
		read_input(relay);
	if (is_time_to_look(relay))
		look(relay);
}

int relay_take_signal(struct relay *relay, int number)
{
	if (number == SIGCONT)
		relay_enter(relay);
	return number == SIGWINCH && relay->terminal >= 0 && keyboard_resize(relay->terminal);
}

void relay_leave(struct relay *relay)
{
	relay->may_read = 0;
	keyboard_give_back();
}

void relay_enter(struct relay *relay)
{
	if (relay->is_typing_over)
		return;
	relay->may_read = keyboard_take();
	if (relay->may_read)
		keyboard_resize(relay->terminal);
}

/* ---- the end ---- */

static void receive_rest(struct relay *relay)
{
	size_t before = relay->shown.size;

	while (relay->terminal >= 0 && relay->left > 0 && room_in(&relay->shown) > 0 &&
	       receive(relay, relay->left)) {
		relay->left -= relay->shown.size - before;
		before = relay->shown.size;
	}
}

int relay_drain(struct relay *relay)
{
	struct pollfd out = {relay->out, POLLOUT, 0};

	for (;;) {
		receive_rest(relay);
		if (relay->shown.size == 0)
			return 1;
		if (poll(&out, 1, 0) <= 0)
			return 0;
		show(relay);
	}
}

void relay_command_ended(struct relay *relay)
{
	relay_drain(relay);
	stop_typing(relay);
}

void relay_end(struct relay *relay)
{
	hang_up(relay);
	close(relay->signals);
}
