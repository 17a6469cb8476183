/* SPDX-License-Identifier: Apache-2.0 */
#include "app/inquiry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"

#define CONNECT_MS 2000
#define WHOLE_MS 5000
#define TOKEN_BYTES 8192
#define GRPC_NOT_FOUND 5
#define GRPC_HEADER "grpc-status:"

/* take_list - what an answer says that is none is nobody's */
static size_t take_list(struct inquiry *q, const char *bytes, size_t n) {
	long status = 0;

	q->listed_bytes += n;
	q->overlong = q->listed_bytes > WHO_MAX_LIST;
	if (q->overlong || curl.info(q->easy, CURLINFO_RESPONSE_CODE, &status))
		return 0;
	return status == 200 && who_list_take(q->list, bytes, n) ? 0 : n;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *inquiry) {
	struct inquiry *q = inquiry;

	if (q->list)
		return take_list(q, bytes, size * n);
	q->overlong = q->body.len + size * n > WHO_MAX_ANSWER;
	if (q->overlong)
		return 0;
	buf_add(&q->body, bytes, size * n);
	return buf_error(&q->body) ? 0 : size * n;
}

/* take_header - gRPC says how a call went behind its answer, or instead of one */
static size_t take_header(char *bytes, size_t size, size_t n, void *inquiry) {
	struct inquiry *q = inquiry;
	char line[64];

	if (size * n < sizeof(line) && size * n > sizeof(GRPC_HEADER) &&
	    !strncasecmp(bytes, GRPC_HEADER, sizeof(GRPC_HEADER) - 1)) {
		memcpy(line, bytes, size * n);
		line[size * n] = '\0';
		q->grpc_status = atoi(line + sizeof(GRPC_HEADER) - 1);
	}
	return size * n;
}

static int attend(void *inquiry, curl_off_t total, curl_off_t got, curl_off_t to_send,
		  curl_off_t sent) {
	const struct inquiry *q = inquiry;

	(void)total, (void)got, (void)to_send, (void)sent;
	return q->o->gone(q->o->ctx);
}

static bool is_socket(const struct inquiry *q) {
	return q->source.kind == WHO_DOCKER || q->source.kind == WHO_CRI;
}

static int failed(struct inquiry *q, int err, const char *why) {
	(void)snprintf(q->why, sizeof(q->why), "%.180s", why);
	return err;
}

/* open_it - what does not change from one request to the next */
static int open_it(struct inquiry *q) {
	const char *why = "";
	CURL *e;
	int err = curl_load(&why);

	if (err)
		return failed(q, err, why);
	e = q->easy = curl.init();
	if (!e || curl.set(e, CURLOPT_WRITEFUNCTION, take_body) ||
	    curl.set(e, CURLOPT_WRITEDATA, q) || curl.set(e, CURLOPT_ERRORBUFFER, q->error) ||
	    curl.set(e, CURLOPT_HEADERFUNCTION, take_header) ||
	    curl.set(e, CURLOPT_HEADERDATA, q) || curl.set(e, CURLOPT_NOSIGNAL, 1L) ||
	    curl.set(e, CURLOPT_NOPROGRESS, 0L) || curl.set(e, CURLOPT_XFERINFOFUNCTION, attend) ||
	    curl.set(e, CURLOPT_XFERINFODATA, q) || curl.set(e, CURLOPT_PROXY, "") ||
	    curl.set(e, CURLOPT_SSL_VERIFYPEER, 1L) || curl.set(e, CURLOPT_SSL_VERIFYHOST, 2L) ||
	    curl.set(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) ||
	    curl.set(e, CURLOPT_PROTOCOLS_STR, is_socket(q) ? "http" : "http,https") ||
	    curl.set(e, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) ||
	    curl.set(e, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS) ||
	    curl.set(e, CURLOPT_USERAGENT, "lapwing/" LAPWING_VERSION) ||
	    (is_socket(q) && curl.set(e, CURLOPT_UNIX_SOCKET_PATH, q->source.where)) ||
	    /* libcurl 7.88 fails when it takes such a connection again: curl's issue 10634 */
	    (q->source.kind == WHO_CRI && (curl.set(e, CURLOPT_FRESH_CONNECT, 1L) ||
					   curl.set(e, CURLOPT_FORBID_REUSE, 1L))) ||
	    (!is_socket(q) && q->o->ca && curl.set(e, CURLOPT_CAINFO, q->o->ca)) ||
	    curl.set(e, CURLOPT_HTTP_VERSION,
		     q->source.kind == WHO_CRI ? (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
					       : (long)CURL_HTTP_VERSION_1_1))
		return failed(q, -EIO, "libcurl is too old");
	return 0;
}

/* add_token - read anew each time: Kubernetes changes it about once an hour; TLS only */
static int add_token(struct inquiry *q, struct curl_slist **headers) {
	static const char before[] = "Authorization: Bearer ";
	struct buf line = { 0 };
	struct curl_slist *more = NULL;
	int err;

	if (is_socket(q) || !q->o->token || strncmp(q->source.where, "https://", 8) != 0)
		return 0;
	buf_add(&line, before, sizeof(before) - 1);
	err = file_read_at(AT_FDCWD, q->o->token, TOKEN_BYTES, &line);
	while (!err && line.len && (unsigned char)line.data[line.len - 1] <= ' ')
		line.len--;
	buf_add_char(&line, '\0');
	if (!err && !buf_error(&line))
		more = curl.append(*headers, line.data);
	buf_done(&line);
	if (!more)
		return failed(q, err ? err : -ENOMEM, "the token cannot be read");
	*headers = more;
	return 0;
}

/* set_request - what this one asks for */
static int set_request(struct inquiry *q, const struct who_ask *ask, enum who_call call,
		       struct buf *message, struct curl_slist **headers) {
	char url[sizeof(q->source.where) + 96];

	if (q->source.kind == WHO_DOCKER)
		(void)snprintf(url, sizeof(url), "http://localhost/containers/%s/json", ask->id);
	else if (q->source.kind == WHO_CRI)
		(void)snprintf(url, sizeof(url), "http://localhost%s", who_cri_path(call));
	else
		(void)snprintf(url, sizeof(url), "%s", q->source.where);
	if (curl.set(q->easy, CURLOPT_URL, url))
		return failed(q, -ENOMEM, "there is no memory");
	if (q->source.kind != WHO_CRI)
		return add_token(q, headers);
	who_cri_request(ask, message);
	*headers = curl.append(*headers, "Content-Type: application/grpc");
	if (!*headers || !curl.append(*headers, "TE: trailers") || buf_error(message) ||
	    curl.set(q->easy, CURLOPT_POSTFIELDS, message->data) ||
	    curl.set(q->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)message->len))
		return failed(q, -ENOMEM, "there is no memory");
	return 0;
}

