/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/filter.h"

#include <ctype.h>
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/nearest.h"
#include "event/word.h"
#include "filter/secret.h"

#define NS_PER_S 1000000000ull
#define HASH_BYTES 16
#define HASH_TEXT (3 + 2 * HASH_BYTES) /* "b2:" and hex */
#define WORD_MAX 64

enum treatment { WHOLE, OMITTED, HASHED, MASKED };

struct filter {
	struct event_kinds kinds, unwanted; /* none: all kinds, no kind */
	uint32_t severity, level;	    /* enum event_level; 0: any */
	bool detections_only;
	uint8_t treatment[FIELD_MAX];
	bool treats; /* some field is not WHOLE */
	bool secrets;
	struct secret_names names;
	uint8_t key[crypto_generichash_KEYBYTES];
	/* a bucket of tokens: what may be sent at once */
	uint64_t rate, tokens_ns, last_ns; /* a token is NS_PER_S / rate of @tokens_ns */
};

const struct filter_key filter_keys[] = {
	{ "kinds", "only these kinds of event: exec,connect" },
	{ "not_kinds", "all but these" },
	{ "severity", "events below it stay here; one without a detection is informational" },
	{ "level", "detections of rules below it are taken out of events" },
	{ "only", "all, or detections: only events with a detection (that is left)" },
	{ "omit", "fields or messages to leave out: process.cwd,exec" },
	{ "hash", "fields of text to replace by a keyed hash: process.user" },
	{ "hash_key", "the key of the hash; two sinks with one key give one hash" },
	{ "mask", "fields of text to replace by ****" },
	{ "secrets", "mask secrets in command lines: yes, no, or names that announce one" },
	{ "max_rate", "events a second; more are counted and told once a minute; 0: no cap" },
	{ 0 },
};

static __attribute__((format(printf, 2, 3))) int refuse(const char **why, const char *fmt, ...) {
	static char sentence[200];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	*why = sentence;
	return -EINVAL;
}

int filter_new(bool masked, struct filter **ret) {
	struct filter *f = calloc(1, sizeof(*f));

	if (!f || sodium_init() < 0) {
		free(f);
		return -ENOMEM;
	}
	f->secrets = masked;
	secret_defaults(&f->names);
	randombytes_buf(f->key, sizeof(f->key));
	*ret = f;
	return 0;
}

void filter_free(struct filter *f) {
	if (f)
		sodium_memzero(f->key, sizeof(f->key));
	free(f);
}

/* --- what the keys say ----------------------------------------------------------------------- */

/* next_word - the next of a list "a,b,c", and the rest of it; false at its end */
static bool next_word(const char **list, char word[WORD_MAX]) {
	size_t n = strcspn(*list, ",");

	if (!**list)
		return false;
	(void)snprintf(word, WORD_MAX, "%.*s", (int)(n < WORD_MAX ? n : WORD_MAX - 1), *list);
	*list += n + ((*list)[n] == ',');
	return true;
}

static void lower_case(const char *word, char ret[WORD_MAX]) {
	size_t n = 0;

	for (; word[n] && n < WORD_MAX - 1; n++)
		ret[n] = (char)tolower((unsigned char)word[n]);
	ret[n] = '\0';
}

/* refuse_word - @word is no @what; one of @words may have been meant */
static int refuse_word(const char **why, const char *word, const char *what,
		       const char *const *words, size_t n) {
	const char *near = nearest_word(word, words, n);

	return refuse(why, "\"%s\" is no %s%s%s%s", word, what, near ? "; did you mean \"" : "",
		      near ? near : "", near ? "\"?" : "");
}

static int no_kind(const char *word, const char **why) {
	static char deeds[WIRE_KIND_MAX][WORD_MAX];
	const char *words[WIRE_KIND_MAX];
	char lower[WORD_MAX];
	size_t n = 0;

	for (uint32_t kind = 1; kind < WIRE_KIND_MAX; kind++) {
		const char *name = event_word(FIELD_KIND, kind);

		if (!name)
			continue;
		lower_case(strchr(name, '_') ? strchr(name, '_') + 1 : name, deeds[n]);
		words[n] = deeds[n];
		n++;
	}
	lower_case(word, lower);
	return refuse_word(why, lower, "kind of event", words, n);
}

