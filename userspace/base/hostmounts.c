/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostmounts.c - a line of /proc/1/mountinfo, of which four fields count:
 *
 *     36 35 98:0 / /home rw,noatime master:1 - nfs4 server:/home rw
 *     id           where                       type
 *
 * They are kept as "36 F/home", F for far and N for near, each with its NUL.
 */
#include "base/hostmounts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_BYTES (4 * 1024 * 1024) /* some 40,000 mounts */

static bool is_far(const char *type) {
	static const char *const far[] = { "nfs",  "nfs4", "cifs",   "smb3", "ceph",  "afs",
					   "coda", "fuse", "fuseblk", "autofs", "lustre", "gpfs",
					   "gfs2", "ocfs2", "beegfs", "orangefs" };

	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		if (!strcmp(type, far[i]))
			return true;
	return !strncmp(type, "fuse.", 5);
}

/* unescape - "\040" in @path becomes what it stands for */
static void unescape(char *path) {
	char *to = path;

	for (const char *s = path; *s; s++) {
		if (*s == '\\' && s[1] && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

void hostmounts_add(struct buf *ret, char *line) {
	char *rest, *id = strtok_r(line, " ", &rest), *where = NULL, *word;

	for (int i = 0; i < 4 && id; i++)
		where = strtok_r(NULL, " ", &rest);
	do
		word = where ? strtok_r(NULL, " ", &rest) : NULL;
	while (word && strcmp(word, "-") != 0);
	word = word ? strtok_r(NULL, " ", &rest) : NULL;
	if (!word)
		return;
	unescape(where);
	buf_addf(ret, "%s %c%s", id, where[1] && is_far(word) ? 'F' : 'N', where);
	buf_add_char(ret, '\0');
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

static const char *next(const struct buf *mounts, const char *m) {
	m = m ? m + strlen(m) + 1 : mounts->data;
	return m && m < mounts->data + mounts->len ? m : NULL;
}

bool hostmounts_far(const struct buf *mounts, const char *path) {
	size_t longest = 0;
	bool far = false;

	if (buf_error(mounts))
		return false;
	for (const char *m = NULL; (m = next(mounts, m));) {
		const char *where = strchr(m, ' ') + 2;
		size_t n = strlen(where);

		n -= n == 1; /* the root */
		/* of those in one place the last is on top */
		if (n < longest || strncmp(path, where, n) != 0 || (path[n] && path[n] != '/'))
			continue;
		longest = n;
		far = where[-1] == 'F';
	}
	return far;
}

bool hostmounts_far_id(const struct buf *mounts, uint64_t id) {
	if (buf_error(mounts))
		return false;
	for (const char *m = NULL; (m = next(mounts, m));)
		if (strtoull(m, NULL, 10) == id)
			return strchr(m, ' ')[1] == 'F';
	return false;
}
