/* SPDX-License-Identifier: Apache-2.0 */
/* Renames: in a directory, across, over another, an exchange, and two that must fail. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int rename_flags(const char *from, const char *to, unsigned int flags) {
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static int act(const char *how, const char *from, const char *to) {
	int dirs[2];

	if (!strcmp(how, "exchange"))
		return rename_flags(from, to, RENAME_EXCHANGE);
	if (!strcmp(how, "no_replace"))
		return rename_flags(from, to, RENAME_NOREPLACE);
	if (!strcmp(how, "descriptors")) {
		dirs[0] = open("one", O_RDONLY | O_DIRECTORY);
		dirs[1] = open("two", O_RDONLY | O_DIRECTORY);
		return renameat(dirs[0], "old", dirs[1], "new");
	}
	return rename(from, to);
}

static void tell_other_half(const char *from, const char *to, const struct stat *other) {
	tell_open("FILE_RENAME", here(), from, other);
	put_path("file.old_path", here(), to);
	put_u64("file.rename_flags", RENAME_EXCHANGE);
	truth_close();
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "plain";
	bool across = !strcmp(how, "across") || !strcmp(how, "descriptors");
	const char *from = "one/old", *to = across ? "two/new" : "one/new";
	bool missing = !strcmp(how, "missing");
	struct stat before, other = { 0 };
	int error;

	make_dir("one");
	make_dir("two");
	make_file(from, 0640);
	before = look(from);
	if (!strcmp(how, "over") || !strcmp(how, "exchange") || !strcmp(how, "no_replace"))
		make_file(to, 0600);
	if (!strcmp(how, "exchange"))
		other = look(to);
	if (missing)
		from = "one/nothing";
	truth_window();
	deed_start();
	error = act(how, from, to);
	deed_stop(error);
	if (error && !missing && strcmp(how, "no_replace"))
		die("%s", how);
	tell_open("FILE_RENAME", here(), to, missing ? NULL : &before);
	put_path("file.old_path", here(), from);
	if (missing)
		put_times(0, 0);
	if (!strcmp(how, "exchange"))
		put_u64("file.rename_flags", RENAME_EXCHANGE);
	else if (!strcmp(how, "no_replace"))
		put_u64("file.rename_flags", RENAME_NOREPLACE);
	else
		put_null("file.rename_flags");
	truth_close();
	if (!strcmp(how, "exchange"))
		tell_other_half(from, to, &other);
	linger();
	truth_window();
	return 0;
}