static int no_field(const char *word, const char **why) {
	const char *words[FIELD_MAX];

	for (int i = 0; i < FIELD_MAX; i++)
		words[i] = fields[i].name;
	return refuse_word(why, word, "field of an event", words, FIELD_MAX);
}

static int set_kinds(struct event_kinds *ret, const char *list, const char **why) {
	char word[WORD_MAX];

	*ret = (struct event_kinds){ 0 };
	while (next_word(&list, word)) {
		uint32_t kind = event_kind_by_name(word);

		if (!kind)
			return no_kind(word, why);
		event_kinds_add(ret, kind);
	}
	return 0;
}

static int set_level(uint32_t *ret, const char *value, const char **why) {
	for (uint32_t i = 0; i < EVENT_LEVELS; i++) {
		if (!strcmp(value, event_levels[i])) {
			*ret = LEVEL_INFORMATIONAL + i;
			return 0;
		}
	}
	return refuse(why, "\"%.40s\" is not informational, low, medium, high or critical", value);
}

static bool is_text(enum field_id id) {
	return fields[id].type == FIELD_STR || fields[id].type == FIELD_STRV;
}

static int set_fields(struct filter *f, enum treatment how, const char *list, const char **why) {
	char word[WORD_MAX];

	while (next_word(&list, word)) {
		bool found = false;

		for (int i = 0; i < FIELD_MAX; i++) {
			bool whole = how == OMITTED && !strcmp(fields[i].message, word);

			if (!whole && strcmp(fields[i].name, word) != 0)
				continue;
			if (how != OMITTED && !is_text((enum field_id)i))
				return refuse(why, "\"%s\" is no text", word);
			f->treatment[i] = (uint8_t)how;
			found = f->treats = true;
		}
		if (!found)
			return no_field(word, why);
	}
	return 0;
}

static int set_secrets(struct filter *f, const char *value, const char **why) {
	char word[WORD_MAX];

	f->secrets = strcmp(value, "no") != 0;
	secret_defaults(&f->names);
	if (!f->secrets || !strcmp(value, "yes"))
		return 0;
	f->names.n = 0;
	while (next_word(&value, word)) {
		if (secret_add(&f->names, str_of(word)))
			return refuse(why, "\"%s\" cannot be a name that announces a secret", word);
	}
	return 0;
}

static int set_rate(struct filter *f, const char *value, const char **why) {
	char *end;
	unsigned long long rate;

	errno = 0;
	rate = strtoull(value, &end, 10);
	if (errno || *end || end == value || *value == '-' || rate > 10000000)
		return refuse(why, "\"%.40s\" is no number of events a second, at most 10000000",
			      value);
	f->rate = rate;
	f->tokens_ns = NS_PER_S; /* the bucket is full: a second's worth */
	return 0;
}

int filter_set(struct filter *f, const char *key, const char *value, const char **why) {
	if (!strcmp(key, "kinds"))
		return set_kinds(&f->kinds, value, why);
	if (!strcmp(key, "not_kinds"))
		return set_kinds(&f->unwanted, value, why);
	if (!strcmp(key, "severity"))
		return set_level(&f->severity, value, why);
	if (!strcmp(key, "level"))
		return set_level(&f->level, value, why);
	if (!strcmp(key, "omit"))
		return set_fields(f, OMITTED, value, why);
	if (!strcmp(key, "hash"))
		return set_fields(f, HASHED, value, why);
	if (!strcmp(key, "mask"))
		return set_fields(f, MASKED, value, why);
	if (!strcmp(key, "secrets"))
		return set_secrets(f, value, why);
	if (!strcmp(key, "max_rate"))
		return set_rate(f, value, why);
	if (!strcmp(key, "hash_key")) {
		(void)crypto_generichash(f->key, sizeof(f->key), (const uint8_t *)value,
					 strlen(value), NULL, 0);
		return 0;
	}
	if (strcmp(key, "only") != 0)
		return -ENOENT;
	f->detections_only = !strcmp(value, "detections");
	if (f->detections_only || !strcmp(value, "all"))
		return 0;
	return refuse(why, "\"only\" takes all or detections, not \"%.40s\"", value);
}

