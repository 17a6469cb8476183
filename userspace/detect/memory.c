/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define TRIAL 256	  /* events, after which it shows whether this is worth its while, */
#define WORTH (TRIAL / 8) /* by as many that were known */
#define REST 4096	  /* events that are not looked at where it is not */

#define EXECS 64	  /* of which the hash is known; a power of two */
#define TWINS 64	  /* that are known by their key; likewise */

/* What has a key of its own (event.h), by which it is known to be the same; and the rest. */
enum part { PART_OWN, PART_EXEC, PART_PARENT, PART_LINEAGE, PART_CONTAINER, PARTS };

/* An event: the values that rules ask for and it has, part by part, one after the other. */
struct known {
	uint64_t hash; /* 0: none is kept here */
	uint64_t has[EVENT_HAS_WORDS];
	uint64_t keys[PARTS]; /* 0 for the one that has none */
	uint16_t begin[PARTS + 1];
	bool younger; /* than the other one that may stand in its place */
	char bytes[MEMORY_BYTES];
};

/* A field of struct event. */
struct value {
	uint16_t offset;
	uint16_t id;  /* enum field_id */
	uint8_t type; /* enum field_type */
};

/* hash_texts() of an exec's part. */
struct exec_hash {
	uint64_t key; /* event.exec_key; 0: none is kept here */
	uint64_t hash;
};

struct memory {
	uint64_t asked[EVENT_HAS_WORDS]; /* fields, as bits of event.has */
	struct value values[FIELD_MAX];	 /* the same, part by part, */
	uint16_t begin[PARTS + 1];
	uint16_t n_texts[PART_EXEC + 1]; /* of these: texts of its own, and of its exec */
	uint32_t n_asked, n_known, rest; /* events */
	uint64_t hash; /* of the event that was asked about last; 0: it is not to be kept */
	struct known *events;
	struct exec_hash execs[EXECS];
	bool own; /* rules ask for what tells twins apart */
	uint64_t twins[TWINS]; /* event.twin_key of events for which no rule held */
};

#define EVENTS_BYTES (MEMORY_EVENTS * sizeof(struct known))

/* --- what rules ask for ---------------------------------------------------------------------- */

static void add_field(struct memory *m, enum field_id id) {
	m->asked[id / 64] |= 1ull << id % 64;
}

static void add_words(struct memory *m, uint32_t kind) {
	const uint64_t *words = taxonomy_words(kind == WIRE_PROCESS_EXEC);

	for (uint32_t w = 0; w < EVENT_HAS_WORDS; w++)
		m->asked[w] |= words[w];
}

/* add_slot - the fields that slot_fill() reads */
static void add_slot(struct memory *m, const struct slot *s, uint32_t kind) {
	switch ((enum source)s->taxon.source) {
	case SOURCE_TEXT:
	case SOURCE_NUMBER:
	case SOURCE_NAME:
	case SOURCE_NAMES:
	case SOURCE_LIST:
	case SOURCE_HASHES:
		add_field(m, s->taxon.field);
		break;
	case SOURCE_IMAGE:
		add_field(m, FIELD_PROCESS_EXECUTABLE);
		add_field(m, FIELD_PROCESS_NAME);
		add_field(m, FIELD_PROCESS_CWD);
		add_field(m, FIELD_EXEC_INVOKED);
		break;
	case SOURCE_PARENT_IMAGE:
		add_field(m, FIELD_PARENT_EXECUTABLE);
		add_field(m, FIELD_PARENT_NAME);
		break;
	case SOURCE_WORDS:
		add_words(m, kind);
		break;
	case SOURCE_NONE:
		break;
	}
}

static void add_expr(struct memory *m, const struct expr *x, uint32_t kind) {
	if (x->join == JOIN_PREDICATE) {
		add_slot(m, x->predicate->slot, kind);
		if (x->predicate->op >= OP_SAME)
			add_slot(m, x->predicate->other, kind);
		return;
	}
	for (uint32_t i = 0; i < (x->join == JOIN_NOT ? 1 : x->n); i++)
		add_expr(m, x->kids[i], kind);
}

