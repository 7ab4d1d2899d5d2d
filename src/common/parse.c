/* SPDX-License-Identifier: MIT */
/*
 * Strict parsers for what people write on command lines. Pure: no messages, no
 * locale, no state.
 */
#include "common/parse.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "names.h"

static const struct {
	const char *name;
	int number;
} signals[] = {SIGNAL_NAMES(NAME_ROW)};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits up to the first other character: 0, or -EINVAL, -ERANGE above max. */
static int take_digits(const char **text, uint64_t max, uint64_t *ret)
{
	const char *at = *text;
	uint64_t value = 0;
	int r = 0;

	if (!is_digit(*at))
		return -EINVAL;
	for (; is_digit(*at); at++) {
		unsigned digit = (unsigned)(*at - '0');

		if (value > (max - digit) / 10 || digit > max)
			r = -ERANGE;
		else
			value = value * 10 + digit;
	}
	*text = at;
	*ret = value;
	return r;
}

int parse_long(const char *text, long min, long max, long *ret)
{
	const uint64_t most = (uint64_t)LONG_MAX + 1;
	int negative = *text == '-';
	uint64_t magnitude;
	long value;
	int r;

	if (*text == '-' || *text == '+')
		text++;
	r = take_digits(&text, negative ? most : most - 1, &magnitude);
	if (r == -EINVAL || *text)
		return -EINVAL;
	if (r < 0)
		return r;
	value = negative && magnitude ? -(long)(magnitude - 1) - 1 : (long)magnitude;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_mode(const char *text, unsigned *ret)
{
	unsigned value = 0;
	int r = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '7')
			return -EINVAL;
		if (value > 0777)
			r = -ERANGE;
		else
			value = value * 8 + (unsigned)(*text - '0');
	}
	if (r == 0)
		*ret = value;
	return r;
}

static int is_operator(char c)
{
	return c == '+' || c == '-' || c == '=';
}

/* "ug", or nothing for all: the bits that it stands for. */
static unsigned take_classes(const char **text)
{
	unsigned bits = 0;

	for (;; (*text)++) {
		switch (**text) {
		case 'u':
			bits |= 0700;
			break;
		case 'g':
			bits |= 0070;
			break;
		case 'o':
			bits |= 0007;
			break;
		case 'a':
			bits |= 0777;
			break;
		default:
			return bits ? bits : 0777;
		}
	}
}

/* "rx", or "u" for what the user has in mode: of all three classes. */
static unsigned take_permissions(const char **text, unsigned mode)
{
	static const char classes[] = "ogu";
	const char *class = **text ? strchr(classes, **text) : NULL;
	unsigned bits = 0;

	if (class) {
		(*text)++;
		return (mode >> 3 * (class - classes) & 7) * 0111;
	}
	for (;; (*text)++) {
		switch (**text) {
		case 'r':
			bits |= 0444;
			break;
		case 'w':
			bits |= 0222;
			break;
		case 'x':
			bits |= 0111;
			break;
		default:
			return bits;
		}
	}
}

int parse_symbolic_mode(const char *text, unsigned now, unsigned *ret)
{
	for (;; text++) {
		unsigned classes = take_classes(&text);

		if (!is_operator(*text))
			return -EINVAL;
		while (is_operator(*text)) {
			char operator = *text++;
			unsigned bits = take_permissions(&text, now) & classes;

			now &= operator == '=' ? ~classes : operator == '-' ? ~bits : ~0u;
			now |= operator == '-' ? 0 : bits;
		}
		if (*text != ',')
			break;
	}
	if (*text)
		return -EINVAL;
	*ret = now;
	return 0;
}

int parse_size(const char *text, uint64_t *ret)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t value;
	unsigned shift = 0;
	int r = take_digits(&text, UINT64_MAX, &value);

	if (r == -EINVAL)
		return r;
	if (*text) {
		unit = strchr(units, toupper((unsigned char)*text));
		if (!unit || text[1])
			return -EINVAL;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	if (r < 0 || value > UINT64_MAX >> shift)
		return -ERANGE;
	*ret = value << shift;
	return 0;
}

/* digits * 10^exponent, and with a remainder a little more than that. */
struct decimal {
	uint64_t digits;
	long exponent;
	int has_remainder;
};

/* Keeps 16 digits, which leaves room for a unit. Returns whether there was one. */
static int take_decimal(const char **text, struct decimal *ret)
{
	const uint64_t full = 1000000000000000;
	int is_fraction = 0, any = 0;

	*ret = (struct decimal){0};
	for (;; (*text)++) {
		if (**text == '.' && !is_fraction) {
			is_fraction = 1;
			continue;
		}
		if (!is_digit(**text))
			return any;
		any = 1;
		if (ret->digits < full) {
			ret->digits = ret->digits * 10 + (uint64_t)(**text - '0');
			ret->exponent -= is_fraction;
		} else {
			ret->has_remainder |= **text != '0';
			ret->exponent += !is_fraction;
		}
	}
}

