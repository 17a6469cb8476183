/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hasher.c - a ring of jobs
 *
 *     taken        done         asked
 *     | answered   | in work,   |
 *     | ones       | then waiting ones
 *
 * All three only grow, under the lock. A job is its asker's until @asked passes it, the thread's
 * until @done does, and then the asker's again.
 */
#include "app/hasher.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/sandbox.h"
#include "base/clock.h"
#include "event/field.h"

#define RECORD_BYTES 8192 /* an exec without arguments fits, unless its paths are monstrous */
#define NICE 10
#define IOPRIO_IDLE (3 << 13) /* linux/ioprio.h: IOPRIO_CLASS_IDLE */
#define FREE_WAIT_S 2
#define KNOWN 16	      /* files that were hashed last */

struct job {
	struct hasher_answer answer;
	uint64_t asked_ns;
	uint32_t pid;
	char path[4096];
	_Alignas(8) char record[RECORD_BYTES];
};

struct known {
	struct event_file_id id;
	unsigned char sha256[FILESUM_BYTES];
};

struct hasher {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work, ready;
	uint64_t taken, done, asked;
	bool given; /* the job at @taken was given out */
	volatile bool stop; /* also read without the lock */
	int state;  /* 1: not locked in yet; else 0 or -errno */
	struct filesum *sum;
	struct known known[KNOWN]; /* the thread's own */
	unsigned n_known;
	struct job jobs[HASHER_JOBS];
};

/* --- the thread ------------------------------------------------------------------------------ */

static bool same(const struct event_file_id *a, const struct event_file_id *b) {
	return a->ino == b->ino && a->ctime_ns == b->ctime_ns && a->size == b->size &&
	       a->dev == b->dev;
}

static const struct known *find(const struct hasher *h, const struct event_file_id *id) {
	for (unsigned i = 0; i < KNOWN; i++)
		if (h->known[i].id.ctime_ns && same(&h->known[i].id, id))
			return &h->known[i];
	return NULL;
}

static int sum_of(struct hasher *h, struct job *j) {
	const struct event_file_id *id = &j->answer.id;
	int fd, err;

	if (clock_ns(CLOCK_MONOTONIC) - j->asked_ns > HASHER_PATIENCE_NS)
		return -ETIME;
	fd = filesum_open(id, j->pid, j->path);
	if (fd < 0)
		return fd;
	err = filesum_read(h->sum, fd, id, j->answer.sha256);
	(void)close(fd);
	return err;
}

static void work(struct hasher *h, struct job *j) {
	const struct known *k = find(h, &j->answer.id);
	struct known *next = &h->known[h->n_known % KNOWN];

	if (k) {
		memcpy(j->answer.sha256, k->sha256, sizeof(k->sha256));
		j->answer.error = 0;
		return;
	}
	j->answer.error = sum_of(h, j);
	if (j->answer.error)
		return;
	next->id = j->answer.id;
	memcpy(next->sha256, j->answer.sha256, sizeof(next->sha256));
	h->n_known++;
}

/* lock_in - no privilege but those that it takes to open what others run, and no hurry */
static int lock_in(void) {
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
	(void)syscall(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, IOPRIO_IDLE);
	return sandbox_hasher();
}

static void *run(void *hasher) {
	struct hasher *h = hasher;
	int err = lock_in();

	pthread_mutex_lock(&h->lock);
	h->state = err;
	pthread_cond_signal(&h->ready);
	while (!err && !h->stop) {
		struct job *j = &h->jobs[h->done % HASHER_JOBS];

		if (h->done == h->asked) {
			pthread_cond_wait(&h->work, &h->lock);
			continue;
		}
		pthread_mutex_unlock(&h->lock);
		work(h, j);
		pthread_mutex_lock(&h->lock);
		h->done++;
		pthread_cond_signal(&h->ready);
	}
	pthread_mutex_unlock(&h->lock);
	return NULL;
}

/* --- who asks -------------------------------------------------------------------------------- */

