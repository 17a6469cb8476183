/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h - passwords, tokens and keys in command lines, made unreadable
 *
 * What comes behind a telling name ("--password X", "token=X", "Authorization:
 * Bearer X"), behind the password option of a known program (mysql -pX), between
 * ':' and '@' of a URL, or looks like a token of a known issuer, becomes "****".
 * One pass over the text, no backtracking. A secret that nothing announces is not
 * found, nor in a command line (whose arguments are joined by spaces, unquoted)
 * what is behind a space in a secret.
 */
#ifndef LAPWING_SECRET_H
#define LAPWING_SECRET_H

#include "base/arena.h"
#include "event/event.h"

#define SECRET_MAX_NAMES 64
#define SECRET_MASK "****"

/* Names that announce a secret. */
struct secret_names {
	struct str names[SECRET_MAX_NAMES]; /* lower case, without '-', '_' and '.' */
	unsigned n;
	char text[1024]; /* what they point into */
};

/* secret_defaults - the names that are looked for unless told otherwise */
void secret_defaults(struct secret_names *ret);

/* secret_add - one more name; -E2BIG when there are too many, -EINVAL when it is no name */
int secret_add(struct secret_names *s, struct str name);

/*
 * secret_mask_line - @line, arguments joined by spaces, without secrets
 * @line itself when there is none, else a copy in @arena; absent when memory is out.
 */
struct str secret_mask_line(const struct secret_names *s, struct arena *arena, struct str line);

/* secret_mask_args - the same for a list of arguments, the program first; an empty list likewise */
struct strv secret_mask_args(const struct secret_names *s, struct arena *arena, struct strv args);

#endif
