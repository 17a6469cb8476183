/* SPDX-License-Identifier: Apache-2.0 */
/*
 * again.c - an exec that says what one before it said
 *
 * Scripts, timers and checks run the same few programs over and over. But for who
 * it is and whose child, such an exec's record is byte for byte that of an
 * earlier one, so what was made of that is lent to the event once more. It has a
 * key then, by which the rooms after this one know it, too: event.exec_key stands
 * for all of `exec`, and of `process` for what a record of an exec tells, but for
 * pid, tid, start_ns and ns_tgid.
 *
 * A record is decoded in a place of its own, with its texts, which stay until
 * another exec takes the place; the event is long dead by then.
 */
#include "decode/reader.h"
#include "event/field.h"

#define PROGRAMS 64 /* a power of two */
#define RECORD_BYTES 1024
#define TEXTS_BYTES 2048

struct program {
	uint64_t key; /* 0: none is kept here */
	uint64_t has[EVENT_HAS_WORDS];
	uint64_t degraded; /* by what its texts are */
	struct event_lent said;
	_Alignas(8) char record[RECORD_BYTES];
	_Alignas(8) char texts[TEXTS_BYTES];
};

static struct program programs[PROGRAMS];

#define AT(member) offsetof(struct wire_process_exec, member)

static inline bool same_run(const void *a, const void *b, size_t from, size_t to) {
	return !memcmp((const char *)a + from, (const char *)b + from, to - from);
}

/* The order of what is compared below. */
_Static_assert(AT(head.len) > AT(head.uid) && AT(head.flags) + 4 == AT(head.cpu) &&
		       AT(task.cgroup_id) + 8 == AT(task.parent_tgid) &&
		       AT(task.spaces.ns_tgid) + 4 == AT(task.comm),
	       "all but what tells one process from another");

/* same - whether two records differ only in their time, place and outcome, process and parent */
static bool same(const void *a, const void *b, uint32_t len) {
	return same_run(a, b, AT(head.uid), AT(head.cpu)) &&
	       same_run(a, b, AT(task.cap_effective), AT(task.parent_tgid)) &&
	       same_run(a, b, AT(task.egid), AT(task.spaces.ns_tgid)) &&
	       same_run(a, b, AT(task.comm), len);
}

/* place - where an exec like this one is kept, if one is: by its inode and its last argument */
static struct program *place(const struct wire_process_exec *w, uint32_t len) {
	uint64_t tail;

	memcpy(&tail, (const char *)w + len - sizeof(tail), sizeof(tail));
	return &programs[((tail ^ w->exe_inode.ino ^ len) * 0x9e3779b97f4a7c15ull) >> 58];
}
_Static_assert(PROGRAMS == 1 << (64 - 58), "place() takes so many bits");

/* is_whole - whether nothing of what the key stands for is left for later rooms to add */
static bool is_whole(const struct wire_process_exec *w) {
	const struct wire_spaces *s = &w->task.spaces;

	return s->ns_mnt && s->ns_pid && s->ns_net && s->ns_user && s->ns_uts && s->ns_ipc &&
	       s->ns_cgroup && s->ns_tgid && w->task.cgroup_id;
}

static void keep(struct program *p, const struct reader *r, const struct event *e) {
	for (unsigned w = 0; w < EVENT_HAS_WORDS; w++)
		p->has[w] = e->has[w] & (FIELD_BITS(process, w) | FIELD_BITS(exec, w));
	p->degraded = r->degraded;
	p->said.process = e->process;
	p->said.exec = e->exec;
}

/* decode_first - decode_exec() of a copy in @p, so that it is known from now on */
static int decode_first(struct reader *r, struct program *p, struct event *ret) {
	struct arena texts = { .at = p->texts, .left = sizeof(p->texts) };
	struct reader own = { .head = (const void *)p->record,
			      .len = r->len,
			      .fixed = r->fixed,
			      .arena = &texts };
	int error;

	p->key = 0;
	memcpy(p->record, r->head, r->len);
	error = decode_exec(&own, ret);
	if (error == -ENOMEM) /* of its own */
		return decode_exec(r, ret);
	if (error)
		return error;
	keep(p, &own, ret);
	/* a program without a path has the one of before, for others to add */
	ret->exec_key = p->key = event_has(ret, FIELD_PROCESS_EXECUTABLE) ? event_new_key() : 0;
	return 0;
}

int decode_exec_again(struct reader *r, struct event *ret) {
	const struct wire_process_exec *w = (const void *)r->head;
	struct program *p;

	if (r->len > RECORD_BYTES)
		return decode_exec(r, ret);
	p = place(w, r->len);
	if (!p->key || !w->task.spaces.ns_tgid || !same(w, p->record, r->len))
		return is_whole(w) ? decode_first(r, p, ret) : decode_exec(r, ret);
	r->degraded = p->degraded;
	(void)reader_commit(r, ret); /* no text was read that could be at fault */
	ret->lent = &p->said;
#pragma GCC unroll 8
	for (unsigned i = 0; i < EVENT_HAS_WORDS; i++)
		ret->has[i] |= p->has[i];
	/* where it is, which enrich learns from each exec */
	memcpy(&ret->process.ns_mnt, &w->task.spaces, sizeof(w->task.spaces));
	ret->process.cgroup_id = w->task.cgroup_id;
	ret->process.cgroup = p->said.process.cgroup;
	ret->parent_tgid = w->task.parent_tgid;
	ret->parent_start_ns = w->task.parent_start_ns;
	ret->exec_key = p->key;
	decode_version(w, ret);
	decode_layer(&w->exe_inode, ret);
	return 0;
}
