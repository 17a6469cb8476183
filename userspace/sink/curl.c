/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/curl.h"

#include <errno.h>
#include <stdbool.h>

#include "base/library.h"

struct curl_calls curl;

int curl_load(const char **why) {
	static const struct library_call wanted[] = {
		{ "curl_global_init", &curl.global_init }, { "curl_easy_init", &curl.init },
		{ "curl_easy_setopt", &curl.set },	   { "curl_easy_perform", &curl.perform },
		{ "curl_easy_getinfo", &curl.info },	   { "curl_easy_cleanup", &curl.cleanup },
		{ "curl_easy_strerror", &curl.text },
		{ "curl_slist_append", &curl.append },
		{ "curl_slist_free_all", &curl.free_all },
		{ 0 },
	};
	bool before = curl.library;
	int err;

	err = library_load("libcurl.so.4", "libcurl4", wanted, &curl.library, why);
	if (err || before)
		return err;
	*why = "libcurl cannot start";
	return curl.global_init(CURL_GLOBAL_DEFAULT) ? -EIO : 0;
}
