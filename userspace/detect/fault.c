/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/nearest.h"

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

/* may_mean - to a short word nearly all is near: "like" is no "lte", and no "wide" */
static bool may_mean(struct str word, struct str meant) {
	if (word.n > FAULT_WORD || meant.n > FAULT_WORD || !word.n || !meant.n)
		return false;
	return meant.n >= 6 || (word.s[0] == meant.s[0] && (meant.n >= 4 || meant.n == word.n));
}

const char *fault_near(struct str word, const struct str *words, size_t n, const char *otherwise) {
	static char texts[FAULT_WORDS + 1][FAULT_WORD + 1], sentence[48];
	const char *list[FAULT_WORDS], *near;
	size_t k = 0;

	for (size_t i = 0; i < n && k < FAULT_WORDS; i++) {
		if (!may_mean(word, words[i]))
			continue;
		(void)snprintf(texts[k], sizeof(texts[k]), "%.*s", STR_FMT(words[i]));
		list[k] = texts[k];
		k++;
	}
	(void)snprintf(texts[FAULT_WORDS], sizeof(texts[0]), "%.*s", STR_FMT(word));
	near = nearest_word(texts[FAULT_WORDS], list, k);
	if (!near)
		return otherwise;
	(void)snprintf(sentence, sizeof(sentence), "perhaps '%s'", near);
	return sentence;
}
