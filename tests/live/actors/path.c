/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four deeds (create, chmod, rename, unlink) in a place whose path is hard to
 * tell. A place gives the directory that the deeds name ("given"), the true path
 * of that directory, and how it is reached; everything else is the same.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

struct place {
	const char *name;
	void (*enter)(void);
	void (*leave)(void); /* so that /proc is in sight again; NULL: nothing to do */
};

static char truth[1 << 16]; /* the directory's true path */
static char given[1 << 16]; /* as the deeds name it, with a '/' at its end unless empty */
static bool aliased;	    /* what is given leads through a symlink */
static const char *loose;   /* the mount is attached nowhere: paths begin so, in its file system */
static bool layered;	    /* on an overlay whose layers are in layers/ */
static bool prepared;	    /* what the deeds are done to is there already */
static int root_fd = -1, cwd_fd = -1;

static void join(char *path, const char *component) {
	size_t n = strlen(path);

	(void)snprintf(path + n, sizeof(truth) - n, "/%s", component);
}

static void descend(const char *component) {
	make_dir(component);
	if (chdir(component))
		die("chdir '%s'", component);
	join(truth, component);
}

static void enter_deep(void) {
	for (int i = 0; i < 40; i++)
		descend(i % 2 ? "d" : "directory");
}

static void enter_nested(void) {
	char component[8];

	for (int i = 0; i < 300; i++) {
		(void)snprintf(component, sizeof(component), "n%03d", i);
		descend(component);
	}
}

/* As deep as an absolute path of PATH_MAX bytes, with its NUL, can still name. */
static void enter_long(void) {
	char component[201];
	size_t room;

	memset(component, 'x', sizeof(component));
	while ((room = PATH_MAX - 1 - strlen(truth) - strlen("/created")) > 1) {
		component[room - 1 < 200 ? room - 1 : room > 201 && room < 203 ? 198 : 200] = '\0';
		descend(component);
		memset(component, 'x', sizeof(component));
	}
	(void)snprintf(given, sizeof(given), "%s/", truth);
}

static void enter_beyond(void) {
	char component[201];

	memset(component, 'y', 200);
	component[200] = '\0';
	while (strlen(truth) < PATH_MAX + 600)
		descend(component);
}

static void enter_symlinked(void) {
	make_dir("real");
	if (symlink("real", "alias"))
		die("symlink");
	join(truth, "real");
	aliased = true;
	(void)snprintf(given, sizeof(given), "%s/alias/", here());
}

static void enter_dotted(void) {
	make_dir("a");
	make_dir("b");
	make_dir("b/c");
	if (chdir("a"))
		die("chdir");
	join(truth, "b/c");
	(void)snprintf(given, sizeof(given), "../b/./c/../c//");
}

static void enter_chroot(void) {
	make_dir("jail");
	make_dir("jail/in");
	join(truth, "jail/in");
	root_fd = open("/", O_PATH | O_DIRECTORY);
	cwd_fd = open(".", O_PATH | O_DIRECTORY);
	if (chroot("jail"))
		skip("chroot: %s", strerror(errno));
	(void)snprintf(given, sizeof(given), "/in/");
}

static void leave_chroot(void) {
	if (fchdir(root_fd) || chroot(".") || fchdir(cwd_fd))
		die("leaving the chroot");
}

static void own_mounts(void) {
	if (unshare(CLONE_NEWNS))
		skip("a mount namespace of our own: %s", strerror(errno));
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		skip("private mounts: %s", strerror(errno));
}

static void enter_bind(void) {
	own_mounts();
	make_dir("source");
	make_dir("source/in");
	make_dir("target");
	if (mount("source", "target", NULL, MS_BIND, NULL))
		skip("a bind mount: %s", strerror(errno));
	join(truth, "target/in");
	(void)snprintf(given, sizeof(given), "target/in/");
}

static void enter_private(void) {
	own_mounts();
	make_dir("private");
	if (mount("none", "private", "tmpfs", 0, "mode=755"))
		skip("a tmpfs: %s", strerror(errno));
	join(truth, "private");
	(void)snprintf(given, sizeof(given), "%s/private/", here());
}

/* The deeds are done to files of the lower layer, which are copied up for that. */
static void enter_overlay(void) {
	own_mounts();
	make_dir("layers");
	make_dir("merged");
	if (mount("none", "layers", "tmpfs", 0, "mode=755"))
		skip("a tmpfs: %s", strerror(errno));
	make_dir("layers/lower");
	make_dir("layers/lower/in");
	make_dir("layers/upper");
	make_dir("layers/work");
	make_file("layers/lower/in/mode", 0600);
	make_file("layers/lower/in/old", 0600);
	make_file("layers/lower/in/gone", 0600);
	if (mount("none", "merged", "overlay", 0,
		  "lowerdir=layers/lower,upperdir=layers/upper,workdir=layers/work"))
		skip("an overlay: %s", strerror(errno));
	join(truth, "merged/in");
	layered = true;
	(void)snprintf(given, sizeof(given), "merged/in/");
	prepared = true;
}

