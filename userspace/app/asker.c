/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asker.c - take ids, go round the sources, tell answers
 *
 * Each id waits in @pending until it is answered, or until all sources have said often enough that
 * they do not know it: the container is gone, or is of another runtime. A source that fails is left
 * alone for a while, each time longer, and what it was to be asked waits, without that counting.
 * A list of pods is one request for all that wait; a runtime is asked for each id.
 */
#include "app/asker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/inquiry.h"
#include "app/sandbox.h"
#include "base/clock.h"
#include "base/log.h"

#define MAX_ASKED 8	   /* rounds in which no source knows it: about two minutes */
#define MAX_ROUNDS 24	   /* though some source fails: about twenty minutes */
#define ROUND_MS 500	   /* the first pause is twice that, each other twice the one before, */
#define MAX_SHIFT 7	   /* up to about a minute */
#define MIN_BACKOFF_MS 1000
#define MAX_BACKOFF_MS 60000
#define LIST_MS 2000	   /* between two lists of one source */
#define AGAIN_MS 1000	   /* a process that dies at once must not be a loop */
#define MEMORY_BYTES (64ul * 1024 * 1024) /* a quarter of what the service may have */
#define PACE_MS 20	   /* before a request to a runtime, whose CPU is the host's */

struct source {
	struct inquiry inquiry;
	uint64_t next_ms; /* not before */
	uint32_t backoff_ms; /* 0: it answered last */
	bool answered;
};

struct pending {
	struct who_ask ask;
	struct who_answer known; /* so far */
	uint64_t next_ms;
	uint32_t rounds, asked; /* in those of @asked no source failed */
	bool listed, done; /* a list of pods had it; nothing more is to be asked for it */
};

struct asker {
	const struct asker_options *o;
	int fd;
	struct inquiry_options inquiries;
	struct source sources[ASKER_SOURCES];
	struct pending pending[ASKER_PENDING];
	size_t n;
	bool lists; /* some source has lists of pods */
	uint64_t failures;
};

/* --- telling ---------------------------------------------------------------------------------- */

/* say - which sources there are, and how they are */
static void say(const struct asker *a, char to[ASKER_SAID_BYTES]) {
	size_t n = 0;

	to[0] = '\0';
	for (size_t i = 0; i < a->o->n_sources && n < ASKER_SAID_BYTES; i++) {
		const struct source *s = &a->sources[i];

		if (!s->answered && !s->backoff_ms)
			continue;
		n += (size_t)snprintf(to + n, ASKER_SAID_BYTES - n, "%s%s%s%.60s", n ? "; " : "",
				      who_source_name(s->inquiry.source.kind),
				      s->backoff_ms ? " fails: " : " answers",
				      s->backoff_ms ? s->inquiry.why : "");
	}
}

/* tell - waits while the sensor does not take it; nobody else waits for us */
static void tell(struct asker *a, enum asker_what what, const struct who_answer *answer) {
	static struct asker_word w;

	memset(&w, 0, sizeof(w));
	w.what = what;
	w.pending = (uint32_t)a->n;
	w.failures = a->failures;
	say(a, w.said);
	if (answer)
		w.answer = *answer;
	while (send(a->fd, &w, sizeof(w), MSG_NOSIGNAL) < 0 &&
	       (errno == EINTR || errno == EAGAIN)) {
		struct pollfd room = { .fd = a->fd, .events = POLLOUT };

		(void)poll(&room, 1, -1);
	}
}

/* gone - the sensor is */
static bool gone(void *asker) {
	struct asker *a = asker;
	struct pollfd end = { .fd = a->fd };

	return poll(&end, 1, 0) > 0 && end.revents & (POLLHUP | POLLERR);
}

/* --- asking ----------------------------------------------------------------------------------- */

static bool is_list(const struct source *s) {
	return s->inquiry.source.kind == WHO_KUBELET || s->inquiry.source.kind == WHO_API;
}

/* settle - how a request went; true: there is an answer to be read */
static bool settle(struct asker *a, struct source *s, int err) {
	uint64_t now = clock_ms(CLOCK_MONOTONIC);
	bool news = !s->answered;

	if (!err || err == -ENOENT) {
		news |= s->backoff_ms > 0;
		s->backoff_ms = 0;
		s->answered = true;
		s->next_ms = is_list(s) ? now + LIST_MS : 0;
	} else {
		news = !s->backoff_ms;
		a->failures++;
		s->answered = false;
		s->backoff_ms = s->backoff_ms ? s->backoff_ms * 2 : MIN_BACKOFF_MS;
		if (s->backoff_ms > MAX_BACKOFF_MS)
			s->backoff_ms = MAX_BACKOFF_MS;
		s->next_ms = now + s->backoff_ms;
	}
	if (news && err && err != -ENOENT)
		log_warn("who containers are cannot be asked of %s \"%.120s\": %s; it is tried "
			 "again, continuing", who_source_name(s->inquiry.source.kind),
			 s->inquiry.source.where, s->inquiry.why);
	if (news)
		tell(a, ASKER_STATE, NULL);
	return !err;
}

