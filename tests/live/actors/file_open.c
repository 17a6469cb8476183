/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a file that is there, in one of the ways that allow writing; or for reading: no event. */
#include "file.h"

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
};

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
	fd = open("there", ways[i].flags, 0600);
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
