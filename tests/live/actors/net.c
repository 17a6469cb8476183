/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

enum family family_of(const char *name) {
	enum family family = !strcmp(name, "v6") ? V6 : !strcmp(name, "mapped") ? MAPPED : V4;
	struct sockaddr_storage sa = loopback(family, 0);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const void *)&sa, size_of(&sa)))
		skip("no %s loopback: %s", name, strerror(errno));
	(void)close(fd);
	return family;
}

struct sockaddr_storage address(enum family family, const char *text, uint16_t port) {
	struct sockaddr_storage sa = { 0 };
	struct sockaddr_in6 *v6 = (void *)&sa;
	struct sockaddr_in *v4 = (void *)&sa;

	if (family == V4) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		(void)inet_pton(AF_INET, text, &v4->sin_addr);
	} else {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		(void)inet_pton(AF_INET6, text, &v6->sin6_addr);
	}
	return sa;
}

struct sockaddr_storage loopback(enum family family, uint16_t port) {
	static const char *const names[] = { "127.0.0.1", "::1", "::ffff:127.0.0.1" };

	return address(family, names[family], port);
}

struct sockaddr_storage any(enum family family) {
	return address(family, family == V4 ? "0.0.0.0" : "::", 0);
}

socklen_t size_of(const struct sockaddr_storage *sa) {
	return sa->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

uint16_t port_of(const struct sockaddr_storage *sa) {
	return ntohs(sa->ss_family == AF_INET ? ((const struct sockaddr_in *)sa)->sin_port :
						((const struct sockaddr_in6 *)sa)->sin6_port);
}

int new_socket(enum family family, int type) {
	int fd = socket(family == V4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	return fd;
}

int bound(enum family family, int type, const struct sockaddr_storage *sa) {
	int fd = new_socket(family, type);

	if (bind(fd, (const void *)sa, size_of(sa)))
		die("bind");
	return fd;
}

struct sockaddr_storage name_of(int fd) {
	struct sockaddr_storage sa = { 0 };
	socklen_t n = sizeof(sa);

	if (getsockname(fd, (void *)&sa, &n))
		die("getsockname");
	return sa;
}

struct sockaddr_storage peer_of(int fd) {
	struct sockaddr_storage sa = { 0 };
	socklen_t n = sizeof(sa);

	if (getpeername(fd, (void *)&sa, &n))
		die("getpeername");
	return sa;
}

void tell_net(const char *kind, const char *transport, int fd) {
	struct stat st;

	if (fstat(fd, &st))
		die("fstat of a socket");
	truth_open(kind);
	truth_doer();
	put_str("net.transport", transport);
	put_u64("net.socket_inode", st.st_ino);
}
