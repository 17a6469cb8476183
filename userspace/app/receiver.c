/* SPDX-License-Identifier: Apache-2.0 */
#include "app/receiver.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/client.h"
#include "app/format.h"
#include "app/sandbox.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/quantity.h"
#include "encode/encode.h"
#include "event/field.h"
#include "sink/frame.h"
#include "sink/sink.h"
#include "sink/tls.h"

#define ARENA_BYTES (64 * 1024 * 1024)
#define SWEEP_MS 1000
#define IDLE_DEFAULT "10m"
#define TURN_STEPS 4 /* of one client, before others and signals have theirs */
#define SAY_EVERY_MS 10000

/* What clients can make us say, each seldom: strangers write no log full. */
enum complaint { TOO_MANY, TOO_LARGE, NO_BATCH, REFUSED, COMPLAINTS };

struct receiver {
	const struct receiver_options *o;
	struct sink_url listen_url, to_url;
	struct sink to;
	format_encode *encode; /* NULL: the bytes as they come */
	SSL_CTX *ctx;
	int listen, signals;
	uint64_t idle_ms;
	struct client clients[RECEIVER_MAX_CLIENTS];
	struct {
		uint64_t said_ms; /* monotonic; 0: never */
		unsigned unsaid;  /* since then */
	} complaints[COMPLAINTS];
	struct arena arena;
	struct buf bodies;
	struct sink_item *items;
	size_t *offsets; /* of each item's body in @bodies, and one behind the last */
	size_t n, cap;
};

/* complain - a sentence about a client, with how many of its kind were not said since the last */
static void complain(struct receiver *r, enum complaint what, const char *sentence) {
	uint64_t now = clock_ms(CLOCK_MONOTONIC), *said_ms = &r->complaints[what].said_ms;
	unsigned *unsaid = &r->complaints[what].unsaid;

	if (*said_ms && now - *said_ms < SAY_EVERY_MS) {
		++*unsaid;
		return;
	}
	if (*unsaid)
		log_warn("%s (and %u more before), continuing", sentence, *unsaid);
	else
		log_warn("%s, continuing", sentence);
	*said_ms = now;
	*unsaid = 0;
}

/* --- one batch -------------------------------------------------------------------------------- */

static int make_room(struct receiver *r) {
	size_t cap = r->cap ? 2 * r->cap : 1024;
	struct sink_item *items = realloc(r->items, cap * sizeof(*items));
	size_t *offsets;

	if (!items)
		return -ENOMEM;
	r->items = items;
	offsets = realloc(r->offsets, (cap + 1) * sizeof(*offsets));
	if (!offsets)
		return -ENOMEM;
	r->offsets = offsets;
	r->cap = cap;
	return 0;
}

/* add_event - one of the batch, if it is an event */
static int add_event(void *receiver, const char *bytes, size_t n) {
	struct receiver *r = receiver;
	struct event *e;
	int err = r->n == r->cap ? make_room(r) : 0;

	e = err ? NULL : arena_alloc(&r->arena, sizeof(*e));
	if (!e)
		return -ENOMEM;
	err = encode_unpack(bytes, n, &r->arena, e);
	if (!err && !event_has(e, FIELD_KIND))
		err = -EBADMSG; /* the bytes of anything can be an event of nothing */
	if (err)
		return err;
	r->offsets[r->n] = r->bodies.len;
	if (r->encode)
		r->encode(&r->bodies, e);
	else
		buf_add(&r->bodies, bytes, n);
	r->items[r->n++] = (struct sink_item){ .event = e };
	r->offsets[r->n] = r->bodies.len;
	return buf_error(&r->bodies);
}

/* send_on - to our own sink; what that survived is said */
static int send_on(struct receiver *r, struct sink_batch *batch) {
	int err = r->to.type->send(&r->to, batch);

	if (r->to.note[0])
		log_warn("%s, continuing", r->to.note);
	r->to.note[0] = '\0';
	return err;
}

/* store - the batch to our own sink; 0 when all of it is where it must not be lost */
static int store(struct receiver *r) {
	struct sink_batch batch = { .items = r->items, .n = r->n, .bytes = r->bodies.len };
	int err;

	if (!r->n)
		return 0;
	for (size_t i = 0; i < r->n; i++)
		r->items[i].body = (struct str){
			r->bodies.data + r->offsets[i],
			(uint32_t)(r->offsets[i + 1] - r->offsets[i]),
		};
	err = send_on(r, &batch);
	for (size_t i = 0; i < r->n && !err; i++)
		if (r->items[i].outcome == SINK_AGAIN)
			err = -EAGAIN;
	if (err)
		log_warn("events cannot be stored: %s; the sensor keeps them, continuing",
			 r->to.why[0] ? r->to.why : strerror(-err));
	return err;
}

