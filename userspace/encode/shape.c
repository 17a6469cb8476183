/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compiled row knows the names on its way, from the document down, and the
 * fields on which it depends as masks of event.has:
 *
 *     actor.process.pid   names {actor, process, pid}   when {PROCESS_PID}
 *     actor.process.uid   names {actor, process, uid}   when {PROCESS_ENTITY_ID}
 *     actor.user.name     names {actor, user, name}     when {PROCESS_USER}
 *     actor               "{...}"                       unless {all three}
 *
 * Rows are sorted by their names, so what is in one object stands together.
 */
#include "encode/shape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode/form.h"
#include "encode/json.h"

#define PATH_BYTES 128

struct shape_row {
	struct str names[SHAPE_MAX_DEPTH]; /* in @path */
	uint8_t depth;			   /* of the names, the last is the key */
	uint8_t form;
	uint8_t extra;
	bool always;		       /* @when does not count */
	uint8_t shared;		       /* names in common with the row before it */
	int16_t field;
	uint16_t order;		       /* in the table: of two rows at one path the first wins */
	uint64_t when[EVENT_HAS_WORDS];   /* any of these must be known */
	uint64_t unless[EVENT_HAS_WORDS]; /* and none of these */
	const char *text;
	char path[PATH_BYTES];
	char alt[PATH_BYTES]; /* FORM_NEED: the second path, or "" */
};

static int join(char to[PATH_BYTES], const char *role, const char *path) {
	int n = snprintf(to, PATH_BYTES, "%s%s%s", role, *role && *path ? "." : "", path);

	return n < 0 || n >= PATH_BYTES ? -EPROTO : 0;
}

/* split - the names of @row->path, which stay in it */
static int split(struct shape_row *row) {
	const char *p = row->path;

	for (row->depth = 0;;) {
		size_t n = strcspn(p, ".");

		if (!n || row->depth == SHAPE_MAX_DEPTH)
			return -EPROTO;
		row->names[row->depth++] = (struct str){ p, (uint32_t)n };
		p += n;
		if (!*p++)
			return 0;
	}
}

/* below - whether @path is @object or lies in it */
static bool below(const char *path, const char *object) {
	size_t n = strlen(object);

	return n && !strncmp(path, object, n) && (!path[n] || path[n] == '.');
}

/* beside - whether @path lies in the object that @row's key is in */
static bool beside(const char *path, const struct shape_row *row) {
	size_t n = (size_t)(row->names[row->depth - 1].s - row->path);

	return n && !strncmp(path, row->path, n);
}

static void mark(uint64_t mask[EVENT_HAS_WORDS], int16_t field) {
	mask[field / 64] |= 1ull << field % 64;
}

/* depend_on - what @other means for @row, which stands for an object */
static void depend_on(struct shape_row *row, const struct shape_row *other) {
	bool same = !strcmp(other->path, row->path);

	if (row->form == FORM_WITH && same)
		mark(row->unless, other->field);
	else if (row->form == FORM_WITH && beside(other->path, row))
		mark(row->when, other->field);
	if (row->form == FORM_NEED &&
	    (below(other->path, row->path) || below(other->path, row->alt)))
		mark(row->unless, other->field);
}

/*
 * depend - what other rows mean for @row, of rows that are sorted
 * A field stands for itself, unless one before it has the same path; these stand together.
 */
static void depend(struct shape_row *row, const struct shape *s) {
	bool object = row->form == FORM_WITH || row->form == FORM_NEED;

	for (size_t i = 0; object && i < s->n; i++)
		if (&s->rows[i] != row && s->rows[i].field != SHAPE_NO_FIELD)
			depend_on(row, &s->rows[i]);
	if (row->field == SHAPE_NO_FIELD)
		return;
	for (const struct shape_row *o = row; o > s->rows && !strcmp(o[-1].path, row->path); o--)
		if (o[-1].field != SHAPE_NO_FIELD)
			mark(row->unless, o[-1].field);
}

