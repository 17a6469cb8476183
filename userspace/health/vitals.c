/* SPDX-License-Identifier: Apache-2.0 */
#include "health/vitals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x4c575654u /* "LWVT" */
#define TRIES 200
#define TRY_NS 100000

#define BEAT_MAX_NS 10000000000ull
#define PULSE_MAX_NS 90000000000ull

/* The tick is odd while the writer is at it, and 0 before it ever was. */
struct page {
	uint32_t magic, bytes;
	_Atomic uint64_t tick;
	struct vitals vitals;
};

struct vitals_page {
	struct page *page;
	int fd; /* of the lock */
};

/* lock - POSIX, so that no child has it too, and whoever asks learns that we live */
static int lock(int fd, int command, struct flock *l) {
	*l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	return fcntl(fd, command, l) ? -errno : 0;
}

static int map_page(struct vitals_page *p, int protection, int flags) {
	p->page = mmap(NULL, sizeof(struct page), protection, MAP_SHARED | flags, p->fd, 0);
	if (p->page != MAP_FAILED)
		return 0;
	p->page = NULL;
	return -errno;
}

static int map(const char *folder, bool writer, struct vitals_page *p) {
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int flags = O_CLOEXEC | O_NOFOLLOW | (writer ? O_RDWR | O_CREAT : O_RDONLY);
	struct flock l;
	struct stat st;
	int err = 0;

	if (dir < 0)
		return -errno;
	p->fd = openat(dir, VITALS_FILE, flags, 0600);
	if (p->fd < 0)
		err = -errno;
	(void)close(dir);
	if (!err && writer)
		err = lock(p->fd, F_SETLK, &l);
	if (err)
		return err == -EACCES || err == -EAGAIN ? writer ? -EBUSY : err : err;
	/* a page without a block of its own is a SIGBUS when it is written */
	if (writer)
		err = -posix_fallocate(p->fd, 0, sizeof(struct page));
	if (!err && (fstat(p->fd, &st) || st.st_size < (off_t)sizeof(struct page)))
		err = -EBADMSG;
	if (err)
		return err;
	return map_page(p, PROT_READ | (writer ? PROT_WRITE : 0), 0);
}

static int make(const char *folder, bool writer, struct vitals_page **ret) {
	struct vitals_page *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->fd = -1;
	err = folder ? map(folder, writer, p)
		     : map_page(p, PROT_READ | PROT_WRITE, MAP_ANONYMOUS);
	if (!err && !writer &&
	    (p->page->magic != MAGIC || p->page->bytes != sizeof(struct vitals)))
		err = -EBADMSG;
	if (err)
		vitals_close(p);
	else
		*ret = p;
	return err;
}

int vitals_create(const char *folder, struct vitals_page **ret) {
	int err;

	if (folder && mkdir(folder, 0700) && errno != EEXIST)
		return -errno;
	err = make(folder, true, ret);
	if (err)
		return err;
	atomic_store(&(*ret)->page->tick, 0);
	(*ret)->page->magic = MAGIC;
	(*ret)->page->bytes = sizeof(struct vitals);
	return 0;
}

int vitals_open(const char *folder, struct vitals_page **ret) {
	return make(folder, false, ret);
}

void vitals_publish(struct vitals_page *p, const struct vitals *v) {
	uint64_t tick = atomic_load(&p->page->tick);

	atomic_store(&p->page->tick, tick + 1);
	atomic_thread_fence(memory_order_release);
	memcpy(&p->page->vitals, v, sizeof(*v));
	atomic_thread_fence(memory_order_release);
	atomic_store(&p->page->tick, tick + 2);
}

static void mend_busy(struct vitals_busy *rows, uint32_t *n) {
	*n = *n < VITALS_BUSY ? *n : VITALS_BUSY;
	for (uint32_t i = 0; i < *n; i++) {
		rows[i].name[sizeof(rows[i].name) - 1] = '\0';
		rows[i].container[sizeof(rows[i].container) - 1] = '\0';
		rows[i].runtime[sizeof(rows[i].runtime) - 1] = '\0';
	}
}

