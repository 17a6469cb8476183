/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h - one connection of the receiver: bytes in, whole batches out, acknowledgements back
 */
#ifndef LAPWING_CLIENT_H
#define LAPWING_CLIENT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct client {
	int fd; /* -1: no client; it never waits */
	SSL *ssl;
	bool shaken;	/* TLS: the handshake is over */
	bool wants_out; /* TLS: poll for room, whatever there is to do */
	bool delivered; /* a batch with events in it, that was stored */
	bool stuck;	/* the other side takes no answer now; nothing is read until it does */
	struct buf in, out;
	size_t from; /* in @in: the first message that has not been dealt with */
	uint64_t moved_ms; /* monotonic: when it connected, or bytes went either way */
};

/* client_open - takes over @fd; @ctx: NULL for no TLS; -ENOMEM, and @fd is closed */
int client_open(struct client *c, int fd, SSL_CTX *ctx);

/* client_step - reads and writes what can be had now; -errno: it is gone, @why says more, or "" */
int client_step(struct client *c, char *why, size_t n);

/* client_stuck - the last step left answers, because there was no room */
static inline bool client_stuck(const struct client *c) {
	return c->stuck;
}

/* client_rest - gives back what large messages had needed, when nothing of them is left */
void client_rest(struct client *c);

/*
 * client_overdue - whether nothing has moved for longer than @idle_ms (0: for ever), or for
 * CLIENT_STALL_MS in the middle of a handshake, a message or an answer
 */
#define CLIENT_STALL_MS 60000u
bool client_overdue(const struct client *c, uint64_t idle_ms);

/* client_frame - the first whole message that came; 1, 0: there is none, -EMSGSIZE: none comes */
int client_frame(struct client *c, struct str *ret);

/* client_drop_frame - that message has been dealt with */
void client_drop_frame(struct client *c, const struct str *frame);

/* client_ack - for the next step */
void client_ack(struct client *c, uint64_t number);

/* client_events - what to poll for */
short client_events(const struct client *c);

void client_close(struct client *c);

#endif