static int take_batch(struct receiver *r, struct client *c, struct str frame) {
	uint64_t number;
	int err;

	r->n = 0;
	arena_reset(&r->arena);
	buf_reset(&r->bodies);
	err = frame_batch(frame, &number, add_event, r);
	if (err == -EBADMSG)
		complain(r, NO_BATCH, "a client sent what is no batch of events; its connection "
				      "is closed");
	if (!err)
		err = store(r);
	if (err)
		return err;
	c->delivered |= r->n > 0;
	client_ack(c, number);
	return 0;
}

/* --- connections ------------------------------------------------------------------------------ */

/* free_place - for one more client, if need be of who is silent and has never delivered; or NULL */
static struct client *free_place(struct receiver *r) {
	struct client *silent = NULL;

	for (int i = 0; i < RECEIVER_MAX_CLIENTS; i++) {
		struct client *c = &r->clients[i];

		if (c->fd < 0)
			return c;
		if (!c->delivered && (!silent || c->moved_ms < silent->moved_ms))
			silent = c;
	}
	complain(r, TOO_MANY, "there is no place for more clients; one is turned away, who has "
			      "delivered nothing if there is one");
	if (silent)
		client_close(silent);
	return silent;
}

static void accept_client(struct receiver *r) {
	int fd = accept4(r->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *c;

	if (fd < 0)
		return;
	c = free_place(r);
	if (c)
		(void)client_open(c, fd, r->ctx);
	else
		(void)close(fd);
}

/* take_frames - what came whole; -errno */
static int take_frames(struct receiver *r, struct client *c) {
	struct str frame;
	int got;

	while ((got = client_frame(c, &frame)) > 0) {
		got = take_batch(r, c, frame);
		if (got)
			break;
		client_drop_frame(c, &frame);
	}
	return got;
}

static void serve(struct receiver *r, struct client *c) {
	char why[160] = "";
	char sentence[200];
	int err, got, steps = 0;

	/* as long as there are answers to send: these the next poll is for, if the turn is over */
	do {
		err = client_step(c, why, sizeof(why));
		/* what came before its end counts, though nobody hears the answer */
		got = take_frames(r, c);
	} while (!err && !got && c->out.len && !client_stuck(c) && ++steps < TURN_STEPS);
	if (why[0]) {
		(void)snprintf(sentence, sizeof(sentence), "a client is refused: %s", why);
		complain(r, REFUSED, sentence);
	}
	if (err || got < 0)
		client_close(c);
	else
		client_rest(c);
}

/* keep_bound - the largest messages that are not whole go until all others have room */
static void keep_bound(struct receiver *r) {
	for (;;) {
		struct client *largest = &r->clients[0];
		size_t total = 0;

		for (int i = 0; i < RECEIVER_MAX_CLIENTS; i++) {
			total += r->clients[i].in.len;
			if (r->clients[i].in.len > largest->in.len)
				largest = &r->clients[i];
		}
		if (total <= RECEIVER_MAX_BYTES)
			return;
		complain(r, TOO_LARGE, "clients hold too much that is not whole; who holds most "
				       "is turned away");
		client_close(largest);
	}
}

/* sweep - connections of which nothing is heard any more: their places are for others */
static void sweep(struct receiver *r) {
	for (int i = 0; i < RECEIVER_MAX_CLIENTS; i++)
		if (r->clients[i].fd >= 0 && client_overdue(&r->clients[i], r->idle_ms))
			client_close(&r->clients[i]);
}

static int loop(struct receiver *r) {
	struct pollfd fds[RECEIVER_MAX_CLIENTS + 2];

	for (;;) {
		fds[0] = (struct pollfd){ .fd = r->signals, .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = r->listen, .events = POLLIN };
		for (int i = 0; i < RECEIVER_MAX_CLIENTS; i++)
			fds[i + 2] = (struct pollfd){ .fd = r->clients[i].fd,
						      .events = client_events(&r->clients[i]) };
		if (poll(fds, RECEIVER_MAX_CLIENTS + 2, SWEEP_MS) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents)
			return 0;
		for (int i = 0; i < RECEIVER_MAX_CLIENTS; i++)
			if (r->clients[i].fd >= 0 && fds[i + 2].revents) {
				serve(r, &r->clients[i]);
				keep_bound(r);
			}
		sweep(r);
		if (fds[1].revents)
			accept_client(r);
	}
}

/* --- start ------------------------------------------------------------------------------------ */

/* is_alive - whether somebody listens at @at */
static bool is_alive(const struct sockaddr_un *at) {
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = fd < 0 ? 0 : connect(fd, (const void *)at, sizeof(*at));
	bool refused = r && errno == ECONNREFUSED;

	if (fd >= 0)
		(void)close(fd);
	return !refused;
}

static int bind_unix(const char *path) {
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err = 0;
	struct stat st;
	mode_t old;

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(at.sun_path)) {
		(void)close(fd);
		return -ENAMETOOLONG;
	}
	memcpy(at.sun_path, path, strlen(path));
	if (!lstat(path, &st) && S_ISSOCK(st.st_mode) && !is_alive(&at))
		(void)unlink(path); /* of a receiver before us */
	old = umask(077);
	if (bind(fd, (const void *)&at, sizeof(at)))
		err = -errno;
	(void)umask(old);
	if (err)
		(void)close(fd);
	return err ? err : fd;
}

