/* SPDX-License-Identifier: Apache-2.0 */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static char said[160];

int library_load(const char *file, const char *package, const struct library_call *calls,
		 void **library, const char **why) {
	void *loaded;

	if (*library)
		return 0;
	*why = said;
	loaded = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	if (!loaded) {
		(void)snprintf(said, sizeof(said), "needs %s: install the package %s", file,
			       package);
		return -ENOENT;
	}
	for (const struct library_call *c = calls; c->name; c++) {
		void *at = dlsym(loaded, c->name);

		if (!at) {
			(void)snprintf(said, sizeof(said), "%s has no %s(): install a newer %s",
				       file, c->name, package);
			(void)dlclose(loaded);
			return -ENOENT;
		}
		memcpy(c->to, &at, sizeof(at));
	}
	*library = loaded;
	return 0;
}
