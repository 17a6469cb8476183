/* SPDX-License-Identifier: Apache-2.0 */
#include "guard/guard.h"

#include <stdio.h>
#include <string.h>

/* Strikes at which a level begins. */
static const uint32_t strikes_for[GUARD_LEVELS] = { 0, 2, 3, 4 };

const char *guard_word(enum guard_level level) {
	static const char *const words[GUARD_LEVELS] = { "full", "last-good", "core", "safe" };

	return words[level];
}

static int tuple_find(const struct guard_tuples *t, const uint8_t hash[GUARD_HASH_BYTES]) {
	for (uint32_t i = 0; i < t->n; i++)
		if (!memcmp(t->list[i].hash, hash, GUARD_HASH_BYTES))
			return (int)i;
	return -1;
}

/* tuple_put - @hash with @level as the newest of @t; one that is there keeps its time */
static void tuple_put(struct guard_tuples *t, const uint8_t hash[GUARD_HASH_BYTES],
		      uint32_t level, uint32_t since_s) {
	int at = tuple_find(t, hash);

	if (at >= 0) {
		since_s = t->list[at].since_s;
	} else {
		t->n += t->n < GUARD_TUPLES;
		at = (int)t->n - 1;
	}
	memmove(t->list + 1, t->list, (size_t)at * sizeof(*t->list));
	t->list[0].level = level;
	t->list[0].since_s = since_s;
	memcpy(t->list[0].hash, hash, GUARD_HASH_BYTES);
}

/* proven_at - GUARD_LAST_GOOD attaches what GUARD_FULL does; what ran in full can run in part */
static bool proven_at(const struct guard_mark *m, const uint8_t *tuple, enum guard_level level) {
	int at = tuple_find(&m->proven, tuple);

	return level == GUARD_SAFE ||
	       (at >= 0 && (m->proven.list[at].level <= level ||
			    (level == GUARD_FULL && m->proven.list[at].level == GUARD_LAST_GOOD)));
}

/* judge - what the last start's end, or the want of one, means */
static void judge(struct guard_mark *m, const struct guard_now *now) {
	bool same_boot = !memcmp(m->boot, now->boot, sizeof(now->boot));

	if (m->phase == GUARD_CLEAN) {
		m->strikes = 0;
		return;
	}
	if (m->phase == GUARD_ASKED)
		return;
	if (same_boot) {
		m->strikes++;
		return;
	}
	/* a machine that went down with what it had run well before says nothing of us */
	if (m->phase == GUARD_ATTEMPT && m->level != GUARD_SAFE)
		tuple_put(&m->quarantined, m->tuple,
			  m->level == GUARD_CORE ? GUARD_SAFE : GUARD_CORE, 0);
}

static enum guard_level by_strikes(uint32_t strikes) {
	enum guard_level level = GUARD_SAFE;

	while (strikes < strikes_for[level])
		level--;
	return level;
}

static void lower(struct guard_start *s, enum guard_level level, const char *why) {
	if (level <= s->level)
		return;
	s->level = level;
	(void)snprintf(s->why, sizeof(s->why), "%s", why);
}

bool guard_waits(const struct guard_mark *m, const struct guard_now *now) {
	int at = tuple_find(&m->proven, now->tuple);
	const struct guard_tuple *t = &m->proven.list[at < 0 ? 0 : at];

	if (!now->core_s)
		return false;
	if (at < 0)
		return true;
	/* a clock that went back makes it wait for longer, and not for less */
	return t->level >= GUARD_CORE && t->since_s &&
	       (now->time_s < t->since_s || now->time_s - t->since_s < now->core_s);
}

