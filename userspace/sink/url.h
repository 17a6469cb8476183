/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url.h - a URL taken apart
 *
 *     scheme://user:secret@host:port/path?key=value&key=value
 *     scheme:/path?key=value          (a file or a socket of this host)
 *
 * %XX stands for a byte, but not for NUL. A host may be [an IPv6 address]. The
 * struct owns its text; what is absent is NULL, or port 0.
 */
#ifndef LAPWING_URL_H
#define LAPWING_URL_H

#include <stdint.h>

#include "base/buf.h"

#define URL_MAX_BYTES 4096
#define URL_MAX_PARAMS 32

struct sink_url_param {
	const char *key, *value;
};

struct sink_url {
	const char *scheme, *user, *secret, *host, *path;
	uint16_t port;
	unsigned n_params;
	struct sink_url_param params[URL_MAX_PARAMS];
	char *text; /* what the others point into */
};

/* url_parse - 0; -EINVAL and @why (a literal); -ENOMEM. @ret is to be freed by url_free() on 0 */
int url_parse(const char *text, struct sink_url *ret, const char **why);

/* url_add - one more parameter, borrowed; it comes before one of the text; -E2BIG */
int url_add(struct sink_url *u, const char *key, const char *value);

/* url_value - of a parameter, or NULL */
const char *url_value(const struct sink_url *u, const char *key);

/* url_decode - %XX in place; -EINVAL: half of one, or a NUL */
int url_decode(char *s);

/* url_key_secret - whether the value of a sink's key is nobody's business */
bool url_key_secret(const char *key, size_t n);

/*
 * url_show - appends @text, a URL or what somebody took for one, for a log or a screen
 * Whatever stands before its last '@', and the values of keys that are secret, are "***".
 */
void url_show(struct buf *out, const char *text);

/* url_free - @u may be all zero */
void url_free(struct sink_url *u);

#endif