/* judge - what an answer that came means */
static int judge(struct inquiry *q) {
	long status = 0;

	(void)curl.info(q->easy, CURLINFO_RESPONSE_CODE, &status);
	if (q->source.kind == WHO_CRI && status == 200 && q->grpc_status != 0) {
		(void)snprintf(q->why, sizeof(q->why), "the call fails with gRPC status %d",
			       q->grpc_status);
		return q->grpc_status == GRPC_NOT_FOUND ? -ENOENT : -EPROTO;
	}
	if (status == 200)
		return 0;
	(void)snprintf(q->why, sizeof(q->why), "it answers %ld", status);
	return status == 404 && q->source.kind == WHO_DOCKER ? -ENOENT : -EPROTO;
}

const char *inquiry_list_fault(int err) {
	return err == -EFBIG	? "what is asked for of one of its pods is too large"
	       : err == -ENOMEM ? "there is no memory for one of its pods"
				: "its answer is no list of pods";
}

int inquiry_ask(struct inquiry *q, const struct who_ask *ask, enum who_call call, struct str *ret) {
	struct curl_slist *headers = NULL;
	struct buf message = { 0 };
	int err = q->easy ? 0 : open_it(q);
	CURLcode code = CURLE_OK;

	buf_reset(&q->body);
	q->grpc_status = -1;
	q->overlong = false;
	q->listed_bytes = 0;
	q->error[0] = '\0';
	if (!err)
		err = set_request(q, ask, call, &message, &headers);
	if (!err && curl.set(q->easy, CURLOPT_HTTPHEADER, headers))
		err = failed(q, -ENOMEM, "there is no memory");
	if (!err)
		code = curl.perform(q->easy);
	if (!err && code)
		err = failed(q, -EIO,
			     q->overlong		? "its answer is too long"
			     : q->list && q->list->err	? inquiry_list_fault(q->list->err)
			     : q->error[0]		? q->error
					   : curl.text(code));
	else if (!err)
		err = judge(q);
	if (headers)
		curl.free_all(headers);
	buf_done(&message);
	if (err && err != -ENOENT)
		inquiry_done(q); /* a connection that failed is not asked again */
	*ret = (struct str){ q->body.data, (uint32_t)q->body.len };
	return err;
}

void inquiry_done(struct inquiry *q) {
	if (q->easy)
		curl.cleanup(q->easy);
	q->easy = NULL;
	buf_done(&q->body);
}
