/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <linux/sockios.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "sink/tls.h"

struct stream {
	struct stream_options o;
	SSL_CTX *ctx;
	SSL *ssl;
	int fd; /* -1: not connected */
};

int stream_open(const struct stream_options *o, struct stream **ret, char *why, size_t n) {
	struct tls_files files = { .ca = o->ca, .cert = o->cert, .key = o->key,
				   .unchecked = o->unchecked };
	struct stream *s = calloc(1, sizeof(*s));
	int err = 0;

	if (!s)
		return -ENOMEM;
	s->o = *o;
	s->fd = -1;
	if (o->tls)
		err = tls_context(&files, false, &s->ctx, why, n);
	if (err)
		stream_free(s);
	else
		*ret = s;
	return err;
}

bool stream_connected(const struct stream *s) {
	return s->fd >= 0;
}

/* prepare - timeouts of every call on @fd, the connect included, and a watch on a silent peer */
static void prepare(const struct stream *s, int fd) {
	struct timeval t = { .tv_sec = s->o.timeout_ms / 1000,
			     .tv_usec = (suseconds_t)(s->o.timeout_ms % 1000) * 1000 };
	unsigned ms = s->o.timeout_ms;
	int one = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	if (s->o.path)
		return;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

/* timed_out - what a socket's timeout is called, among the other errors */
static int timed_out(int error) {
	return error == EAGAIN || error == EINPROGRESS ? -ETIMEDOUT : -error;
}

static int try_address(struct stream *s, int family, const struct sockaddr *to, socklen_t n) {
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	prepare(s, fd);
	if (!connect(fd, to, n)) {
		s->fd = fd;
		return 0;
	}
	err = timed_out(errno);
	(void)close(fd);
	return err;
}

static int connect_unix(struct stream *s) {
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(s->o.path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	memcpy(to.sun_path, s->o.path, strlen(s->o.path));
	return try_address(s, AF_UNIX, (const void *)&to, sizeof(to));
}

static int connect_tcp(struct stream *s, char *why, size_t n) {
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *all = NULL;
	char port[8];
	int err, e;

	(void)snprintf(port, sizeof(port), "%u", s->o.port);
	e = getaddrinfo(s->o.host, port, &hints, &all);
	if (e) {
		(void)snprintf(why, n, "the name \"%.100s\" has no address: %s", s->o.host,
			       gai_strerror(e));
		return -EHOSTUNREACH;
	}
	err = -EHOSTUNREACH;
	for (struct addrinfo *a = all; a && err; a = a->ai_next)
		err = try_address(s, a->ai_family, a->ai_addr, a->ai_addrlen);
	freeaddrinfo(all);
	return err;
}

/* expect - the name or the address that the certificate must have */
static int expect(struct stream *s) {
	const char *name = s->o.name ? s->o.name : s->o.host;
	unsigned char address[sizeof(struct in6_addr)];
	bool numeric = inet_pton(AF_INET, name, address) == 1 ||
		       inet_pton(AF_INET6, name, address) == 1;

	if (numeric)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s->ssl), name) == 1;
	return SSL_set1_host(s->ssl, name) == 1 && SSL_set_tlsext_host_name(s->ssl, name) == 1;
}

static int shake_hands(struct stream *s, char *why, size_t n) {
	char reason[160];

	s->ssl = SSL_new(s->ctx);
	if (!s->ssl || SSL_set_fd(s->ssl, s->fd) != 1 || !expect(s))
		return -ENOMEM;
	ERR_clear_error();
	errno = 0;
	if (SSL_connect(s->ssl) == 1)
		return 0;
	if (errno == EAGAIN)
		return -ETIMEDOUT;
	tls_why(s->ssl, reason, sizeof(reason));
	(void)snprintf(why, n, "no TLS with %.80s: %s", s->o.host, reason);
	return -EPROTO;
}

int stream_connect(struct stream *s, char *why, size_t n) {
	int err;

	if (s->fd >= 0)
		return 0;
	why[0] = '\0';
	err = s->o.path ? connect_unix(s) : connect_tcp(s, why, n);
	if (!err && s->o.tls)
		err = shake_hands(s, why, n);
	if (!err)
		return 0;
	if (!why[0])
		(void)snprintf(why, n, "no connection to \"%.120s\": %s",
			       s->o.path ? s->o.path : s->o.host, strerror(-err));
	stream_hang_up(s);
	return err;
}

/* call_failed - after @r from a call on the connection, which is closed; -errno */
static int call_failed(struct stream *s, int r) {
	int err = timed_out(errno ? errno : EPROTO);

	if (s->ssl && SSL_get_error(s->ssl, r) == SSL_ERROR_SSL)
		err = -EPROTO;
	ERR_clear_error();
	stream_hang_up(s);
	return err;
}

int stream_send(struct stream *s, const void *bytes, size_t n) {
	const char *at = bytes;

	if (s->fd < 0)
		return -ENOTCONN;
	while (n) {
		int piece = n > 1 << 20 ? 1 << 20 : (int)n, r;

		errno = 0;
		r = s->ssl ? SSL_write(s->ssl, at, piece)
			   : (int)send(s->fd, at, (size_t)piece, MSG_NOSIGNAL);
		if (r <= 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return call_failed(s, r);
		at += r;
		n -= (size_t)r;
	}
	return 0;
}

ssize_t stream_receive(struct stream *s, void *to, size_t n) {
	int piece = n > 1 << 20 ? 1 << 20 : (int)n, r;

	if (s->fd < 0)
		return -ENOTCONN;
	do {
		errno = 0;
		r = s->ssl ? SSL_read(s->ssl, to, piece) : (int)recv(s->fd, to, (size_t)piece, 0);
	} while (r < 0 && errno == EINTR);
	if (r > 0)
		return r;
	if (r == 0 && (!s->ssl || SSL_get_error(s->ssl, r) == SSL_ERROR_ZERO_RETURN)) {
		stream_hang_up(s);
		return 0;
	}
	return call_failed(s, r);
}

/* unconfirmed - bytes that the other side's kernel has not confirmed; -errno */
static int unconfirmed(const struct stream *s) {
	int n = 0;

	return ioctl(s->fd, SIOCOUTQ, &n) ? -errno : n;
}

int stream_settled(struct stream *s) {
	uint32_t waited_ms = 0, step_ms = 1;
	int n;

	if (s->fd < 0)
		return -ENOTCONN;
	while ((n = unconfirmed(s)) >= 0) {
		struct pollfd gone = { .fd = s->fd, .events = POLLRDHUP };

		if (poll(&gone, 1, n ? (int)step_ms : 0) > 0)
			n = -ECONNRESET;
		else if (n && waited_ms >= s->o.timeout_ms)
			n = -ETIMEDOUT;
		if (n <= 0)
			break;
		waited_ms += step_ms;
		step_ms = step_ms < 50 ? step_ms * 2 : 50;
	}
	if (n < 0)
		stream_hang_up(s);
	return n;
}

void stream_stale(struct stream *s) {
	struct pollfd gone = { .fd = s->fd, .events = POLLRDHUP };

	if (s->fd >= 0 && poll(&gone, 1, 0) > 0)
		stream_hang_up(s);
}

void stream_hang_up(struct stream *s) {
	SSL_free(s->ssl);
	s->ssl = NULL;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

void stream_free(struct stream *s) {
	if (!s)
		return;
	stream_hang_up(s);
	SSL_CTX_free(s->ctx);
	free(s);
}
