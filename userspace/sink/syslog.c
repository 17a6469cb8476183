/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syslog.c - RFC 5424 over UDP, TCP (RFC 6587, octet counting) and TLS (RFC 5425)
 *
 * The protocol has no acknowledgement. Over TCP and TLS an event counts as delivered when the
 * receiver's kernel has confirmed all its bytes and the connection still stands; over UDP when our
 * own kernel took it. Who needs more takes another sink.
 *
 * The message is text without a byte-order mark, which most receivers would keep as text. One that
 * is longer than the receiver may take is cut at a character, and its structured data says so.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "event/field.h"
#include "event/word.h"
#include "sink/docs.h"
#include "sink/stream.h"

extern const struct sink_type sink_syslog;

#define PORT 514
#define TLS_PORT 6514
#define MIN_BYTES 480 /* what every receiver must take */
#define MAX_BYTES 65000
#define MAX_FACILITY 23

struct syslog {
	struct stream *stream; /* NULL: UDP */
	int udp;	       /* -1: not connected */
	struct docs docs;
	struct buf out;
	uint64_t max_bytes, facility;
};

static int open_stream(struct sink *s, struct syslog *l, bool tls) {
	struct stream_options o = {
		.host = s->url->host,
		.port = s->url->port ? s->url->port : tls ? TLS_PORT : PORT,
		.tls = tls,
		.ca = sink_value(s, "ca"),
		.cert = sink_value(s, "cert"),
		.key = sink_value(s, "key"),
	};
	int err = sink_timeout(s, &o.timeout_ms);

	return err ? err : stream_open(&o, &l->stream, s->why, sizeof(s->why));
}

static int syslog_open(struct sink *s) {
	struct syslog *l = calloc(1, sizeof(*l));
	const char *over = sink_value(s, "over");
	int err;

	s->state = l;
	if (!l)
		return sink_fail(s, -ENOMEM, "there is no memory");
	l->udp = -1;
	if (!s->url->host)
		return sink_fail(s, -EINVAL, "syslog: needs a host, as in \"%s\"",
				 s->type->example);
	err = sink_bytes(s, "max_bytes", &l->max_bytes);
	if (!err)
		err = sink_bytes(s, "facility", &l->facility);
	if (!err && (l->max_bytes < MIN_BYTES || l->max_bytes > MAX_BYTES))
		err = sink_fail(s, -EINVAL, "\"max_bytes\" is %d to %d", MIN_BYTES, MAX_BYTES);
	if (!err && l->facility > MAX_FACILITY)
		err = sink_fail(s, -EINVAL, "\"facility\" is 0 to %d", MAX_FACILITY);
	if (err || !strcmp(over, "udp"))
		return err;
	if (strcmp(over, "tcp") != 0 && strcmp(over, "tls") != 0)
		return sink_fail(s, -EINVAL, "\"over\" is tls, tcp or udp, not \"%.40s\"", over);
	return open_stream(s, l, !strcmp(over, "tls"));
}

/* --- a message -------------------------------------------------------------------------------- */

/* add_word - printable ASCII without spaces, at most @max bytes; "-" for nothing */
static void add_word(struct buf *out, struct str x, uint32_t max) {
	buf_add_char(out, ' ');
	for (uint32_t i = 0; i < x.n && i < max; i++)
		buf_add_char(out, x.s[i] > 0x20 && x.s[i] < 0x7f ? x.s[i] : '_');
	if (!x.n)
		buf_add_char(out, '-');
}

