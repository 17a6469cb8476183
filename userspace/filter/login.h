/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.h - where the secret of a URL begins and ends: scheme://user:secret@host
 *
 * People write secrets as they are, with '@', '/', '?' and '#' in them, and the programs that they
 * give them to take many of those. So the secret ends at the last '@' before a space or a quote:
 * of what stands behind a secret too much is masked then, and of the secret nothing is told.
 * Where there is none, the quote may be the secret's own: then the secret ends at the next '@',
 * if no '/', '?', '#' or space comes first.
 */
#ifndef LAPWING_LOGIN_H
#define LAPWING_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* What is known of the run between spaces and quotes; all zero for a new text. */
struct login {
	uint32_t end; /* of the run that was looked through last */
	uint32_t at;  /* its last '@', or @end */
};

/* login_find - whether "://user:secret@" begins at @at of @w; the bounds of the secret */
bool login_find(struct login *l, struct str w, uint32_t at, uint32_t *from, uint32_t *end);

#endif
