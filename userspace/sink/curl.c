/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/curl.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "libcurl.so.4"

struct curl_calls curl;

int curl_load(const char **why) {
	static const struct {
		const char *name;
		void *to;
	} wanted[] = {
		{ "curl_global_init", &curl.global_init }, { "curl_easy_init", &curl.init },
		{ "curl_easy_setopt", &curl.set },	   { "curl_easy_perform", &curl.perform },
		{ "curl_easy_getinfo", &curl.info },	   { "curl_easy_cleanup", &curl.cleanup },
		{ "curl_easy_strerror", &curl.text },
		{ "curl_slist_append", &curl.append },
		{ "curl_slist_free_all", &curl.free_all },
	};

	if (curl.library)
		return 0;
	*why = "needs libcurl: install the package libcurl4";
	curl.library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!curl.library)
		return -ENOENT;
	*why = LIBRARY " lacks a function that is needed";
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		void *at = dlsym(curl.library, wanted[i].name);

		if (!at)
			return -ENOENT;
		memcpy(wanted[i].to, &at, sizeof(at));
	}
	*why = LIBRARY " cannot start";
	return curl.global_init(CURL_GLOBAL_DEFAULT) ? -EIO : 0;
}
