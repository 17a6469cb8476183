/* SPDX-License-Identifier: Apache-2.0 */
/* Changes the length of a file: by path, by descriptor, and by an open for reading. */
#include "file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "truncate";
	bool by_open = !strcmp(how, "open");
	struct open_how empties = { .flags = O_RDONLY | O_TRUNC };
	struct stat before, after;
	int error, fd;

	make_file("log", 0604);
	fd = open("log", O_WRONLY);
	/* not by truncate(2), which may be the deed that must not be told */
	if (pwrite(fd, "", 1, 99) != 1)
		die("making it longer");
	before = look("log");
	truth_window();
	deed_start();
	if (by_open)
		error = open("log", O_RDONLY | O_TRUNC) < 0;
	else if (!strcmp(how, "openat2"))
		error = syscall(SYS_openat2, AT_FDCWD, "log", &empties, sizeof(empties)) < 0;
	else if (!strcmp(how, "ftruncate"))
		error = ftruncate(fd, 7);
	else
		error = truncate("log", 7);
	deed_stop(error);
	if (error)
		die("%s", how);
	after = look("log");
	tell_open("FILE_TRUNCATE", here(), "log", &before);
	put_u64("file.size", (uint64_t)after.st_size);
	put_late(&after);
	truth_close();
	linger();
	truth_window();
	return 0;
}
