/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a file that is there, in one of the ways that allow writing; or for reading: no event. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	int flags;
} ways[] = {
	{ "write_only", O_WRONLY },
	{ "read_write", O_RDWR | O_CLOEXEC },
	{ "truncate", O_WRONLY | O_TRUNC },
	{ "append", O_WRONLY | O_APPEND },
	{ "create_existing", O_WRONLY | O_CREAT },
	{ "read", O_RDONLY },
	{ "path_only", O_PATH },
	{ "path_truncate", O_PATH | O_TRUNC },
	{ "handle", O_WRONLY | O_TRUNC },
};

/* By a number of the file system's own, and no name. */
static int open_by_handle(int flags) {
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} at = { .handle.handle_bytes = MAX_HANDLE_SZ };
	int mount, dir = open(".", O_RDONLY | O_DIRECTORY), fd;

	if (name_to_handle_at(AT_FDCWD, "there", &at.handle, &mount, 0))
		skip("this file system has no handles: %s", strerror(errno));
	fd = open_by_handle_at(dir, &at.handle, flags);
	if (fd < 0)
		skip("open_by_handle_at: %s", strerror(errno));
	return fd;
}

int main(int argc, char **argv) {
	struct stat before;
	size_t i = 0;
	int fd;

	while (i < sizeof(ways) / sizeof(ways[0]) - 1 && argc > 1 && strcmp(argv[1], ways[i].name))
		i++;
	make_file("there", 0604);
	before = look("there");
	truth_window();
	deed_start();
	fd = !strcmp(ways[i].name, "handle") ? open_by_handle(ways[i].flags)
					     : open("there", ways[i].flags, 0600);
	deed_stop(fd < 0);
	if (fd < 0)
		die("%s", ways[i].name);
	tell_open("FILE_OPEN", here(), "there", &before);
	if (!(ways[i].flags & (O_WRONLY | O_RDWR)))
		put_times(0, 0);
	put_flags(fd);
	truth_close();
	truth_window();
	return 0;
}
