/* SPDX-License-Identifier: Apache-2.0 */
#include "encode/foreign.h"

#include <ctype.h>

#include "encode/encode.h"
#include "encode/json.h"

void foreign_begin(struct foreign *f) {
	buf_reset(&f->text);
	memset(f->n, 0, sizeof(f->n));
}

struct buf *foreign_open(struct foreign *f, unsigned number) {
	f->at[number] = f->text.len;
	return &f->text;
}

void foreign_close(struct foreign *f, unsigned number) {
	f->n[number] = f->text.len - f->at[number];
}

void foreign_number(struct foreign *f, unsigned number, uint64_t v) {
	buf_add_u64(foreign_open(f, number), v);
	foreign_close(f, number);
}

void foreign_text(struct foreign *f, unsigned number, struct str x) {
	if (!x.s)
		return;
	encode_json_text(foreign_open(f, number), x);
	foreign_close(f, number);
}

void foreign_id(struct foreign *f, unsigned number, const struct event *e, uint32_t nth) {
	struct buf *b = foreign_open(f, number);

	if (!event_has(e, FIELD_ID))
		return;
	encode_json_text(b, e->id);
	if (nth && !buf_error(b)) {
		b->len--; /* the quote */
		buf_addf(b, "-%u\"", nth);
	}
	foreign_close(f, number);
}

void foreign_write(struct foreign *f, struct buf *out, const struct shape *s,
		   const struct event *e) {
	struct str extra[SHAPE_MAX_EXTRAS] = { 0 };

	for (unsigned i = 0; i < SHAPE_MAX_EXTRAS; i++) {
		if (f->n[i])
			extra[i] = (struct str){ f->text.data + f->at[i], (uint32_t)f->n[i] };
	}
	if (buf_error(&f->text))
		out->error = buf_error(&f->text);
	else
		shape_write(out, s, e, extra);
}

/* "attack.t1059", "attack.t1059.004", "attack.privilege-escalation" */
enum foreign_tag foreign_tag(struct str tag, char scratch[16], struct str *ret) {
	static const struct str prefix = { "attack.", 7 };
	struct str x = { tag.s + prefix.n, tag.n - prefix.n };
	bool digits = x.n > 1;

	if (!str_starts(tag, prefix) || !x.n)
		return TAG_OTHER;
	for (uint32_t i = 1; i < x.n; i++)
		digits &= isdigit((unsigned char)x.s[i]) || x.s[i] == '.';
	*ret = x;
	if (!digits)
		return TAG_TACTIC;
	if ((*x.s != 't' && *x.s != 'T') || x.n > 15)
		return TAG_OTHER; /* a group, a tool */
	memcpy(scratch, x.s, x.n);
	scratch[0] = 'T';
	*ret = (struct str){ scratch, x.n };
	return memchr(x.s, '.', x.n) ? TAG_SUBTECHNIQUE : TAG_TECHNIQUE;
}
