/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape.h - an event as somebody else's JSON document, by a table of paths
 *
 * A foreign schema is a list of rows: this field goes there, in that form. Where
 * "there" begins depends on what the event is about (the process of an exec is
 * the one that was launched, that of an open is the one who did it), so a path
 * hangs on a role, and a layout says where each role is. A layout is compiled
 * once into rows in the order of the document; writing is then one pass, which
 * opens and closes objects as the paths say. A field that has no row is not lost:
 * it goes below the role 'X' by its own name.
 *
 * For this room only.
 */
#ifndef LAPWING_SHAPE_H
#define LAPWING_SHAPE_H

#include "base/buf.h"
#include "event/field.h"

enum shape_form {
	FORM_AS_IS,	/* as in native JSON */
	FORM_TEXT,	/* a number as text */
	FORM_LOWER,	/* an enum's name in lower case, as text */
	FORM_MS,	/* wall clock ns -> ms */
	FORM_DATE,	/* wall clock ns -> RFC 3339 text with ns, UTC */
	FORM_BOOT_MS,	/* boot clock ns -> wall clock ms; left out when the clocks are not known */
	FORM_BOOT_DATE, /* likewise, as RFC 3339 text */
	FORM_BASENAME,	/* what is behind a path's last '/' */
	FORM_FOLDER,	/* what is before it */
	FORM_FILE_TYPE, /* st_mode -> file type_id of OCSF */
	FORM_OCTAL,	/* permission bits as text: "0644" */
	FORM_ERRNO,	/* "ECONNREFUSED" */
	FORM_COUNT,	/* elements of a list */
	FORM_CAPS,	/* capability bits -> list of names */
	FORM_DIRECTION, /* net.initiated -> direction_id of OCSF */
	FORM_EGRESS,	/* net.initiated -> network.direction of ECS */
	FORM_SHA256,	/* list of one fingerprint of OCSF */
	FORM_LITERAL,	/* @text, when the field is known */
	FORM_OMIT,	/* nothing: the field is told in an extra */
	/* rows without a field */
	FORM_CONST, /* @text, always */
	FORM_EXTRA, /* the writer's own text number @extra, when there is one */
	FORM_NEED,  /* @text, when no field at or below the path, or below @alt, is known */
	FORM_WITH,  /* @text, when a field beside it in its object is known, and none at the path */
};

#define SHAPE_MAX_EXTRAS 20
#define SHAPE_MAX_DEPTH 8
#define SHAPE_NO_FIELD (-1)

struct shape_map {
	int16_t field; /* enum field_id or SHAPE_NO_FIELD */
	uint8_t form;  /* enum shape_form */
	uint8_t extra;
	char role;	  /* 'A' to 'Z' */
	const char *path; /* "a.b" below the role; a name that ends in '[' is a list */
	const char *text; /* JSON */
	const char *alt;  /* FORM_NEED: a second path below the role, or NULL */
};

/* Where each role is: "a.b", "" for the document itself, NULL: its rows are left out. */
struct shape_layout {
	const char *at[26];
};

struct shape_row; /* a compiled one */

struct shape {
	struct shape_row *rows; /* owned, for the life of the program */
	size_t n;
};

/*
 * shape_compile - the rows of @layout in the order of the document, once fields are bound
 * Of two rows with fields at one path the first that is known is written. 0, -ENOMEM, or -EPROTO
 * when a path is deeper than SHAPE_MAX_DEPTH or one row stands in another's way.
 */
int shape_compile(const struct shape_map *maps, size_t n, const struct shape_layout *layout,
		  struct shape *ret);

void shape_done(struct shape *s);

/*
 * shape_write - appends the document of @e, and a newline; nothing if memory is short
 * @extra: SHAPE_MAX_EXTRAS texts, JSON each, absent ones are left out
 */
void shape_write(struct buf *out, const struct shape *s, const struct event *e,
		 const struct str *extra);

#endif