/* is_exec - whether event.exec_key stands for the field */
static bool is_exec(uint32_t id) {
#define END_RUN(name)                                                                              \
	if (id >= FIELDS_##name && id < FIELDS_##name##_END)                                       \
		return true;
#include "event/field.def"
	return false;
}

static enum part part_of(uint32_t id) {
	return is_exec(id)					     ? PART_EXEC
	       : id >= FIELDS_parent && id < FIELDS_parent_END	     ? PART_PARENT
	       : id >= FIELDS_lineage && id < FIELDS_lineage_END     ? PART_LINEAGE
	       : id >= FIELDS_container && id < FIELDS_container_END ? PART_CONTAINER
								     : PART_OWN;
}

static void list_values(struct memory *m, enum part part, bool texts, uint16_t *n) {
	for (uint32_t id = 0; id < FIELD_MAX; id++) {
		const struct field *f = &fields[id];

		if (m->asked[id / 64] >> id % 64 & 1 && part_of(id) == part &&
		    (f->type == FIELD_STR) == texts)
			m->values[(*n)++] = (struct value){ f->offset, (uint8_t)id, f->type };
	}
}

static void list_parts(struct memory *m) {
	uint16_t n = 0;

	for (enum part part = 0; part < PARTS; part++) {
		m->begin[part] = n;
		list_values(m, part, true, &n);
		if (part <= PART_EXEC)
			m->n_texts[part] = n - m->begin[part];
		list_values(m, part, false, &n);
	}
	m->begin[PARTS] = n;
}

int memory_new(const struct bucket *b, uint32_t kind, struct memory **ret) {
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	/* calloc() may write; a page that is never written takes no memory: most kinds are rare */
	m->events = mmap(NULL, EVENTS_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->events == MAP_FAILED) {
		free(m);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < b->n; i++)
		add_expr(m, b->rows[i]->expr, kind);
	list_parts(m);
	for (uint32_t w = 0; w < EVENT_HAS_WORDS; w++)
		m->own |= (m->asked[w] & FIELD_OWN(w)) != 0;
	*ret = m;
	return 0;
}

void memory_free(struct memory *m) {
	if (!m)
		return;
	(void)munmap(m->events, EVENTS_BYTES);
	free(m);
}

/* --- the values of an event ----------------------------------------------------------------- */

/* asked - the fields of the word @w that count; `degraded` is there without its bit */
static inline uint64_t asked(const struct memory *m, const struct event *e, uint32_t w) {
	return m->asked[w] & (e->has[w] | (w == FIELD_DEGRADED / 64 ? FIELD_BIT(DEGRADED) : 0));
}

static inline bool has(const struct event *e, uint32_t id) {
	return event_has(e, id) || id == FIELD_DEGRADED;
}

static inline uint64_t key(const struct event *e, enum part part) {
	return part == PART_PARENT    ? e->parent_key
	       : part == PART_LINEAGE ? e->lineage_key
	       : part == PART_EXEC    ? e->exec_key
	       : part == PART_OWN     ? 0
				      : e->container_key;
}

static inline const void *value_at(const struct event *e, const struct value *v) {
	return (const char *)e + v->offset;
}

/* number_bytes - of a value that is a number */
static inline uint32_t number_bytes(const struct value *v) {
	return v->type == FIELD_BOOL			       ? sizeof(bool)
	       : v->type == FIELD_U32 || v->type == FIELD_ENUM ? sizeof(uint32_t)
							       : sizeof(uint64_t);
}

/* hash_texts - @h and the ends of the texts of a part */
static inline uint64_t hash_texts(const struct memory *m, const struct event *e, enum part part,
				  uint64_t h) {
	const struct value *v = &m->values[m->begin[part]];

	for (const struct value *end = v + m->n_texts[part]; v < end; v++) {
		const struct str *x = value_at(e, v);
		uint64_t tail = 0;

		if (!event_has(e, v->id))
			continue;
		if (x->n >= 8)
			memcpy(&tail, x->s + x->n - 8, 8);
		else if (x->n)
			tail = (unsigned char)x->s[x->n - 1];
		h = (h ^ tail ^ x->n) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	return h;
}

/* hash_exec - hash_texts() of the exec's part, made once for a key */
static inline uint64_t hash_exec(struct memory *m, const struct event *e) {
	struct exec_hash *x = &m->execs[e->exec_key % EXECS];

	if (!e->exec_key)
		return hash_texts(m, e, PART_EXEC, 0);
	if (x->key != e->exec_key)
		*x = (struct exec_hash){ e->exec_key, hash_texts(m, e, PART_EXEC, 0) };
	return x->hash;
}

/* hash - by texts that are the event's own: it only says where to look */
static uint64_t hash(struct memory *m, const struct event *e) {
	uint64_t h = (hash_texts(m, e, PART_OWN, e->kind) ^ hash_exec(m, e)) *
		     0x9e3779b97f4a7c15ull;

	return (h ^ h >> 29) | 1;
}

/* same_bytes - memcmp() for texts that are mostly not worth a call */
static inline bool same_bytes(const char *a, const char *b, uint32_t n) {
	uint64_t x, y;

	if (n < 8 || n > 64)
		return memcmp(a, b, n) == 0;
	for (uint32_t at = 0; at + 8 < n; at += 8) {
		memcpy(&x, a + at, 8);
		memcpy(&y, b + at, 8);
		if (x != y)
			return false;
	}
	memcpy(&x, a + n - 8, 8);
	memcpy(&y, b + n - 8, 8);
	return x == y;
}

/* same_text - what is kept at @at is @x: where the next is, or NULL */
static inline const char *same_text(const char *at, const struct str *x) {
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	at += sizeof(n);
	return n == x->n && same_bytes(at, x->s, n) ? at + n : NULL;
}

/* same_value - likewise */
static inline const char *same_value(const char *at, const struct event *e, const struct value *v) {
	const void *value = value_at(e, v);
	const struct strv *list = value;
	uint32_t n;

	if (v->type == FIELD_STR)
		return same_text(at, value);
	if (v->type != FIELD_STRV) {
		n = number_bytes(v);
		return (n == 4   ? !memcmp(at, value, 4)
			: n == 8 ? !memcmp(at, value, 8)
				 : *at == *(const char *)value)
			       ? at + n
			       : NULL;
	}
	memcpy(&n, at, sizeof(n));
	if (n != list->n)
		return NULL;
	at += sizeof(n);
	for (uint32_t i = 0; i < n && at; i++)
		at = same_text(at, &list->v[i]);
	return at;
}

static bool same_part(const struct memory *m, const struct known *k, const struct event *e,
		      enum part part) {
	const char *at = k->bytes + k->begin[part];

	for (uint32_t i = m->begin[part]; i < m->begin[part + 1] && at; i++) {
		if (has(e, m->values[i].id))
			at = same_value(at, e, &m->values[i]);
	}
	return at;
}

static bool same(const struct memory *m, struct known *k, const struct event *e) {
	for (uint32_t w = 0; w < EVENT_HAS_WORDS; w++) {
		if (asked(m, e, w) != k->has[w])
			return false;
	}
	for (enum part part = 0; part < PARTS; part++) {
		uint64_t own = key(e, part);

		if (own && own == k->keys[part])
			continue;
		if (!same_part(m, k, e, part))
			return false;
		k->keys[part] = own;
	}
	return true;
}

/* put - false: there is no room for it */
static bool put(struct known *k, uint32_t *at, const void *bytes, uint32_t n) {
	if (n > MEMORY_BYTES - *at)
		return false;
	if (n)
		memcpy(k->bytes + *at, bytes, n);
	*at += n;
	return true;
}

static bool put_text(struct known *k, uint32_t *at, const struct str *x) {
	return put(k, at, &x->n, sizeof(x->n)) && put(k, at, x->s, x->n);
}

static bool put_value(struct known *k, uint32_t *at, const struct event *e, const struct value *v) {
	const struct strv *list = value_at(e, v);

	if (v->type == FIELD_STR)
		return put_text(k, at, value_at(e, v));
	if (v->type != FIELD_STRV)
		return put(k, at, value_at(e, v), number_bytes(v));
	if (!put(k, at, &list->n, sizeof(list->n)))
		return false;
	for (uint32_t i = 0; i < list->n; i++) {
		if (!put_text(k, at, &list->v[i]))
			return false;
	}
	return true;
}

static bool put_event(const struct memory *m, struct known *k, const struct event *e) {
	uint32_t at = 0;

	for (uint32_t w = 0; w < EVENT_HAS_WORDS; w++)
		k->has[w] = asked(m, e, w);
	for (enum part part = 0; part < PARTS; part++) {
		k->keys[part] = key(e, part);
		k->begin[part] = (uint16_t)at;
		for (uint32_t i = m->begin[part]; i < m->begin[part + 1]; i++) {
			if (has(e, m->values[i].id) && !put_value(k, &at, e, &m->values[i]))
				return false;
		}
	}
	return true;
}

/* place - two neighbours, either of which may be an event with that hash */
static struct known *place(const struct memory *m, uint64_t hash) {
	return &m->events[hash >> 32 & (MEMORY_EVENTS - 2)];
}

/* rests - whether events are left alone, as hardly any of the last ones was known */
static bool rests(struct memory *m) {
	if (m->rest) {
		m->rest--;
		return true;
	}
	if (m->n_asked++ < TRIAL)
		return false;
	m->rest = m->n_known < WORTH ? REST : 0;
	m->n_asked = m->n_known = 0;
	return m->rest;
}

/* keep_twin - events with the key of @e are known from now on */
static inline void keep_twin(struct memory *m, const struct event *e) {
	if (e->twin_key && !m->own)
		m->twins[e->twin_key % TWINS] = e->twin_key;
}

bool memory_knows_twin(const struct memory *m, const struct event *e) {
	return m->twins[e->twin_key % TWINS] == e->twin_key;
}

bool memory_knows(struct memory *m, const struct event *e) {
	struct known *k;

	m->hash = 0;
	if (rests(m))
		return false;
	m->hash = hash(m, e);
	k = place(m, m->hash);
	for (int i = 0; i < 2; i++) {
		if (k[i].hash != m->hash || !same(m, &k[i], e))
			continue;
		m->n_known++;
		k[i].younger = true;
		k[!i].younger = false;
		keep_twin(m, e);
		return true;
	}
	return false;
}

void memory_keep(struct memory *m, const struct event *e) {
	struct known *k;
	int i;

	keep_twin(m, e);
	if (!m->hash)
		return;
	k = place(m, m->hash);
	i = k[0].younger;
	k[i].hash = 0; /* and so it stays if the event is too long, which is then asked each time */
	if (!put_event(m, &k[i], e))
		return;
	k[i].hash = m->hash;
	k[i].younger = true;
	k[!i].younger = false;
}

void memory_forget(struct memory *m) {
	for (uint32_t i = 0; m && i < MEMORY_EVENTS; i++) {
		if (m->events[i].hash) /* a page that was never written stays so */
			m->events[i].hash = 0;
	}
	if (m)
		memset(m->twins, 0, sizeof(m->twins));
}