int vitals_copy(const struct vitals_page *p, struct vitals *ret) {
	static const struct timespec pause = { .tv_nsec = TRY_NS };

	for (int i = 0; i < TRIES; i++) {
		uint64_t before = atomic_load(&p->page->tick);

		atomic_thread_fence(memory_order_acquire);
		memcpy(ret, &p->page->vitals, sizeof(*ret));
		atomic_thread_fence(memory_order_acquire);
		if (before && !(before & 1) && atomic_load(&p->page->tick) == before)
			break;
		if (i == TRIES - 1)
			return -EAGAIN;
		(void)nanosleep(&pause, NULL);
	}
	/* whoever wrote it: no text without an end, no list longer than its room */
	ret->version[sizeof(ret->version) - 1] = ret->mode[sizeof(ret->mode) - 1] = '\0';
	ret->mode_reason[sizeof(ret->mode_reason) - 1] = '\0';
	ret->listen[sizeof(ret->listen) - 1] = '\0';
	ret->coverage[sizeof(ret->coverage) - 1] = ret->spool[sizeof(ret->spool) - 1] = '\0';
	ret->n_deeds = ret->n_deeds < VITALS_DEEDS ? ret->n_deeds : VITALS_DEEDS;
	ret->n_programs = ret->n_programs < VITALS_PROGRAMS ? ret->n_programs : VITALS_PROGRAMS;
	for (uint32_t i = 0; i < ret->n_deeds; i++) {
		ret->deeds[i].name[sizeof(ret->deeds[i].name) - 1] = '\0';
		ret->deeds[i].hook[sizeof(ret->deeds[i].hook) - 1] = '\0';
	}
	for (uint32_t i = 0; i < ret->n_programs; i++)
		ret->programs[i].name[sizeof(ret->programs[i].name) - 1] = '\0';
	mend_busy(ret->processes, &ret->n_processes);
	mend_busy(ret->containers, &ret->n_containers);
	return 0;
}

bool vitals_running(const struct vitals_page *p) {
	struct flock l;

	l.l_type = F_UNLCK;
	return !lock(p->fd, F_GETLK, &l) && l.l_type != F_UNLCK;
}

void vitals_close(struct vitals_page *p) {
	if (!p)
		return;
	if (p->page)
		(void)munmap(p->page, sizeof(struct page));
	if (p->fd >= 0)
		(void)close(p->fd);
	free(p);
}

static uint64_t age(uint64_t then_ns, uint64_t now_ns) {
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

struct vitals_verdict vitals_judge(const struct vitals *v, uint64_t now_ns) {
	struct vitals_verdict r = { .turns = true, .live = true, .ready = true, .why = "ok" };
	uint64_t turn_ns = v->turn_ns > v->pulse_ns ? v->turn_ns : v->pulse_ns;

	r.beat_age_ns = age(v->beat_ns, now_ns);
	r.pulse_age_ns = age(v->pulse_ns ? v->pulse_ns : v->began_ns, now_ns);
	r.turns = age(turn_ns ? turn_ns : v->began_ns, now_ns) <= PULSE_MAX_NS;
	if (!v->pulse_ns || !strcmp(v->coverage, "blind")) {
		r.ready = false;
		r.why = v->pulse_ns ? "no hook is attached"
				    : "no event has gone from a hook to its sink yet";
	}
	if (r.pulse_age_ns > PULSE_MAX_NS) {
		r.live = r.ready = false;
		r.why = r.turns ? "for over 90 s the disk of the spool has taken no event; hooks "
				  "and rules go on"
				: "for over 90 s no event has gone from a hook to its sink";
	}
	if (r.beat_age_ns > BEAT_MAX_NS) {
		r.turns = r.live = r.ready = false;
		r.why = "the sensor's loop has not turned for over 10 s";
	}
	return r;
}

const char *vitals_state_name(uint32_t state) {
	static const char *const names[] = { "gap", "untried", "proven", "silent" };

	return state < VITALS_STATES ? names[state] : "unknown";
}

const char *vitals_cause_name(uint32_t cause) {
	static const char *const names[] = { "ring_full", "no_slot", "ring_reserved", "malformed",
					    "not_run" };

	return cause < VITALS_CAUSES ? names[cause] : "unknown";
}

void vitals_states(const struct vitals *v, uint32_t ret[VITALS_STATES]) {
	memset(ret, 0, VITALS_STATES * sizeof(*ret));
	for (uint32_t i = 0; i < v->n_deeds; i++)
		if (v->deeds[i].state < VITALS_STATES)
			ret[v->deeds[i].state]++;
}

uint64_t vitals_lost(const struct vitals *v, uint32_t cause) {
	uint64_t n = 0;

	for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++)
		n += v->lost[kind][cause];
	return n;
}
