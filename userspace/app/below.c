/* SPDX-License-Identifier: Apache-2.0 */
#include "app/below.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hostroot.h"

#define SECOND_NS 1000000000ll
#define YOUNG_NS (2 * SECOND_NS) /* a change in the same tick would not show */
#define FIRST_USER 1000		 /* below are services, whose homes are not people's */

/* What is secret in a home: files, and folders with all that is below them. */
static const char *const secrets[] = {
	".ssh",	   ".aws",   ".azure",		 ".config/gcloud", ".kube",   ".docker",
	".gnupg", ".netrc", ".git-credentials", ".pgpass",	   ".my.cnf",
};

/* glance - what is at @path; with @wait as in watch_refresh(). -errno */
static int glance(const char *path, bool wait, struct statx *ret) {
	int fd = hostroot_open(path, O_PATH | O_CLOEXEC, wait), err;

	if (fd < 0)
		return fd;
	err = statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		    STATX_TYPE | STATX_INO | STATX_MTIME, ret)
		      ? -errno
		      : 0;
	(void)close(fd);
	return err;
}

static int64_t changed_ns(const struct statx *st) {
	return st->stx_mtime.tv_sec * SECOND_NS + st->stx_mtime.tv_nsec;
}

void below_begin(struct below *b) {
	while (b->n_folders)
		free(b->folders[--b->n_folders].path);
	b->n_rows = 0;
	b->left = 0;
}

static void add_row(struct below *b, uint64_t dir_ino, const char *name) {
	struct knobs_watch *row = &b->rows[b->n_rows];
	size_t n = strlen(name);

	if (b->n_rows == BELOW_ROWS || n >= KNOBS_WATCH_NAME) {
		b->left++;
		return;
	}
	memset(row, 0, sizeof(*row));
	row->dir_ino = dir_ino;
	memcpy(row->name, name, n);
	b->n_rows++;
}

/* add_folder - @path, which is @st, among those that are looked at; false: there is no room */
static bool add_folder(struct below *b, const char *path, const struct statx *st,
				       enum below_kind kind, uint8_t depth) {
	struct below_folder *f = b->n_folders < BELOW_FOLDERS ? &b->folders[b->n_folders] : NULL;
	struct timespec now;

	if (f)
		f->path = strdup(path);
	if (!f || !f->path) {
		b->left++;
		return false;
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	f->ino = st->stx_ino;
	f->changed_ns = changed_ns(st);
	if (now.tv_sec * SECOND_NS + now.tv_nsec - f->changed_ns < YOUNG_NS)
		f->changed_ns = 0;
	f->kind = (uint8_t)kind;
	f->depth = depth;
	b->n_folders++;
	return true;
}

static void take(struct below *b, const char *path, enum below_kind kind, uint8_t depth, bool wait);

/* take_entries - the folders in @path */
static void take_entries(struct below *b, const char *path, enum below_kind kind, uint8_t depth,
			 bool wait) {
	int fd = hostroot_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, wait);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char name[PATH_MAX];
	size_t n = 0;

	if (!dir) {
		b->left++;
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	for (struct dirent *d; n < BELOW_ENTRIES && (d = readdir(dir)); n++) {
		if ((d->d_type != DT_DIR && d->d_type != DT_UNKNOWN) || !strcmp(d->d_name, ".") ||
		    !strcmp(d->d_name, ".."))
			continue;
		if (snprintf(name, sizeof(name), "%s/%s", path, d->d_name) < (int)sizeof(name))
			take(b, name, kind, depth, wait);
	}
	b->left += n == BELOW_ENTRIES;
	(void)closedir(dir);
}

/* take_secret - what is at @path, in the home @home, if there is something */
static void take_secret(struct below *b, const char *home, const char *secret, bool wait) {
	const char *base = strrchr(secret, '/');
	char path[PATH_MAX], folder[PATH_MAX];
	struct statx st, in;

	if (snprintf(path, sizeof(path), "%s/%s", home, secret) >= (int)sizeof(path) ||
	    snprintf(folder, sizeof(folder), "%s/%.*s", home, base ? (int)(base - secret) : 0,
		     secret) >= (int)sizeof(folder))
		return;
	if (glance(folder, wait, &in))
		return;
	if (base)
		(void)add_folder(b, folder, &in, BELOW_STAMP, 0);
	if (glance(path, wait, &st))
		return;
	if (S_ISDIR(st.stx_mode))
		take(b, path, BELOW_TREE, 1, wait);
	else
		add_row(b, in.stx_ino, base ? base + 1 : secret);
}

/* take - the folder @path, @depth levels below the one that was asked for, which has a row */
static void take(struct below *b, const char *path, enum below_kind kind, uint8_t depth,
		 bool wait) {
	struct statx st;

	if (depth > BELOW_DEPTH || glance(path, wait, &st)) {
		b->left++;
		return;
	}
	if (!S_ISDIR(st.stx_mode) || !add_folder(b, path, &st, kind, depth))
		return;
	if (kind == BELOW_TREE && depth)
		add_row(b, st.stx_ino, "");
	if (kind == BELOW_HOME)
		for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
			take_secret(b, path, secrets[i], wait);
	else if (kind == BELOW_HOMES)
		take_entries(b, path, BELOW_HOME, 0, wait);
	else if (kind == BELOW_TREE)
		take_entries(b, path, BELOW_TREE, (uint8_t)(depth + 1), wait);
}

void below_add(struct below *b, const char *path, enum below_kind kind, bool wait) {
	take(b, path, kind, 0, wait);
}

/* home_of - the home in a line of /etc/passwd, if it is a person's and not in /home; or NULL */
static const char *home_of(char *line) {
	char *field[7], *at = line;

	for (int i = 0; i < 7; i++) {
		field[i] = at;
		at = strchr(at, ':');
		if (!at && i < 6)
			return NULL;
		if (at)
			*at++ = '\0';
	}
	if (strtoul(field[2], NULL, 10) < FIRST_USER || field[5][0] != '/' || !field[5][1] ||
	    !strncmp(field[5], "/home/", 6))
		return NULL;
	return field[5];
}

void below_add_homes(struct below *b, bool wait) {
	int fd = hostroot_open("/etc/passwd", O_RDONLY | O_CLOEXEC, wait);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char line[1024];
	struct statx st;

	if (!glance("/home", wait, &st))
		take(b, "/home", BELOW_HOMES, 0, wait);
	if (!f && fd >= 0)
		(void)close(fd);
	while (f && fgets(line, sizeof(line), f)) {
		const char *home = home_of(line);

		if (home && !glance(home, wait, &st))
			take(b, home, BELOW_HOME, 0, wait);
	}
	if (f)
		(void)fclose(f);
}

bool below_changed(const struct below *b) {
	struct statx st;

	for (size_t i = 0; i < b->n_folders; i++) {
		int err = glance(b->folders[i].path, false, &st);

		if (err == -EAGAIN)
			continue; /* not known without waiting */
		if (err || st.stx_ino != b->folders[i].ino ||
		    changed_ns(&st) != b->folders[i].changed_ns)
			return true;
	}
	return false;
}
