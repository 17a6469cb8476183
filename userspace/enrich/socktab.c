/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/socktab.h"

#include <errno.h>
#include <stdlib.h>

int socktab_init(struct socktab *t) {
	t->sets = calloc(SOCKTAB_SETS, sizeof(*t->sets));
	return t->sets ? 0 : -ENOMEM;
}

void socktab_done(struct socktab *t) {
	free(t->sets);
	t->sets = NULL;
}

/* set_of - the kernel counts cookies up, so neighbours fall into different sets */
static struct sock_owner *set_of(struct socktab *t, uint64_t cookie) {
	return t->sets[(cookie ^ cookie >> 32) & (SOCKTAB_SETS - 1)];
}

struct sock_owner *socktab_get(struct socktab *t, uint64_t cookie) {
	struct sock_owner *set = set_of(t, cookie);

	for (int i = 0; cookie && i < SOCKTAB_WAYS; i++) {
		if (set[i].cookie == cookie)
			return &set[i];
	}
	return NULL;
}

void socktab_put(struct socktab *t, const struct sock_owner *owner) {
	struct sock_owner *set = set_of(t, owner->cookie), *place = socktab_get(t, owner->cookie);

	if (!place) {
		place = set;
		for (int i = 1; i < SOCKTAB_WAYS && place->cookie; i++) {
			if (!set[i].cookie || set[i].accept_ns < place->accept_ns)
				place = &set[i];
		}
	}
	*place = *owner;
}

void socktab_drop(struct sock_owner *owner) {
	owner->cookie = 0;
}
