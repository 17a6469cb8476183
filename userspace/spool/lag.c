/* SPDX-License-Identifier: Apache-2.0 */
#include "spool/lag.h"

#include <string.h>

/* has_passed - whether nobody wants anything of before @m */
static bool has_passed(const struct lag_mark *m, const uint64_t passed[SPOOL_CLASSES]) {
	for (int i = 0; i < SPOOL_CLASSES; i++)
		if (passed[i] < m->end[i])
			return false;
	return true;
}

void lag_step(struct lag *l, const uint64_t passed[SPOOL_CLASSES],
	      const uint64_t end[SPOOL_CLASSES], uint64_t now_ms) {
	struct lag_mark now = { .ms = now_ms };
	unsigned gone = 0;

	while (gone < l->n && has_passed(&l->marks[gone], passed))
		gone++;
	l->n -= gone;
	memmove(l->marks, l->marks + gone, l->n * sizeof(l->marks[0]));
	memcpy(now.end, end, sizeof(now.end));
	l->ms = l->n ? now_ms - l->marks[0].ms : 0;
	if (has_passed(&now, passed) ||
	    (l->n && !memcmp(now.end, l->marks[l->n - 1].end, sizeof(now.end))))
		return;
	if (l->n < LAG_MARKS)
		l->marks[l->n++] = now;
	else
		memcpy(l->marks[l->n - 1].end, now.end, sizeof(now.end));
}