bool filter_omits(const struct filter *f, enum field_id field) {
	return f->treatment[field] == OMITTED;
}

/* --- deciding -------------------------------------------------------------------------------- */

/* keep_detections - only those of f->level and above; they may move, so they are copied */
static bool keep_detections(const struct filter *f, struct arena *arena, struct event *e) {
	uint32_t n = 0;
	struct detection *kept;

	for (uint32_t i = 0; i < e->n_detections; i++)
		n += e->detections[i].level >= f->level;
	if (n == e->n_detections)
		return true;
	kept = arena_alloc(arena, n * sizeof(*kept) + 1);
	if (!kept)
		return false;
	n = 0;
	for (uint32_t i = 0; i < e->n_detections; i++) {
		if (e->detections[i].level >= f->level)
			kept[n++] = e->detections[i];
	}
	e->detections = kept;
	e->n_detections = n;
	return true;
}

static uint32_t severity_of(const struct event *e) {
	uint32_t most = LEVEL_INFORMATIONAL;

	for (uint32_t i = 0; i < e->n_detections; i++)
		most = e->detections[i].level > most ? e->detections[i].level : most;
	return most;
}

static bool wanted(const struct filter *f, const struct event *e) {
	uint32_t kind = event_has(e, FIELD_KIND) ? e->kind : 0;

	if (event_kinds_any(&f->kinds) && !event_kinds_has(&f->kinds, kind))
		return false;
	if (event_kinds_has(&f->unwanted, kind))
		return false;
	if (f->detections_only && !e->n_detections)
		return false;
	return severity_of(e) >= f->severity;
}

/* may_send - takes a token of the bucket, which fills with time up to a second's worth */
static bool may_send(struct filter *f, uint64_t now_ns) {
	uint64_t passed = f->last_ns && now_ns > f->last_ns ? now_ns - f->last_ns : 0;
	uint64_t price = f->rate ? NS_PER_S / f->rate : 0;

	f->last_ns = now_ns > f->last_ns ? now_ns : f->last_ns;
	f->tokens_ns += passed < NS_PER_S ? passed : NS_PER_S;
	f->tokens_ns = f->tokens_ns < NS_PER_S ? f->tokens_ns : NS_PER_S;
	if (f->tokens_ns < price)
		return false;
	f->tokens_ns -= price;
	return true;
}

/* --- changing -------------------------------------------------------------------------------- */

/* hashed - "b2:" and half of a keyed BLAKE2b of @x; absent when memory is out */
static struct str hashed(const struct filter *f, struct arena *arena, struct str x) {
	uint8_t hash[HASH_BYTES];
	char *text = arena_alloc(arena, HASH_TEXT + 1);

	if (!text)
		return (struct str){ 0 };
	(void)crypto_generichash(hash, sizeof(hash), (const uint8_t *)x.s, x.n, f->key,
				 sizeof(f->key));
	memcpy(text, "b2:", 3);
	(void)sodium_bin2hex(text + 3, 2 * HASH_BYTES + 1, hash, sizeof(hash));
	return (struct str){ text, HASH_TEXT };
}

static struct str replaced(const struct filter *f, struct arena *arena, enum treatment how,
			   struct str x) {
	return how == HASHED ? hashed(f, arena, x) : STR(SECRET_MASK);
}

