/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostmounts.c - a line of /proc/1/mountinfo, of which three fields count:
 *
 *     36 35 98:0 / /home rw,noatime master:1 - nfs4 server:/home rw
 *     id           where                       type
 *
 * The ids of those that are far are kept, as uint64_t.
 */
#include "base/hostmounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hostroot.h"

#define MAX_BYTES (4 * 1024 * 1024) /* some 40,000 mounts */
#define MAX_LINKS 40		    /* include/linux/namei.h, MAXSYMLINKS */

static bool is_far(const char *type) {
	static const char *const far[] = { "nfs",  "nfs4", "cifs",   "smb3", "ceph",  "afs",
					   "coda", "fuse", "fuseblk", "autofs", "lustre", "gpfs",
					   "gfs2", "ocfs2", "beegfs", "orangefs" };

	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		if (!strcmp(type, far[i]))
			return true;
	return !strncmp(type, "fuse.", 5);
}

void hostmounts_add(struct buf *ret, char *line) {
	char *rest, *id = strtok_r(line, " ", &rest), *where = NULL, *word;

	for (int i = 0; i < 4 && id; i++)
		where = strtok_r(NULL, " ", &rest);
	do
		word = where ? strtok_r(NULL, " ", &rest) : NULL;
	while (word && strcmp(word, "-") != 0);
	word = word ? strtok_r(NULL, " ", &rest) : NULL;
	if (word && where[1] && is_far(word)) {
		uint64_t number = strtoull(id, NULL, 10);

		buf_add(ret, &number, sizeof(number));
	}
}

void hostmounts_read(struct buf *ret) {
	static int fd = -1;
	struct buf text = { 0 };
	char bytes[4096], *line, *rest;
	ssize_t n;

	buf_reset(ret);
	if (fd < 0)
		fd = open("/proc/1/mountinfo", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && text.len < MAX_BYTES &&
	       (n = pread(fd, bytes, sizeof(bytes), (off_t)text.len)) > 0)
		buf_add(&text, bytes, (size_t)n);
	buf_add_char(&text, '\0');
	if (!buf_error(&text))
		for (line = strtok_r(text.data, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			hostmounts_add(ret, line);
	buf_done(&text);
}

bool hostmounts_far(const struct buf *mounts, uint64_t id) {
	size_t n = buf_error(mounts) ? 0 : mounts->len / sizeof(id);

	for (size_t i = 0; i < n; i++)
		if (!memcmp(mounts->data + i * sizeof(id), &id, sizeof(id)))
			return true;
	return false;
}

/* A path on its way: @at is absolute and without links, "" the root; @rest leads on from it. */
struct walk {
	char at[PATH_MAX], rest[PATH_MAX];
	int links;
};

static void go_up(struct walk *w) {
	char *slash = strrchr(w->at, '/');

	if (slash)
		*slash = '\0';
}

/* go_on - by the next name; 0 when there is none, 1, or -errno */
static int go_on(struct walk *w) {
	const char *name = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(name, "/"), len = strlen(w->at);

	if (!n)
		return 0;
	if (n == 2 && !strncmp(name, "..", n)) {
		go_up(w);
	} else if (n > 1 || *name != '.') {
		if (len + n + 2 > sizeof(w->at))
			return -ENAMETOOLONG;
		w->at[len] = '/';
		memcpy(w->at + len + 1, name, n);
		w->at[len + 1 + n] = '\0';
	}
	memmove(w->rest, name + n, strlen(name + n) + 1);
	return 1;
}

/* follow - the link @fd, which stands at @w->at */
static int follow(struct walk *w, int fd) {
	char target[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);
	size_t rest = strlen(w->rest);

	if (n < 0)
		return -errno;
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	if ((size_t)n + rest + 1 > sizeof(w->rest))
		return -ENAMETOOLONG;
	if (n && target[0] == '/')
		w->at[0] = '\0';
	else
		go_up(w);
	memmove(w->rest + n, w->rest, rest + 1);
	memcpy(w->rest, target, (size_t)n);
	return 0;
}

/* find - what stands at @path; @ret as of hostroot_stat() */
static int find(const struct buf *mounts, const char *path, bool wait, struct statx *ret) {
	struct walk w = { 0 };
	int fd = -EINVAL, err;

	if (snprintf(w.rest, sizeof(w.rest), "%s", path) >= (int)sizeof(w.rest))
		return -ENAMETOOLONG;
	do {
		if (fd >= 0)
			(void)close(fd);
		fd = hostroot_open(w.at[0] ? w.at : "/", O_PATH | O_CLOEXEC | O_NOFOLLOW, wait);
		err = fd < 0 ? fd : hostroot_look(fd, ret);
		if (!err && hostmounts_far(mounts, ret->stx_mnt_id))
			err = -EREMOTE;
		if (!err && S_ISLNK(ret->stx_mode))
			err = follow(&w, fd);
	} while (!err && (err = go_on(&w)) > 0);
	if (err && fd >= 0)
		(void)close(fd);
	return err ? err : fd;
}

int hostmounts_open(const struct buf *mounts, const char *path, bool wait) {
	struct statx st;

	return find(mounts, path, wait, &st);
}

int hostmounts_stat(const struct buf *mounts, const char *path, bool wait, struct statx *ret) {
	int fd = find(mounts, path, wait, ret);

	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
}
