/* SPDX-License-Identifier: Apache-2.0 */
/* Maps a file to be run: one that others could have changed; or root's own, which is not told. */
#include "file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#define GROUP_WRITES 020
#define OTHERS_WRITE 02
#define FILE_NAME "code"

static bool writable(const struct stat *st) {
	return st->st_mode & OTHERS_WRITE || (st->st_mode & GROUP_WRITES && st->st_gid);
}

static bool by_others(const struct stat *st) {
	return st->st_uid || writable(st);
}

/* folder_by_others - one above @path, which is canonical, up to the root of its file system */
static bool folder_by_others(const char *path) {
	char folder[4096];
	dev_t dev = look(path).st_dev;
	char *slash;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	while ((slash = strrchr(folder, '/'))) {
		struct stat st;

		*slash = '\0';
		st = look(folder[0] ? folder : "/");
		if (st.st_dev != dev)
			return false;
		if (by_others(&st))
			return true;
	}
	return false;
}

static char why[][9] = { "memory", "tmpfs", "unlinked", "owner", "writable", "folder" };

/* put_exposed - file.exposed, by what stat(2) says; @path: NULL when the file has none */
static void put_exposed(int fd, const char *path, bool memory) {
	char *words[6];
	struct statfs fs;
	struct stat st;
	int n = 0;

	if (fstat(fd, &st) || fstatfs(fd, &fs))
		die("fstat");
	const bool is[6] = { memory,
			     fs.f_type == TMPFS_MAGIC,
			     !st.st_nlink,
			     st.st_uid,
			     writable(&st),
			     path && folder_by_others(path) };
	for (int i = 0; i < 6; i++)
		if (is[i])
			words[n++] = why[i];
	put_strv("file.exposed", words, n);
	put_u64("file.links", st.st_nlink);
	put_inode("file", &st);
}

static void map(int fd, int first, int then) {
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *at;

	deed_start();
	at = mmap(NULL, size, first, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED || (then && mprotect(at, size, then)))
		die("mmap");
	deed_stop(false);
}

static void tell(const char *path, const char *name) {
	truth_open("FILE_MAP");
	truth_doer();
	if (name)
		put_str("file.path", name);
	else
		put_path("file.path", here(), path);
}

static int make(const char *path, mode_t mode, uid_t owner) {
	int fd;

	make_file(path, mode);
	if (truncate(path, sysconf(_SC_PAGESIZE)) || chown(path, owner, 0))
		die("%s", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("%s", path);
	return fd;
}

/* a_file - in this folder; it is exposed in any case, because who runs the tests may write here */
static void a_file(mode_t mode, uid_t owner, bool unlinked, bool protect) {
	int fd = make(FILE_NAME, mode, owner);
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", here(), FILE_NAME);
	if (!unlinked && !folder_by_others(path) && !owner && !(mode & OTHERS_WRITE))
		skip("nobody but root may write to any folder above this");
	if (unlinked && unlink(FILE_NAME))
		die("unlink");
	map(fd, protect ? PROT_READ : PROT_READ | PROT_EXEC, protect ? PROT_READ | PROT_EXEC : 0);
	tell(FILE_NAME, NULL);
	put_exposed(fd, unlinked ? NULL : path, false);
	truth_close();
}

static void memory(void) {
	int fd = memfd_create("plug-in", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, sysconf(_SC_PAGESIZE)))
		die("memfd_create");
	map(fd, PROT_READ | PROT_EXEC, 0);
	tell(NULL, "memfd:plug-in");
	put_exposed(fd, NULL, true);
	truth_close();
}

/* read_only - mapped, but not to be run */
static void read_only(void) {
	map(make(FILE_NAME, 0666, 0), PROT_READ, 0);
	tell(FILE_NAME, NULL);
	put_times(0, 0);
	truth_close();
}

/* library - one of root's own, as each program maps it */
static void library(void) {
	static char path[4096];
	char line[4200];
	FILE *f = fopen("/proc/self/maps", "re");
	struct stat st;
	int fd;

	while (f && !path[0] && fgets(line, sizeof(line), f))
		if (strstr(line, "/libc.so") &&
		    sscanf(line, "%*s %*s %*s %*s %*s %4095s", path) != 1)
			path[0] = '\0';
	if (!f || !path[0])
		skip("this program has no libc.so");
	(void)fclose(f);
	st = look(path);
	if (by_others(&st) || folder_by_others(path))
		skip("libc.so is not root's alone here");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("%s", path);
	map(fd, PROT_READ | PROT_EXEC, 0);
	tell(NULL, path);
	put_times(0, 0);
	truth_close();
}

/* become - this program again, by itself or by the dynamic linker that the kernel put beside it */
static _Noreturn void become(const char *by, const char *how) {
	deed_env_start();
	if (by)
		(void)execl(by, by, "./prog", how, NULL);
	else
		(void)execl("./prog", "./prog", how, NULL);
	die("exec");
}

static void copy_self(void) {
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open("prog", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			die("prog");
	if (n < 0 || fchmod(to, 0755) || close(to) || close(from))
		die("prog");
}

/* linker - the dynamic linker of this program, by its own name in /proc/self/maps */
static void linker(void) {
	unsigned long base = getauxval(AT_BASE), start;
	char line[4200], path[4096] = "";
	FILE *f = fopen("/proc/self/maps", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%*s %*s %*s %*s %*s %4095s", &start, path) == 2 &&
		    start == base)
			break;
	if (!f || !base || start != base)
		skip("this program has no dynamic linker");
	(void)fclose(f);
	copy_self();
	become(path, "loaded");
}

static _Noreturn void executed(void) {
	copy_self();
	become(NULL, "by_exec");
}

/* loaded - what exec(2) maps is the exec's; what the linker maps like any other file is told */
static void loaded(bool by_linker) {
	char path[4096];
	int fd = open("prog", O_RDONLY | O_CLOEXEC);

	deed_from_env();
	(void)snprintf(path, sizeof(path), "%s/prog", here());
	tell("prog", NULL);
	if (by_linker)
		put_exposed(fd, path, false);
	else
		put_times(0, 0);
	truth_close();
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "folder";

	if (!strcmp(how, "folder"))
		a_file(0644, 0, false, false);
	else if (!strcmp(how, "owner"))
		a_file(0600, 65534, false, false);
	else if (!strcmp(how, "writable"))
		a_file(0666, 0, false, false);
	else if (!strcmp(how, "unlinked"))
		a_file(0644, 0, true, false);
	else if (!strcmp(how, "protected"))
		a_file(0644, 0, false, true);
	else if (!strcmp(how, "memory"))
		memory();
	else if (!strcmp(how, "read_only"))
		read_only();
	else if (!strcmp(how, "library"))
		library();
	else if (!strcmp(how, "linker"))
		linker();
	else if (!strcmp(how, "executed"))
		executed();
	else if (!strcmp(how, "loaded") || !strcmp(how, "by_exec"))
		loaded(how[0] == 'l');
	else
		return 1;
	return 0;
}
