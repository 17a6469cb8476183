/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of a log. Who wrote it is read off the line, as syslog has it:
 *
 *     Nov 25 23:00:01 host sshd[712]: text
 *     2026-11-25T23:00:01.123456+00:00 host sshd[712]: text
 */
#include <errno.h>

#include "decode/reader.h"
#include "event/field.h"

/* word - the next run without blanks; empty at the end */
static struct str word(struct str line, uint32_t *at) {
	uint32_t from;

	while (*at < line.n && line.s[*at] == ' ')
		(*at)++;
	from = *at;
	while (*at < line.n && line.s[*at] != ' ')
		(*at)++;
	if (from == *at) /* a line without text has none to point to */
		return (struct str){ 0 };
	return (struct str){ line.s + from, *at - from };
}

static bool is_digit(char c) {
	return c >= '0' && c <= '9';
}

/* program_of - absent when the line is not as above */
static struct str program_of(struct str line) {
	uint32_t at = 0, n = 0;
	struct str first = word(line, &at), last, tag;

	if (first.n == 3 && !is_digit(first.s[0])) { /* a month; then day and time */
		(void)word(line, &at);
		last = word(line, &at);
		if (last.n != 8 || last.s[2] != ':')
			return (struct str){ 0 };
	} else if (first.n < 19 || !is_digit(first.s[0]) || first.s[10] != 'T') {
		return (struct str){ 0 };
	}
	(void)word(line, &at); /* the host */
	tag = word(line, &at);
	while (n < tag.n && tag.s[n] != '[' && tag.s[n] != ':')
		n++;
	return n && n < tag.n ? (struct str){ tag.s, n } : (struct str){ 0 };
}

/* user_of - whom sudo runs a command as: "… ; USER=root ; …" */
static struct str user_of(struct str line) {
	static const char key[] = "USER=";
	const char *p = line.n ? memmem(line.s, line.n, key, sizeof(key) - 1) : NULL;
	uint32_t n = 0, left;

	if (!p)
		return (struct str){ 0 };
	p += sizeof(key) - 1;
	left = (uint32_t)(line.s + line.n - p);
	while (n < left && p[n] != ' ')
		n++;
	return n ? (struct str){ p, n } : (struct str){ 0 };
}

int decode_host_log(struct reader *r, struct event *ret) {
	const struct wire_host_log *w = (const void *)r->head;
	struct str service = reader_text(r, w->service), line = reader_text(r, w->line), program;
	struct str *services = arena_alloc(r->arena, 2 * sizeof(*services));
	int error = reader_commit(r, ret);

	if (error)
		return error;
	if (!services)
		return -ENOMEM;
	program = program_of(line);
	services[0] = service;
	services[1] = program;
	if (service.s)
		EVENT_SET(ret, LOG_SERVICES, log.services,
			  ((struct strv){ services, program.s ? 2 : 1 }));
	EVENT_SET_STR(ret, LOG_PROGRAM, log.program, program);
	if (str_eq(program, STR("sudo")))
		EVENT_SET_STR(ret, LOG_USER, log.user, user_of(line));
	EVENT_SET_STR(ret, LOG_TEXT, log.text, line);
	return 0;
}
