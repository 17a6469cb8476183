/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/html.h"

#include <string.h>

#include "base/utf8.h"

void html_cut(struct buf *out, struct str x, uint32_t max) {
	uint32_t step, c;

	for (uint32_t i = 0; i < x.n; i += step, max--) {
		const char *entity = NULL;

		if (!max) {
			buf_add_lit(out, "…");
			return;
		}
		step = utf8_next(x.s + i, x.n - i, &c);
		if (!step) { /* no text of ours; a byte of it is shown */
			step = 1;
			buf_addf(out, "\\x%02x", (unsigned char)x.s[i]);
			continue;
		}
		entity = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;"
		       : c == '"' ? "&quot;" : c == '\'' ? "&#39;" : NULL;
		if (entity)
			buf_add(out, entity, strlen(entity));
		else if (utf8_hidden(c) && c != '\n')
			buf_addf(out, "\\u{%04X}", c);
		else
			buf_add(out, x.s + i, step);
	}
}

void html_text(struct buf *out, struct str x) {
	html_cut(out, x, UINT32_MAX);
}
