/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "detect/pattern.h"

/* utf8_next - the code point at *@i, which moves past it; -EILSEQ */
static int utf8_next(struct str x, uint32_t *i, uint32_t *ret) {
	unsigned char c = (unsigned char)x.s[*i];
	unsigned more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : 3;
	uint32_t v = more ? c & (0x3fu >> more) : c;

	if ((more == 3 && (c < 0xf0 || c > 0xf4)) || x.n - *i <= more)
		return -EILSEQ;
	for (unsigned k = 1; k <= more; k++) {
		unsigned char d = (unsigned char)x.s[*i + k];

		if ((d & 0xc0) != 0x80)
			return -EILSEQ;
		v = v << 6 | (d & 0x3f);
	}
	*i += more + 1;
	*ret = v;
	return 0;
}

static uint32_t put_unit(char *out, uint32_t n, uint32_t unit, bool big_endian) {
	out[n + big_endian] = (char)unit;
	out[n + !big_endian] = (char)(unit >> 8);
	return n + 2;
}

static int utf16(struct arena *arena, struct str in, enum transform how, struct str *ret) {
	char *out = arena_alloc(arena, (size_t)in.n * 2 + 2);
	bool big = how == TRANSFORM_UTF16BE;
	uint32_t n = 0, i = 0, v;

	if (!out)
		return -ENOMEM;
	if (how == TRANSFORM_UTF16)
		n = put_unit(out, n, 0xfeff, big);
	while (i < in.n) {
		if (utf8_next(in, &i, &v))
			return -EILSEQ;
		if (v >= 0x10000) {
			n = put_unit(out, n, 0xd800 + ((v - 0x10000) >> 10), big);
			v = 0xdc00 + ((v - 0x10000) & 0x3ff);
		}
		n = put_unit(out, n, v, big);
	}
	*ret = (struct str){ out, n };
	return 0;
}

/* base64 - of @shift zero bytes and @in; @cut leaves out what their neighbours would change */
static int base64(struct arena *arena, struct str in, uint32_t shift, bool cut, struct str *ret) {
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const uint8_t skip[] = { 0, 2, 3 }, drop[] = { 0, 3, 2 };
	uint32_t total = in.n + shift, n = 0, from, to;
	char *out = arena_alloc(arena, (size_t)(total + 2) / 3 * 4 + 4);

	if (!out)
		return -ENOMEM;
	for (uint32_t i = 0; i < total; i += 3) {
		uint32_t v = 0;

		for (uint32_t k = i; k < i + 3; k++)
			v = v << 8 | (k >= shift && k < total ? (unsigned char)in.s[k - shift] : 0);
		for (uint32_t k = 0; k < 4; k++)
			out[n++] = i + k > total ? '=' : alphabet[v >> (18 - 6 * k) & 63];
	}
	from = cut ? skip[shift] : 0;
	to = cut ? n - drop[total % 3] : n;
	*ret = (struct str){ out + from, to > from ? to - from : 0 };
	return 0;
}

static int encode_one(struct arena *arena, struct pattern p, enum transform how,
		      struct patterns *out) {
	uint32_t n_shifts = how == TRANSFORM_BASE64OFFSET ? 3 : 1;
	struct str text, made;
	int err;

	if (pattern_has_wildcard(p))
		return -EILSEQ;
	err = pattern_text(arena, p, 0, p.n, &text);
	for (uint32_t shift = 0; !err && shift < n_shifts; shift++) {
		if (out->n == PATTERN_MAX_FORMS)
			return -E2BIG;
		if (how >= TRANSFORM_BASE64)
			err = base64(arena, text, shift, n_shifts > 1, &made);
		else
			err = utf16(arena, text, how, &made);
		if (!err && n_shifts > 1 && !made.n)
			err = -EDOM; /* it would stand in every value */
		if (!err)
			err = pattern_plain(arena, made, &out->v[out->n]);
		if (!err)
			out->n++;
	}
	return err;
}

static bool word_char(uint16_t t) {
	return (t >= '0' && t <= '9') || (t >= 'A' && t <= 'Z') || (t >= 'a' && t <= 'z') ||
	       t == '_' || (t >= 0x80 && t < 0x100);
}

/* option_dash - whether token @i is a dash that begins a word, as in " -f" */
static bool option_dash(struct pattern p, uint32_t i) {
	return (p.t[i] == '-' || p.t[i] == '/') && (i == 0 || !word_char(p.t[i - 1])) &&
	       i + 1 < p.n && word_char(p.t[i + 1]);
}

/* windash_forms - how many spellings @p has; past PATTERN_MAX_FORMS just more than that */
static uint32_t windash_forms(struct pattern p, uint32_t *ret_dashes) {
	uint32_t n_forms = 1;

	*ret_dashes = 0;
	for (uint32_t i = 0; i < p.n && n_forms <= PATTERN_MAX_FORMS; i++) {
		bool dash = option_dash(p, i);

		*ret_dashes += dash;
		n_forms *= dash ? 5 : 1;
	}
	return n_forms;
}

static int windash_one(struct arena *arena, struct pattern p, struct patterns *out) {
	static const char *const dashes[] = { "-", "/", "\xe2\x80\x93", "\xe2\x80\x94",
					      "\xe2\x80\x95" };
	uint32_t n_dashes, n_forms = windash_forms(p, &n_dashes);

	for (uint32_t form = 0; form < n_forms; form++) {
		struct pattern q = {
			arena_alloc(arena, ((size_t)p.n + 2 * n_dashes + 1) * sizeof(*q.t)), 0
		};
		uint32_t choice = form;

		if (!q.t)
			return -ENOMEM;
		for (uint32_t i = 0; i < p.n; i++) {
			if (!option_dash(p, i)) {
				q.t[q.n++] = p.t[i];
				continue;
			}
			for (const char *d = dashes[choice % 5]; *d; d++)
				q.t[q.n++] = (unsigned char)*d;
			choice /= 5;
		}
		out->v[out->n++] = q;
	}
	return 0;
}

int pattern_transform(struct arena *arena, struct patterns in, enum transform how,
		      struct patterns *ret) {
	uint32_t room = how == TRANSFORM_WINDASH ? 0 : in.n * 3, n_dashes;
	struct patterns out = { 0 };
	int err;

	for (uint32_t i = 0; how == TRANSFORM_WINDASH && i < in.n; i++) {
		room += windash_forms(in.v[i], &n_dashes);
		if (room > PATTERN_MAX_FORMS)
			return -E2BIG;
	}
	out.v = arena_alloc(arena, (room + !room) * sizeof(*out.v));
	err = out.v ? 0 : -ENOMEM;
	for (uint32_t i = 0; !err && i < in.n; i++)
		err = how == TRANSFORM_WINDASH ? windash_one(arena, in.v[i], &out)
					       : encode_one(arena, in.v[i], how, &out);
	if (!err)
		*ret = out;
	return err;
}
