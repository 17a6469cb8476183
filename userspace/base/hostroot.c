/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hostroot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/* tree - a descriptor of the host's root, opened once */
static int tree(void) {
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/1/root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd;
}

int hostroot_open(const char *path, int flags, bool wait) {
	const struct open_how how = { .flags = (uint64_t)flags,
				      .resolve = RESOLVE_IN_ROOT | (wait ? 0 : RESOLVE_CACHED) |
						 (flags & O_NOFOLLOW ? RESOLVE_NO_SYMLINKS : 0) };
	int fd = (int)syscall(SYS_openat2, tree(), path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

int hostroot_look(int fd, struct statx *ret) {
	return statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		     STATX_TYPE | STATX_INO | STATX_MTIME | STATX_UID | STATX_MNT_ID, ret)
		       ? -errno
		       : 0;
}

int hostroot_stat(const char *path, bool wait, struct statx *ret) {
	int fd = hostroot_open(path, O_PATH | O_CLOEXEC, wait), err;

	if (fd < 0)
		return fd;
	err = hostroot_look(fd, ret);
	(void)close(fd);
	return err;
}

const char *hostroot_name(void) {
	static struct utsname un;
	const char *named = getenv("LAPWING_HOST_NAME");

	if (named && *named)
		return named;
	return uname(&un) ? "" : un.nodename;
}