/* garbage - an answer that is none is a failure of its source */
static void garbage(struct asker *a, struct source *s, const char *why) {
	(void)snprintf(s->inquiry.why, sizeof(s->inquiry.why), "%s", why);
	(void)settle(a, s, -EBADMSG);
}

/* learn - what an answer adds to what is known of @p; told if it is anything */
static void learn(struct asker *a, struct pending *p, const struct who_answer *found) {
	struct who_answer before = p->known;

	who_merge(&p->known, found);
	memcpy(p->known.id, p->ask.id, sizeof(p->known.id));
	if (memcmp(&before, &p->known, sizeof(before)) != 0)
		tell(a, ASKER_ANSWER, &p->known);
	p->done = who_is_whole(&p->known) && (!a->lists || !p->known.pod_uid[0] || p->listed);
}

/* forget_pod - what was taken for its pod by less than the container's own id */
static void forget_pod(struct who_answer *known) {
	known->pod_name[0] = known->pod_namespace[0] = '\0';
	known->labels_n = 0;
}

/* take_found - for who_pods(): one of the list, which may be one that waits */
static void take_found(void *asker, const struct who_answer *found) {
	struct asker *a = asker;

	for (size_t i = 0; i < a->n; i++) {
		struct pending *p = &a->pending[i];

		if (found->id[0] ? strcmp(found->id, p->ask.id) != 0
				 : p->listed || strcmp(found->pod_uid, p->ask.pod_uid) != 0)
			continue;
		/* the pod of one that the list does not have, as it has no sandbox */
		if (found->id[0] && !p->listed)
			forget_pod(&p->known);
		p->listed |= found->id[0] != '\0';
		learn(a, p, found);
	}
}

static void ask_list(struct asker *a, struct source *s) {
	struct who_list list;
	struct str none;
	int err, n;

	who_list_begin(&list, &a->o->labels, take_found, a);
	s->inquiry.list = &list;
	err = inquiry_ask(&s->inquiry, NULL, WHO_CONTAINER, &none);
	n = who_list_end(&list);
	if (!err && n < 0)
		garbage(a, s, inquiry_list_fault(n));
	else
		(void)settle(a, s, err);
	s->inquiry.list = NULL;
}

/* ask_call - 0; -ENOENT; or a failure, which was counted */
static int ask_call(struct asker *a, struct source *s, const struct pending *p, enum who_call call,
		    struct who_answer *ret) {
	struct str bytes;
	int err;

	(void)poll(NULL, 0, PACE_MS);
	err = inquiry_ask(&s->inquiry, &p->ask, call, &bytes);
	if (!settle(a, s, err))
		return err;
	err = s->inquiry.source.kind == WHO_DOCKER
		      ? who_docker(bytes, &p->ask, &a->o->labels, ret)
		      : who_cri(call, bytes, &p->ask, &a->o->labels, ret);
	if (err)
		garbage(a, s, "its answer is not one");
	return err;
}

static void ask_runtime(struct asker *a, struct source *s, struct pending *p) {
	struct who_answer found;
	int err = ask_call(a, s, p, WHO_CONTAINER, &found);

	if (err == -ENOENT && s->inquiry.source.kind == WHO_CRI)
		err = ask_call(a, s, p, WHO_SANDBOX, &found);
	if (!err)
		learn(a, p, &found);
}

/* is_missing - a socket that nobody has named, and that is not there */
static bool is_missing(const struct asker *a, const struct source *s) {
	return a->o->usual && !is_list(s) && access(s->inquiry.source.where, F_OK);
}

static bool is_due(const struct pending *p, uint64_t now) {
	return !p->done && p->next_ms <= now;
}

/* any_due - whether somebody waits; lists are asked for those of pods only */
static bool any_due(const struct asker *a, uint64_t now, bool of_pods) {
	for (size_t i = 0; i < a->n; i++)
		if (is_due(&a->pending[i], now) && (!of_pods || a->pending[i].ask.pod_uid[0]))
			return true;
	return false;
}

/* finish_round - who is done goes; who was asked for often enough too; the others wait */
static void finish_round(struct asker *a, uint64_t began) {
	bool all_asked = true;
	size_t kept = 0;

	for (size_t i = 0; i < a->o->n_sources; i++)
		all_asked &= !a->sources[i].backoff_ms;
	for (size_t i = 0; i < a->n; i++) {
		struct pending *p = &a->pending[i];

		if (is_due(p, began)) {
			p->rounds++;
			p->asked += all_asked;
			p->next_ms = clock_ms(CLOCK_MONOTONIC) +
				     ((uint64_t)ROUND_MS << (p->rounds < MAX_SHIFT ? p->rounds
										    : MAX_SHIFT));
			p->done = p->asked >= MAX_ASKED || p->rounds >= MAX_ROUNDS;
			if (p->done && !p->known.name[0])
				tell(a, ASKER_UNKNOWN, NULL);
		}
		if (!p->done)
			a->pending[kept++] = *p;
	}
	a->n = kept;
}

