/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_rows.c - all rows, what is alike folded; then the dearest, each with those above it
 */
#include "cli/report_rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report_picture.h"
#include "event/field.h"

#define EACH 4	     /* so many that are alike have a row each; the last of them has all others */
#define LOOK_BACK 32 /* rows in which one that is alike is looked for */
#define TEXT_BYTES (64u << 20)

enum worth { WORTH_FOCUS, WORTH_HIT, WORTH_OWN, WORTH_PROCESS, WORTH_EVENT };

struct planning {
	struct picture_rows *rows;
	struct recall *recall;
	const struct recall_event *focus;
	int err;
};

static struct picture_row *add(struct planning *p) {
	struct picture_rows *rows = p->rows;

	if (rows->n == rows->cap) {
		size_t cap = rows->cap ? rows->cap * 2 : 256;
		struct picture_row *v = realloc(rows->v, cap * sizeof(*v));

		if (!v) {
			p->err = -ENOMEM;
			return NULL;
		}
		rows->v = v;
		rows->cap = cap;
	}
	return &rows->v[rows->n];
}

/* take_texts - @row is one of the rows, if there is memory for its texts */
static void take_texts(struct planning *p, struct picture_row *row, const char *text,
		       const char *key) {
	row->text = arena_str(&p->rows->texts, str_of(text));
	row->key = arena_str(&p->rows->texts, str_of(key));
	if (row->text.s && row->key.s)
		p->rows->n++;
	else
		p->err = -ENOMEM;
}

/* is_kin - whether @of is @p, or made it, or was made by it */
static bool is_kin(const struct recall_process *p, const struct recall_process *of) {
	const struct recall_process *q = p;

	for (int i = 0; q && i < RECALL_DEPTH; i++, q = q->parent)
		if (q == of)
			return true;
	for (int i = 0; of && i < RECALL_DEPTH; i++, of = of->parent)
		if (of == p)
			return true;
	return false;
}

static uint64_t away(uint64_t a, uint64_t b) {
	return a > b ? a - b : b - a;
}

/* same_key - what two events must have in common: the kind, and a file's folder or the other end */
static void same_key(const struct event *e, const char *what, const char *class, char *to,
		     size_t room) {
	const char *slash = !strcmp(class, "net") ? NULL : strrchr(what, '/');

	(void)snprintf(to, room, "%s %.*s", class, slash ? (int)(slash - what) : (int)strlen(what),
		       what);
	if (e->n_detections) {
		size_t n = strlen(to);

		(void)snprintf(to + n, room - n, " %.*s", STR_FMT(e->detections[0].title));
	}
}

/*
 * alike - the row below the one of its process, at @from, that an event like this is a part of
 * Of what is the same; else of what is alike, where some of it have a row each already. Or NULL.
 */
static struct picture_row *alike(const struct planning *p, size_t from, const char *what,
				 const char *key) {
	struct picture_row *last = NULL;
	size_t n = 0;

	for (size_t i = p->rows->n; i-- > from + 1 && i + LOOK_BACK >= p->rows->n;) {
		struct picture_row *row = &p->rows->v[i];

		if (row->event == p->focus || !str_eq(row->key, str_of(key)))
			continue;
		if (str_eq(row->text, str_of(what)))
			return row;
		last = last ? last : row;
		n++;
	}
	return n >= EACH ? last : NULL;
}

static void plan_event(struct planning *p, struct recall_event *of, size_t up, uint32_t depth) {
	const struct recall_process *own = p->focus->process;
	char what[512], key[768];
	struct picture_row *row;
	const char *class;
	struct event e;

	if (recall_unpack(p->recall, of, &e) || !picture_what(&e, what, sizeof(what), &class))
		return;
	same_key(&e, what, class, key, sizeof(key));
	row = of == p->focus ? NULL : alike(p, up, what, key);
	if (row) {
		row->n++;
		row->last_ns = of->time_ns;
		row->one &= str_eq(row->text, str_of(what));
		if (away(of->time_ns, p->focus->time_ns) < row->away_ns)
			row->away_ns = away(of->time_ns, p->focus->time_ns);
		return;
	}
	row = add(p);
	if (!row)
		return;
	*row = (struct picture_row){ .process = of->process,
				     .event = of,
				     .last_ns = of->time_ns,
				     .n = 1,
				     .depth = depth,
				     .class = class,
				     .up = up,
				     .away_ns = away(of->time_ns, p->focus->time_ns),
				     .one = true };
	row->worth = of == p->focus	     ? WORTH_FOCUS
		     : e.n_detections	     ? WORTH_HIT
		     : of->process == own    ? WORTH_OWN
					     : WORTH_EVENT;
	take_texts(p, row, what, key);
}

