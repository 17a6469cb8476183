/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define READ_BYTES 65536

int file_read_at(int dir, const char *name, size_t max, struct buf *out) {
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC), err = 0;
	size_t from = out->len;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0 && !err) {
		char *to = buf_reserve(out, READ_BYTES);

		n = to ? read(fd, to, READ_BYTES) : -1;
		err = !to ? -ENOMEM : n < 0 ? -errno : 0;
		out->len += n > 0 ? (size_t)n : 0;
		if (out->len - from > max)
			err = -EFBIG;
	}
	(void)close(fd);
	return err;
}

int file_write_all(int fd, const void *bytes, size_t n) {
	const char *at = bytes;

	while (n) {
		ssize_t k = write(fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -errno;
		at += k;
		n -= (size_t)k;
	}
	return 0;
}

/* sync_folder - of the file @name below @dir, so that its new name outlives a power cut */
static int sync_folder(int dir, const char *name) {
	const char *slash = strrchr(name, '/');
	char folder[PATH_MAX];
	int fd, err;

	(void)snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - name) + 1 : 1,
		       slash ? name : ".");
	fd = openat(dir, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fsync(fd) ? -errno : 0;
	(void)close(fd);
	return err;
}

int file_write_at(int dir, const char *name, const void *bytes, size_t n) {
	char beside[PATH_MAX];
	int fd, err;

	if (snprintf(beside, sizeof(beside), "%s.new", name) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	fd = openat(dir, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	err = file_write_all(fd, bytes, n);
	if (!err && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(dir, beside, dir, name))
		err = -errno;
	if (err)
		(void)unlinkat(dir, beside, 0);
	return err ? err : sync_folder(dir, name);
}
