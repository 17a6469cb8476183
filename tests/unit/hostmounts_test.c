/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hostmounts.h"
#include "base/hostroot.h"

static void add(struct buf *to, const char *text) {
	char line[256];

	(void)snprintf(line, sizeof(line), "%s", text);
	hostmounts_add(to, line);
}

static void who_answers_is_known_by_number(void) {
	struct buf m = { 0 };

	add(&m, "20 1 8:1 / / rw shared:1 - fuse.rootfs x rw");
	add(&m, "30 20 0:40 / /home rw shared:2 - autofs systemd-1 rw,fd=3");
	add(&m, "31 20 0:41 / /srv/u rw - nfs4 server:/u rw");
	add(&m, "32 31 8:2 / /srv/u/mia rw master:1 propagate_from:2 - ext4 /dev/sda2 rw");
	add(&m, "33 20 0:42 / /a\\040b rw - fuse.sshfs x rw");
	CHECK(!hostmounts_far(&m, 20) && hostmounts_far(&m, 30) && hostmounts_far(&m, 31));
	CHECK(!hostmounts_far(&m, 32) && hostmounts_far(&m, 33));
	CHECK(hostmounts_far(&m, 3) && !hostmounts_far(&(struct buf){ 0 }, 3));
	buf_done(&m);
}

static void what_is_no_line_says_nothing(void) {
	struct buf m = { 0 };

	add(&m, "");
	add(&m, "31 20 0:41 / /srv/u");
	add(&m, "31 20 0:41 / /srv/u rw -");
	CHECK(!m.len && !hostmounts_far(&m, 31));
	buf_done(&m);
}

static void this_machines_mounts_are_read_again_and_again(void) {
	struct buf m = { 0 };
	struct statx root;
	size_t n;

	hostmounts_read(&m);
	n = m.len;
	CHECK(n && !hostmounts_stat(&m, "/", true, &root));
	hostmounts_read(&m);
	CHECK(!buf_error(&m) && m.len == n);
	buf_done(&m);
}

/* A folder of the tree that hostroot.h finds, and one on another mount, which is said to be far. */
struct place {
	char near[64], far[64];
	struct buf mounts;
	struct statx st;
};

static const char *in(const char *folder, const char *name) {
	static char path[4][PATH_MAX];
	static int i;

	i = (i + 1) % 4;
	(void)snprintf(path[i], sizeof(path[i]), "%s/%s", folder, name);
	return path[i];
}

/* set_up - false: there are no two mounts of this tree to try it with */
static bool set_up(struct place *p) {
	struct buf far = { 0 };
	char line[128];
	struct statx st;

	*p = (struct place){ .near = "/tmp/hostmounts-XXXXXX",
			     .far = "/dev/shm/hostmounts-XXXXXX" };
	CHECK(mkdtemp(p->near) && mkdtemp(p->far));
	if (hostroot_stat(p->far, true, &st) || hostroot_stat(p->near, true, &p->st) ||
	    st.stx_mnt_id == p->st.stx_mnt_id) {
		CHECK(!rmdir(p->near) && !rmdir(p->far));
		return false;
	}
	hostmounts_read(&p->mounts);
	/* the first of two with one id holds */
	(void)snprintf(line, sizeof(line), "%llu 1 0:1 / /far rw - fuse.x x rw",
		       (unsigned long long)st.stx_mnt_id);
	add(&far, line);
	buf_add(&far, p->mounts.data, p->mounts.len);
	buf_done(&p->mounts);
	p->mounts = far;
	CHECK(!mkdir(in(p->near, "folder"), 0700) && !mkdir(in(p->far, "folder"), 0700));
	return true;
}

static void tear_down(struct place *p, const char *const *links, size_t n) {
	for (size_t i = 0; i < n; i++)
		CHECK(!unlink(in(p->near, links[i])));
	CHECK(!rmdir(in(p->near, "folder")) && !rmdir(in(p->far, "folder")));
	CHECK(!rmdir(p->near) && !rmdir(p->far));
	buf_done(&p->mounts);
}

