/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int fault(struct faults *f, uint32_t line, uint32_t column, const char *fmt, ...) {
	char text[512];
	va_list ap;

	if (f->n++ >= MAX_FAULTS)
		return -EINVAL;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_addf(f->out, "%s:%u:%u: %s", f->file, line, column, text);
	if (f->id.n)
		buf_addf(f->out, " (rule %s)", fault_text(f->id));
	buf_add_char(f->out, '\n');
	return -EINVAL;
}

const char *fault_text(struct str x) {
	static char slot[4][64];
	static unsigned turn;
	char *p = slot[turn++ % 4];
	uint32_t n = x.n < 60 ? x.n : 57;

	for (uint32_t i = 0; i < n; i++)
		p[i] = (unsigned char)x.s[i] < 0x20 || x.s[i] == 0x7f ? '?' : x.s[i];
	memcpy(p + n, x.n > n ? "..." : "", x.n > n ? 4 : 1);
	return p;
}
