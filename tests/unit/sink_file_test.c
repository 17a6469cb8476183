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
		(void)fputc('h', f); /* cpu */
}

static off_t size_now(void) {
	struct stat st;

	return stat(path, &st) ? -1 : st.st_size;
}

static char note[384];

/* deliver - one event to the file, which is opened for that; 0 */
static int deliver_as(const char *format) {
	struct sink_item item = { .body = STR("h") };
	struct sink_batch batch = { .items = &item, .n = 1, .bytes = 1 };
	struct sink_url url;
	struct sink s;
	char text[96];
	const char *why;
	int err;

	(void)snprintf(text, sizeof(text), "file:%s?sync=no&format=%s", path, format);
	if (url_parse(text, &url, &why))
		return -1;
	err = sink_open(&url, "x", &s);
	if (!err) {
		err = s.type->send(&s, &batch);
		(void)snprintf(note, sizeof(note), "%s", s.note);
		sink_close(&s);
	}
	url_free(&url);
	return err || item.outcome != SINK_ACKED;
}

static int deliver(void) {
	return deliver_as("proto");
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
	CHECK(size_now() == whole + 2 && !note[0]);
	CHECK(read_bytes <= times * (size_t)all + 4 * PIECE_BYTES);
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

static void write_file(const void *bytes, size_t n) {
	FILE *f = fopen(path, "w");

	CHECK(f && fwrite(bytes, 1, n, f) == n && !fclose(f));
}

/* is_aside - whether exactly @bytes are in the @i-th file that was put aside, which is removed */
static bool is_aside(int i, const void *bytes, size_t n) {
	static char got[1 << 20];
	char name[64];
	FILE *f;
	bool same;

	(void)snprintf(name, sizeof(name), "%s.aside-%d", path, i);
	f = fopen(name, "r");
	same = f && fread(got, 1, sizeof(got), f) == n && !memcmp(got, bytes, n);
	if (f)
		(void)fclose(f);
	(void)unlink(name);
	return same && strstr(note, path) && strstr(note, name);
}

/* goes_aside - the file of these bytes is left as it is, and another one begun */
static void goes_aside(const char *format, const void *bytes, size_t n) {
	write_file(bytes, n);
	CHECK(!deliver_as(format));
	CHECK(size_now() == (strcmp(format, "json") ? 2 : 1));
	CHECK(is_aside(1, bytes, n));
}

static void half_an_event_alone_is_cut_off(void) {
	write_file("\x64\x08\x01", 3);
	CHECK(!deliver() && size_now() == 2 && !note[0]);
	write_file("\x80", 1);
	CHECK(!deliver() && size_now() == 2 && !note[0]);
	write_file("{\"a\":1}\n{\"a\":", 13);
	CHECK(!deliver_as("json") && size_now() == 9 && !note[0]);
}

static void what_is_no_event_of_ours_is_put_aside_untouched(void) {
	static const char lines[] = "Nov 27 04:00:00 host sshd[1]: one line of somebody's log\n"
				    "and half of another";
	static const char json[] = "{\"schema\":1,\"id\":\"0123456789012345678901234567890123456"
				   "789012345678901234567890123456789\",\"seq\":1,\"time_ns\":"
				   "\"1700000000000000000\",\"host_id\":\"0123456789abcdef\"}\n";

	goes_aside("proto", lines, sizeof(lines) - 1);
	goes_aside("json", lines, sizeof(lines) - 1);
	goes_aside("proto", "\x02\x0a\x01", 3);	     /* schema is no text */
	goes_aside("proto", "\x03\xc2\x3e\x01", 4); /* an event has no field 1000 */
	goes_aside("proto", json, sizeof(json) - 1);
	goes_aside("json", "\x03\x08\x01\n\x03\x08\x01\n", 8);
	goes_aside("json", "{}\nhalf", 7);
	goes_aside("proto", "\x03\x08\x01\x02\x00\x00\x00", 7);
	goes_aside("proto", "\x03\x08\x01\x02\xff\xff\xff\x7f\x08", 9); /* longer than any event */
}

/* Hosts may leave out different fields, and a configuration may change. */
static void events_begin_with_whatever_field_of_theirs_is_first(void) {
	static const char *const starts[] = {
		"\x08\x01", "\x12\x01y", "\x18\x07", "\x48\x02", "\x62\x01\x01", /* schema, … */
		"\x82\x01\x00", "\xba\x02\x00", /* process, overlay */
	};
	enum { N_STARTS = sizeof(starts) / sizeof(starts[0]) };
	FILE *f = fopen(path, "w");
	off_t size;

	CHECK(f);
	for (size_t i = 0; f && i < 40000; i++) { /* each also where a piece of the file ends */
		char event[5] = { 0 };
		size_t n = i % N_STARTS < 5 ? strlen(starts[i % N_STARTS]) : 3;

		event[0] = (char)n;
		memcpy(event + 1, starts[i % N_STARTS], n);
		(void)fwrite(event, 1, n + 1, f);
	}
	if (f)
		(void)fclose(f);
	size = size_now();
	CHECK(!deliver() && size_now() == size + 2 && !note[0]);
	CHECK(!truncate(path, size - 1));
	CHECK(!deliver() && size_now() == size - 4 + 2 && !note[0]);
}

/* A byte that is damaged, wherever it is, costs no event that was acknowledged before. */
static void damage_costs_no_other_event(void) {
	enum { EVENTS = 200, EACH = 50 };
	static char bytes[EVENTS * EACH];

	/* two fields in each: a number, and a text of 45 bytes */
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i % EACH < 5 ? "\x31\x08\x01\x7a\x2d"[i % EACH] : (char)(32 + i % 90);
	for (size_t at = 0; at < sizeof(bytes) - EACH; at += EACH) { /* lengths */
		char was = bytes[at];

		for (int v = 0; v < 256; v += 5) { /* none is what it was */
			bytes[at] = (char)v;
			write_file(bytes, sizeof(bytes));
			CHECK(!deliver());
			if (!is_aside(1, bytes, sizeof(bytes))) {
				printf("# a length of %d at %zu\n", v, at);
				CHECK(false);
			}
			if (test_bad)
				return;
		}
		bytes[at] = was;
	}
}

static void another_one_aside_has_another_name(void) {
	char first[64];

	write_file("one", 3);
	CHECK(!deliver());
	write_file("two", 3);
	CHECK(!deliver());
	CHECK(is_aside(2, "two", 3));
	(void)snprintf(first, sizeof(first), "%s.aside-1", path);
	CHECK(!unlink(first));
}

int main(void) {
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	(void)close(fd);
	RUN(a_file_of_many_events_is_read_about_once);
	RUN(events_of_any_length_are_found);
	RUN(half_an_event_alone_is_cut_off);
	RUN(what_is_no_event_of_ours_is_put_aside_untouched);
	RUN(events_begin_with_whatever_field_of_theirs_is_first);
	RUN(damage_costs_no_other_event);
	RUN(another_one_aside_has_another_name);
	(void)unlink(path);
	DONE();
}
