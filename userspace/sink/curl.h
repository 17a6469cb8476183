/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl.h - libcurl, found when it is needed and not before
 *
 * A process that has no use for it never maps it.
 */
#ifndef LAPWING_SINK_CURL_H
#define LAPWING_SINK_CURL_H

#include <curl/curl.h>

/* What of libcurl is used. */
struct curl_calls {
	void *library;
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_easy_init) *init;
	__typeof__(curl_easy_setopt) *set;
	__typeof__(curl_easy_perform) *perform;
	__typeof__(curl_easy_getinfo) *info;
	__typeof__(curl_easy_strerror) *text;
	__typeof__(curl_easy_cleanup) *cleanup;
	__typeof__(curl_slist_append) *append;
	__typeof__(curl_slist_free_all) *free_all;
};

extern struct curl_calls curl;

/* curl_load - fills @curl; -ENOENT, -EIO and @why, static: what is missing, and the remedy */
int curl_load(const char **why);

#endif
