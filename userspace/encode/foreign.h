/* SPDX-License-Identifier: Apache-2.0 */
/* foreign.h - what the writers of foreign schemas share; for this room only */
#ifndef LAPWING_FOREIGN_H
#define LAPWING_FOREIGN_H

#include "encode/shape.h"

/* Rows of a .def table, for an array of struct shape_map. */
#define MAP(id, role_, path_, form_)                                                               \
	{ .field = FIELD_##id, .form = FORM_##form_, .role = role_, .path = path_ },
#define LITERAL(id, role_, path_, json)                                                            \
	{ .field = FIELD_##id, .form = FORM_LITERAL, .role = role_, .path = path_, .text = json },
#define OMIT(id, role_) { .field = FIELD_##id, .form = FORM_OMIT, .role = role_, .path = "" },
#define CONST(role_, path_, json)                                                                  \
	{ .field = SHAPE_NO_FIELD, .form = FORM_CONST, .role = role_, .path = path_, .text = json },
#define EXTRA(number, role_, path_)                                                                \
	{ .field = SHAPE_NO_FIELD,                                                                 \
	  .form = FORM_EXTRA,                                                                      \
	  .extra = number,                                                                         \
	  .role = role_,                                                                           \
	  .path = path_ },
#define NEED(role_, path_, alt_, json)                                                             \
	{ .field = SHAPE_NO_FIELD,                                                                 \
	  .form = FORM_NEED,                                                                       \
	  .role = role_,                                                                           \
	  .path = path_,                                                                           \
	  .text = json,                                                                            \
	  .alt = alt_ },
#define WITH(role_, path_, json)                                                                   \
	{ .field = SHAPE_NO_FIELD, .form = FORM_WITH, .role = role_, .path = path_, .text = json },

/* Texts of one document, each JSON; they live in @text until foreign_begin(). */
struct foreign {
	struct buf text;
	size_t at[SHAPE_MAX_EXTRAS], n[SHAPE_MAX_EXTRAS];
};

/* foreign_begin - no extra is there */
void foreign_begin(struct foreign *f);

/* foreign_open, foreign_close - what is appended to f->text in between is extra @number */
struct buf *foreign_open(struct foreign *f, unsigned number);
void foreign_close(struct foreign *f, unsigned number);

void foreign_number(struct foreign *f, unsigned number, uint64_t v);
/* foreign_text - nothing, when @x is absent */
void foreign_text(struct foreign *f, unsigned number, struct str x);

/*
 * foreign_id - an event's id, or that of its @nth document: "ID-1" is the first detection's
 * Stable, so that whoever gets a document twice can tell. Nothing, when the event has no id.
 */
void foreign_id(struct foreign *f, unsigned number, const struct event *e, uint32_t nth);

/* foreign_write - appends the document, as shape_write(); nothing when memory was short */
void foreign_write(struct foreign *f, struct buf *out, const struct shape *s,
		   const struct event *e);

/* ocsf_setup, ecs_setup - compile the tables, once encode_setup() has bound the fields; -errno */
int ocsf_setup(void);
int ecs_setup(void);

/* What a tag like "attack.t1059.004" names. */
enum foreign_tag { TAG_OTHER, TAG_TACTIC, TAG_TECHNIQUE, TAG_SUBTECHNIQUE };

/* foreign_tag - the kind of @tag; @ret is the name in it: "execution", "T1059.004" in @scratch */
enum foreign_tag foreign_tag(struct str tag, char scratch[16], struct str *ret);

#endif
