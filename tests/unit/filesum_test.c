/* SPDX-License-Identifier: Apache-2.0 */
/* The hash of a file that ran, or none: never that of another file, or of another state of it. */
#include "app/filesum.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/hasher.h"
#include "event/field.h"
#include "test.h"

static char path[] = "/tmp/filesum-XXXXXX";

/* sha256sum(1) of what put() writes: 300,000 times "a" */
static const unsigned char sum_of_a[FILESUM_BYTES] = {
	0x12, 0xe1, 0xb9, 0xb1, 0x79, 0xb2, 0x9a, 0x4f,
	0x7e, 0x58, 0x89, 0xb1, 0x85, 0xd7, 0xac, 0x71,
	0xbf, 0xf0, 0xad, 0x1f, 0x49, 0xa7, 0xb3, 0x91,
	0xd0, 0x91, 0x1b, 0x73, 0x7a, 0x0f, 0x53, 0x81,
};

#define BYTES 300000

static void put(const char *name) {
	static char text[BYTES];
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	memset(text, 'a', sizeof(text));
	CHECK(fd >= 0 && write(fd, text, sizeof(text)) == sizeof(text) && !close(fd));
}

static struct event_file_id id_of(const char *name) {
	struct event_file_id id = { 0 };
	struct statfs fs;
	struct stat st;

	CHECK(!stat(name, &st) && !statfs(name, &fs));
	id.ino = st.st_ino;
	id.size = (uint64_t)st.st_size;
	id.ctime_ns = (uint64_t)st.st_ctim.tv_sec * 1000000000 + (uint64_t)st.st_ctim.tv_nsec;
	id.dev = major(st.st_dev) << 20 | minor(st.st_dev);
	id.magic = (uint32_t)fs.f_type;
	return id;
}

static int sum(struct filesum *s, const struct event_file_id *id, unsigned char *ret) {
	int fd = filesum_open(id, 0, path), err;

	if (fd < 0)
		return fd;
	err = filesum_read(s, fd, id, ret);
	(void)close(fd);
	return err;
}

static void a_file_that_stays_is_hashed(void) {
	unsigned char hash[FILESUM_BYTES];
	struct event_file_id id;
	struct filesum *s;

	put(path);
	id = id_of(path);
	CHECK(!filesum_new(1u << 30, &s) && !sum(s, &id, hash));
	CHECK(!memcmp(hash, sum_of_a, sizeof(hash)));
	CHECK(!sum(s, &id, hash) && !memcmp(hash, sum_of_a, sizeof(hash))); /* and again */
	filesum_free(s);
}

static void another_file_or_state_is_not(void) {
	unsigned char hash[FILESUM_BYTES];
	struct event_file_id id, other;
	struct filesum *s;

	put(path);
	id = id_of(path);
	CHECK(!filesum_new(1u << 30, &s));
	other = id;
	other.ino++;
	CHECK(sum(s, &other, hash) == -ESTALE);
	other = id;
	other.size--;
	CHECK(sum(s, &other, hash) == -ESTALE);
	other = id;
	other.ctime_ns--;
	CHECK(sum(s, &other, hash) == -ESTALE);
	other = id;
	other.dev++;
	if (id.magic != 0x794c7630 && id.magic != 0x9123683e) /* an overlay, btrfs */
		CHECK(sum(s, &other, hash) == -ESTALE);
	CHECK(!unlink(path));
	CHECK(sum(s, &id, hash) == -ENOENT);
	put(path); /* by the same name, another one */
	CHECK(sum(s, &id, hash) == -ESTALE);
	filesum_free(s);
}

/* In its place is a pipe, or a link to one, at whose other end somebody waits. */
static void what_took_its_place_is_not_opened(void) {
	unsigned char hash[FILESUM_BYTES];
	char pipe_path[sizeof(path) + 2];
	struct event_file_id id;
	struct filesum *s;
	pid_t child;

	put(path);
	id = id_of(path);
	(void)snprintf(pipe_path, sizeof(pipe_path), "%s.p", path);
	CHECK(!filesum_new(1u << 30, &s) && !unlink(path) && !mkfifo(path, 0600));
	child = fork();
	if (!child)
		_exit(open(path, O_WRONLY) < 0);
	(void)usleep(100000);
	CHECK(sum(s, &id, hash) == -ESTALE);
	CHECK(!rename(path, pipe_path) && !symlink(pipe_path, path));
	CHECK(sum(s, &id, hash) == -ESTALE);
	(void)usleep(100000);
	CHECK(waitpid(child, NULL, WNOHANG) == 0); /* it waits for a reader still */
	CHECK(!kill(child, SIGKILL) && waitpid(child, NULL, 0) == child);
	CHECK(!unlink(path) && !unlink(pipe_path));
	filesum_free(s);
}

/* Its bytes are the same, and its size is, but it was written to while it was read. */
static void a_file_that_is_changed_meanwhile_is_not(void) {
	unsigned char hash[FILESUM_BYTES];
	struct event_file_id id;
	struct filesum *s;
	pid_t child;

	put(path);
	id = id_of(path);
	CHECK(!filesum_new(1u << 20, &s)); /* so that reading takes a while: 3 pieces */
	child = fork();
	if (!child) {
		for (;;) {
			int fd = open(path, O_WRONLY);

			if (fd < 0 || pwrite(fd, "a", 1, 0) != 1 || close(fd))
				_exit(1);
			(void)usleep(10000);
		}
	}
	CHECK(sum(s, &id, hash) == -ESTALE);
	CHECK(!kill(child, SIGKILL) && waitpid(child, NULL, 0) == child);
	filesum_free(s);
}

static void what_a_process_runs_is_found_without_its_name(void) {
	unsigned char hash[FILESUM_BYTES];
	struct event_file_id id = id_of("/proc/self/exe");
	struct filesum *s;
	int fd = filesum_open(&id, (uint32_t)getpid(), "/nowhere");

	CHECK(fd >= 0 && !filesum_new(1u << 30, &s));
	CHECK(!filesum_read(s, fd, &id, hash));
	(void)close(fd);
	filesum_free(s);
}

static void a_second_holds_what_the_budget_says(void) {
	struct filesum_budget b = { .rate = 1000 };
	uint64_t now = 10000000000ull;

	CHECK(filesum_spend(&b, now, 600) == 0 && filesum_spend(&b, now, 400) == 0);
	CHECK(filesum_spend(&b, now, 500) == 0); /* the second that is over was used up just now */
	CHECK(filesum_spend(&b, now, 1) == 500000000);
	now += 500000000;
	CHECK(filesum_spend(&b, now, 1) == 1000000);
	now += 3600000000000ull; /* no more is saved up than a second */
	CHECK(filesum_spend(&b, now, 1000) == 0 && filesum_spend(&b, now, 1000) == 0);
	CHECK(filesum_spend(&b, now, 1) == 1000000000);
}

int main(void) {
	int fd = mkstemp(path);

	if (fd >= 0)
		(void)close(fd);
	RUN(a_file_that_stays_is_hashed);
	RUN(another_file_or_state_is_not);
	RUN(what_took_its_place_is_not_opened);
	RUN(a_file_that_is_changed_meanwhile_is_not);
	RUN(what_a_process_runs_is_found_without_its_name);
	RUN(a_second_holds_what_the_budget_says);
	(void)unlink(path);
	DONE();
}
