/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names.h - user names by uid, as the host gave them
 *
 * At most NAMES_MAX of them, each of at most NAMES_MAX_BYTES; what is past that
 * is not kept, and its users are reported without a name.
 */
#ifndef LAPWING_NAMES_H
#define LAPWING_NAMES_H

#include <stddef.h>

#include "base/str.h"

#define NAMES_MAX 65536
#define NAMES_MAX_BYTES 256

struct name {
	uint32_t uid;
	struct str text; /* own memory; absent in a free place */
};

struct names {
	struct name *places; /* open addressing, @cap is 0 or a power of two */
	size_t cap, used;
	uint64_t version; /* counts what was put, so that who keeps a name knows to ask again */
};

void names_done(struct names *t);

/* names_put - @uid is called @name from now on; absent: by no name. 0, -ENOMEM or -ENOSPC */
int names_put(struct names *t, uint32_t uid, struct str name);

/* names_get - the name of @uid, or absent; dies when names_put() is told of the same uid */
struct str names_get(const struct names *t, uint32_t uid);

#endif
