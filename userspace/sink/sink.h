/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.h - where events go for good: a receiver that acknowledges
 *
 * A sink is chosen by a URL, such as file:/var/log/lapwing/events?format=json. Each one has a
 * process of its own (app/courier.c): it reads the spool, unpacks, encodes, and hands over batches.
 * So a sink may wait, and then waits for its own receiver only; it is called by one thread. What it
 * says was acknowledged is never sent again; everything else is, in the same order.
 *
 * A new sink is one file with a const struct sink_type, and a row in sink.c.
 */
#ifndef LAPWING_SINK_H
#define LAPWING_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/event.h"
#include "sink/url.h"

/* What became of an event. */
enum sink_outcome {
	SINK_AGAIN,   /* not known, or not now: it is sent once more */
	SINK_ACKED,   /* the receiver has it, and said so */
	SINK_REFUSED, /* the receiver will never take it: counted as dropped, cause "refused" */
};

struct sink_item {
	const struct event *event; /* as it was unpacked, and filtered */
	struct str body;	   /* the same in the sink's format; one JSON object ends in \n */
	enum sink_outcome outcome; /* SINK_AGAIN when it is handed over; the sink sets it */
};

/* Everything in it is borrowed for the length of one call. */
struct sink_batch {
	struct sink_item *items;
	size_t n;
	size_t bytes; /* of all bodies */
	/*
	 * A sink that needs many requests for one batch calls it between them: what has an outcome
	 * is then kept even if the process dies before send() returns. NULL: nobody wants to know.
	 */
	void (*progress)(void *arg);
	void *arg;
};

/* A key that may stand behind the '?' of a sink's URL, or beside "url" in the config. */
struct sink_key {
	const char *name;
	const char *fallback; /* the value when it is not given; NULL: absent */
	const char *help;     /* one line for the docs and for error messages */
};

/* What a sink's process must be able to do once it is in its sandbox. */
enum sink_need {
	SINK_NEEDS_FILES = 1,	/* make, rename and remove files */
	SINK_NEEDS_NET = 2,	/* sockets, name service */
	SINK_NEEDS_THREADS = 4, /* a library that starts threads of its own */
};

struct sink;

struct sink_type {
	const char *scheme;
	const char *example;	     /* a whole URL, for messages */
	const char *const *formats;  /* names of app/format.c that it takes; the first by default */
	const struct sink_key *keys; /* its own, ends with a NULL name */
	uint32_t needs;		     /* enum sink_need */
	bool detections_only;	     /* unless the config says otherwise */
	bool needs_kind;	     /* its receiver takes no event without */
	bool leaves_host;	     /* secrets in command lines are masked unless told otherwise */
	size_t max_batch_events, max_batch_bytes; /* 0: 4096 events, 1 MiB */
	/*
	 * Reads what the URL says and the files that it names; no network yet. In the sink's own
	 * process, before the sandbox. On failure -errno, and s->why is one sentence that names the
	 * cause and the remedy. It may read s->url and sink_value(), and sets s->state.
	 */
	int (*open)(struct sink *s);
	/*
	 * Hands over, and waits until the receiver has answered or a timeout of the sink's is over.
	 * Sets the outcome of each item that is settled. 0; or -errno when the receiver cannot be
	 * had, with s->why: then, and while any item is SINK_AGAIN, the courier waits (s->retry_ms
	 * when the receiver named a time, else a growing while with jitter) and sends those again.
	 */
	int (*send)(struct sink *s, struct sink_batch *batch);
	/* Frees s->state, which may be NULL or half built. */
	void (*close)(struct sink *s);
};

struct sink {
	const struct sink_type *type;
	const struct sink_url *url; /* borrowed */
	const char *name;	    /* as the config calls it; borrowed */
	const char *format;	    /* one of type->formats */
	void *state;		    /* the type's own */
	bool after_death;	    /* the process before died: what it sent last may be half */
	uint32_t retry_ms;	    /* the receiver asked for this long a wait; 0: it did not */
	char why[256];		    /* the last failure, for `lapwing status` */
	char note[384];		    /* what it survived, for the log; who calls send() empties it */
};

/* sink_type - the type whose scheme is @scheme, or NULL */
const struct sink_type *sink_type(const char *scheme);

/* sink_types - all of them, in the order of the docs */
const struct sink_type *const *sink_types(size_t *n);

/*
 * sink_check - whether @url is one that some sink takes, and all its keys are known
 * @other: knows the keys of every sink that are not the sink's own business
 * 0 and the type; or -EINVAL and @why, static until the next call.
 */
int sink_check(const struct sink_url *url, bool (*other)(const char *key),
	       const struct sink_type **ret, const char **why);

/* sink_open - calls the type's open(), of a @url that was checked; -errno and @ret->why */
int sink_open(const struct sink_url *url, const char *name, struct sink *ret);

void sink_close(struct sink *s);

/* sink_value - the value of a key: of the URL, else its fallback; NULL: absent */
const char *sink_value(const struct sink *s, const char *key);

/*
 * sink_bytes, sink_ms, sink_yes - the same as a number: 64KiB, 16M; 500ms, 30s, 5m, 24h, 7d; yes/no
 * 0, or -EINVAL and s->why. An absent key gives 0.
 */
int sink_bytes(struct sink *s, const char *key, uint64_t *ret);
int sink_ms(struct sink *s, const char *key, uint64_t *ret);
int sink_yes(struct sink *s, const char *key, bool *ret);

/* sink_timeout - "timeout" in milliseconds; -EINVAL where it is 0, or above 1h */
int sink_timeout(struct sink *s, uint32_t *ret);

/* sink_readable - -errno and s->why if the file @path of @key cannot be read; NULL: none */
int sink_readable(struct sink *s, const char *key, const char *path);

/* sink_fail - writes s->why, without control characters, and gives @error */
int sink_fail(struct sink *s, int error, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
