/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/utf8.h"
#include "encode/encode.h"
#include "encode/schema.h"
#include "proto/event.pb-c.h"

/* protobuf-c tells "malformed" and "no memory" by the same NULL. */
struct source {
	struct arena *arena;
	bool exhausted;
};

static void *source_alloc(void *data, size_t n) {
	struct source *s = data;
	void *p = arena_alloc(s->arena, n);

	s->exhausted |= !p;
	return p;
}

static void source_free(void *data, void *p) {
	(void)data; /* the arena frees all at once */
	(void)p;
}

static int text(const char *s, struct str *ret) {
	struct str x = str_of(s);

	if (!utf8_is_valid(x.s, x.n))
		return -EBADMSG;
	*ret = x;
	return 0;
}

static int list(struct arena *arena, char *const *v, size_t n, struct strv *ret) {
	struct str *to = arena_alloc(arena, n * sizeof(*to));

	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (text(v[i], &to[i]) < 0)
			return -EBADMSG;
	}
	*ret = (struct strv){ to, (uint32_t)n };
	return 0;
}

/* Values from 64 on are of a schema far from ours and have no bit. */
static uint64_t bits_of(const int *v, size_t n) {
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (v[i] >= 0 && v[i] < 64)
			bits |= 1ull << v[i];
	}
	return bits;
}

/* take - one member from the protobuf-c struct @pb into @to; 1 if it was there, 0 if not */
static int take(struct arena *arena, const struct schema_row *row, const char *pb, char *to) {
	const void *value = pb + row->pb->offset;
	const void *quantity = pb + row->pb->quantifier_offset;
	int r;

	if (row->type == FIELD_STR) {
		const char *s = *(char *const *)value;

		r = s ? text(s, (struct str *)(void *)to) : 0;
		return r < 0 ? r : s != NULL;
	}
	if (row->type == FIELD_STRV || row->type == FIELD_BITS) {
		size_t n = *(const size_t *)quantity;

		if (!n)
			return 0;
		if (row->type == FIELD_BITS) {
			*(uint64_t *)(void *)to = bits_of(*(const int *const *)value, n);
			return *(uint64_t *)(void *)to != 0;
		}
		r = list(arena, *(char *const *const *)value, n, (struct strv *)(void *)to);
		return r < 0 ? r : 1;
	}
	if (!*(const protobuf_c_boolean *)quantity)
		return 0;
	if (row->type == FIELD_BOOL)
		*(bool *)to = *(const protobuf_c_boolean *)value != 0;
	else if (row->type == FIELD_U64 || row->type == FIELD_FIXED64)
		*(uint64_t *)(void *)to = *(const uint64_t *)value;
	else
		*(uint32_t *)(void *)to = *(const uint32_t *)value;
	/* event.proto has no negative enum values */
	return row->type == FIELD_ENUM && *(const int *)value < 0 ? -EBADMSG : 1;
}

static int take_step(struct arena *arena, const struct schema_step *step, const char *pb,
		     struct event *e) {
	if (step->what == STEP_MESSAGE)
		pb = *(const char *const *)(const void *)(pb + step->pb->offset);
	for (unsigned i = step->first; pb && i < step->first + step->n; i++) {
		int r = take(arena, &schema_rows[i], pb, (char *)e + schema_rows[i].offset);

		if (r < 0)
			return r;
		if (r)
			event_mark(e, (enum field_id)i);
	}
	return 0;
}

static int take_detections(struct arena *arena, const Lapwing__V1__Event *pb, struct event *e) {
	struct detection *to;

	if (!pb->n_detections)
		return 0;
	to = arena_zalloc(arena, pb->n_detections * sizeof(*to));
	if (!to)
		return -ENOMEM;
	for (size_t i = 0; i < pb->n_detections; i++) {
		for (unsigned r = 0; r < SCHEMA_DETECTION_ROWS; r++) {
			const struct schema_row *row = &schema_detection_rows[r];
			int rc = take(arena, row, (const char *)pb->detections[i],
				      (char *)&to[i] + row->offset);

			if (rc < 0)
				return rc;
		}
	}
	e->detections = to;
	e->n_detections = (uint32_t)pb->n_detections;
	return 0;
}

int encode_unpack(const void *bytes, size_t n, struct arena *arena, struct event *ret) {
	struct source source = { arena, false };
	ProtobufCAllocator allocator = { source_alloc, source_free, &source };
	const Lapwing__V1__Event *pb;
	struct event e = { 0 };
	int r = 0;

	if (n > INT32_MAX)
		return -EBADMSG;
	pb = lapwing__v1__event__unpack(&allocator, n, bytes);
	if (!pb)
		return source.exhausted ? -ENOMEM : -EBADMSG;
	for (unsigned i = 0; i < schema_n_steps && !r; i++) {
		if (schema_steps[i].what == STEP_DETECTIONS)
			r = take_detections(arena, pb, &e);
		else
			r = take_step(arena, &schema_steps[i], (const char *)pb, &e);
	}
	if (!r)
		*ret = e;
	return r;
}
