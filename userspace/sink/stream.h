/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h - bytes to and from a receiver: a UNIX socket, TCP, or TLS over TCP
 *
 * Calls wait, but never longer than the timeout; one that is over it is -ETIMEDOUT. After an error
 * the connection is closed, and stream_connect() makes a new one. With TLS the receiver's
 * certificate and name are checked unless that is switched off; TLS 1.2 at least.
 */
#ifndef LAPWING_STREAM_H
#define LAPWING_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stream_options {
	const char *path;	  /* of a UNIX socket; NULL: TCP */
	const char *host;	  /* a name or an address */
	uint16_t port;
	bool tls;
	bool unchecked;		  /* TLS without a look at the certificate */
	const char *name;	  /* that the certificate must have; NULL: @host */
	const char *ca;		  /* file of PEM certificates to trust; NULL: the system's */
	const char *cert, *key;	  /* files of our own, PEM; NULL: we show none */
	uint32_t timeout_ms;
};

struct stream;

/*
 * stream_open - reads the files that @o names, connects to nothing; @o's strings are borrowed
 * -errno; @why gets a sentence of at most @n bytes.
 */
int stream_open(const struct stream_options *o, struct stream **ret, char *why, size_t n);

bool stream_connected(const struct stream *s);

/* stream_stale - hangs up if the other side did, while there was nothing to say */
void stream_stale(struct stream *s);

/* stream_connect - to the first address that answers; -errno and @why; connected already: 0 */
int stream_connect(struct stream *s, char *why, size_t n);

/* stream_send - all @n bytes; -errno, and the connection is closed */
int stream_send(struct stream *s, const void *bytes, size_t n);

/* stream_receive - what is there, waiting for at least one byte; 0: closed by the other side */
ssize_t stream_receive(struct stream *s, void *to, size_t n);

/*
 * stream_settled - waits until the other side's kernel has confirmed all that was sent
 * For protocols without an acknowledgement of their own. -errno, and the connection is closed: the
 * other side closed it (-ECONNRESET), or did not confirm in time.
 */
int stream_settled(struct stream *s);

/* stream_hang_up - closes the connection, if there is one */
void stream_hang_up(struct stream *s);

void stream_free(struct stream *s); /* NULL is fine */

#endif
