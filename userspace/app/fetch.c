/* SPDX-License-Identifier: Apache-2.0 */
#include "app/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/file.h"
#include "sink/curl.h"

#define CONNECT_MS 10000
#define WHOLE_MS 120000
#define SMALL_BYTES 65536
#define SMALL_MS 10000

static char sentence[CURL_ERROR_SIZE + 64];

struct taker {
	const struct fetch_from *from;
	struct buf *out;
	size_t max;
	long ms; /* that all of it may take */
	bool over;
};

static bool starts(const char *text, const char *with) {
	return !strncmp(text, with, strlen(with));
}

static bool is_url(const char *source) {
	return starts(source, "https://") || starts(source, "http://");
}

static bool is_loopback(const char *host) {
	size_t n = strcspn(host, ":/");

	return (n == 9 && starts(host, "127.0.0.1")) || (n == 9 && starts(host, "localhost")) ||
	       starts(host, "[::1]");
}

int fetch_source(const char *source, const char **why) {
	*why = "http:// is for loopback addresses only; use https://";
	if (starts(source, "http://") && !is_loopback(source + 7))
		return -EINVAL;
	*why = "a source is a folder, as /PATH, or https://HOST/PATH";
	return is_url(source) || source[0] == '/' ? 0 : -EINVAL;
}

static size_t take(char *bytes, size_t size, size_t n, void *ctx) {
	struct taker *t = ctx;

	if (t->out->len + size * n > t->max) {
		t->over = true;
		return 0;
	}
	buf_add(t->out, bytes, size * n);
	return buf_error(t->out) ? 0 : size * n;
}

static int attend(void *ctx, curl_off_t total, curl_off_t got, curl_off_t to_send,
		  curl_off_t sent) {
	const struct taker *t = ctx;

	(void)total, (void)got, (void)to_send, (void)sent;
	return t->from->tick && !t->from->tick(t->from->ctx);
}

static int get(CURL *easy, const char *url, struct taker *t) {
	char error[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	if (curl.set(easy, CURLOPT_URL, url) || curl.set(easy, CURLOPT_ERRORBUFFER, error) ||
	    curl.set(easy, CURLOPT_WRITEFUNCTION, take) || curl.set(easy, CURLOPT_WRITEDATA, t) ||
	    curl.set(easy, CURLOPT_NOSIGNAL, 1L) ||
	    curl.set(easy, CURLOPT_SSL_VERIFYPEER, 1L) ||
	    curl.set(easy, CURLOPT_SSL_VERIFYHOST, 2L) ||
	    curl.set(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ||
	    curl.set(easy, CURLOPT_PROTOCOLS_STR, "http,https") ||
	    curl.set(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) ||
	    curl.set(easy, CURLOPT_TIMEOUT_MS, t->ms) ||
	    curl.set(easy, CURLOPT_NOPROGRESS, 0L) ||
	    curl.set(easy, CURLOPT_XFERINFOFUNCTION, attend) ||
	    curl.set(easy, CURLOPT_XFERINFODATA, t) ||
	    (t->from->ca && curl.set(easy, CURLOPT_CAINFO, t->from->ca)) ||
	    curl.set(easy, CURLOPT_USERAGENT, "lapwing/" LAPWING_VERSION))
		return -ENOMEM;
	code = curl.perform(easy);
	(void)curl.info(easy, CURLINFO_RESPONSE_CODE, &status);
	(void)snprintf(sentence, sizeof(sentence), "the server answered %ld%s", status,
		       status / 100 == 3 ? ", and redirects are not followed: give the address "
					   "that it leads to"
					 : "");
	if (t->over) {
		(void)snprintf(sentence, sizeof(sentence), "the server sends more than %zu bytes",
			       t->max);
		return -EFBIG;
	}
	if (code) {
		(void)snprintf(sentence, sizeof(sentence), "%s",
			       error[0] ? error : curl.text(code));
		return -EIO;
	}
	return status == 200 ? 0 : status == 404 ? -ENOENT : -EIO;
}

static int fetch_url(const char *name, struct taker *t, const char **why) {
	const char *source = t->from->source;
	char url[2048];
	size_t from = t->out->len, n = strlen(source);
	CURL *easy;
	int err = curl_load(why);

	if (err)
		return -EIO;
	*why = sentence;
	if (snprintf(url, sizeof(url), "%s%s%s", source, source[n - 1] == '/' ? "" : "/", name) >=
	    (int)sizeof(url))
		return -ENAMETOOLONG;
	t->ms = t->max > SMALL_BYTES ? WHOLE_MS : SMALL_MS;
	t->max += from;
	easy = curl.init();
	err = easy ? get(easy, url, t) : -ENOMEM;
	if (easy)
		curl.cleanup(easy);
	if (err)
		t->out->len = from;
	return err;
}

int fetch(const struct fetch_from *from, const char *name, size_t max, struct buf *out,
	  const char **why) {
	struct taker t = { .from = from, .out = out, .max = max };
	char path[4096];
	int err;

	if (is_url(from->source))
		return fetch_url(name, &t, why);
	if (snprintf(path, sizeof(path), "%s/%s", from->source, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	err = file_read_at(AT_FDCWD, path, max, out);
	*why = sentence;
	(void)snprintf(sentence, sizeof(sentence), "%s", strerror(-err));
	return err;
}
