/* SPDX-License-Identifier: Apache-2.0 */
#include "app/export.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/batch.h"
#include "app/courier.h"
#include "app/keeper.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "encode/encode.h"
#include "event/field.h"
#include "sink/sink.h"
#include "spool/cursor.h"

#define FLUSH_BYTES (256 * 1024)
#define WORD_MS 30000 /* a courier opens files and reads certificates, no more */

struct export {
	struct export_options o;
	struct spool *spool;
	uint8_t key[SPOOL_KEY_BYTES];
	char names[EXPORT_SINKS][CURSOR_NAME_BYTES];
	const char *readers[EXPORT_SINKS];
	struct courier couriers[EXPORT_SINKS];
	struct sink_url urls[EXPORT_SINKS];
	pid_t keeper;
	bool keeper_ended;
	int alive; /* closed to say that we are gone */
};

struct export_options export_defaults(void) {
	return (struct export_options){ .folder = EXPORT_FOLDER,
					.max_bytes = 1ull << 30,
					.max_age_s = 7 * 86400,
					.keep_bytes = 256ull << 20,
					.grace_ms = 3000 };
}

/* --- what the user wrote ---------------------------------------------------------------------- */

/* is_of - whether a sentence is of a key of a sink: it has the key in quotes, or its value */
static bool is_of(const char *why, const char *word) {
	size_t n = strlen(word);

	for (const char *at = strchr(why, '"'); at && n; at = strchr(at + 1, '"'))
		if (!strncmp(at + 1, word, n) && at[1 + n] == '"')
			return true;
	return false;
}

/* bad_sink - logs @why, with its place in the configuration: that of a key, or of the URL */
static void bad_sink(const struct export *x, unsigned i, const char *why) {
	const struct export_sink *s = &x->o.sinks[i];
	const char *at = NULL;

	for (int word = 0; word < 2; word++)
		for (int k = 0; s->keys[k][0] && !at; k++)
			at = is_of(why, s->keys[k][word]) ? s->keys[k][0] : NULL;
	log_error("%ssink \"%s\": %s", config_place(x->o.config, at ? at : s->url), x->names[i],
		  why);
}

/* place_sum - of where @u leads, without what may change at the same place, as secrets do */
static uint32_t place_sum(const struct sink_url *u) {
	char place[URL_MAX_BYTES + 64];

	(void)snprintf(place, sizeof(place), "%s://%s:%u/%s", u->scheme, u->host ? u->host : "",
		       u->port, u->path ? u->path : "");
	return crc32c(0, place, strlen(place));
}

/* name_sink - as the config calls it, or by its place, so that it finds its cursor again */
static int name_sink(struct export *x, unsigned i) {
	const struct export_sink *s = &x->o.sinks[i];

	if (s->name)
		(void)snprintf(x->names[i], CURSOR_NAME_BYTES, "%s", s->name);
	else
		(void)snprintf(x->names[i], CURSOR_NAME_BYTES, "%s-%08x", x->urls[i].scheme,
			       place_sum(&x->urls[i]));
	x->readers[i] = x->names[i];
	if (!cursor_name_ok(x->names[i]) || (s->name && strlen(s->name) >= CURSOR_NAME_BYTES)) {
		log_error("sink \"%s\": a name is made of letters, digits, '-', '_' and '.'",
			  s->name);
		return -EINVAL;
	}
	for (unsigned j = 0; j < i; j++) {
		if (strcmp(x->names[i], x->names[j]) != 0)
			continue;
		log_error("sink \"%s\" is there twice; in the configuration each can have a name "
			  "of its own", x->names[i]);
		return -EINVAL;
	}
	return 0;
}

/* bad_url - says so, without the secret that may stand in it */
static int bad_url(const char *url, int err, const char *why) {
	struct buf shown = { 0 };

	url_show(&shown, url);
	log_error("sink \"%.*s\": %s", (int)shown.len, shown.len ? shown.data : "",
		  err == -ENOMEM ? strerror(-err) : why);
	buf_done(&shown);
	return err;
}

