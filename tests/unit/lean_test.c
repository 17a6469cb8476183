/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From record to protobuf, whatever is left out on the way is as if it had not been.
 *
 * The records of one host go one way as the corridor has it, by decode_lean(), enrich_lean() and
 * encode_twin(), and another way member by member, by enrich_event(), and are written without
 * any key: the bytes must be the same. Programs are more than any of the tables keeps, and odd
 * records come in between, so that what was lent is given to another all the time.
 */
#include <stdlib.h>

#include "decode/reader.h"
#include "decode_sample.h"
#include "encode/encode.h"
#include "enrich/enrich.h"
#include "luck.h"
#include "test.h"

#define S 1000000000ull /* ns */
#define SHELLS 3
#define ARENA_MAX (1 << 20)

struct process {
	uint32_t tgid, uid, program, execs, parent_tgid;
	uint64_t start_ns, parent_start_ns;
};

static struct enrich *lean, *full;
static struct arena lean_arena, full_arena;
static struct buf by_twin, by_hand;
static struct sample s;
static struct process shells[SHELLS];
static uint64_t now, seq;
static uint32_t last_tgid, n_records, n_lent, n_untold, n_copied, n_taken;

/* write_lean - the record as corridor_record() takes it; whether it is one for the world */
static bool write_lean(void) {
	static struct event e; /* garbage is what was there before */
	bool copied = luck(8), lent, told;

	arena_reset(&lean_arena);
	if (decode_lean(s.bytes, s.len, &lean_arena, &e))
		return false;
	lent = e.lent;
	n_lent += lent;
	told = enrich_lean(lean, &lean_arena, &e);
	n_taken += lent && !e.lent;
	if (!told)
		return false;
	n_untold += e.untold;
	if (e.untold && copied && encode_twin(&by_twin, &e)) {
		n_copied++;
		return true;
	}
	if (e.untold)
		enrich_tell(lean, &e);
	CHECK(!e.untold && !e.lent);
	encode_proto(&by_twin, &e);
	return true;
}

/* decode_afresh - decode_record() as if nothing had ever said the same */
static int decode_afresh(struct event *ret) {
	struct reader r = { .head = (const void *)s.bytes, .len = s.len, .arena = &full_arena };
	int error = decode_record(s.bytes, s.len, &full_arena, ret);

	if (error)
		return error;
	switch (r.head->kind) {
	case WIRE_PROCESS_FORK:
		return decode_fork(&r, ret);
	case WIRE_PROCESS_EXEC:
		r.fixed = sizeof(struct wire_process_exec);
		return decode_exec(&r, ret);
	case WIRE_PROCESS_EXIT:
		return decode_exit(&r, ret);
	default:
		return 0;
	}
}

static bool write_full(void) {
	static struct event e;

	arena_reset(&full_arena);
	if (decode_afresh(&e) || !enrich_event(full, &full_arena, &e))
		return false;
	CHECK(!e.untold && !e.lent && !e.twin_key);
	event_unkey(&e);
	encode_proto(&by_hand, &e);
	return true;
}

/* tell - both of them the record at hand */
static void tell(void) {
	bool told;

	n_records++;
	buf_reset(&by_twin);
	buf_reset(&by_hand);
	told = write_lean();
	CHECK(write_full() == told);
	CHECK(by_twin.len == by_hand.len && !memcmp(by_twin.data, by_hand.data, by_hand.len));
}

static void *begin(uint8_t kind, size_t size, const struct process *p) {
	struct wire_header *h = sample_begin(&s, kind, size);

	h->ts_ns = now;
	h->seq = ++seq;
	h->start_ns = p->start_ns;
	h->tgid = h->tid = p->tgid;
	h->uid = h->gid = h->euid = p->uid;
	h->execs = p->execs;
	h->cpu = (uint16_t)luck(2);
	h->hook = luck(60) ? WIRE_HOOK_TP_EXEC : WIRE_HOOK_TP_EXIT;
	return h;
}

