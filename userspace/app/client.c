/* SPDX-License-Identifier: Apache-2.0 */
#include "app/client.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sink/frame.h"
#include "sink/tls.h"

#define PIECE_BYTES 65536

int client_open(struct client *c, int fd, SSL_CTX *ctx) {
	*c = (struct client){ .fd = fd, .shaken = !ctx };
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

static ssize_t put(struct client *c, char *why, size_t n) {
	ssize_t r = c->ssl ? SSL_write(c->ssl, c->out.data, (int)c->out.len)
			   : send(c->fd, c->out.data, c->out.len, MSG_NOSIGNAL);

	if (r > 0)
		return r;
	if (c->ssl)
		return verdict(c, (int)r, why, n);
	return errno == EINTR ? -EAGAIN : -errno;
}

int client_step(struct client *c, char *why, size_t n) {
	int err = c->shaken ? 0 : shake_hands(c, why, n);

	c->stuck = false;
	while (!err && c->out.len) {
		ssize_t r = put(c, why, n);

		if (r < 0) {
			err = (int)r;
			c->stuck = true;
			break;
		}
		memmove(c->out.data, c->out.data + r, c->out.len - (size_t)r);
		c->out.len -= (size_t)r;
	}
	/* a whole message waits for its turn before more is read: that is the bound */
	while ((!err || err == -EAGAIN) && c->shaken && c->in.len < FRAME_MAX_BYTES + PIECE_BYTES) {
		char *to = buf_room(&c->in, PIECE_BYTES);
		ssize_t r = to ? get(c, to, PIECE_BYTES, why, n) : -ENOMEM;

		if (r < 0) {
			err = (int)r;
			break;
		}
		c->in.len += (size_t)r;
	}
	return err == -EAGAIN ? 0 : err;
}

int client_frame(struct client *c, struct str *ret) {
	return frame_find(c->in.data, c->in.len, ret);
}

void client_drop_frame(struct client *c, const struct str *frame) {
	size_t n = (size_t)(frame->s - c->in.data) + frame->n;

	memmove(c->in.data, c->in.data + n, c->in.len - n);
	c->in.len -= n;
}

void client_ack(struct client *c, uint64_t number) {
	frame_put_ack(&c->out, number);
}

short client_events(const struct client *c) {
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
