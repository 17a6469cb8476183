/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a new file by open, creat, openat or as one without a name. */
#include "file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int make(const char *how) {
	int dir;

	if (!strcmp(how, "open"))
		return open("made", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (!strcmp(how, "read_only"))
		return open("made", O_RDONLY | O_CREAT, 0640);
	if (!strcmp(how, "creat"))
		return creat("made", 04711);
	if (!strcmp(how, "tmpfile"))
		return open(".", O_RDWR | O_TMPFILE, 0600);
	dir = open("sub", O_PATH | O_DIRECTORY);
	return openat(dir, "made", O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
}

/* It has no name, and the kernel does not mark it as created (FMODE_CREATED). */
static void tell_nameless(const struct stat *st) {
	truth_open("FILE_CREATE");
	put_str("@kinds", "FILE_OPEN");
	truth_doer();
	put_inode("file", st);
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "open";
	struct stat st;
	int fd;

	make_dir("sub");
	truth_window();
	deed_start();
	fd = make(how);
	deed_stop(fd < 0);
	if (fd < 0 && !strcmp(how, "tmpfile"))
		skip("this file system has no O_TMPFILE");
	if (fd < 0 || fstat(fd, &st))
		die("%s", how);
	if (!strcmp(how, "tmpfile"))
		tell_nameless(&st);
	else
		tell_open("FILE_CREATE", here(), !strcmp(how, "openat") ? "sub/made" : "made", &st);
	put_flags(fd);
	truth_close();
	truth_window();
	return 0;
}
