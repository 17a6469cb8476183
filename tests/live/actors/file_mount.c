/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts, binds, moves, unmounts and pivots, in a mount namespace of its own. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static char place[1 << 16]; /* of the deed, kept from before: after a pivot it has no name */

static void tell(const char *kind, const char *path, const char *old, const struct stat *st) {
	truth_open(kind);
	truth_doer();
	put_path("file.path", place, path);
	if (old)
		put_path("file.old_path", place, old);
	if (st)
		put_inode("file", st);
}

static void tell_mount(const char *path, const char *source, const char *type, uint64_t flags,
		       const struct stat *st) {
	tell("FILE_MOUNT", path, NULL, st);
	put_str("mount.source", source);
	put_str("mount.type", type);
	put_u64("mount.flags", flags);
}

static void mounts(bool bind) {
	struct stat before = look("on");
	uint64_t flags = bind ? MS_BIND : MS_NOSUID | MS_NODEV;
	int error;

	deed_start();
	error = bind ? mount("from", "on", NULL, flags, NULL)
		     : mount("nest", "on", "tmpfs", flags, "mode=755");
	deed_stop(error);
	if (error)
		skip("a mount: %s", strerror(errno));
	tell_mount("on", bind ? "from" : "nest", bind ? NULL : "tmpfs", flags, &before);
	truth_close();
}

static void tmpfs_on(const char *path) {
	if (mount("nest", path, "tmpfs", 0, "mode=755"))
		skip("a mount: %s", strerror(errno));
}

static void unmounts(void) {
	struct stat before;
	int error;

	before = look("on");
	deed_start();
	error = umount2("on", MNT_DETACH);
	deed_stop(error);
	if (error)
		die("umount2");
	tell("FILE_UMOUNT", "on", NULL, &before);
	put_u64("mount.flags", MNT_DETACH);
	truth_close();
}

static void moves(void) {
	struct stat before;
	int error;

	before = look("on");
	deed_start();
	error = (int)syscall(SYS_move_mount, AT_FDCWD, "from", AT_FDCWD, "on", 0);
	deed_stop(error);
	if (error)
		die("move_mount");
	tell("FILE_MOVE_MOUNT", "on", "from", &before);
	truth_close();
}

static void pivots(void) {
	static char after[sizeof(place) + 8];
	struct stat root;
	int error, fd;

	root = look("on");
	tell("FILE_PIVOT_ROOT", "on", "on/old", &root);
	/* by the time that the call has ended, everything is below the new root's "old" */
	(void)snprintf(after, sizeof(after), "/old%s", place);
	put_path("@given.file.path", after, "on");
	put_path("@given.file.old_path", after, "on/old");
	deed_start();
	error = (int)syscall(SYS_pivot_root, "on", "on/old");
	deed_stop(error);
	if (error)
		die("pivot_root");
	truth_close();
	/* the clock of the truth needs no name; the way back is by what is open */
	fd = open("/old", O_RDONLY | O_DIRECTORY);
	if (fd < 0 || fchdir(fd) || chroot("."))
		die("the way back");
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "mount";

	(void)strcpy(place, here());
	make_dir("on");
	make_dir("from");
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		skip("a mount namespace: %s", strerror(errno));
	if (!strcmp(how, "move"))
		tmpfs_on("from");
	else if (!strcmp(how, "umount") || !strcmp(how, "pivot"))
		tmpfs_on("on");
	if (!strcmp(how, "pivot"))
		make_dir("on/old");
	truth_window();
	if (!strcmp(how, "umount"))
		unmounts();
	else if (!strcmp(how, "move"))
		moves();
	else if (!strcmp(how, "pivot"))
		pivots();
	else
		mounts(!strcmp(how, "bind"));
	truth_window();
	return 0;
}
