/* SPDX-License-Identifier: Apache-2.0 */
#include "content/off.h"

#include <errno.h>
#include <inttypes.h>

#include "content/number.h"

static const char *const words[OFF_KINDS] = { "?", "rule", "deed", "all" };

const char *off_word(enum off_kind kind) {
	return words[kind < OFF_KINDS ? kind : 0];
}

static bool same(const struct off *a, enum off_kind kind, const char *name) {
	return a->kind == kind && !strcmp(a->name, name);
}

int off_put(struct off_list *l, const struct off *off) {
	uint32_t i = 0, owners = 0;

	for (const char *c = off->name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return -EINVAL;
	while (i < l->n && (!same(&l->list[i], off->kind, off->name) ||
			    l->list[i].owner != off->owner))
		owners += l->list[i++].owner;
	if (i == OFF_MAX || (i == l->n && off->owner && owners == OFF_OWNER_MAX))
		return -ENOSPC;
	l->list[i] = *off;
	l->n += i == l->n;
	return 0;
}

bool off_take(struct off_list *l, enum off_kind kind, const char *name) {
	uint32_t n = 0;
	bool any;

	for (uint32_t i = 0; i < l->n; i++)
		if (!same(&l->list[i], kind, name))
			l->list[n++] = l->list[i];
	any = n != l->n;
	l->n = n;
	return any;
}

static void put_ordered(struct off_list *l, enum off_kind kind, const char *name,
			uint64_t until_s) {
	struct off off = { .kind = kind, .until_s = until_s };

	(void)memcpy(off.name, name, strlen(name) + 1); /* both ORDER_TEXT_BYTES at most */
	(void)off_put(l, &off);				/* there is room: OFF_MAX */
}

bool off_order(struct off_list *l, const struct order *o) {
	struct off_list next = { 0 };
	uint64_t until = o->expires_s;
	bool changed;

	if (until > o->issued_s + OFF_ORDER_MAX_S)
		until = o->issued_s + OFF_ORDER_MAX_S;
	for (uint32_t i = 0; i < l->n; i++)
		if (l->list[i].owner)
			next.list[next.n++] = l->list[i];
	if (o->safe)
		put_ordered(&next, OFF_ALL, "", until);
	for (uint32_t i = 0; i < o->n_leave; i++)
		put_ordered(&next, OFF_DEED, o->leave[i], until);
	for (uint32_t i = 0; i < o->n_disarm; i++)
		put_ordered(&next, OFF_RULE, o->disarm[i], until);
	changed = next.n != l->n;
	for (uint32_t i = 0; i < next.n && !changed; i++)
		changed = !same(&l->list[i], next.list[i].kind, next.list[i].name) ||
			  l->list[i].owner != next.list[i].owner ||
			  l->list[i].until_s != next.list[i].until_s;
	*l = next;
	return changed;
}

bool off_holds(const struct off *off, uint64_t now_s) {
	return now_s < off->until_s;
}

void off_format(const struct off_list *l, struct buf *out) {
	for (uint32_t i = 0; i < l->n; i++) {
		const struct off *o = &l->list[i];

		buf_addf(out, "off %s %s %" PRIu64 " %s\n", off_word(o->kind),
			 o->owner ? "owner" : "order", o->until_s, o->name);
	}
}

/* word - up to the next blank of @row, which it takes off */
static struct str word(struct str *row) {
	const char *blank = row->n ? memchr(row->s, ' ', row->n) : NULL;
	struct str x = { row->s, blank ? (uint32_t)(blank - row->s) : row->n };

	*row = (struct str){ row->s + x.n + (blank != NULL), row->n - x.n - (blank != NULL) };
	return x;
}

int off_parse(struct str row, struct off_list *l) {
	struct str kind = word(&row), who = word(&row), until = word(&row);
	struct off off = { .owner = str_eq(who, STR("owner")) };

	for (int i = OFF_RULE; i < OFF_KINDS; i++)
		if (str_eq(kind, str_of(words[i])))
			off.kind = (enum off_kind)i;
	if (!off.kind || (!off.owner && !str_eq(who, STR("order"))) ||
	    number_parse(until, &off.until_s) || row.n >= sizeof(off.name))
		return -EBADMSG;
	if (row.n)
		memcpy(off.name, row.s, row.n);
	return off_put(l, &off) ? -EBADMSG : 0;
}
