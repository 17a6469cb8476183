/* SPDX-License-Identifier: Apache-2.0 */
/* What a file: sink reads of a file that it goes on with, and where it cuts that. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/varint.h"
#include "sink/sink.h"
#include "test.h"

#define N 20000
#define PIECE_BYTES 65536 /* file.c's */

static char path[] = "/tmp/lapwing-file-XXXXXX";
static size_t read_bytes;

ssize_t pread(int fd, void *to, size_t n, off_t at) {
	ssize_t r = syscall(SYS_pread64, fd, to, n, at);

	read_bytes += r > 0 ? (size_t)r : 0;
	return r;
}

static void put(FILE *f, size_t n) {
	char head[VARINT_MAX_BYTES];

	(void)fwrite(head, 1, varint_put(head, n), f);
	while (n--)
		(void)fputc('x', f);
}

static off_t size_now(void) {
	struct stat st;

	return stat(path, &st) ? -1 : st.st_size;
}

/* deliver - one event to the file, which is opened for that; 0 */
static int deliver(void) {
	struct sink_item item = { .body = STR("y") };
	struct sink_batch batch = { .items = &item, .n = 1, .bytes = 1 };
	struct sink_url url;
	struct sink s;
	char text[64];
	const char *why;
	int err;

	(void)snprintf(text, sizeof(text), "file:%s?sync=no", path);
	if (url_parse(text, &url, &why))
		return -1;
	err = sink_open(&url, "x", &s);
	if (!err) {
		err = s.type->send(&s, &batch);
		sink_close(&s);
	}
	url_free(&url);
	return err || item.outcome != SINK_ACKED;
}

/* cut - behind @n events of @bytes each half of one is cut off; all is read @times at most */
static void cut(size_t n, size_t bytes, size_t times) {
	FILE *f = fopen(path, "w");
	off_t whole, all;

	if (!f)
		return;
	for (size_t i = 0; i < n; i++)
		put(f, bytes + i % 3);
	whole = ftell(f);
	put(f, bytes);
	(void)fclose(f);
	all = size_now();
	CHECK(!truncate(path, all - 1));
	read_bytes = 0;
	CHECK(!deliver());
	CHECK(size_now() == whole + 2);
	CHECK(read_bytes <= times * (size_t)all + 2 * PIECE_BYTES);
}

static void a_file_of_many_events_is_read_about_once(void) {
	cut(N, 100, 2);
}

static void events_of_any_length_are_found(void) {
	for (size_t bytes = 1; bytes < 40; bytes++)
		cut(3000, bytes, 2);
	for (size_t bytes = PIECE_BYTES - 8; bytes < PIECE_BYTES + 8; bytes++)
		cut(5, bytes, 2);
	cut(5, 10 * PIECE_BYTES, 1);
}

int main(void) {
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	(void)close(fd);
	RUN(a_file_of_many_events_is_read_about_once);
	RUN(events_of_any_length_are_found);
	(void)unlink(path);
	DONE();
}
