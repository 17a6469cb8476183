/* SPDX-License-Identifier: Apache-2.0 */
/*
 * courier.c - read, hand over, settle; and when the receiver does not take it, wait and try again
 *
 * It is a process of its own, which nothing in the sensor waits for. It has no capability, and the
 * calls that its sink needs. When the sensor ends it may go on for a moment; what is left then is
 * in the spool, for the next run.
 */
#include "app/courier.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "app/batch.h"
#include "app/sandbox.h"
#include "base/clock.h"
#include "base/log.h"

#define IDLE_MS 1000	/* between looks, when nothing wakes us */
#define LINGER_MS 50	/* after a pause, so that the first batch is more than one event */
#define RETRY_MIN_MS 200
#define RETRY_MAX_MS 30000
#define REFUSED_EVERY_MS 60000
#define RETRY_ASKED_MAX_MS 600000 /* a receiver may ask for that much, and no more */

struct job {
	const struct courier *c;
	struct sink sink;
	struct reader *reader;
	struct batch batch;
	uint32_t retry_ms;   /* the next wait, if the receiver does not name one */
	uint64_t until_ms;   /* 0: the sensor is there; else when the grace is over */
	bool failing;	     /* the last delivery failed, and that was said */
	uint64_t refused;    /* events that the receiver will never take, and that were not said */
	uint64_t refused_ms; /* when some were said; 0: none yet */
};

/* pause - @ms milliseconds, or until the sensor is gone */
static void pause_ms(struct job *j, uint64_t ms) {
	struct pollfd alive = { .fd = j->c->alive, .events = POLLIN };
	uint64_t now = clock_ms(CLOCK_MONOTONIC);

	if (j->until_ms) {
		if (now + ms > j->until_ms)
			ms = j->until_ms > now ? j->until_ms - now : 0;
		alive.fd = -1;
	}
	if (poll(&alive, 1, (int)ms) > 0 && !j->until_ms)
		j->until_ms = clock_ms(CLOCK_MONOTONIC) + j->c->grace_ms;
}

/* over - whether to end: the sensor is gone, and nothing is left, or no time */
static bool over(struct job *j) {
	if (!j->until_ms)
		pause_ms(j, 0);
	return j->until_ms && (clock_ms(CLOCK_MONOTONIC) >= j->until_ms ||
			       (!reader_pending(j->reader) && !batch_untold(&j->batch, j->reader)));
}

/* wait_again - as long as the receiver asked, or each time twice as long, and not all at once */
static void wait_again(struct job *j) {
	uint64_t ms = j->sink.retry_ms;

	if (!ms) {
		ms = j->retry_ms / 2 + (uint64_t)rand() % j->retry_ms;
		j->retry_ms = j->retry_ms * 2 < RETRY_MAX_MS ? j->retry_ms * 2 : RETRY_MAX_MS;
	}
	pause_ms(j, ms < RETRY_ASKED_MAX_MS ? ms : RETRY_ASKED_MAX_MS);
}

/* tell - what the ledger and the log say of a delivery */
static void tell(struct job *j, int err) {
	if (err && !j->failing)
		log_warn("sink \"%s\": %s; events wait in the spool, continuing", j->c->name,
			 j->sink.why[0] ? j->sink.why : strerror(-err));
	else if (!err && j->failing)
		log_info("sink \"%s\": delivers again", j->c->name);
	j->failing = err != 0;
	reader_tell(j->reader, !err ? NULL : j->sink.why[0] ? j->sink.why : strerror(-err));
}

/* tell_note - what the sink survived, and somebody should look at */
static void tell_note(struct job *j) {
	if (j->sink.note[0])
		log_warn("sink \"%s\": %s, continuing", j->c->name, j->sink.note);
	j->sink.note[0] = '\0';
}

