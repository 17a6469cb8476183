/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/http.h"

#include <ctype.h>
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <zlib.h>

#include "sink/curl.h"
#include "sink/tls.h"

#define CONNECT_MS 10000
#define MAX_RETRY_MS 600000
#define GZIP_MIN 1024 /* smaller bodies are not worth it */
#define GZIP_WINDOW (15 + 16)

struct http {
	CURL *easy;
	struct curl_slist *headers;
	struct buf reply, packed;
	bool gzip, overlong;
	uint32_t retry_ms;
	char error[CURL_ERROR_SIZE];
	char base[300];
};

static int load(struct sink *s) {
	const char *why;
	int err = curl_load(&why);

	return err ? sink_fail(s, err, "%s: %s", s->type->scheme, why) : 0;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *http) {
	struct http *h = http;

	if (h->reply.len + size * n > HTTP_MAX_REPLY) {
		h->overlong = true;
		return 0;
	}
	buf_add(&h->reply, bytes, size * n);
	return buf_error(&h->reply) ? 0 : size * n;
}

/* retry_after - seconds, or a date */
static uint32_t retry_after(const char *value) {
	struct tm tm = { 0 };
	long seconds;
	char *end;

	while (*value == ' ')
		value++;
	seconds = strtol(value, &end, 10);
	if (end == value && strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &tm))
		seconds = (long)(timegm(&tm) - time(NULL));
	if (seconds <= 0)
		return 0;
	return seconds < MAX_RETRY_MS / 1000 ? (uint32_t)seconds * 1000 : MAX_RETRY_MS;
}

static size_t take_header(char *bytes, size_t size, size_t n, void *http) {
	static const char name[] = "retry-after:";
	struct http *h = http;
	char line[128];

	if (size * n < sizeof(line) && size * n > sizeof(name) &&
	    !strncasecmp(bytes, name, sizeof(name) - 1)) {
		memcpy(line, bytes, size * n);
		line[size * n] = '\0';
		h->retry_ms = retry_after(line + sizeof(name) - 1);
	}
	return size * n;
}

static int set_file(struct http *h, struct sink *s, const char *key, const char *fallback,
		    CURLoption option) {
	const char *path = sink_value(s, key);
	int err;

	path = path ? path : fallback;
	if (!path)
		return 0;
	err = sink_readable(s, key, path);
	return err ? err : curl.set(h->easy, option, path) ? -ENOMEM : 0;
}

/* set_files - for TLS; looked at here, as libcurl would read them only at the first delivery */
static int set_files(struct http *h, struct sink *s, const struct http_defaults *d) {
	const char *cert = sink_value(s, "cert"), *key = sink_value(s, "key");
	struct tls_files files = { .ca = sink_value(s, "ca") };
	int err = set_file(h, s, "ca", d->ca, CURLOPT_CAINFO);

	if (!err)
		err = set_file(h, s, "cert", d->cert, CURLOPT_SSLCERT);
	if (!err)
		err = set_file(h, s, "key", d->key, CURLOPT_SSLKEY);
	files.ca = files.ca ? files.ca : d->ca;
	files.cert = cert ? cert : d->cert;
	files.key = key ? key : d->key ? d->key : files.cert;
	return err ? err : tls_check(&files, s->why, sizeof(s->why));
}

