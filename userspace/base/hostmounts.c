/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostmounts.c - a line of /proc/1/mountinfo, of which three fields count:
 *
 *     36 35 98:0 / /home rw,noatime master:1 - nfs4 server:/home rw
 *     id           where                       type
 *
 * The ids are kept, as uint64_t, the highest bit set in those of the far ones.
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
#define MAX_STEPS 128		    /* names and links, each looked up from the root on */
#define FAR (1ull << 63)

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
	if (word) {
		uint64_t number = strtoull(id, NULL, 10) | (where[1] && is_far(word) ? FAR : 0);

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
	uint64_t number;

	for (size_t i = 0; i < n; i++) {
		memcpy(&number, mounts->data + i * sizeof(number), sizeof(number));
		if ((number & ~FAR) == id)
			return number & FAR;
	}
	return n > 0; /* it came after the list was read */
}

/* A path on its way: @at is absolute and without links, "" the root; @rest leads on from it. */
struct walk {
	char at[PATH_MAX], rest[PATH_MAX];
};

static void go_up(struct walk *w) {
	char *slash = strrchr(w->at, '/');

	if (slash)
		*slash = '\0';
}

/* go_on - by the next name; false when there is none */
static bool go_on(struct walk *w, int *err) {
	const char *name = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(name, "/"), len = strlen(w->at);

	if (n == 2 && !strncmp(name, "..", n)) {
		go_up(w);
	} else if (n > 1 || (n && *name != '.')) {
		if (len + n + 2 > sizeof(w->at)) {
			*err = -ENAMETOOLONG;
			return true;
		}
		w->at[len] = '/';
		memcpy(w->at + len + 1, name, n);
		w->at[len + 1 + n] = '\0';
	}
	memmove(w->rest, name + n, strlen(name + n) + 1);
	return n > 0;
}

/* follow - the link @fd, which stands at @w->at; @wait as in hostroot_open() */
static int follow(struct walk *w, int fd, bool wait) {
	char target[PATH_MAX];
	size_t rest = strlen(w->rest);
	ssize_t n;

	if (!wait) {
		/* no flag keeps readlink(2) from waiting; what the kernel reads first is there */
		int there = hostroot_open(w->at, O_PATH | O_CLOEXEC, false);

		if (there < 0)
			return there;
		(void)close(there);
	}
	n = readlinkat(fd, "", target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
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
	int err = 0;

	if (snprintf(w.rest, sizeof(w.rest), "%s", path) >= (int)sizeof(w.rest))
		return -ENAMETOOLONG;
	for (int i = 0; i < MAX_STEPS; i++) {
		int fd = hostroot_open(w.at[0] ? w.at : "/", O_PATH | O_CLOEXEC | O_NOFOLLOW,
				       wait);
		bool link;

		if (fd < 0)
			return fd;
		err = hostroot_look(fd, ret);
		if (!err && hostmounts_far(mounts, ret->stx_mnt_id))
			err = -EREMOTE;
		link = !err && S_ISLNK(ret->stx_mode);
		if (link)
			err = follow(&w, fd, wait);
		else if (!err && w.rest[0] && !S_ISDIR(ret->stx_mode))
			err = -ENOTDIR;
		if (!err && !go_on(&w, &err) && !link)
			return fd;
		(void)close(fd);
		if (err)
			return err;
	}
	return -ELOOP;
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
