/* SPDX-License-Identifier: Apache-2.0 */
#include "app/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/bundle.h"
#include "app/intake.h"
#include "app/rules.h"
#include "app/switches.h"
#include "base/file.h"
#include "base/log.h"
#include "base/procfile.h"

#define TELL_AT_ONCE 32 /* lines of the history in a second */

/* --- loading ---------------------------------------------------------------------------------- */

/* warn_lines - each of @text, in the log; the first without its end, or absent */
static struct str warn_lines(const struct buf *text) {
	struct str first = { 0 };
	const char *line, *end;

	for (line = text->data; line && line < text->data + text->len; line = end + 1) {
		end = memchr(line, '\n', (size_t)(text->data + text->len - line));
		if (!end)
			break;
		log_warn("%.*s", (int)(end - line), line);
		if (!first.n)
			first = (struct str){ line, (uint32_t)(end - line) };
	}
	return first;
}

/* unfit - for tend to tell: what the state names is not what runs, or not all of it */
static void unfit(struct live *l, const struct state_slot *slot, const char *reason,
		  const char *why) {
	const char *whole = strcmp(reason, "document") ? "" : " whole";
	struct verdict *v;

	log_warn("the bundle of version %llu cannot be loaded%s: %s, continuing",
		 (unsigned long long)slot->version, whole, why);
	if (l->n_unfit == LIVE_UNFIT)
		return;
	v = &l->unfit[l->n_unfit++];
	*v = (struct verdict){ .version = slot->version };
	memcpy(v->hash, slot->hash, SEAL_HASH_BYTES);
	verdict_say(v, "load", "refused", reason, "%s", why);
}

/* open_slot - the bundle that has the hash that it was let in by; @why not, or nothing */
static int open_slot(const struct live *l, const struct state_slot *slot, struct buf *bytes,
		     struct bundle *ret, char *why, size_t room) {
	struct seal s;
	const char *what;
	int err = store_get(&l->store, slot->hash, bytes);

	if (!err)
		err = seal_open(bytes->data, bytes->len, &s, &what);
	if (!err && memcmp(s.hash, slot->hash, SEAL_HASH_BYTES) != 0)
		err = -EBADMSG;
	if (!err)
		err = bundle_parse(&s, ret, &what);
	if (!err)
		err = schema_fits(&ret->manifest.schema, why, room);
	if (!err && bundle_lacks(&ret->manifest)) {
		err = -ENOEXEC;
		(void)snprintf(why, room, "it needs events of the kind %u",
			       bundle_lacks(&ret->manifest));
	}
	return err;
}

/*
 * load_slot - the rules of a bundle that was let in
 * Another version of the sensor may have let it in, so its fields are counted anew, and what was
 * proven runs without a document that this one refuses. @strict: what is on trial is not.
 */
static int load_slot(struct live *l, const struct state_slot *slot, bool strict,
		     struct ruleset **ret) {
	const struct detect_options how = { .strict = strict };
	static struct bundle b;
	struct buf bytes = { 0 }, faults = { 0 };
	char why[VERDICT_TEXT_BYTES] = "";
	struct str first;
	int err = open_slot(l, slot, &bytes, &b, why, sizeof(why));

	if (!err)
		err = bundle_rules(&b, &how, &faults, ret);
	first = warn_lines(&faults);
	if (err == -EINVAL && first.n)
		(void)snprintf(why, sizeof(why), "%.*s", STR_FMT(first));
	if (err)
		unfit(l, slot, err == -ERANGE ? "fields" : "load", why[0] ? why : strerror(-err));
	if (!err && first.n) {
		(void)snprintf(why, sizeof(why), "documents refused: %zu; the others run: %.*s",
			       ruleset_refused(*ret), STR_FMT(first));
		unfit(l, slot, "document", why);
	}
	if (!err && ruleset_remember(*ret))
		log_warn("there is no memory to remember events by, continuing");
	buf_done(&bytes);
	buf_done(&faults);
	return err;
}

static int load_files(const struct live *l, struct ruleset **ret) {
	return rules_load(l->o->rules, l->o->n_rules, &l->o->detect, ret);
}

/* load_picked - what the state says; if that cannot be, what was good, was before, the files */
static int load_picked(struct live *l, struct ruleset **ret) {
	const struct state_slot *slots[] = { state_pick(&l->state, l->o->last_good),
					     &l->state.good, &l->state.before[0],
					     &l->state.before[1] };
	/* of one that passed its trial long ago nothing on trial can be the fault */
	bool tried = l->state.stage == TRIAL_PROBATION && !l->o->last_good;

	l->n_unfit = 0;
	l->loaded = false;
	l->failed = false;
	if (l->store.dir < 0 || !slots[0]->there)
		return load_files(l, ret);
	for (int i = 0; i < 4; i++) {
		if (!slots[i]->there || (i && state_slot_is(slots[0], slots[i]->hash)))
			continue;
		if (!load_slot(l, slots[i], !i && tried, ret)) {
			l->loaded = true;
			memcpy(l->hash, slots[i]->hash, SEAL_HASH_BYTES);
			return 0;
		}
		l->failed |= !i && tried;
	}
	return load_files(l, ret);
}

