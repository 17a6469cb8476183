/* SPDX-License-Identifier: Apache-2.0 */
/* exec.sha256: learned from records, told by who the file is, and what is said where it is not. */
#include "enrich/filehash.h"

#include "decode_sample.h"
#include "enrich/enrich.h"
#include "event/field.h"
#include "test.h"

#define EXT4 0xef53
#define FUSE 0x65735546
#define FAT 0x4d44
#define WALL_NS 1700000000000000000ull /* when the boot clock was 0 */

static struct arena arena;
static struct sample sample;
static struct enrich *en;
static struct event e;

static bool through(void) {
	arena_reset(&arena);
	CHECK(sample_decode(&sample, &arena, &e) == 0);
	return enrich_event(en, &arena, &e);
}

static bool marked(enum event_degraded what) {
	return e.degraded >> what & 1;
}

static void start(uint32_t flags) {
	struct wire_host_start *w;

	CHECK(!enrich_new(64, &en));
	sample_make(&sample, WIRE_HOST_START);
	w = (void *)sample.bytes;
	w->flags = flags;
	w->wall_offset_ns = WALL_NS;
	(void)through();
}

/* exec_of - of the file with this inode, changed so long before */
static struct wire_process_exec *exec_of(uint64_t ino, uint64_t age_ns) {
	struct wire_process_exec *w = sample_exec(&sample, WIRE_PROCESS_EXEC);

	w->exe_inode.ino = ino;
	w->exe_ctime_ns = WALL_NS + w->head.ts_ns - age_ns;
	w->exe_size = 1000;
	w->exe_magic = EXT4;
	return w;
}

static void learn(uint64_t ino, uint64_t age_ns, uint8_t byte) {
	const uint64_t ctime = exec_of(ino, age_ns)->exe_ctime_ns;
	struct wire_host_file *w = sample_begin(&sample, WIRE_HOST_FILE, sizeof(*w));

	w->ino = ino;
	w->ctime_ns = ctime;
	w->size = 1000;
	w->dev = 8 << 20 | 17;
	memset(w->sha256, byte, sizeof(w->sha256));
	CHECK(!through());
}

#define AB "abababababababababababababababababababababababababababababababab"
#define DAY_NS 86400000000000ull

static void a_hash_is_told_of_the_very_file_once_it_is_known(void) {
	start(WIRE_HOST_HASHES);
	exec_of(12, DAY_NS);
	CHECK(through() && !event_has(&e, FIELD_EXEC_SHA256) && marked(DEGRADED_HASH_PENDING));
	learn(12, DAY_NS, 0xab);
	exec_of(12, DAY_NS);
	CHECK(through() && event_has(&e, FIELD_EXEC_SHA256) && is_text(e.exec.sha256, AB));
	CHECK(!marked(DEGRADED_HASH_PENDING) && !marked(DEGRADED_HASH_RACY));
	exec_of(13, DAY_NS);
	CHECK(through() && !event_has(&e, FIELD_EXEC_SHA256));
	exec_of(12, DAY_NS - 1);
	CHECK(through() && !event_has(&e, FIELD_EXEC_SHA256));
	exec_of(12, DAY_NS)->exe_size++;
	CHECK(through() && !event_has(&e, FIELD_EXEC_SHA256));
	exec_of(12, DAY_NS)->exe_inode.dev++;
	CHECK(through() && !event_has(&e, FIELD_EXEC_SHA256));
	enrich_free(en);
}

static void what_cannot_be_hashed_is_said_at_once(void) {
	start(WIRE_HOST_HASHES);
	exec_of(12, DAY_NS)->exe_magic = FUSE;
	CHECK(through() && marked(DEGRADED_HASH_UNRESOLVED) && !marked(DEGRADED_HASH_PENDING));
	exec_of(12, DAY_NS)->exe_magic = FAT;
	CHECK(through() && marked(DEGRADED_HASH_UNRESOLVED) && !marked(DEGRADED_HASH_PENDING));
	exec_of(12, DAY_NS)->exe_size = EVENT_HASH_MAX_BYTES + 1;
	CHECK(through() && marked(DEGRADED_HASH_UNRESOLVED));
	exec_of(12, DAY_NS)->exe_ctime_ns = 0; /* of an older tape */
	CHECK(through() && !marked(DEGRADED_HASH_UNRESOLVED) && !marked(DEGRADED_HASH_PENDING));
	enrich_free(en);
	start(0);
	exec_of(12, DAY_NS);
	CHECK(through() && !marked(DEGRADED_HASH_PENDING));
	enrich_free(en);
}

static void a_file_that_was_just_changed_is_racy(void) {
	start(WIRE_HOST_HASHES);
	learn(12, 1000000, 1);
	exec_of(12, 1000000);
	CHECK(through() && event_has(&e, FIELD_EXEC_SHA256) && marked(DEGRADED_HASH_RACY));
	enrich_free(en);
}

/* late - the exec of @ino again, in a PROCESS_HASH */
static void late(uint64_t ino) {
	static struct sample within;
	struct wire_process_hash *w;

	exec_of(ino, DAY_NS);
	within = sample;
	w = sample_begin(&sample, WIRE_PROCESS_HASH, sizeof(*w));
	w->head.ts_ns = 6000000000;
	w->head.cpu = 65535;
	(void)sample_add(&sample, within.bytes, within.len);
}

static void an_exec_that_waited_is_told_once_more_with_its_hash_or_without(void) {
	start(WIRE_HOST_HASHES);
	late(12);
	CHECK(through() && e.kind == WIRE_PROCESS_HASH && marked(DEGRADED_HASH_UNRESOLVED));
	CHECK(e.boot_ns == 6000000000 && e.cpu == 65535 && e.process.pid == 100);
	CHECK(is_text(e.process.executable, "/usr/bin/cat") && e.exec.args.n == 3);
	learn(12, DAY_NS, 0xab);
	late(12);
	CHECK(through() && is_text(e.exec.sha256, AB) && !marked(DEGRADED_HASH_UNRESOLVED));
	late(12);
	((struct wire_header *)(sample.bytes + sizeof(struct wire_process_hash)))->kind =
		WIRE_PROCESS_CENSUS;
	arena_reset(&arena);
	CHECK(sample_decode(&sample, &arena, &e) == -EBADMSG);
	enrich_free(en);
}

static void the_oldest_goes_when_there_are_too_many(void) {
	static struct filehash t;
	unsigned char sum[32] = { 7 };
	size_t known = 0;
	struct event_file_id id = { .ctime_ns = 5 };

	for (id.ino = 1; id.ino <= 2 * FILEHASH_ROWS; id.ino++)
		CHECK(!filehash_put(&t, &id, sum));
	id.ino--;
	CHECK(filehash_get(&t, &id).s);
	for (id.ino = 1; id.ino <= 2 * FILEHASH_ROWS; id.ino++)
		known += filehash_get(&t, &id).s != NULL;
	CHECK(known > FILEHASH_ROWS / 2 && known <= FILEHASH_ROWS);
	filehash_done(&t);
}

int main(void) {
	arena_init(&arena, 1 << 20);
	RUN(a_hash_is_told_of_the_very_file_once_it_is_known);
	RUN(what_cannot_be_hashed_is_said_at_once);
	RUN(a_file_that_was_just_changed_is_racy);
	RUN(an_exec_that_waited_is_told_once_more_with_its_hash_or_without);
	RUN(the_oldest_goes_when_there_are_too_many);
	arena_done(&arena);
	DONE();
}
