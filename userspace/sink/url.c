/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int hex(char c) {
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int url_decode(char *s) {
	char *to = s;

	for (; *s; s++) {
		if (*s == '%') {
			int high = hex(s[1]), low = high < 0 ? -1 : hex(s[2]);

			if (low < 0 || !(high | low))
				return -EINVAL;
			*to++ = (char)(high << 4 | low);
			s += 2;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
	return 0;
}

/* cut - ends @s before the first of @stop, which it gives, with its place behind it in @rest */
static char cut(char *s, const char *stop, char **rest) {
	char *at = s + strcspn(s, stop), c = *at;

	*at = '\0';
	*rest = c ? at + 1 : at;
	return c;
}

static int parse_params(char *s, struct sink_url *u, const char **why) {
	while (*s) {
		char *value, *next, end = cut(s, "&", &next);

		(void)end;
		if (cut(s, "=", &value) != '=' || !*s) {
			*why = "behind '?' stand pairs key=value, with '&' between them";
			return -EINVAL;
		}
		if (url_decode(s) || url_decode(value)) {
			*why = "'%' is followed by two hexadecimal digits, and not by 00";
			return -EINVAL;
		}
		if (url_value(u, s)) {
			*why = "a key behind '?' stands there twice";
			return -EINVAL;
		}
		if (url_add(u, s, value)) {
			*why = "there are too many keys behind '?'";
			return -EINVAL;
		}
		s = next;
	}
	return 0;
}

static int parse_port(const char *s, uint16_t *ret) {
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s < '0' || *s > '9' || *end || v < 1 || v > 65535)
		return -EINVAL;
	*ret = (uint16_t)v;
	return 0;
}

static int parse_host(char *s, struct sink_url *u, const char **why) {
	char *port = NULL;

	if (*s == '[') {
		char after = cut(++s, "]", &port);

		if (after != ']' || (*port && *port++ != ':')) {
			*why = "the address in [ ] does not end, or something stands behind it";
			return -EINVAL;
		}
	} else if (cut(s, ":", &port) == ':' && !*port) {
		*why = "a number from 1 to 65535 stands behind the ':' of a host";
		return -EINVAL;
	}
	if (*port && parse_port(port, &u->port)) {
		*why = "a port is a number from 1 to 65535";
		return -EINVAL;
	}
	if (!*s) {
		*why = "the host is missing";
		return -EINVAL;
	}
	u->host = s;
	return url_decode(s);
}

/* parse_authority - [user[:secret]@]host[:port] */
static int parse_authority(char *s, struct sink_url *u, const char **why) {
	char *at = strrchr(s, '@'), *secret;

	if (at) {
		*at = '\0';
		if (cut(s, ":", &secret) == ':')
			u->secret = secret;
		u->user = s;
		if (url_decode(s) || url_decode(secret)) {
			*why = "'%' is followed by two hexadecimal digits, and not by 00";
			return -EINVAL;
		}
		s = at + 1;
	}
	return parse_host(s, u, why);
}

static int parse(char *s, struct sink_url *u, const char **why) {
	static const char scheme[] = "abcdefghijklmnopqrstuvwxyz0123456789+";
	char *rest, *params, *slash;
	size_t n = strspn(s, scheme);
	int err;

	if (!n || s[n] != ':') {
		*why = "it does not begin with the name of a sink and ':'";
		return -EINVAL;
	}
	s[n] = '\0';
	u->scheme = s;
	rest = s + n + 1;
	(void)cut(rest, "?", &params);
	err = parse_params(params, u, why);
	if (err)
		return err;
	if (!strncmp(rest, "//", 2)) {
		rest += 2;
		slash = strchr(rest, '/');
		if (slash) {
			u->path = slash + 1; /* its '/' is the NUL that ends the host */
			*slash = '\0';
		}
		err = parse_authority(rest, u, why);
		if (err)
			return err;
		rest = slash ? slash + 1 : rest + strlen(rest);
	} else {
		u->path = *rest ? rest : NULL;
	}
	if (url_decode(rest)) {
		*why = "'%' is followed by two hexadecimal digits, and not by 00";
		return -EINVAL;
	}
	return 0;
}

int url_parse(const char *text, struct sink_url *ret, const char **why) {
	struct sink_url u = { 0 };
	int err;

	if (strlen(text) > URL_MAX_BYTES) {
		*why = "it is longer than 4096 bytes";
		return -EINVAL;
	}
	u.text = strdup(text);
	if (!u.text)
		return -ENOMEM;
	err = parse(u.text, &u, why);
	if (err)
		free(u.text);
	else
		*ret = u;
	return err;
}

int url_add(struct sink_url *u, const char *key, const char *value) {
	if (u->n_params == URL_MAX_PARAMS)
		return -E2BIG;
	memmove(&u->params[1], &u->params[0], u->n_params * sizeof(u->params[0]));
	u->params[0] = (struct sink_url_param){ key, value };
	u->n_params++;
	return 0;
}

const char *url_value(const struct sink_url *u, const char *key) {
	for (unsigned i = 0; i < u->n_params; i++)
		if (!strcmp(u->params[i].key, key))
			return u->params[i].value;
	return NULL;
}

bool url_key_secret(const char *key, size_t n) {
	static const char *const parts[] = { "token", "secret", "password", "hash_key", "auth",
					     "header", "api", "librdkafka", "%" };
	static const char names[] = "secrets"; /* what is masked, and no secret */

	if (n == sizeof(names) - 1 && !memcmp(key, names, n))
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (memmem(key, n, parts[i], strlen(parts[i])))
			return true;
	return false;
}

/* show_param - "key=value", the value as it may be shown; what follows it */
static const char *show_param(struct buf *out, const char *s) {
	size_t n = strcspn(s, "&"), key = strcspn(s, "&=");

	if (memchr(s, '@', key)) { /* no key has that: it is of a secret with a '?' in it */
		buf_add_lit(out, "***");
	} else if (key < n && url_key_secret(s, key)) {
		buf_add(out, s, key + 1);
		buf_add_lit(out, "***");
	} else {
		buf_add(out, s, n);
	}
	return s + n;
}

/* is_place - whether @s is host[:port] up to its first '/' or '?' */
static bool is_place(const char *s) {
	size_t n = strcspn(s, "/?"), i = *s == '[' ? strcspn(s, "]/?") + 1 : strcspn(s, ":/?");

	if (i >= n)
		return true;
	return s[i] == ':' && i + 1 + strspn(s + i + 1, "0123456789") == n;
}

/* end_of_login - the '@' that ends user and secret, also where these should have been escaped */
static const char *end_of_login(const char *s) {
	const char *at = memrchr(s, '@', strcspn(s, "?"));

	return at || is_place(s) ? at : strrchr(s, '@');
}

void url_show(struct buf *out, const char *text) {
	const char *host = strstr(text, "://"), *at = host ? end_of_login(host + 3) : NULL;
	size_t n;

	if (at) {
		buf_add(out, text, (size_t)(host + 3 - text));
		buf_add_lit(out, "***");
		text = at;
	}
	n = strcspn(text, "?");
	buf_add(out, text, n);
	for (text += n; *text; text = show_param(out, text))
		buf_add_char(out, *text++); /* '?', or '&' */
}

void url_free(struct sink_url *u) {
	free(u->text);
	*u = (struct sink_url){ 0 };
}
