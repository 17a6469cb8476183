/* SPDX-License-Identifier: Apache-2.0 */
/* The printer: one object at a time, built in a fixed buffer, written in one write(2). */
#include "truth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

static char line[8 << 20]; /* two megabytes of arguments, twice, and more */
static size_t used;
static struct {
	uint64_t boot[2], wall[2];
	int error;
} deed;

static uint64_t clock_ns(clockid_t clock) {
	struct timespec ts;

	if (clock_gettime(clock, &ts))
		die("clock_gettime");
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t boot_ns(void) {
	return clock_ns(CLOCK_BOOTTIME);
}

void deed_start(void) {
	deed.wall[0] = clock_ns(CLOCK_REALTIME);
	deed.boot[0] = boot_ns();
	deed.error = 0;
}

void deed_stop(bool failed) {
	deed.error = failed ? errno : 0;
	deed.boot[1] = boot_ns();
	deed.wall[1] = clock_ns(CLOCK_REALTIME);
}

void deed_env_start(void) {
	char text[64];

	deed_start();
	(void)snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64, deed.boot[0], deed.wall[0]);
	if (setenv("LIVE_BEGAN", text, 1))
		die("setenv");
}

void deed_from_env(void) {
	const char *text = getenv("LIVE_BEGAN");

	deed_stop(false);
	if (!text || sscanf(text, "%" SCNu64 " %" SCNu64, &deed.boot[0], &deed.wall[0]) != 2) {
		errno = EINVAL;
		die("LIVE_BEGAN is not set");
	}
}

static void addf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void addf(const char *fmt, ...) {
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line + used, sizeof(line) - used, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line) - used) {
		(void)fprintf(stderr, "the truth is too long\n");
		_exit(1);
	}
	used += (size_t)n;
}

static void add_text(const void *bytes, size_t n) {
	const unsigned char *p = bytes;

	addf("\"");
	for (size_t i = 0; i < n; i++) {
		if (p[i] < 0x20 || p[i] > 0x7e || p[i] == '"' || p[i] == '\\')
			addf("\\u%04x", p[i]);
		else
			addf("%c", p[i]);
	}
	addf("\"");
}

static void add_name(const char *name) {
	addf("%s\"%s\": ", used > 1 ? ", " : "", name);
}

static void flush(void) {
	size_t done = 0;

	addf("}\n");
	while (done < used) {
		ssize_t n = write(STDOUT_FILENO, line + done, used - done);

		if (n < 0)
			die("write");
		done += (size_t)n;
	}
	used = 0;
}

void truth_window(void) {
	addf("{");
	put_u64("@window", boot_ns());
	put_u64("process.pid", (uint64_t)outer_pid());
	flush();
}

void truth_open(const char *kind) {
	addf("{");
	put_str("kind", kind);
}

void truth_close(void) {
	add_name("@after");
	addf("[%" PRIu64 ", %" PRIu64 "]", deed.boot[0], deed.wall[0]);
	add_name("@before");
	addf("[%" PRIu64 ", %" PRIu64 "]", deed.boot[1], deed.wall[1]);
	put_u64("@error", (uint64_t)deed.error);
	flush();
}

const char *truth_take(void) {
	line[used] = '\0';
	used = 0;
	return line + 1;
}

void put_kept(const char *members) {
	addf(", %s", members);
}

void put_u64(const char *name, uint64_t v) {
	add_name(name);
	addf("%" PRIu64, v);
}

void put_bool(const char *name, bool v) {
	add_name(name);
	addf("%s", v ? "true" : "false");
}

void put_null(const char *name) {
	add_name(name);
	addf("null");
}

void put_bytes(const char *name, const void *s, size_t n) {
	add_name(name);
	add_text(s, n);
}

void put_str(const char *name, const char *s) {
	if (s)
		put_bytes(name, s, strlen(s));
	else
		put_null(name);
}

void put_strv(const char *name, char *const *v, int n) {
	add_name(name);
	addf("[");
	for (int i = 0; i < n; i++) {
		addf("%s", i ? ", " : "");
		add_text(v[i], strlen(v[i]));
	}
	addf("]");
}

