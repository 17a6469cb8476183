/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/events.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "encode/encode.h"
#include "probe/tape.h"

#define EVENT_MAX_BYTES (1024 * 1024)
#define INPUT_BYTES (4 * EVENT_MAX_BYTES) /* as JSON it may be longer */

struct input {
	const char *name;
	int fd;
	char *data; /* INPUT_BYTES */
	size_t at, len;
	uint64_t offset; /* in the file, of data[at] */
	bool ended;
	bool json; /* lines of it, instead of what has its length before it */
};

static int fault(const struct input *in, const char *why) {
	log_error("\"%s\", byte %" PRIu64 ": %s", in->name, in->offset, why);
	return -EBADMSG;
}

static int refill(struct input *in, const struct events_user *user) {
	ssize_t n;
	int r = user->wait ? user->wait(user->ctx) : 0;

	if (r)
		return r;
	memmove(in->data, in->data + in->at, in->len - in->at);
	in->len -= in->at;
	in->at = 0;
	do
		n = read(in->fd, in->data + in->len, INPUT_BYTES - in->len);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		r = -errno;
		log_error("\"%s\" cannot be read: %s", in->name, strerror(-r));
		return r;
	}
	in->ended = n == 0;
	in->len += (size_t)n;
	return 0;
}

/* length_at - bytes of the varint at @p, 0 when @n bytes do not hold all of it, or -EBADMSG */
static int length_at(const char *p, size_t n, size_t *ret) {
	uint64_t v = 0;

	for (size_t i = 0; i < n && i < 5; i++) {
		v |= (uint64_t)(p[i] & 0x7f) << (7 * i);
		if (!(p[i] & 0x80)) {
			*ret = (size_t)v;
			return v > EVENT_MAX_BYTES ? -EBADMSG : (int)i + 1;
		}
	}
	return n < 5 ? 0 : -EBADMSG;
}

static int unpack(struct input *in, const char *bytes, size_t n, struct arena *arena,
		  const struct events_user *user) {
	struct event e;
	int r;

	arena_reset(arena);
	r = in->json ? encode_parse(bytes, n, arena, &e) : encode_unpack(bytes, n, arena, &e);
	if (r == -ENOMEM)
		return fault(in, "there is not enough memory for this event");
	if (r < 0 && in->json)
		return fault(in, "this is no event as \"-o json\" writes it; the file is "
			     "damaged, or in another schema");
	if (r < 0)
		return fault(in,
			     "this is not an event; the file is damaged, or not one of protobuf "
			     "events");
	return user->event(user->ctx, &e);
}

/* take - the event of the first @whole bytes that are not yet done, which is @bytes of them */
static int take(struct input *in, size_t whole, const char *bytes, size_t n, struct arena *arena,
		const struct events_user *user) {
	int r = unpack(in, bytes, n, arena, user);

	if (r)
		return r;
	in->at += whole;
	in->offset += whole;
	return 0;
}

/* next_line - whether one is there; where it begins, and what it is with its newline */
static bool next_line(const struct input *in, const char **ret, size_t *whole) {
	const char *newline;

	*ret = in->data + in->at;
	newline = memchr(*ret, '\n', in->len - in->at);
	*whole = newline ? (size_t)(newline - *ret) + 1 : in->len - in->at;
	return newline || (in->ended && *whole);
}

/* read_lines - as read_all() */
static int read_lines(struct input *in, struct arena *arena, const struct events_user *user) {
	const char *line;
	size_t whole;
	int r;

	for (;;) {
		if (next_line(in, &line, &whole)) {
			r = take(in, whole, line, whole, arena, user);
			if (r)
				return r;
			continue;
		}
		if (in->ended)
			return 0;
		if (whole == INPUT_BYTES)
			return fault(in, "no event has a line this long");
		r = refill(in, user);
		if (r)
			return r;
	}
}

/* is_json - whether what begins here is; as a length this would be of no event that we write */
static bool is_json(const struct input *in) {
	const char *p = in->data + in->at;

	return in->len - in->at > 1 && p[0] == '{' && p[1] == '"';
}

/* read_all - event by event; in->at stands at the first byte of what is not yet done */
static int read_all(struct input *in, struct arena *arena, const struct events_user *user) {
	for (;;) {
		size_t have = in->len - in->at, n = 0;
		int r = length_at(in->data + in->at, have, &n);

		if (r < 0)
			return fault(in,
				     "no event is this long; the file is damaged, or not one of "
				     "protobuf events");
		if (r > 0 && have - (size_t)r >= n) {
			r = take(in, (size_t)r + n, in->data + in->at + r, n, arena, user);
			if (r)
				return r;
			continue;
		}
		if (in->ended)
			return have ? fault(in, "the file ends inside this event") : 0;
		r = refill(in, user);
		if (r)
			return r;
		in->json = !in->offset && is_json(in);
		if (in->json)
			return read_lines(in, arena, user);
		if (!in->offset && tape_is(in->data + in->at, in->len - in->at))
			return fault(in, "this is a tape; use \"lapwing replay\"");
	}
}

int events_read(const char *name, struct arena *arena, const struct events_user *user) {
	bool standard = !strcmp(name, "-");
	struct input in = { .name = standard ? "standard input" : name };
	int r;

	in.fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (in.fd < 0) {
		r = -errno;
		log_error("\"%s\" cannot be opened: %s", name, strerror(-r));
		return r;
	}
	in.data = malloc(INPUT_BYTES);
	if (in.data)
		r = read_all(&in, arena, user);
	else
		r = fault(&in, "there is not enough memory");
	free(in.data);
	if (!standard)
		(void)close(in.fd);
	return r;
}