static void spaces(struct wire_spaces *to, const struct process *p) {
	*to = (struct wire_spaces){ 11, 12, 13, 14, 15, 16, 17, p->tgid };
	if (luck(40) == 0)
		to->ns_net = luck(2);
	if (luck(40) == 0)
		to->ns_tgid = luck(2);
}

/* odd - now and then a record is not as hooks would write it */
static void odd(void) {
	struct wire_header *h = (void *)s.bytes;

	switch (luck(220)) {
	case 0:
		h->flags |= WIRE_NO_TASK;
		break;
	case 1:
		h->flags |= WIRE_PATH_CUT;
		break;
	case 2:
		h->tgid = 0;
		break;
	case 3:
		h->tid++;
		break;
	case 4:
		h->outcome = (uint8_t)luck(4);
		break;
	case 5:
		h->execs = luck(3);
		break;
	case 6:
		h->euid++;
		break;
	case 7:
		h->ts_ns -= 2 * S;
		break;
	case 8:
		s.bytes[sizeof(*h) + luck(s.len - (uint32_t)sizeof(*h))] ^= 1;
		break;
	case 9:
		h->gid++;
		break;
	case 10:
		h->error = (uint16_t)luck(2);
		break;
	}
}

static void comm(char to[16], uint32_t program) {
	static const char names[][17] = { "sh", "a-name-of-16-byt", "\xc3\xa4", "\xff", "" };

	if (program % 50 < 5)
		memcpy(to, names[program % 50], 16);
	else
		(void)snprintf(to, 16, "prog%u", program % 3);
}

static void born(const struct process *p) {
	struct wire_process_fork *w = begin(WIRE_PROCESS_FORK, sizeof(*w), p);

	w->parent_start_ns = p->parent_start_ns;
	w->parent_tgid = p->parent_tgid;
	w->clone_flags = luck(10) ? 17 : 0x100011;
	w->cgroup_id = luck(60) ? 33 : 0;
	spaces(&w->spaces, p);
	comm(w->comm, luck(10) ? p->program : luck(60));
	odd();
	tell();
}

static void becomes(uint8_t kind, const struct process *p) {
	struct wire_process_exec *w = begin(kind, sizeof(*w), p);
	uint32_t program = p->program;
	char text[64];
	int n = snprintf(text, sizeof(text), "prog%u", program) + 1;

	w->task.parent_tgid = p->parent_tgid;
	w->task.parent_start_ns = p->parent_start_ns;
	w->task.egid = w->task.suid = w->task.sgid = w->task.fsuid = w->task.fsgid = p->uid;
	w->task.cgroup_id = program % 4 ? 33 : 34;
	spaces(&w->task.spaces, p);
	comm(w->task.comm, program);
	w->exe_inode = (struct wire_inode){ .ino = program, .mode = 0100755, .links = 1 };
	w->exe_inode.layer = program % 7 == 0 ? WIRE_LAYER_UPPER : 0;
	memcpy(text + n, "bin", 4);
	w->exe = sample_add_path(&s, text, (size_t)n + 4);
	w->cwd = sample_add_path_lit(&s, "mia\0home\0");
	w->cgroup = program % 4 ? sample_add_path_lit(&s, "a.scope\0")
				: sample_add_path_lit(&s, "0123456789ab\0docker\0");
	w->filename = sample_add(&s, text, (size_t)n - 1);
	if (program % 11 == 0)
		w->head.flags = WIRE_ARGS_UNREADABLE;
	else
		sample_add_args(&s, w, text, (size_t)n);
	odd();
	tell();
}

/* fold - the record at hand as one that stands for many; hooks fold none of these */
static void fold(void) {
	struct wire_header *h = (void *)s.bytes;
	uint16_t cpu = h->cpu;

	sample_fold(&s);
	h->cpu = cpu;
	h->seq = ++seq;
	h->ts_ns = now;
}