static void replace_list(const struct filter *f, struct arena *arena, enum treatment how,
			 struct event *e, enum field_id id) {
	struct strv *at = (struct strv *)((char *)e + fields[id].offset);
	struct str *v = arena_alloc(arena, at->n * sizeof(*v) + 1);

	for (uint32_t i = 0; v && i < at->n; i++) {
		v[i] = replaced(f, arena, how, at->v[i]);
		if (!v[i].s)
			v = NULL;
	}
	if (v)
		at->v = v;
	else
		event_unmark(e, id);
}

static void treat(const struct filter *f, struct arena *arena, struct event *e) {
	for (int i = 0; i < FIELD_MAX; i++) {
		enum treatment how = (enum treatment)f->treatment[i];
		enum field_id id = (enum field_id)i;
		struct str *at = (struct str *)((char *)e + fields[i].offset);

		if (how == WHOLE || !event_has(e, id))
			continue;
		if (how == OMITTED) {
			event_unmark(e, id);
			if (id == FIELD_DEGRADED)
				e->degraded = 0;
		} else if (fields[i].type == FIELD_STRV) {
			replace_list(f, arena, how, e, id);
		} else {
			*at = replaced(f, arena, how, *at);
			if (!at->s)
				event_unmark(e, id);
		}
	}
}

/*
 * Every "command_line" and "args" of an event is a command line, of whichever message; and
 * "environment" is like one that begins with its first variable. In a line of a log one may stand,
 * as in sudo's.
 */
static void mask_secrets(const struct filter *f, struct arena *arena, struct event *e) {
	for (int i = 0; i < FIELD_MAX; i++) {
		void *at = (char *)e + fields[i].offset;
		enum field_id id = (enum field_id)i;

		if (!event_has(e, id))
			continue;
		if (id == FIELD_LOG_TEXT ||
		    (fields[i].type == FIELD_STR && !strcmp(fields[i].member, "command_line"))) {
			struct str *line = at;

			*line = secret_mask_line(&f->names, arena, *line);
			if (!line->s)
				event_unmark(e, id);
		} else if (fields[i].type == FIELD_STRV &&
			   (!strcmp(fields[i].member, "args") ||
			    !strcmp(fields[i].member, "environment"))) {
			struct strv *list = at;

			*list = secret_mask_args(&f->names, arena, *list);
			if (!list->v)
				event_unmark(e, id);
		}
	}
}

/* mask_groups - a correlation may group by command lines: "CommandLine=…" */
static void mask_groups(const struct filter *f, struct arena *arena, struct event *e) {
	struct detection *copy;
	bool any = false;

	for (uint32_t i = 0; i < e->n_detections; i++)
		any |= e->detections[i].group.n > 0;
	if (!any)
		return;
	copy = arena_alloc(arena, e->n_detections * sizeof(*copy));
	for (uint32_t i = 0; copy && i < e->n_detections; i++) {
		struct strv *group = &copy[i].group;

		copy[i] = e->detections[i];
		if (group->n)
			*group = secret_mask_args(&f->names, arena, *group);
		if (!group->v)
			group->n = 0;
	}
	e->detections = copy;
	e->n_detections = copy ? e->n_detections : 0; /* no memory: rather nothing than a secret */
}

enum filter_verdict filter_event(struct filter *f, struct arena *arena, uint64_t now_ns,
				 struct event *e) {
	if (!keep_detections(f, arena, e) || !wanted(f, e))
		return FILTER_UNWANTED;
	if (f->rate && !e->n_detections && !may_send(f, now_ns))
		return FILTER_CAPPED;
	if (!f->secrets && !f->treats)
		return FILTER_SENT;
	/* nothing of it may be copied from what was encoded for others */
	event_unkey(e);
	if (f->secrets)
		mask_secrets(f, arena, e);
	if (f->secrets && e->n_detections)
		mask_groups(f, arena, e);
	if (f->treats)
		treat(f, arena, e);
	return FILTER_SENT;
}

void filter_notice(const struct filter *f, struct arena *arena, struct event *e) {
	if (f && f->treats) {
		event_unkey(e);
		treat(f, arena, e);
	}
}
