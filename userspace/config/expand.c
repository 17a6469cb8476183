/* SPDX-License-Identifier: Apache-2.0 */
#include "config/expand.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

#define SECRET_MAX_BYTES 65536
#define NAME_MAX_BYTES 4096

static char sentence[320];

/* add_file - the first line of the file @path */
static int add_file(struct buf *b, const char *path) {
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t start = b->len;
	char *to = buf_room(b, SECRET_MAX_BYTES), *end;
	ssize_t n = fd < 0 || !to ? -1 : read(fd, to, SECRET_MAX_BYTES);

	if (fd >= 0)
		(void)close(fd);
	if (n < 0) {
		(void)snprintf(sentence, sizeof(sentence), "the file \"%.200s\" cannot be read",
			       path);
		return -EINVAL;
	}
	end = memchr(b->data + start, '\n', (size_t)n);
	n = end ? end - (b->data + start) : n;
	n -= n && b->data[start + (size_t)n - 1] == '\r'; /* of who writes lines so */
	if (memchr(b->data + start, '\0', (size_t)n)) {
		(void)snprintf(sentence, sizeof(sentence), "the file \"%.200s\" is no text", path);
		return -EINVAL;
	}
	b->len = start + (size_t)n;
	return 0;
}

/* add_name - what stands for @name, the text between the braces */
static int add_name(struct buf *b, char *name) {
	char *fallback = strstr(name, ":-");
	const char *value;

	if (!strncmp(name, "file:", 5))
		return add_file(b, name + 5);
	if (fallback)
		*fallback = '\0';
	value = getenv(name);
	if (!value && fallback)
		value = fallback + 2;
	if (!value) {
		(void)snprintf(sentence, sizeof(sentence),
			       "the environment has no \"%.200s\"; set it, or write "
			       "${%.60s:-default}",
			       name, name);
		return -EINVAL;
	}
	buf_add_str(b, str_of(value));
	return 0;
}

/* add_dollar - what stands at @s, a '$'; the bytes that it took, or -EINVAL */
static int add_dollar(struct buf *b, const char *s) {
	char name[NAME_MAX_BYTES];
	size_t n;
	int err;

	if (s[1] == '$') {
		buf_add_char(b, '$');
		return 2;
	}
	n = s[1] == '{' ? strcspn(s + 2, "}") : 0;
	if (s[1] != '{' || !n || s[2 + n] != '}' || n >= sizeof(name)) {
		(void)snprintf(sentence, sizeof(sentence),
			       "'$' begins ${NAME} or ${file:/PATH}; a dollar is $$");
		return -EINVAL;
	}
	memcpy(name, s + 2, n);
	name[n] = '\0';
	err = add_name(b, name);
	return err ? err : (int)n + 3;
}

int expand(const char *text, char **ret, const char **why) {
	struct buf b = { 0 };

	*why = sentence;
	while (*text) {
		size_t n = strcspn(text, "$");
		int taken;

		buf_add(&b, text, n);
		text += n;
		if (!*text)
			break;
		taken = add_dollar(&b, text);
		if (taken < 0) {
			buf_done(&b);
			return taken;
		}
		text += taken;
	}
	buf_add_char(&b, '\0');
	if (buf_error(&b)) {
		buf_done(&b);
		return -ENOMEM;
	}
	*ret = b.data;
	return 0;
}
