/* SPDX-License-Identifier: Apache-2.0 */
#include "content/verdict.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "content/number.h"

void verdict_say(struct verdict *v, const char *gate, const char *verdict, const char *reason,
		 const char *fmt, ...) {
	va_list args;

	(void)snprintf(v->gate, sizeof(v->gate), "%s", gate);
	(void)snprintf(v->verdict, sizeof(v->verdict), "%s", verdict);
	(void)snprintf(v->reason, sizeof(v->reason), "%s", reason);
	va_start(args, fmt);
	(void)vsnprintf(v->text, sizeof(v->text), fmt, args);
	va_end(args);
	for (char *c = v->text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
}

void verdict_line(const struct verdict *v, struct buf *out) {
	char hex[SEAL_HEX_BYTES];

	seal_hex(v->hash, hex);
	buf_addf(out, "%" PRIu64 "\t%s\t%s\t%s\t%s\t%" PRIu64 "\t%" PRIu64 "\t%s\n", v->time_s,
		 v->gate, v->verdict, v->reason, hex, v->version, v->order, v->text);
}

/* part - the next field of @line; false: there is none */
static bool part(struct str *line, struct str *ret) {
	const char *tab = line->n ? memchr(line->s, '\t', line->n) : NULL;

	if (!line->s)
		return false;
	*ret = (struct str){ line->s, tab ? (uint32_t)(tab - line->s) : line->n };
	*line = tab ? (struct str){ tab + 1, line->n - ret->n - 1 } : (struct str){ 0 };
	return true;
}

static int copy(struct str x, char *ret, size_t room) {
	if (x.n >= room)
		return -EBADMSG;
	if (x.n)
		memcpy(ret, x.s, x.n);
	ret[x.n] = '\0';
	return 0;
}

int verdict_parse(struct str line, struct verdict *ret) {
	struct verdict v = { 0 };
	struct str p[8];

	for (int i = 0; i < 8; i++)
		if (!part(&line, &p[i]))
			return -EBADMSG;
	if (line.s || number_parse(p[0], &v.time_s) || copy(p[1], v.gate, sizeof(v.gate)) ||
	    copy(p[2], v.verdict, sizeof(v.verdict)) || copy(p[3], v.reason, sizeof(v.reason)) ||
	    seal_unhex(p[4], v.hash) || number_parse(p[5], &v.version) ||
	    number_parse(p[6], &v.order) || copy(p[7], v.text, sizeof(v.text)))
		return -EBADMSG;
	*ret = v;
	return 0;
}