/* tell_refused - what is lost by the receiver's word is for a person to look at; once a minute */
static void tell_refused(struct job *j) {
	uint64_t now = clock_ms(CLOCK_MONOTONIC);

	j->refused += batch_refused(&j->batch);
	if (!j->refused || (j->refused_ms && now - j->refused_ms < REFUSED_EVERY_MS))
		return;
	log_warn("sink \"%s\": the receiver refused %llu events for what is in them%s%s; they are "
		 "counted, continuing", j->c->name, (unsigned long long)j->refused,
		 j->sink.why[0] ? ": " : "", j->sink.why);
	j->refused = 0;
	j->refused_ms = now ? now : 1;
}

/* deliver - the whole batch, however long it takes; false: the time was over */
static bool deliver(struct job *j) {
	batch_promise(&j->batch, j->reader);
	for (;;) {
		int err;

		j->sink.retry_ms = 0;
		j->sink.why[0] = '\0';
		err = reader_sync(j->reader);
		if (!err)
			err = batch_send(&j->batch, &j->sink, j->reader);
		tell_note(j);
		if (batch_settle(&j->batch, j->reader)) {
			if (j->failing)
				tell(j, 0);
			tell_refused(j);
			j->retry_ms = RETRY_MIN_MS;
			(void)reader_save(j->reader);
			return true;
		}
		if (!err)
			err = -EAGAIN;
		tell(j, err);
		(void)reader_save(j->reader);
		if (over(j))
			return false;
		wait_again(j);
	}
}

static int loop(struct job *j) {
	while (!over(j)) {
		int n = batch_fill(&j->batch, j->reader, j->until_ms != 0);

		if (n < 0) {
			log_error("sink \"%s\": the spool cannot be read: %s", j->c->name,
				  strerror(-n));
			return 1;
		}
		if (n > 0) {
			if (!deliver(j))
				return 0;
			continue;
		}
		reader_wait(j->reader, IDLE_MS);
		pause_ms(j, LINGER_MS);
	}
	return 0;
}

/* prepare - the sink itself; the word that the sensor waits for */
static struct courier_word prepare(struct job *j) {
	struct courier_word w = { .sink = j->c->sink };
	int err = sink_open(j->c->url, j->c->name, &j->sink);

	if (err) {
		w.error = err;
		memcpy(w.why, j->sink.why, sizeof(w.why));
		return w;
	}
	j->sink.after_death = j->c->after_death;
	err = batch_init(&j->batch, &j->sink);
	if (err) {
		w.error = err;
		(void)snprintf(w.why, sizeof(w.why), "its process cannot be set up: %s",
			       strerror(-err));
	}
	return w;
}

/* enter - the cursor, which a courier of the run before may hold for its grace; the sandbox */
static int enter(struct job *j) {
	int err = reader_open(j->c->folder, j->c->name, j->c->keyed, &j->reader);

	if (err == -EBADMSG) {
		log_warn("sink \"%s\": its cursor was damaged; it gets again all that the spool "
			 "has, and its ledger begins anew, continuing", j->c->name);
		err = 0;
	}
	if (!err)
		err = sandbox_courier(j->sink.type->needs);
	if (err)
		log_error("sink \"%s\": its process cannot be set up: %s", j->c->name,
			  strerror(-err));
	return err;
}

int courier_run(const struct courier *c) {
	struct job j = { .c = c, .retry_ms = RETRY_MIN_MS };
	struct courier_word word;
	int code = 1;

	(void)signal(SIGPIPE, SIG_IGN);
	srand((unsigned)clock_ms(CLOCK_MONOTONIC) ^ (unsigned)getpid());
	word = prepare(&j);
	if (c->told >= 0) {
		(void)!write(c->told, &word, sizeof(word));
		(void)close(c->told);
	} else if (word.error) {
		log_error("sink \"%s\": %s", c->name, word.why);
	}
	if (!word.error && !enter(&j)) {
		code = loop(&j);
		(void)reader_save(j.reader);
	}
	batch_done(&j.batch);
	reader_free(j.reader);
	sink_close(&j.sink);
	return code;
}
