/* SPDX-License-Identifier: Apache-2.0 */
/* Changes owners: both, only one, of a symlink itself, by descriptor; and of nothing. */
#include "file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define NEW_UID 61011u
#define NEW_GID 61012u

static int act(const char *how, const char *path, uid_t uid, gid_t gid) {
	int dir = open("sub", O_PATH | O_DIRECTORY);
	int fd = open("sub/tool", O_RDONLY);

	deed_start();
	if (!strcmp(how, "fchown"))
		return fchown(fd, uid, gid);
	if (!strcmp(how, "lchown"))
		return lchown(path, uid, gid);
	if (!strcmp(how, "fchownat"))
		return fchownat(dir, "tool", uid, gid, 0);
	return chown(path, uid, gid);
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "chown", *path = "sub/tool";
	uid_t uid = !strcmp(how, "group_only") ? (uid_t)-1 : NEW_UID;
	gid_t gid = !strcmp(how, "owner_only") ? (gid_t)-1 : NEW_GID;
	bool missing = !strcmp(how, "missing");
	struct stat before, after;
	int error;

	make_dir("sub");
	make_file("sub/tool", 0640);
	if (symlink("tool", "sub/pointer"))
		die("symlink");
	if (!strcmp(how, "lchown"))
		path = "sub/pointer";
	before = look(path);
	if (missing)
		path = "sub/nothing";
	truth_window();
	error = act(how, path, uid, gid);
	deed_stop(error);
	if (error && !missing)
		die("%s", how);
	tell_open("FILE_CHOWN", here(), path, missing ? NULL : &before);
	uid == (uid_t)-1 ? put_null("file.new_uid") : put_u64("file.new_uid", uid);
	gid == (gid_t)-1 ? put_null("file.new_gid") : put_u64("file.new_gid", gid);
	if (!missing) {
		after = look(path);
		put_late(&after);
	}
	if (missing)
		put_times(0, 0);
	truth_close();
	linger();
	truth_window();
	return 0;
}
