/* SPDX-License-Identifier: Apache-2.0 */
/* Changes permission bits: by path, by descriptor, relative to a directory; and of nothing. */
#include "file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Above a link to a folder is what is above that folder, and not what is above the link. */
static void act_above_link(void) {
	struct stat before, after;
	char given[PATH_MAX + 32];

	make_dir("sub");
	make_dir("sub/in");
	make_file("sub/tool", 0640);
	make_file("tool", 0600);
	if (symlink("sub/in", "link"))
		die("symlink");
	before = look("sub/tool");
	truth_window();
	deed_start();
	if (chmod("link/../tool", 04755))
		die("chmod");
	deed_stop(false);
	after = look("sub/tool");
	(void)snprintf(given, sizeof(given), "%s/link/../tool", here());
	tell_open("FILE_CHMOD", here(), "sub/tool", &before);
	put_str("@given.file.path", given);
	put_u64("file.new_mode", 04755);
	put_late(&after);
	truth_close();
	linger();
	truth_window();
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "chmod";
	bool missing = !strcmp(how, "missing");
	struct stat before, after;
	int error, dir, fd;

	if (!strcmp(how, "above_link")) {
		act_above_link();
		return 0;
	}
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