static int parse_sink(struct export *x, unsigned i) {
	const struct export_sink *s = &x->o.sinks[i];
	const struct sink_type *type;
	struct filter *filter;
	const char *why = "out of memory";
	int err = url_parse(s->url, &x->urls[i], &why);

	if (err)
		return bad_url(s->url, err, why);
	err = name_sink(x, i);
	for (int k = 0; !err && s->keys[k][0]; k++)
		err = url_add(&x->urls[i], s->keys[k][0], s->keys[k][1]);
	if (err)
		return err;
	err = sink_check(&x->urls[i], batch_has_key, &type, &why);
	if (!err)
		err = batch_filter(&x->urls[i], type, &filter, &why);
	if (!err)
		filter_free(filter);
	else
		bad_sink(x, i, why);
	return err;
}

int export_key(const char *path, const char *place, uint8_t ret[SPOOL_KEY_BYTES]) {
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char rest;
	bool whole = fd >= 0 && read(fd, ret, SPOOL_KEY_BYTES) == SPOOL_KEY_BYTES &&
		     read(fd, &rest, 1) == 0;
	int err = fd < 0 ? -errno : whole ? 0 : -EINVAL;

	if (fd >= 0)
		(void)close(fd);
	if (err)
		log_error("%sthe spool's key \"%s\" cannot be read: %s", place, path,
			  err == -EINVAL ? "it is a file of 32 random bytes" : strerror(-err));
	return err;
}

static int make(const struct export_options *o, struct export **ret) {
	struct export *x = calloc(1, sizeof(*x));
	int err = 0;

	if (!x)
		return -ENOMEM;
	x->o = *o;
	x->alive = -1;
	for (unsigned i = 0; i < o->n_sinks && !err; i++)
		err = parse_sink(x, i);
	if (!err && o->key_file)
		err = export_key(o->key_file, config_place(o->config, o->key_file), x->key);
	if (err)
		export_free(x);
	else
		*ret = x;
	return err;
}

int export_check(const struct export_options *o) {
	struct export *x;
	int err = make(o, &x);

	if (err)
		return err;
	for (unsigned i = 0; i < o->n_sinks; i++) {
		struct sink s;
		int e = sink_open(&x->urls[i], x->names[i], &s);

		if (e)
			bad_sink(x, i, s.why);
		else
			sink_close(&s);
		err = err ? err : e;
	}
	export_free(x);
	return err;
}

/* --- start ------------------------------------------------------------------------------------ */

