/* SPDX-License-Identifier: Apache-2.0 */
#include "filter/command.h"

#include <ctype.h>
#include <string.h>

bool command_parts(struct str w) {
	return str_eq(w, STR("|")) || str_eq(w, STR("||")) || str_eq(w, STR("&&")) ||
	       str_eq(w, STR("&")) || str_eq(w, STR(";"));
}

/* bare - the last name in @w: x=$(mysql, '/usr/bin/mysql'; */
static struct str bare(struct str w) {
	uint32_t from;

	while (w.n && strchr(");`'\"}", w.s[w.n - 1]))
		w.n--;
	from = w.n;
	while (from && !strchr("/=(`'\"{", w.s[from - 1]))
		from--;
	return (struct str){ w.s + from, w.n - from };
}

static void learn_letters(struct command *c, struct str w) {
	for (uint32_t i = 1; i < w.n; i++) {
		if (islower((unsigned char)w.s[i]))
			c->letters |= SECRET_LETTER(w.s[i]);
	}
}

static void learn_verb(struct command *c, struct str w) {
	c->login |= str_eq(w, STR("login"));
	c->config |= str_eq(w, STR("config")) || str_eq(w, STR("configure")) ||
		     str_eq(w, STR("set")) || str_eq(w, STR("connect")) || str_eq(w, STR("modify"));
}

void command_learn(struct command *c, struct str w) {
	uint32_t families = secret_program(bare(w));
	const struct secret_place *place;

	/* one more: "mysql -D git -pX" is still of mysql */
	c->families |= families;
	if (!c->placed)
		c->letters = c->operands = 0;
	c->placed |= families & SECRET_PLACES;
	if (w.n > 1 && w.s[0] == '-' && w.s[1] != '-')
		learn_letters(c, w);
	else if (c->families)
		learn_verb(c, w);
	place = secret_place(c->placed, c->letters, w);
	if (place && place != c->place) {
		c->place = place;
		c->operands = place->verb[0] ? 0 : c->operands;
	}
}

bool command_hides(struct command *c, struct str w) {
	const struct secret_place *p = c->place;

	if (!c->placed || !w.n || w.s[0] == '-')
		return false;
	c->operands++;
	return p && c->operands > p->from && !secret_place_spares(p, w);
}
