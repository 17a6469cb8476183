/* SPDX-License-Identifier: Apache-2.0 */
/*
 * off.h - what is switched off on this host, by whom, and until when
 *
 * An order switches off until it expires, for a week at most, and a later order takes it back by
 * not saying it again. The owner switches off for as long as the owner likes, and may switch on
 * again what an order has switched off. Pure; kept in `state`.
 */
#ifndef LAPWING_CONTENT_OFF_H
#define LAPWING_CONTENT_OFF_H

#include <stdbool.h>

#include "content/order.h"

/* an order always finds room, however much the owner has switched off */
#define OFF_OWNER_MAX 64
#define OFF_MAX (OFF_OWNER_MAX + ORDER_DISARM + ORDER_LEAVE + 1)
#define OFF_ORDER_MAX_S (7ull * 86400)

enum off_kind {
	OFF_RULE = 1, /* by id, name or title */
	OFF_DEED = 2, /* what hooks tell: "file", or "file.open" */
	OFF_ALL = 3,  /* no hook at all; the name is empty */
	OFF_KINDS = 4,
};

struct off {
	enum off_kind kind;
	bool owner;	  /* else an order */
	uint64_t until_s; /* seconds since 1970; UINT64_MAX: until the owner says so */
	char name[ORDER_TEXT_BYTES];
};

struct off_list {
	uint32_t n;
	struct off list[OFF_MAX];
};

/* off_put - or puts off its end; -EINVAL: a name with control characters, -ENOSPC */
int off_put(struct off_list *l, const struct off *off);

/* off_take - whether @name was off, whoever said so; it is on now */
bool off_take(struct off_list *l, enum off_kind kind, const char *name);

/* off_order - what @o says takes the place of what orders said before; whether that changes @l */
bool off_order(struct off_list *l, const struct order *o);

/* off_holds - whether @off is in force at @now_s */
bool off_holds(const struct off *off, uint64_t now_s);

/* off_word - "rule", "deed", "all" */
const char *off_word(enum off_kind kind);

/* off_format - a row of `state`, "off KIND WHO UNTIL NAME", for each */
void off_format(const struct off_list *l, struct buf *out);

/* off_parse - what stands behind "off " in such a row; -EBADMSG */
int off_parse(struct str row, struct off_list *l);

#endif