/* A mount that still is, and is mounted nowhere any more. */
static void enter_detached(void) {
	own_mounts();
	make_dir("left");
	if (mount("none", "left", "tmpfs", 0, "mode=755"))
		skip("a tmpfs: %s", strerror(errno));
	if (chdir("left"))
		die("chdir");
	make_dir("in");
	if (umount2(".", MNT_DETACH))
		skip("MNT_DETACH: %s", strerror(errno));
	join(truth, "left/in");
	loose = "in";
	(void)snprintf(given, sizeof(given), "in/");
}

/* A copy of a mount that never was mounted anywhere. */
static void enter_cloned(void) {
	int tree;

	own_mounts();
	make_dir("base");
	if (mount("none", "base", "tmpfs", 0, "mode=755"))
		skip("a tmpfs: %s", strerror(errno));
	make_dir("base/source");
	make_dir("base/source/in");
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, "base/source", OPEN_TREE_CLONE);
	if (tree < 0 || fchdir(tree))
		skip("open_tree: %s", strerror(errno));
	join(truth, "base/source/in");
	loose = "source/in";
	(void)snprintf(given, sizeof(given), "in/");
}

static void enter_bytes(void) {
	descend("caf\303\251 \377\200 \"\\");
}

static const struct place places[] = {
	{ "deep", enter_deep, NULL },
	{ "nested", enter_nested, NULL },
	{ "long", enter_long, NULL },
	{ "beyond", enter_beyond, NULL },
	{ "symlinked", enter_symlinked, NULL },
	{ "dotted", enter_dotted, NULL },
	{ "chroot", enter_chroot, leave_chroot },
	{ "bind", enter_bind, NULL },
	{ "private", enter_private, NULL },
	{ "overlay", enter_overlay, NULL },
	{ "detached", enter_detached, NULL },
	{ "cloned", enter_cloned, NULL },
	{ "bytes", enter_bytes, NULL },
};

static const char *at(const char *leaf) {
	static char paths[4][1 << 16];
	static int next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s%s", given, leaf);
	return path;
}

static struct stat lower_stat[3], upper_stat;
static const char *const lower_files[3] = { "mode", "old", "gone" };

/* look_below - at the files of the layers, which are the same by another way */
static void look_below(void) {
	char path[64];

	for (int i = 0; layered && i < 3; i++) {
		(void)snprintf(path, sizeof(path), "layers/lower/in/%s", lower_files[i]);
		lower_stat[i] = look(path);
	}
}

static void put_below(const char *layer, const struct stat *st) {
	if (layered)
		put_layer(layer, st);
}

static void tell_place(const char *kind, const char *leaf, const struct stat *before) {
	tell_open(kind, truth, leaf, before);
	if (aliased)
		put_path("@given.file.path", "", at(leaf));
	if (loose)
		put_path("@or.file.path", loose, leaf);
}

static struct stat new_stat, mode_stat, name_stat, gone_stat;
static int made_fd;

/* The deeds wait for their truth until all are done: after chroot there is no /proc. */
static void make_ready(void) {
	if (!prepared) {
		make_file(at("mode"), 0600);
		make_file(at("old"), 0600);
		make_file(at("gone"), 0600);
	}
	mode_stat = look(at("mode"));
	name_stat = look(at("old"));
	gone_stat = look(at("gone"));
	look_below();
}

static void act(void) {
	made_fd = open(at("created"), O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (made_fd < 0 || fstat(made_fd, &new_stat))
		die("creating");
	if (layered)
		upper_stat = look("layers/upper/in/created");
	if (chmod(at("mode"), 0700) || rename(at("old"), at("new")) || unlink(at("gone")))
		die("the deeds");
}

static void tell_all(void) {
	struct stat after = mode_stat;

	after.st_mode = S_IFREG | 0700;
	tell_place("FILE_CREATE", "created", &new_stat);
	put_flags(made_fd);
	put_below("upper", &upper_stat);
	truth_close();
	tell_place("FILE_CHMOD", "mode", &mode_stat);
	put_u64("file.new_mode", 0700);
	put_late(&after);
	put_below("lower", &lower_stat[0]);
	truth_close();
	tell_place("FILE_RENAME", "new", &name_stat);
	put_path("file.old_path", truth, "old");
	if (aliased)
		put_path("@given.file.old_path", "", at("old"));
	if (loose)
		put_path("@or.file.old_path", loose, "old");
	put_below("lower", &lower_stat[1]);
	truth_close();
	tell_place("FILE_UNLINK", "gone", &gone_stat);
	put_below("lower", &lower_stat[2]);
	truth_close();
}

int main(int argc, char **argv) {
	const struct place *p = places;

	while (argc > 1 && p < places + sizeof(places) / sizeof(places[0]) - 1 &&
	       strcmp(p->name, argv[1]))
		p++;
	(void)snprintf(truth, sizeof(truth), "%s", here());
	p->enter();
	make_ready();
	truth_window();
	deed_start();
	act();
	deed_stop(false);
	linger();
	if (p->leave)
		p->leave();
	tell_all();
	truth_window();
	return 0;
}
