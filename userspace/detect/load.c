/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FOLDERS 16

struct loader {
	size_t max_bytes;
	int (*each)(void *ctx, const char *name, const char *text, size_t n);
	int (*unread)(void *ctx, const char *name, int err); /* or NULL */
	void *ctx;
	const char *named; /* what the caller asked for */
	uint64_t *bytes; /* not NULL: files are only measured */
};

static int read_all(int fd, char *text, size_t room, size_t *ret) {
	size_t n = 0;

	while (n < room) {
		ssize_t got = read(fd, text + n, room - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret = n;
	return n == room ? -EFBIG : 0;
}

/* cannot - @path is not read, for @err */
static int cannot(const struct loader *l, const char *path, int err) {
	return l->unread && path != l->named && err != -ENOMEM ? l->unread(l->ctx, path, err) : err;
}

static int read_file(const struct loader *l, const char *path) {
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	char *text;
	size_t n = 0;

	if (fd < 0)
		return cannot(l, path, -errno);
	text = malloc(l->max_bytes + 1);
	err = text ? read_all(fd, text, l->max_bytes + 1, &n) : -ENOMEM;
	(void)close(fd);
	err = err ? cannot(l, path, err) : l->each(l->ctx, path, text, n);
	free(text);
	return err;
}

static int measure(const struct loader *l, const char *path) {
	struct stat st;

	if (!stat(path, &st) && S_ISREG(st.st_mode))
		*l->bytes += (uint64_t)st.st_size;
	return 0;
}

static int load_file(const struct loader *l, const char *path) {
	return l->bytes ? measure(l, path) : read_file(l, path);
}

static int is_rule_file(const char *name) {
	const char *dot = strrchr(name, '.');

	return dot && (strcmp(dot, ".yml") == 0 || strcmp(dot, ".yaml") == 0);
}

static int shown(const struct dirent *d) {
	return d->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b) {
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_folder(const struct loader *l, const char *path, unsigned depth);

static int load_entry(const struct loader *l, const char *folder, const char *name,
		      unsigned depth) {
	struct stat st;
	char *path;
	int err = 0;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	if (stat(path, &st) < 0)
		err = cannot(l, path, -errno);
	else if (S_ISDIR(st.st_mode))
		err = load_folder(l, path, depth + 1);
	else if (S_ISREG(st.st_mode) && is_rule_file(name))
		err = load_file(l, path);
	free(path);
	return err;
}

static int load_folder(const struct loader *l, const char *path, unsigned depth) {
	struct dirent **entries;
	int n, err = 0;

	if (depth > MAX_FOLDERS)
		return cannot(l, path, -ELOOP);
	n = scandir(path, &entries, shown, by_name);
	if (n < 0)
		return cannot(l, path, -errno);
	for (int i = 0; i < n; i++) {
		if (!err)
			err = load_entry(l, path, entries[i]->d_name, depth);
		free(entries[i]);
	}
	free(entries);
	return err;
}

static int load_from(struct loader *l, const char *path) {
	size_t n = strlen(path);
	char *clean;
	struct stat st;
	int err;

	l->named = path;
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return load_file(l, path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	clean = strndup(path, n);
	if (!clean)
		return -ENOMEM;
	l->named = clean;
	err = load_folder(l, clean, 0);
	free(clean);
	return err;
}

int load_path(const char *path, size_t max_bytes,
	      int (*each)(void *ctx, const char *name, const char *text, size_t n),
	      int (*unread)(void *ctx, const char *name, int err), void *ctx) {
	struct loader l = {
		.max_bytes = max_bytes, .each = each, .unread = unread, .ctx = ctx
	};

	return load_from(&l, path);
}

/* pass - while files are measured */
static int pass(void *ctx, const char *name, int err) {
	(void)ctx;
	(void)name;
	(void)err;
	return 0;
}

uint64_t load_bytes(const char *path) {
	uint64_t bytes = 0;
	struct loader l = { .bytes = &bytes, .unread = pass };

	(void)load_from(&l, path);
	return bytes;
}