/* watch_asked - the hooks are to tell of the reads that @rules ask for */
static void watch_asked(struct live *l, const struct ruleset *rules) {
	struct buf refused = { 0 };

	if (!l->watch)
		return;
	if (watch_rules(l->watch, rules, &refused))
		log_warn("there is no memory to watch what rules ask for, continuing");
	(void)warn_lines(&refused);
	buf_done(&refused);
}

/* take_rules - @rules are live from now on */
static void take_rules(struct live *l, struct corridor *c, struct ruleset *rules) {
	struct rule_info info;

	if (rules && c->rules)
		ruleset_adopt(rules, c->rules);
	ruleset_free(c->rules);
	c->rules = rules;
	watch_asked(l, rules);
	free(l->budgets);
	l->n_budgets = l->n_disarmed = 0;
	while (rules && !ruleset_info(rules, l->n_budgets, &info))
		l->n_budgets++;
	l->budgets = calloc(l->n_budgets + 1, sizeof(*l->budgets));
	if (!l->budgets)
		l->n_budgets = 0;
	(void)switches_rules(l, c, NULL);
}

int live_load(struct live *l, struct corridor *c) {
	struct ruleset *rules = NULL;
	int err = load_picked(l, &rules);

	if (!err)
		take_rules(l, c, rules);
	return err;
}

void live_reload(struct live *l, struct corridor *c) {
	struct ruleset *rules = NULL;

	if (load_picked(l, &rules)) {
		log_error("the new rules are not used; the old ones stay in force, continuing");
		return;
	}
	take_rules(l, c, rules);
	log_info("reloaded %zu rules", rules ? ruleset_count(rules) : 0);
}

/* --- the state -------------------------------------------------------------------------------- */

static void set_shadow(struct live *l, struct corridor *c) {
	struct ruleset *shadow = NULL;

	ruleset_free(c->shadow);
	c->shadow = NULL;
	if (l->state.stage == TRIAL_SHADOW && !l->o->last_good) {
		l->failed = load_slot(l, &l->state.trial, true, &shadow) != 0;
		c->shadow = shadow;
	}
	c->shadow_matches = c->shadow_ns = 0;
	l->last.shadow_matches = l->last.shadow_ns = 0;
}

/* follow_state - a state that cannot be read changes nothing */
static void follow_state(struct live *l, struct corridor *c) {
	const struct state_slot *slot;
	struct stat st;
	struct state now;
	bool same;

	if (fstatat(l->store.dir, "state", &st, 0) || st.st_ino == l->state_ino ||
	    store_load(&l->store, &now))
		return;
	l->state_ino = st.st_ino;
	l->state = now;
	l->failed = false; /* that was another state's bundle */
	slot = state_pick(&now, l->o->last_good);
	same = slot->there ? l->loaded && !memcmp(slot->hash, l->hash, SEAL_HASH_BYTES)
			   : !l->loaded;
	if (!same)
		live_reload(l, c);
	set_shadow(l, c);
}

/* --- telling ---------------------------------------------------------------------------------- */

static int tell_history(struct live *l, struct host *h) {
	int fd = openat(l->store.dir, "history", O_RDONLY | O_CLOEXEC), err = 0;
	char text[VERDICT_LINE_BYTES * 4];
	struct verdict v;
	struct stat st;

	if (fd < 0)
		return 0;
	if (!fstat(fd, &st) && (uint64_t)st.st_size < l->told)
		l->told = 0; /* its older half is gone */
	for (int i = 0; i < TELL_AT_ONCE && !err; i++) {
		ssize_t n = pread(fd, text, sizeof(text), (off_t)l->told);
		const char *nl = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;

		if (!nl)
			break;
		if (!verdict_parse((struct str){ text, (uint32_t)(nl - text) }, &v))
			err = host_content(h, &v);
		l->told += (uint64_t)(nl - text) + 1;
	}
	(void)close(fd);
	return err;
}

static int tell_unfit(struct live *l, struct host *h) {
	size_t n = l->n_unfit;
	int err = 0;

	l->n_unfit = 0;
	for (size_t i = 0; i < n && !err; i++)
		err = host_content(h, &l->unfit[i]);
	return err;
}

static int tell_budget(struct live *l, struct host *h, const struct rule_info *info,
		       enum budget_state state, const char *reason) {
	static const char *const words[] = { "armed", "sampled", "disarmed" };
	struct verdict v = { .version = l->loaded ? state_pick(&l->state, false)->version : 0 };

	if (l->loaded)
		memcpy(v.hash, l->hash, SEAL_HASH_BYTES);
	verdict_say(&v, "budget", words[state], state == BUDGET_ARMED ? "-" : reason,
		    "the rule \"%.*s\"", STR_FMT(info->detection->title));
	return host_content(h, &v);
}

