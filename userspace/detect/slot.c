/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "detect/engine.h"

#define MAX_OWN 64 /* values of one field that are put together: words, names of bits */

int slot_room(struct arena *arena, struct slot *s) {
	s->own = arena_zalloc(arena, MAX_OWN * sizeof(*s->own));
	s->number = arena_zalloc(arena, FIELD_TEXT_BYTES);
	s->pairs = arena_zalloc(arena, PAIR_BITS / 8);
	return s->own && s->number && s->pairs ? 0 : -ENOMEM;
}

struct slot *slot_find(const struct ruleset *set, struct str name) {
	struct slot *s = set->names[slot_hash(name) % SLOT_CHAINS];

	while (s && !str_eq(s->name, name))
		s = s->next_name;
	return s;
}

void slot_add(struct slot *s, struct str value) {
	if (value.s && s->n < MAX_OWN)
		s->own[s->n++] = value;
}

static struct str text_of(const struct event *e, enum field_id id) {
	return event_has(e, id) ? *(const struct str *)field_at(e, id) : (struct str){ 0 };
}

/* append_clean - the components of @path behind @out, without "." and "..", each with its '/' */
static uint32_t append_clean(char *out, uint32_t n, struct str path) {
	uint32_t i = 0;

	while (i < path.n) {
		uint32_t from = i, len;

		while (i < path.n && path.s[i] != '/')
			i++;
		len = i - from;
		i++;
		if (len == 0 || (len == 1 && path.s[from] == '.'))
			continue;
		if (len == 2 && path.s[from] == '.' && path.s[from + 1] == '.') {
			while (n > 0 && out[--n] != '/')
				;
			continue;
		}
		out[n++] = '/';
		memcpy(out + n, path.s + from, len);
		n += len;
	}
	return n;
}

/* own_room - @n bytes for a value that is put together; without room @s is cramped */
static char *own_room(const struct match *m, struct slot *s, size_t n) {
	char *out = arena_alloc(m->arena, n);

	s->cramped |= !out;
	return out;
}

void slot_join(const struct match *m, struct slot *s, struct str a, struct str b) {
	char *out = own_room(m, s, (size_t)a.n + b.n);

	if (!out)
		return;
	memcpy(out, a.s, a.n);
	memcpy(out + a.n, b.s, b.n);
	slot_add(s, (struct str){ out, a.n + b.n });
}

/* absolute - @path as seen from the directory @cwd; as it is when that cannot be told */
static struct str absolute(const struct match *m, struct slot *s, struct str cwd, struct str path) {
	char *out;
	uint32_t n;

	if (path.n == 0 || path.s[0] == '/' || cwd.n == 0 || cwd.s[0] != '/')
		return path;
	out = own_room(m, s, (size_t)cwd.n + path.n + 2);
	if (!out)
		return path;
	n = append_clean(out, 0, cwd);
	n = append_clean(out, n, path);
	return (struct str){ out, n };
}

/*
 * add_called - the name that a process goes by, beside its executable: bash run as
 * "sh" is named sh. None when it says nothing new.
 */
static void add_called(const struct match *m, struct slot *s, struct str executable,
		       struct str name) {
	struct str base;

	if (!executable.s || name.n == 0 || memchr(name.s, '/', name.n))
		return;
	base = str_basename(executable);
	if (!str_starts(base, name))
		slot_join(m, s, (struct str){ executable.s, executable.n - base.n }, name);
}

void slot_images(const struct match *m, struct slot *s) {
	struct str executable = text_of(m->e, FIELD_PROCESS_EXECUTABLE), other;

	slot_add(s, executable);
	if (!event_has(m->e, FIELD_EXEC_INVOKED)) {
		add_called(m, s, executable, text_of(m->e, FIELD_PROCESS_NAME));
		return;
	}
	other = absolute(m, s, text_of(m->e, FIELD_PROCESS_CWD), m->e->exec.invoked);
	if (!str_eq(executable, other))
		slot_add(s, other);
}

static void fill_parent_image(const struct match *m, struct slot *s) {
	struct str executable = text_of(m->e, FIELD_PARENT_EXECUTABLE);

	slot_add(s, executable);
	add_called(m, s, executable, text_of(m->e, FIELD_PARENT_NAME));
}

/* record_words - every value of a record */
static void record_words(const struct match *m, struct slot *s) {
	struct str *v;
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->record->n; i++)
		n += m->record->fields[i].n;
	v = arena_alloc(m->arena, (size_t)n * sizeof(*v));
	s->n = 0;
	s->v = v;
	s->cramped = !v;
	for (uint32_t i = 0; v && i < m->record->n; i++) {
		const struct record_field *f = &m->record->fields[i];

		for (uint32_t k = 0; k < f->n; k++) {
			if (f->values[k].s)
				v[s->n++] = f->values[k];
		}
	}
	s->present = s->n > 0;
}

