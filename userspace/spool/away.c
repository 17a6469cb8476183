/* SPDX-License-Identifier: Apache-2.0 */
/*
 * away.c - sinks that have a cursor here, and are not configured
 *
 * They hold nothing back. But what they have not had leaves a gap behind, so that it is told to
 * them for what it is when they are configured again, and not taken for damage.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spool/cursor.h"
#include "spool/writer.h"

static bool is_reader(const struct spool *s, const char *name) {
	for (size_t i = 0; i < s->o.n_readers; i++)
		if (!strcmp(s->o.readers[i], name))
			return true;
	return false;
}

static int add(struct spool *s, const char *file) {
	size_t n = strlen(file), end = sizeof(".cursor") - 1;
	char name[CURSOR_NAME_BYTES] = "", (*more)[CURSOR_NAME_BYTES];

	if (n <= end || n - end >= sizeof(name) || strcmp(file + n - end, ".cursor") != 0)
		return 0;
	memcpy(name, file, n - end);
	if (is_reader(s, name))
		return 0;
	more = realloc(s->away, (s->n_away + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	memcpy(more[s->n_away++], name, sizeof(name));
	s->away = more;
	return 0;
}

int away_find(struct spool *s) {
	int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		err = -errno;
		if (fd >= 0)
			(void)close(fd);
		return err;
	}
	while (!err && (e = readdir(d)))
		err = add(s, e->d_name);
	(void)closedir(d);
	return err;
}

void away_wanted(const struct spool *s, uint64_t ret[SPOOL_CLASSES]) {
	struct cursor c;

	for (int class = 0; class < SPOOL_CLASSES; class++)
		ret[class] = UINT64_MAX;
	for (size_t i = 0; i < s->n_away; i++) {
		/* one that was forgotten wants nothing, one that is damaged begins anew */
		if (cursor_read(s->dir, s->away[i], &c))
			continue;
		for (int class = 0; class < SPOOL_CLASSES; class++)
			if (c.next[class] < ret[class])
				ret[class] = c.next[class];
	}
}
