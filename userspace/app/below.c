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

#include "base/hostmounts.h"
#include "base/hostroot.h"

#define SECOND_NS 1000000000ll
#define YOUNG_NS (2 * SECOND_NS) /* a change in the same tick would not show */
#define FIRST_USER 1000		 /* below are services, whose homes are not people's */

/* What is secret in a home: files, and folders with all that is below them. */
static const char *const secrets[] = {
	".ssh",	   ".aws",   ".azure",		 ".config/gcloud", ".kube",   ".docker",
	".gnupg", ".netrc", ".git-credentials", ".pgpass",	   ".my.cnf",
};

/* find - the folder @path among @n; or NULL */
static const struct below_folder *find(const struct below_folder *folders, size_t n,
				       const char *path) {
	for (size_t i = 0; i < n; i++)
		if (!strcmp(folders[i].path, path))
			return &folders[i];
	return NULL;
}

/* look - as hostmounts_stat(); what would have to be waited for is a folder if it was one before */
static int look(const struct below *b, const char *path, bool wait, struct statx *ret) {
	const struct below_folder *was;
	int err = hostmounts_stat(&b->mounts, path, wait, ret);

	was = err == -EAGAIN ? find(b->before, b->n_before, path) : NULL;
	if (!was)
		return err;
	*ret = (struct statx){ .stx_mode = S_IFDIR, .stx_ino = was->ino, .stx_uid = was->uid };
	return 0;
}

static int64_t changed_ns(const struct statx *st) {
	return st->stx_mtime.tv_sec * SECOND_NS + st->stx_mtime.tv_nsec;
}

static void forget(struct below_folder *folders, size_t *n) {
	while (*n)
		free(folders[--*n].path);
}

void below_begin(struct below *b) {
	hostmounts_read(&b->mounts);
	forget(b->before, &b->n_before);
	memcpy(b->before, b->folders, b->n_folders * sizeof(b->folders[0]));
	b->n_before = b->n_folders;
	memcpy(b->rows_before, b->rows, b->n_rows * sizeof(b->rows[0]));
	b->n_rows_before = b->n_rows;
	b->n_folders = b->n_rows = b->n_names = b->left = 0;
}

