/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connects to a stream socket of its own, by a path, by a symbolic link to it,
 * or by a name without a path, in which there is a NUL.
 */
#include "net.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static struct sockaddr_un named(const char *name, size_t n) {
	struct sockaddr_un sa = { .sun_family = AF_UNIX };

	memcpy(sa.sun_path, name, n);
	return sa;
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "path";
	char name[64], shown[64], cwd[4096];
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool abstract = !strcmp(how, "abstract");
	struct sockaddr_un at, to;
	struct stat st;
	socklen_t n;

	if (abstract) {
		n = (socklen_t)snprintf(name, sizeof(name), "%clapwing-%d%ctest", 0, getpid(), 0);
		(void)snprintf(shown, sizeof(shown), "@lapwing-%d@test", getpid());
	} else {
		n = (socklen_t)snprintf(name, sizeof(name), "service.sock");
	}
	at = to = named(name, n);
	n += (socklen_t)offsetof(struct sockaddr_un, sun_path);
	if (listener < 0 || fd < 0 || bind(listener, (const void *)&at, n) || listen(listener, 4) ||
	    fstat(fd, &st) || !getcwd(cwd, sizeof(cwd)))
		die("a socket of our own");
	if (!strcmp(how, "symlink")) {
		if (symlink("service.sock", "link"))
			die("symlink");
		to = named("./link", sizeof("./link"));
		n = sizeof(to);
	}
	truth_window();
	deed_start();
	if (connect(fd, (const void *)&to, n))
		die("connect");
	deed_stop(false);
	truth_open("NET_UNIX");
	truth_doer();
	put_u64("net.socket_inode", st.st_ino);
	put_str("net.family", "UNIX");
	put_str("net.socket_type", "STREAM");
	if (abstract)
		put_str("net.path", shown);
	else
		put_path("net.path", cwd, "service.sock");
	truth_close();
	truth_window();
	return 0;
}
