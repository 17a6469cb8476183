/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static enum log_level max_level = LOG_INFO;
static bool paint;

void log_setup(enum log_level max, bool color) {
	max_level = max;
	paint = color;
}

/* show - @text, of which parts are a stranger's, with what a screen would obey made visible */
static void show(char *to, size_t room, const char *text) {
	uint32_t n = (uint32_t)strlen(text), step, c = 0;

	for (uint32_t i = 0; i < n && room > 12; i += step ? step : 1) {
		int took;

		step = utf8_next(text + i, n - i, &c);
		if (!step)
			took = snprintf(to, room, "\\x%02x", (unsigned char)text[i]);
		else if (utf8_hidden(c))
			took = snprintf(to, room, c < 0x80 ? "\\x%02x" : "\\u%04x", c);
		else
			took = snprintf(to, room, "%.*s", (int)step, text + i);
		to += took;
		room -= (size_t)took;
	}
	*to = '\0';
}

void log_line(enum log_level level, const char *fmt, ...) {
	static const char *const words[] = { "error: ", "warning: ", "", "debug: " };
	static const char *const colors[] = { "\033[1;31m", "\033[1;33m", "", "\033[2m" };
	char line[2048], shown[4 * sizeof(line)];
	va_list args;

	if (level > max_level)
		return;
	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	show(shown, sizeof(shown), line);
	(void)fprintf(stderr, "%slapwing: %s%s%s\n", paint ? colors[level] : "", words[level],
		      shown, paint && *colors[level] ? "\033[0m" : "");
}
