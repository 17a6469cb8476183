/* SPDX-License-Identifier: Apache-2.0 */
#include "app/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include "app/recorder.h"
#include "base/file.h"
#include "base/log.h"

#define LOCK_MS 5000

uint64_t intake_now_s(void) {
	return (uint64_t)time(NULL);
}

void intake_tell(const struct store *store, struct verdict *v) {
	int err;

	v->time_s = intake_now_s();
	err = store_tell(store, v);
	if (err)
		log_warn("the history of \"%s\" cannot be written: %s, continuing", store->path,
			 strerror(-err));
}

static int check(const struct intake *in, const struct state *state, const void *bytes, size_t n,
		 struct bundle *b, struct verdict *v) {
	static struct keys_root root;
	struct gate_now now = { .now_s = intake_now_s(),
				.root = &root,
				.engine = LAPWING_VERSION,
				.channel = in->owner ? "" : in->channel,
				.floor = state->floor,
				.back = in->owner };
	const char *why;
	struct seal s;
	int err = store_root(in->store, &root);

	if (err) {
		verdict_say(v, "seal", "refused", "root", "no root is trusted here: \"lapwing "
			    "content trust\" installs one");
		return err;
	}
	if (!in->owner && !in->retry && !seal_open(bytes, n, &s, &why))
		now.reverted = state_was_reverted(state, s.hash, NULL);
	return gate_check(bytes, n, &now, b, v);
}

static int try_out(const struct intake *in, const struct state *state, const void *bytes, size_t n,
		   struct verdict *v) {
	static struct rehearse_report report;
	const struct state_slot *live = state_pick(state, true);
	struct rehearse_job job = { .candidate.bundle = { bytes, (uint32_t)n },
				    .limits = in->limits,
				    .progress_fd = in->progress_fd };
	struct buf files[1 + REHEARSE_TAPES] = { 0 };
	int err;

	if (live->there && !store_get(in->store, live->hash, &files[0])) {
		job.live.bundle = (struct str){ files[0].data, (uint32_t)files[0].len };
	} else {
		job.live.paths = in->rules;
		job.live.n_paths = in->n_rules;
	}
	if (in->tapes)
		recorder_read(in->tapes, &files[1], &files[2]);
	for (int i = 0; i < REHEARSE_TAPES; i++)
		job.tapes[i] = (struct str){ files[1 + i].data, (uint32_t)files[1 + i].len };
	err = rehearse(&job, &report, v);
	if (err && err != -ECANCELED)
		verdict_say(v, "rehearsal", "refused", "host", "it cannot be rehearsed: %s",
			    strerror(-err));
	for (int i = 0; i < 1 + REHEARSE_TAPES; i++)
		buf_done(&files[i]);
	return err;
}

/* put_on_trial - the slot, then the state that names it */
static int put_on_trial(const struct intake *in, const void *bytes, size_t n,
			const struct bundle *b, struct verdict *v) {
	struct state_slot slot = { .there = true, .version = b->manifest.version };
	struct state state;
	int err;

	memcpy(slot.hash, b->hash, SEAL_HASH_BYTES);
	err = store_lock(in->store, LOCK_MS) ?: store_load(in->store, &state);
	if (!err && state.stage) {
		state_rollback(&state); /* the newer one takes its turn */
		verdict_say(v, "store", "reverted", "replaced", "another bundle takes its place");
	}
	if (!err)
		err = store_put(in->store, slot.hash, bytes, n);
	if (!err) {
		state_begin(&state, &slot, in->order);
		err = store_save(in->store, &state);
	}
	/* what could not be named by a state takes no room */
	if (!err || !store_load(in->store, &state))
		store_prune(in->store, &state);
	store_unlock(in->store);
	if (err)
		verdict_say(v, "store", "refused", "disk", "it cannot be kept: %s", strerror(-err));
	else
		verdict_say(v, "store", "passed", "-", "it is in its slot, and its trial begins");
	return err;
}

int intake_bundle(const struct intake *in, const void *bytes, size_t n, struct verdict *ret) {
	static struct bundle b;
	struct state state;
	int err = store_load(in->store, &state);

	*ret = (struct verdict){ .order = in->order };
	if (err) {
		verdict_say(ret, "store", "refused", "state", "the state of \"%s\" cannot be read: "
			    "%s", in->store->path, strerror(-err));
	} else {
		err = check(in, &state, bytes, n, &b, ret);
		intake_tell(in->store, ret);
	}
	if (err)
		return err;
	if (state_slot_is(&state.live, b.hash) ||
	    (state.stage && state_slot_is(&state.trial, b.hash))) {
		verdict_say(ret, "store", "held", "here", "it is live or on trial already");
		return -EALREADY;
	}
	err = try_out(in, &state, bytes, n, ret);
	intake_tell(in->store, ret);
	if (err)
		return err;
	err = put_on_trial(in, bytes, n, &b, ret);
	intake_tell(in->store, ret);
	return err;
}

int intake_root(struct store *store, const void *bytes, size_t n, struct verdict *ret) {
	static struct keys_root root;
	const char *why = "it is no root";
	struct seal s;
	int err = store_root(store, &root);

	*ret = (struct verdict){ 0 };
	if (err == -ENOENT) {
		err = seal_open(bytes, n, &s, &why) ?: keys_parse(&s, &root);
		if (!err && !keys_signed(&root, KEYS_ROOT, &s, NULL)) {
			err = -EKEYREJECTED;
			why = "too few of its own root keys have signed it";
		}
	} else if (!err) {
		err = keys_rotate(&root, bytes, n, &why);
	}
	if (!err)
		err = store_set_root(store, bytes, n);
	if (err)
		verdict_say(ret, "seal", "refused", "root", "%s", why);
	else
		verdict_say(ret, "seal", "passed", "root", "root %llu is trusted",
			    (unsigned long long)root.version);
	intake_tell(store, ret);
	return err;
}
