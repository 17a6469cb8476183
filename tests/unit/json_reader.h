/* SPDX-License-Identifier: Apache-2.0 */
/* json_reader.h - a strict reader of RFC 8259: each function gives what follows, or NULL */
#ifndef LAPWING_JSON_READER_H
#define LAPWING_JSON_READER_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static inline const char *json_read_value(const char *p, const char *end);

static inline const char *json_read_text(const char *p, const char *end) {
	for (p++; p < end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return NULL;
		if (*p != '\\')
			continue;
		if (++p == end)
			return NULL;
		if (*p == 'u') {
			for (int i = 0; i < 4; i++) {
				if (++p >= end || !isxdigit((unsigned char)*p))
					return NULL;
			}
		} else if (!strchr("\"\\/bfnrt", *p)) {
			return NULL;
		}
	}
	return p < end ? p + 1 : NULL;
}

static inline const char *json_read_number(const char *p, const char *end) {
	const char *start = p;

	while (p < end && isdigit((unsigned char)*p))
		p++;
	return p == start || (*start == '0' && p > start + 1) ? NULL : p;
}

static inline const char *json_read_members(const char *p, const char *end, char close) {
	for (p++; p < end && *p != close;) {
		if (close == '}') {
			p = *p == '"' ? json_read_text(p, end) : NULL;
			if (!p || p == end || *p++ != ':')
				return NULL;
		}
		p = json_read_value(p, end);
		if (!p || p == end)
			return NULL;
		if (*p == ',' && p + 1 < end && p[1] != close)
			p++;
		else if (*p != close)
			return NULL;
	}
	return p < end ? p + 1 : NULL;
}

static inline const char *json_read_value(const char *p, const char *end) {
	if (p >= end)
		return NULL;
	if (*p == '{')
		return json_read_members(p, end, '}');
	if (*p == '[')
		return json_read_members(p, end, ']');
	if (*p == '"')
		return json_read_text(p, end);
	if (end - p >= 4 && !memcmp(p, "true", 4))
		return p + 4;
	if (end - p >= 5 && !memcmp(p, "false", 5))
		return p + 5;
	return json_read_number(p, end);
}

static inline bool json_is_line(const char *p, size_t n) {
	return n > 2 && *p == '{' && p[n - 1] == '\n' && json_read_value(p, p + n) == p + n - 1;
}

#endif
