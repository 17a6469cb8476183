/* SPDX-License-Identifier: Apache-2.0 */
#include "health/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/library.h"

#define LIBRARY "libmicrohttpd.so.12"
#define SILENCE_S 5u
#define WHOLE_MS 10000 /* of a connection; a byte now and then does not make it longer */
#define LOOK_MS 1000
#define ROOM (2 * SERVER_CLIENTS)
#define CLIENT_BYTES ((size_t)16 * 1024)

/* What of the library is used, found when it is loaded. */
static struct {
	void *library;
	__typeof__(MHD_start_daemon) *start;
	__typeof__(MHD_stop_daemon) *stop;
	__typeof__(MHD_run) *run;
	__typeof__(MHD_get_timeout) *timeout;
	__typeof__(MHD_get_daemon_info) *info;
	__typeof__(MHD_get_connection_info) *connection;
	__typeof__(MHD_create_response_from_buffer) *response;
	__typeof__(MHD_add_response_header) *header;
	__typeof__(MHD_queue_response) *queue;
	__typeof__(MHD_destroy_response) *destroy;
} mhd;

struct client {
	int fd; /* -1: none */
	bool cut; /* and about to end */
	uint64_t began_ms;
	uint64_t nth; /* of all that came by this door: many come within a millisecond */
};

/* An address, and who came by it; those who are cut off have some room besides. */
struct door {
	struct MHD_Daemon *daemon;
	struct client clients[ROOM];
	uint64_t came;
};

struct server {
	server_answer answer;
	void *ctx;
	struct door doors[SERVER_LISTENERS];
	size_t n;
};

static int load(const char **why) {
	static const struct library_call calls[] = {
		{ "MHD_start_daemon", &mhd.start },
		{ "MHD_stop_daemon", &mhd.stop },
		{ "MHD_run", &mhd.run },
		{ "MHD_get_timeout", &mhd.timeout },
		{ "MHD_get_daemon_info", &mhd.info },
		{ "MHD_get_connection_info", &mhd.connection },
		{ "MHD_create_response_from_buffer", &mhd.response },
		{ "MHD_add_response_header", &mhd.header },
		{ "MHD_queue_response", &mhd.queue },
		{ "MHD_destroy_response", &mhd.destroy },
		{ NULL, NULL },
	};

	return library_load(LIBRARY, "libmicrohttpd12", calls, &mhd.library, why);
}

/* cut - its connection then ends by itself */
static void cut(struct client *c) {
	c->cut = true;
	(void)shutdown(c->fd, SHUT_RDWR);
}

/* make_room - one more than may be there: who has been there for the longest time has to go */
static void make_room(struct door *d) {
	struct client *oldest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < ROOM; i++) {
		struct client *c = &d->clients[i];

		if (c->fd < 0 || c->cut)
			continue;
		n++;
		if (!oldest || c->nth < oldest->nth)
			oldest = c;
	}
	if (n > SERVER_CLIENTS)
		cut(oldest);
}