static int add_row(struct shape *s, const struct shape_map *map, const char *role) {
	struct shape_row *row = &s->rows[s->n];

	*row = (struct shape_row){ .form = map->form,
				   .extra = map->extra,
				   .field = map->field,
				   .text = map->text,
				   .order = (uint16_t)s->n };
	if (map->field != SHAPE_NO_FIELD) {
		if (!form_can((enum shape_form)map->form, (enum field_id)map->field))
			return -EPROTO;
		mark(row->when, map->field);
	} else {
		row->always = map->form != FORM_WITH;
	}
	if (join(row->path, role, map->path) || (map->alt && join(row->alt, role, map->alt)))
		return -EPROTO;
	s->n++;
	return 0;
}

/* add_unmapped - a row for each field that is not @mapped in this layout */
static int add_unmapped(struct shape *s, const char *role,
			const uint64_t mapped[EVENT_HAS_WORDS]) {
	int r = 0;

	for (int16_t f = 0; f < FIELD_MAX && !r; f++) {
		struct shape_map map = { .field = f, .form = FORM_AS_IS, .path = fields[f].name };

		if (!(mapped[f / 64] >> f % 64 & 1))
			r = add_row(s, &map, role);
	}
	return r;
}

/* by_names - objects together, keys of an object in the order of bytes */
static int by_names(const void *left, const void *right) {
	const struct shape_row *a = left, *b = right;

	for (uint8_t i = 0; i < a->depth && i < b->depth; i++) {
		uint32_t n = a->names[i].n < b->names[i].n ? a->names[i].n : b->names[i].n;
		int r = memcmp(a->names[i].s, b->names[i].s, n);

		if (r)
			return r;
		if (a->names[i].n != b->names[i].n)
			return a->names[i].n < b->names[i].n ? -1 : 1;
	}
	return a->depth != b->depth ? a->depth - b->depth : a->order - b->order;
}

static int split_all(struct shape *s) {
	int r = 0;

	for (size_t i = 0; i < s->n && !r; i++)
		r = split(&s->rows[i]);
	return r;
}

/*
 * in_the_way - whether @row, whose path begins with all of @last's, could be written beside it
 * A value is no object as well, and has one value; what stands in for it is written without it.
 */
static bool in_the_way(const struct shape_row *last, const struct shape_row *row) {
	bool fields_both = last->field != SHAPE_NO_FIELD && row->field != SHAPE_NO_FIELD;
	bool stands_in = row->form == FORM_WITH || row->form == FORM_NEED;

	if (last->form == FORM_NEED)
		return row->field == SHAPE_NO_FIELD && !stands_in;
	return row->depth > last->depth || (!fields_both && !stands_in);
}

/* bind - names, order and dependencies, once all rows are there */
static int bind(struct shape *s) {
	int r = split_all(s);

	if (r)
		return r;
	qsort(s->rows, s->n, sizeof(*s->rows), by_names);
	r = split_all(s); /* the paths have moved with their rows */
	for (size_t i = 0; i < s->n && !r; i++) {
		struct shape_row *row = &s->rows[i];
		const struct shape_row *last = i ? row - 1 : row;

		while (i && row->shared < last->depth && row->shared < row->depth &&
		       str_eq(row->names[row->shared], last->names[row->shared]))
			row->shared++;
		if (i && row->shared == last->depth && in_the_way(last, row))
			r = -EPROTO;
		depend(row, s);
	}
	return r;
}