void put_range(const char *name, uint64_t min, uint64_t max) {
	add_name(name);
	addf("{\"min\": %" PRIu64 ", \"max\": %" PRIu64 "}", min, max);
}

static void put_member(const char *message, const char *member, uint64_t v) {
	char name[64];

	(void)snprintf(name, sizeof(name), "%s.%s", message, member);
	put_u64(name, v);
}

void put_inode(const char *message, const struct stat *st) {
	put_member(message, "inode", st->st_ino);
	put_member(message, "dev_major", major(st->st_dev));
	put_member(message, "dev_minor", minor(st->st_dev));
	put_member(message, "mode", st->st_mode);
	put_member(message, "uid", st->st_uid);
	put_member(message, "gid", st->st_gid);
}

void put_layer(const char *layer, const struct stat *st) {
	put_str("overlay.layer", layer[0] == 'u' ? "UPPER" : "LOWER");
	put_u64("overlay.inode", st->st_ino);
	put_u64("overlay.dev_major", major(st->st_dev));
	put_u64("overlay.dev_minor", minor(st->st_dev));
}

void put_late(const struct stat *st) {
	put_inode("@late.file", st);
}

void put_times(uint64_t min, uint64_t max) {
	add_name("@times");
	addf("[%" PRIu64 ", %" PRIu64 "]", min, max);
}

/* Takes the last component off @path, which has @n bytes; the root stays. */
static size_t without_leaf(const char *path, size_t n) {
	while (n > 0 && path[n - 1] != '/')
		n--;
	return n > 0 ? n - 1 : 0;
}

void put_path(const char *name, const char *dir, const char *rest) {
	static char path[1 << 16];
	size_t n = *rest == '/' ? 0 : strlen(dir);

	memcpy(path, dir, n);
	while (*rest) {
		size_t len = strcspn(rest, "/");

		if (len == 2 && rest[0] == '.' && rest[1] == '.') {
			n = without_leaf(path, n);
		} else if (len && !(len == 1 && rest[0] == '.')) {
			path[n++] = '/';
			memcpy(path + n, rest, len);
			n += len;
		}
		rest += len + (rest[len] == '/');
	}
	put_bytes(name, path, n);
}

void put_address(const char *name, const struct sockaddr_storage *sa) {
	char field[64], text[INET6_ADDRSTRLEN];
	const struct sockaddr_in *v4 = (const void *)sa;
	const struct sockaddr_in6 *v6 = (const void *)sa;
	bool six = sa->ss_family == AF_INET6;

	if (six && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		(void)inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, sizeof(text));
	else if (six)
		(void)inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
	else
		(void)inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
	(void)snprintf(field, sizeof(field), "%s_ip", name);
	put_str(field, text);
	(void)snprintf(field, sizeof(field), "%s_port", name);
	put_u64(field, ntohs(six ? v6->sin6_port : v4->sin_port));
}

void skip(const char *fmt, ...) {
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	used = 0;
	addf("{");
	put_str("@skip", why);
	flush();
	exit(0);
}

void die(const char *fmt, ...) {
	int error = errno;
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, ": %s\n", strerror(error));
	_exit(1);
}

void truth_beside(const char *name, char ret[4096]) {
	ssize_t n = readlink("/proc/self/exe", ret, 4096 - 16);

	if (n < 0)
		die("/proc/self/exe");
	ret[n] = '\0';
	(void)strcpy(strrchr(ret, '/') + 1, name);
}

pid_t truth_held(int ret_leash[2]) {
	pid_t pid;
	char c;

	if (pipe(ret_leash))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	(void)close(ret_leash[1]);
	_exit(read(ret_leash[0], &c, 1) != 0);
}

void linger(void) {
	const char *ms = getenv("LIVE_LINGER_MS");

	if (ms)
		(void)usleep((useconds_t)atoi(ms) * 1000u);
}

void guests_only(void) {
	char text[1 << 12]; /* COMMAND_LINE_SIZE is 2,048 */
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	if (!strstr(text, " lapwing.guest ")) /* scripts/vm/guest.py */
		skip("it would change this machine; it is done in guests");
}