int hasher_start(uint64_t rate, struct hasher **ret) {
	struct hasher *h = calloc(1, sizeof(*h));
	int err = h ? filesum_new(rate, &h->sum) : -ENOMEM;

	if (err) {
		free(h);
		return err;
	}
	h->state = 1;
	h->sum->stop = &h->stop;
	(void)pthread_mutex_init(&h->lock, NULL);
	(void)pthread_cond_init(&h->work, NULL);
	(void)pthread_cond_init(&h->ready, NULL);
	err = -pthread_create(&h->thread, NULL, run, h);
	if (err) {
		filesum_free(h->sum);
		free(h);
		return err;
	}
	pthread_mutex_lock(&h->lock);
	while (h->state > 0)
		pthread_cond_wait(&h->ready, &h->lock);
	err = h->state;
	pthread_mutex_unlock(&h->lock);
	if (err)
		hasher_free(h);
	else
		*ret = h;
	return err;
}

/* keep - the record, without arguments if it is too long; false: it is too long even so */
static bool keep(struct job *j, const void *record, size_t len) {
	struct wire_process_exec *w = (struct wire_process_exec *)j->record;
	const struct wire_process_exec *from = record;
	bool cut = len > RECORD_BYTES;

	if (cut && from->args.off && from->args.off < len)
		len = from->args.off; /* they stand last */
	if (len > RECORD_BYTES)
		return false;
	memcpy(j->record, record, len);
	w->head.len = (uint32_t)len;
	if (cut) {
		w->args.off = w->args.len = w->args_head = 0;
		w->head.flags |= WIRE_ARGS_CUT;
	}
	j->answer.record = j->record;
	j->answer.len = (uint32_t)len;
	return true;
}

bool hasher_ask(struct hasher *h, const void *record, size_t len, const struct event *e) {
	struct job *j = &h->jobs[h->asked % HASHER_JOBS]; /* nobody else moves @asked and @taken */
	struct str path = event_has(e, FIELD_PROCESS_EXECUTABLE) ? e->process.executable : STR("");

	if (h->asked - h->taken == HASHER_JOBS || !keep(j, record, len))
		return false;
	j->answer.id = e->file_id;
	j->asked_ns = clock_ns(CLOCK_MONOTONIC);
	j->pid = e->process.pid;
	if (path.n >= sizeof(j->path))
		path.n = 0;
	memcpy(j->path, path.s, path.n);
	j->path[path.n] = '\0';
	pthread_mutex_lock(&h->lock);
	h->asked++;
	pthread_cond_signal(&h->work);
	pthread_mutex_unlock(&h->lock);
	return true;
}

static void wait_ready(struct hasher *h, int ms) {
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000l;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (h->done <= h->taken)
		if (pthread_cond_timedwait(&h->ready, &h->lock, &until))
			break;
}

bool hasher_answer(struct hasher *h, bool last, int wait_ms, struct hasher_answer *ret) {
	bool any;

	pthread_mutex_lock(&h->lock);
	h->taken += h->given;
	h->given = false;
	any = h->taken != h->asked;
	if (any && last)
		wait_ready(h, wait_ms);
	any = any && (last || h->taken != h->done);
	if (any) {
		const struct job *j = &h->jobs[h->taken % HASHER_JOBS];
		bool ready = h->taken < h->done;

		/* what is not ready the thread may be writing: record and length it leaves alone */
		*ret = (struct hasher_answer){ .error = -ETIME, .record = j->record,
					       .len = j->answer.len };
		if (ready)
			*ret = j->answer;
		h->given = true;
	}
	pthread_mutex_unlock(&h->lock);
	return any;
}

/* What the thread reads may never come; then it and its memory stay until the process ends. */
void hasher_free(struct hasher *h) {
	struct timespec until;

	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->stop = true;
	pthread_cond_signal(&h->work);
	pthread_mutex_unlock(&h->lock);
	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FREE_WAIT_S;
	if (pthread_timedjoin_np(h->thread, NULL, &until))
		return;
	(void)pthread_cond_destroy(&h->ready);
	(void)pthread_cond_destroy(&h->work);
	(void)pthread_mutex_destroy(&h->lock);
	filesum_free(h->sum);
	free(h);
}
