/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rules.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"

#ifndef LAPWING_RULES_DIR
#define LAPWING_RULES_DIR "/usr/local/share/lapwing/rules"
#endif

int rules_load(const char *const *paths, size_t n, struct ruleset **ret) {
	struct buf errors = { 0 };
	char *line, *rest;
	int err;

	*ret = NULL;
	if (!n)
		return 0;
	err = ruleset_load(paths, n, &errors, ret);
	if (err && errors.len && buf_reserve(&errors, 1)) {
		errors.data[errors.len] = '\0';
		for (line = strtok_r(errors.data, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			log_error("%s", line);
	} else if (err) {
		log_error("the rules in \"%s\" cannot be loaded: %s", paths[0], strerror(-err));
	}
	buf_done(&errors);
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
