/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records begin at multiples of 8 bytes. When one is not whole, the next place is tried, and so on:
 * a place is a record if its length and ordinal can be and its checksum is right, so that damage
 * costs no more than what it touched. Damage may be made so that every place looks like a long
 * record; so what checksums that turn out wrong may cost grows with the file, and not with its
 * square. Where that is used up, only what is short enough is looked at: at most the first long
 * record behind such damage is lost with it.
 */
#include "spool/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/crc32c.h"

#define PIECE_BYTES (128 * 1024)
#define HEADER_BYTES sizeof(struct segment_header)
#define WASTE_BYTES (64u << 20) /* that wrong checksums may cost anyway */
#define WASTE_TIMES 64		/* and this many times what was passed */
#define MAX_RAW_BYTES (64u << 20) /* of all frames: a segment is a fraction of it */

static void read_header(struct source *s, enum spool_class class, bool keyed) {
	struct segment_header *h = &s->header;
	ssize_t n = pread(s->fd, h, HEADER_BYTES, 0);

	s->damaged_header = n != (ssize_t)HEADER_BYTES || memcmp(h->magic, SEGMENT_MAGIC, 8) ||
			    h->crc != segment_header_crc(h) || h->class != (uint32_t)class ||
			    h->first_ord != s->first;
	s->keyed = s->damaged_header ? keyed : h->flags & SEGMENT_KEYED;
	s->packed = !s->damaged_header && h->flags & SEGMENT_PACKED;
}