static void plan_process(struct planning *p, const struct recall_process *of, size_t up,
			 uint32_t depth) {
	struct str command = of->command_line.n ? of->command_line : of->executable;
	size_t at = p->rows->n;
	struct picture_row *row;
	char text[512];

	if (!of->marked || depth > RECALL_DEPTH)
		return;
	row = add(p);
	if (!row)
		return;
	(void)snprintf(text, sizeof(text), "%.*s[%u]  %.*s", STR_FMT(of->name), of->pid,
		       STR_FMT(command));
	*row = (struct picture_row){ .process = of, .depth = depth, .class = "process", .up = up };
	row->worth = of == p->focus->process		  ? WORTH_FOCUS
		     : of->n_detections			  ? WORTH_HIT
		     : is_kin(of, p->focus->process) ? WORTH_OWN
							  : WORTH_PROCESS;
	row->away_ns = away(of->first_ns, p->focus->time_ns);
	take_texts(p, row, text, "");
	for (struct recall_event *e = of->events; e && !p->err; e = e->next)
		plan_event(p, e, at, depth + 1);
	for (const struct recall_process *kid = of->kids; kid && !p->err; kid = kid->next)
		plan_process(p, kid, at, depth + 1);
}

/* --- which of them are drawn ------------------------------------------------------------------ */

static int by_worth(const void *a, const void *b) {
	const struct picture_row *x = *(struct picture_row *const *)a;
	const struct picture_row *y = *(struct picture_row *const *)b;

	if (x->worth != y->worth)
		return x->worth < y->worth ? -1 : 1;
	if (x->away_ns != y->away_ns)
		return x->away_ns < y->away_ns ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* draw_with - @row and all above it, if they fit */
static void draw_with(struct picture_rows *rows, struct picture_row *row) {
	size_t need = 0;

	for (struct picture_row *r = row; !r->drawn; r = &rows->v[r->up]) {
		need++;
		if (r->up == SIZE_MAX)
			break;
	}
	if (rows->n_drawn + need > PICTURE_ROWS)
		return;
	rows->n_drawn += need;
	for (struct picture_row *r = row; !r->drawn; r = &rows->v[r->up]) {
		r->drawn = true;
		if (r->up == SIZE_MAX)
			break;
	}
}

static int choose(struct picture_rows *rows) {
	struct picture_row **order = calloc(rows->n + 1, sizeof(struct picture_row *));

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < rows->n; i++)
		order[i] = &rows->v[i];
	if (rows->n)
		qsort(order, rows->n, sizeof(order[0]), by_worth);
	for (size_t i = 0; i < rows->n && rows->n_drawn < PICTURE_ROWS; i++)
		draw_with(rows, order[i]);
	free(order);
	for (size_t i = 0; i < rows->n; i++) {
		struct picture_row *row = &rows->v[i];
		struct recall_event *of = row->event ? row->event : row->process->events;

		if (row->drawn && of)
			of->marked = true;
		else if (!row->drawn && row->event)
			rows->events_left += row->n;
		else if (!row->drawn)
			rows->processes_left++;
	}
	return 0;
}

int rows_plan(struct recall *r, const struct recall_process *root, const struct recall_event *focus,
	      struct picture_rows *ret) {
	struct planning p = { ret, r, focus, 0 };

	*ret = (struct picture_rows){ 0 };
	arena_init(&ret->texts, TEXT_BYTES);
	plan_process(&p, root, SIZE_MAX, 0);
	return p.err ? p.err : choose(ret);
}

void rows_done(struct picture_rows *rows) {
	free(rows->v);
	arena_done(&rows->texts);
}
