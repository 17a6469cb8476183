/* SPDX-License-Identifier: Apache-2.0 */
/*
 * again.c - a birth, exec or end that says what one before it said
 *
 * Scripts, timers and checks run the same few programs over and over. But for who
 * it is and whose child, the record of such a deed is byte for byte that of an
 * earlier one, so what was made of that is used once more. It has a key then, by
 * which the rooms after this one know it, too: event.said_key, and of an exec
 * event.exec_key, which stands for all of `exec`, and of `process` for what a record
 * of an exec tells, but for pid, tid, start_ns and ns_tgid.
 *
 * An exec is decoded in a place of its own, with its texts, which are lent to the
 * event: they stay until another exec takes the place, and then it is long dead.
 */
#include "base/words.h"
#include "decode/reader.h"
#include "event/field.h"

#define PROGRAMS 64 /* powers of two */
#define LIVES 1024  /* each CPU has its own, and so has each cgroup its births */
#define RECORD_BYTES 1024
#define TEXTS_BYTES 2048
#define MIX 0x9e3779b97f4a7c15ull
#define NOINLINE __attribute__((noinline)) /* what is rare takes no registers from what is not */

/* What reader_commit() and others made of a record's header and of which members it has. */
struct said {
	uint64_t key; /* 0: none is kept here */
	_Alignas(16) char head[EVENT_HEAD_BYTES];
};

struct program {
	struct said said;
	uint64_t deed; /* that said.head is of */
	uint64_t has[EVENT_HAS_WORDS];
	uint64_t degraded; /* by what its texts are */
	struct event_lent lent;
	_Alignas(8) char record[RECORD_BYTES];
	_Alignas(8) char texts[TEXTS_BYTES];
};

/* A birth, or an end. */
struct life {
	struct said said;
	uint32_t name_n; /* bytes of its name */
	struct event_exit exit;
	_Alignas(8) char record[sizeof(struct wire_process_fork)];
};

static struct program programs[PROGRAMS];
static struct life lives[LIVES];

static void said_keep(struct said *s, const struct event *e) {
	memcpy(s->head, e, sizeof(s->head));
}

/* said_again - reader_commit() of a deed of somebody that is known to say what @s says */
static inline void said_again(const struct said *s, const struct wire_header *h,
			      struct event *e) {
	event_renew(e);
	memcpy(e, s->head, sizeof(s->head));
	e->boot_ns = h->ts_ns;
	e->cpu_seq = h->seq;
	e->deed = reader_deed(h);
	e->execs = h->execs;
	e->said_key = s->key;
	reader_task(h, e);
}

/* --- execs ----------------------------------------------------------------------------------- */

#define AT(type, member) offsetof(struct wire_process_##type, member)
#define RUN(type, from, to) AT(type, from), AT(type, to) - AT(type, from)

/* same_run - words_differ() of some of two records */
static inline words_pair same_run(const void *a, const void *b, size_t from, size_t n) {
	return words_differ((const char *)a + from, (const char *)b + from, n);
}

/* The order of what is compared below. */
_Static_assert(AT(exec, head.len) > AT(exec, head.uid) &&
		       AT(exec, head.flags) + 4 == AT(exec, head.cpu) &&
		       AT(exec, task.cgroup_id) + 8 == AT(exec, task.parent_tgid) &&
		       AT(exec, task.spaces.ns_tgid) + 4 == AT(exec, task.comm),
	       "all but what tells one process from another");

/* is_program - whether two records differ only in time, place, outcome, process and parent */
static bool is_program(const void *a, const void *b, uint32_t len) {
	return words_none(same_run(a, b, RUN(exec, head.uid, head.cpu)) |
		       same_run(a, b, RUN(exec, task.cap_effective, task.parent_tgid)) |
		       same_run(a, b, RUN(exec, task.egid, task.spaces.ns_tgid))) &&
	       !memcmp((const char *)a + AT(exec, task.comm), (const char *)b + AT(exec, task.comm),
		       len - AT(exec, task.comm));
}

/* program_place - where an exec like this one is kept: by its inode and its last argument */
static struct program *program_place(const struct wire_process_exec *w, uint32_t len) {
	uint64_t tail;

	memcpy(&tail, (const char *)w + len - sizeof(tail), sizeof(tail));
	return &programs[((tail ^ w->exe_inode.ino ^ len) * MIX) >> 58];
}
_Static_assert(PROGRAMS == 1 << (64 - 58), "program_place() takes so many bits");

/* is_whole - whether nothing of what the key stands for is left for later rooms to add */
static bool is_whole(const struct wire_process_exec *w) {
	const struct wire_spaces *s = &w->task.spaces;

	return s->ns_mnt && s->ns_pid && s->ns_net && s->ns_user && s->ns_uts && s->ns_ipc &&
	       s->ns_cgroup && s->ns_tgid && w->task.cgroup_id;
}

static void program_keep(struct program *p, const struct reader *r, const struct event *e) {
	for (unsigned w = 0; w < EVENT_HAS_WORDS; w++)
		p->has[w] = e->has[w] & (FIELD_BITS(process, w) | FIELD_BITS(exec, w));
	p->degraded = r->degraded;
	p->lent.process = e->process;
	p->lent.exec = e->exec;
}