int source_open(int dir, enum spool_class class, const struct segment_item *item, bool keyed,
		struct source *ret) {
	char name[SEGMENT_NAME_BYTES];
	int fd = openat(dir, segment_name(class, item, name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	*ret = (struct source){ .fd = fd, .first = item->first, .base = HEADER_BYTES,
				.file_at = HEADER_BYTES };
	read_header(ret, class, keyed);
	return 0;
}

/* drop_front - the first @n bytes of @b, if that moves no more than it drops; whether it did */
static bool drop_front(struct buf *b, size_t n) {
	if (n < b->len - n)
		return false;
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
	return true;
}

/* forget - what was taken, so that the buffer holds what is still to come */
static void forget(struct source *s) {
	if (!s->at || !drop_front(&s->buf, s->at))
		return;
	s->base += s->at;
	s->at = 0;
}

/* read_some - appends up to @n bytes of the file to @to; how many, 0 at its end, or -errno */
static ssize_t read_some(struct source *s, struct buf *to, size_t n) {
	char *p = buf_room(to, n);
	ssize_t got;

	if (!p)
		return -ENOMEM;
	do
		got = pread(s->fd, p, n, (off_t)s->file_at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	to->len += (size_t)got;
	s->file_at += (uint64_t)got;
	return got;
}

/* affordable - whether @n bytes may be summed up at stream offset @at, if in vain */
static bool affordable(const struct source *s, uint64_t at, uint64_t n) {
	return s->wasted + n <= WASTE_BYTES + WASTE_TIMES * at;
}

/* unpack_frame - at packed_at; its length there, 0: it is none, or -EAGAIN: more must be read */
static ssize_t unpack_frame(struct source *s) {
	size_t n = s->packed_buf.len - s->packed_at;
	struct source_frame f;
	const char *at;
	char *to;

	if (n < sizeof(f))
		return -EAGAIN;
	at = s->packed_buf.data + s->packed_at;
	memcpy(&f, at, sizeof(f));
	if (f.magic != SOURCE_FRAME_MAGIC || !f.raw ||
	    f.raw > SPOOL_MAX_EVENT_BYTES + SOURCE_FRAME_BYTES ||
	    f.stored > ZSTD_compressBound(f.raw))
		return 0;
	if (!affordable(s, s->file_at - n, f.stored) || s->raw + f.raw > MAX_RAW_BYTES)
		return 0;
	if (n - sizeof(f) < f.stored)
		return -EAGAIN;
	if (f.crc != crc32c(f.raw, at + sizeof(f), f.stored)) {
		s->wasted += f.stored;
		return 0;
	}
	s->raw += f.raw;
	to = buf_room(&s->buf, f.raw);
	if (!to || ZSTD_decompress(to, f.raw, at + sizeof(f), f.stored) != f.raw)
		return 0;
	s->buf.len += f.raw;
	return (ssize_t)(sizeof(f) + f.stored);
}

/* read_packed - more of the file behind what is not passed yet; how many, 0 at its end, -errno */
static ssize_t read_packed(struct source *s) {
	if (s->packed_at && drop_front(&s->packed_buf, s->packed_at))
		s->packed_at = 0;
	return read_some(s, &s->packed_buf, PIECE_BYTES);
}

/* fill_packed - one frame more; damaged bytes are passed over one by one, and nothing is moved */
static ssize_t fill_packed(struct source *s) {
	for (;;) {
		ssize_t taken = unpack_frame(s), got;

		if (taken > 0) {
			s->packed_at += (size_t)taken;
			return 1;
		}
		if (taken < 0) {
			got = read_packed(s);
			if (got < 0)
				return got;
			if (got > 0)
				continue;
			if (s->packed_buf.len - s->packed_at < sizeof(struct source_frame))
				return 0;
		}
		s->packed_at++;
		s->skipped++;
	}
}

/* need - whether @n bytes are there from @at on, once as much as there is has been read */
static bool need(struct source *s, size_t n, int *error) {
	while (s->buf.len - s->at < n) {
		ssize_t got;

		forget(s);
		got = s->packed ? fill_packed(s)
				: read_some(s, &s->buf, n > PIECE_BYTES ? n : PIECE_BYTES);
		if (got <= 0) {
			if (got < 0)
				*error = (int)got;
			return false;
		}
	}
	return true;
}

/* whole - whether a record is @skip bytes behind @at; its bytes on disk, or 0 */
static size_t whole(struct source *s, size_t skip, int *error) {
	uint64_t offset = s->base + s->at + skip;
	struct segment_record r;
	size_t n;

	memcpy(&r, s->buf.data + s->at + skip, sizeof(r));
	/* ordinals have no holes, so that no more of them went before than there was room for */
	if (!r.len || r.len > SPOOL_MAX_EVENT_BYTES || !r.seq || r.ord < s->first ||
	    r.ord - s->first > (s->packed ? MAX_RAW_BYTES : offset) / sizeof(r) ||
	    !affordable(s, offset, r.len))
		return 0;
	n = segment_record_bytes(r.len, s->keyed);
	if (!need(s, skip + n, error))
		return 0;
	if (segment_crc((const void *)(s->buf.data + s->at + skip)) == r.crc)
		return n;
	s->wasted += r.len;
	return 0;
}

/*
 * What is not whole is only then passed over when something whole follows: at the end of the file
 * it may be a record that is being written at this moment.
 */
const struct segment_record *source_next(struct source *s, uint64_t min, uint64_t limit,
					 int *error) {
	size_t skip = 0;
	int failed = 0;

	while (need(s, skip + sizeof(struct segment_record), &failed)) {
		size_t n = whole(s, skip, &failed);
		const struct segment_record *r = (const void *)(s->buf.data + s->at + skip);

		if (failed || (n && r->ord >= limit))
			break;
		if (!n) {
			skip += 8;
			continue;
		}
		s->skipped += skip;
		s->at += skip + n;
		s->end = s->base + s->at;
		skip = 0;
		if (r->ord >= min)
			return r;
	}
	if (failed)
		*error = failed;
	return NULL;
}

int source_sync(struct source *s) {
	return fdatasync(s->fd) ? -errno : 0;
}

void source_close(struct source *s) {
	if (s->fd >= 0)
		(void)close(s->fd);
	buf_done(&s->buf);
	buf_done(&s->packed_buf);
	s->fd = -1;
}
