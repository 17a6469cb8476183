/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static enum log_level max_level = LOG_INFO;
static bool paint;

void log_setup(enum log_level max, bool color) {
	max_level = max;
	paint = color;
}

void log_line(enum log_level level, const char *fmt, ...) {
	static const char *const words[] = { "error: ", "warning: ", "", "debug: " };
	static const char *const colors[] = { "\033[1;31m", "\033[1;33m", "", "\033[2m" };
	char line[2048];
	va_list args;

	if (level > max_level)
		return;
	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	(void)fprintf(stderr, "%slapwing: %s%s%s\n", paint ? colors[level] : "", words[level], line,
		      paint && *colors[level] ? "\033[0m" : "");
}
