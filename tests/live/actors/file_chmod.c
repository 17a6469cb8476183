/* SPDX-License-Identifier: Apache-2.0 */
/* Changes permission bits: by path, by descriptor, relative to a directory; and of nothing. */
#include "file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "chmod";
	bool missing = !strcmp(how, "missing");
	struct stat before, after;
	int error, dir, fd;

	make_dir("sub");
	make_file("sub/tool", 0640);
	before = look("sub/tool");
	dir = open("sub", O_RDONLY | O_DIRECTORY);
	fd = open("sub/tool", O_RDONLY);
	truth_window();
	deed_start();
	if (!strcmp(how, "fchmod"))
		error = fchmod(fd, 04755);
	else if (!strcmp(how, "fchmodat"))
		error = fchmodat(dir, "tool", 04755, 0);
	else
		error = chmod(missing ? "sub/nothing" : "sub/tool", 04755);
	deed_stop(error);
	if (error && !missing)
		die("%s", how);
	after = look("sub/tool");
	tell_open("FILE_CHMOD", here(), missing ? "sub/nothing" : "sub/tool",
		  missing ? NULL : &before);
	put_u64("file.new_mode", 04755);
	if (!missing)
		put_late(&after);
	if (missing)
		put_times(0, 0);
	truth_close();
	linger();
	truth_window();
	return 0;
}