void below_done(struct below *b) {
	forget(b->before, &b->n_before);
	forget(b->folders, &b->n_folders);
	buf_done(&b->mounts);
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

/* had_row - whether there was one before */
static bool had_row(const struct below *b, uint64_t dir_ino, const char *name) {
	for (size_t i = 0; i < b->n_rows_before; i++)
		if (b->rows_before[i].dir_ino == dir_ino && !strcmp(b->rows_before[i].name, name))
			return true;
	return false;
}

/*
 * add_folder - @path, which is @st, among those that are looked at; @depth levels below the one
 * that was asked for, which has a row
 */
static void add_folder(struct below *b, const char *path, const struct statx *st,
		       enum below_kind kind, uint8_t depth) {
	struct below_folder *f = b->n_folders < BELOW_FOLDERS ? &b->folders[b->n_folders] : NULL;
	struct timespec now;

	if (!S_ISDIR(st->stx_mode))
		return;
	if (f)
		f->path = strdup(path);
	if (!f || !f->path) {
		b->left++;
		return;
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	f->ino = st->stx_ino;
	f->uid = st->stx_uid;
	f->changed_ns = changed_ns(st);
	if (now.tv_sec * SECOND_NS + now.tv_nsec - f->changed_ns < YOUNG_NS)
		f->changed_ns = 0;
	f->kind = (uint8_t)kind;
	f->depth = depth;
	b->n_folders++;
	if (kind == BELOW_TREE && depth)
		add_row(b, st->stx_ino, "");
}

static void take(struct below *b, const char *path, enum below_kind kind, uint8_t depth,
		 bool wait) {
	struct statx st;

	/* who has made folders past the room for them shall not have each looked at */
	if (b->n_folders == BELOW_FOLDERS || depth > BELOW_DEPTH || look(b, path, wait, &st))
		b->left++;
	else
		add_folder(b, path, &st, kind, depth);
}

/* take_known - the folders that were in @path before: what is in it now would be waited for */
static void take_known(struct below *b, const char *path, enum below_kind kind, uint8_t depth) {
	size_t n = strlen(path);

	for (size_t i = 0; i < b->n_before; i++) {
		const char *was = b->before[i].path;

		if (!strncmp(was, path, n) && was[n] == '/' && !strchr(was + n + 1, '/'))
			take(b, was, kind, depth, false);
	}
}

/* take_entries - the folders in @path */
static void take_entries(struct below *b, const char *path, enum below_kind kind, uint8_t depth,
			 bool wait) {
	int at = hostmounts_open(&b->mounts, path, wait);
	int fd = at < 0 ? at : openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t n = 0, max = BELOW_NAMES - b->n_names;
	char name[PATH_MAX];

	if (at >= 0)
		(void)close(at);
	if (max > BELOW_ENTRIES)
		max = BELOW_ENTRIES;
	if (!dir) {
		if (fd == -EAGAIN)
			take_known(b, path, kind, depth);
		else
			b->left++;
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	for (struct dirent *d; n < max && (d = readdir(dir)); n++) {
		if ((d->d_type != DT_DIR && d->d_type != DT_UNKNOWN) || !strcmp(d->d_name, ".") ||
		    !strcmp(d->d_name, ".."))
			continue;
		if (snprintf(name, sizeof(name), "%s/%s", path, d->d_name) < (int)sizeof(name))
			take(b, name, kind, depth, wait);
	}
	b->left += n == max;
	b->n_names += n;
	(void)closedir(dir);
}

/*
 * is_led_astray - whether @path, which is @st, is another's, and a link has led there
 * Whoever has a home could else have all that others read in /usr told.
 */
static bool is_led_astray(const char *path, const struct statx *st, uint32_t owner, bool wait) {
	int fd;

	if (st->stx_uid == owner)
		return false;
	fd = hostroot_open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, wait);
	if (fd >= 0)
		(void)close(fd);
	return fd == -ELOOP || fd == -ENOTDIR;
}

/* take_secret - what is at @path, in the home @home, if there is something */
static void take_secret(struct below *b, const struct below_folder *home, const char *secret,
			bool wait) {
	const char *base = strrchr(secret, '/'), *name;
	struct statx st, in = { .stx_ino = home->ino };
	char path[PATH_MAX], folder[PATH_MAX];
	int err;

	if (snprintf(path, sizeof(path), "%s/%s", home->path, secret) >= (int)sizeof(path))
		return;
	if (base) {
		(void)snprintf(folder, sizeof(folder), "%s/%.*s", home->path, (int)(base - secret),
			       secret);
		err = look(b, folder, wait, &in);
		b->left += err == -EREMOTE;
		if (err || is_led_astray(folder, &in, home->uid, wait))
			return;
		add_folder(b, folder, &in, BELOW_STAMP, 0);
	}
	err = look(b, path, wait, &st);
	b->left += err == -EREMOTE;
	name = base ? base + 1 : secret;
	if (err == -EAGAIN ? had_row(b, in.stx_ino, name) : !err && !S_ISDIR(st.stx_mode))
		add_row(b, in.stx_ino, name);
	else if (!err && !is_led_astray(path, &st, home->uid, wait))
		add_folder(b, path, &st, BELOW_TREE, 1);
}

void below_add(struct below *b, const char *path, enum below_kind kind, bool wait) {
	take(b, path, kind, 0, wait);
}

void below_find(struct below *b, bool wait) {
	for (size_t i = 0; i < b->n_folders; i++) {
		const struct below_folder *f = &b->folders[i];

		if (f->kind == BELOW_HOME)
			for (size_t k = 0; k < sizeof(secrets) / sizeof(secrets[0]); k++)
				take_secret(b, f, secrets[k], wait);
		else if (f->kind == BELOW_HOMES)
			take_entries(b, f->path, BELOW_HOME, 0, wait);
		else if (f->kind == BELOW_TREE)
			take_entries(b, f->path, BELOW_TREE, (uint8_t)(f->depth + 1), wait);
	}
	forget(b->before, &b->n_before);
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

/* add_home - one, or the folder with all of them, if it is there */
static void add_home(struct below *b, const char *path, enum below_kind kind, bool wait) {
	struct statx st;
	int err = look(b, path, wait, &st);

	b->left += err == -EREMOTE;
	if (!err)
		add_folder(b, path, &st, kind, 0);
}

void below_add_homes(struct below *b, bool wait) {
	int fd = hostroot_open("/etc/passwd", O_RDONLY | O_CLOEXEC, wait);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	char line[1024];

	add_home(b, "/home", BELOW_HOMES, wait);
	if (!f && fd >= 0)
		(void)close(fd);
	while (f && fgets(line, sizeof(line), f)) {
		const char *home = home_of(line);

		/* many may have the same */
		if (home && !find(b->folders, b->n_folders, home))
			add_home(b, home, BELOW_HOME, wait);
	}
	if (f)
		(void)fclose(f);
}

bool below_changed(const struct below *b) {
	struct statx st;

	for (size_t i = 0; i < b->n_folders; i++) {
		int err = hostroot_stat(b->folders[i].path, false, &st);

		if (err == -EAGAIN)
			continue; /* not known without waiting */
		if (err || st.stx_ino != b->folders[i].ino ||
		    changed_ns(&st) != b->folders[i].changed_ns)
			return true;
	}
	return false;
}
