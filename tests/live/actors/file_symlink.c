/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a symlink: symlink, symlinkat, with a text that is no path at all; and onto a name. */
#include "file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "symlink";
	const char *text = !strcmp(how, "odd_text") ? "../no\377 such\nplace" : "/etc/passwd";
	bool exists = !strcmp(how, "exists");
	struct stat after;
	int error, dir;

	make_dir("sub");
	if (exists)
		make_file("sub/pointer", 0600);
	dir = open("sub", O_PATH | O_DIRECTORY);
	truth_window();
	deed_start();
	if (!strcmp(how, "symlinkat"))
		error = symlinkat(text, dir, "pointer");
	else
		error = symlink(text, "sub/pointer");
	deed_stop(error);
	if (error && !exists)
		die("%s", how);
	after = look("sub/pointer");
	/* Before the deed there was no inode; a look-up after it finds one. */
	tell_open("FILE_SYMLINK", here(), "sub/pointer", NULL);
	put_str("file.target", text);
	put_late(&after);
	truth_close();
	linger();
	truth_window();
	return 0;
}
