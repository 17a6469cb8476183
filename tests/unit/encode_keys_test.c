/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept under a key of event.h, and copied. */
#include "encode/encode.h"
#include "encode_random.h"
#include "test.h"

#define ARENA_MAX (64u << 20)

/* key_event - @e as enrich would give it: equal keys for equal members, and 0 now and then */
static void key_event(struct event *e, const struct event *pool, uint64_t key,
		      uint64_t parent_key) {
	const struct event *process = &pool[key], *parent = &pool[parent_key], *host = process;
	uint64_t mask = FIELD_BITS(process, 0) | FIELD_BITS(parent, 0) | FIELD_BITS(machine, 0);

	e->process = process->process;
	e->parent = parent->parent;
	e->host_id = host->host_id;
	e->boot_id = host->boot_id;
	e->host_name = host->host_name;
	e->has[0] = (e->has[0] & ~mask) | (process->has[0] & FIELD_BITS(process, 0)) |
		    (parent->has[0] & FIELD_BITS(parent, 0)) |
		    (host->has[0] & FIELD_BITS(machine, 0));
	e->process_key = random_u64() % 8 ? key * 256 + 1 : 0;
	e->parent_key = random_u64() % 8 ? parent_key * 64 + 1 : 0;
	e->host_key = random_u64() % 8 ? key + 1 : 0;
	e->container = process->container;
	e->container_key = random_u64() % 8 ? key + 1 : 0;
	e->lineage = process->lineage;
	e->lineage_key = random_u64() % 8 ? key + 1 : 0;
	if (random_u64() % 2) {
		e->exec = process->exec;
		e->exec_key = key * 64 + 1;
		for (int w = 0; w < EVENT_HAS_WORDS; w++)
			e->has[w] = (e->has[w] & ~FIELD_BITS(exec, (unsigned)w)) |
				    (process->has[w] & FIELD_BITS(exec, (unsigned)w));
		if (random_u64() % 4 == 0)
			event_unmark(e, FIELDS_exec + random_u64() % 20);
	}
	for (int w = 0; w < EVENT_HAS_WORDS; w++) {
		uint64_t whence = field_below(FIELDS_lineage_END, (unsigned)w) &
				  ~field_below(FIELDS_container, (unsigned)w);

		e->has[w] = (e->has[w] & ~whence) | (process->has[w] & whence);
	}
	if (random_u64() % 4 == 0)
		event_unmark(e, FIELDS_container + random_u64() % 6);
	/* what a key does not stand for */
	e->process.tid = (uint32_t)random_number(9);
	if (!e->exec_key && random_u64() % 2) { /* one of many that look alike */
		e->look_key = (key % 3 ? key : key * 256) + 2;
		e->process_key = e->process_key ? 1000000 + random_u64() : 0;
		e->process.entity_id = random_u64() % 8 ? STR("1a2b3c4d-5e6f")
							: STR("longer than any of ours can be: 33");
		e->process.pid = (uint32_t)random_number(30);
		e->process.start_ns = random_u64();
		e->process.ns_tgid = (uint32_t)random_number(30);
		if (random_u64() % 4) { /* as all of them are */
			e->has[0] |= FIELD_BITS(process, 0) & field_below(FIELD_PROCESS_NAME, 0);
			event_unmark(e, FIELD_PROCESS_CGROUP);
			event_unmark(e, FIELD_PROCESS_COMMAND_LINE);
			event_unmark(e, FIELD_PROCESS_CWD);
			event_unmark(e, FIELD_PROCESS_TTY);
		}
	}
	if (!e->exec_key) {
		e->process.uid = (uint32_t)random_number(2);
		e->process.gid = (uint32_t)random_number(1);
		e->process.euid = (uint32_t)random_number(1);
	}
	if (random_u64() % 4 == 0)
		e->has[0] ^= 1ull << (FIELDS_machine + random_u64() % 3);
	if (random_u64() % 4 == 0)
		e->has[0] &= ~(1ull << (FIELDS_process + random_u64() % 45));
	if (random_u64() % 4 == 0)
		e->kind = WIRE_PROCESS_EXIT;
	/* an exec's process has no key, and of another process it has the same program */
	if (e->exec_key) {
		e->process_key = 0;
		e->look_key = 0;
		e->process.pid = (uint32_t)random_number(30);
		e->process.start_ns = random_u64();
		e->process.ns_tgid = (uint32_t)random_number(30);
	}
}

