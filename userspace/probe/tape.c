/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "event/event.h"

#define TAPE_MAGIC "LAPWTAPE"
#define TAPE_BUFFER_BYTES (256 * 1024) /* of records, the longest among them */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tapes are written in host order");

struct tape_header {
	char magic[8];
	uint32_t wire_version;
	uint32_t reserved;
};

struct tape_record {
	uint32_t len;
	uint32_t crc;
};

struct tape {
	int fd;
	int error; /* of the first write that failed; the file ends there */
	size_t used;
	char buffer[TAPE_BUFFER_BYTES];
};

/* Padding keeps records 8-byte aligned, as in the ring. */
static size_t padded(size_t n) {
	return (n + 7) & ~(size_t)7;
}

int tape_flush(struct tape *t) {
	size_t done = 0;

	while (!t->error && done < t->used) {
		ssize_t n = write(t->fd, t->buffer + done, t->used - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			t->error = -errno;
	}
	t->used = 0;
	return t->error;
}

static void put(struct tape *t, const void *bytes, size_t n) {
	memcpy(t->buffer + t->used, bytes, n);
	t->used += n;
}

int tape_write(struct tape *t, const void *record, size_t len) {
	static const char zeros[8];
	struct tape_record r = { .len = (uint32_t)len };

	if (t->error)
		return t->error;
	if (len == 0 || len > WIRE_RECORD_BYTES)
		return -EMSGSIZE;
	if (t->used + sizeof(r) + padded(len) > sizeof(t->buffer) && tape_flush(t) < 0)
		return t->error;
	r.crc = (uint32_t)crc32(0, record, (uInt)len);
	put(t, &r, sizeof(r));
	put(t, record, len);
	put(t, zeros, padded(len) - len);
	return 0;
}

int tape_create(const char *path, struct tape **ret) {
	struct tape_header h = { .wire_version = WIRE_VERSION };
	struct tape *t = malloc(sizeof(*t));
	struct stat st;
	int error;

	if (!t)
		return -ENOMEM;
	t->error = 0;
	t->used = 0;
	t->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		     0600);
	if (t->fd < 0)
		goto fail;
	if (fstat(t->fd, &st) < 0)
		goto fail;
	/* a pipe's reader could make the sensor wait */
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		goto fail;
	}
	/* a file that was there before may be open to others */
	if (fchmod(t->fd, 0600) < 0)
		goto fail;
	memcpy(h.magic, TAPE_MAGIC, sizeof(h.magic));
	put(t, &h, sizeof(h));
	*ret = t;
	return 0;
fail:
	error = -errno;
	if (t->fd >= 0)
		(void)close(t->fd);
	free(t);
	return error;
}

void tape_free(struct tape *t) {
	if (!t)
		return;
	(void)tape_flush(t);
	(void)close(t->fd);
	free(t);
}

int tape_is(const void *bytes, size_t n) {
	return n >= sizeof(TAPE_MAGIC) - 1 && !memcmp(bytes, TAPE_MAGIC, sizeof(TAPE_MAGIC) - 1);
}

static int check_header(const void *bytes, size_t n, struct tape_end *end) {
	struct tape_header h;

	if (n < sizeof(h) || !tape_is(bytes, n)) {
		end->why = "not a tape";
		return -EPROTO;
	}
	memcpy(&h, bytes, sizeof(h));
	if (h.wire_version != WIRE_VERSION || h.reserved) {
		end->why = "a tape of another version";
		return -EPROTO;
	}
	end->offset = sizeof(h);
	return 0;
}

/* check_record - what is wrong with the record at @at, or NULL and its length */
static const char *check_record(const char *at, size_t left, size_t *ret) {
	struct tape_record r;

	if (left < sizeof(r))
		return "ends within a record's head";
	memcpy(&r, at, sizeof(r));
	if (r.len == 0 || r.len > WIRE_RECORD_BYTES)
		return "a record of impossible length";
	if (left - sizeof(r) < padded(r.len))
		return "ends within a record";
	at += sizeof(r);
	if (crc32(0, (const void *)at, r.len) != r.crc)
		return "a record whose checksum does not hold";
	for (size_t i = r.len; i < padded(r.len); i++) {
		if (at[i])
			return "a record with padding that is not zero";
	}
	*ret = r.len;
	return NULL;
}

int tape_play(const void *bytes, size_t n, int (*cb)(void *ctx, const void *record, size_t len),
	      void *ctx, struct tape_end *ret) {
	const char *base = bytes;
	struct tape_end end = { 0 };
	int error = check_header(bytes, n, &end);
	size_t len;

	while (!error && end.offset < n) {
		end.why = check_record(base + end.offset, n - end.offset, &len);
		if (end.why)
			break;
		error = cb(ctx, base + end.offset + sizeof(struct tape_record), len);
		end.offset += sizeof(struct tape_record) + padded(len);
		end.records++;
	}
	*ret = end;
	return error;
}
