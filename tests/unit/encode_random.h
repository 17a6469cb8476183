/* SPDX-License-Identifier: Apache-2.0 */
/* encode_random.h - events that a hook would never send, but could be written */
#ifndef LAPWING_ENCODE_RANDOM_H
#define LAPWING_ENCODE_RANDOM_H

#include <stdlib.h>

#include "base/arena.h"
#include "event/field.h"

static uint64_t random_state = 0x9e3779b97f4a7c15ull;

/* xorshift64*: the same events on each run */
static inline uint64_t random_u64(void) {
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

/* each width in bits is as likely as another, so every varint length comes up */
static inline uint64_t random_number(unsigned bits) {
	unsigned width = (unsigned)(random_u64() % (bits + 1));

	return width ? random_u64() >> (64 - width) : 0;
}

static inline struct str random_text(struct arena *a, bool long_ones) {
	static const char *const letters[] = { "a", "/", " ", "\"", "\\", "\n", "\033", "\177",
					       "\xc2\x9b", "\xc3\xa9", "\xe2\x80\xa8",
					       "\xe2\x80\xae", "\xf0\x9f\xa6\x86" };
	static const uint32_t lengths[] = { 0, 1, 3, 4, 7, 8, 15, 16, 17, 32, 33, 126, 127, 128,
					    129, 16383, 16384, 70000 };
	uint32_t n = random_u64() % 2 ? (uint32_t)(random_u64() % 64) :
				       lengths[random_u64() % (long_ones ? 18 : 15)];
	char *p = arena_alloc(a, n + 1);
	uint32_t at = 0;

	while (p && at < n) {
		const char *letter = letters[random_u64() % 4 ? 0 : random_u64() % 13];
		uint32_t len = (uint32_t)strlen(letter);

		if (at + len > n) {
			letter = "b";
			len = 1;
		}
		memcpy(p + at, letter, len);
		at += len;
	}
	return (struct str){ p, n };
}

static inline struct strv random_list(struct arena *a, bool long_ones) {
	uint32_t n = (uint32_t)(random_u64() % 5);
	struct str *v = arena_alloc(a, n * sizeof(*v) + 8);

	for (uint32_t i = 0; i < n; i++)
		v[i] = random_text(a, long_ones);
	return (struct strv){ v, n };
}

static inline void random_member(struct arena *a, bool long_ones, int type, void *at) {
	switch ((enum field_type)type) {
	case FIELD_U32:
		*(uint32_t *)at = (uint32_t)random_number(32);
		break;
	case FIELD_U64:
	case FIELD_FIXED64:
		*(uint64_t *)at = random_number(64);
		break;
	case FIELD_BOOL:
		*(bool *)at = random_u64() & 1;
		break;
	case FIELD_ENUM:
		*(uint32_t *)at = (uint32_t)random_number(31);
		break;
	case FIELD_BITS:
		*(uint64_t *)at = random_u64() & random_u64() & random_u64();
		break;
	case FIELD_STR:
		*(struct str *)at = random_text(a, long_ones);
		break;
	case FIELD_STRV:
		*(struct strv *)at = random_list(a, long_ones);
		break;
	}
}

static inline void random_detections(struct arena *a, bool long_ones, struct event *e) {
	uint32_t n = random_u64() % 3 ? 0 : (uint32_t)(random_u64() % 4);
	struct detection *d = arena_zalloc(a, n * sizeof(*d) + 8);

	for (uint32_t i = 0; i < n; i++) {
		d[i].rule_id = random_text(a, long_ones);
		d[i].title = random_text(a, long_ones);
		if (random_u64() & 1)
			d[i].author = random_text(a, long_ones);
		d[i].level = (uint32_t)(random_u64() % 7);
		d[i].tags = random_list(a, long_ones);
		d[i].matched = random_list(a, long_ones);
		d[i].evidence = (uint32_t)(random_u64() % 4);
		d[i].events = random_list(a, long_ones);
		d[i].group = random_list(a, long_ones);
	}
	e->detections = d;
	e->n_detections = n;
}

/* random_event - known fields are none, few, half or all; the rest is filled with rubbish */
static inline void random_event(struct arena *a, bool long_ones, struct event *ret) {
	unsigned density = (unsigned)(random_u64() % 5);

	memset(ret, 0xa5, sizeof(*ret));
	event_reset(ret);
	for (int id = 0; id < FIELD_MAX; id++) {
		if (random_u64() % 4 >= density)
			continue;
		random_member(a, long_ones, fields[id].type, (char *)ret + fields[id].offset);
		event_mark(ret, (enum field_id)id);
	}
	random_detections(a, long_ones, ret);
}

#endif