void guard_begin(struct guard_mark *m, const struct guard_now *now, struct guard_start *ret) {
	struct guard_start s = { 0 };
	char why[sizeof(s.why)];
	int at;

	judge(m, now);
	(void)snprintf(why, sizeof(why), "the last %u starts died%s%.64s", m->strikes,
		       now->step[0] ? ", the last of them at: " : "", now->step);
	lower(&s, by_strikes(m->strikes), why);
	at = tuple_find(&m->quarantined, now->tuple);
	(void)snprintf(why, sizeof(why),
		       "the machine went down while these programs were tried on this kernel for "
		       "the first time%s%.64s",
		       now->step[0] ? ", at: " : "", now->step);
	if (at >= 0)
		lower(&s, (enum guard_level)m->quarantined.list[at].level, why);
	lower(&s, (enum guard_level)m->ordered, "its owner ordered so");
	if (s.level < GUARD_CORE && guard_waits(m, now)) {
		lower(&s, GUARD_CORE, "this sensor on this kernel is new here, and its owner "
				      "wants more of it only after a time");
		s.waits = true;
	}
	s.unproven = !proven_at(m, now->tuple, s.level);
	m->phase = s.unproven ? GUARD_ATTEMPT : GUARD_AGAIN;
	m->level = s.level;
	memcpy(m->boot, now->boot, sizeof(m->boot));
	memcpy(m->tuple, now->tuple, sizeof(m->tuple));
	*ret = s;
}

void guard_unkept(struct guard_mark *m, struct guard_start *s) {
	if (!s->unproven || s->level >= GUARD_CORE)
		return;
	lower(s, GUARD_CORE, "the disk does not take what starts come to, and this sensor was "
			     "never proven on this kernel");
	s->unkept = true;
	s->unproven = !proven_at(m, m->tuple, s->level);
	m->phase = s->unproven ? GUARD_ATTEMPT : GUARD_AGAIN;
	m->level = s->level;
}

void guard_proven(struct guard_mark *m, const struct guard_now *now) {
	int at = tuple_find(&m->proven, m->tuple);
	uint32_t level = m->level;

	m->phase = GUARD_PROVEN;
	if (level == GUARD_SAFE)
		return;
	/* what is proven at a higher level stays so */
	if (at >= 0 && m->proven.list[at].level < level)
		level = m->proven.list[at].level;
	tuple_put(&m->proven, m->tuple, level, now->time_s);
	/* a lower level that runs well says nothing of the higher one that did not */
	m->strikes = strikes_for[m->level] < m->strikes ? strikes_for[m->level] : m->strikes;
}

void guard_clean(struct guard_mark *m) {
	m->phase = GUARD_CLEAN;
}

void guard_asked(struct guard_mark *m) {
	m->phase = GUARD_ASKED;
}

bool guard_calm(struct guard_mark *m) {
	enum guard_level level = by_strikes(m->strikes);

	if (level == GUARD_FULL || level <= m->ordered)
		return false;
	m->strikes = strikes_for[level - 1];
	return true;
}

void guard_order(struct guard_mark *m, enum guard_level level) {
	m->ordered = level;
}

void guard_release(struct guard_mark *m, const struct guard_now *now) {
	int at = tuple_find(&m->proven, now->tuple);

	m->strikes = 0;
	memset(&m->quarantined, 0, sizeof(m->quarantined));
	if (at >= 0)
		m->proven.list[at].since_s = 0;
	else /* of what runs no hook nothing is claimed by it */
		tuple_put(&m->proven, now->tuple, GUARD_SAFE, 0);
}

static bool tuples_sane(const struct guard_tuples *t) {
	bool sane = t->n <= GUARD_TUPLES;

	for (uint32_t i = 0; sane && i < t->n; i++)
		sane = t->list[i].level < GUARD_LEVELS;
	return sane;
}

bool guard_sane(const struct guard_mark *m) {
	return m->phase < GUARD_PHASES && m->level < GUARD_LEVELS && m->ordered < GUARD_LEVELS &&
	       m->strikes < UINT32_MAX / 2 && tuples_sane(&m->proven) &&
	       tuples_sane(&m->quarantined);
}
