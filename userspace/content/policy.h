/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - the owner's word as text: the file `pins` of the state folder
 *
 * A line for each key: channel, stratum, ring, laboratory, max_ring, delay (seconds), freeze_until
 * (seconds since 1970, or "ever"), weekends, exact (a bundle's hash), part (2/3).
 */
#ifndef LAPWING_CONTENT_POLICY_H
#define LAPWING_CONTENT_POLICY_H

#include "base/buf.h"
#include "content/plan.h"

/* policy_default - all hosts' default: everything that is ordered, in its turn */
struct policy policy_default(void);

/* policy_set - one key; -ENOENT: there is none such, -EINVAL: no value for it */
int policy_set(struct policy *p, struct str key, struct str value);

void policy_format(const struct policy *p, struct buf *out);

/* policy_parse - -EBADMSG: a line of it is none */
int policy_parse(struct str text, struct policy *ret);

/* policy_join - @p becomes what satisfies both: the configuration, and what was ordered since */
void policy_join(struct policy *p, const struct policy *other);

#endif
