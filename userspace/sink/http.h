/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h - one POST after the other to one server, by libcurl
 *
 * libcurl is loaded by http_open() and not before, so that a process without an
 * HTTP sink never maps it. Certificates are always checked, against the system's
 * authorities or those of "ca"; redirects are not followed. For this room only.
 */
#ifndef LAPWING_SINK_HTTP_H
#define LAPWING_SINK_HTTP_H

#include "base/buf.h"
#include "sink/sink.h"

/* Keys that every HTTP sink has; to be named in its table of keys. */
#define HTTP_KEYS                                                                                  \
	{ "tls", "yes", "https; no: plain http" },                                                 \
		{ "ca", NULL, "a file of authorities to trust instead of the system's" },          \
		{ "cert", NULL, "a file with our certificate, for mutual TLS" },                   \
		{ "key", NULL, "a file with its private key" },                                    \
		{ "timeout", "10s", "how long an answer may take" }, {                             \
		"gzip", "yes", "send bodies compressed"                                            \
	}

#define HTTP_JSON_DEPTH 16
#define HTTP_MAX_REPLY (4u << 20)

struct http;
struct json_object;

/* What is used where the URL is silent; NULL or 0: the fallback of the key. */
struct http_defaults {
	uint16_t port;
	const char *base; /* "https://host:port" and what its own path begins with */
	const char *ca, *cert, *key;
	uint32_t timeout_ms;
	const char *gzip; /* "yes" or "no" */
};

struct http_reply {
	int status;	   /* 200, … */
	uint32_t retry_ms; /* Retry-After; 0: none */
	struct str body;   /* at most HTTP_MAX_REPLY; until the next request */
};

/*
 * http_open - gets ready for POSTs to the server of s->url; -errno and s->why
 * Nothing is sent yet. @defaults: borrowed for the call.
 */
int http_open(struct sink *s, const struct http_defaults *defaults, struct http **ret);

void http_free(struct http *h); /* NULL is fine */

/* http_header - one more line, "Name: value", of every request; -ENOMEM */
int http_header(struct http *h, const char *line);

/* http_change - @line in place of the one with the same name and length, if there is one */
void http_change(struct http *h, const char *line);

/* http_base - "https://host:port", or that of the defaults; without a '/' at its end */
const char *http_base(const struct http *h);

/*
 * http_post - sends @body to @url, whole, and waits for the answer
 * @type: its Content-Type. 0 and the reply; or -errno and s->why when there was none: the server
 * cannot be reached, is not who it should be, was too slow, or says that all is well by a web page;
 * -EMSGSIZE: it was longer than HTTP_MAX_REPLY.
 */
int http_post(struct http *h, struct sink *s, const char *url, const char *type, struct str body,
	      struct http_reply *ret);

/* http_json - @body as JSON, NULL where it is none, or too deep; the caller puts it */
struct json_object *http_json(struct str body);

/*
 * http_failed - what a status that is not 2xx means for the sink
 * -EAGAIN: once more, s->retry_ms is set (408, 429, 5xx). -EINVAL: what is in it will never be
 * taken (400, 422, unless a web page says so, or a port that wants TLS); -E2BIG (413). -EACCES: any
 * other, as where we are not let in or a proxy has no server; a person must look, and all is kept.
 * s->why says it, with the body's start.
 */
int http_failed(struct sink *s, const struct http_reply *r);

#endif