static void what_is_copied_by_its_key_is_what_would_have_been_written(void) {
	enum { POOL = 12 };
	static struct event pool[POOL];
	struct arena texts, own;
	struct buf plain = { 0 }, keyed = { 0 };

	arena_init(&texts, ARENA_MAX);
	arena_init(&own, ARENA_MAX);
	for (int i = 0; i < POOL; i++)
		random_event(&texts, i % 4 == 0, &pool[i]);
	for (int i = 0; i < 20000 && !test_bad; i++) {
		uint64_t key = random_u64() % POOL, parent_key = random_u64() % POOL;
		struct event e;

		arena_reset(&own);
		buf_reset(&plain);
		buf_reset(&keyed);
		random_event(&own, false, &e);
		key_event(&e, pool, key, parent_key);
		/* the bit that was switched on may stand for a member with no value */
		if (e.has[0] & ~pool[key].has[0] & FIELD_BITS(machine, 0))
			e.has[0] &= ~FIELD_BITS(machine, 0);
		encode_proto(&keyed, &e);
		e.process_key = e.look_key = e.parent_key = e.host_key = 0;
		e.container_key = e.lineage_key = e.exec_key = 0;
		encode_proto(&plain, &e);
		CHECK(plain.len == keyed.len && !memcmp(plain.data, keyed.data, plain.len));
	}
	buf_done(&plain);
	buf_done(&keyed);
	arena_done(&texts);
	arena_done(&own);
}

/* own_number - mostly of one length */
static uint64_t own_number(void) {
	return random_u64() % 16 ? 128 + random_number(13) : random_number(64);
}

/* change_own - gives @e other values of its own */
static void change_own(struct event *e) {
	static const char digits[] = "0123456789abcdef0123456789abcdef0123456789";
	bool odd = random_u64() % 8 == 0;

	e->id = (struct str){ digits + random_u64() % 8, odd ? (uint32_t)random_u64() % 30 : 26 };
	e->process.entity_id = (struct str){ digits + random_u64() % 8,
					     odd ? (uint32_t)random_u64() % 24 : 9 };
	e->seq = own_number();
	e->cpu_seq = own_number();
	e->time_ns = random_u64();
	e->boot_ns = random_u64();
	e->process.start_ns = random_u64();
	e->process.pid = (uint32_t)own_number();
	e->process.tid = (uint32_t)own_number();
	e->process.ns_tgid = (uint32_t)own_number();
	e->exit.run_ns = own_number();
}

static void twins_are_as_they_would_have_been_written(void) {
	enum { POOL = 300 }; /* more than are kept */
	static const uint32_t kinds[] = { WIRE_PROCESS_FORK, WIRE_PROCESS_EXEC, WIRE_PROCESS_EXIT };
	static struct event pool[POOL];
	struct buf plain = { 0 }, keyed = { 0 };
	struct arena texts;
	uint64_t offset = 0;
	uint32_t copied = 0, wide = 0;

	arena_init(&texts, ARENA_MAX);
	for (int i = 0; i < POOL; i++) {
		random_event(&texts, i % 16 == 0, &pool[i]);
		pool[i].kind = kinds[i % 3];
		pool[i].n_detections = 0;
		for (unsigned w = 0; w < EVENT_HAS_WORDS; w++)
			pool[i].has[w] |= FIELD_OWN(w) & (i % 7 ? ~0ull : random_u64());
		pool[i].twin_key = 5000 + (uint64_t)i;
	}
	for (int i = 0; i < 40000 && !test_bad; i++) {
		struct event e = pool[i % 2 ? random_u64() % 8 : random_u64() % POOL];

		buf_reset(&plain);
		buf_reset(&keyed);
		change_own(&e);
		if (i == 20000) /* the sensor has told of more than words take */
			offset = 1ull << 40;
		e.seq += offset;
		if (encode_twin(&keyed, &e)) {
			copied++;
			wide += e.seq >> 28 != 0;
		} else {
			encode_proto(&keyed, &e);
		}
		e.twin_key = 0;
		encode_proto(&plain, &e);
		CHECK(plain.len == keyed.len && !memcmp(plain.data, keyed.data, plain.len));
	}
	printf("# %u of 40000 copied, %u of them with a long number\n", copied, wide);
	CHECK(copied > 2000 && wide > 1000);
	buf_done(&plain);
	buf_done(&keyed);
	arena_done(&texts);
}

int main(void) {
	if (encode_setup() < 0)
		return 1;
	RUN(what_is_copied_by_its_key_is_what_would_have_been_written);
	RUN(twins_are_as_they_would_have_been_written);
	DONE();
}