/* set_all - options that do not change from one request to the next */
static int set_all(struct http *h, struct sink *s, const struct http_defaults *d) {
	uint32_t timeout_ms;
	int err = sink_timeout(s, &timeout_ms);

	if (!err)
		err = sink_yes(s, "gzip", &h->gzip);
	if (!err)
		err = set_files(h, s, d);
	if (err)
		return err;
	if (d->timeout_ms && !url_value(s->url, "timeout"))
		timeout_ms = d->timeout_ms;
	if (d->gzip && !url_value(s->url, "gzip"))
		h->gzip = !strcmp(d->gzip, "yes");
	if (curl.set(h->easy, CURLOPT_ERRORBUFFER, h->error) ||
	    curl.set(h->easy, CURLOPT_WRITEFUNCTION, take_body) ||
	    curl.set(h->easy, CURLOPT_WRITEDATA, h) ||
	    curl.set(h->easy, CURLOPT_HEADERFUNCTION, take_header) ||
	    curl.set(h->easy, CURLOPT_HEADERDATA, h) ||
	    curl.set(h->easy, CURLOPT_NOSIGNAL, 1L) || curl.set(h->easy, CURLOPT_POST, 1L) ||
	    curl.set(h->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ||
	    curl.set(h->easy, CURLOPT_SSL_VERIFYPEER, 1L) ||
	    curl.set(h->easy, CURLOPT_SSL_VERIFYHOST, 2L) ||
	    curl.set(h->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ||
	    curl.set(h->easy, CURLOPT_PROTOCOLS_STR, "http,https") ||
	    curl.set(h->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) ||
	    curl.set(h->easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms) ||
	    curl.set(h->easy, CURLOPT_USERAGENT, "lapwing/" LAPWING_VERSION))
		return sink_fail(s, -EIO, "libcurl is too old");
	return 0;
}

/* set_base - where to, from the URL or from the defaults */
static void set_base(struct http *h, const struct sink *s, bool tls,
		     const struct http_defaults *d) {
	const char *host = s->url->host;
	bool six = host && strchr(host, ':');
	int n;

	if (!host)
		n = snprintf(h->base, sizeof(h->base), "%s", d->base);
	else
		n = snprintf(h->base, sizeof(h->base), "%s://%s%.250s%s:%u", tls ? "https" : "http",
			     six ? "[" : "", host, six ? "]" : "",
			     s->url->port ? s->url->port : d->port);
	if (n > 0 && n < (int)sizeof(h->base) && h->base[n - 1] == '/')
		h->base[n - 1] = '\0';
}

int http_open(struct sink *s, const struct http_defaults *defaults, struct http **ret) {
	struct http *h;
	bool tls;
	int err = load(s);

	if (!err)
		err = sink_yes(s, "tls", &tls);
	if (err)
		return err;
	if (!s->url->host && !defaults->base)
		return sink_fail(s, -EINVAL, "%s: needs a host, as in \"%s\"", s->type->scheme,
				 s->type->example);
	h = calloc(1, sizeof(*h));
	if (!h)
		return sink_fail(s, -ENOMEM, "there is no memory");
	set_base(h, s, tls, defaults);
	h->easy = curl.init();
	/* a server that we do not send "Expect: 100-continue" to answers a second sooner */
	err = h->easy ? http_header(h, "Expect:") : -ENOMEM;
	if (!err)
		err = set_all(h, s, defaults);
	if (err)
		http_free(h);
	else
		*ret = h;
	return err;
}

void http_free(struct http *h) {
	if (!h)
		return;
	if (h->easy)
		curl.cleanup(h->easy);
	curl.free_all(h->headers);
	buf_done(&h->reply);
	buf_done(&h->packed);
	free(h);
}

int http_header(struct http *h, const char *line) {
	struct curl_slist *more = curl.append(h->headers, line);

	if (!more)
		return -ENOMEM;
	h->headers = more;
	return 0;
}

void http_change(struct http *h, const char *line) {
	size_t name = strcspn(line, ":") + 1, n = strlen(line);

	for (struct curl_slist *i = h->headers; i; i = i->next) {
		if (!strncmp(i->data, line, name) && strlen(i->data) == n)
			memcpy(i->data, line, n);
	}
}

const char *http_base(const struct http *h) {
	return h->base;
}

/* pack - @body as gzip in h->packed; false: it stays as it is */
static bool pack(struct http *h, struct str body) {
	z_stream z = { .next_in = (Bytef *)(uintptr_t)body.s, .avail_in = body.n };
	char *to;
	int r;

	if (!h->gzip || body.n < GZIP_MIN ||
	    deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY))
		return false;
	buf_reset(&h->packed);
	to = buf_reserve(&h->packed, deflateBound(&z, body.n));
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)(to ? h->packed.cap : 0);
	r = to ? deflate(&z, Z_FINISH) : Z_MEM_ERROR;
	h->packed.len = z.total_out;
	(void)deflateEnd(&z);
	return r == Z_STREAM_END;
}

