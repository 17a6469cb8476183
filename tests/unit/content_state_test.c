/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state folder: exactly one of old and new, also when the change is cut off anywhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "content/store.h"
#include "test.h"

static struct state_slot slot(int n) {
	struct state_slot s = { .there = true, .version = (uint64_t)n };

	memset(s.hash, n, sizeof(s.hash));
	return s;
}

static bool is(const struct state_slot *s, int n) {
	return n ? s->there && s->hash[0] == n : !s->there;
}

static struct str text_of(const struct state *s, struct buf *out) {
	buf_reset(out);
	state_format(s, out);
	return (struct str){ out->data, (uint32_t)out->len };
}

static void prove(struct state *s, int n) {
	struct state_slot x = slot(n);

	state_begin(s, &x, (uint64_t)n);
	CHECK(!state_promote(s) && !state_promote(s) && state_promote(s));
}

static void a_bundle_is_live_only_on_probation_and_proven_after_it(void) {
	struct state s = { 0 };
	struct state_slot one = slot(1), two = slot(2);

	CHECK(is(state_pick(&s, false), 0));
	prove(&s, 1);
	CHECK(is(state_pick(&s, false), 1) && is(state_pick(&s, true), 1) && s.floor == 1);
	state_begin(&s, &two, 5);
	CHECK(s.stage == TRIAL_CONTROL && is(state_pick(&s, false), 1));
	CHECK(!state_promote(&s) && s.stage == TRIAL_SHADOW && is(state_pick(&s, false), 1));
	CHECK(!state_promote(&s) && s.stage == TRIAL_PROBATION);
	CHECK(is(state_pick(&s, false), 2) && is(state_pick(&s, true), 1));
	CHECK(state_promote(&s) && is(&s.live, 2) && is(&s.good, 2) && is(&s.before[0], 1));
	CHECK(!memcmp(&s.before[0], &one, sizeof(one)) && s.floor == 2 && !s.trial.there);
}

static void a_trial_that_fails_leaves_what_was_before(void) {
	for (int stage = TRIAL_CONTROL; stage < TRIAL_STAGES; stage++) {
		struct state s = { .order = 9 };
		struct state_slot two = slot(2);
		uint64_t order = 0;

		prove(&s, 1);
		state_begin(&s, &two, 9);
		CHECK(!state_orphan(&s)); /* nobody has begun with it */
		state_take_up(&s);
		for (int i = TRIAL_CONTROL; i < stage; i++)
			(void)state_promote(&s);
		CHECK(state_orphan(&s) && !state_orphan(&s));
		CHECK(is(state_pick(&s, false), 1) && is(state_pick(&s, true), 1));
		CHECK(state_was_reverted(&s, two.hash, &order) && order == 9);
		prove(&s, 2); /* by a new order */
		CHECK(!state_was_reverted(&s, two.hash, NULL));
	}
}

static void there_and_back_and_there_again(void) {
	struct state s = { 0 };
	struct state_slot one = slot(1), none = { 0 };

	prove(&s, 1);
	prove(&s, 2);
	CHECK(is(state_back(&s, slot(2).hash), 1) && is(state_back(&s, slot(1).hash), 2));
	state_revert(&s, &one);
	CHECK(is(state_back(&s, slot(1).hash), 0));
	CHECK(is(&s.live, 1) && is(&s.good, 1) && state_was_reverted(&s, slot(2).hash, NULL));
	prove(&s, 2);
	CHECK(is(&s.live, 2) && is(&s.good, 2) && is(&s.before[0], 1) && !s.n_reverted);
	state_revert(&s, &none);
	CHECK(is(state_pick(&s, false), 0) && is(state_pick(&s, true), 0));
}

static void the_list_of_reverted_is_bounded_and_the_newest_stay(void) {
	struct state s = { 0 };

	for (int i = 1; i <= STATE_REVERTED + 10; i++) {
		struct state_slot x = slot(i);

		state_begin(&s, &x, 1);
		state_rollback(&s);
	}
	CHECK(s.n_reverted == STATE_REVERTED);
	CHECK(state_was_reverted(&s, slot(STATE_REVERTED + 10).hash, NULL));
	CHECK(!state_was_reverted(&s, slot(10).hash, NULL));
	CHECK(state_was_reverted(&s, slot(11).hash, NULL));
}

static void text_is_read_back_and_no_other_text_is_believed(void) {
	struct state s = { .serial = 4, .order = 12, .paused = true }, back;
	struct buf out = { 0 }, bad = { 0 };
	struct state_slot three = slot(3);
	struct str text;

	prove(&s, 1);
	prove(&s, 2);
	state_begin(&s, &three, 12);
	state_rollback(&s);
	state_begin(&s, &three, 13);
	text = text_of(&s, &out);
	CHECK(!state_parse(text, &back) && !memcmp(&s, &back, sizeof(s)));
	for (uint32_t n = 0; n < text.n; n++)
		CHECK(state_parse((struct str){ text.s, n }, &back) == -EBADMSG);
	for (uint32_t i = 0; i < text.n; i++) {
		buf_reset(&bad);
		buf_add_str(&bad, text);
		bad.data[i] ^= 1;
		CHECK(state_parse((struct str){ bad.data, (uint32_t)bad.len }, &back) ==
		      -EBADMSG);
	}
	buf_done(&out);
	buf_done(&bad);
}

static char folder[] = "/tmp/content_state_test.XXXXXX";