static int bind_tcp(const struct sink_url *u) {
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *all;
	char port[8];
	int fd, one = 1, err = 0;

	(void)snprintf(port, sizeof(port), "%u", u->port);
	if (!u->host || getaddrinfo(u->host, port, &hints, &all))
		return -EADDRNOTAVAIL;
	fd = socket(all->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, all->ai_addr, all->ai_addrlen))
		err = -errno;
	freeaddrinfo(all);
	if (err && fd >= 0)
		(void)close(fd);
	return err ? err : fd;
}

static int start_listening(struct receiver *r) {
	const struct sink_url *u = &r->listen_url;
	const char *idle = url_value(u, "idle");
	char why[256] = "";
	int err = quantity_ms(idle ? idle : IDLE_DEFAULT, &r->idle_ms);

	if (err) {
		log_error("\"%s\": \"%s\" is no value for \"idle\"; write 10m, or 0s for never",
			  r->o->listen, idle);
		return err;
	}
	if (!strcmp(u->scheme, "tls")) {
		struct tls_files f = { .ca = url_value(u, "ca"), .cert = url_value(u, "cert"),
				       .key = url_value(u, "key") };

		err = f.cert ? tls_context(&f, true, &r->ctx, why, sizeof(why)) : -EINVAL;
		if (err) {
			log_error("\"%s\": %s", r->o->listen,
				  why[0] ? why : "tls: needs cert=FILE and key=FILE");
			return err;
		}
	} else if (strcmp(u->scheme, "tcp") != 0 && strcmp(u->scheme, "unix") != 0) {
		log_error("\"%s\": one listens at unix:/PATH, tcp://HOST:PORT or tls://HOST:PORT",
			  r->o->listen);
		return -EINVAL;
	}
	r->listen = !strcmp(u->scheme, "unix") ? bind_unix(u->path ? u->path : "") : bind_tcp(u);
	if (r->listen < 0 || listen(r->listen, SOMAXCONN)) {
		err = r->listen < 0 ? r->listen : -errno;
		log_error("\"%s\": nobody can listen there: %s", r->o->listen, strerror(-err));
	}
	return err;
}

static bool no_key(const char *key) {
	(void)key;
	return false;
}

static int start_sink(struct receiver *r) {
	struct sink_batch nothing = { 0 };
	const struct sink_type *type;
	const char *why = "out of memory";
	int err = url_parse(r->o->to, &r->to_url, &why);

	if (!err)
		err = sink_check(&r->to_url, no_key, &type, &why);
	if (!err && type->needs & SINK_NEEDS_NET) {
		why = "a receiver stores; name a file:/PATH, or stdout:";
		err = -EINVAL;
	}
	if (!err) {
		err = sink_open(&r->to_url, "receive", &r->to);
		why = r->to.why;
	}
	if (!err) { /* nothing yet, which opens what it writes to, and keeps others away from it */
		err = send_on(r, &nothing);
		why = r->to.why;
	}
	if (err)
		log_error("\"%s\": %s", r->o->to, why);
	else if (strcmp(r->to.format, "proto") != 0)
		r->encode = format_find(r->to.format);
	return err;
}

static int start(struct receiver *r) {
	const char *why = "out of memory";
	sigset_t set;
	int err = url_parse(r->o->listen, &r->listen_url, &why);

	if (err)
		log_error("\"%s\": %s", r->o->listen, why);
	if (!err)
		err = start_sink(r);
	if (!err)
		err = start_listening(r);
	if (err)
		return err;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->signals < 0)
		return -errno;
	if (r->o->ready_fd >= 0 && write(r->o->ready_fd, "\n", 1) != 1)
		log_warn("nobody reads descriptor %d of --ready-fd, continuing", r->o->ready_fd);
	err = sandbox_courier(SANDBOX_FILES | SANDBOX_NET | SANDBOX_LISTEN);
	if (err)
		log_error("privileges cannot be given up: %s", strerror(-err));
	return err;
}

int receiver_run(const struct receiver_options *o) {
	static struct receiver r;
	int err;

	r = (struct receiver){ .o = o, .listen = -1, .signals = -1 };
	for (int i = 0; i < RECEIVER_MAX_CLIENTS; i++)
		r.clients[i].fd = -1;
	arena_init(&r.arena, ARENA_BYTES);
	err = start(&r);
	if (!err) {
		err = loop(&r);
		if (err)
			log_error("the receiver stops: %s", strerror(-err));
	}
	for (int i = 0; i < RECEIVER_MAX_CLIENTS; i++)
		client_close(&r.clients[i]);
	if (r.listen >= 0)
		(void)close(r.listen);
	sink_close(&r.to);
	SSL_CTX_free(r.ctx);
	url_free(&r.listen_url);
	url_free(&r.to_url);
	arena_done(&r.arena);
	buf_done(&r.bodies);
	free(r.items);
	free(r.offsets);
	return err;
}
