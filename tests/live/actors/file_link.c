/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a hard link: link, linkat, linkat that follows a symlink; and one onto an existing name. */
#include "file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "link";
	bool follow = !strcmp(how, "follow"), exists = !strcmp(how, "exists");
	struct stat before;
	int error, dir;

	make_dir("one");
	make_dir("two");
	make_file("one/file", 0644);
	if (symlink("file", "one/pointer"))
		die("symlink");
	if (exists)
		make_file("two/name", 0644);
	before = look("one/file");
	dir = open("two", O_PATH | O_DIRECTORY);
	truth_window();
	deed_start();
	if (!strcmp(how, "linkat"))
		error = linkat(AT_FDCWD, "one/file", dir, "name", 0);
	else if (follow)
		error = linkat(AT_FDCWD, "one/pointer", dir, "name", AT_SYMLINK_FOLLOW);
	else
		error = link("one/file", "two/name");
	deed_stop(error);
	if (error && !exists)
		die("%s", how);
	tell_open("FILE_LINK", here(), "two/name", &before);
	put_path("file.old_path", here(), "one/file");
	if (follow)
		put_path("@given.file.old_path", here(), "one/pointer");
	truth_close();
	linger();
	truth_window();
	return 0;
}
