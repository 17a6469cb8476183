/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/hostroot.h"
#include "test.h"

static void the_hosts_files_are_found_and_what_is_not_there_is_told(void) {
	struct stat a, b;
	int fd = hostroot_open("/etc/passwd", O_RDONLY | O_CLOEXEC, true);

	CHECK(fd >= 0);
	/* where process 1 has the same tree as we have */
	if (!stat("/proc/1/root", &a) && !stat("/", &b) && a.st_ino == b.st_ino &&
	    a.st_dev == b.st_dev)
		CHECK(!fstat(fd, &a) && !stat("/etc/passwd", &b) && a.st_ino == b.st_ino);
	(void)close(fd);
	CHECK(hostroot_open("/etc/no-such-file-at-all", O_PATH | O_CLOEXEC, true) == -ENOENT);
}

static void a_link_out_of_the_tree_stays_in_it(void) {
	char path[] = "/tmp/hostroot-XXXXXX", link[64];
	int fd;

	CHECK(mkdtemp(path) != NULL);
	(void)snprintf(link, sizeof(link), "%s/up", path);
	CHECK(!symlink("../../../../../../../etc/passwd", link));
	fd = hostroot_open(link, O_PATH | O_CLOEXEC, true);
	CHECK(fd >= 0 || fd == -ENOENT); /* our /tmp may not be process 1's */
	(void)close(fd);
	CHECK(!unlink(link) && !rmdir(path));
}

static void a_name_that_was_given_takes_the_place_of_the_machines(void) {
	struct utsname un;

	CHECK(!unsetenv("LAPWING_HOST_NAME") && !uname(&un));
	CHECK(!strcmp(hostroot_name(), un.nodename));
	CHECK(!setenv("LAPWING_HOST_NAME", "node-7", 1));
	CHECK(!strcmp(hostroot_name(), "node-7"));
}

int main(void) {
	RUN(the_hosts_files_are_found_and_what_is_not_there_is_told);
	RUN(a_link_out_of_the_tree_stays_in_it);
	RUN(a_name_that_was_given_takes_the_place_of_the_machines);
	DONE();
}
