/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socktab.h - who accepted a connection whose end no task will tell
 *
 * Needed where accept is told from its system call, which cannot hang its
 * process on the socket (bpf/flow.h); the socket's cookie ties the two. Entries
 * live in small sets; a full set forgets its oldest, whose end is then nobody's.
 */
#ifndef LAPWING_SOCKTAB_H
#define LAPWING_SOCKTAB_H

#include <stddef.h>
#include <stdint.h>

#include "event/event.h"

#define SOCKTAB_SETS 2048 /* a power of two */
#define SOCKTAB_WAYS 4

struct sock_owner {
	uint64_t cookie; /* 0: a free entry */
	uint64_t accept_ns, start_ns, inode;
	uint32_t tgid, tid, uid, gid, euid;
};

struct sock_set {
	struct sock_owner ways[SOCKTAB_WAYS];
	uint32_t forgotten; /* owners whose connections may still end */
};

struct socktab {
	struct sock_set *sets;
};

/* socktab_init - an empty table: 0 or -ENOMEM */
int socktab_init(struct socktab *t);

void socktab_done(struct socktab *t);

/* socktab_put - keeps a copy of @owner, in place of what was known of its cookie */
void socktab_put(struct socktab *t, const struct sock_owner *owner);

/* socktab_get - the owner of @cookie, or NULL; borrowed until the next put */
struct sock_owner *socktab_get(struct socktab *t, uint64_t cookie);

/* socktab_drop - frees the entry that socktab_get() gave */
void socktab_drop(struct sock_owner *owner);

/* socktab_learn - who accepted the socket of @e, whose end will be told without one */
void socktab_learn(struct socktab *t, const struct event *e);

/*
 * socktab_tell - makes the end of a connection its owner's, or says that it is forgotten
 * false for one whose accept was not told: then neither is its end. Which of the two an unknown
 * one is, only the number of those forgotten tells: as many are told as there are such.
 */
bool socktab_tell(struct socktab *t, struct event *e);

#endif