static void add_time(struct buf *out, const struct event *e) {
	time_t seconds = (time_t)(e->time_ns / 1000000000);
	char text[32];
	struct tm tm;

	if (!event_has(e, FIELD_TIME_NS)) {
		buf_add_lit(out, " -");
		return;
	}
	(void)gmtime_r(&seconds, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_addf(out, " %s.%06uZ", text, (unsigned)(e->time_ns / 1000 % 1000000));
}

/* severity_of - of the gravest detection: critical 2, error 3, warning 4, notice 5; else 6 */
static unsigned severity_of(const struct event *e) {
	static const uint8_t severities[] = { 6, 6, 5, 4, 3, 2 };
	uint32_t most = 0;

	for (uint32_t i = 0; i < e->n_detections; i++)
		most = e->detections[i].level > most ? e->detections[i].level : most;
	return severities[most <= LEVEL_CRITICAL ? most : 0];
}

/* add_data - [lapwing@32473 id="…" seq="…" cut="bytes it had"] */
static void add_data(struct buf *out, struct str id, const char *suffix, const struct event *e,
		     size_t cut) {
	buf_add_lit(out, " [lapwing@32473 id=\"");
	for (uint32_t i = 0; i < id.n; i++) {
		if (id.s[i] == '"' || id.s[i] == '\\' || id.s[i] == ']')
			buf_add_char(out, '\\');
		buf_add_char(out, id.s[i]);
	}
	buf_addf(out, "%s\"", suffix);
	if (event_has(e, FIELD_SEQ))
		buf_addf(out, " seq=\"%llu\"", (unsigned long long)e->seq);
	if (cut)
		buf_addf(out, " cut=\"%zu\"", cut);
	buf_add_lit(out, "] ");
}

static void add_head(struct syslog *l, const struct sink_batch *batch, const struct doc *doc,
		     size_t cut) {
	const struct event *e = batch->items[doc->item].event;
	char pid[12] = "", suffix[12];
	struct str id;

	docs_id(batch, doc, &id, suffix);
	if (event_has(e, FIELD_PROCESS_PID))
		(void)snprintf(pid, sizeof(pid), "%u", e->process.pid);
	buf_addf(&l->out, "<%u>1", (unsigned)l->facility * 8 + severity_of(e));
	add_time(&l->out, e);
	add_word(&l->out, event_has(e, FIELD_HOST_NAME) ? e->host_name : STR(""), 255);
	buf_add_lit(&l->out, " lapwing");
	add_word(&l->out, str_of(pid), 128);
	add_word(&l->out, event_has(e, FIELD_KIND) ? str_of(event_kind_name(e->kind)) : STR(""),
		 32);
	add_data(&l->out, id, suffix, e, cut);
}

/* fit - how much of @x there is room for, in whole characters */
static uint32_t fit(struct str x, size_t room) {
	uint32_t n = x.n < room ? x.n : (uint32_t)room;

	while (n && n < x.n && ((unsigned char)x.s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* make - the message of @doc at the end of l->out; where it begins */
static size_t make(struct syslog *l, const struct sink_batch *batch, const struct doc *doc) {
	size_t start = l->out.len, head;
	uint32_t n = doc->text.n;

	add_head(l, batch, doc, 0);
	if (l->out.len - start + n > l->max_bytes) {
		l->out.len = start;
		add_head(l, batch, doc, n);
		head = l->out.len - start;
		n = fit(doc->text, head < l->max_bytes ? l->max_bytes - head : 0);
	}
	buf_add(&l->out, doc->text.s, n);
	return start;
}

/* --- handing over ----------------------------------------------------------------------------- */

static int connect_udp(struct sink *s, struct syslog *l) {
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *all = NULL;
	char port[8];
	int e;

	(void)snprintf(port, sizeof(port), "%u", s->url->port ? s->url->port : PORT);
	e = getaddrinfo(s->url->host, port, &hints, &all);
	if (e)
		return sink_fail(s, -EHOSTUNREACH, "the name \"%.100s\" has no address: %s",
				 s->url->host, gai_strerror(e));
	for (struct addrinfo *a = all; a && l->udp < 0; a = a->ai_next) {
		int fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (fd >= 0 && !connect(fd, a->ai_addr, a->ai_addrlen))
			l->udp = fd;
		else if (fd >= 0)
			(void)close(fd);
	}
	freeaddrinfo(all);
	return l->udp >= 0 ? 0 : sink_fail(s, -EHOSTUNREACH, "no way to \"%.120s\"", s->url->host);
}

/* fail_udp - what the kernel has to say is of any datagram before the one that it says it at */
static int fail_udp(struct sink *s, struct docs *d, size_t n_sent, int error) {
	for (size_t i = 0; i < n_sent && error != EMSGSIZE; i++)
		if (d->v[i].outcome == SINK_ACKED)
			d->v[i].outcome = SINK_AGAIN;
	return sink_fail(s, -error, "\"%.120s\" takes no datagrams: %s", s->url->host,
			 strerror(error));
}

/* udp_error - that nobody listens there, if the kernel has heard so by now */
static int udp_error(const struct syslog *l) {
	socklen_t n = sizeof(int);
	int error = 0;

	return getsockopt(l->udp, SOL_SOCKET, SO_ERROR, &error, &n) ? errno : error;
}

static int send_udp(struct sink *s, struct syslog *l, const struct sink_batch *batch,
		    struct docs *d) {
	int err = l->udp < 0 ? connect_udp(s, l) : 0;

	for (size_t i = 0; i < d->n && !err; i++) {
		buf_reset(&l->out);
		(void)make(l, batch, &d->v[i]);
		err = buf_error(&l->out);
		if (!err && send(l->udp, l->out.data, l->out.len, MSG_NOSIGNAL) < 0)
			err = fail_udp(s, d, i, errno);
		if (err == -EMSGSIZE) {
			d->v[i].outcome = SINK_REFUSED;
			err = 0;
		} else if (!err) {
			d->v[i].outcome = SINK_ACKED;
		}
	}
	if (!err && d->n) {
		int error = udp_error(l);

		err = error ? fail_udp(s, d, d->n, error) : 0;
	}
	return err;
}

/* frame - "LEN SP MSG" for every document, in l->out */
static int frame(struct syslog *l, const struct sink_batch *batch, const struct docs *d) {
	char count[16];

	buf_reset(&l->out);
	for (size_t i = 0; i < d->n; i++) {
		size_t start = make(l, batch, &d->v[i]), len = l->out.len - start;
		int n = snprintf(count, sizeof(count), "%zu ", len);

		if (!buf_reserve(&l->out, (size_t)n))
			return -ENOMEM;
		memmove(l->out.data + start + n, l->out.data + start, len);
		memcpy(l->out.data + start, count, (size_t)n);
		l->out.len += (size_t)n;
	}
	return buf_error(&l->out);
}

static int send_stream(struct sink *s, struct syslog *l, const struct sink_batch *batch,
		       struct docs *d) {
	int err = frame(l, batch, d);

	if (err)
		return err;
	err = stream_connect(l->stream, s->why, sizeof(s->why));
	if (err)
		return err;
	err = stream_send(l->stream, l->out.data, l->out.len);
	if (!err)
		err = stream_settled(l->stream);
	if (err)
		return sink_fail(s, err, "\"%.120s\" did not take all of it: %s", s->url->host,
				 strerror(-err));
	for (size_t i = 0; i < d->n; i++)
		d->v[i].outcome = SINK_ACKED;
	return 0;
}

static int syslog_send(struct sink *s, struct sink_batch *batch) {
	struct syslog *l = s->state;
	int err = docs_of(&l->docs, batch, false);

	if (!err && l->docs.n)
		err = l->stream ? send_stream(s, l, batch, &l->docs) :
				  send_udp(s, l, batch, &l->docs);
	docs_settle(batch, &l->docs);
	return err;
}

static void syslog_close(struct sink *s) {
	struct syslog *l = s->state;

	if (!l)
		return;
	stream_free(l->stream);
	if (l->udp >= 0)
		(void)close(l->udp);
	docs_done(&l->docs);
	buf_done(&l->out);
	free(l);
}

static const char *const formats[] = { "json", "cef", "leef", "ecs", "ocsf", NULL };

static const struct sink_key keys[] = {
	{ "over", "tls", "tls, tcp (in the clear) or udp (in the clear, and unconfirmed)" },
	{ "ca", NULL, "a file of authorities to trust instead of the system's" },
	{ "cert", NULL, "a file with our certificate, for mutual TLS" },
	{ "key", NULL, "a file with its private key" },
	{ "timeout", "10s", "how long the receiver may take for a batch" },
	{ "max_bytes", "8KiB", "the longest message that the receiver takes" },
	{ "facility", "10", "0 to 23; 10 is authpriv, 16 local0" },
	{ 0 },
};

const struct sink_type sink_syslog = {
	.scheme = "syslog",
	.example = "syslog://siem.example:6514?format=cef",
	.formats = formats,
	.keys = keys,
	.needs = SINK_NEEDS_NET,
	.detections_only = true,
	.leaves_host = true,
	.max_batch_events = 500,
	.max_batch_bytes = 512 * 1024,
	.open = syslog_open,
	.send = syslog_send,
	.close = syslog_close,
};
