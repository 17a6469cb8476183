/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/reader.h"

#include "base/utf8.h"
#include "decode/decode.h"
#include "event/field.h"

struct str reader_fail(struct reader *r, int error) {
	if (!r->error)
		r->error = error;
	return (struct str){ 0 };
}

struct str reader_clean(struct reader *r, struct str x) {
	struct str clean;

	if (utf8_is_ascii(x.s, x.n) || utf8_is_valid(x.s, x.n))
		return x;
	clean = utf8_escape(r->arena, x);
	if (!clean.s)
		return reader_fail(r, -ENOMEM);
	r->degraded |= 1ull << DEGRADED_TEXT_ESCAPED;
	return clean;
}

struct str reader_text_there(struct reader *r, struct wire_str where) {
	const char *s;
	uint32_t n = where.len;

	s = reader_at(r, where.off, n);
	if (!s)
		return (struct str){ 0 };
	if (n && !s[n - 1])
		n--;
	if (memchr(s, '\0', n))
		return reader_fail(r, -EBADMSG);
	return reader_clean(r, (struct str){ s, n });
}

uint32_t reader_count(const char *s, uint32_t n) {
	uint32_t pieces = n && s[n - 1];

	for (uint32_t i = 0; i < n; i++)
		pieces += !s[i];
	return pieces;
}

struct strv reader_split(struct reader *r, const char *s, uint32_t n, struct str *v) {
	const bool ascii = utf8_is_ascii(s, n);
	const char *end = s + n;
	struct strv list = { v, 0 };

	for (; s < end; v++, list.n++) {
		const char *nul = memchr(s, '\0', (size_t)(end - s));

		*v = (struct str){ s, (uint32_t)((nul ? nul : end) - s) };
		if (!ascii)
			*v = reader_clean(r, *v);
		s = nul ? nul + 1 : end;
	}
	return list;
}

struct str reader_join(struct reader *r, struct strv list) {
	size_t n = 0;
	char *out, *p;

	if (r->error)
		return (struct str){ 0 };
	for (uint32_t i = 0; i < list.n; i++)
		n += list.v[i].n + 1;
	out = p = arena_alloc(r->arena, n + 1);
	if (!out)
		return reader_fail(r, -ENOMEM);
	for (uint32_t i = 0; i < list.n; i++) {
		if (i)
			*p++ = ' ';
		memcpy(p, list.v[i].s, list.v[i].n);
		p += list.v[i].n;
	}
	*p = '\0';
	return (struct str){ out, (uint32_t)(p - out) };
}

struct strv reader_list(struct reader *r, struct wire_str where) {
	const char *s = where.off ? reader_at(r, where.off, where.len) : NULL;
	struct str *v;

	if (!s)
		return (struct strv){ 0 };
	v = arena_alloc(r->arena, (reader_count(s, where.len) + 1ul) * sizeof(*v));
	if (!v) {
		(void)reader_fail(r, -ENOMEM);
		return (struct strv){ 0 };
	}
	return reader_split(r, s, where.len, v);
}

#define BIT(flag) __builtin_ctz(WIRE_##flag)

static uint64_t degraded_of(uint32_t flags) {
	static const uint8_t of[32] = {
		[BIT(ARGS_CUT)] = DEGRADED_ARGS_CUT,
		[BIT(ARGS_UNREADABLE)] = DEGRADED_ARGS_UNREADABLE,
		[BIT(PATH_CUT)] = DEGRADED_PATH_CUT,
		[BIT(PATH_RACY)] = DEGRADED_PATH_RACY,
		[BIT(FILE_UNRESOLVED)] = DEGRADED_FILE_UNRESOLVED,
		[BIT(FILE_LATE)] = DEGRADED_FILE_LATE,
		[BIT(ADDRESS_RACY)] = DEGRADED_ADDRESS_RACY,
		[BIT(OLD_UNKNOWN)] = DEGRADED_OLD_UNKNOWN,
		[BIT(ENV_CUT)] = DEGRADED_ENV_CUT,
		[BIT(ENV_UNREADABLE)] = DEGRADED_ENV_UNREADABLE,
		[BIT(FILE_GUESSED)] = DEGRADED_WRITTEN_GUESSED,
		[BIT(LENGTH_UNKNOWN)] = DEGRADED_LENGTH_UNKNOWN,
		[BIT(ENV_SKIPPED)] = DEGRADED_ENV_SKIPPED,
	};
	uint64_t bits = 0;

	for (; flags; flags &= flags - 1)
		bits |= 1ull << of[__builtin_ctz(flags)];
	return bits & ~1ull; /* of those that say nothing of the kind */
}

/* What every header tells. */
#define HEADER                                                                                     \
	(FIELD_BIT(KIND) | FIELD_BIT(BOOT_NS) | FIELD_BIT(CPU) | FIELD_BIT(CPU_SEQ))
#define DOER                                                                                       \
	(FIELD_BIT(PROCESS_PID) | FIELD_BIT(PROCESS_TID) | FIELD_BIT(PROCESS_START_NS) |           \
	 FIELD_BIT(PROCESS_UID) | FIELD_BIT(PROCESS_GID) | FIELD_BIT(PROCESS_EUID))

_Static_assert(FIELDS_process_END <= 64, "all of these are in the first word of event.has");

int reader_commit(const struct reader *r, struct event *e) {
	static const uint64_t by_outcome[WIRE_FAILED + 1] = {
		[0] = HEADER,
		[WIRE_ATTEMPTED] = HEADER | FIELD_BIT(OUTCOME),
		[WIRE_SUCCEEDED] = HEADER | FIELD_BIT(OUTCOME),
		[WIRE_FAILED] = HEADER | FIELD_BIT(OUTCOME) | FIELD_BIT(ERROR),
	};
	const struct wire_header *h = r->head;
	uint64_t has = by_outcome[h->outcome]; /* which decode_lean() looked at */

	if (r->error)
		return r->error;
	event_reset(e);
	e->deed = reader_deed(h);
	e->kind = h->kind;
	e->boot_ns = h->ts_ns;
	e->cpu = h->cpu;
	e->cpu_seq = h->seq;
	e->outcome = h->outcome;
	e->error = h->error;
	e->hook = decode_hook_name(h->hook);
	if (e->hook.s)
		has |= FIELD_BIT(HOOK);
	if (h->flags & WIRE_NO_TASK) {
		e->ownerless = !WIRE_KIND_IS_HOST(h->kind);
	} else if (!WIRE_KIND_IS_HOST(h->kind)) {
		reader_task(h, e);
		e->execs = h->execs;
		has |= DOER;
	}
	e->has[0] = has;
	e->degraded = r->degraded;
	if (h->flags)
		e->degraded |= degraded_of(h->flags);
	return 0;
}

void reader_doer(const struct reader *r, struct event *e) {
	reader_task(r->head, e);
	e->has[0] |= DOER;
}
