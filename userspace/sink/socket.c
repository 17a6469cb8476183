/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socket.c - unix:, tcp: and tls: to `lapwing receive`, or to whoever speaks its protocol
 *
 * proto/stream.proto has the protocol: numbered batches one way, acknowledgements the other. One
 * batch is under way at a time; it is taken when its number comes back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "sink/frame.h"
#include "sink/sink.h"
#include "sink/stream.h"

extern const struct sink_type sink_unix, sink_tcp, sink_tls;

#define ACK_MAX_BYTES 64

struct link {
	struct stream *stream;
	struct buf out;
	uint64_t number; /* of the last batch on this connection */
	char in[ACK_MAX_BYTES];
	size_t in_n;
};

static int read_options(struct sink *s, struct stream_options *o) {
	int err = sink_timeout(s, &o->timeout_ms);

	if (!err && s->type == &sink_tls) {
		bool check = true;

		o->tls = true;
		o->ca = sink_value(s, "ca");
		o->cert = sink_value(s, "cert");
		o->key = sink_value(s, "key");
		o->name = sink_value(s, "name");
		err = sink_yes(s, "check", &check);
		o->unchecked = !check;
	}
	if (err)
		return err;
	if (s->type == &sink_unix) {
		o->path = s->url->path;
		return o->path && !s->url->host ? 0
			       : sink_fail(s, -EINVAL, "unix: takes a path, as in \"%s\"",
					   s->type->example);
	}
	o->host = s->url->host;
	o->port = s->url->port;
	if (o->host && o->port)
		return 0;
	return sink_fail(s, -EINVAL, "%s: takes a host and a port, as in \"%s\"", s->type->scheme,
			 s->type->example);
}

static int socket_open(struct sink *s) {
	struct stream_options o = { 0 };
	struct link *l = calloc(1, sizeof(*l));
	int err;

	s->state = l;
	if (!l)
		return sink_fail(s, -ENOMEM, "there is no memory");
	err = read_options(s, &o);
	return err ? err : stream_open(&o, &l->stream, s->why, sizeof(s->why));
}

/* await - until @l->number is acknowledged; -errno */
static int await(struct link *l) {
	for (;;) {
		uint64_t number = 0;
		struct str ack;
		ssize_t got;
		size_t n;
		int r = frame_find(l->in, l->in_n, &ack);

		if (r > 0)
			r = frame_ack(ack, &number) || number > l->number ? -EPROTO : 1;
		if (r < 0 || (!r && l->in_n == sizeof(l->in)))
			return -EPROTO;
		if (r > 0) {
			n = (size_t)(ack.s + ack.n - l->in);
			l->in_n -= n;
			memmove(l->in, l->in + n, l->in_n);
			if (number == l->number)
				return 0;
			continue; /* an older one, which we had given up */
		}
		got = stream_receive(l->stream, l->in + l->in_n, sizeof(l->in) - l->in_n);
		if (got <= 0)
			return got < 0 ? (int)got : -ECONNRESET;
		l->in_n += (size_t)got;
	}
}

static int socket_send(struct sink *s, struct sink_batch *batch) {
	struct link *l = s->state;
	int err;

	stream_stale(l->stream);
	if (!stream_connected(l->stream)) {
		l->number = 0;
		l->in_n = 0;
	}
	err = stream_connect(l->stream, s->why, sizeof(s->why));
	if (err)
		return err;
	l->number++;
	buf_reset(&l->out);
	frame_put_batch(&l->out, l->number, batch);
	err = buf_error(&l->out);
	if (!err)
		err = stream_send(l->stream, l->out.data, l->out.len);
	if (!err)
		err = await(l);
	if (err) {
		stream_hang_up(l->stream);
		return sink_fail(s, err, "the receiver did not acknowledge: %s", strerror(-err));
	}
	for (size_t i = 0; i < batch->n; i++)
		batch->items[i].outcome = SINK_ACKED;
	return 0;
}

static void socket_close(struct sink *s) {
	struct link *l = s->state;

	if (!l)
		return;
	stream_free(l->stream);
	buf_done(&l->out);
	free(l);
}

static const char *const formats[] = { "proto", NULL };

static const struct sink_key plain_keys[] = {
	{ "timeout", "10s", "how long connecting, sending or an acknowledgement may take" },
	{ 0 },
};

static const struct sink_key tls_keys[] = {
	{ "timeout", "10s", "how long connecting, sending or an acknowledgement may take" },
	{ "ca", NULL, "file of the certificates to trust, PEM; the system's by default" },
	{ "cert", NULL, "our own certificate for mutual TLS, PEM" },
	{ "key", NULL, "its private key, PEM" },
	{ "name", NULL, "the name that the receiver's certificate must have; the host by default" },
	{ "check", "yes", "no: any certificate is taken, and nobody knows who listens" },
	{ 0 },
};

const struct sink_type sink_unix = {
	.scheme = "unix", .example = "unix:/run/lapwing/receive.sock", .formats = formats,
	.keys = plain_keys, .needs = SINK_NEEDS_NET, .needs_kind = true,
	.open = socket_open, .send = socket_send, .close = socket_close,
};

const struct sink_type sink_tcp = {
	.scheme = "tcp", .example = "tcp://receiver.example:6515", .formats = formats,
	.keys = plain_keys, .needs = SINK_NEEDS_NET, .needs_kind = true,
	.leaves_host = true,
	.open = socket_open, .send = socket_send, .close = socket_close,
};

const struct sink_type sink_tls = {
	.scheme = "tls", .example = "tls://receiver.example:6515?ca=/etc/lapwing/ca.pem",
	.formats = formats, .keys = tls_keys, .needs = SINK_NEEDS_NET, .needs_kind = true,
	.leaves_host = true,
	.open = socket_open, .send = socket_send, .close = socket_close,
};
