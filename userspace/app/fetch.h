/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.h - one small file from where content comes from: a folder, or a base URL
 *
 * Below it lie `order`, `root.N` and HASH.lwb; any web server can serve them. What comes is
 * believed for its signatures, not for its way, but http:// is taken for loopback addresses only:
 * over others a listener would learn which content a host lacks. A server has ten seconds for a
 * small file and two minutes for a bundle, and where it sends us elsewhere, nobody goes.
 */
#ifndef LAPWING_FETCH_H
#define LAPWING_FETCH_H

#include <stdbool.h>

#include "base/buf.h"

struct fetch_from {
	const char *source; /* a folder or a base URL */
	const char *ca;	    /* file of the authorities to believe (PEM); NULL: the host's */
	bool (*tick)(void *ctx); /* about once a second while it is waited for; false: stop */
	void *ctx;
};

/* fetch_source - -EINVAL and @why, static: it is no place that content comes from */
int fetch_source(const char *source, const char **why);

/*
 * fetch - appends the file @name of @from to @out, @max bytes at most
 * -ENOENT: it is not there; -EFBIG; -errno, and @why, static until the next call.
 */
int fetch(const struct fetch_from *from, const char *name, size_t max, struct buf *out,
	  const char **why);

#endif
