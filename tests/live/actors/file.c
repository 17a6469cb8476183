/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *here(void) {
	static char path[1 << 16];
	ssize_t n = readlink("/proc/self/cwd", path, 4096);

	/* The link holds one page; a longer name is put together by the actor itself. */
	if (n <= 0 || n >= 4096)
		die("/proc/self/cwd");
	path[n] = '\0';
	return path;
}

void make_file(const char *path, mode_t mode) {
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, mode) || close(fd))
		die("making '%s'", path);
}

void make_dir(const char *path) {
	if (mkdir(path, 0755) || chmod(path, 0755))
		die("making directory '%s'", path);
}

struct stat look(const char *path) {
	struct stat st;

	if (lstat(path, &st))
		die("lstat '%s'", path);
	return st;
}

void put_flags(int fd) {
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		die("F_GETFL");
	put_u64("file.flags", (unsigned int)flags);
}

void tell_open(const char *kind, const char *dir, const char *path, const struct stat *before) {
	truth_open(kind);
	truth_doer();
	put_path("file.path", dir, path);
	if (before)
		put_inode("file", before);
}
