/* SPDX-License-Identifier: Apache-2.0 */
/* Sets and removes an extended attribute, by path and by descriptor. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NAME "trusted.lapwing"

/* Calls of Linux 6.13, with their numbers on all architectures. */
#define NR_SETXATTRAT 463
#define NR_REMOVEXATTRAT 466

struct value_of {
	uint64_t value;
	uint32_t size, flags;
};

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "set";
	bool removes = strstr(how, "remove");
	struct value_of nest = { (uint64_t)"nest", 4, 0 };
	struct stat before, after;
	int error, fd;

	make_file("labelled", 0604);
	fd = open("labelled", O_RDONLY);
	if (removes && setxattr("labelled", NAME, "nest", 4, 0))
		skip("no extended attributes here: %s", strerror(errno));
	before = look("labelled");
	truth_window();
	deed_start();
	if (!strcmp(how, "set"))
		error = setxattr("labelled", NAME, "nest", 4, 0);
	else if (!strcmp(how, "fset"))
		error = fsetxattr(fd, NAME, "nest", 4, 0);
	else if (!strcmp(how, "set_at"))
		error = (int)syscall(NR_SETXATTRAT, AT_FDCWD, "labelled", 0, NAME, &nest,
				     sizeof(nest));
	else if (!strcmp(how, "remove_at"))
		error = (int)syscall(NR_REMOVEXATTRAT, AT_FDCWD, "labelled", 0, NAME);
	else if (!strcmp(how, "remove"))
		error = removexattr("labelled", NAME);
	else
		error = fremovexattr(fd, NAME);
	deed_stop(error);
	if (error)
		skip("no extended attributes here: %s", strerror(errno));
	after = look("labelled");
	tell_open(removes ? "FILE_REMOVEXATTR" : "FILE_SETXATTR", here(), "labelled", &before);
	put_str("file.xattr", NAME);
	if (!removes)
		put_u64("file.xattr_bytes", 4);
	put_late(&after);
	truth_close();
	linger();
	truth_window();
	return 0;
}
