/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Becomes the witness from an odd mount: from an overlay's lower layer, or put into the upper one;
 * from a copy of a mount that is attached nowhere, of the program alone or of its folder.
 */
#include "truth.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

static void own_tmpfs(void) {
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("lapwing", ".", "tmpfs", 0, NULL) || chdir(getcwd(NULL, 0)))
		skip("a tmpfs of our own: %s", strerror(errno));
}

static void own_overlay(void) {
	own_tmpfs();
	if (mkdir("lower", 0755) || mkdir("upper", 0755) || mkdir("work", 0755) ||
	    mkdir("merged", 0755))
		die("layers");
}

static void copy_witness(const char *to) {
	char from[4096];
	struct stat st;
	int in, out;

	truth_beside("witness", from);
	in = open(from, O_RDONLY | O_CLOEXEC);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (in < 0 || out < 0 || fstat(in, &st) ||
	    sendfile(out, in, NULL, (size_t)st.st_size) != st.st_size || fchmod(out, 0755) ||
	    close(out) || close(in))
		die("%s", to);
}

static void from_loose(bool folder) {
	int tree;

	own_tmpfs();
	if (mkdir("in", 0755))
		die("mkdir");
	copy_witness("in/program");
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, folder ? "in" : "in/program",
			    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		skip("open_tree: %s", strerror(errno));
	if (setenv("LIVE_LOOSE", "in/program", 1))
		die("setenv");
	deed_env_start();
	(void)syscall(SYS_execveat, tree, folder ? "program" : "",
		      (const char *const[]){ "loose", NULL }, environ, AT_EMPTY_PATH);
	die("execveat");
}

int main(int argc, char **argv) {
	bool upper = argc > 1 && !strcmp(argv[1], "upper");

	if (argc > 1 && (!strcmp(argv[1], "file") || !strcmp(argv[1], "folder")))
		from_loose(!strcmp(argv[1], "folder"));
	own_overlay();
	if (!upper)
		copy_witness("lower/program");
	if (mount("none", "merged", "overlay", 0, "lowerdir=lower,upperdir=upper,workdir=work"))
		skip("an overlay: %s", strerror(errno));
	if (upper)
		copy_witness("merged/program");
	if (setenv("LIVE_LAYER", upper ? "upper" : "lower", 1))
		die("setenv");
	deed_env_start();
	(void)execl("merged/program", "program", argv[1], NULL);
	die("execl");
}
