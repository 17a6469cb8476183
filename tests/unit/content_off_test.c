/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is switched off: by orders until they expire, by the owner for as long as the owner likes.
 */
#include <errno.h>
#include <stdio.h>

#include "content/state.h"
#include "test.h"

static struct order order(uint64_t issued_s, uint64_t expires_s) {
	return (struct order){ .issued_s = issued_s, .expires_s = expires_s };
}

static bool is_off(const struct off_list *l, enum off_kind kind, const char *name, uint64_t now_s) {
	for (uint32_t i = 0; i < l->n; i++)
		if (l->list[i].kind == kind && !strcmp(l->list[i].name, name) &&
		    off_holds(&l->list[i], now_s))
			return true;
	return false;
}

static void an_order_holds_until_it_expires_and_a_week_at_most(void) {
	struct order o = order(1000, 2000);
	struct off_list l = { 0 };

	o.n_disarm = o.n_leave = 1;
	(void)strcpy(o.disarm[0], "rule one");
	(void)strcpy(o.leave[0], "file");
	CHECK(off_order(&l, &o) && !off_order(&l, &o));
	CHECK(is_off(&l, OFF_RULE, "rule one", 1999) && is_off(&l, OFF_DEED, "file", 1999));
	CHECK(!is_off(&l, OFF_RULE, "rule one", 2000) && !is_off(&l, OFF_RULE, "rule two", 1999));
	CHECK(!is_off(&l, OFF_ALL, "", 1999));
	o.safe = true;
	o.expires_s = 1000 + 100 * 86400;
	CHECK(off_order(&l, &o) && l.n == 3);
	CHECK(is_off(&l, OFF_ALL, "", 1000 + OFF_ORDER_MAX_S - 1));
	CHECK(!is_off(&l, OFF_ALL, "", 1000 + OFF_ORDER_MAX_S));
}

static void a_later_order_that_does_not_say_it_takes_it_back(void) {
	struct order o = order(1000, 2000), next = order(1001, 2001);
	struct off_list l = { 0 };

	o.n_disarm = 1;
	(void)strcpy(o.disarm[0], "one");
	CHECK(off_order(&l, &o) && is_off(&l, OFF_RULE, "one", 1500));
	CHECK(off_order(&l, &next) && !l.n);
}

static void the_owner_is_not_overruled(void) {
	struct off mine = { .kind = OFF_RULE, .owner = true, .until_s = UINT64_MAX, .name = "one" };
	struct order o = order(1000, 2000);
	struct off_list l = { 0 };

	CHECK(!off_put(&l, &mine) && !off_order(&l, &o));
	CHECK(is_off(&l, OFF_RULE, "one", UINT64_MAX - 1));
	o.n_disarm = 1;
	(void)strcpy(o.disarm[0], "one");
	CHECK(off_order(&l, &o) && l.n == 2);
	CHECK(!off_take(&l, OFF_DEED, "one") && off_take(&l, OFF_RULE, "one") && !l.n);
}

static void it_is_kept_in_the_state(void) {
	static struct state s, back;
	struct off off = { .kind = OFF_ALL, .until_s = 77 };
	struct buf text = { 0 };

	CHECK(!off_put(&s.off, &off));
	off = (struct off){ .kind = OFF_RULE, .owner = true, .until_s = UINT64_MAX };
	(void)strcpy(off.name, "A Title With Blanks");
	CHECK(!off_put(&s.off, &off));
	state_format(&s, &text);
	CHECK(!state_parse((struct str){ text.data, (uint32_t)text.len }, &back));
	CHECK(back.off.n == 2 && is_off(&back.off, OFF_ALL, "", 76));
	CHECK(back.off.list[1].owner && is_off(&back.off, OFF_RULE, "A Title With Blanks", 99));
	buf_done(&text);
}

static void an_order_finds_room_beside_all_that_the_owner_switched(void) {
	struct off mine = { .kind = OFF_RULE, .owner = true, .until_s = UINT64_MAX };
	struct order o = order(1000, 2000);
	struct off_list l = { 0 };
	int n = 0;

	while (n < OFF_MAX) {
		(void)snprintf(mine.name, sizeof(mine.name), "%d", n);
		if (off_put(&l, &mine))
			break;
		n++;
	}
	CHECK(n == OFF_OWNER_MAX && off_put(&l, &mine) == -ENOSPC);
	o.safe = true;
	for (o.n_disarm = 0; o.n_disarm < ORDER_DISARM; o.n_disarm++)
		(void)snprintf(o.disarm[o.n_disarm], ORDER_TEXT_BYTES, "rule %u", o.n_disarm);
	for (o.n_leave = 0; o.n_leave < ORDER_LEAVE; o.n_leave++)
		(void)snprintf(o.leave[o.n_leave], ORDER_TEXT_BYTES, "deed %u", o.n_leave);
	CHECK(off_order(&l, &o) && l.n == OFF_MAX && is_off(&l, OFF_ALL, "", 1500));
	CHECK(is_off(&l, OFF_RULE, "rule 63", 1500) && is_off(&l, OFF_DEED, "deed 15", 1500));
}

static void what_is_no_row_is_refused(void) {
	static const char *const bad[] = { "",		  "rule",	    "rule order",
					   "all who 1 ",  "code order 1 x", "rule order x one",
					   "rule order 1 a\nb" };
	struct off_list l = { 0 };
	struct off off = { .kind = OFF_RULE, .until_s = 1 };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(off_parse(str_of(bad[i]), &l) == -EBADMSG && !l.n);
	for (int i = 0; i < OFF_MAX; i++) {
		(void)snprintf(off.name, sizeof(off.name), "%d", i);
		CHECK(!off_put(&l, &off));
	}
	CHECK(!off_put(&l, &off)); /* it is there */
	(void)strcpy(off.name, "one more");
	CHECK(off_put(&l, &off) == -ENOSPC);
}

int main(void) {
	RUN(an_order_holds_until_it_expires_and_a_week_at_most);
	RUN(a_later_order_that_does_not_say_it_takes_it_back);
	RUN(the_owner_is_not_overruled);
	RUN(it_is_kept_in_the_state);
	RUN(an_order_finds_room_beside_all_that_the_owner_switched);
	RUN(what_is_no_row_is_refused);
	DONE();
}
