/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event.h"

uint64_t event_new_key(void) {
	static uint64_t last; /* one for all: what is kept by key outlives whoever made it */

	return ++last;
}

void event_take_lent(struct event *e) {
	struct event_process *p = &e->process, its = e->lent->process;

	its.pid = p->pid;
	its.tid = p->tid;
	its.start_ns = p->start_ns;
	its.ns_tgid = p->ns_tgid;
	*p = its;
	e->exec = e->lent->exec;
	e->lent = NULL;
}