int shape_compile(const struct shape_map *maps, size_t n, const struct shape_layout *layout,
		  struct shape *ret) {
	struct shape s = { calloc(n + FIELD_MAX, sizeof(*s.rows)), 0 };
	uint64_t mapped[EVENT_HAS_WORDS] = { 0 };
	const char *rest = layout->at['X' - 'A'];
	int r = s.rows ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && !r; i++) {
		const char *role = layout->at[maps[i].role - 'A'];

		if (role && maps[i].field != SHAPE_NO_FIELD)
			mark(mapped, maps[i].field);
		if (role && maps[i].form != FORM_OMIT)
			r = add_row(&s, &maps[i], role);
	}
	if (!r && rest)
		r = add_unmapped(&s, rest, mapped);
	if (!r)
		r = bind(&s);
	if (r)
		shape_done(&s);
	else
		*ret = s;
	return r;
}

void shape_done(struct shape *s) {
	free(s->rows);
	*s = (struct shape){ 0 };
}

/* --- writing --------------------------------------------------------------------------------- */

/* known_fields - event.has without empty lists, which no document can tell from none */
static void known_fields(const struct event *e, uint64_t ret[EVENT_HAS_WORDS]) {
	for (unsigned w = 0; w < EVENT_HAS_WORDS; w++) {
		ret[w] = schema_has(e, w);
		for (uint64_t bits = ret[w]; bits; bits &= bits - 1) {
			unsigned f = w * 64 + (unsigned)__builtin_ctzll(bits);

			if (fields[f].type == FIELD_STRV &&
			    !((const struct strv *)field_at(e, (enum field_id)f))->n)
				ret[w] &= ~(1ull << f % 64);
		}
	}
}

static bool any(const uint64_t a[EVENT_HAS_WORDS], const uint64_t b[EVENT_HAS_WORDS]) {
	uint64_t both = 0;

	for (unsigned w = 0; w < EVENT_HAS_WORDS; w++)
		both |= a[w] & b[w];
	return both != 0;
}

static bool wanted(const struct shape_row *row, const struct event *e, const uint64_t *known,
		   const struct str *extra) {
	if (row->form == FORM_EXTRA)
		return extra[row->extra].s != NULL;
	return (row->always || any(row->when, known)) && !any(row->unless, known) &&
	       form_known((enum shape_form)row->form, e);
}

static bool is_list(struct str name) {
	return name.s[name.n - 1] == '[';
}

static void open_object(struct buf *out, struct str name) {
	json_key(out, name.s, name.n - is_list(name));
	buf_add_str(out, is_list(name) ? STR("[{") : STR("{"));
}

static void close_object(struct buf *out, struct str name) {
	buf_add_str(out, is_list(name) ? STR("}]") : STR("}"));
}

static void add_value(struct buf *out, const struct shape_row *row, const struct event *e,
		      const struct str *extra) {
	struct str key = row->names[row->depth - 1];

	json_key(out, key.s, key.n);
	if (row->form == FORM_EXTRA)
		buf_add_str(out, extra[row->extra]);
	else if (row->field == SHAPE_NO_FIELD || row->form == FORM_LITERAL)
		buf_add_str(out, str_of(row->text));
	else
		form_add(out, (enum shape_form)row->form, (enum field_id)row->field, e);
}

void shape_write(struct buf *out, const struct shape *s, const struct event *e,
		 const struct str *extra) {
	const struct str *open = NULL; /* the names of the last row written */
	uint64_t known[EVENT_HAS_WORDS];
	size_t start = out->len;
	uint8_t depth = 0, common = SHAPE_MAX_DEPTH;

	known_fields(e, known);
	buf_add_char(out, '{');
	for (const struct shape_row *row = s->rows; row < s->rows + s->n; row++) {
		common = row->shared < common ? row->shared : common;
		if (!wanted(row, e, known, extra))
			continue;
		for (; depth > common; depth--)
			close_object(out, open[depth - 1]);
		for (; depth < row->depth - 1; depth++)
			open_object(out, row->names[depth]);
		add_value(out, row, e, extra);
		open = row->names;
		common = SHAPE_MAX_DEPTH;
	}
	for (; depth; depth--)
		close_object(out, open[depth - 1]);
	buf_add_lit(out, "}\n");
	if (buf_error(out)) /* half a line is worse than none */
		out->len = start;
}