static int failed(struct sink *s, const struct http *h, CURLcode code) {
	const char *what = h->overlong ? "its answer is longer than 4 MiB" : h->error;

	(void)sink_fail(s, 0, "%.120s: %s", h->base, *what ? what : curl.text(code));
	if (h->overlong)
		return -EMSGSIZE;
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
		return -EHOSTUNREACH;
	case CURLE_COULDNT_CONNECT:
		return -ECONNREFUSED;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
		return -EPROTO;
	default:
		return -EIO;
	}
}

/* is_page - what no collector answers, but a portal or a proxy before it does, also with 200 */
static bool is_page(struct str body) {
	while (body.n && isspace((unsigned char)*body.s))
		body = (struct str){ body.s + 1, body.n - 1 };
	return body.n && *body.s == '<';
}

int http_post(struct http *h, struct sink *s, const char *url, const char *type, struct str body,
	      struct http_reply *ret) {
	bool packed = pack(h, body);
	struct str sent = packed ? (struct str){ h->packed.data, (uint32_t)h->packed.len } : body;
	struct curl_slist kind = { 0 }, encoding = { 0 };
	char line[128];
	long status = 0;
	CURLcode code;

	/* two headers of this request before those of all */
	(void)snprintf(line, sizeof(line), "Content-Type: %s", type);
	kind = (struct curl_slist){ line, h->headers };
	encoding = (struct curl_slist){ (char *)(uintptr_t)"Content-Encoding: gzip", &kind };
	buf_reset(&h->reply);
	h->overlong = false;
	h->retry_ms = 0;
	h->error[0] = '\0';
	if (curl.set(h->easy, CURLOPT_URL, url) ||
	    curl.set(h->easy, CURLOPT_HTTPHEADER, packed ? &encoding : &kind) ||
	    curl.set(h->easy, CURLOPT_POSTFIELDS, sent.s ? sent.s : "") ||
	    curl.set(h->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)sent.n))
		return sink_fail(s, -ENOMEM, "there is no memory");
	code = curl.perform(h->easy);
	if (code)
		return failed(s, h, code);
	(void)curl.info(h->easy, CURLINFO_RESPONSE_CODE, &status);
	*ret = (struct http_reply){ .status = (int)status,
				    .retry_ms = h->retry_ms,
				    .body = { h->reply.data, (uint32_t)h->reply.len } };
	if (status / 100 == 2 && is_page(ret->body))
		return sink_fail(s, -EPROTO, "%.120s: answered with a web page, which is no "
				 "receiver's; look who answers there", h->base);
	return 0;
}

struct json_object *http_json(struct str body) {
	struct json_tokener *t = json_tokener_new_ex(HTTP_JSON_DEPTH);
	struct json_object *o = NULL;

	if (t)
		o = json_tokener_parse_ex(t, body.s ? body.s : "", (int)body.n);
	json_tokener_free(t);
	return o;
}

/* is_strangers - a 400 of who looked at no event: a proxy's page, or a port that speaks TLS (Go) */
static bool is_strangers(const struct http_reply *r) {
	return is_page(r->body) ||
	       str_starts(r->body, STR("Client sent an HTTP request to an HTTPS server"));
}

int http_failed(struct sink *s, const struct http_reply *r) {
	char start[100];
	int n = 0;

	for (uint32_t i = 0; i < r->body.n && n < (int)sizeof(start) - 1; i++)
		start[n++] = isprint((unsigned char)r->body.s[i]) ? r->body.s[i] : ' ';
	start[n] = '\0';
	(void)sink_fail(s, 0, "the server answered %d: %s", r->status, start);
	switch (r->status) {
	case 400:
	case 422:
		return is_strangers(r) ? -EACCES : -EINVAL;
	case 413:
		return -E2BIG;
	case 408:
	case 429:
		break;
	default: /* a proxy without its server, a wrong path, no right: not the events' fault */
		if (r->status < 500)
			return -EACCES;
	}
	s->retry_ms = r->retry_ms;
	return -EAGAIN;
}
