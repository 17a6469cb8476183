/* SPDX-License-Identifier: Apache-2.0 */
#include "app/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_open(struct notify *n) {
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	n->fd = -1;
	if (!len || len >= sizeof(where.sun_path) || (*path != '/' && *path != '@'))
		return;
	memcpy(where.sun_path, path, len);
	if (*path == '@')
		where.sun_path[0] = '\0'; /* an abstract name */
	n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n->fd >= 0 && connect(n->fd, (struct sockaddr *)&where,
				  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)))
		notify_close(n);
}

void notify_send(const struct notify *n, const char *fmt, ...) {
	char text[512];
	va_list args;
	int len;

	if (n->fd < 0)
		return;
	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len > 0 && (size_t)len < sizeof(text))
		(void)!write(n->fd, text, (size_t)len);
}

void notify_close(struct notify *n) {
	if (n->fd >= 0)
		(void)close(n->fd);
	n->fd = -1;
}
