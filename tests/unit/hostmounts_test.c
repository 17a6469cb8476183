/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include "base/hostmounts.h"

static void add(struct buf *to, const char *text) {
	char line[256];

	(void)snprintf(line, sizeof(line), "%s", text);
	hostmounts_add(to, line);
}

static void who_answers_is_known_by_place_and_number(void) {
	struct buf m = { 0 };

	add(&m, "20 1 8:1 / / rw shared:1 - fuse.rootfs x rw");
	add(&m, "30 20 0:40 / /home rw shared:2 - autofs systemd-1 rw,fd=3");
	add(&m, "31 20 0:41 / /srv/u rw - nfs4 server:/u rw");
	add(&m, "32 31 8:2 / /srv/u/mia rw master:1 propagate_from:2 - ext4 /dev/sda2 rw");
	add(&m, "33 20 0:42 / /a\\040b rw - fuse.sshfs x rw");
	CHECK(!hostmounts_far(&m, "/etc") && hostmounts_far(&m, "/home/bo"));
	CHECK(hostmounts_far(&m, "/home") && !hostmounts_far(&m, "/homes"));
	CHECK(hostmounts_far(&m, "/srv/u/bo") && !hostmounts_far(&m, "/srv/u/mia/.ssh"));
	CHECK(hostmounts_far(&m, "/a b/c"));
	CHECK(hostmounts_far_id(&m, 31) && !hostmounts_far_id(&m, 32));
	CHECK(!hostmounts_far_id(&m, 3));
	add(&m, "34 30 8:3 / /home rw - xfs /dev/sda3 rw"); /* the automount has happened */
	CHECK(!hostmounts_far(&m, "/home/bo"));
	buf_done(&m);
}

static void what_is_no_line_says_nothing(void) {
	struct buf m = { 0 };

	add(&m, "");
	add(&m, "31 20 0:41 / /srv/u");
	add(&m, "31 20 0:41 / /srv/u rw -");
	CHECK(!m.len && !hostmounts_far(&m, "/srv/u") && !hostmounts_far_id(&m, 31));
	buf_done(&m);
}

static void this_machines_mounts_are_read_again_and_again(void) {
	struct buf m = { 0 };
	size_t n;

	hostmounts_read(&m);
	n = m.len;
	CHECK(n && !hostmounts_far(&m, "/"));
	hostmounts_read(&m);
	CHECK(m.len == n);
	buf_done(&m);
}

int main(void) {
	RUN(who_answers_is_known_by_place_and_number);
	RUN(what_is_no_line_says_nothing);
	RUN(this_machines_mounts_are_read_again_and_again);
	DONE();
}
