/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"

#ifndef LAPWING_RULES_DIR
#define LAPWING_RULES_DIR "/usr/local/share/lapwing/rules"
#endif

/* log_faults - line by line, as warnings where the rest is used */
static void log_faults(struct buf *errors, bool survived) {
	char *line, *rest;

	if (!errors->len || !buf_reserve(errors, 1))
		return;
	errors->data[errors->len] = '\0';
	for (line = strtok_r(errors->data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (survived)
			log_warn("%s", line);
		else
			log_error("%s", line);
	}
}

int rules_load(const char *const *paths, size_t n, const struct detect_options *options,
	       struct ruleset **ret) {
	struct detect_options o = options ? *options : (struct detect_options){ 0 };
	struct buf errors = { 0 };
	int err;

	*ret = NULL;
	if (!n)
		return 0;
	o.progress_fd = STDERR_FILENO;
	err = ruleset_load(paths, n, &o, &errors, ret);
	log_faults(&errors, !err);
	if (err == -ENOMEM || (err && !errors.len))
		log_error("the rules cannot be loaded: %s", strerror(-err));
	else if (!err && ruleset_refused(*ret))
		log_warn("%zu documents with faults are refused, and the other rules are used, "
			 "continuing",
			 ruleset_refused(*ret));
	buf_done(&errors);
	if (!err && ruleset_remember(*ret)) {
		log_error("the rules cannot be loaded: out of memory");
		ruleset_free(*ret);
		*ret = NULL;
		return -ENOMEM;
	}
	return err;
}

/* beside the program: PREFIX/bin/lapwing has PREFIX/share/lapwing/rules, build/lapwing ../rules */
const char *rules_default(void) {
	static const char *const below[] = { "/../share/lapwing/rules", "/../rules" };
	static char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 64);
	char *slash;

	if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		for (int i = 0; slash && i < 2; i++) {
			(void)snprintf(slash, 64, "%s", below[i]);
			if (!access(path, R_OK))
				return path;
		}
	}
	return access(LAPWING_RULES_DIR, R_OK) ? NULL : LAPWING_RULES_DIR;
}
