/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/html.h"

#include <stdbool.h>
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

static void new_line(struct buf *out, uint32_t depth) {
	buf_add_char(out, '\n');
	for (uint32_t i = 0; i < depth; i++)
		buf_add_lit(out, "  ");
}

/* lay_out - @x is our own JSON: whole, without blanks, and not deep */
static void lay_out(struct buf *out, struct str x) {
	uint64_t objects = 0; /* a bit for each bracket that is open: it is one of an object */
	uint32_t depth = 0;
	bool quoted = false;

	for (uint32_t i = 0; i < x.n; i++) {
		char c = x.s[i];
		bool empty = i && (x.s[i - 1] == '{' || x.s[i - 1] == '[');

		if (quoted || c == '"') {
			buf_add_char(out, c);
			if (c == '\\' && i + 1 < x.n)
				buf_add_char(out, x.s[++i]);
			else if (c == '"')
				quoted = !quoted;
			continue;
		}
		if ((c == '}' || c == ']') && depth) {
			depth--;
			if (objects & 1 && !empty)
				new_line(out, depth);
			objects >>= 1;
		}
		buf_add_char(out, c);
		if (c == '{' || c == '[') {
			objects = objects << 1 | (c == '{');
			depth++;
		}
		if (c == ':' || (c == ',' && !(objects & 1)))
			buf_add_char(out, ' ');
		else if ((c == '{' && i + 1 < x.n && x.s[i + 1] != '}') || c == ',')
			new_line(out, depth);
	}
}

void html_json(struct buf *out, struct str x) {
	struct buf laid = { 0 };

	lay_out(&laid, x);
	if (buf_error(&laid))
		html_text(out, x);
	else
		html_text(out, (struct str){ laid.data, (uint32_t)laid.len });
	buf_done(&laid);
}
