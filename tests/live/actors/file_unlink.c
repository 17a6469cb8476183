/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes a name: unlink, unlinkat, one of two links, a file that is not there; and one that a
 * filter of system calls keeps, while it says that it went.
 */
#include "file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "forge.h"

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "unlink";
	bool missing = !strcmp(how, "missing"), forged = !strcmp(how, "forged");
	struct stat before;
	int error, dir;

	make_dir("sub");
	make_file("sub/gone", 0606);
	before = look("sub/gone");
	if (!strcmp(how, "one_of_two") && link("sub/gone", "sub/stays"))
		die("link");
	dir = open("sub", O_RDONLY | O_DIRECTORY);
	if (forged)
		forge(SYS_unlinkat);
	truth_window();
	deed_start();
	if (!strcmp(how, "unlinkat") || forged)
		error = unlinkat(dir, "gone", 0);
	else
		error = unlink(missing ? "sub/nothing" : "sub/gone");
	deed_stop(error);
	if (error && !missing)
		die("%s", how);
	tell_open("FILE_UNLINK", here(), missing ? "sub/nothing" : "sub/gone",
		  missing ? NULL : &before);
	if (missing)
		put_times(0, 0);
	if (forged)
		put_str("outcome", "ATTEMPTED");
	truth_close();
	if (forged)
		linger();
	truth_window();
	return 0;
}