static void fill_words(const struct match *m, struct slot *s) {
	const uint64_t *words = taxonomy_words(m->e->kind == WIRE_PROCESS_EXEC);

	for (uint32_t w = 0; w < EVENT_HAS_WORDS; w++) {
		for (uint64_t bits = words[w] & m->e->has[w]; bits; bits &= bits - 1)
			slot_add(s, *(const struct str *)field_at(
					    m->e, w * 64 + (uint32_t)__builtin_ctzll(bits)));
	}
}

static void fill_names(const struct match *m, struct slot *s) {
	uint64_t bits = *(const uint64_t *)field_at(m->e, s->taxon.field);

	for (uint32_t i = 0; i < DEGRADED_MAX; i++) {
		const char *name = bits >> i & 1 ? taxonomy_value(s->taxon.field, i) : NULL;

		if (name)
			slot_add(s, str_of(name));
	}
}

static void fill_hashes(const struct match *m, struct slot *s) {
	struct str hash = text_of(m->e, s->taxon.field);

	if (hash.s)
		slot_join(m, s, STR("SHA256="), hash);
}

static void fill_built(const struct match *m, struct slot *s) {
	s->n = 0;
	s->v = s->own;
	switch ((enum source)s->taxon.source) {
	case SOURCE_NUMBER:
		slot_add(s, field_text(m->e, s->taxon.field, s->number));
		break;
	case SOURCE_NAME:
		if (event_has(m->e, s->taxon.field))
			slot_add(s, str_of(taxonomy_value(
					    s->taxon.field,
					    *(const uint32_t *)field_at(m->e, s->taxon.field))));
		break;
	case SOURCE_NAMES:
		fill_names(m, s);
		break;
	case SOURCE_IMAGE:
		slot_images(m, s);
		break;
	case SOURCE_PARENT_IMAGE:
		fill_parent_image(m, s);
		break;
	case SOURCE_HASHES:
		fill_hashes(m, s);
		break;
	case SOURCE_WORDS:
		fill_words(m, s);
		break;
	case SOURCE_TEXT: /* slot_fill() does these */
	case SOURCE_LIST:
	case SOURCE_NONE:
		break;
	}
}

void slot_fill(const struct match *m, struct slot *s) {
	enum field_id id = s->taxon.field;

	s->epoch = m->epoch;
	s->n_asked = 0;
	s->cramped = false;
	if (m->record) {
		s->n = 0;
		s->present = false;
		if (s->taxon.source == SOURCE_WORDS)
			record_words(m, s);
		return;
	}
	if (m->audit) {
		slot_fill_audit(m, s);
	} else if (s->taxon.source == SOURCE_TEXT) {
		s->v = field_at(m->e, id);
		s->n = event_has(m->e, id);
	} else if (s->taxon.source == SOURCE_LIST) {
		const struct strv *list = field_at(m->e, id);

		s->n = event_has(m->e, id) ? list->n : 0;
		s->v = s->n ? list->v : NULL;
	} else {
		fill_built(m, s);
	}
	s->present = s->n > 0;
}

static inline void fold_eight(char *out, const char *in) {
	const uint64_t ones = 0x0101010101010101ull;
	uint64_t x, low, above_z, from_a;

	memcpy(&x, in, 8);
	low = x & 0x7f * ones;
	above_z = low + (0x7f - 'Z') * ones;
	from_a = low + (0x80 - 'A') * ones;
	x |= (~x & (from_a ^ above_z) & 0x80 * ones) >> 2;
	memcpy(out, &x, 8);
}

/* fold_bytes - lower case for the letters of ASCII, eight bytes at a time, the last eight twice */
static void fold_bytes(char *out, const char *in, uint32_t n) {
	if (n < 8) {
		for (uint32_t i = 0; i < n; i++)
			out[i] = (char)fold_case[(unsigned char)in[i]];
		return;
	}
	for (uint32_t i = 0; i + 8 < n; i += 8)
		fold_eight(out + i, in + i);
	fold_eight(out + n - 8, in + n - 8);
}

void slot_fold(const struct match *m, struct slot *s) {
	size_t bytes = s->n * sizeof(*s->folded);
	char *out;

	for (uint32_t i = 0; i < s->n; i++)
		bytes += s->v[i].n;
	s->folded_epoch = m->epoch;
	s->folded = arena_alloc(m->arena, bytes);
	s->cramped |= !s->folded;
	if (!s->folded)
		return;
	out = (char *)(s->folded + s->n);
	for (uint32_t i = 0; i < s->n; i++) {
		s->folded[i] = (struct str){ out, s->v[i].n };
		fold_bytes(out, s->v[i].s, s->v[i].n);
		out += s->v[i].n;
	}
}

void slot_pairs(const struct match *m, struct slot *s) {
	memset(s->pairs, 0, PAIR_BITS / 8);
	s->pairs_epoch = m->epoch;
	for (uint32_t k = 0; k < s->n; k++) {
		struct str x = s->folded[k];

		for (uint32_t i = 0; i + 1 < x.n; i++) {
			uint32_t h = pair_hash(x.s[i], x.s[i + 1]);

			s->pairs[h / 64] |= 1ull << h % 64;
		}
	}
}
