/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/bpflog.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "probe/family.h"

#define LOG_BYTES (64 * 1024)

/* libbpf has one place for all threads; it calls it in the one that loads. */
static _Thread_local char text[LOG_BYTES];
static _Thread_local size_t len;

static int take(enum libbpf_print_level level, const char *fmt, va_list args) {
	int n;

	if (level == LIBBPF_DEBUG || len >= LOG_BYTES - 1)
		return 0;
	n = vsnprintf(text + len, LOG_BYTES - len, fmt, args);
	if (n > 0)
		len += (size_t)n < LOG_BYTES - len ? (size_t)n : LOG_BYTES - 1 - len;
	return 0;
}

void bpflog_reset(void) {
	len = 0;
	text[0] = '\0';
	libbpf_set_print(take);
}

int bpflog_program(char name[16]) {
	const char *at = strstr(text, "prog '"), *end;

	if (!at)
		return -ENOENT;
	at += 6;
	end = strchr(at, '\'');
	if (!end || end - at > 15)
		return -ENOENT;
	memcpy(name, at, (size_t)(end - at));
	name[end - at] = '\0';
	return 0;
}

void bpflog_reason(int err, char why[256]) {
	char *end = strstr(text, "\nprocessed "), *start;

	if (!end) {
		(void)snprintf(why, 256, "%s",
			       err == -ESRCH	 ? NO_HOOK
			       : err == -ECANCELED ? "the host was not well after it was attached"
						 : strerror(-err));
		return;
	}
	while (end > text && end[-1] == '\n')
		end--;
	start = end;
	while (start > text && start[-1] != '\n')
		start--;
	(void)snprintf(why, 256, "verifier: %.*s", (int)(end - start), start);
}