/* hashed - what became of the hash of the exec at hand, which is told once more */
static void hashed(void) {
	static struct sample within;
	struct wire_process_hash *w;
	struct wire_header head;

	within = s;
	memcpy(&head, within.bytes, sizeof(head));
	w = sample_begin(&s, WIRE_PROCESS_HASH, sizeof(*w));
	w->head = head;
	w->head.kind = WIRE_PROCESS_HASH;
	w->head.seq = ++seq;
	(void)sample_add(&s, within.bytes, within.len);
	tell();
}

static void ends(const struct process *p) {
	struct wire_process_exit *w = begin(WIRE_PROCESS_EXIT, sizeof(*w), p);

	w->code = luck(8) ? luck(luck(6) ? 2 : 256) << 8 : 9 + luck(2) + (luck(2) << 7);
	odd();
	if (luck(20) == 0)
		fold();
	tell();
}

static void shell_begins(struct process *p) {
	*p = (struct process){ ++last_tgid, luck(3), luck(10), 1, 1, now, 1 };
	becomes(WIRE_PROCESS_CENSUS, p);
}

static void deed_of(const struct process *p) {
	struct wire_header *h;

	sample_make(&s, sample_kinds[luck(SAMPLE_KINDS)]);
	h = (void *)s.bytes;
	h->ts_ns = now;
	h->seq = ++seq;
	if (h->flags & WIRE_NO_TASK || WIRE_KIND_IS_HOST(h->kind))
		return tell();
	h->tgid = h->tid = p->tgid;
	h->start_ns = p->start_ns;
	h->uid = p->uid;
	h->execs = p->execs;
	tell();
}

/* birth - what a host does most: somebody runs a program, which ends */
static void birth(void) {
	const struct process *shell = &shells[luck(SHELLS)];
	struct process p = *shell;

	p.tgid = ++last_tgid;
	p.start_ns = now;
	p.parent_tgid = shell->tgid;
	p.parent_start_ns = shell->start_ns;
	if (luck(50))
		born(&p);
	if (luck(20) == 0)
		deed_of(luck(2) ? &p : shell);
	now += luck(1000) * 1000ull;
	if (luck(8)) {
		p.execs++;
		/* mostly of a few, and now and then of as many as no table keeps */
		p.program = luck(6) ? luck(4) : luck(300);
		becomes(WIRE_PROCESS_EXEC, &p);
		if (luck(50) == 0)
			hashed();
	}
	if (luck(20) == 0)
		deed_of(&p);
	now += 1ull << (luck(30) + 1);
	if (luck(30))
		ends(&p);
}

static void what_is_left_out_is_as_it_would_have_been(void) {
	static const struct process init = { .tgid = 1, .start_ns = 1 };

	luck_state = 7;
	arena_init(&lean_arena, ARENA_MAX);
	arena_init(&full_arena, ARENA_MAX);
	if (enrich_new(60, &lean) < 0 || enrich_new(60, &full) < 0)
		exit(2);
	now = S;
	sample_make(&s, WIRE_HOST_START);
	tell();
	becomes(WIRE_PROCESS_CENSUS, &init);
	for (int i = 0; i < SHELLS; i++)
		shell_begins(&shells[i]);
	for (int i = 0; i < 20000 && !test_bad; i++) {
		now += luck(2000) * 1000ull;
		birth();
		if (luck(100) == 0)
			shell_begins(&shells[luck(SHELLS)]);
		if (luck(1000) == 0)
			now += 40 * S; /* rows go */
	}
	printf("# %u records: %u lent, %u of these taken, %u untold, %u copied\n", n_records,
	       n_lent, n_taken, n_untold, n_copied);
	CHECK(n_lent > n_records / 10 && n_taken > 1000 && n_lent - n_taken > 1000);
	CHECK(n_untold > n_records / 10 && n_copied > 1000);
	enrich_free(lean);
	enrich_free(full);
	buf_done(&by_twin);
	buf_done(&by_hand);
	arena_done(&lean_arena);
	arena_done(&full_arena);
}

int main(void) {
	if (encode_setup() < 0)
		return 1;
	RUN(what_is_left_out_is_as_it_would_have_been);
	DONE();
}