static void go_round(struct asker *a) {
	uint64_t now = clock_ms(CLOCK_MONOTONIC);

	if (!any_due(a, now, false))
		return;
	for (size_t i = 0; i < a->o->n_sources && !gone(a); i++) {
		struct source *s = &a->sources[i];

		if (is_missing(a, s))
			continue;
		if (is_list(s) && s->next_ms <= now && any_due(a, now, true))
			ask_list(a, s);
		for (size_t j = 0; j < a->n && !is_list(s) && !gone(a); j++)
			if (is_due(&a->pending[j], now) && s->next_ms <= now)
				ask_runtime(a, s, &a->pending[j]);
	}
	finish_round(a, now);
}

/* --- the process ------------------------------------------------------------------------------ */

static void take_ask(struct asker *a, const struct who_ask *ask) {
	struct pending *p;

	if (!who_ask_is_fine(ask))
		return;
	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->pending[i].ask.id, ask->id))
			return;
	p = &a->pending[a->n++];
	memset(p, 0, sizeof(*p));
	p->ask = *ask;
	memcpy(p->known.pod_uid, ask->pod_uid, sizeof(p->known.pod_uid));
}

/* hear - all that was asked by now, as far as there is room; false: the sensor is gone */
static bool hear(struct asker *a) {
	struct who_ask ask;
	ssize_t n;

	while (a->n < ASKER_PENDING) {
		n = recv(a->fd, &ask, sizeof(ask), MSG_DONTWAIT);
		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
		if (n == sizeof(ask))
			take_ask(a, &ask);
	}
	return !gone(a);
}

/* wait_ms - until somebody is to be asked for again; -1: nobody waits */
static int wait_ms(const struct asker *a) {
	uint64_t now = clock_ms(CLOCK_MONOTONIC), next = UINT64_MAX;

	for (size_t i = 0; i < a->n; i++)
		if (a->pending[i].next_ms < next)
			next = a->pending[i].next_ms;
	if (next == UINT64_MAX)
		return -1;
	return next > now ? (int)(next - now) : 0;
}

static int serve(const struct asker_options *o, int fd) {
	static struct asker a;
	struct rlimit none = { 0, 0 }, memory = { MEMORY_BYTES, MEMORY_BYTES };
	int err;

	a.o = o;
	a.fd = fd;
	a.inquiries = (struct inquiry_options){ o->token, o->ca, gone, &a };
	for (size_t i = 0; i < o->n_sources; i++) {
		a.sources[i].inquiry = (struct inquiry){ .o = &a.inquiries,
							 .source = o->sources[i] };
		a.lists |= is_list(&a.sources[i]);
	}
	(void)setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__
	(void)setrlimit(RLIMIT_DATA, &memory); /* an answer cannot take more than that to read */
#else
	(void)memory;
#endif
	err = sandbox_courier(SANDBOX_NET | SANDBOX_THREADS);
	if (err) {
		log_warn("the process that asks who containers are cannot be set up: %s, "
			 "continuing", strerror(-err));
		return 1;
	}
	while (hear(&a)) {
		struct pollfd more = { .fd = fd };

		go_round(&a);
		more.events = a.n < ASKER_PENDING ? POLLIN : 0;
		(void)poll(&more, 1, wait_ms(&a));
	}
	return 0;
}

/* wait_for_ask - until the sensor asks; false: it is gone */
static bool wait_for_ask(int fd) {
	struct pollfd more = { .fd = fd, .events = POLLIN };
	struct who_ask ask;

	while (poll(&more, 1, -1) < 0 && errno == EINTR)
		;
	return recv(fd, &ask, sizeof(ask), MSG_PEEK | MSG_DONTWAIT) > 0;
}

int asker_keep(const struct asker_options *o, int fd) {
	uint32_t pause_ms = AGAIN_MS;
	int status;

	while (wait_for_ask(fd)) {
		struct asker_word again = { .what = ASKER_AGAIN };
		pid_t keeper = getpid(), child = fork();

		if (child == 0) {
			(void)prctl(PR_SET_NAME, "lw-who");
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(getppid() == keeper ? serve(o, fd) : 1);
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			return 1;
		if (WIFEXITED(status) && !WEXITSTATUS(status))
			return 0;
		if (WIFSIGNALED(status))
			log_warn("the process that asks who containers are died of signal %d, and "
				 "is started again, continuing", WTERMSIG(status));
		/* an answer that kills it would do so again: what is asked comes more slowly */
		(void)poll(NULL, 0, (int)pause_ms);
		pause_ms = pause_ms * 2 < MAX_BACKOFF_MS ? pause_ms * 2 : MAX_BACKOFF_MS;
		(void)send(fd, &again, sizeof(again), MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	return 0;
}