/* note - remembers since when a client is there */
static void note(void *door, struct MHD_Connection *c, void **of_socket,
		 enum MHD_ConnectionNotificationCode code) {
	const union MHD_ConnectionInfo *i = mhd.connection(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	bool comes = code == MHD_CONNECTION_NOTIFY_STARTED;
	struct door *d = door;

	(void)of_socket;
	for (size_t k = 0; k < ROOM; k++) {
		if (d->clients[k].fd != (comes ? -1 : i->connect_fd))
			continue;
		d->clients[k] = (struct client){ .fd = comes ? i->connect_fd : -1,
						 .began_ms = clock_ms(CLOCK_MONOTONIC),
						 .nth = d->came++ };
		break;
	}
	if (comes)
		make_room(d);
}

static enum MHD_Result reply(struct server *s, struct MHD_Connection *c, const char *path,
			     bool get) {
	const char *type = "text/plain; charset=utf-8";
	struct buf body = { 0 };
	unsigned status = get ? s->answer(s->ctx, path, &body, &type) : MHD_HTTP_METHOD_NOT_ALLOWED;
	struct MHD_Response *r;
	enum MHD_Result done;

	if (!get)
		buf_add_lit(&body, "only GET and HEAD\n");
	if (buf_error(&body)) {
		buf_reset(&body);
		status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
	r = mhd.response(body.len, body.data ? body.data : (void *)"", MHD_RESPMEM_MUST_COPY);
	buf_done(&body);
	if (!r)
		return MHD_NO;
	(void)mhd.header(r, "Content-Type", type);
	(void)mhd.header(r, "Cache-Control", "no-store");
	if (!get)
		(void)mhd.header(r, "Allow", "GET, HEAD");
	done = mhd.queue(c, status, r);
	mhd.destroy(r);
	return done;
}

/* handle - the library calls it with the head of a request, and once more when that is over */
static enum MHD_Result handle(void *server, struct MHD_Connection *c, const char *path,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_n, void **state) {
	static char seen;
	bool get = !strcmp(method, "GET") || !strcmp(method, "HEAD");

	(void)version;
	(void)upload;
	if (!*state && get) {
		*state = &seen;
		return MHD_YES;
	}
	if (*upload_n) {
		*upload_n = 0;
		return MHD_YES;
	}
	return reply(server, c, path, get);
}

int server_new(server_answer answer, void *ctx, struct server **ret, const char **why) {
	struct server *s;
	int err = load(why);

	if (err)
		return err;
	*why = "out of memory";
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->answer = answer;
	s->ctx = ctx;
	*ret = s;
	return 0;
}

int server_listen(struct server *s, int fd) {
	struct door *d = &s->doors[s->n];

	if (s->n == SERVER_LISTENERS)
		return -E2BIG;
	for (size_t i = 0; i < ROOM; i++)
		d->clients[i].fd = -1;
	d->daemon = mhd.start(MHD_USE_EPOLL, 0, NULL, NULL, handle, s, MHD_OPTION_LISTEN_SOCKET, fd,
			      MHD_OPTION_CONNECTION_LIMIT, (unsigned)ROOM,
			      MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_S,
			      MHD_OPTION_CONNECTION_MEMORY_LIMIT, CLIENT_BYTES,
			      MHD_OPTION_NOTIFY_CONNECTION, note, d, MHD_OPTION_END);
	if (!d->daemon)
		return -EIO;
	s->n++;
	return 0;
}

/* cut_off - those who are there for too long; whether anybody is there */
static bool cut_off(struct server *s) {
	uint64_t now = clock_ms(CLOCK_MONOTONIC);
	bool any = false;

	for (size_t i = 0; i < s->n * ROOM; i++) {
		struct client *c = &s->doors[i / ROOM].clients[i % ROOM];

		if (c->fd < 0)
			continue;
		any = true;
		if (now - c->began_ms > WHOLE_MS)
			cut(c);
	}
	return any;
}

int server_run(struct server *s, int alive) {
	struct pollfd fds[SERVER_LISTENERS + 1] = { { .fd = alive, .events = POLLIN } };

	for (size_t i = 0; i < s->n; i++) {
		const union MHD_DaemonInfo *d =
			mhd.info(s->doors[i].daemon, MHD_DAEMON_INFO_EPOLL_FD);

		if (!d)
			return -EIO;
		fds[i + 1] = (struct pollfd){ .fd = d->epoll_fd, .events = POLLIN };
	}
	for (bool before = false;;) {
		bool any = cut_off(s);
		/* who was full listens again only when it is run after the last one left */
		int wait = any || before ? LOOK_MS : -1;

		for (size_t i = 0; i < s->n; i++) {
			MHD_UNSIGNED_LONG_LONG ms;

			if (mhd.timeout(s->doors[i].daemon, &ms) != MHD_YES)
				continue;
			if (wait < 0 || ms < (unsigned)wait)
				wait = (int)ms;
		}
		before = any;
		if (poll(fds, (nfds_t)s->n + 1, wait) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			return 0;
		for (size_t i = 0; i < s->n; i++)
			(void)mhd.run(s->doors[i].daemon);
	}
}

void server_free(struct server *s) {
	for (size_t i = 0; s && i < s->n; i++)
		mhd.stop(s->doors[i].daemon);
	free(s);
}