static void a_folder_is_made_and_a_state_kept_in_it(void) {
	struct store st, other;
	struct state s, back;
	struct buf got = { 0 };

	CHECK(!store_open(folder, &st) && !store_load(&st, &s) && s.serial == 0);
	CHECK(!store_lock(&st, 0) && !store_open(folder, &other));
	CHECK(store_lock(&other, 50) == -EWOULDBLOCK);
	prove(&s, 1);
	CHECK(!store_put(&st, s.live.hash, "one", 3) && !store_save(&st, &s) && s.serial == 1);
	CHECK(!store_load(&other, &back) && !memcmp(&s, &back, sizeof(s)));
	CHECK(!store_get(&other, s.live.hash, &got) && got.len == 3);
	CHECK(!store_put(&st, slot(7).hash, "seven", 5));
	store_prune(&st, &s);
	buf_reset(&got);
	CHECK(store_get(&st, slot(7).hash, &got) == -ENOENT);
	CHECK(!store_get(&st, s.live.hash, &got));
	store_unlock(&st);
	CHECK(!store_lock(&other, 0));
	store_close(&other);
	store_close(&st);
	buf_done(&got);
}

static void the_history_is_bounded_and_keeps_whole_lines(void) {
	struct verdict v = { .time_s = 1 }, back;
	struct buf text = { 0 };
	struct store st;
	bool whole = true;

	CHECK(!store_open(folder, &st));
	verdict_say(&v, "seal", "refused", "format", "%0390d", 7);
	for (int i = 0; i < 2500; i++) {
		v.order = (uint64_t)i;
		CHECK(!store_tell(&st, &v));
	}
	CHECK(!store_read(&st, "history", 2 * STORE_MAX_HISTORY, &text));
	CHECK(text.len < STORE_MAX_HISTORY + VERDICT_LINE_BYTES);
	for (const char *at = text.data, *end = at + text.len; at < end;) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));

		whole &= nl && !verdict_parse((struct str){ at, (uint32_t)(nl - at) }, &back);
		at = nl ? nl + 1 : end;
	}
	CHECK(whole && back.order == 2499);
	store_close(&st);
	buf_done(&text);
}

/* swap - forever from one to the other, each time a whole change; counts them in @changes */
static void swap(volatile uint32_t *changes) {
	struct store st;
	struct state s;

	if (store_open(folder, &st) || store_lock(&st, 60000) || store_load(&st, &s))
		_exit(1);
	for (int i = 0;; i++) {
		struct state_slot next = slot(1 + i % 2);
		char bytes[4096];

		memset(bytes, 1 + i % 2, sizeof(bytes));
		if (store_put(&st, next.hash, bytes, sizeof(bytes)))
			_exit(2);
		state_begin(&s, &next, 1);
		state_take_up(&s);
		for (int k = 0; k < 3; k++) {
			(void)state_promote(&s);
			if (store_save(&st, &s))
				_exit(3);
			++*changes;
		}
		store_prune(&st, &s);
	}
}

/* whole - whether what is live is there, and is what it was when it was put there */
static bool whole(struct store *st, uint64_t *ret_serial) {
	struct buf got = { 0 };
	struct state s;
	bool ok = !store_load(st, &s);

	(void)state_orphan(&s);
	ok = ok && state_pick(&s, false)->there && state_pick(&s, true)->there &&
	     !store_get(st, state_pick(&s, false)->hash, &got) && got.len == 4096;
	for (size_t i = 0; ok && i < got.len; i++)
		ok = got.data[i] == (char)s.live.hash[0];
	*ret_serial = s.serial;
	buf_done(&got);
	return ok;
}

/*
 * run_for - swaps, and is killed @us microseconds after its @n-th change; false: it ended by itself
 * However slow the machine is: the time begins with the change, for which a minute is waited.
 */
static bool run_for(uint32_t n, long us) {
	const struct timespec t = { 0, us * 1000 }, step = { 0, 100000 };
	volatile uint32_t *changes = mmap(NULL, sizeof(*changes), PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	pid_t pid;

	if (changes == MAP_FAILED)
		return false;
	pid = fork();
	if (!pid)
		swap(changes);
	for (int i = 0; i < 600000 && *changes < n; i++)
		if (nanosleep(&step, NULL) || waitpid(pid, &status, WNOHANG))
			break;
	(void)nanosleep(&t, NULL);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	n = *changes < n;
	(void)munmap((void *)changes, sizeof(*changes));
	return !n && WIFSIGNALED(status);
}

static void killed_at_200_moments_it_is_the_old_one_or_the_new_one(void) {
	uint64_t serial = 0, first = 0;
	struct store st;
	int bad = 0;

	CHECK(!store_open(folder, &st));
	CHECK(run_for(3, 0)); /* now what is live is one of its own */
	CHECK(whole(&st, &first));
	for (int i = 0; i < 200; i++)
		bad += !run_for((uint32_t)i % 7, i * 79 % 200 * 20) || !whole(&st, &serial);
	CHECK(bad == 0);
	CHECK(serial > first + 200); /* there was something to be cut off */
	store_close(&st);
}

int main(void) {
	char command[64];

	if (!access("/dev/shm", W_OK)) /* in memory, a sync takes no time */
		(void)strcpy(folder, "/dev/shm/lw-state-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	RUN(a_bundle_is_live_only_on_probation_and_proven_after_it);
	RUN(a_trial_that_fails_leaves_what_was_before);
	RUN(there_and_back_and_there_again);
	RUN(the_list_of_reverted_is_bounded_and_the_newest_stay);
	RUN(text_is_read_back_and_no_other_text_is_believed);
	RUN(a_folder_is_made_and_a_state_kept_in_it);
	RUN(killed_at_200_moments_it_is_the_old_one_or_the_new_one);
	RUN(the_history_is_bounded_and_keeps_whole_lines);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command))
		return 1;
	DONE();
}
