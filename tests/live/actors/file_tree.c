/* SPDX-License-Identifier: Apache-2.0 */
/* Makes and removes folders, and makes what is neither file nor folder. */
#include "file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static int dir;

static int at_mkdir(void) {
	return mkdir("sub/made", 0751);
}

static int at_mkdirat(void) {
	return mkdirat(dir, "made", 0751);
}

static int at_rmdir(void) {
	return rmdir("sub/gone");
}

static int at_unlinkat(void) {
	return unlinkat(dir, "gone", AT_REMOVEDIR);
}

static int at_fifo(void) {
	return mknod("sub/made", S_IFIFO | 0620, 0);
}

static int at_device(void) {
	return mknodat(dir, "made", S_IFCHR | 0620, makedev(300, 70000));
}

static int at_socket(void) {
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "sub/made" };

	return bind(socket(AF_UNIX, SOCK_STREAM, 0), (const void *)&name, sizeof(name));
}

static const struct {
	const char *name, *kind, *path;
	int (*deed)(void);
	mode_t type; /* mknod */
	mode_t mode; /* 0: nothing is made */
} ways[] = {
	{ "mkdir", "FILE_MKDIR", "sub/made", at_mkdir, 0, 0751 },
	{ "mkdirat", "FILE_MKDIR", "sub/made", at_mkdirat, 0, 0751 },
	{ "rmdir", "FILE_RMDIR", "sub/gone", at_rmdir, 0, 0 },
	{ "unlinkat", "FILE_RMDIR", "sub/gone", at_unlinkat, 0, 0 },
	{ "fifo", "FILE_MKNOD", "sub/made", at_fifo, S_IFIFO, 0620 },
	{ "socket", "FILE_MKNOD", "sub/made", at_socket, S_IFSOCK, 0777 },
	{ "device", "FILE_MKNOD", "sub/made", at_device, S_IFCHR, 0620 },
};

int main(int argc, char **argv) {
	struct stat before, after;
	size_t i = 0;
	int error;

	while (i < sizeof(ways) / sizeof(ways[0]) - 1 && argc > 1 && strcmp(argv[1], ways[i].name))
		i++;
	(void)umask(0);
	make_dir("sub");
	make_dir("sub/gone");
	before = look("sub/gone");
	dir = open("sub", O_RDONLY | O_DIRECTORY);
	truth_window();
	deed_start();
	error = ways[i].deed();
	deed_stop(error);
	if (error && ways[i].type == S_IFCHR)
		skip("a device cannot be made here");
	if (error)
		die("%s", ways[i].name);
	tell_open(ways[i].kind, here(), ways[i].path, ways[i].mode ? NULL : &before);
	if (ways[i].mode) {
		after = look(ways[i].path);
		put_late(&after);
		put_u64("file.new_mode", ways[i].type | ways[i].mode);
	}
	if (ways[i].type == S_IFCHR) {
		put_u64("file.new_dev_major", 300);
		put_u64("file.new_dev_minor", 70000);
	}
	truth_close();
	linger();
	truth_window();
	return 0;
}