/* adopt_cursors - sinks without a name were once known by their whole URL */
static void adopt_cursors(const struct export *x) {
	int dir = open(x->o.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char from[CURSOR_NAME_BYTES];

	for (unsigned i = 0; i < x->o.n_sinks && dir >= 0; i++) {
		const char *url = x->o.sinks[i].url;

		(void)snprintf(from, sizeof(from), "%s-%08x", x->urls[i].scheme,
			       crc32c(0, url, strlen(url)));
		if (!x->o.sinks[i].name)
			(void)cursor_rename(dir, from, x->names[i]);
	}
	if (dir >= 0)
		(void)close(dir);
}

static int start_spool(struct export *x) {
	struct spool_options o = { .folder = x->o.folder,
				   .max_bytes = x->o.max_bytes,
				   .max_age_s = x->o.max_age_s,
				   .keep_bytes = x->o.keep_bytes,
				   .schema = field_schema(),
				   .key = x->o.key_file ? x->key : NULL,
				   .readers = x->readers,
				   .n_readers = x->o.n_sinks };
	struct spool_hole hole;
	int err;

	adopt_cursors(x);
	err = spool_open(&o, &x->spool, &hole);

	if (err == -EBUSY)
		log_error("the spool \"%s\" is in use; is another sensor running?", x->o.folder);
	else if (err)
		log_error("the spool \"%s\" cannot be opened: %s", x->o.folder, strerror(-err));
	else if (hole.count)
		log_warn("the sensor was killed: %llu events that it had numbered were not "
			 "written, continuing", (unsigned long long)hole.count);
	return err;
}

/* hear - what each courier says; one that cannot go on is the user's to mend */
static int hear(struct export *x, int told) {
	struct pollfd ready = { .fd = told, .events = POLLIN };
	struct courier_word word;
	int err = 0;

	for (unsigned i = 0; i < x->o.n_sinks; i++) {
		if (poll(&ready, 1, WORD_MS) != 1 ||
		    read(told, &word, sizeof(word)) != sizeof(word)) {
			log_error("a sink's process does not start");
			return -EIO;
		}
		if (!word.error)
			continue;
		word.why[sizeof(word.why) - 1] = '\0';
		bad_sink(x, word.sink, word.why);
		err = word.error;
	}
	return err;
}

static int start_couriers(struct export *x) {
	int alive[2], told[2], err;

	if (pipe2(alive, O_CLOEXEC))
		return -errno;
	if (pipe2(told, O_CLOEXEC)) {
		err = -errno;
		(void)close(alive[0]);
		(void)close(alive[1]);
		return err;
	}
	for (unsigned i = 0; i < x->o.n_sinks; i++)
		x->couriers[i] = (struct courier){ .sink = i, .folder = x->o.folder,
						   .name = x->names[i], .url = &x->urls[i],
						   .keyed = x->o.key_file != NULL,
						   .alive = alive[0], .told = told[1],
						   .grace_ms = x->o.grace_ms };
	x->alive = alive[1];
	x->keeper = fork();
	if (x->keeper == 0) {
		(void)close(alive[1]);
		(void)close(told[0]);
		_exit(keeper_run(x->couriers, x->o.n_sinks));
	}
	err = x->keeper < 0 ? -errno : 0;
	(void)close(alive[0]);
	(void)close(told[1]);
	/* the spool is opened by us alone: its lock must not live on in a child */
	if (!err)
		err = start_spool(x);
	if (!err && write(x->alive, "x", 1) != 1)
		err = -EPIPE;
	if (!err)
		err = hear(x, told[0]);
	(void)close(told[0]);
	return err;
}

int export_open(const struct export_options *o, struct export **ret) {
	struct export *x;
	int err = make(o, &x);

	if (err)
		return err;
	err = o->n_sinks ? start_couriers(x) : start_spool(x);
	if (err)
		export_free(x);
	else
		*ret = x;
	return err;
}

/* --- events ----------------------------------------------------------------------------------- */

static enum spool_class class_of(const struct event *e) {
	if (e->n_detections || (e->kind >= WIRE_HOST_START && e->kind < 64))
		return SPOOL_ALARM;
	return e->kind < WIRE_FILE_CREATE || e->kind >= 88 ? SPOOL_LIFE : SPOOL_BULK;
}

void export_event(struct export *x, struct event *e) {
	EVENT_SET(e, SEQ, seq, spool_next_seq(x->spool));
	encode_proto(spool_begin(x->spool, class_of(e)), e);
	spool_end(x->spool, e->seq);
	if (spool_buffered(x->spool) >= FLUSH_BYTES)
		spool_flush(x->spool);
}

void export_flush(struct export *x) {
	spool_flush(x->spool);
}

void export_tend(struct export *x) {
	siginfo_t ended = { 0 };

	/*
	 * None can be started from the sandbox, so this is for whoever runs the sensor to hear. It
	 * is not waited for: whoever got its pid would be taken for one of ours.
	 */
	if (x->keeper > 0 && !x->keeper_ended &&
	    !waitid(P_PID, (id_t)x->keeper, &ended, WEXITED | WNOHANG | WNOWAIT) && ended.si_pid) {
		log_error("the process that keeps the sinks has ended; events wait in the spool "
			  "until the sensor is started again, continuing");
		x->keeper_ended = true;
	}
	spool_tend(x->spool);
}

bool export_settled(const struct export *x) {
	return spool_settled(x->spool);
}

uint64_t export_unwritten(const struct export *x) {
	return spool_unwritten(x->spool);
}

uint64_t export_lag_ms(const struct export *x) {
	return x ? spool_lag_ms(x->spool) : 0;
}

pid_t export_keeper(const struct export *x) {
	return x && x->keeper > 0 ? x->keeper : 0;
}

void export_free(struct export *x) {
	if (!x)
		return;
	if (x->spool)
		spool_flush(x->spool);
	if (x->alive >= 0)
		(void)close(x->alive);
	if (x->spool)
		spool_wake(x->spool);
	if (x->keeper > 0)
		(void)waitpid(x->keeper, NULL, 0);
	spool_free(x->spool);
	for (unsigned i = 0; i < x->o.n_sinks; i++)
		url_free(&x->urls[i]);
	free(x);
}
