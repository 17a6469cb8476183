/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/expand.h"

#include <errno.h>

/* Texts that are one so far for each way to fill the placeholders before here. */
struct texts {
	struct str *v;
	uint32_t n;
};

static bool name_char(char c) {
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' ||
	       c == '-' || c == '.';
}

/* placeholder_at - the name between the '%' at @i and the next one, or empty */
static struct str placeholder_at(struct str x, uint32_t i) {
	uint32_t end = i + 1;

	while (end < x.n && name_char(x.s[end]))
		end++;
	if (end == x.n || x.s[end] != '%')
		return STR("");
	return (struct str){ x.s + i + 1, end - i - 1 };
}

/* value_of - what the @i-th option gives to @name, or absent */
static struct str value_of(const struct build *b, size_t i, struct str name) {
	struct str option = str_of(b->options->placeholders[i]);

	if (option.n <= name.n || !str_starts(option, name) || option.s[name.n] != '=')
		return (struct str){ 0 };
	return (struct str){ option.s + name.n + 1, option.n - name.n - 1 };
}

static int append(struct build *b, struct str head, struct str tail, struct str *ret) {
	char *s = arena_alloc(&b->temp, (size_t)head.n + tail.n + 1);

	if (!s)
		return -ENOMEM;
	if (head.n)
		memcpy(s, head.s, head.n);
	if (tail.n)
		memcpy(s + head.n, tail.s, tail.n);
	*ret = (struct str){ s, head.n + tail.n };
	return 0;
}

/* multiply - @texts, each with every value of @name behind it */
static int multiply(struct build *b, const struct node *value, struct str name,
		    struct texts *texts) {
	struct texts out = { NULL, 0 };
	uint32_t n_values = 0;
	int err = 0;

	for (size_t k = 0; k < b->options->n_placeholders; k++)
		n_values += value_of(b, k, name).s != NULL;
	if (n_values == 0)
		return fault_at(&b->faults, value,
				"there is no value for the placeholder '%%%s%%', expected one by "
				"--placeholder",
				fault_text(name));
	if ((uint64_t)n_values * texts->n > MAX_EXPANDED)
		return fault_at(&b->faults, value,
				"the value has too many spellings, expected at most %u",
				MAX_EXPANDED);
	out.v = arena_alloc(&b->temp, (size_t)n_values * texts->n * sizeof(*out.v));
	if (!out.v)
		return -ENOMEM;
	for (uint32_t i = 0; i < texts->n; i++) {
		for (size_t k = 0; !err && k < b->options->n_placeholders; k++) {
			struct str one = value_of(b, k, name);

			if (one.s)
				err = append(b, texts->v[i], one, &out.v[out.n++]);
		}
	}
	*texts = out;
	return err;
}

static int add_literal(struct build *b, struct str part, struct texts *texts) {
	int err = 0;

	for (uint32_t i = 0; !err && part.n && i < texts->n; i++)
		err = append(b, texts->v[i], part, &texts->v[i]);
	return err;
}

int expand_text(struct build *b, const struct node *value, struct str **ret, uint32_t *ret_n) {
	struct str x = value->text, name;
	struct texts texts = { arena_alloc(&b->temp, sizeof(*texts.v)), 1 };
	uint32_t from = 0, i = 0;
	int err = 0;

	if (!texts.v)
		return -ENOMEM;
	texts.v[0] = STR("");
	while (!err && i < x.n) {
		bool escape = x.s[i] == '\\' && i + 1 < x.n;

		name = x.s[i] == '%' ? placeholder_at(x, i) : STR("");
		if (!name.n && !(escape && x.s[i + 1] == '%')) {
			i += 1 + escape;
			continue;
		}
		err = add_literal(b, (struct str){ x.s + from, i - from }, &texts);
		if (!err && name.n)
			err = multiply(b, value, name, &texts);
		from = i + (name.n ? name.n + 2 : 1); /* of "\%" the '%' stays */
		i = from + !name.n;
	}
	if (!err)
		err = add_literal(b, (struct str){ x.s + from, x.n - from }, &texts);
	*ret = texts.v;
	*ret_n = texts.n;
	return err;
}
