/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/sink.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/quantity.h"
#include "base/utf8.h"

extern const struct sink_type sink_file, sink_stdout, sink_unix, sink_tcp, sink_tls, sink_syslog,
	sink_otlp, sink_splunk, sink_elastic, sink_kafka;

static const struct sink_type *const types[] = {
	&sink_file, &sink_stdout, &sink_unix, &sink_tcp, &sink_tls, &sink_syslog, &sink_otlp,
	&sink_splunk, &sink_elastic, &sink_kafka,
};

#define MAX_TIMEOUT_MS 3600000
#define N_TYPES (sizeof(types) / sizeof(types[0]))

const struct sink_type *sink_type(const char *scheme) {
	for (size_t i = 0; i < N_TYPES; i++)
		if (!strcmp(types[i]->scheme, scheme))
			return types[i];
	return NULL;
}

const struct sink_type *const *sink_types(size_t *n) {
	*n = N_TYPES;
	return types;
}

/* tame - a receiver's words are among ours: none may end our line, or paint a terminal */
static void tame(char *text) {
	size_t n = strlen(text);
	uint32_t c;

	for (size_t i = 0; i < n;) {
		uint32_t step = utf8_next(text + i, n - i, &c);

		if (!step)
			text[i] = '?';
		else if (utf8_hidden(c))
			memset(text + i, ' ', step);
		i += step ? step : 1;
	}
}

int sink_fail(struct sink *s, int error, const char *fmt, ...) {
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(s->why, sizeof(s->why), fmt, args);
	va_end(args);
	tame(s->why);
	return error;
}

static const struct sink_key *find_key(const struct sink_key *keys, const char *name) {
	for (; keys && keys->name; keys++)
		if (!strcmp(keys->name, name))
			return keys;
	return NULL;
}

static bool takes_format(const struct sink_type *t, const char *format) {
	for (const char *const *f = t->formats; *f; f++)
		if (!strcmp(*f, format))
			return true;
	return false;
}

/* say_no_sink - and which was meant, or else which there are */
static void say_no_sink(const char *scheme, char *out, size_t size) {
	const char *words[N_TYPES], *near;
	int n;

	for (size_t i = 0; i < N_TYPES; i++)
		words[i] = types[i]->scheme;
	near = nearest_word(scheme, words, N_TYPES);
	n = snprintf(out, size, "\"%.32s:\" is no sink; ", scheme);
	if (near) {
		(void)snprintf(out + n, size - (size_t)n, "did you mean \"%s:\"?", near);
		return;
	}
	n += snprintf(out + n, size - (size_t)n, "there are");
	for (size_t i = 0; i < N_TYPES && n < (int)size; i++)
		n += snprintf(out + n, size - (size_t)n, " %s:", words[i]);
}

/* is_line - whether nothing in @x ends the line that it is put into, as that of a header */
static bool is_line(const char *x) {
	for (; x && *x; x++)
		if ((unsigned char)*x < 0x20 || *x == 0x7f)
			return false;
	return true;
}

int sink_check(const struct sink_url *url, bool (*other)(const char *key),
	       const struct sink_type **ret, const char **why) {
	const struct sink_type *t = sink_type(url->scheme);
	static char sentence[256];
	const char *format;

	*why = sentence;
	if (!t) {
		say_no_sink(url->scheme, sentence, sizeof(sentence));
		return -EINVAL;
	}
	if (!is_line(url->user) || !is_line(url->secret) || !is_line(url->host) ||
	    !is_line(url->path)) {
		*why = "the URL has a control character";
		return -EINVAL;
	}
	for (unsigned i = 0; i < url->n_params; i++) {
		const char *key = url->params[i].key;

		if (!is_line(url->params[i].value)) {
			(void)snprintf(sentence, sizeof(sentence),
				       "the value of \"%.64s\" has a control character", key);
			return -EINVAL;
		}
		if (!strcmp(key, "format") || find_key(t->keys, key) || other(key))
			continue;
		(void)snprintf(sentence, sizeof(sentence),
			       "\"%.64s\" is no key of %s:; write for example \"%s\"", key,
			       t->scheme, t->example);
		return -EINVAL;
	}
	format = url_value(url, "format");
	if (format && !takes_format(t, format)) {
		(void)snprintf(sentence, sizeof(sentence),
			       "%s: has no format \"%.32s\"; its own is \"%s\"", t->scheme, format,
			       t->formats[0]);
		return -EINVAL;
	}
	*ret = t;
	return 0;
}

int sink_open(const struct sink_url *url, const char *name, struct sink *ret) {
	const char *format = url_value(url, "format");
	int err;

	*ret = (struct sink){ .url = url, .name = name, .type = sink_type(url->scheme) };
	if (!ret->type)
		return sink_fail(ret, -EINVAL, "there is no such sink");
	ret->format = format ? format : ret->type->formats[0];
	err = ret->type->open(ret);
	if (err)
		sink_close(ret);
	return err;
}

void sink_close(struct sink *s) {
	if (s->type)
		s->type->close(s);
	s->state = NULL;
	s->type = NULL;
}

const char *sink_value(const struct sink *s, const char *key) {
	const char *value = url_value(s->url, key);
	const struct sink_key *k = find_key(s->type->keys, key);

	return value || !k ? value : k->fallback;
}

/* quantity - the value of @key by @parse; absent: 0 */
static int quantity(struct sink *s, const char *key, int (*parse)(const char *, uint64_t *),
		    uint64_t *ret) {
	const char *text = sink_value(s, key);

	*ret = 0;
	if (!text || !parse(text, ret))
		return 0;
	return sink_fail(s, -EINVAL, "\"%.64s\" is no value for \"%s\"", text, key);
}

int sink_bytes(struct sink *s, const char *key, uint64_t *ret) {
	return quantity(s, key, quantity_bytes, ret);
}

int sink_ms(struct sink *s, const char *key, uint64_t *ret) {
	return quantity(s, key, quantity_ms, ret);
}

int sink_timeout(struct sink *s, uint32_t *ret) {
	uint64_t ms;
	int err = sink_ms(s, "timeout", &ms);

	if (!err && (!ms || ms > MAX_TIMEOUT_MS))
		err = sink_fail(s, -EINVAL, "\"timeout\" is from 1ms to 1h");
	*ret = err ? 0 : (uint32_t)ms;
	return err;
}

int sink_yes(struct sink *s, const char *key, bool *ret) {
	const char *text = sink_value(s, key);

	*ret = text && !strcmp(text, "yes");
	if (!text || *ret || !strcmp(text, "no"))
		return 0;
	return sink_fail(s, -EINVAL, "\"%s\" is yes or no, not \"%.64s\"", key, text);
}

int sink_readable(struct sink *s, const char *key, const char *path) {
	if (!path || !access(path, R_OK))
		return 0;
	return sink_fail(s, -errno, "\"%s\": \"%.120s\" cannot be read: %s", key, path,
			 strerror(errno));
}
