/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socktab.h - who asked for a connection whose outcome no task will tell
 *
 * The answer to a connect(2) arrives in an interrupt; only the socket's inode
 * number ties it to the process that asked. Entries live in small sets; a full
 * set forgets its oldest, whose outcome is then reported without an owner.
 */
#ifndef LAPWING_SOCKTAB_H
#define LAPWING_SOCKTAB_H

#include <stddef.h>
#include <stdint.h>

#define SOCKTAB_SETS 2048 /* a power of two */
#define SOCKTAB_WAYS 4

struct sock_owner {
	uint64_t inode; /* 0: a free entry */
	uint64_t attempt_ns, start_ns;
	uint32_t tgid, tid, uid, gid, euid;
};

struct socktab {
	struct sock_owner (*sets)[SOCKTAB_WAYS];
};

/* socktab_init - an empty table: 0 or -ENOMEM */
int socktab_init(struct socktab *t);

void socktab_done(struct socktab *t);

/* socktab_put - keeps a copy of @owner, in place of what was known of its inode */
void socktab_put(struct socktab *t, const struct sock_owner *owner);

/* socktab_get - the owner of @inode, or NULL; borrowed until the next put */
struct sock_owner *socktab_get(struct socktab *t, uint64_t inode);

/* socktab_drop - frees the entry that socktab_get() gave */
void socktab_drop(struct sock_owner *owner);

#endif