/* "e-3": 0, or -EINVAL. What is beyond all limits stays there. */
static int take_exponent(const char **text, long *exponent)
{
	int negative;
	uint64_t value;

	if (**text != 'e' && **text != 'E')
		return 0;
	(*text)++;
	negative = **text == '-';
	if (**text == '-' || **text == '+')
		(*text)++;
	switch (take_digits(text, 9999, &value)) {
	case -EINVAL:
		return -EINVAL;
	case -ERANGE:
		value = 9999;
	}
	*exponent += negative ? -(long)value : (long)value;
	return 0;
}

/* Rounded up: 0, or -ERANGE above max, which leaves room for one more. */
static int round_up(const struct decimal *decimal, uint64_t max, uint64_t *ret)
{
	int has_remainder = decimal->has_remainder;
	uint64_t value = decimal->digits;
	long i;

	for (i = decimal->exponent; i > 0 && value; i--) {
		if (value > max / 10)
			return -ERANGE;
		value *= 10;
	}
	for (; i < 0 && value; i++) {
		has_remainder |= value % 10 != 0;
		value /= 10;
	}
	value += (unsigned)has_remainder;
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

/* In seconds, without the noughts at its end. */
static int take_unit(const char **text, struct decimal *decimal)
{
	static const struct {
		char letter;
		uint64_t seconds;
		long noughts;
	} units[] = {{'s', 1, 0}, {'m', 6, 1}, {'h', 36, 2}, {'d', 864, 2}};

	if (!**text)
		return 0;
	for (size_t i = 0; i < COUNT(units); i++) {
		if (**text != units[i].letter)
			continue;
		decimal->digits *= units[i].seconds;
		decimal->exponent += units[i].noughts;
		(*text)++;
		return 0;
	}
	return -EINVAL;
}

/* "inf" and "infinity", as strtod(3) reads them. Returns whether it is one. */
static int take_infinity(const char **text)
{
	if (strncasecmp(*text, "inf", 3) != 0)
		return 0;
	*text += strncasecmp(*text, "infinity", 8) == 0 ? 8 : 3;
	return 1;
}

int parse_duration_ms(const char *text, int64_t *ret)
{
	const uint64_t most = INT64_MAX / 4;	/* deadlines are sums */
	int is_infinite = take_infinity(&text), r = 0;
	struct decimal decimal = {0};
	uint64_t ms = most;

	if (!is_infinite &&
	    (!take_decimal(&text, &decimal) || take_exponent(&text, &decimal.exponent) < 0))
		return -EINVAL;
	if (take_unit(&text, &decimal) < 0 || *text)
		return -EINVAL;
	decimal.exponent += 3;
	if (!is_infinite)
		r = round_up(&decimal, most, &ms);
	if (r == 0)
		*ret = (int64_t)ms;
	return r;
}

/* The kernel's 32 up to SIGRTMIN are libc's own. */
static int is_signal(long number)
{
	return (number >= 1 && number <= 31) || (number >= SIGRTMIN && number <= SIGRTMAX);
}

/* What follows RTMIN or RTMAX: nothing, or the sign and a number. */
static int parse_realtime(const char *text, char sign, int base, int *ret)
{
	long offset = 0;

	if (*text) {
		if (*text != sign || !is_digit(text[1]))
			return -EINVAL;
		if (parse_long(text + 1, 0, SIGRTMAX - SIGRTMIN, &offset) < 0)
			return -ERANGE;
	}
	*ret = sign == '-' ? base - (int)offset : base + (int)offset;
	return 0;
}

int parse_signal(const char *text, int *ret)
{
	long number;
	int r;

	if (is_digit(*text)) {
		r = parse_long(text, 1, SIGRTMAX, &number);
		if (r == 0 && !is_signal(number))
			r = -ERANGE;
		if (r == 0)
			*ret = (int)number;
		return r;
	}
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncasecmp(text, "RTMIN", 5) == 0)
		return parse_realtime(text + 5, '+', SIGRTMIN, ret);
	if (strncasecmp(text, "RTMAX", 5) == 0)
		return parse_realtime(text + 5, '-', SIGRTMAX, ret);
	for (size_t i = 0; i < COUNT(signals); i++) {
		if (strcasecmp(text, signals[i].name) != 0)
			continue;
		*ret = signals[i].number;
		return 0;
	}
	return -EINVAL;
}

const char *signal_name(int number, char buffer[SIGNAL_NAME_SIZE])
{
	for (size_t i = 0; i < COUNT(signals); i++)
		if (signals[i].number == number)
			return signals[i].name;
	if (number >= SIGRTMIN && number <= SIGRTMAX)
		snprintf(buffer, SIGNAL_NAME_SIZE, "RTMIN+%d", number - SIGRTMIN);
	else
		snprintf(buffer, SIGNAL_NAME_SIZE, "%d", number);
	return buffer;
}

const char *access_name(int flags)
{
#define X(name, number, letters) letters,
	static const char *const names[] = {ACCESS_NAMES(X)};
#undef X

	return (flags & O_PATH) ? "path" : names[flags & ACCESS_BITS];
}
