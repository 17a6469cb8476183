/* SPDX-License-Identifier: Apache-2.0 */
#include "base/procfile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void procfile_line(const char *path, char *ret, size_t cap) {
	FILE *f = fopen(path, "re");

	if (!f || !fgets(ret, (int)cap, f))
		ret[0] = '\0';
	if (f)
		(void)fclose(f);
	ret[strcspn(ret, "\n")] = '\0';
}

int procfile_number(const char *path, const char *name, uint64_t *ret) {
	FILE *f = fopen(path, "re");
	size_t n = strlen(name);
	int err = -ENOENT;
	char line[128];

	while (err && f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, n) && sscanf(line + n, ": %" SCNu64, ret) == 1)
			err = 0;
	if (f)
		(void)fclose(f);
	return err;
}