/* program_first - decode_exec(), if it can be of a copy in @p, so that it is known from now on */
static NOINLINE int program_first(struct reader *r, struct program *p, struct event *ret) {
	struct arena texts = { .at = p->texts, .left = sizeof(p->texts) };
	struct reader own = { .head = (const void *)p->record,
			      .len = r->len,
			      .fixed = r->fixed,
			      .arena = &texts };
	int error;

	if (!is_whole((const void *)r->head))
		return decode_exec(r, ret);
	p->said.key = p->deed = 0;
	memcpy(p->record, r->head, r->len);
	error = decode_exec(&own, ret);
	if (error == -ENOMEM) /* of its own */
		return decode_exec(r, ret);
	if (error)
		return error;
	program_keep(p, &own, ret);
	/* a program without a path has the one of before, for others to add */
	if (event_has(ret, FIELD_PROCESS_EXECUTABLE))
		ret->exec_key = ret->said_key = p->said.key = event_new_key();
	return 0;
}

/* program_deed - reader_commit() of an exec of @p, which is known from now on */
static NOINLINE void program_deed(struct program *p, struct reader *r, struct event *e) {
	r->degraded = p->degraded;
	(void)reader_commit(r, e); /* no text was read that could be at fault */
	for (unsigned i = 0; i < EVENT_HAS_WORDS; i++)
		e->has[i] |= p->has[i];
	e->said_key = p->said.key;
	if (e->ownerless)
		return;
	p->deed = e->deed;
	said_keep(&p->said, e);
}

int decode_exec_again(struct reader *r, struct event *ret) {
	const struct wire_process_exec *w = (const void *)r->head;
	struct program *p;

	if (r->len > RECORD_BYTES)
		return decode_exec(r, ret);
	p = program_place(w, r->len);
	if (!p->said.key || !w->task.spaces.ns_tgid || !is_program(w, p->record, r->len))
		return program_first(r, p, ret);
	if (p->deed == reader_deed(r->head))
		said_again(&p->said, r->head, ret);
	else
		program_deed(p, r, ret);
	ret->lent = &p->lent;
	/* where it is, which enrich learns from each exec */
	memcpy(&ret->process.ns_mnt, &w->task.spaces, sizeof(w->task.spaces));
	ret->process.cgroup_id = w->task.cgroup_id;
	ret->process.cgroup = p->lent.process.cgroup;
	ret->parent_tgid = w->task.parent_tgid;
	ret->parent_start_ns = w->task.parent_start_ns;
	ret->exec_key = p->said.key;
	decode_version(w, ret);
	decode_layer(&w->exe_inode, ret);
	return 0;
}

/* --- births and ends ------------------------------------------------------------------------- */

_Static_assert(AT(fork, head.len) > AT(fork, head.uid) &&
		       AT(fork, head.error) + 2 == AT(fork, head.execs) &&
		       AT(fork, clone_flags) == AT(fork, parent_start_ns) + 8 &&
		       AT(fork, pad) == AT(fork, spaces.ns_tgid) + 8 &&
		       AT(fork, comm) == AT(fork, pad) + 4,
	       "all but what tells one process from another");

static struct life *life_place(const struct wire_header *h, uint64_t how) {
	uint64_t who;

	memcpy(&who, &h->uid, sizeof(who));
	return &lives[((how ^ who ^ reader_deed(h)) * MIX) >> 54];
}
_Static_assert(LIVES == 1 << (64 - 54), "life_place() takes so many bits");

/* life_keep - @e, which was made of @r's record, is known from now on */
static void life_keep(struct life *p, const struct reader *r, struct event *e) {
	p->said.key = 0;
	if (e->ownerless)
		return;
	memcpy(p->record, r->head, r->len);
	said_keep(&p->said, e);
	p->name_n = e->process.name.n;
	p->exit = e->exit;
	e->said_key = p->said.key = event_new_key();
}

static NOINLINE int fork_first(struct reader *r, struct life *p, struct event *ret) {
	const struct wire_process_fork *w = (const void *)r->head;
	int error = decode_fork(r, ret);

	/* a name that is not UTF-8 is elsewhere */
	if (!error && w->spaces.ns_tgid && ret->process.name.s == w->comm)
		life_keep(p, r, ret);
	return error;
}

int decode_fork_again(struct reader *r, struct event *ret) {
	const struct wire_process_fork *w = (const void *)r->head;
	struct life *p;
	uint64_t how;

	memcpy(&how, w->comm, sizeof(how));
	p = life_place(r->head, how ^ w->cgroup_id << 24 ^ w->clone_flags << 4);
	if (!p->said.key || !w->spaces.ns_tgid ||
	    !words_none(same_run(w, p->record, RUN(fork, head.uid, head.execs)) |
			same_run(w, p->record, RUN(fork, clone_flags, spaces.ns_tgid)) |
			same_run(w, p->record, AT(fork, pad), sizeof(*w) - AT(fork, pad))))
		return fork_first(r, p, ret);
	said_again(&p->said, r->head, ret);
	ret->process.name = (struct str){ w->comm, p->name_n };
	memcpy(&ret->process.ns_mnt, &w->spaces, sizeof(w->spaces));
	ret->process.cgroup_id = w->cgroup_id;
	ret->fork.clone_flags = w->clone_flags;
	ret->parent_tgid = w->parent_tgid;
	ret->parent_start_ns = w->parent_start_ns;
	return 0;
}

static NOINLINE int exit_first(struct reader *r, struct life *p, struct event *ret) {
	int error = decode_exit(r, ret);

	if (!error)
		life_keep(p, r, ret);
	return error;
}

int decode_exit_again(struct reader *r, struct event *ret) {
	const struct wire_process_exit *w = (const void *)r->head, *was;
	struct life *p = life_place(r->head, w->code);

	was = (const void *)p->record;
	if (!p->said.key || w->code != was->code ||
	    !words_none(same_run(w, was, RUN(exit, head.uid, head.execs))))
		return exit_first(r, p, ret);
	said_again(&p->said, r->head, ret);
	ret->exit = p->exit;
	return 0;
}