static int tend_budgets(struct live *l, struct corridor *c, struct host *h, uint64_t now_ms) {
	struct rule_info info;
	int err = 0;

	l->n_disarmed = 0;
	for (size_t i = 0; i < l->n_budgets && !err; i++) {
		enum budget_state was = l->budgets[i].state, is;
		const char *reason = "-";

		if (ruleset_info(c->rules, i, &info))
			break;
		is = budget_step(&l->budgets[i], &budget_defaults, info.ns, info.hits, now_ms,
				 &reason);
		l->n_disarmed += is == BUDGET_DISARMED;
		if (is == was)
			continue;
		ruleset_arm(c->rules, i, budget_each(&l->budgets[i]));
		err = tell_budget(l, h, &info, is, reason);
	}
	return err;
}

static uint64_t rss_bytes(void) {
	uint64_t kib;

	return procfile_number("/proc/self/status", "VmRSS", &kib) ? 0 : kib * 1024;
}

static uint64_t cpu_us(void) {
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static uint64_t since(uint64_t *last, uint64_t now) {
	uint64_t n = now - *last;

	*last = now;
	return n;
}

static void send_sample(struct live *l, const struct corridor *c, uint64_t lost, uint64_t now_ms,
			bool leaving) {
	struct trial_sample s = {
		.boot_ms = now_ms,
		.span_ms = since(&l->last.ms, now_ms),
		.serial = l->state.serial,
		.told = l->told,
		.events = c ? since(&l->last.events, c->asked) : 0,
		.lost = since(&l->last.lost, lost),
		.cpu_us = since(&l->last.cpu_us, cpu_us()),
		.rss_bytes = rss_bytes(),
		.lag_ms = c ? export_lag_ms(c->export) : 0,
		.matches = c ? since(&l->last.matches, c->detections) : 0,
		.candidate_matches = c ? since(&l->last.shadow_matches, c->shadow_matches) : 0,
		.candidate_ns = c ? since(&l->last.shadow_ns, c->shadow_ns) : 0,
		.disarmed = l->state.stage == TRIAL_PROBATION ? l->n_disarmed : 0,
		.failed = l->failed,
		.leaving = leaving,
	};

	_Static_assert(sizeof(s) <= 512, "a sample is written at once"); /* PIPE_BUF, at least */
	if (l->pipe >= 0)
		(void)!write(l->pipe, &s, sizeof(s)); /* the updater hears silence */
}

int live_tend(struct live *l, struct corridor *c, struct host *h, uint64_t lost, uint64_t now_ns) {
	uint64_t now_ms = now_ns / 1000000;
	int err;

	if (l->recorder)
		recorder_tend(l->recorder);
	err = tend_budgets(l, c, h, now_ms) ?: switches_rules(l, c, h);
	if (l->store.dir < 0 || err)
		return err;
	/* what was measured is of the state that was in force */
	send_sample(l, c, lost, now_ms, false);
	follow_state(l, c);
	return tell_unfit(l, h) ?: tell_history(l, h);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static bool has_root(const struct store *s) {
	return !faccessat(s->dir, "root", R_OK, 0);
}

static int open_store(struct live *l) {
	struct buf told = { 0 };
	int err;

	if (access(l->o->updater.folder, F_OK))
		return 0;
	err = store_open(l->o->updater.folder, &l->store);
	if (!err && !has_root(&l->store)) {
		store_close(&l->store);
		return 0;
	}
	if (!err && !store_read(&l->store, "told", 32, &told) && told.len) {
		buf_add_char(&told, '\0');
		l->told = strtoull(told.data, NULL, 10);
	}
	buf_done(&told);
	return err;
}

int live_open(struct live *l, const struct live_options *o) {
	const char *folder;
	int err;

	*l = (struct live){ .o = o, .store = { -1, -1, -1, NULL }, .pipe = -1, .watch = l->watch };
	if (o->off)
		return 0;
	err = open_store(l);
	if (!err && l->store.dir >= 0)
		err = updater_start(&o->updater, &l->pipe);
	if (!err && l->store.dir >= 0)
		err = store_load(&l->store, &l->state);
	if (err) {
		log_error("the content in \"%s\" cannot be used: %s", o->updater.folder,
			  strerror(-err));
		return err;
	}
	folder = recorder_folder(o->updater.tapes);
	if (l->store.dir >= 0 && (!folder || recorder_open(folder, &l->recorder)))
		log_warn("there is no tmpfs for the flight recorder: rehearsals have no events of "
			 "this host, continuing");
	return 0;
}

void live_close(struct live *l, bool failed) {
	if (!failed)
		send_sample(l, NULL, l->last.lost, l->last.ms, true);
	if (l->pipe >= 0)
		(void)close(l->pipe);
	store_close(&l->store);
	recorder_free(l->recorder);
	free(l->budgets);
}
