/* SPDX-License-Identifier: Apache-2.0 */
#include "app/client.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "sink/frame.h"
#include "sink/tls.h"

#define PIECE_BYTES 65536
#define KEEP_BYTES (4 * PIECE_BYTES) /* of a buffer that is empty */

int client_open(struct client *c, int fd, SSL_CTX *ctx) {
	*c = (struct client){ .fd = fd, .shaken = !ctx, .moved_ms = clock_ms(CLOCK_MONOTONIC) };
	if (!ctx)
		return 0;
	c->ssl = SSL_new(ctx);
	if (c->ssl && SSL_set_fd(c->ssl, fd) == 1)
		return 0;
	client_close(c);
	return -ENOMEM;
}

/* verdict - after a call of TLS that gave @r: -EAGAIN, or what it failed of */
static int verdict(struct client *c, int r, char *why, size_t n) {
	int e = SSL_get_error(c->ssl, r);

	c->wants_out = e == SSL_ERROR_WANT_WRITE;
	if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE)
		return -EAGAIN;
	if (e == SSL_ERROR_SSL)
		tls_why(c->ssl, why, n);
	ERR_clear_error();
	return e == SSL_ERROR_SSL ? -EPROTO : -ECONNRESET;
}

static int shake_hands(struct client *c, char *why, size_t n) {
	int r = SSL_accept(c->ssl);

	if (r != 1)
		return verdict(c, r, why, n);
	c->shaken = true;
	return 0;
}

static ssize_t get(struct client *c, char *to, size_t room, char *why, size_t n) {
	ssize_t r = c->ssl ? SSL_read(c->ssl, to, (int)room) : recv(c->fd, to, room, 0);

	if (r > 0)
		return r;
	if (c->ssl)
		return verdict(c, (int)r, why, n);
	return r == 0 ? -ECONNRESET : errno == EINTR ? -EAGAIN : -errno;
}

static ssize_t put(struct client *c, size_t done, char *why, size_t n) {
	const char *at = c->out.data + done;
	ssize_t r = c->ssl ? SSL_write(c->ssl, at, (int)(c->out.len - done))
			   : send(c->fd, at, c->out.len - done, MSG_NOSIGNAL);

	if (r > 0)
		return r;
	if (c->ssl)
		return verdict(c, (int)r, why, n);
	return errno == EINTR ? -EAGAIN : -errno;
}

/* drop_front - the first @n bytes, once for many messages: to do it for each would be quadratic */
static void drop_front(struct buf *b, size_t n) {
	if (n && n < b->len)
		memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

/* put_answers - as many as there is room for; 0, -EAGAIN: some are left, or -errno */
static int put_answers(struct client *c, char *why, size_t n) {
	size_t done = 0;
	int err = 0;

	while (!err && done < c->out.len) {
		ssize_t r = put(c, done, why, n);

		if (r < 0)
			err = (int)r;
		else
			done += (size_t)r;
	}
	drop_front(&c->out, done);
	return err;
}

/*
 * client_step - answers first: who takes none is not read from either, or they would pile up
 * And a whole message waits for its turn before more is read. These are the bounds of a client.
 */
int client_step(struct client *c, char *why, size_t n) {
	size_t in, out = c->out.len;
	int err = c->shaken ? 0 : shake_hands(c, why, n);

	drop_front(&c->in, c->from);
	c->from = 0;
	in = c->in.len;
	if (!err)
		err = put_answers(c, why, n);
	c->stuck = c->out.len > 0;
	while (!err && c->in.len < FRAME_MAX_BYTES + PIECE_BYTES) {
		char *to = buf_room(&c->in, PIECE_BYTES);
		ssize_t r = to ? get(c, to, PIECE_BYTES, why, n) : -ENOMEM;

		if (r < 0)
			err = (int)r;
		else
			c->in.len += (size_t)r;
	}
	if (c->in.len != in || c->out.len != out)
		c->moved_ms = clock_ms(CLOCK_MONOTONIC);
	return err == -EAGAIN ? 0 : err;
}

static void shrink(struct buf *b, size_t used) {
	if (b->len == used && b->cap > KEEP_BYTES)
		buf_done(b);
}

void client_rest(struct client *c) {
	shrink(&c->in, c->from);
	if (!c->in.len)
		c->from = 0;
	shrink(&c->out, 0);
}

bool client_overdue(const struct client *c, uint64_t idle_ms) {
	bool amid = !c->shaken || c->in.len > c->from || c->out.len;

	if (amid && (!idle_ms || idle_ms > CLIENT_STALL_MS))
		idle_ms = CLIENT_STALL_MS;
	return idle_ms && clock_ms(CLOCK_MONOTONIC) - c->moved_ms > idle_ms;
}

int client_frame(struct client *c, struct str *ret) {
	return frame_find(c->in.data + c->from, c->in.len - c->from, ret);
}

void client_drop_frame(struct client *c, const struct str *frame) {
	c->from = (size_t)(frame->s - c->in.data) + frame->n;
}

void client_ack(struct client *c, uint64_t number) {
	frame_put_ack(&c->out, number);
}

short client_events(const struct client *c) {
	if (c->stuck)
		return c->ssl && !c->wants_out ? POLLIN : POLLOUT;
	return (short)(POLLIN | (c->out.len || c->wants_out ? POLLOUT : 0));
}

void client_close(struct client *c) {
	SSL_free(c->ssl);
	if (c->fd >= 0)
		(void)close(c->fd);
	buf_done(&c->in);
	buf_done(&c->out);
	*c = (struct client){ .fd = -1 };
}