static int look(struct place *p, const char *path) {
	return hostmounts_stat(&p->mounts, path, true, &p->st);
}

static void a_link_is_followed_to_where_another_answers_and_no_further(void) {
	static const char *const links[] = { "away",  "by",   "deep", "up",
					     "round", "home", "none", "root" };
	struct statx root;
	struct place p;
	uint64_t ino;

	if (!set_up(&p)) {
		SKIP("/tmp and /dev/shm are one mount, or not process 1's");
		return;
	}
	CHECK(!symlink(p.far, in(p.near, "away")));
	CHECK(!symlink("away/folder", in(p.near, "by")));
	CHECK(!symlink("folder/../by/../none", in(p.near, "deep")));
	CHECK(!symlink("../../../../../../../dev/shm/./", in(p.near, "up")));
	CHECK(!symlink("round", in(p.near, "round")));
	CHECK(!symlink(in(p.near, "folder//."), in(p.near, "home")));
	CHECK(!symlink("nothing", in(p.near, "none")));
	CHECK(!symlink("/", in(p.near, "root")));
	CHECK(!look(&p, in(p.near, "folder")));
	ino = p.st.stx_ino;
	CHECK(!look(&p, in(p.near, "home")) && S_ISDIR(p.st.stx_mode) && p.st.stx_ino == ino);
	CHECK(!look(&p, in(p.near, "home/../home")) && p.st.stx_ino == ino);
	CHECK(!hostroot_stat("/", true, &root) && !look(&p, in(p.near, "root")));
	CHECK(S_ISDIR(p.st.stx_mode) && p.st.stx_ino == root.stx_ino);
	CHECK(!look(&p, "/") && p.st.stx_ino == root.stx_ino);
	CHECK(look(&p, "/etc/passwd/..") == -ENOTDIR && look(&p, "/etc/passwd/") == -ENOTDIR);
	CHECK(look(&p, p.far) == -EREMOTE && look(&p, in(p.far, "no/such")) == -EREMOTE);
	CHECK(look(&p, in(p.near, "away")) == -EREMOTE && look(&p, in(p.near, "by")) == -EREMOTE);
	CHECK(look(&p, in(p.near, "deep")) == -EREMOTE && look(&p, in(p.near, "up")) == -EREMOTE);
	CHECK(look(&p, in(p.near, "round")) == -ELOOP);
	CHECK(look(&p, in(p.near, "none")) == -ENOENT && look(&p, in(p.near, "none/x")) == -ENOENT);
	tear_down(&p, links, sizeof(links) / sizeof(links[0]));
}

static void what_is_too_long_is_refused(void) {
	static char path[PATH_MAX + 2], target[PATH_MAX];
	const char *links[] = { "long" };
	struct place p;

	memset(path, 'a', PATH_MAX + 1);
	path[0] = '/';
	CHECK(hostmounts_open(&(struct buf){ 0 }, path, true) == -ENAMETOOLONG);
	if (!set_up(&p)) {
		SKIP("/tmp and /dev/shm are one mount, or not process 1's");
		return;
	}
	memset(target, '/', sizeof(target) - 2);
	target[0] = '.';
	CHECK(!symlink(target, in(p.near, "long")));
	CHECK(!look(&p, in(p.near, "long")));
	CHECK(look(&p, in(p.near, "long/folder")) == -ENAMETOOLONG);
	for (size_t i = 0; i < 400; i += 2)
		memcpy(path + i, "./", 3);
	CHECK(hostmounts_open(&p.mounts, in("/tmp", path), true) == -ELOOP);
	tear_down(&p, links, 1);
}

int main(void) {
	RUN(who_answers_is_known_by_number);
	RUN(what_is_no_line_says_nothing);
	RUN(this_machines_mounts_are_read_again_and_again);
	RUN(a_link_is_followed_to_where_another_answers_and_no_further);
	RUN(what_is_too_long_is_refused);
	DONE();
}
